-- Revocation lists of other institutions that are followed for mutual recognition (Measures Art. 18 (2)). Derived
-- (Invariant 8): without these rows every list is fetched again; only the memory of the highest numbers is lost.
CREATE TABLE foreign_source (
    address      TEXT    NOT NULL,
    -- SM3 over the certificates whose lists these are. With others it is another row: while nodes have different trust
    -- lists none takes anything from another.
    authority    TEXT    NOT NULL CHECK (length(authority) = 64),
    -- SM3 of the issuer's name.
    issuer       TEXT    NOT NULL CHECK (length(issuer) = 64),
    -- Number and thisUpdate of the highest list that was held from this address under this name with other
    -- certificates: numbers go on growing (Invariant 7).
    floor_number TEXT    NOT NULL DEFAULT '',
    floor_at     {{int}} NOT NULL DEFAULT 0,
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
    PRIMARY KEY (address, authority),
    CHECK ((digest = '') = (number = '')),
    CHECK ((digest = '') = (fetched_at = 0))
);

CREATE TABLE foreign_list (
    address    TEXT      NOT NULL,
    authority  TEXT      NOT NULL,
    der        {{bytes}} NOT NULL,
    PRIMARY KEY (address, authority),
    FOREIGN KEY (address, authority) REFERENCES foreign_source (address, authority)
);
