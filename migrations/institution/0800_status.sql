-- Changes of status: certificates that end because another took their place, and revocations on
-- grounds that others than the holder bring (Measures Art. 18; T-14).

-- A certificate whose replacement was received: it is to be revoked. Written in the unit of the
-- receipt; `done_at` when the CA has done it.
CREATE TABLE ra_ending (
    application  TEXT    NOT NULL PRIMARY KEY REFERENCES ra_application (id),
    serial       TEXT    NOT NULL,
    ground       TEXT    NOT NULL,
    due_at       {{int}} NOT NULL,
    done_at      {{int}},
    -- The CA's refusal, where it refused for good: expired meanwhile, revoked before.
    refusal      TEXT
);
CREATE INDEX ra_ending_open ON ra_ending (done_at, due_at);

-- A revocation that a clerk enters and another person confirms.
CREATE TABLE ra_revocation (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    number       TEXT    NOT NULL UNIQUE CHECK (length(number) = 15),
    ground       TEXT    NOT NULL,
    office       TEXT    REFERENCES ra_office (id),
    state        TEXT    NOT NULL CHECK (state IN ('draft', 'entered', 'approved', 'refused', 'done', 'dropped')),
    since        {{int}} NOT NULL,
    version      {{int}} NOT NULL CHECK (version > 0),
    -- Who drafted and signed, who confirmed: two people.
    entered_by   TEXT    NOT NULL,
    reviewed_by  TEXT,
    -- Particulars: who asks, authority, number of its paper, what happened. Sealed.
    blob         TEXT    NOT NULL REFERENCES blob (id),
    -- SM3 over the serials in their order: what was signed is what is done.
    list_hash    TEXT    NOT NULL CHECK (length(list_hash) = 64),
    -- Of a caller: keyed hash of the one-time code, until when it counts, failures, and when it was read back.
    code_index   TEXT,
    code_until   {{int}},
    failures     {{int}} NOT NULL,
    called_at    {{int}},
    -- When the certificates of a caller were suspended at once.
    stopped_at   {{int}},
    CHECK ((state IN ('approved', 'refused', 'done')) = (reviewed_by IS NOT NULL))
);
CREATE INDEX ra_revocation_by_state ON ra_revocation (state, since, id);

-- Its certificates, and what became of each.
CREATE TABLE ra_revocation_item (
    revocation  TEXT    NOT NULL REFERENCES ra_revocation (id),
    position    {{int}} NOT NULL,
    serial      TEXT    NOT NULL,
    outcome     TEXT    CHECK (outcome IN ('revoked', 'refused')),
    refusal     TEXT,
    at          {{int}},
    PRIMARY KEY (revocation, position),
    UNIQUE (revocation, serial),
    CHECK ((outcome IS NULL) = (at IS NULL))
);

-- Its evidence: one blob for each piece that the ground asks for.
CREATE TABLE ra_revocation_evidence (
    revocation  TEXT    NOT NULL REFERENCES ra_revocation (id),
    name        TEXT    NOT NULL,
    media       TEXT    NOT NULL,
    blob        TEXT    NOT NULL REFERENCES blob (id),
    PRIMARY KEY (revocation, name)
);
