-- What devices said about the keys that certificates were asked for (Measures Art. 20 ¶2; check C20-1). The
-- verdict is canonical JSON; the chain is PEM, as its SM3 in the journal has it. No row: from before this was
-- asked.
CREATE TABLE ra_attestation (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    attempt      {{int}} NOT NULL,
    verdict      TEXT    NOT NULL,
    chain        TEXT,
    PRIMARY KEY (application, attempt)
);

-- The attestation that came with the row of a sheet; judged again when the row becomes a request.
CREATE TABLE ra_batch_attestation (
    application  TEXT    NOT NULL PRIMARY KEY REFERENCES ra_application (id),
    chain        TEXT    NOT NULL
);

-- The same for every order of certificates, whoever gave it.
CREATE TABLE enrolment_attestation (
    request_id   TEXT    NOT NULL PRIMARY KEY REFERENCES enrolment (request_id),
    verdict      TEXT    NOT NULL,
    chain        TEXT
);
