-- States: src/features/schools/mod.rs. Low performance is never a column here: it follows from support list entries.
CREATE TABLE schools (
    id            TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    full_name     TEXT,                                           -- verbatim, never normalised beyond NFC
    short_name    TEXT      NOT NULL,
    short_name_folded TEXT  NOT NULL,
    search_text   TEXT      NOT NULL,                             -- folded names, codes and address
    legal_form    TEXT      NOT NULL,
    school_kind   TEXT      NOT NULL,
    education_levels TEXT   NOT NULL,                             -- JSON array of codes
    inn           TEXT      NOT NULL,
    kpp           TEXT,
    ogrn          TEXT      NOT NULL,
    okpo          TEXT,
    oktmo         TEXT,
    vpr_login     TEXT,                                           -- access data: never leaves the municipality
    gia_code      TEXT,
    site_url      TEXT,
    address       TEXT,
    phone         TEXT,
    email         TEXT,
    head_position TEXT,
    head_name     TEXT,
    status        TEXT      NOT NULL CHECK (status IN ('active', 'closed')),
    closure_kind  TEXT      CHECK (closure_kind IN ('reorganised', 'liquidated')),
    closed_on     DATE,
    successor_id  TEXT      REFERENCES schools (id),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT schools_unique_inn UNIQUE (inn),
    CONSTRAINT schools_unique_ogrn UNIQUE (ogrn)
);
CREATE UNIQUE INDEX schools_unique_name ON schools (municipality_id, short_name) WHERE status = 'active';
CREATE INDEX schools_by_municipality ON schools (municipality_id, id);
