-- What reviewers ask of a report. States: src/features/reports/mod.rs.
CREATE TABLE remarks (
    id            TEXT      NOT NULL PRIMARY KEY,
    report_id     TEXT      NOT NULL REFERENCES reports (id),
    measure_id    TEXT      REFERENCES measures (id),             -- null: about the report as a whole
    pointer       TEXT      NOT NULL,                             -- JSON pointer of the place; empty: the whole report
    text          TEXT      NOT NULL,
    status        TEXT      NOT NULL CHECK (status IN ('open', 'answered', 'resolved')),
    submission    INTEGER   NOT NULL,                             -- number of the version it is about
    created_by    TEXT      NOT NULL REFERENCES accounts (id),
    author_role   TEXT      NOT NULL,                             -- the rights he used then
    answer        TEXT,
    answered_by   TEXT      REFERENCES accounts (id),
    answered_at   TIMESTAMP,
    resolved_by   TEXT      REFERENCES accounts (id),
    resolved_at   TIMESTAMP,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX remarks_by_report ON remarks (report_id, id);
