-- Numbers of a school by academic year, and its results in the national assessments: counts, never pupils.
CREATE TABLE school_stats (
    school_id      TEXT COLLATE "C" NOT NULL REFERENCES schools (id),
    academic_year  INTEGER   NOT NULL,                            -- by its first calendar year: 2023 is 2023/2024
    pupils_total   INTEGER   NOT NULL,
    graduates_9    INTEGER,                                       -- null: not known, or no basic level
    graduates_11   INTEGER,                                       -- null: not known, or no secondary level
    teachers_total INTEGER   NOT NULL,
    version        INTEGER   NOT NULL DEFAULT 1,
    created_at     TIMESTAMP NOT NULL,
    updated_at     TIMESTAMP NOT NULL,
    PRIMARY KEY (school_id, academic_year)
);
CREATE TABLE school_assessments (
    school_id      TEXT COLLATE "C" NOT NULL,
    academic_year  INTEGER   NOT NULL,
    assessment     TEXT COLLATE "C" NOT NULL CHECK (assessment IN ('vpr', 'oge', 'ege', 'gve')),
    subject        TEXT COLLATE "C" NOT NULL,
    subject_folded TEXT COLLATE "C" NOT NULL,
    grade          INTEGER   NOT NULL,
    year           INTEGER   NOT NULL,                            -- calendar year of the results
    participants   INTEGER   NOT NULL,
    below_minimum  INTEGER   NOT NULL,
    PRIMARY KEY (school_id, assessment, subject_folded, grade, year),
    FOREIGN KEY (school_id, academic_year) REFERENCES school_stats (school_id, academic_year),
    CONSTRAINT school_assessments_part CHECK (below_minimum >= 0 AND below_minimum <= participants)
);
CREATE INDEX school_assessments_by_stat ON school_assessments (school_id, academic_year);
