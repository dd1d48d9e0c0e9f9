-- How long what came with reports and complaints is kept (ESL Art. 24, Measures Art. 24; PIPL Art. 19, 47).
-- What a report came to for the status of certificates, as somebody signed when it was closed or later; the journal has
-- the same (`complaint.closed`, `complaint.outcome-marked`). Of reports that were closed before there is none.
CREATE TABLE voice_outcome (
    complaint  TEXT    NOT NULL PRIMARY KEY REFERENCES voice_complaint (id),
    led_to     TEXT    NOT NULL CHECK (led_to IN ('changed', 'nothing')),
    person     TEXT    NOT NULL CHECK (person <> ''),
    at         {{int}} NOT NULL
);
-- The certificates that it concerns: what came is kept until five years after the last of them lost its effect.
CREATE TABLE voice_concerned (
    complaint  TEXT NOT NULL REFERENCES voice_complaint (id),
    serial     TEXT NOT NULL CHECK (serial <> ''),
    PRIMARY KEY (complaint, serial)
);
-- What people decided about it, in order. While the last of hold and free is a hold, nothing is erased.
CREATE TABLE voice_keep (
    complaint  TEXT    NOT NULL REFERENCES voice_complaint (id),
    position   {{int}} NOT NULL CHECK (position > 0),
    step       TEXT    NOT NULL CHECK (step IN ('hold', 'free', 'mark')),
    person     TEXT    NOT NULL CHECK (person <> ''),
    blob       TEXT    NOT NULL REFERENCES blob (id),
    at         {{int}} NOT NULL,
    PRIMARY KEY (complaint, position)
);
-- Whether a piece of evidence is nothing but the private key that was proved to have leaked: it goes when everything of
-- that key is revoked or over.
ALTER TABLE voice_evidence ADD COLUMN is_key {{int}} NOT NULL DEFAULT 0;
-- When what was written was erased, at the end of its term.
ALTER TABLE voice_complaint ADD COLUMN words_erased_at {{int}};
CREATE INDEX voice_complaint_kept ON voice_complaint (changed_at, id) WHERE state = 'closed' AND words_erased_at IS NULL;
