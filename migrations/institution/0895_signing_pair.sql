-- Certificates of keys of applications: a pair for each term, the first made with the key, the others by renewal
-- (ADR 12). Written by `app::signing`.
CREATE TABLE signing_pair (
    number       {{int}} NOT NULL REFERENCES signing_key (number),
    -- From 1. The order of the certificates has it in its name, and so has the encryption key in the device.
    generation   {{int}} NOT NULL CHECK (generation > 0),
    -- making: begun, before anything is asked of anybody; made; failed: refused for good, nothing came of it.
    state        TEXT    NOT NULL CHECK (state IN ('making', 'made', 'failed')),
    begun_at     {{int}} NOT NULL,
    sign_serial  TEXT,
    enc_serial   TEXT,
    -- After the key was stopped: since when the hold stands that came of that.
    held_at      {{int}},
    -- And how it ended: revoked, or over by itself before that.
    ended        TEXT    CHECK (ended IN ('revoked', 'over')),
    PRIMARY KEY (number, generation),
    CHECK ((state = 'made') = (sign_serial IS NOT NULL)),
    CHECK ((state = 'made') = (enc_serial IS NOT NULL))
);
CREATE INDEX signing_pair_by_sign ON signing_pair (sign_serial);

-- Why a key was stopped decides for what reason its certificates are revoked; who confirmed that, and when.
ALTER TABLE signing_key ADD COLUMN stop_cause TEXT CHECK (stop_cause IN ('compromise', 'cessation'));
ALTER TABLE signing_key ADD COLUMN revoked_by TEXT;
ALTER TABLE signing_key ADD COLUMN revoked_at {{int}};

INSERT INTO signing_pair (number, generation, state, begun_at, sign_serial, enc_serial)
    SELECT number, 1, 'made', decided_at, sign_serial, enc_serial FROM signing_key
    WHERE sign_serial IS NOT NULL AND enc_serial IS NOT NULL;
-- Confirmed before: what may have been issued before a stop is looked for by this row.
INSERT INTO signing_pair (number, generation, state, begun_at)
    SELECT number, 1, 'making', decided_at FROM signing_key
    WHERE decided_at IS NOT NULL AND state <> 'declined' AND sign_serial IS NULL;
-- Until now nobody was asked for the cause of a stop. Whoever knows that the key was compromised has the certificates
-- revoked for that, as any others.
UPDATE signing_key SET stop_cause = 'cessation' WHERE state = 'stopped';

ALTER TABLE signing_key DROP COLUMN sign_serial;
ALTER TABLE signing_key DROP COLUMN enc_serial;
