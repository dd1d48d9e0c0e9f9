-- Evidence that came with a report of a suspicious certificate or a leaked key. Names and content are sealed.
CREATE TABLE voice_evidence (
    complaint  TEXT    NOT NULL REFERENCES voice_complaint (id),
    position   {{int}} NOT NULL CHECK (position > 0),
    octets     {{int}} NOT NULL CHECK (octets > 0),
    digest     TEXT    NOT NULL CHECK (length(digest) = 64),
    blob       TEXT    NOT NULL REFERENCES blob (id),
    PRIMARY KEY (complaint, position)
);
