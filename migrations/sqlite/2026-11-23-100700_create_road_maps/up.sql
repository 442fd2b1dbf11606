-- Road maps by editions, and their measures. A school's own map has a parent.
CREATE TABLE road_maps (
    id            TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    school_id     TEXT      REFERENCES schools (id),              -- null: the municipality's map
    parent_id     TEXT      REFERENCES road_maps (id),
    level         TEXT      NOT NULL CHECK (level IN ('municipal', 'school')),
    title         TEXT      NOT NULL,
    search_text   TEXT      NOT NULL,
    goal          TEXT,
    tasks         TEXT      NOT NULL,                             -- JSON array of texts
    period_start  DATE      NOT NULL,
    period_end    DATE      NOT NULL,
    order_id      TEXT      REFERENCES orders (id),
    approval_number TEXT,                                         -- inline approval of a school's own map
    approval_date DATE,
    conclusion_template_id TEXT REFERENCES conclusion_templates (id),
    edition       INTEGER   NOT NULL,
    amends_id     TEXT      REFERENCES road_maps (id),
    copied_from_id TEXT     REFERENCES road_maps (id),
    status        TEXT      NOT NULL CHECK (status IN ('draft', 'approved', 'archived', 'closed', 'cancelled')),
    approved_at   TIMESTAMP,
    closed_at     TIMESTAMP,
    cancel_reason TEXT,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX road_maps_one_amendment ON road_maps (amends_id) WHERE status = 'draft';
CREATE INDEX road_maps_by_municipality ON road_maps (municipality_id, id);
CREATE TABLE measures (
    id            TEXT      NOT NULL PRIMARY KEY,
    road_map_id   TEXT      NOT NULL REFERENCES road_maps (id),
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    lineage_id    TEXT      NOT NULL,                             -- kept by amend and copy
    code          TEXT      NOT NULL,
    section       TEXT      NOT NULL,
    position      INTEGER   NOT NULL,
    level         TEXT      NOT NULL CHECK (level IN ('municipal', 'school')),
    title         TEXT      NOT NULL,
    search_text   TEXT      NOT NULL,
    deadline      TEXT      NOT NULL,                             -- JSON, see domain.rs of road_maps
    due_date      DATE,                                           -- the due day; null: recurring or all year
    responsible   TEXT      NOT NULL,                             -- JSON array of positions and bodies, never names
    expected_result TEXT,
    evidence_required BOOLEAN NOT NULL,
    applies_to    TEXT      NOT NULL,                             -- JSON
    criteria      TEXT      NOT NULL,                             -- JSON array of criterion codes
    recommendations TEXT    NOT NULL,                             -- JSON array of codes
    counts_in_compliance BOOLEAN NOT NULL,
    needs_review  BOOLEAN   NOT NULL DEFAULT 0,                   -- dates shifted by a copy, not yet looked at
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT measures_unique UNIQUE (road_map_id, code)
);
CREATE INDEX measures_by_position ON measures (road_map_id, position, id);
