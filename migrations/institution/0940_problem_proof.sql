-- What a proof that a key leaked led to, for whoever has to act on it: `people` waits for them at once.
CREATE TABLE voice_proof (
    complaint  TEXT NOT NULL PRIMARY KEY REFERENCES voice_complaint (id),
    serial     TEXT NOT NULL CHECK (serial <> ''),
    led_to     TEXT NOT NULL CHECK (led_to IN ('suspended', 'over', 'people'))
);

-- How many octets of evidence were kept of a day: anybody may send some, and the disk is the authority's own.
CREATE TABLE voice_evidence_day (
    day     TEXT    NOT NULL PRIMARY KEY CHECK (length(day) = 8),
    octets  {{int}} NOT NULL CHECK (octets >= 0)
);
