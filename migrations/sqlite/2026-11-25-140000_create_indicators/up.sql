-- The catalogue of indicators: those shipped with the service, and those of municipalities.
CREATE TABLE indicators (
    id              TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT               REFERENCES municipalities (id), -- null: shipped with the service
    owner           TEXT      NOT NULL,                                -- the municipality's id, or service
    code            TEXT      NOT NULL,
    position        INTEGER   NOT NULL,
    name            TEXT      NOT NULL,
    search_text     TEXT      NOT NULL,
    unit            TEXT      NOT NULL CHECK (unit IN ('percent', 'count', 'score', 'points', 'ratio', 'yes_no')),
    direction       TEXT      NOT NULL CHECK (direction IN ('up', 'down')),
    level           TEXT      NOT NULL CHECK (level IN ('municipal', 'school')),
    period_type     TEXT      NOT NULL CHECK (period_type IN ('calendar_quarter', 'calendar_half', 'calendar_year', 'academic_quarter', 'academic_half', 'academic_year')),
    numerator       TEXT      NOT NULL,
    denominator     TEXT,                                              -- null: it is counted, not divided
    source          TEXT      NOT NULL,
    purpose_note    TEXT,
    computed        BOOLEAN   NOT NULL DEFAULT FALSE,                   -- from the service's own data, never typed
    counts_people   BOOLEAN   NOT NULL DEFAULT TRUE,                    -- then its small cells are not published
    public          BOOLEAN   NOT NULL DEFAULT FALSE,                   -- whether confirmed values are public
    archived        BOOLEAN   NOT NULL DEFAULT FALSE,
    version         INTEGER   NOT NULL DEFAULT 1,
    created_at      TIMESTAMP NOT NULL,
    updated_at      TIMESTAMP NOT NULL,
    CONSTRAINT indicators_code UNIQUE (owner, code)
);
CREATE INDEX indicators_by_municipality ON indicators (municipality_id);
