-- Who issued a note, as signed, beside the snapshot: lists show it and leave the snapshot where it is.
ALTER TABLE notes ADD COLUMN signed_municipality TEXT;
ALTER TABLE notes ADD COLUMN signed_authority TEXT;
UPDATE notes
    SET signed_municipality = json_extract(snapshot, '$.municipality_name'),
        signed_authority = json_extract(snapshot, '$.authority_name')
    WHERE snapshot IS NOT NULL;
