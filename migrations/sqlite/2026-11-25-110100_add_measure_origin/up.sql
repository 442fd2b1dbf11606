-- A measure can follow up a recommendation of an earlier year; amend and copy keep that.
ALTER TABLE measures ADD COLUMN recommendation_id TEXT REFERENCES recommendations (id); -- null: of no recommendation
CREATE UNIQUE INDEX measures_one_follow_up ON measures (road_map_id, recommendation_id);
