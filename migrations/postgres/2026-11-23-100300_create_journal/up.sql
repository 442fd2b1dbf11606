-- What every write leaves behind: the audit, the change feed, the answers kept for repeats.
-- Rows of audit_events and changes are only ever added.
CREATE TABLE audit_events (
    seq           BIGINT    NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at            TIMESTAMP NOT NULL,
    actor_id      TEXT COLLATE "C",                                           -- account; null: the command line or a stranger
    actor_role    TEXT COLLATE "C"      NOT NULL,
    acting        BOOLEAN   NOT NULL DEFAULT FALSE,                   -- with the head's rights by acting_until
    action        TEXT COLLATE "C"      NOT NULL,
    resource      TEXT COLLATE "C"      NOT NULL,
    resource_id   TEXT COLLATE "C"      NOT NULL,
    municipality_id TEXT COLLATE "C",
    from_status   TEXT COLLATE "C",
    to_status     TEXT COLLATE "C",
    reason        TEXT COLLATE "C",
    request_id    TEXT COLLATE "C"      NOT NULL
);
CREATE INDEX audit_events_by_resource ON audit_events (resource, resource_id, seq);
CREATE TABLE changes (
    seq           BIGINT    NOT NULL GENERATED ALWAYS AS IDENTITY PRIMARY KEY,   -- its order: see src/db/feed.rs
    op            TEXT COLLATE "C"      NOT NULL CHECK (op IN ('created', 'updated', 'deleted', 'key_changed')),
    resource      TEXT COLLATE "C"      NOT NULL,
    resource_id   TEXT COLLATE "C"      NOT NULL,
    version       INTEGER   NOT NULL,
    key           TEXT COLLATE "C",                                           -- natural key, when the resource has one
    municipality_id TEXT COLLATE "C",
    region_code   TEXT COLLATE "C",
    visible_before BOOLEAN  NOT NULL,                             -- to a regional reader
    visible_after BOOLEAN   NOT NULL,
    actor_role    TEXT COLLATE "C"      NOT NULL,
    reason        TEXT COLLATE "C",
    order_number  TEXT COLLATE "C",
    request_id    TEXT COLLATE "C"      NOT NULL,
    occurred_at   TIMESTAMP NOT NULL
);
CREATE TABLE idempotency_keys (
    subject       TEXT COLLATE "C"      NOT NULL,
    method        TEXT COLLATE "C"      NOT NULL,
    path          TEXT COLLATE "C"      NOT NULL,
    key           TEXT COLLATE "C"      NOT NULL,
    body_hash     TEXT COLLATE "C"      NOT NULL,
    status        INTEGER   NOT NULL,
    location      TEXT COLLATE "C",
    etag          TEXT COLLATE "C",
    body          TEXT COLLATE "C",                                           -- null when the answer held a secret
    created_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (subject, method, path, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
