-- What every write leaves behind: the audit, the change feed, the answers kept for repeats.
-- Rows of audit_events and changes are only ever added.
CREATE TABLE audit_events (
    seq           INTEGER   NOT NULL PRIMARY KEY AUTOINCREMENT,
    at            TIMESTAMP NOT NULL,
    actor_id      TEXT,                                           -- account; null: the command line or a stranger
    actor_role    TEXT      NOT NULL,
    acting        BOOLEAN   NOT NULL DEFAULT 0,                   -- with the head's rights by acting_until
    action        TEXT      NOT NULL,
    resource      TEXT      NOT NULL,
    resource_id   TEXT      NOT NULL,
    municipality_id TEXT,
    from_status   TEXT,
    to_status     TEXT,
    reason        TEXT,
    request_id    TEXT      NOT NULL
);
CREATE INDEX audit_events_by_resource ON audit_events (resource, resource_id, seq);
CREATE TABLE changes (
    seq           INTEGER   NOT NULL PRIMARY KEY AUTOINCREMENT,   -- its order: see src/db/feed.rs
    op            TEXT      NOT NULL CHECK (op IN ('created', 'updated', 'deleted', 'key_changed')),
    resource      TEXT      NOT NULL,
    resource_id   TEXT      NOT NULL,
    version       INTEGER   NOT NULL,
    key           TEXT,                                           -- natural key, when the resource has one
    municipality_id TEXT,
    region_code   TEXT,
    visible_before BOOLEAN  NOT NULL,                             -- to a regional reader
    visible_after BOOLEAN   NOT NULL,
    actor_role    TEXT      NOT NULL,
    reason        TEXT,
    order_number  TEXT,
    request_id    TEXT      NOT NULL,
    occurred_at   TIMESTAMP NOT NULL
);
CREATE TABLE idempotency_keys (
    subject       TEXT      NOT NULL,
    method        TEXT      NOT NULL,
    path          TEXT      NOT NULL,
    key           TEXT      NOT NULL,
    body_hash     TEXT      NOT NULL,
    status        INTEGER   NOT NULL,
    location      TEXT,
    etag          TEXT,
    body          TEXT,                                           -- null when the answer held a secret
    created_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (subject, method, path, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);
