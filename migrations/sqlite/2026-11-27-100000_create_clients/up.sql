-- Service clients: programs that use the API in their own name, with scopes instead of a role.
CREATE TABLE clients (
    id            TEXT      NOT NULL PRIMARY KEY,
    name          TEXT      NOT NULL,                             -- e.g. the portal's name
    name_folded   TEXT      NOT NULL,
    description   TEXT,
    region_code   TEXT,                                           -- how far it reaches: a region,
    municipality_id TEXT    REFERENCES municipalities (id),       -- or one municipality
    scopes        TEXT      NOT NULL,                             -- separated by spaces
    status        TEXT      NOT NULL CHECK (status IN ('active', 'blocked')),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT clients_unique_name UNIQUE (name_folded),
    CONSTRAINT clients_one_reach CHECK ((region_code IS NULL) <> (municipality_id IS NULL))
);
CREATE TABLE client_secrets (                                     -- several at a time, so that they can be replaced without a pause
    id            TEXT      NOT NULL PRIMARY KEY,
    client_id     TEXT      NOT NULL REFERENCES clients (id),
    hash          TEXT      NOT NULL,                             -- SHA-256, hex; the secret itself is not kept
    hint          TEXT      NOT NULL,                             -- how it begins, to tell it from the others
    expires_at    TIMESTAMP,
    last_used_at  TIMESTAMP,
    created_at    TIMESTAMP NOT NULL,
    CONSTRAINT client_secrets_unique_hash UNIQUE (hash)
);
CREATE INDEX client_secrets_by_client ON client_secrets (client_id, id);
