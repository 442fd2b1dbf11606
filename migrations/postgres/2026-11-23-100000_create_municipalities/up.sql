-- Tenants. Texts in `*_folded` columns are kit::text::folded of their neighbour: search and sort use them.
-- Times are UTC without offset. Portable types only: see migrations/README.md.
CREATE TABLE municipalities (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,                 -- UUIDv7, made by the server
    name          TEXT COLLATE "C"      NOT NULL,
    name_folded   TEXT COLLATE "C"      NOT NULL,
    kind          TEXT COLLATE "C"      NOT NULL CHECK (kind IN ('municipal_district', 'municipal_okrug', 'urban_okrug')),
    region_code   TEXT COLLATE "C"      NOT NULL,                             -- two digits, 57 = Orel region
    oktmo         TEXT COLLATE "C",
    authority_name TEXT COLLATE "C"     NOT NULL,
    place         TEXT COLLATE "C"      NOT NULL,                             -- where documents are made, e.g. a settlement
    site_url      TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT municipalities_unique UNIQUE (region_code, name_folded)
);
