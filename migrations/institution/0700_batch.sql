-- Batches: one unit has certificates made for many (Measures Art. 21). Each row of a sheet becomes an
-- application of its own; what is done to all of them at once is an act, and carried out one by one.
--
-- No personal data in any column: contact, sheets and orders are sealed blobs (purposes `ra-batch…`).

CREATE TABLE ra_batch (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    number      TEXT    NOT NULL UNIQUE,
    kind        TEXT    NOT NULL,
    office      TEXT    REFERENCES ra_office (id),
    state       TEXT    NOT NULL CHECK (state IN ('open', 'running', 'paused', 'cancelled', 'done')),
    -- Unit and contact.
    blob        TEXT    NOT NULL REFERENCES blob (id),
    -- Keyed hash of the unit's credit code.
    unit_index  TEXT    NOT NULL,
    person      TEXT    NOT NULL,
    created_at  {{int}} NOT NULL,
    version     {{int}} NOT NULL CHECK (version > 0),
    -- Who has it run, as the journal names it, and who that is.
    run_actor   TEXT,
    run_person  TEXT,
    -- The signed paper of the agreement, with its witnesses.
    paper_blob  TEXT    REFERENCES blob (id)
);
CREATE INDEX ra_batch_by_state ON ra_batch (state, created_at, id);

CREATE TABLE ra_batch_material (
    id        TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    batch     TEXT    NOT NULL REFERENCES ra_batch (id),
    name      TEXT    NOT NULL,
    media     TEXT    NOT NULL,
    size      {{int}} NOT NULL,
    blob      TEXT    NOT NULL REFERENCES blob (id),
    content   TEXT    NOT NULL,
    added_at  {{int}} NOT NULL,
    UNIQUE (batch, name, content)
);

-- Sheets as they came, and what of them was not taken.
CREATE TABLE ra_batch_sheet (
    batch     TEXT    NOT NULL REFERENCES ra_batch (id),
    position  {{int}} NOT NULL,
    format    TEXT    NOT NULL CHECK (format IN ('xlsx', 'csv')),
    blob      TEXT    NOT NULL REFERENCES blob (id),
    person    TEXT    NOT NULL,
    actor     TEXT    NOT NULL,
    at        {{int}} NOT NULL,
    rows      {{int}} NOT NULL,
    good      {{int}},
    bad       {{int}},
    bad_blob  TEXT    REFERENCES blob (id),
    done_at   {{int}},
    PRIMARY KEY (batch, position)
);
CREATE INDEX ra_batch_sheet_open ON ra_batch_sheet (done_at, at);

-- The applications of a batch, each with the request for its certificate.
CREATE TABLE ra_batch_row (
    application  TEXT    NOT NULL PRIMARY KEY REFERENCES ra_application (id),
    batch        TEXT    NOT NULL REFERENCES ra_batch (id),
    sheet        {{int}} NOT NULL,
    line         {{int}} NOT NULL,
    fingerprint  TEXT    NOT NULL,
    csr          {{bytes}} NOT NULL,
    -- Why it was not issued: the code of a refusal.
    problem      TEXT,
    UNIQUE (batch, sheet, line)
);
CREATE INDEX ra_batch_row_by_key ON ra_batch_row (fingerprint);
CREATE INDEX ra_batch_row_by_batch ON ra_batch_row (batch, application);

-- What one signed act did to many, and to which.
CREATE TABLE ra_batch_act (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    batch       TEXT    NOT NULL REFERENCES ra_batch (id),
    kind        TEXT    NOT NULL CHECK (kind IN ('enter', 'proof', 'review')),
    list_sm3    TEXT    NOT NULL CHECK (length(list_sm3) = 64),
    members     {{int}} NOT NULL,
    person      TEXT    NOT NULL,
    actor       TEXT    NOT NULL,
    -- The order as it was signed; the evidence that the applications' rows refer to.
    blob        TEXT    NOT NULL REFERENCES blob (id),
    commitment  TEXT    NOT NULL,
    -- What the records of the applications say about the act, as JSON.
    reference   TEXT    NOT NULL,
    at          {{int}} NOT NULL,
    done_at     {{int}}
);
CREATE INDEX ra_batch_act_open ON ra_batch_act (batch, done_at);

CREATE TABLE ra_batch_member (
    act          TEXT    NOT NULL REFERENCES ra_batch_act (id),
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    version      {{int}} NOT NULL,
    -- `done`, or the code of the refusal.
    outcome      TEXT,
    PRIMARY KEY (act, application)
);
CREATE INDEX ra_batch_member_open ON ra_batch_member (act, outcome);

-- What a reviewer has to open before the batch is approved.
CREATE TABLE ra_batch_sample (
    batch        TEXT    NOT NULL REFERENCES ra_batch (id),
    person       TEXT    NOT NULL,
    list_sm3     TEXT    NOT NULL,
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    opened_at    {{int}},
    PRIMARY KEY (batch, person, list_sm3, application)
);
