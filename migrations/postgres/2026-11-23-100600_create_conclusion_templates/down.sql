-- Loses every template.
DROP TABLE conclusion_templates;
