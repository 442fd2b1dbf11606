-- One row per monitoring and subject (a school or the municipality itself).
-- States: src/features/reports/mod.rs.
CREATE TABLE reports (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    monitoring_id TEXT COLLATE "C"      NOT NULL REFERENCES monitorings (id),
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    school_id     TEXT COLLATE "C"      REFERENCES schools (id),              -- null: the municipality's own report
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('draft', 'submitted', 'returned', 'accepted', 'cancelled')),
    summary       TEXT COLLATE "C",
    problems      TEXT COLLATE "C",
    submission    INTEGER   NOT NULL DEFAULT 0,                   -- how often it was submitted
    first_submitted_at TIMESTAMP,                                 -- decides whether it was late
    submitted_at  TIMESTAMP,
    submitted_by  TEXT COLLATE "C"      REFERENCES accounts (id),
    review_started_at TIMESTAMP,
    accepted_at   TIMESTAMP,
    accepted_by   TEXT COLLATE "C"      REFERENCES accounts (id),
    returned_at   TIMESTAMP,
    return_reason TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT reports_one_per_school UNIQUE (monitoring_id, school_id)
);
CREATE UNIQUE INDEX reports_one_per_municipality ON reports (monitoring_id) WHERE school_id IS NULL;
CREATE INDEX reports_by_school ON reports (school_id, id);
CREATE INDEX reports_by_municipality ON reports (municipality_id, id);
CREATE TABLE report_items (
    report_id     TEXT COLLATE "C"      NOT NULL REFERENCES reports (id),
    measure_id    TEXT COLLATE "C"      NOT NULL REFERENCES measures (id),
    position      INTEGER   NOT NULL,                             -- of the measure
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('not_started', 'in_progress', 'done', 'partly', 'not_done', 'not_applicable')),
    actual_date   DATE,
    result        TEXT COLLATE "C",
    reason        TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    updated_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (report_id, measure_id)
);
CREATE TABLE evidence (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    report_id     TEXT COLLATE "C"      NOT NULL,
    measure_id    TEXT COLLATE "C"      NOT NULL,
    kind          TEXT COLLATE "C"      NOT NULL,
    title         TEXT COLLATE "C"      NOT NULL,
    requisites    TEXT COLLATE "C",
    url           TEXT COLLATE "C"      NOT NULL,
    contains_personal_data BOOLEAN NOT NULL,                      -- true: only the school and its municipality read it
    created_by    TEXT COLLATE "C"      NOT NULL REFERENCES accounts (id),
    created_at    TIMESTAMP NOT NULL,
    FOREIGN KEY (report_id, measure_id) REFERENCES report_items (report_id, measure_id)
);
CREATE INDEX evidence_by_item ON evidence (report_id, measure_id, id);
CREATE TABLE report_versions (                                    -- what was submitted, frozen
    report_id     TEXT COLLATE "C"      NOT NULL REFERENCES reports (id),
    number        INTEGER   NOT NULL,
    content       TEXT COLLATE "C"      NOT NULL,                             -- JSON: summary, problems, items with evidence
    submitted_by  TEXT COLLATE "C"      NOT NULL REFERENCES accounts (id),
    submitted_at  TIMESTAMP NOT NULL,
    PRIMARY KEY (report_id, number)
);
