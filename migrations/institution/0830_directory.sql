-- The directory's index: by what its entries are looked up. Derived from `certificate` (Invariant 8):
-- filled in the order of the records, compared with the certificates and repaired, made anew when
-- another choice of kinds is published. Only published kinds are in it.
CREATE TABLE directory_index (
    attribute       TEXT      NOT NULL,
    -- The prepared form of a name (UTF-8), a serial number, or a hash.
    value           {{bytes}} NOT NULL,
    certificate_id  BIGINT    NOT NULL REFERENCES certificate (id),
    PRIMARY KEY (attribute, value, certificate_id)
--{{sqlite}}
) WITHOUT ROWID;
--{{postgres}}
);
--{{end}}
CREATE INDEX directory_index_of ON directory_index (certificate_id);

-- How far the records of certificates were followed, and under which choice of kinds.
CREATE TABLE directory_progress (
    id      BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    policy  TEXT   NOT NULL,
    seq     BIGINT NOT NULL
);
