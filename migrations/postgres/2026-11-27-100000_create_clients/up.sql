-- Service clients: programs that use the API in their own name, with scopes instead of a role.
CREATE TABLE clients (
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    name          TEXT COLLATE "C" NOT NULL,                             -- e.g. the portal's name
    name_folded   TEXT COLLATE "C" NOT NULL,
    description   TEXT COLLATE "C",
    region_code   TEXT COLLATE "C",                                           -- how far it reaches: a region,
    municipality_id TEXT COLLATE "C" REFERENCES municipalities (id),       -- or one municipality
    scopes        TEXT COLLATE "C" NOT NULL,                             -- separated by spaces
    status        TEXT COLLATE "C" NOT NULL CHECK (status IN ('active', 'blocked')),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT clients_unique_name UNIQUE (name_folded),
    CONSTRAINT clients_one_reach CHECK ((region_code IS NULL) <> (municipality_id IS NULL))
);
CREATE TABLE client_secrets (                                     -- several at a time, so that they can be replaced without a pause
    id            TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    client_id     TEXT COLLATE "C" NOT NULL REFERENCES clients (id),
    hash          TEXT COLLATE "C" NOT NULL,                             -- SHA-256, hex; the secret itself is not kept
    hint          TEXT COLLATE "C" NOT NULL,                             -- how it begins, to tell it from the others
    expires_at    TIMESTAMP,
    last_used_at  TIMESTAMP,
    created_at    TIMESTAMP NOT NULL,
    CONSTRAINT client_secrets_unique_hash UNIQUE (hash)
);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id, id);
