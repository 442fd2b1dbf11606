-- Only what a person added: verdicts are derived, and frozen with the note.
CREATE TABLE conclusions (
    monitoring_id TEXT      NOT NULL REFERENCES monitorings (id),
    code          TEXT      NOT NULL,                             -- 1.1 .. 2.7
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    edited_text   TEXT,
    edited_by     TEXT      REFERENCES accounts (id),
    edited_at     TIMESTAMP,
    frozen        TEXT,                                           -- JSON: what was derived when the note was signed
    version       INTEGER   NOT NULL DEFAULT 1,
    PRIMARY KEY (monitoring_id, code)
);
