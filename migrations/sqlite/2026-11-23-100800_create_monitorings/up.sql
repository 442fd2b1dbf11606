-- One campaign: a road map, a period, a snapshot of schools, a deadline.
CREATE TABLE monitorings (
    id            TEXT      NOT NULL PRIMARY KEY,
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    road_map_id   TEXT      NOT NULL REFERENCES road_maps (id),
    conclusion_template_id TEXT REFERENCES conclusion_templates (id), -- kept from opening
    order_id      TEXT      NOT NULL REFERENCES orders (id),
    support_list_ids TEXT   NOT NULL,                             -- JSON array, at least one
    period_start  DATE      NOT NULL,
    period_end    DATE      NOT NULL,
    report_deadline DATE    NOT NULL,
    status        TEXT      NOT NULL CHECK (status IN ('planned', 'open', 'collected', 'analysed', 'completed', 'cancelled')),
    opened_at     TIMESTAMP,
    opened_on     DATE,
    frozen_at     TIMESTAMP,                                      -- a signed note counted these reports
    cancel_reason TEXT,
    version       INTEGER   NOT NULL DEFAULT 1,
    created_at    TIMESTAMP NOT NULL,
    updated_at    TIMESTAMP NOT NULL
);
CREATE INDEX monitorings_by_municipality ON monitorings (municipality_id, id);
CREATE INDEX monitorings_by_road_map ON monitorings (road_map_id);
CREATE TABLE monitoring_schools (                                 -- the snapshot: later list changes do not alter it
    monitoring_id TEXT      NOT NULL REFERENCES monitorings (id),
    school_id     TEXT      NOT NULL REFERENCES schools (id),
    municipality_id TEXT    NOT NULL REFERENCES municipalities (id),
    short_name    TEXT      NOT NULL,
    education_levels TEXT   NOT NULL,
    left_list_on  DATE,
    added_by_order_id TEXT  REFERENCES orders (id),
    added_on      DATE      NOT NULL,
    released_on   DATE,
    release_reason TEXT,
    PRIMARY KEY (monitoring_id, school_id)
);
CREATE INDEX monitoring_schools_by_school ON monitoring_schools (school_id, monitoring_id);
CREATE TABLE deadline_extensions (
    monitoring_id TEXT      NOT NULL REFERENCES monitorings (id),
    school_id     TEXT      NOT NULL REFERENCES schools (id),
    until         DATE      NOT NULL,
    reason        TEXT      NOT NULL,
    order_id      TEXT NOT NULL REFERENCES orders (id),
    created_at    TIMESTAMP NOT NULL,
    PRIMARY KEY (monitoring_id, school_id)
);
