-- Generations of an authority: keys that follow one another under one name in the journal. The first generation
-- is the row of `issuer` that bears the authority's name; each later one has a row here.
--
-- Which generation issues isn't a state that somebody switches, but follows from this table and the clock: the
-- last one whose `active_from` has come, otherwise the first. So there is always one, and never two.

CREATE TABLE issuer_successor (
    issuer_id    BIGINT PRIMARY KEY REFERENCES issuer (id),
    authority    TEXT   NOT NULL CHECK (authority <> ''),
    generation   BIGINT NOT NULL CHECK (generation >= 2),
    -- NULL: certified, and not yet appointed.
    active_from  BIGINT,
    UNIQUE (authority, generation)
);

-- A generation whose last certificate has ended and that stands on its last list: nothing is signed with its key
-- any more, and two people may destroy it.
CREATE TABLE issuer_end (
    issuer_id    BIGINT PRIMARY KEY REFERENCES issuer (id),
    over_at      BIGINT NOT NULL,
    destroyed_at BIGINT,
    CHECK (destroyed_at IS NULL OR destroyed_at >= over_at)
);
