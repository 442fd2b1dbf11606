-- Webhooks: where a client wants to be told of changes, and how far it has been told.
CREATE TABLE webhooks (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    client_id     TEXT COLLATE "C"      NOT NULL REFERENCES clients (id) ON DELETE CASCADE,
    url           TEXT COLLATE "C"      NOT NULL,
    description   TEXT COLLATE "C",
    resources     TEXT COLLATE "C"      NOT NULL,                             -- separated by commas; empty: all that the client reads
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('active', 'disabled')),
    disabled_by   TEXT COLLATE "C"      CHECK (disabled_by IN ('client', 'failing', 'gone')),
    secret        TEXT COLLATE "C"      NOT NULL,                             -- sealed with the key of the data folder
    previous_secret TEXT COLLATE "C",
    previous_until TIMESTAMP,                                     -- until when the one before signs as well
    epoch         TEXT COLLATE "C"      NOT NULL,                             -- of the change feed, in which the cursor was given
    after_seq     BIGINT    NOT NULL,                             -- delivered through this number of the feed
    replay_after  BIGINT,                                         -- a range that is delivered once more, before anything new
    replay_until  BIGINT,
    test_requested_at TIMESTAMP,
    tested_at     TIMESTAMP,
    attempts      INTEGER   NOT NULL DEFAULT 0,                   -- failed ones of the event that is next
    failing_since TIMESTAMP,
    next_at       TIMESTAMP NOT NULL,                             -- not before this
    parked        BOOLEAN   NOT NULL DEFAULT FALSE,                   -- the event before was given up, and none delivered since
    lease_owner   TEXT COLLATE "C",                                           -- the process that delivers now
    lease_until   TIMESTAMP,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX webhooks_by_client ON webhooks (client_id, id);
CREATE TABLE webhook_deliveries (                                 -- every attempt, kept for 30 days; events given up as long as the webhook
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    webhook_id    TEXT COLLATE "C"      NOT NULL REFERENCES webhooks (id) ON DELETE CASCADE,
    event_id      TEXT COLLATE "C"      NOT NULL,
    event_type    TEXT COLLATE "C"      NOT NULL,
    seq           BIGINT,                                         -- of the change; null: a test or a notice about the feed
    attempt       INTEGER   NOT NULL,
    outcome       TEXT COLLATE "C"      NOT NULL CHECK (outcome IN ('delivered', 'failed', 'given_up')),
    failure       TEXT COLLATE "C",
    http_status   INTEGER,
    duration_ms   INTEGER   NOT NULL,
    created_at    TIMESTAMP NOT NULL
);
CREATE INDEX webhook_deliveries_by_webhook ON webhook_deliveries (webhook_id, id);
CREATE INDEX webhook_deliveries_by_age ON webhook_deliveries (created_at);
