-- The final document. A registered note is never edited: a new one replaces it.
CREATE TABLE notes (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    monitoring_id TEXT COLLATE "C"      NOT NULL REFERENCES monitorings (id),
    year          INTEGER   NOT NULL,                             -- of the monitoring's period
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('draft', 'on_approval', 'signed', 'registered', 'published', 'replaced')),
    title         TEXT COLLATE "C"      NOT NULL,
    date          DATE,
    place         TEXT COLLATE "C"      NOT NULL,
    preamble      TEXT COLLATE "C",
    missing_reports TEXT COLLATE "C"    NOT NULL,                             -- JSON array: report ids named as missing, with reasons
    signer_position TEXT COLLATE "C",
    signer_name   TEXT COLLATE "C",
    number        TEXT COLLATE "C",
    registered_on DATE,
    return_reason TEXT COLLATE "C",
    snapshot      TEXT COLLATE "C",                                           -- JSON, frozen at signing
    hash          TEXT COLLATE "C",                                           -- SHA-256 of the RFC 8785 form of the snapshot
    signed_by     TEXT COLLATE "C"      REFERENCES accounts (id),
    signed_at     TIMESTAMP,
    published_at  TIMESTAMP,
    replaces_id   TEXT COLLATE "C"      REFERENCES notes (id),
    replaced_by_id TEXT COLLATE "C"     REFERENCES notes (id),
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX notes_one_in_work ON notes (monitoring_id) WHERE status IN ('draft', 'on_approval');
CREATE INDEX notes_by_municipality ON notes (municipality_id, id);
CREATE INDEX notes_by_hash ON notes (hash);
