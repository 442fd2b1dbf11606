-- What was counted for an indicator in a period: of a school, or of a municipality. The share is computed, never stored.
CREATE TABLE indicator_values (
    id              TEXT      NOT NULL PRIMARY KEY,
    indicator_id    TEXT      NOT NULL REFERENCES indicators (id),
    municipality_id TEXT      NOT NULL REFERENCES municipalities (id),
    school_id       TEXT               REFERENCES schools (id),   -- null: of the municipality
    subject         TEXT      NOT NULL,                           -- the school's id, else the municipality's
    period_start    DATE      NOT NULL,
    period_end      DATE      NOT NULL,
    numerator       INTEGER,                                      -- null: not counted yet
    denominator     INTEGER,                                      -- null: not counted yet, or nothing to divide by
    target          INTEGER,                                      -- hundredths of the unit
    baseline        INTEGER,                                      -- hundredths of the unit
    state           TEXT      NOT NULL CHECK (state IN ('entered', 'confirmed')),
    report_id       TEXT               REFERENCES reports (id),   -- the report whose acceptance counted it
    version         INTEGER   NOT NULL DEFAULT 1,
    created_at      TIMESTAMP NOT NULL,
    updated_at      TIMESTAMP NOT NULL,
    CONSTRAINT indicator_values_one UNIQUE (indicator_id, municipality_id, subject, period_start, period_end),
    CONSTRAINT indicator_values_period CHECK (period_start <= period_end),
    CONSTRAINT indicator_values_denominator CHECK (denominator >= 0)
);
CREATE INDEX indicator_values_by_municipality ON indicator_values (municipality_id, period_start, indicator_id);
CREATE INDEX indicator_values_by_school ON indicator_values (school_id, period_start);
CREATE INDEX indicator_values_by_report ON indicator_values (report_id);
