-- Timestamps that were issued (RFC 3161; Measures Art. 24: what services did is kept). Written by
-- `status` in the unit that makes them durable, before they leave.

-- `seq` is the journal record of the batch; it holds the SM3 over the batch's rows.
CREATE TABLE timestamp_token (
    serial       TEXT    NOT NULL PRIMARY KEY,
    key_hash     TEXT    NOT NULL CHECK (length(key_hash) = 64),
    policy       TEXT    NOT NULL,
    -- The imprint that was stamped; the data never come here.
    algorithm    TEXT    NOT NULL CHECK (algorithm IN ('SM3', 'SHA-256', 'SHA-384', 'SHA-512')),
    imprint      TEXT    NOT NULL,
    -- genTime, in milliseconds since 1970.
    gen_millis   {{int}} NOT NULL,
    -- SM3 of the token.
    fingerprint  TEXT    NOT NULL CHECK (length(fingerprint) = 64),
    seq          {{int}} NOT NULL
);
CREATE INDEX timestamp_token_by_seq ON timestamp_token (seq);

-- The time of the last token: no token is ever older than one before it.
CREATE TABLE timestamp_last (
    id      {{int}} NOT NULL PRIMARY KEY CHECK (id = 1),
    millis  {{int}} NOT NULL
);
INSERT INTO timestamp_last (id, millis) VALUES (1, 0);
