-- The catalogue of indicators: those shipped with the service, and those of municipalities.
CREATE TABLE indicators (
    id              TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    municipality_id TEXT COLLATE "C" REFERENCES municipalities (id), -- null: shipped with the service
    owner           TEXT COLLATE "C" NOT NULL,                                -- the municipality's id, or service
    code            TEXT COLLATE "C" NOT NULL,
    position        INTEGER   NOT NULL,
    name            TEXT COLLATE "C" NOT NULL,
    search_text     TEXT COLLATE "C" NOT NULL,
    unit            TEXT COLLATE "C" NOT NULL CHECK (unit IN ('percent', 'count', 'score', 'points', 'ratio', 'yes_no')),
    direction       TEXT COLLATE "C" NOT NULL CHECK (direction IN ('up', 'down')),
    level           TEXT COLLATE "C" NOT NULL CHECK (level IN ('municipal', 'school')),
    period_type     TEXT COLLATE "C" NOT NULL CHECK (period_type IN ('calendar_quarter', 'calendar_half', 'calendar_year', 'academic_quarter', 'academic_half', 'academic_year')),
    numerator       TEXT COLLATE "C" NOT NULL,
    denominator     TEXT COLLATE "C",                                              -- null: it is counted, not divided
    source          TEXT COLLATE "C" NOT NULL,
    purpose_note    TEXT COLLATE "C",
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
