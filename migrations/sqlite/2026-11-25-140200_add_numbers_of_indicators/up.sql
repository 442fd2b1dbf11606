-- A measure declares indicators; the item that reports on it takes their numbers.
ALTER TABLE measures ADD COLUMN indicators TEXT NOT NULL DEFAULT '[]';
ALTER TABLE report_items ADD COLUMN numbers TEXT NOT NULL DEFAULT '{}';
