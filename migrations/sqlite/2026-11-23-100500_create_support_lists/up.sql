-- Support lists (перечни) and the schools in them.
CREATE TABLE support_lists (
    id            TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    level         TEXT      NOT NULL CHECK (level IN ('federal', 'regional', 'municipal')),
    category      TEXT      NOT NULL,
    results_year  INTEGER   NOT NULL,                             -- calendar year of the results
    order_id      TEXT      NOT NULL REFERENCES orders (id),
    valid_from    DATE,
    valid_to      DATE,
    status        TEXT      NOT NULL CHECK (status IN ('draft', 'approved', 'superseded', 'cancelled')),
    approved_at   TIMESTAMP,
    cancel_reason TEXT,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX support_lists_by_municipality ON support_lists (municipality_id, id);
CREATE TABLE support_list_entries (
    id            TEXT      NOT NULL PRIMARY KEY,
    list_id       TEXT      NOT NULL REFERENCES support_lists (id),
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    school_id     TEXT      NOT NULL REFERENCES schools (id),
    reasons       TEXT      NOT NULL,                             -- JSON array: assessment, subject, grade, year, counts
    included_by_order_id TEXT REFERENCES orders (id),             -- null: by the list's own order
    included_on   DATE,
    excluded_by_order_id TEXT REFERENCES orders (id),
    excluded_on   DATE,
    exclusion_reason TEXT   CHECK (exclusion_reason IN ('improved', 'reorganised', 'error')),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT support_list_entries_unique UNIQUE (list_id, school_id)
);
CREATE INDEX support_list_entries_by_school ON support_list_entries (school_id, list_id);
