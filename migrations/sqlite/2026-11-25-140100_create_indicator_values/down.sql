-- Loses every value, target and baseline.
DROP TABLE indicator_values;
