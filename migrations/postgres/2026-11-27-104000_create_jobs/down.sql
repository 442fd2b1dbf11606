-- Loses every job and its errors; what was imported stays.
DROP TABLE job_errors;
DROP TABLE jobs;
