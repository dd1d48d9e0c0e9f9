-- Messages on their way out, and which notices of expiry were given. What they say and to whom is a sealed
-- blob (purpose `message`); it is erased when the message is through.

CREATE TABLE message (
    id          TEXT    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    kind        TEXT    NOT NULL,
    channel     TEXT    NOT NULL CHECK (channel IN ('phone', 'mail')),
    -- What it is about: `application:…`, `certificate:…`.
    subject     TEXT    NOT NULL,
    blob        TEXT    NOT NULL REFERENCES blob (id),
    state       TEXT    NOT NULL CHECK (state IN ('queued', 'sent', 'dead')),
    tries       {{int}} NOT NULL,
    next_at     {{int}} NOT NULL,
    created_at  {{int}} NOT NULL,
    ended_at    {{int}},
    -- Why the last try failed, without anything personal.
    failure     TEXT
);
CREATE INDEX message_due ON message (state, next_at, id);

-- One notice for each certificate and step (60, 30, 7 and 1 days before its end), never twice.
CREATE TABLE expiry_notice (
    serial  TEXT    NOT NULL,
    days    {{int}} NOT NULL,
    at      {{int}} NOT NULL,
    PRIMARY KEY (serial, days)
);
