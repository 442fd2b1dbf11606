-- Loses the audit, the change feed and the kept answers.
DROP TABLE idempotency_keys;
DROP TABLE changes;
DROP TABLE audit_events;
