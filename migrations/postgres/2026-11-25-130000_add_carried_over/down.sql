-- Loses which items were filled from an earlier report and not looked at since.
ALTER TABLE report_items DROP COLUMN carried_over;
