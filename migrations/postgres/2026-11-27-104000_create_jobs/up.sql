-- Imports that run by themselves, and what was wrong with their rows. States: src/features/imports/mod.rs.
CREATE TABLE jobs (
    id             TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    kind           TEXT COLLATE "C" NOT NULL CHECK (kind IN ('schools', 'support_list', 'road_map', 'stats')),
    mode           TEXT COLLATE "C" NOT NULL CHECK (mode IN ('atomic', 'row')),
    dry_run        BOOLEAN   NOT NULL,
    parameters     TEXT COLLATE "C" NOT NULL,                           -- JSON: force, reason, where the rows go
    account_id     TEXT COLLATE "C" REFERENCES accounts (id),           -- who asked; neither: the command line
    client_id      TEXT COLLATE "C",                                    -- or the service client that asked
    acting         BOOLEAN   NOT NULL,                           -- with a head's rights by acting_until
    municipality_id TEXT COLLATE "C" REFERENCES municipalities (id),    -- null: of a whole region
    region_code    TEXT COLLATE "C",                                    -- null: of one municipality
    request_id     TEXT COLLATE "C" NOT NULL,
    fingerprint    TEXT COLLATE "C" NOT NULL,                           -- SHA-256 of file, owner and all that was asked: the same again
    file           TEXT COLLATE "C" NOT NULL,                           -- JSON: name, format, size, sha256
    status         TEXT COLLATE "C" NOT NULL CHECK (status IN ('queued', 'running', 'done', 'failed')),
    applied        BOOLEAN   NOT NULL,                           -- whether anything of it is stored
    failure        TEXT COLLATE "C",                                    -- JSON: code, ru, en
    rows_total     INTEGER   NOT NULL,
    rows_created   INTEGER   NOT NULL DEFAULT 0,
    rows_updated   INTEGER   NOT NULL DEFAULT 0,
    rows_unchanged INTEGER   NOT NULL DEFAULT 0,
    rows_rejected  INTEGER   NOT NULL DEFAULT 0,
    removed        INTEGER   NOT NULL DEFAULT 0,                 -- what stood in a list or map and not in the file
    errors_count   INTEGER   NOT NULL DEFAULT 0,
    results        TEXT COLLATE "C" NOT NULL,                           -- JSON: lists and maps that it wrote
    attempts       INTEGER   NOT NULL DEFAULT 0,
    worker         TEXT COLLATE "C",                                    -- who runs it
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
    job_id         TEXT COLLATE "C" NOT NULL REFERENCES jobs (id),
    number         INTEGER   NOT NULL,                           -- 1, 2, 3 in the order of the rows
    row_number     INTEGER   NOT NULL,                           -- as office suites number it; in JSON the place in rows
    column_title   TEXT COLLATE "C",                                    -- as it stands in the file; null: of the whole row
    code           TEXT COLLATE "C" NOT NULL,
    value          TEXT COLLATE "C",                                    -- the cell, cut; gone with the file
    message_ru     TEXT COLLATE "C" NOT NULL,
    message_en     TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (job_id, number)
);
