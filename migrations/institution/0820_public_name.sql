-- What certificates of units, devices and servers are found by: their common names and the names of their
-- units in a normal form. Never of natural persons. Derived from the certificates, and made again from them
-- where it is missing (Invariant 8).
CREATE TABLE public_name (
    name       TEXT    NOT NULL CHECK (name <> ''),
    serial     TEXT    NOT NULL CHECK (serial <> '' AND length(serial) <= 40),
    issued_at  {{int}} NOT NULL,
    PRIMARY KEY (name, serial)
);
CREATE INDEX public_name_newest ON public_name (name, issued_at, serial);

-- Up to which certificate the names were gone through.
CREATE TABLE public_name_mark (
    id           {{int}} NOT NULL PRIMARY KEY CHECK (id = 1),
    certificate  BIGINT  NOT NULL
);
