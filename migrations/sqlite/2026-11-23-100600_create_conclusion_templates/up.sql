-- Immutable versions. A null municipality: shipped with the service.
CREATE TABLE conclusion_templates (
    id            TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT    REFERENCES municipalities (id),
    owner         TEXT      NOT NULL,                             -- municipality id, or 'service'
    number        INTEGER   NOT NULL,                             -- 1, 2, 3 .. per owner
    based_on_id   TEXT      REFERENCES conclusion_templates (id),
    title         TEXT      NOT NULL,
    content       TEXT      NOT NULL,                             -- JSON, see content.rs of the feature
    created_at    TIMESTAMP NOT NULL,
    CONSTRAINT conclusion_templates_unique UNIQUE (owner, number)
);
