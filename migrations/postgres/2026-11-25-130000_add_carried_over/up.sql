-- What the school has not looked at since it was filled from an earlier report.
ALTER TABLE report_items ADD COLUMN carried_over BOOLEAN NOT NULL DEFAULT FALSE;
