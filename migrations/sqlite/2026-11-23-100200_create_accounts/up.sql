-- People who sign in: officials and heads of schools. Teachers and pupils never stand here.
CREATE TABLE accounts (
    id            TEXT      NOT NULL PRIMARY KEY,
    login         TEXT      NOT NULL,                             -- folded
    full_name     TEXT,                                           -- null once anonymised
    position      TEXT,
    search_text   TEXT      NOT NULL,
    role          TEXT      NOT NULL CHECK (role IN ('admin', 'municipal_head', 'municipal_officer', 'school_head', 'school_operator', 'curator', 'regional_viewer')),
    region_code   TEXT,
    municipality_id TEXT    REFERENCES municipalities (id),
    school_id     TEXT      REFERENCES schools (id),
    acting_until  DATE,                                           -- last day with the head's rights
    status        TEXT      NOT NULL CHECK (status IN ('active', 'blocked', 'anonymised')),
    password_hash TEXT,                                           -- PHC string, Argon2id
    must_change_password BOOLEAN NOT NULL,
    password_expires_at TIMESTAMP,                                -- a one-time password's last instant
    read_only_until DATE,                                         -- accounts of a closed school
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT accounts_unique_login UNIQUE (login)
);
CREATE INDEX accounts_by_municipality ON accounts (municipality_id, id);
CREATE TABLE account_schools (                                    -- the schools assigned to a curator
    account_id    TEXT      NOT NULL REFERENCES accounts (id),
    school_id     TEXT      NOT NULL REFERENCES schools (id),
    PRIMARY KEY (account_id, school_id)
);
CREATE TABLE sessions (
    id            TEXT      NOT NULL PRIMARY KEY,
    account_id    TEXT      NOT NULL REFERENCES accounts (id),
    refresh_hash  TEXT      NOT NULL,                             -- SHA-256 of the token in force
    previous_hash TEXT,                                           -- of the one before: reuse within 10 s is a lost reply
    rotated_at    TIMESTAMP NOT NULL,
    expires_at    TIMESTAMP NOT NULL,
    revoked_at    TIMESTAMP,
    created_at    TIMESTAMP NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_refresh ON sessions (refresh_hash);
CREATE INDEX sessions_by_previous ON sessions (previous_hash);
