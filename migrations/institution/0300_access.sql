-- Who may ask: API clients, their sessions, and the nonces of signed requests.
--
-- Instants are Unix seconds. A client is never deleted: the journal names it.

CREATE TABLE access_client (
    id           TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    name         TEXT    NOT NULL UNIQUE CHECK (name <> ''),
    -- 04 ‖ X ‖ Y in hexadecimal; one key is one client, also after it was disabled.
    public_key   TEXT    NOT NULL UNIQUE CHECK (length(public_key) = 130),
    -- Names in order, with commas: `admin,operator`.
    roles        TEXT    NOT NULL CHECK (roles <> ''),
    created_at   {{int}} NOT NULL,
    disabled_at  {{int}} CHECK (disabled_at >= created_at)
);

-- The token itself is never stored: only its SM3 in hexadecimal.
CREATE TABLE access_session (
    id            TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    client_id     TEXT    NOT NULL REFERENCES access_client (id),
    token_hash    TEXT    NOT NULL UNIQUE CHECK (length(token_hash) = 64),
    created_at    {{int}} NOT NULL,
    last_used_at  {{int}} NOT NULL CHECK (last_used_at >= created_at),
    ended_at      {{int}}
);
CREATE INDEX access_session_by_client ON access_session (client_id);

-- Nonces of signed requests that change something, kept while their signature is valid.
CREATE TABLE access_nonce (
    client_id   TEXT    NOT NULL,
    nonce       TEXT    NOT NULL,
    expires_at  {{int}} NOT NULL,
    PRIMARY KEY (client_id, nonce)
);
CREATE INDEX access_nonce_by_expiry ON access_nonce (expires_at);
