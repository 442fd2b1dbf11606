-- Loses the indicators of municipalities; the shipped ones come back at the next start.
DROP TABLE indicators;
