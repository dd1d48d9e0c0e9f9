-- Which part of the journal an auditor has gone through (GM/T 0034: audited records carry a visible
-- mark, audit records are signed by their creator). Ranges join without gaps: the next one begins
-- behind the last one. The record `journal.audited` at `seq` says the same, with the signature, and
-- counts where the two differ.
CREATE TABLE audit_mark (
    first_seq  {{int}} NOT NULL PRIMARY KEY CHECK (first_seq >= 0),
    last_seq   {{int}} NOT NULL UNIQUE,
    -- Root of the tree of the records up to and with the last one, hexadecimal.
    root       TEXT    NOT NULL CHECK (length(root) = 64),
    verdict    TEXT    NOT NULL CHECK (verdict IN ('clear', 'findings')),
    finding    TEXT    NOT NULL,
    actor      TEXT    NOT NULL CHECK (actor <> ''),
    seq        {{int}} NOT NULL UNIQUE,
    at         {{int}} NOT NULL,
    CHECK (first_seq <= last_seq),
    CHECK (last_seq < seq),
    CHECK (verdict = 'clear' OR finding <> '')
);
