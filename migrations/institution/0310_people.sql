-- Who may sign in: people, their credentials, the sessions of browsers, failures to sign in, and
-- acts that wait for a signature.
--
-- Instants are Unix seconds. A person is never deleted: the journal names it.

CREATE TABLE access_person (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    login        TEXT    NOT NULL UNIQUE CHECK (login <> ''),
    name         TEXT    NOT NULL CHECK (name <> ''),
    -- Names in order, with commas: `entry_clerk,reviewer`.
    roles        TEXT    NOT NULL CHECK (roles <> ''),
    -- The registration office; NULL is the institution itself.
    office       TEXT    CHECK (office <> ''),
    created_at   {{int}} NOT NULL,
    disabled_at  {{int}} CHECK (disabled_at >= created_at)
);

-- Public keys of people. One key is one person's for ever, also after it was ended.
CREATE TABLE access_person_key (
    fingerprint  TEXT    NOT NULL PRIMARY KEY CHECK (length(fingerprint) = 64),
    person_id    TEXT    NOT NULL REFERENCES access_person (id),
    -- 04 ‖ X ‖ Y in hexadecimal.
    public_key   TEXT    NOT NULL CHECK (length(public_key) = 130),
    label        TEXT    NOT NULL CHECK (label <> ''),
    -- Serial number of its certificate in hexadecimal, if we issued one.
    certificate  TEXT    CHECK (certificate <> ''),
    created_at   {{int}} NOT NULL,
    expires_at   {{int}},
    ended_at     {{int}}
);
CREATE INDEX access_person_key_by_person ON access_person_key (person_id);
CREATE INDEX access_person_key_by_certificate ON access_person_key (certificate);

-- One passphrase with its one-time codes for each person. Deleted when it ends.
CREATE TABLE access_passphrase (
    person_id   TEXT    NOT NULL PRIMARY KEY REFERENCES access_person (id),
    -- Argon2id: how hard guessing was made when it was set (RFC 9106).
    memory_kib  {{int}} NOT NULL,
    passes      {{int}} NOT NULL,
    lanes       {{int}} NOT NULL,
    salt        TEXT    NOT NULL CHECK (length(salt) = 32),
    -- HMAC-SM3 by a key of the device over what Argon2id yields: the table alone is no use.
    verifier    TEXT    NOT NULL CHECK (length(verifier) = 64),
    -- The sealed secret of the one-time codes (RFC 6238).
    totp_blob   TEXT    NOT NULL,
    -- The step of the last code that was used; none is used twice.
    last_step   {{int}} NOT NULL,
    created_at  {{int}} NOT NULL
);

-- Codes with which a person enrols the first credential. Deleted when used; the newest counts.
CREATE TABLE access_invitation (
    person_id   TEXT    NOT NULL PRIMARY KEY REFERENCES access_person (id),
    code_hash   TEXT    NOT NULL CHECK (length(code_hash) = 64),
    expires_at  {{int}} NOT NULL
);

-- Sessions of browsers: of a person, or of the applicant of one application. The token itself is
-- never stored: only its SM3 in hexadecimal.
CREATE TABLE access_cookie (
    id            TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    person_id     TEXT    REFERENCES access_person (id),
    application   TEXT    CHECK (application <> ''),
    token_hash    TEXT    NOT NULL UNIQUE CHECK (length(token_hash) = 64),
    way           TEXT    NOT NULL CHECK (way <> ''),
    -- The network, never the whole address.
    source        TEXT    NOT NULL,
    created_at    {{int}} NOT NULL,
    last_used_at  {{int}} NOT NULL CHECK (last_used_at >= created_at),
    ended_at      {{int}},
    CHECK ((person_id IS NULL) <> (application IS NULL))
);
CREATE INDEX access_cookie_by_person ON access_cookie (person_id);
CREATE INDEX access_cookie_by_application ON access_cookie (application);
CREATE INDEX access_cookie_by_use ON access_cookie (last_used_at);

-- Challenges that were signed, kept while they would still be taken.
CREATE TABLE access_challenge_used (
    nonce       TEXT    NOT NULL PRIMARY KEY,
    expires_at  {{int}} NOT NULL
);
CREATE INDEX access_challenge_used_by_expiry ON access_challenge_used (expires_at);

-- Failures to sign in, by a blind index of login, source, or both.
CREATE TABLE access_failure (
    what          TEXT    NOT NULL PRIMARY KEY CHECK (what <> ''),
    failures      {{int}} NOT NULL,
    -- When the first and the last of them happened.
    since         {{int}} NOT NULL,
    last_at       {{int}} NOT NULL,
    -- When somebody last signed in here, for a login from one source; 0 for never.
    succeeded_at  {{int}} NOT NULL
);
CREATE INDEX access_failure_by_last ON access_failure (last_at);

-- What waits for a person's signature, or was signed.
CREATE TABLE access_act (
    id            TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    person_id     TEXT    NOT NULL REFERENCES access_person (id),
    session_id    TEXT    NOT NULL,
    kind          TEXT    NOT NULL CHECK (kind <> ''),
    object        TEXT    NOT NULL CHECK (object <> ''),
    statement     TEXT    NOT NULL,
    payload_blob  TEXT    NOT NULL,
    -- Of the sealed payload, in hexadecimal.
    commitment    TEXT    NOT NULL CHECK (length(commitment) = 64),
    created_at    {{int}} NOT NULL,
    expires_at    {{int}} NOT NULL,
    completed_at  {{int}}
);
CREATE INDEX access_act_by_expiry ON access_act (expires_at);
