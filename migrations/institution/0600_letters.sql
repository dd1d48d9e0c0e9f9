-- Letters: receipts, notices, refusals, agreements, confirmations (Measures Art. 21, 24).
--
-- No content in any column: letters and their PDFs are sealed blobs (purposes `letter-…`), found by
-- keyed hashes of their codes and contents.

-- The last number of a kind and year.
CREATE TABLE letter_number (
    kind  TEXT    NOT NULL,
    year  {{int}} NOT NULL,
    last  {{int}} NOT NULL CHECK (last > 0),
    PRIMARY KEY (kind, year)
);

CREATE TABLE letter (
    id             TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    kind           TEXT    NOT NULL,
    number         TEXT    NOT NULL UNIQUE,
    -- What it is about, by its name inside.
    application    TEXT    NOT NULL CHECK (length(application) = 32),
    -- The how manieth of its kind.
    position       {{int}} NOT NULL CHECK (position > 0),
    issued_at      {{int}} NOT NULL,
    -- The version of its text.
    text           TEXT    NOT NULL,
    -- Keyed hashes of number and code, and of the signed octets.
    code_index     TEXT    NOT NULL,
    content_index  TEXT    NOT NULL UNIQUE,
    blob           TEXT    NOT NULL REFERENCES blob (id),
    -- The PDF, once it was typeset, and the keyed hash of its octets.
    pdf_blob       TEXT    REFERENCES blob (id),
    pdf_index      TEXT    UNIQUE,
    UNIQUE (application, kind, position),
    CHECK ((pdf_blob IS NULL) = (pdf_index IS NULL))
);

-- How far the sweep has read the journal for applications with letters due.
CREATE TABLE letter_sweep (
    id   {{int}} NOT NULL PRIMARY KEY CHECK (id = 1),
    seq  {{int}} NOT NULL
);

-- Applications whose letters could not be made yet: tried again.
CREATE TABLE letter_owed (
    application  TEXT    NOT NULL PRIMARY KEY CHECK (length(application) = 32),
    since        {{int}} NOT NULL,
    -- The stable code of what stood in the way.
    why          TEXT    NOT NULL
);
