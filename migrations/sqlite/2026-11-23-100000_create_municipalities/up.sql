-- Tenants. Texts in `*_folded` columns are kit::text::folded of their neighbour: search and sort use them.
-- Times are UTC without offset. Portable types only: see migrations/README.md.
CREATE TABLE municipalities (
    id            TEXT      NOT NULL PRIMARY KEY,                 -- UUIDv7, made by the server
    name          TEXT      NOT NULL,
    name_folded   TEXT      NOT NULL,
    kind          TEXT      NOT NULL CHECK (kind IN ('municipal_district', 'municipal_okrug', 'urban_okrug')),
    region_code   TEXT      NOT NULL,                             -- two digits, 57 = Orel region
    oktmo         TEXT,
    authority_name TEXT     NOT NULL,
    place         TEXT      NOT NULL,                             -- where documents are made, e.g. a settlement
    site_url      TEXT,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT municipalities_unique UNIQUE (region_code, name_folded)
);
