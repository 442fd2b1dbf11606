-- Imports that run by themselves, and what was wrong with their rows. States: src/features/imports/mod.rs.
CREATE TABLE jobs (
    id             TEXT      NOT NULL PRIMARY KEY,
    kind           TEXT      NOT NULL CHECK (kind IN ('schools', 'support_list', 'road_map', 'stats')),
    mode           TEXT      NOT NULL CHECK (mode IN ('atomic', 'row')),
    dry_run        BOOLEAN   NOT NULL,
    parameters     TEXT      NOT NULL,                           -- JSON: force, reason, where the rows go
    account_id     TEXT      REFERENCES accounts (id),           -- who asked; neither: the command line
    client_id      TEXT     ,                                    -- or the service client that asked
    acting         BOOLEAN   NOT NULL,                           -- with a head's rights by acting_until
    municipality_id TEXT      REFERENCES municipalities (id),    -- null: of a whole region
    region_code    TEXT     ,                                    -- null: of one municipality
    request_id     TEXT      NOT NULL,
    fingerprint    TEXT      NOT NULL,                           -- SHA-256 of file, owner and all that was asked: the same again
    file           TEXT      NOT NULL,                           -- JSON: name, format, size, sha256
    status         TEXT      NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
    applied        BOOLEAN   NOT NULL,                           -- whether anything of it is stored
    failure        TEXT     ,                                    -- JSON: code, ru, en
    rows_total     INTEGER   NOT NULL,
    rows_created   INTEGER   NOT NULL DEFAULT 0,
    rows_updated   INTEGER   NOT NULL DEFAULT 0,
    rows_unchanged INTEGER   NOT NULL DEFAULT 0,
    rows_rejected  INTEGER   NOT NULL DEFAULT 0,
    removed        INTEGER   NOT NULL DEFAULT 0,                 -- what stood in a list or map and not in the file
    errors_count   INTEGER   NOT NULL DEFAULT 0,
    results        TEXT      NOT NULL,                           -- JSON: lists and maps that it wrote
    attempts       INTEGER   NOT NULL DEFAULT 0,
    worker         TEXT     ,                                    -- who runs it
    lease_until    TIMESTAMP,                                    -- after it, somebody else may
    started_at     TIMESTAMP,
    finished_at    TIMESTAMP,
    version        INTEGER   NOT NULL DEFAULT 1,
    created_at     TIMESTAMP NOT NULL,
    updated_at     TIMESTAMP NOT NULL,
    CONSTRAINT jobs_counters_add_up CHECK (
        rows_created + rows_updated + rows_unchanged + rows_rejected <= rows_total
        AND (status IN ('queued', 'running') OR rows_created + rows_updated + rows_unchanged + rows_rejected = rows_total)
    )
);
CREATE INDEX jobs_by_municipality ON jobs (municipality_id, id);
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint, created_at);
CREATE INDEX jobs_at_work ON jobs (created_at, id) WHERE status IN ('queued', 'running');
CREATE TABLE job_errors (
    job_id         TEXT      NOT NULL REFERENCES jobs (id),
    number         INTEGER   NOT NULL,                           -- 1, 2, 3 in the order of the rows
    row_number     INTEGER   NOT NULL,                           -- as office suites number it; in JSON the place in rows
    column_title   TEXT     ,                                    -- as it stands in the file; null: of the whole row
    code           TEXT      NOT NULL,
    value          TEXT     ,                                    -- the cell, cut; gone with the file
    message_ru     TEXT      NOT NULL,
    message_en     TEXT      NOT NULL,
    PRIMARY KEY (job_id, number)
);
