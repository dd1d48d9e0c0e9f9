-- Enrolments: the acts that join key centre and CA into one answer to a subscriber (ADR 1).
-- `order_index` is a keyed hash of the order: it tells a retry (same content) from a reuse of the
-- id (refused), and tells nobody what is in the order.
CREATE TABLE enrolment (
    request_id   TEXT   NOT NULL PRIMARY KEY,
    act          TEXT   NOT NULL CHECK (act IN ('new', 'renew', 'rekey')),
    kind         TEXT   NOT NULL,
    order_index  TEXT   NOT NULL,
    sign_serial  TEXT   NOT NULL,
    enc_serial   TEXT,
    replaces     TEXT,
    state        TEXT   NOT NULL CHECK (state IN ('accepted', 'issued', 'refused')),
    refusal      TEXT,
    response     {{bytes}},
    actor        TEXT   NOT NULL,
    accepted_at  BIGINT NOT NULL,
    finished_at  BIGINT,
    CHECK (state <> 'issued' OR (finished_at IS NOT NULL AND response IS NOT NULL)),
    CHECK (state <> 'refused' OR (finished_at IS NOT NULL AND refusal IS NOT NULL))
);

CREATE INDEX enrolment_state ON enrolment (state, accepted_at);

-- Encryption keys whose certificate was revoked and whose key centre has not yet been told.
CREATE TABLE key_notice (
    serial  TEXT   NOT NULL PRIMARY KEY,
    due_at  BIGINT NOT NULL,
    done_at BIGINT
);
