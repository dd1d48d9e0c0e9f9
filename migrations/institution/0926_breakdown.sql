-- Rounds of background work that broke down: one row for each job, with the last time. `recovered_at` is when a round
-- of it came to its end afterwards.
CREATE TABLE background_breakdown (
    job           TEXT    NOT NULL PRIMARY KEY CHECK (job <> ''),
    broke_at      {{int}} NOT NULL,
    times         {{int}} NOT NULL CHECK (times > 0),
    text          TEXT    NOT NULL,
    recovered_at  {{int}}
);
