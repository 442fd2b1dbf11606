-- A measure declares indicators; the item that reports on it takes their numbers.
ALTER TABLE measures ADD COLUMN indicators TEXT COLLATE "C" NOT NULL DEFAULT '[]';
ALTER TABLE report_items ADD COLUMN numbers TEXT COLLATE "C" NOT NULL DEFAULT '{}';
