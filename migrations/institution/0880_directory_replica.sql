-- Publishing into another directory (LDAP): how far its entries are those of this institution. Derived
-- (Invariant 8): without these rows everything is sent again, which changes nothing there.
CREATE TABLE directory_replica (
    id          {{int}} NOT NULL PRIMARY KEY CHECK (id = 1),
    -- Which directory, and under which choice of kinds: with another one it starts anew.
    target      TEXT    NOT NULL,
    -- The journal number of the last certificate or change of status that arrived there.
    seq         BIGINT  NOT NULL,
    -- The last certificate whose end arrived there.
    expired_at  {{int}} NOT NULL,
    expired_id  BIGINT  NOT NULL,
    -- SM3 over the places that are always there (issuers, shards).
    tree        TEXT    NOT NULL,
    -- The node that sends, and until when no other does.
    holder      TEXT    NOT NULL,
    held_until  {{int}} NOT NULL,
    -- The last comparison of all entries, and what came out (JSON).
    checked_at  {{int}} NOT NULL DEFAULT 0,
    checked     TEXT    NOT NULL DEFAULT ''
);

-- Entries that the other directory refused for their contents: others go on, these are tried again.
CREATE TABLE directory_replica_refused (
    certificate_id  BIGINT  NOT NULL PRIMARY KEY REFERENCES certificate (id),
    code            {{int}} NOT NULL,
    reason          TEXT    NOT NULL,
    at              {{int}} NOT NULL
);

CREATE INDEX certificate_over ON certificate (expired_at, id) WHERE expired_at IS NOT NULL;
