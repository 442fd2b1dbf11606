-- What reviewers ask of a report. States: src/features/reports/mod.rs.
CREATE TABLE remarks (
    id            TEXT COLLATE "C"  NOT NULL PRIMARY KEY,
    report_id     TEXT COLLATE "C"  NOT NULL REFERENCES reports (id),
    measure_id    TEXT COLLATE "C"  REFERENCES measures (id),             -- null: about the report as a whole
    pointer       TEXT COLLATE "C"  NOT NULL,                             -- JSON pointer of the place; empty: the whole report
    text          TEXT COLLATE "C"  NOT NULL,
    status        TEXT COLLATE "C"  NOT NULL CHECK (status IN ('open', 'answered', 'resolved')),
    submission    INTEGER   NOT NULL,                             -- number of the version it is about
    created_by    TEXT COLLATE "C"  NOT NULL REFERENCES accounts (id),
    author_role   TEXT COLLATE "C"  NOT NULL,                             -- the rights he used then
    answer        TEXT COLLATE "C",
    answered_by   TEXT COLLATE "C"  REFERENCES accounts (id),
    answered_at   TIMESTAMP,
    resolved_by   TEXT COLLATE "C"  REFERENCES accounts (id),
    resolved_at   TIMESTAMP,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX remarks_by_report ON remarks (report_id, id);
