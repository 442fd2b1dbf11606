-- Loses every account and session.
DROP TABLE sessions;
DROP TABLE account_schools;
DROP TABLE accounts;
