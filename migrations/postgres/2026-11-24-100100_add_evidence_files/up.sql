-- Evidence is a link or a file; files lie in the store of files under their hash and id.
ALTER TABLE evidence ALTER COLUMN url DROP NOT NULL;              -- null: a file
ALTER TABLE evidence ADD COLUMN file_name TEXT COLLATE "C";       -- as it was sent, made safe
ALTER TABLE evidence ADD COLUMN media_type TEXT COLLATE "C";
ALTER TABLE evidence ADD COLUMN size INTEGER;                     -- bytes that are kept
ALTER TABLE evidence ADD COLUMN original_sha256 TEXT COLLATE "C"; -- of what was sent
ALTER TABLE evidence ADD COLUMN stored_sha256 TEXT COLLATE "C";   -- of what is kept: photos lose their metadata
ALTER TABLE evidence ADD COLUMN removed_at TIMESTAMP;             -- taken away, yet a kept version names it
ALTER TABLE evidence ADD CONSTRAINT evidence_link_or_file CHECK ((url IS NULL) <> (stored_sha256 IS NULL));
CREATE INDEX evidence_by_hash ON evidence (original_sha256);
CREATE INDEX evidence_by_url ON evidence (url);
