-- Road maps by editions, and their measures. A school's own map has a parent.
CREATE TABLE road_maps (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    school_id     TEXT COLLATE "C"      REFERENCES schools (id),              -- null: the municipality's map
    parent_id     TEXT COLLATE "C"      REFERENCES road_maps (id),
    level         TEXT COLLATE "C"      NOT NULL CHECK (level IN ('municipal', 'school')),
    title         TEXT COLLATE "C"      NOT NULL,
    search_text   TEXT COLLATE "C"      NOT NULL,
    goal          TEXT COLLATE "C",
    tasks         TEXT COLLATE "C"      NOT NULL,                             -- JSON array of texts
    period_start  DATE      NOT NULL,
    period_end    DATE      NOT NULL,
    order_id      TEXT COLLATE "C"      REFERENCES orders (id),
    approval_number TEXT COLLATE "C",                                         -- inline approval of a school's own map
    approval_date DATE,
    conclusion_template_id TEXT COLLATE "C" REFERENCES conclusion_templates (id),
    edition       INTEGER   NOT NULL,
    amends_id     TEXT COLLATE "C"      REFERENCES road_maps (id),
    copied_from_id TEXT COLLATE "C"     REFERENCES road_maps (id),
    status        TEXT COLLATE "C"      NOT NULL CHECK (status IN ('draft', 'approved', 'archived', 'closed', 'cancelled')),
    approved_at   TIMESTAMP,
    closed_at     TIMESTAMP,
    cancel_reason TEXT COLLATE "C",
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE UNIQUE INDEX road_maps_one_amendment ON road_maps (amends_id) WHERE status = 'draft';
CREATE INDEX road_maps_by_municipality ON road_maps (municipality_id, id);
CREATE TABLE measures (
    id            TEXT COLLATE "C"      NOT NULL PRIMARY KEY,
    road_map_id   TEXT COLLATE "C"      NOT NULL REFERENCES road_maps (id),
    municipality_id TEXT COLLATE "C"    NOT NULL REFERENCES municipalities (id),
    lineage_id    TEXT COLLATE "C"      NOT NULL,                             -- kept by amend and copy
    code          TEXT COLLATE "C"      NOT NULL,
    section       TEXT COLLATE "C"      NOT NULL,
    position      INTEGER   NOT NULL,
    level         TEXT COLLATE "C"      NOT NULL CHECK (level IN ('municipal', 'school')),
    title         TEXT COLLATE "C"      NOT NULL,
    search_text   TEXT COLLATE "C"      NOT NULL,
    deadline      TEXT COLLATE "C"      NOT NULL,                             -- JSON, see domain.rs of road_maps
    due_date      DATE,                                           -- the due day; null: recurring or all year
    responsible   TEXT COLLATE "C"      NOT NULL,                             -- JSON array of positions and bodies, never names
    expected_result TEXT COLLATE "C",
    evidence_required BOOLEAN NOT NULL,
    applies_to    TEXT COLLATE "C"      NOT NULL,                             -- JSON
    criteria      TEXT COLLATE "C"      NOT NULL,                             -- JSON array of criterion codes
    recommendations TEXT COLLATE "C"    NOT NULL,                             -- JSON array of codes
    counts_in_compliance BOOLEAN NOT NULL,
    needs_review  BOOLEAN   NOT NULL DEFAULT FALSE,                   -- dates shifted by a copy, not yet looked at
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL,
    CONSTRAINT measures_unique UNIQUE (road_map_id, code)
);
CREATE INDEX measures_by_position ON measures (road_map_id, position, id);
