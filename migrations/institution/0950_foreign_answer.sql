-- What was believed of responders of other institutions (RFC 6960), against answers of an earlier day that somebody sends
-- again after a start or to another node: the moment before which nothing is believed, and the revocation, after which
-- nothing else is (Invariant 7). One row for each question, named by what is asked and by what its answer is judged. The
-- number of rows is bounded: what no old answer could contradict any more goes first.
CREATE TABLE foreign_answer (
    -- SM3, hexadecimal.
    question    TEXT    NOT NULL PRIMARY KEY CHECK (length(question) = 64),
    floor_at    {{int}},
    -- The answer that said so, as JSON.
    revocation  TEXT,
    seen_at     {{int}} NOT NULL,
    CHECK (floor_at IS NOT NULL OR revocation IS NOT NULL)
);
CREATE INDEX foreign_answer_by_floor ON foreign_answer (floor_at);
