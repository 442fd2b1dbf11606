-- Only what a person added: verdicts are derived, and frozen with the note.
CREATE TABLE conclusions (
    monitoring_id TEXT COLLATE "C"      NOT NULL REFERENCES monitorings (id),
    code          TEXT COLLATE "C"      NOT NULL,                             -- 1.1 .. 2.7
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    edited_text   TEXT COLLATE "C",
    edited_by     TEXT COLLATE "C"      REFERENCES accounts (id),
    edited_at     TIMESTAMP,
    frozen        TEXT COLLATE "C",                                           -- JSON: what was derived when the note was signed
    version       INTEGER   NOT NULL DEFAULT 1,
    PRIMARY KEY (monitoring_id, code)
);
