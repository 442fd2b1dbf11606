-- Loses the epoch of the feed, how far it was purged, and what each change was done by, its earlier key and place.
DROP TABLE feed_state;
ALTER TABLE changes DROP COLUMN from_municipality_id;
ALTER TABLE changes DROP COLUMN previous_key;
ALTER TABLE changes DROP COLUMN action;
