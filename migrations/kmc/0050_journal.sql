-- The journal: one row per act with legal meaning, a Merkle tree over SM3 on top (crate `tlog`).
-- `leaf` holds the canonical JSON of the whole record; the other columns are copies for searching,
-- and verification compares them with the leaf.
CREATE TABLE journal (
    seq       {{int}} NOT NULL PRIMARY KEY,
    at        {{int}} NOT NULL,
    kind      TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    leaf      {{bytes}} NOT NULL,
    leaf_hash {{bytes}} NOT NULL
);
CREATE INDEX journal_by_time ON journal (at);
CREATE INDEX journal_by_kind ON journal (kind, seq);
CREATE INDEX journal_by_actor ON journal (actor, seq);
CREATE INDEX journal_by_subject ON journal (subject, seq);

-- Entries of the tiles above level 0: (tile level, position) -> root of 256^level leaves. Derived.
CREATE TABLE journal_node (
    level {{int}} NOT NULL,
    pos   {{int}} NOT NULL,
    hash  {{bytes}} NOT NULL,
    PRIMARY KEY (level, pos)
);

-- One row. `mac` is made by the device, so that who can only write to the database cannot move the head.
CREATE TABLE journal_head (
    id       {{int}} NOT NULL PRIMARY KEY CHECK (id = 1),
    origin   TEXT    NOT NULL,
    size     {{int}} NOT NULL CHECK (size >= 0),
    last_at  {{int}} NOT NULL,
    root     {{bytes}} NOT NULL,
    frontier {{bytes}} NOT NULL,
    mac      {{bytes}} NOT NULL
);

-- Signed tree heads, for serving; the latest one also stands outside the database.
CREATE TABLE journal_checkpoint (
    size {{int}} NOT NULL PRIMARY KEY,
    at   {{int}} NOT NULL,
    note TEXT    NOT NULL
);

-- A second lock beside the tree: no statement of ours ever updates or deletes a record.
--{{sqlite}}
CREATE TRIGGER journal_no_update BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_no_delete BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
--{{postgres}}
CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'journal is append-only'; END $$;
CREATE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_is_append_only();
--{{end}}
