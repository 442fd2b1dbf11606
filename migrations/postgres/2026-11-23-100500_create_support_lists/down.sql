-- Loses every support list.
DROP TABLE support_list_entries;
DROP TABLE support_lists;
