-- The key management centre (GM/T 0034 §5, KMC): three stores of encryption key pairs.
--
-- One table holds all three stores (备用 standby, 在用 in_use, 历史 history): a pair is one row and
-- its store is one column, so a pair can never be in two stores or in none. Rows are never deleted
-- (a trigger refuses it), and `key_batch` counts independently what was generated: the three counts must add up to it.

-- Certification authorities that this centre serves (GM/T 0038 §7.6.1: several at once).
CREATE TABLE ca_client (
    id            {{pk}},
    name          TEXT   NOT NULL UNIQUE,
    public_key    {{bytes}} NOT NULL,
    key_hash      TEXT   NOT NULL UNIQUE, -- SM3 of the uncompressed point: EntName.entPubKeyHash
    registered_at BIGINT NOT NULL,
    closed_at     BIGINT
);

-- The ledger of generation: what came into the standby store, and why.
CREATE TABLE key_batch (
    id     {{pk}},
    cause  TEXT   NOT NULL CHECK (cause IN ('refill', 'realtime')),
    pairs  BIGINT NOT NULL CHECK (pairs > 0),
    at     BIGINT NOT NULL
);

CREATE TABLE key_pair (
    id           {{pk}},
    batch_id     BIGINT NOT NULL REFERENCES key_batch (id),
    store        TEXT   NOT NULL CHECK (store IN ('standby', 'in_use', 'history')),
    public_key   {{bytes}} NOT NULL UNIQUE,
    sealed       {{bytes}} NOT NULL, -- private half, wrapped by the device under "kmc-kek"
    -- in use: whose it is
    ca_id        BIGINT REFERENCES ca_client (id),
    cert_serial  TEXT,
    signing_key  {{bytes}},
    not_before   BIGINT,
    not_after    BIGINT,
    assigned_at  BIGINT,
    user_blob    TEXT, -- sealed blob with the subscriber's name, when the CA gave one
    -- history: why and until when
    ended_at     BIGINT,
    end_reason   TEXT CHECK (end_reason IN ('revoked', 'expired')),
    retain_until BIGINT,
    CHECK ((store = 'standby') = (assigned_at IS NULL)),
    CHECK ((assigned_at IS NULL) = (ca_id IS NULL)),
    CHECK ((assigned_at IS NULL) = (cert_serial IS NULL)),
    CHECK ((assigned_at IS NULL) = (signing_key IS NULL)),
    CHECK ((assigned_at IS NULL) = (not_before IS NULL)),
    CHECK ((assigned_at IS NULL) = (not_after IS NULL)),
    CHECK (not_before < not_after),
    CHECK ((store = 'history') = (ended_at IS NOT NULL)),
    CHECK ((ended_at IS NULL) = (end_reason IS NULL)),
    CHECK ((ended_at IS NULL) = (retain_until IS NULL)),
    -- GM/T 0034: keys are kept for more than ten years (3652 days) after their use.
    CHECK (retain_until > ended_at + 315532800),
    UNIQUE (ca_id, cert_serial)
);
CREATE INDEX key_pair_standby ON key_pair (id) WHERE store = 'standby';
CREATE INDEX key_pair_expiry ON key_pair (not_after) WHERE store = 'in_use';

-- A pair is never removed, never changes its key, and moves only standby -> in_use -> history.
--{{sqlite}}
CREATE TRIGGER key_pair_is_kept BEFORE DELETE ON key_pair
BEGIN
    SELECT RAISE(ABORT, 'key_pair: rows are never deleted');
END;
CREATE TRIGGER key_pair_moves_on BEFORE UPDATE ON key_pair
WHEN NEW.public_key <> OLD.public_key OR NEW.sealed <> OLD.sealed OR NEW.batch_id <> OLD.batch_id
    OR (OLD.store <> 'standby' AND (NEW.store = 'standby' OR NEW.ca_id <> OLD.ca_id
        OR NEW.cert_serial <> OLD.cert_serial))
    OR (OLD.store = 'history' AND (NEW.store <> 'history' OR NEW.retain_until < OLD.retain_until))
    OR (OLD.store = 'standby' AND NEW.store = 'history')
BEGIN
    SELECT RAISE(ABORT, 'key_pair: not a lawful move');
END;
--{{postgres}}
CREATE FUNCTION key_pair_guard() RETURNS trigger LANGUAGE plpgsql AS $guard$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'key_pair: rows are never deleted';
    END IF;
    IF NEW.public_key <> OLD.public_key OR NEW.sealed <> OLD.sealed OR NEW.batch_id <> OLD.batch_id
        OR (OLD.store <> 'standby' AND (NEW.store = 'standby' OR NEW.ca_id <> OLD.ca_id
            OR NEW.cert_serial <> OLD.cert_serial))
        OR (OLD.store = 'history' AND (NEW.store <> 'history' OR NEW.retain_until < OLD.retain_until))
        OR (OLD.store = 'standby' AND NEW.store = 'history')
    THEN
        RAISE EXCEPTION 'key_pair: not a lawful move';
    END IF;
    RETURN NEW;
END
$guard$;
CREATE TRIGGER key_pair_guard BEFORE UPDATE OR DELETE ON key_pair
    FOR EACH ROW EXECUTE FUNCTION key_pair_guard();
--{{end}}

-- Every signing key that a pair was ever enveloped to by its CA's order.
CREATE TABLE key_release (
    id         {{pk}},
    pair_id    BIGINT NOT NULL REFERENCES key_pair (id),
    kind       TEXT   NOT NULL CHECK (kind IN ('apply', 'restore')),
    target_key {{bytes}} NOT NULL,
    at         BIGINT NOT NULL,
    UNIQUE (pair_id, target_key)
);

-- GM/T 0014 task numbers inside the time window: a second use is a replay.
CREATE TABLE ca_task (
    ca_id   BIGINT NOT NULL REFERENCES ca_client (id),
    task_no TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    UNIQUE (ca_id, task_no)
);
CREATE INDEX ca_task_at ON ca_task (at);

-- The people of a judicial recovery. Names are in sealed blobs.
CREATE TABLE recovery_officer (
    id            {{pk}},
    role          TEXT   NOT NULL CHECK (role IN ('operator', 'judicial')),
    person        TEXT   NOT NULL, -- blind index of the person's identity: one person, one row
    name_blob     TEXT   NOT NULL,
    public_key    {{bytes}} NOT NULL UNIQUE,
    registered_at BIGINT NOT NULL,
    closed_at     BIGINT,
    UNIQUE (person)
);

CREATE TABLE recovery_case (
    id                 {{pk}},
    token              TEXT   NOT NULL UNIQUE, -- random number of the case in the record
    case_number        TEXT   NOT NULL,
    authority          TEXT   NOT NULL,
    legal_basis        TEXT   NOT NULL,
    pair_id            BIGINT NOT NULL REFERENCES key_pair (id),
    target_key         {{bytes}} NOT NULL,
    record             {{bytes}} NOT NULL, -- the exact bytes that both parties sign
    opened_at          BIGINT NOT NULL,
    expires_at         BIGINT NOT NULL,
    silence            TEXT, -- the basis on which the subscriber is not told; NULL: must be told
    notice_at          BIGINT,
    claim              TEXT   NOT NULL DEFAULT '', -- the token, once a case lapsed unsigned
    done_at            BIGINT,
    operator_id        BIGINT REFERENCES recovery_officer (id),
    operator_signature {{bytes}},
    judicial_id        BIGINT REFERENCES recovery_officer (id),
    judicial_signature {{bytes}},
    -- no recovery is done without two signers, who are two people
    CHECK ((done_at IS NULL) = (operator_id IS NULL)),
    CHECK ((done_at IS NULL) = (judicial_id IS NULL)),
    CHECK ((done_at IS NULL) = (operator_signature IS NULL)),
    CHECK ((done_at IS NULL) = (judicial_signature IS NULL)),
    CHECK (operator_id <> judicial_id),
    CHECK (notice_at IS NULL OR (silence IS NULL AND done_at IS NOT NULL)),
    UNIQUE (authority, case_number, pair_id, claim)
);
