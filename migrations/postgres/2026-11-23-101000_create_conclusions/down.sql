-- Loses the edited texts and the frozen conclusions.
DROP TABLE conclusions;
