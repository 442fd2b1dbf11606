-- What readers of the change feed go by: the epoch of its numbers, and how far it has been purged. A change also says
-- by what it was done, which key the row had before, and from where it was moved.
-- What was recorded before is not complete (no keys, no moves): it counts as purged, so readers begin with an export.
ALTER TABLE changes ADD COLUMN action TEXT NOT NULL DEFAULT 'unknown';
ALTER TABLE changes ADD COLUMN previous_key TEXT;
ALTER TABLE changes ADD COLUMN from_municipality_id TEXT;
CREATE TABLE feed_state (
    name          TEXT      NOT NULL PRIMARY KEY CHECK (name = 'changes'),
    epoch         TEXT      NOT NULL,                             -- UUID; empty until the first start
    purged_through BIGINT   NOT NULL                              -- greatest seq that is no longer kept
);
INSERT INTO feed_state (name, epoch, purged_through) SELECT 'changes', '', COALESCE(MAX(seq), 0) FROM changes;
