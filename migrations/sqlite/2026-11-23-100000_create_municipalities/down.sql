-- Loses every municipality.
DROP TABLE municipalities;
