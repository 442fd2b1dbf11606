-- Loses nothing: the snapshots say the same.
ALTER TABLE notes DROP COLUMN signed_authority;
ALTER TABLE notes DROP COLUMN signed_municipality;
