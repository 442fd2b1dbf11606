-- Orders (приказы). Owner: a municipality, or a region whose municipalities all read it.
CREATE TABLE orders (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    owner         TEXT COLLATE "C"      NOT NULL,                             -- municipality id or region code
    municipality_id TEXT COLLATE "C"    REFERENCES municipalities (id),
    region_code   TEXT COLLATE "C"      NOT NULL,
    issuer        TEXT COLLATE "C"      NOT NULL,
    issuer_level  TEXT COLLATE "C"      NOT NULL CHECK (issuer_level IN ('federal', 'regional', 'municipal', 'school')),
    number        TEXT COLLATE "C"      NOT NULL,                             -- a free string: 515, 181-О, 01-03\482
    date          DATE      NOT NULL,
    title         TEXT COLLATE "C"      NOT NULL,
    search_text   TEXT COLLATE "C"      NOT NULL,
    kind          TEXT COLLATE "C"      NOT NULL CHECK (kind IN ('list', 'road_map', 'monitoring', 'assignment', 'amendment', 'other')),
    file_url      TEXT COLLATE "C",
    repeals_id    TEXT COLLATE "C"      REFERENCES orders (id),
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('draft', 'registered', 'repealed')),
    registered_at TIMESTAMP,
    repealed_at   TIMESTAMP,
    repeal_reason TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX orders_unique ON orders (owner, issuer, number, date) WHERE status <> 'repealed';
CREATE INDEX orders_by_municipality ON orders (municipality_id, id);
