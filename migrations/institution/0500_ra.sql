-- Registration: applications from draft to delivered certificate, and registration offices
-- (Measures Art. 19 to 21, 25 to 27).
--
-- No personal data in any column: forms, materials, texts of agreements, reasons and witnesses are
-- sealed blobs (purposes `ra-…`), searched by blind index. Instants are Unix seconds.

CREATE TABLE ra_office (
    id             TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    name           TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    address        TEXT    NOT NULL CHECK (address <> ''),
    province       TEXT    NOT NULL CHECK (province <> ''),
    -- YYYY-MM-DD: the day of its setting up (Art. 26).
    established_on TEXT    NOT NULL CHECK (length(established_on) = 10),
    -- The five conditions of Art. 25 as JSON.
    conditions     TEXT    NOT NULL,
    filed_at       {{int}},
    filing_number  TEXT,
    announced_at   {{int}},
    -- The day of a change that is not filed yet.
    changed_on     TEXT,
    suspended_at   {{int}},
    version        {{int}} NOT NULL CHECK (version > 0),
    CHECK ((filed_at IS NULL) = (filing_number IS NULL))
);

-- How many applications a day an office may take; a kind without a row it may not take.
CREATE TABLE ra_office_quota (
    office   TEXT    NOT NULL REFERENCES ra_office (id),
    kind     TEXT    NOT NULL,
    per_day  {{int}} NOT NULL CHECK (per_day > 0),
    PRIMARY KEY (office, kind)
);

-- Supervision and on-site display (Art. 27).
CREATE TABLE ra_office_record (
    office  TEXT    NOT NULL REFERENCES ra_office (id),
    at      {{int}} NOT NULL,
    kind    TEXT    NOT NULL CHECK (kind IN ('supervision', 'display')),
    person  TEXT    NOT NULL,
    blob    TEXT    NOT NULL REFERENCES blob (id),
    PRIMARY KEY (office, blob)
);

-- The sequence of numbers of a day.
CREATE TABLE ra_number (
    day   TEXT    NOT NULL PRIMARY KEY CHECK (length(day) = 10),
    last  {{int}} NOT NULL CHECK (last > 0)
);

CREATE TABLE ra_application (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    number      TEXT    NOT NULL UNIQUE CHECK (length(number) = 15),
    service     TEXT    NOT NULL,
    kind        TEXT    NOT NULL,
    office      TEXT    REFERENCES ra_office (id),
    -- Serial, in hexadecimal, of the certificate that it is about.
    concerns    TEXT,
    -- The word of the state, and the state with its data as JSON.
    state       TEXT    NOT NULL,
    state_data  TEXT    NOT NULL,
    since       {{int}} NOT NULL,
    version     {{int}} NOT NULL CHECK (version > 0),
    form        {{int}} NOT NULL,
    round       {{int}} NOT NULL,
    created_at  {{int}} NOT NULL,
    clock_from  {{int}}
);
CREATE INDEX ra_application_by_state ON ra_application (state, since, id);
CREATE INDEX ra_application_by_age ON ra_application (since, id);
CREATE INDEX ra_application_by_office ON ra_application (office, state, since, id);

-- The codes that open an application and its certificates: keyed hashes, never the codes.
CREATE TABLE ra_code (
    application   TEXT    NOT NULL REFERENCES ra_application (id),
    purpose       TEXT    NOT NULL CHECK (purpose IN ('check', 'activation')),
    code_index    TEXT    NOT NULL,
    failures      {{int}} NOT NULL,
    locked_until  {{int}},
    PRIMARY KEY (application, purpose)
);

CREATE TABLE ra_form (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    version      {{int}} NOT NULL,
    blob         TEXT    NOT NULL REFERENCES blob (id),
    saved_at     {{int}} NOT NULL,
    -- In which submission it counted; 0: in none.
    round        {{int}} NOT NULL,
    PRIMARY KEY (application, version)
);

CREATE TABLE ra_index (
    application  TEXT NOT NULL REFERENCES ra_application (id),
    field        TEXT NOT NULL,
    value        TEXT NOT NULL,
    PRIMARY KEY (application, field, value)
);
CREATE INDEX ra_index_by_value ON ra_index (field, value);

CREATE TABLE ra_material (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    name         TEXT    NOT NULL,
    media        TEXT    NOT NULL,
    size         {{int}} NOT NULL,
    blob         TEXT    NOT NULL REFERENCES blob (id),
    -- Keyed hash of the content: the same file twice is one material.
    content      TEXT    NOT NULL,
    round        {{int}} NOT NULL,
    added_at     {{int}} NOT NULL,
    removed_at   {{int}}
);
CREATE INDEX ra_material_by_application ON ra_material (application, added_at);

CREATE TABLE ra_acknowledgement (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    notice       TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    text_hash    TEXT    NOT NULL CHECK (length(text_hash) = 64),
    actor        TEXT    NOT NULL,
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, notice, version)
);

-- Who of the staff entered, changed or proofed: none of them reviews (Invariant 9).
CREATE TABLE ra_hand (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    person       TEXT    NOT NULL,
    part         TEXT    NOT NULL CHECK (part IN ('entered', 'proofed')),
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, person, part)
);

CREATE TABLE ra_proof (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    round        {{int}} NOT NULL,
    method       TEXT    NOT NULL,
    level        {{int}} NOT NULL,
    person       TEXT    NOT NULL,
    blob         TEXT    NOT NULL REFERENCES blob (id),
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, round)
);

-- One row for each element of a proof, with a distinct argument (T-18).
CREATE TABLE ra_evidence (
    application  TEXT    NOT NULL,
    round        {{int}} NOT NULL,
    element      TEXT    NOT NULL,
    -- Keyed hash of field and value.
    argument     TEXT    NOT NULL,
    means        TEXT    NOT NULL,
    material     TEXT    REFERENCES ra_material (id),
    inquiry      TEXT,
    PRIMARY KEY (application, round, element),
    UNIQUE (application, round, argument),
    FOREIGN KEY (application, round) REFERENCES ra_proof (application, round)
);

-- Answers of public databases, as they came.
CREATE TABLE ra_inquiry (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    form         {{int}} NOT NULL,
    element      TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    answer       TEXT    NOT NULL CHECK (answer IN ('matched', 'mismatched', 'unavailable')),
    person       TEXT    NOT NULL,
    at           {{int}} NOT NULL
);
CREATE INDEX ra_inquiry_by_application ON ra_inquiry (application);

-- The applicant's signature under a submission, by the certificate that it is about.
CREATE TABLE ra_endorsement (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    form         {{int}} NOT NULL,
    public_key   {{bytes}} NOT NULL,
    signature    {{bytes}} NOT NULL,
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, form)
);

-- Lists of what is to be mended; each list once (Licensing Law Art. 32).
CREATE TABLE ra_supplement (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    position     {{int}} NOT NULL,
    -- The form and the submission that it was about.
    form         {{int}} NOT NULL,
    round        {{int}} NOT NULL,
    person       TEXT    NOT NULL,
    blob         TEXT    NOT NULL REFERENCES blob (id),
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, position)
);
CREATE TABLE ra_supplement_target (
    application  TEXT    NOT NULL,
    position     {{int}} NOT NULL,
    target       TEXT    NOT NULL,
    PRIMARY KEY (application, position, target),
    FOREIGN KEY (application, position) REFERENCES ra_supplement (application, position)
);

CREATE TABLE ra_review (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    round        {{int}} NOT NULL,
    decision     TEXT    NOT NULL CHECK (decision IN ('approve', 'refuse')),
    person       TEXT    NOT NULL,
    blob         TEXT    NOT NULL REFERENCES blob (id),
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, round)
);

CREATE TABLE ra_agreement (
    application            TEXT    NOT NULL REFERENCES ra_application (id),
    round                  {{int}} NOT NULL,
    version                TEXT    NOT NULL,
    text_hash              TEXT    NOT NULL CHECK (length(text_hash) = 64),
    text_blob              TEXT    NOT NULL REFERENCES blob (id),
    drawn_at               {{int}} NOT NULL,
    institution_signature  {{bytes}},
    -- How the applicant signed.
    way                    TEXT    CHECK (way IN ('key', 'handwritten')),
    applicant_key          {{bytes}},
    applicant_signature    {{bytes}},
    -- Whether that key was the one of the certificate that the application is about.
    certified              {{int}},
    -- Scan and witnesses.
    paper_blob             TEXT    REFERENCES blob (id),
    signed_at              {{int}},
    PRIMARY KEY (application, round),
    CHECK ((signed_at IS NULL) = (way IS NULL)),
    CHECK ((signed_at IS NULL) = (institution_signature IS NULL))
);

-- A key belongs to one application (ESL Art. 13: the signer's alone).
CREATE TABLE ra_key (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    attempt      {{int}} NOT NULL,
    fingerprint  TEXT    NOT NULL,
    csr          {{bytes}} NOT NULL,
    at           {{int}} NOT NULL,
    PRIMARY KEY (application, attempt)
);
CREATE INDEX ra_key_by_fingerprint ON ra_key (fingerprint);

-- What offices took, for their quotas (T-22).
CREATE TABLE ra_intake (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    round        {{int}} NOT NULL,
    office       TEXT    NOT NULL REFERENCES ra_office (id),
    kind         TEXT    NOT NULL,
    day          TEXT    NOT NULL CHECK (length(day) = 10),
    PRIMARY KEY (application, round)
);
CREATE INDEX ra_intake_by_office ON ra_intake (office, kind, day);

-- Which certificates came out of which application.
CREATE TABLE ra_certificate (
    serial       TEXT NOT NULL PRIMARY KEY,
    application  TEXT NOT NULL REFERENCES ra_application (id)
);
