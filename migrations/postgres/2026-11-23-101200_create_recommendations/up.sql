-- Recommendations and what each addressed school did about them.
CREATE TABLE recommendations (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    monitoring_id TEXT COLLATE "C"      REFERENCES monitorings (id),
    note_id       TEXT COLLATE "C"      REFERENCES notes (id),                -- the note that issued it
    code          TEXT COLLATE "C"      NOT NULL,                             -- its number in the note
    position      INTEGER   NOT NULL,
    text          TEXT COLLATE "C"      NOT NULL,
    search_text   TEXT COLLATE "C"      NOT NULL,
    addressee     TEXT COLLATE "C"      NOT NULL CHECK (addressee IN ('all_schools', 'list_schools', 'schools', 'department')),
    school_ids    TEXT COLLATE "C"      NOT NULL,                             -- JSON array, for named schools
    due_date      DATE,
    conclusion_codes TEXT COLLATE "C"   NOT NULL,                             -- JSON array: where it comes from; empty: standing
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('draft', 'issued', 'cancelled')),
    department_status TEXT COLLATE "C"  CHECK (department_status IN ('issued', 'acknowledged', 'in_progress', 'done', 'verified', 'cancelled')),
    issued_at     TIMESTAMP,
    cancel_reason TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX recommendations_by_municipality ON recommendations (municipality_id, id);
CREATE INDEX recommendations_by_monitoring ON recommendations (monitoring_id, position);
CREATE TABLE recommendation_schools (
    recommendation_id TEXT COLLATE "C"  NOT NULL REFERENCES recommendations (id),
    school_id     TEXT COLLATE "C"      NOT NULL REFERENCES schools (id),
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('issued', 'acknowledged', 'in_progress', 'done', 'verified', 'cancelled')),
    comment       TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    updated_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (recommendation_id, school_id)
);
CREATE INDEX recommendation_schools_by_school ON recommendation_schools (school_id, recommendation_id);
