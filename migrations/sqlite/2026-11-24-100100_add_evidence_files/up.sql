-- Evidence is a link or a file; files lie in the store of files under their hash and id.
-- SQLite cannot take NOT NULL from a column, so the table is made anew.
CREATE TABLE evidence_new (
    id            TEXT      NOT NULL PRIMARY KEY,
    report_id     TEXT      NOT NULL,
    measure_id    TEXT      NOT NULL,
    kind          TEXT      NOT NULL,
    title         TEXT      NOT NULL,
    requisites    TEXT,
    url           TEXT,                                           -- null: a file
    contains_personal_data BOOLEAN NOT NULL,                      -- true: only the school and its municipality read it
    created_by    TEXT      NOT NULL REFERENCES accounts (id),
    created_at    TIMESTAMP NOT NULL,
    file_name     TEXT,                                           -- as it was sent, made safe
    media_type    TEXT,
    size          INTEGER,                                        -- bytes that are kept
    original_sha256 TEXT,                                         -- of what was sent
    stored_sha256 TEXT,                                           -- of what is kept: photos lose their metadata
    removed_at    TIMESTAMP,                                      -- taken away, yet a kept version names it
    FOREIGN KEY (report_id, measure_id) REFERENCES report_items (report_id, measure_id),
    CONSTRAINT evidence_link_or_file CHECK ((url IS NULL) <> (stored_sha256 IS NULL))
);
INSERT INTO evidence_new
    SELECT id, report_id, measure_id, kind, title, requisites, url, contains_personal_data, created_by, created_at,
           NULL, NULL, NULL, NULL, NULL, NULL
    FROM evidence;
DROP TABLE evidence;
ALTER TABLE evidence_new RENAME TO evidence;
CREATE INDEX evidence_by_item ON evidence (report_id, measure_id, id);
CREATE INDEX evidence_by_hash ON evidence (original_sha256);
CREATE INDEX evidence_by_url ON evidence (url);
