-- What was believed of a responder is about a certificate: it counts wherever the responder moves to, and whatever
-- certificate it is pinned to by then (Invariant 7). Rows from before are found by their old name, and get this one
-- when they are read; programs from before go on with the old name.
-- SM3 of the issuer (name and key) and the serial number, hexadecimal.
ALTER TABLE foreign_answer ADD COLUMN about TEXT;
-- The floor is the moment of a suspension as long as both are the same: lists of before know nothing of it.
ALTER TABLE foreign_answer ADD COLUMN held_at {{int}};
CREATE INDEX foreign_answer_by_about ON foreign_answer (about);
