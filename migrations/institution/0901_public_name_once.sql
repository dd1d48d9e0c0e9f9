-- Names of public certificates had two indexes that begin with the name. The one by name and age also says which
-- name of which certificate is there: a certificate is issued once.
CREATE TABLE public_name_new (
    name       TEXT    NOT NULL CHECK (name <> ''),
    serial     TEXT    NOT NULL CHECK (serial <> '' AND length(serial) <= 40),
    issued_at  {{int}} NOT NULL,
    PRIMARY KEY (name, issued_at, serial)
);
INSERT INTO public_name_new (name, serial, issued_at) SELECT name, serial, issued_at FROM public_name;
DROP TABLE public_name;
ALTER TABLE public_name_new RENAME TO public_name;
