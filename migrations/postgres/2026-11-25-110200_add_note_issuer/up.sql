-- Who issued a note, as signed, beside the snapshot: lists show it and leave the snapshot where it is.
ALTER TABLE notes ADD COLUMN signed_municipality TEXT COLLATE "C";
ALTER TABLE notes ADD COLUMN signed_authority TEXT COLLATE "C";
UPDATE notes
    SET signed_municipality = snapshot::json ->> 'municipality_name',
        signed_authority = snapshot::json ->> 'authority_name'
    WHERE snapshot IS NOT NULL;
