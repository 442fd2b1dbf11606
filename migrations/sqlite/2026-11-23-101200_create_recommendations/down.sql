-- Loses every recommendation.
DROP TABLE recommendation_schools;
DROP TABLE recommendations;
