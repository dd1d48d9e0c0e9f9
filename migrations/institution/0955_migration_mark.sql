-- What each migration means for programs that do not have it (ADR 17). A program that finds a migration which it
-- doesn't know goes on only where it is marked `expand`; for `contract` it stops. Written by the program that migrates.
CREATE TABLE migration_mark (
    version  BIGINT NOT NULL PRIMARY KEY,
    kind     TEXT   NOT NULL CHECK (kind IN ('expand', 'contract')),
    -- Why an older program may, or may not, run on it.
    reason   TEXT   NOT NULL
);
