-- Loses every file and what was taken away.
CREATE TABLE evidence_old (
    id            TEXT      NOT NULL PRIMARY KEY,
    report_id     TEXT      NOT NULL,
    measure_id    TEXT      NOT NULL,
    kind          TEXT      NOT NULL,
    title         TEXT      NOT NULL,
    requisites    TEXT,
    url           TEXT      NOT NULL,
    contains_personal_data BOOLEAN NOT NULL,                      -- true: only the school and its municipality read it
    created_by    TEXT      NOT NULL REFERENCES accounts (id),
    created_at    TIMESTAMP NOT NULL,
    FOREIGN KEY (report_id, measure_id) REFERENCES report_items (report_id, measure_id)
);
INSERT INTO evidence_old
    SELECT id, report_id, measure_id, kind, title, requisites, url, contains_personal_data, created_by, created_at
    FROM evidence
    WHERE url IS NOT NULL AND removed_at IS NULL;
DROP TABLE evidence;
ALTER TABLE evidence_old RENAME TO evidence;
CREATE INDEX evidence_by_item ON evidence (report_id, measure_id, id);
