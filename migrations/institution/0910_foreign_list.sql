-- Revocation lists of other institutions that are followed for mutual recognition (Measures Art. 18 (2)). Derived
-- (Invariant 8): without these rows every list is fetched again; only the memory of the highest numbers is lost.
CREATE TABLE foreign_source (
    address      TEXT    NOT NULL PRIMARY KEY,
    -- SM3 over the certificates whose lists these are; with others the row starts anew.
    authority    TEXT    NOT NULL CHECK (length(authority) = 64),
    -- When it is fetched next; a node that fetches moves this on first.
    next_at      {{int}} NOT NULL,
    tried_at     {{int}} NOT NULL DEFAULT 0,
    failures     {{int}} NOT NULL DEFAULT 0,
    -- What was wrong at the last attempt, for the operator.
    trouble      TEXT    NOT NULL DEFAULT '',
    -- The list that is held; empty and 0 before the first.
    fetched_at   {{int}} NOT NULL DEFAULT 0,
    number       TEXT    NOT NULL DEFAULT '',
    this_update  {{int}} NOT NULL DEFAULT 0,
    next_update  {{int}} NOT NULL DEFAULT 0,
    digest       TEXT    NOT NULL DEFAULT '' CHECK (length(digest) IN (0, 64)),
    entries      BIGINT  NOT NULL DEFAULT 0,
    CHECK ((digest = '') = (number = '')),
    CHECK ((digest = '') = (fetched_at = 0))
);

CREATE TABLE foreign_list (
    address  TEXT      NOT NULL PRIMARY KEY REFERENCES foreign_source (address),
    der      {{bytes}} NOT NULL
);
