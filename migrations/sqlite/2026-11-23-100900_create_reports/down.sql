-- Loses every report.
DROP TABLE report_versions;
DROP TABLE evidence;
DROP TABLE report_items;
DROP TABLE reports;
