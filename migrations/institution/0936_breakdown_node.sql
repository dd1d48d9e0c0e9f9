-- Rounds of background work that broke down: one row for each node and job, with the last time. `place` is where in the
-- program it was; what a panic said is not kept, for it may hold data of people. `recovered_at` is when a round of it
-- came to its end afterwards, on that node.
DROP TABLE background_breakdown;
CREATE TABLE background_breakdown (
    node          TEXT    NOT NULL CHECK (node <> ''),
    job           TEXT    NOT NULL CHECK (job <> ''),
    broke_at      {{int}} NOT NULL,
    times         {{int}} NOT NULL CHECK (times > 0),
    place         TEXT    NOT NULL,
    recovered_at  {{int}},
    PRIMARY KEY (node, job)
);
