-- The terms of an academic year in the schools of a municipality; a year without a row has the usual quarters.
CREATE TABLE school_calendars (
    municipality_id TEXT      NOT NULL REFERENCES municipalities (id),
    academic_year   INTEGER   NOT NULL,                           -- by its first calendar year: 2023 is 2023/2024
    term_kind       TEXT      NOT NULL CHECK (term_kind IN ('quarter', 'trimester')),
    terms           TEXT      NOT NULL,                           -- JSON: first and last day of each, in order
    version         INTEGER   NOT NULL DEFAULT 1,
    created_at      TIMESTAMP NOT NULL,
    updated_at      TIMESTAMP NOT NULL,
    PRIMARY KEY (municipality_id, academic_year)
);
