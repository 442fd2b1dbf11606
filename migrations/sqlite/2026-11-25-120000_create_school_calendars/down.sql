-- Loses every school calendar.
DROP TABLE school_calendars;
