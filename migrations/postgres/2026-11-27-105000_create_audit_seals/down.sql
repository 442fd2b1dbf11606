-- Loses the seals of the audit; its rows stay, and can be sealed anew from the first one.
DROP INDEX audit_events_by_actor;
DROP INDEX audit_events_by_municipality;
DROP TABLE audit_seals;
