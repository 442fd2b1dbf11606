-- Orders (приказы). Owner: a municipality, or a region whose municipalities all read it.
CREATE TABLE orders (
    id            TEXT      NOT NULL PRIMARY KEY,
    owner         TEXT      NOT NULL,                             -- municipality id or region code
    municipality_id TEXT    REFERENCES municipalities (id),
    region_code   TEXT      NOT NULL,
    issuer        TEXT      NOT NULL,
    issuer_level  TEXT      NOT NULL CHECK (issuer_level IN ('federal', 'regional', 'municipal', 'school')),
    number        TEXT      NOT NULL,                             -- a free string: 515, 181-О, 01-03\482
    date          DATE      NOT NULL,
    title         TEXT      NOT NULL,
    search_text   TEXT      NOT NULL,
    kind          TEXT      NOT NULL CHECK (kind IN ('list', 'road_map', 'monitoring', 'assignment', 'amendment', 'other')),
    file_url      TEXT,
    repeals_id    TEXT      REFERENCES orders (id),
    status        TEXT      NOT NULL CHECK (status IN ('draft', 'registered', 'repealed')),
    registered_at TIMESTAMP,
    repealed_at   TIMESTAMP,
    repeal_reason TEXT,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX orders_unique ON orders (owner, issuer, number, date) WHERE status <> 'repealed';
CREATE INDEX orders_by_municipality ON orders (municipality_id, id);
