-- The certification authority: issuers, intents, certificates, status changes, CRLs.
--
-- One text for SQLite and PostgreSQL. Instants are Unix seconds (BIGINT), serials the
-- lower-case hex of the magnitude, digests lower-case hex. What must never be empty is
-- NOT NULL and what must never contradict itself is a CHECK: a "0 instead of NULL" once
-- made a public CA serve stale status for months.

-- A CA certificate with its key. The name and key hashes are those of an OCSP CertID
-- (RFC 6960 §4.1.1) under the three digests that clients use.
CREATE TABLE issuer (
    id               {{pk}},
    name             TEXT   NOT NULL UNIQUE CHECK (name <> ''),
    key_label        TEXT   NOT NULL CHECK (key_label <> ''),
    subject_der      {{bytes}} NOT NULL,
    public_key       TEXT   NOT NULL,
    key_hash         TEXT   NOT NULL UNIQUE,
    name_sha1        TEXT   NOT NULL,
    name_sha256      TEXT   NOT NULL,
    name_sm3         TEXT   NOT NULL,
    key_sha1         TEXT   NOT NULL,
    key_sha256       TEXT   NOT NULL,
    key_sm3          TEXT   NOT NULL,
    certificate_der  {{bytes}} NOT NULL,
    not_before       BIGINT NOT NULL,
    not_after        BIGINT NOT NULL,
    shards           BIGINT NOT NULL DEFAULT 0 CHECK (shards BETWEEN 0 AND 4096),
    created_at       BIGINT NOT NULL,
    CHECK (not_before < not_after)
);
CREATE INDEX issuer_by_key_sha1 ON issuer (key_sha1);
CREATE INDEX issuer_by_key_sha256 ON issuer (key_sha256);
CREATE INDEX issuer_by_key_sm3 ON issuer (key_sm3);

-- What will be signed, recorded before it is signed. `permits` counts how often signing
-- was permitted: one at the intent, one more recorded before every repetition.
CREATE TABLE issuance (
    id               {{pk}},
    request_id       TEXT   NOT NULL CHECK (request_id <> ''),
    role             TEXT   NOT NULL CHECK (role <> ''),
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    serial           TEXT   NOT NULL CHECK (serial <> '' AND length(serial) <= 40),
    profile          TEXT   NOT NULL,
    profile_hash     TEXT   NOT NULL CHECK (length(profile_hash) = 64),
    order_hash       TEXT   NOT NULL CHECK (length(order_hash) = 64),
    subject          TEXT   NOT NULL,
    subject_der      {{bytes}} NOT NULL,
    key_hash         TEXT   NOT NULL CHECK (length(key_hash) = 64),
    not_before       BIGINT NOT NULL,
    not_after        BIGINT NOT NULL,
    pair_request     TEXT,
    replaces         TEXT,
    tbs              {{bytes}} NOT NULL,
    tbs_hash         TEXT   NOT NULL CHECK (length(tbs_hash) = 64),
    intent_seq       BIGINT NOT NULL,
    intended_at      BIGINT NOT NULL,
    permits          BIGINT NOT NULL DEFAULT 1 CHECK (permits >= 1),
    state            TEXT   NOT NULL CHECK (state IN ('intended', 'issued', 'abandoned')),
    reason           TEXT,
    CHECK (not_before < not_after),
    CHECK ((state = 'abandoned') = (reason IS NOT NULL)),
    UNIQUE (request_id, role),
    UNIQUE (issuer_id, serial)
);
CREATE INDEX issuance_open ON issuance (id) WHERE state = 'intended';

-- An issued certificate. `shard` is fixed at issuance (the certificate's own CRL
-- distribution point names it), so that the number of shards may grow later.
CREATE TABLE certificate (
    id               {{pk}},
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    serial           TEXT   NOT NULL CHECK (serial <> '' AND length(serial) <= 40),
    request_id       TEXT   NOT NULL CHECK (request_id <> ''),
    role             TEXT   NOT NULL CHECK (role <> ''),
    profile          TEXT   NOT NULL,
    profile_hash     TEXT   NOT NULL CHECK (length(profile_hash) = 64),
    subject          TEXT   NOT NULL,
    subject_der      {{bytes}} NOT NULL,
    key_hash         TEXT   NOT NULL CHECK (length(key_hash) = 64),
    not_before       BIGINT NOT NULL,
    not_after        BIGINT NOT NULL,
    status           TEXT   NOT NULL CHECK (status IN ('good', 'suspended', 'revoked')),
    reason           BIGINT CHECK (reason IN (0, 1, 2, 3, 4, 5, 6, 9, 10)),
    changed_at       BIGINT NOT NULL,
    invalid_since    BIGINT,
    issued_at        BIGINT NOT NULL,
    expired_at       BIGINT,
    shard            BIGINT NOT NULL CHECK (shard >= 0),
    pair_id          BIGINT REFERENCES certificate (id),
    replaces_id      BIGINT REFERENCES certificate (id),
    fingerprint      TEXT   NOT NULL CHECK (length(fingerprint) = 64),
    issued_seq       BIGINT NOT NULL,
    CHECK (not_before < not_after),
    CHECK ((status = 'good') = (reason IS NULL)),
    CHECK (status <> 'suspended' OR reason = 6),
    CHECK (status <> 'revoked' OR reason <> 6),
    CHECK (expired_at IS NULL OR expired_at > not_after),
    UNIQUE (issuer_id, serial),
    UNIQUE (request_id, role)
);
CREATE INDEX certificate_by_key ON certificate (key_hash);
CREATE INDEX certificate_by_subject ON certificate (subject);
CREATE INDEX certificate_by_end ON certificate (not_after) WHERE expired_at IS NULL;
-- CRLs are streamed in the numeric order of serials: shorter magnitudes are smaller.
CREATE INDEX certificate_barred ON certificate (issuer_id, length(serial), serial) WHERE status <> 'good';
CREATE INDEX certificate_barred_by_shard ON certificate (issuer_id, shard, length(serial), serial)
    WHERE status <> 'good';

CREATE TABLE certificate_der (
    certificate_id   BIGINT PRIMARY KEY REFERENCES certificate (id),
    der              {{bytes}} NOT NULL
);

-- Every change of status, in the order of the journal: `seq` is the journal's number of
-- the record that ordered the change, so readers may follow it without gaps.
CREATE TABLE status_change (
    seq              BIGINT PRIMARY KEY,
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    issuer_key_hash  TEXT   NOT NULL,
    certificate_id   BIGINT NOT NULL REFERENCES certificate (id),
    serial           TEXT   NOT NULL,
    status           TEXT   NOT NULL CHECK (status IN ('good', 'suspended', 'revoked')),
    reason           BIGINT CHECK (reason IN (0, 1, 2, 3, 4, 5, 6, 9, 10)),
    at               BIGINT NOT NULL,
    CHECK ((status = 'good') = (reason IS NULL))
);
CREATE INDEX status_change_of ON status_change (issuer_id, serial);
CREATE INDEX status_change_at ON status_change (issuer_id, seq);

-- Which subject a public key belongs to; one key never serves two subjects, and a key
-- reported as compromised is blocked for ever.
CREATE TABLE subject_key (
    key_hash         TEXT   PRIMARY KEY CHECK (length(key_hash) = 64),
    subject_hash     TEXT   NOT NULL,
    request_id       TEXT   NOT NULL,
    role             TEXT   NOT NULL,
    blocked_at       BIGINT,
    blocked_reason   TEXT,
    CHECK ((blocked_at IS NULL) = (blocked_reason IS NULL))
);

-- The signing keys of the CA itself: the breaker that a wrong signature opens, and the
-- point from which the device's signature counter is held against the records.
CREATE TABLE signer (
    key_label        TEXT   PRIMARY KEY,
    state            TEXT   NOT NULL CHECK (state IN ('sound', 'quarantined')),
    reason           TEXT,
    changed_at       BIGINT NOT NULL,
    base_uses        BIGINT,
    base_certificate BIGINT,
    base_crl         BIGINT,
    base_note        BIGINT,
    base_at          BIGINT,
    CHECK ((state = 'quarantined') = (reason IS NOT NULL))
);

-- Signatures that are no certificate and no CRL of their own: repetitions after a crash
-- (`again`), intents given up (`lost`), and single acts (`act`, such as the protocol of a
-- ceremony). Written before the signature is made; it may then have been made or not.
CREATE TABLE signature_note (
    id               {{pk}},
    key_label        TEXT   NOT NULL,
    kind             TEXT   NOT NULL CHECK (kind IN ('again', 'lost', 'act')),
    subject          TEXT   NOT NULL,
    seq              BIGINT NOT NULL,
    at               BIGINT NOT NULL
);

-- CRL numbers only grow (RFC 5280 §5.2.3). Scope: 'main' for full and delta CRLs, which
-- share their numbers, and 'shard-N' for each partition.
CREATE TABLE crl_number (
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    scope            TEXT   NOT NULL,
    number           BIGINT NOT NULL CHECK (number >= 1),
    PRIMARY KEY (issuer_id, scope)
);

-- A CRL that will be signed; it becomes a row of `crl` or stays here with a reason.
CREATE TABLE crl_intent (
    id               {{pk}},
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    key_label        TEXT   NOT NULL,
    scope            TEXT   NOT NULL,
    number           BIGINT NOT NULL CHECK (number >= 1),
    tbs_hash         TEXT   NOT NULL CHECK (length(tbs_hash) = 64),
    intended_at      BIGINT NOT NULL,
    state            TEXT   NOT NULL CHECK (state IN ('intended', 'signed', 'rejected')),
    reason           TEXT,
    CHECK ((state = 'rejected') = (reason IS NOT NULL)),
    UNIQUE (issuer_id, scope, number)
);
CREATE INDEX crl_intent_open ON crl_intent (id) WHERE state = 'intended';

-- Published CRLs only. `shard` is -1 unless kind is 'shard'. The current CRL of a
-- (issuer, kind, shard) is the row with the highest number.
CREATE TABLE crl (
    id               {{pk}},
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    kind             TEXT   NOT NULL CHECK (kind IN ('full', 'delta', 'shard')),
    shard            BIGINT NOT NULL CHECK (shard >= -1),
    number           BIGINT NOT NULL CHECK (number >= 1),
    base_number      BIGINT,
    this_update      BIGINT NOT NULL,
    next_update      BIGINT NOT NULL,
    entries          BIGINT NOT NULL CHECK (entries >= 0),
    covers_seq       BIGINT NOT NULL,
    spare            BIGINT NOT NULL DEFAULT 0 CHECK (spare IN (0, 1)),
    der              {{bytes}} NOT NULL,
    etag             TEXT   NOT NULL CHECK (length(etag) = 64),
    published_at     BIGINT NOT NULL,
    CHECK (this_update < next_update),
    CHECK ((kind = 'shard') = (shard >= 0)),
    CHECK ((kind = 'delta') = (base_number IS NOT NULL)),
    UNIQUE (issuer_id, kind, shard, number)
);

-- The spare full CRL: signed in advance, kept back, published only when the device is
-- gone and the current CRL is past the middle of its window.
CREATE TABLE crl_spare (
    issuer_id        BIGINT NOT NULL REFERENCES issuer (id),
    shard            BIGINT NOT NULL CHECK (shard >= -1),
    number           BIGINT NOT NULL CHECK (number >= 1),
    this_update      BIGINT NOT NULL,
    next_update      BIGINT NOT NULL,
    entries          BIGINT NOT NULL CHECK (entries >= 0),
    covers_seq       BIGINT NOT NULL,
    der              {{bytes}} NOT NULL,
    CHECK (this_update < next_update),
    PRIMARY KEY (issuer_id, shard)
);

-- Steps of the key ceremony that are done; a ceremony goes on where it stopped.
CREATE TABLE ceremony_step (
    ceremony         TEXT   NOT NULL,
    step             TEXT   NOT NULL,
    seq              BIGINT NOT NULL,
    at               BIGINT NOT NULL,
    detail           TEXT   NOT NULL,
    PRIMARY KEY (ceremony, step)
);
