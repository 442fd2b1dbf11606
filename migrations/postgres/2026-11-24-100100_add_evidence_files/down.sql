-- Loses every file and what was taken away.
DELETE FROM evidence WHERE url IS NULL OR removed_at IS NOT NULL;
DROP INDEX evidence_by_url;
DROP INDEX evidence_by_hash;
ALTER TABLE evidence DROP CONSTRAINT evidence_link_or_file;
ALTER TABLE evidence DROP COLUMN removed_at;
ALTER TABLE evidence DROP COLUMN stored_sha256;
ALTER TABLE evidence DROP COLUMN original_sha256;
ALTER TABLE evidence DROP COLUMN size;
ALTER TABLE evidence DROP COLUMN media_type;
ALTER TABLE evidence DROP COLUMN file_name;
ALTER TABLE evidence ALTER COLUMN url SET NOT NULL;
