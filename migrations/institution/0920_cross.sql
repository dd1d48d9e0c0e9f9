-- Cross-certificates (Measures Art. 18 (2), mutual recognition). Those that our root issued are certificates like others,
-- and their status is that of their row; here stands what is said of them beside.
CREATE TABLE cross_issued (
    certificate_id BIGINT PRIMARY KEY REFERENCES certificate (id),
    -- SM3 of the other CA's own certificate, as people compared it.
    peer           TEXT   NOT NULL CHECK (length(peer) = 64),
    -- How it was proven that the other institution holds the key.
    possession     TEXT   NOT NULL CHECK (possession IN ('self-signed', 'request')),
    -- Why two people withdrew it, in their words; empty while it stands.
    withdrawn      TEXT   NOT NULL DEFAULT ''
);

-- Those that others issued for one of our CAs: taken in and published.
CREATE TABLE cross_received (
    id             {{pk}},
    -- Which of ours it was issued for.
    issuer_id      BIGINT    NOT NULL REFERENCES issuer (id),
    serial         TEXT      NOT NULL CHECK (serial <> ''),
    -- The name of the CA that issued it, for people.
    issuer         TEXT      NOT NULL,
    -- SM3 of the public point of the key that made it.
    maker          TEXT      NOT NULL CHECK (length(maker) = 64),
    fingerprint    TEXT      NOT NULL UNIQUE CHECK (length(fingerprint) = 64),
    not_after      {{int}}   NOT NULL,
    der            {{bytes}} NOT NULL,
    taken_at       {{int}}   NOT NULL,
    -- When two people took it back, because the other institution withdrew it; 0 while it is published.
    withdrawn_at   {{int}}   NOT NULL DEFAULT 0,
    withdrawn      TEXT      NOT NULL DEFAULT '',
    CHECK ((withdrawn_at = 0) = (withdrawn = ''))
);
