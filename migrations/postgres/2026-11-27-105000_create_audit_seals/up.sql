-- Seals of the audit: each stands for the rows since the seal before, chained by its hash.
CREATE TABLE audit_seals (
    number        BIGINT    NOT NULL PRIMARY KEY,                 -- 1, 2, 3 …: a missing one shows
    through_seq   BIGINT    NOT NULL UNIQUE,                      -- the last row that it stands for
    rows_count    INTEGER   NOT NULL CHECK (rows_count > 0),
    hash          TEXT COLLATE "C"      NOT NULL,                 -- SHA-256 of the hash before and the rows, hex
    sealed_at     TIMESTAMP NOT NULL
);
CREATE INDEX audit_events_by_municipality ON audit_events (municipality_id, seq);
CREATE INDEX audit_events_by_actor ON audit_events (actor_id, seq);
