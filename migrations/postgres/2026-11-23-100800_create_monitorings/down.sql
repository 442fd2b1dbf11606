-- Loses every monitoring.
DROP TABLE deadline_extensions;
DROP TABLE monitoring_schools;
DROP TABLE monitorings;
