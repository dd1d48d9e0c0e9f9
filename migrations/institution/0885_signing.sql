-- Keys of applications (签名服务). Written by `app::signing`.

CREATE TABLE signing_key (
    -- The keyIndex of GM/T 0029.
    number       {{pk}},
    -- The API client that may use it.
    client       TEXT    NOT NULL REFERENCES access_client (id),
    name         TEXT    NOT NULL,
    -- Words with commas between: data, message, envelope, open.
    operations   TEXT    NOT NULL CHECK (operations <> ''),
    per_second   {{int}} NOT NULL CHECK (per_second > 0),
    per_day      {{int}} NOT NULL CHECK (per_day > 0),
    state        TEXT    NOT NULL
                 CHECK (state IN ('ordered', 'making', 'active', 'stopped', 'declined')),
    reason       TEXT    NOT NULL,
    ordered_by   TEXT    NOT NULL,
    ordered_at   {{int}} NOT NULL,
    decided_by   TEXT,
    decided_at   {{int}},
    stopped_by   TEXT,
    stopped_at   {{int}},
    end_reason   TEXT,
    sign_serial  TEXT,
    enc_serial   TEXT,
    -- Two people: whoever ordered does not decide.
    CHECK (decided_by IS NULL OR decided_by <> ordered_by)
);
CREATE INDEX signing_key_by_client ON signing_key (client);
CREATE INDEX signing_key_by_state ON signing_key (state);

-- How often a key was used: one row for each day (of China) and operation.
CREATE TABLE signing_use (
    number     {{int}} NOT NULL REFERENCES signing_key (number),
    day        TEXT    NOT NULL,
    operation  TEXT    NOT NULL CHECK (operation IN ('data', 'message', 'envelope', 'open')),
    uses       {{int}} NOT NULL,
    PRIMARY KEY (number, day, operation)
);
