-- Loses which indicators measures declare, and the numbers told in reports.
ALTER TABLE report_items DROP COLUMN numbers;
ALTER TABLE measures DROP COLUMN indicators;
