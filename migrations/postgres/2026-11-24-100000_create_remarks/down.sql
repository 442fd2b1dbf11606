-- Loses every remark.
DROP TABLE remarks;
