-- States: src/features/schools/mod.rs. Low performance is never a column here: it follows from support list entries.
CREATE TABLE schools (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    full_name     TEXT COLLATE "C",                                           -- verbatim, never normalised beyond NFC
    short_name    TEXT COLLATE "C"      NOT NULL,
    short_name_folded TEXT COLLATE "C"  NOT NULL,
    search_text   TEXT COLLATE "C"      NOT NULL,                             -- folded names, codes and address
    legal_form    TEXT COLLATE "C"      NOT NULL,
    school_kind   TEXT COLLATE "C"      NOT NULL,
    education_levels TEXT COLLATE "C"   NOT NULL,                             -- JSON array of codes
    inn           TEXT COLLATE "C"      NOT NULL,
    kpp           TEXT COLLATE "C",
    ogrn          TEXT COLLATE "C"      NOT NULL,
    okpo          TEXT COLLATE "C",
    oktmo         TEXT COLLATE "C",
    vpr_login     TEXT COLLATE "C",                                           -- access data: never leaves the municipality
    gia_code      TEXT COLLATE "C",
    site_url      TEXT COLLATE "C",
    address       TEXT COLLATE "C",
    phone         TEXT COLLATE "C",
    email         TEXT COLLATE "C",
    head_position TEXT COLLATE "C",
    head_name     TEXT COLLATE "C",
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('active', 'closed')),
    closure_kind  TEXT COLLATE "C"      CHECK (closure_kind IN ('reorganised', 'liquidated')),
    closed_on     DATE,
    successor_id  TEXT COLLATE "C"      REFERENCES schools (id),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT schools_unique_inn UNIQUE (inn),
    CONSTRAINT schools_unique_ogrn UNIQUE (ogrn)
);
CREATE UNIQUE INDEX schools_unique_name ON schools (municipality_id, short_name) WHERE status = 'active';
CREATE INDEX schools_by_municipality ON schools (municipality_id, id);
