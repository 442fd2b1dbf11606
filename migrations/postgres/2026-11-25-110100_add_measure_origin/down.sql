-- Loses which measures follow up which recommendations; the measures stay.
DROP INDEX measures_one_follow_up;
ALTER TABLE measures DROP COLUMN recommendation_id;
