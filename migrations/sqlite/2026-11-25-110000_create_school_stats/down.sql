-- Loses the numbers and results of every school.
DROP TABLE school_assessments;
DROP TABLE school_stats;
