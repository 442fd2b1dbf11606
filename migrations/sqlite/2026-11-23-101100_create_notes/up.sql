-- The final document. A registered note is never edited: a new one replaces it.
CREATE TABLE notes (
    id            TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    monitoring_id TEXT      NOT NULL REFERENCES monitorings (id),
    year          INTEGER   NOT NULL,                             -- of the monitoring's period
    status        TEXT      NOT NULL CHECK (status IN ('draft', 'on_approval', 'signed', 'registered', 'published', 'replaced')),
    title         TEXT      NOT NULL,
    date          DATE,
    place         TEXT      NOT NULL,
    preamble      TEXT,
    missing_reports TEXT    NOT NULL,                             -- JSON array: report ids named as missing, with reasons
    signer_position TEXT,
    signer_name   TEXT,
    number        TEXT,
    registered_on DATE,
    return_reason TEXT,
    snapshot      TEXT,                                           -- JSON, frozen at signing
    hash          TEXT,                                           -- SHA-256 of the RFC 8785 form of the snapshot
    signed_by     TEXT      REFERENCES accounts (id),
    signed_at     TIMESTAMP,
    published_at  TIMESTAMP,
    replaces_id   TEXT      REFERENCES notes (id),
    replaced_by_id TEXT     REFERENCES notes (id),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX notes_one_in_work ON notes (monitoring_id) WHERE status IN ('draft', 'on_approval');
CREATE INDEX notes_by_municipality ON notes (municipality_id, id);
CREATE INDEX notes_by_hash ON notes (hash);
