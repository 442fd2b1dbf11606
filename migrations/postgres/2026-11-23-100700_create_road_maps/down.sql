-- Loses every road map.
DROP TABLE measures;
DROP TABLE road_maps;
