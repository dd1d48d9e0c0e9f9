-- Holds (暂停): a certificate is suspended as long as any of them stands, and becomes valid again when none
-- is left (Measures Art. 18; ADR 6). Each has its source, what it came of, and how it ended.
CREATE TABLE ra_hold (
    id         TEXT    NOT NULL PRIMARY KEY CHECK (id <> ''),
    -- The signing certificate of a pair; the certificate itself where there is no pair.
    serial     TEXT    NOT NULL CHECK (serial <> ''),
    -- On whose word it stands: the `source` of a ground.
    source     TEXT    NOT NULL CHECK (source IN ('holder', 'phone', 'unit', 'authority', 'regulator', 'institution')),
    -- The ground of registration/grounds.toml; NULL where a program of the institution gave none, or where an
    -- older record does not say it in the clear.
    ground     TEXT,
    -- What it came of: an application, a call, a signed act, a client.
    origin     TEXT    NOT NULL CHECK (origin <> ''),
    -- Who acted, as the journal names it.
    set_by     TEXT    NOT NULL,
    since      {{int}} NOT NULL,
    -- The how manieth of the certificate, from 0: holds of one second keep their order.
    position   {{int}} NOT NULL CHECK (position >= 0),
    ended_at   {{int}},
    ended      TEXT    CHECK (ended IN ('lifted', 'rejected', 'lapsed', 'closed', 'revoked')),
    -- What ended it, in the words of `origin`.
    ended_by   TEXT,
    CHECK ((ended_at IS NULL) = (ended IS NULL)),
    CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);
CREATE INDEX ra_hold_standing ON ra_hold (serial, ended_at, since, position);
CREATE INDEX ra_hold_by_origin ON ra_hold (origin);

-- A call that its holder ended by resuming the certificate: its state is 'dropped', and these say when and by
-- which application.
ALTER TABLE ra_revocation ADD COLUMN closed_at {{int}};
ALTER TABLE ra_revocation ADD COLUMN closed_by TEXT;
-- From when the term of a call runs, where that is not its entry.
ALTER TABLE ra_revocation ADD COLUMN term_from {{int}};
-- The term of five working days is our own rule and came with migration 810. Nobody who called before had been
-- told of it: for them it runs from the day on which it came into force.
--{{sqlite}}
UPDATE ra_revocation SET term_from = (SELECT CAST(strftime('%s', installed_on) AS INTEGER)
    FROM _sqlx_migrations WHERE version = 810)
    WHERE state = 'entered' AND called_at IS NOT NULL AND since < (SELECT CAST(strftime('%s', installed_on) AS INTEGER)
    FROM _sqlx_migrations WHERE version = 810);
--{{postgres}}
UPDATE ra_revocation SET term_from = (SELECT CAST(EXTRACT(EPOCH FROM installed_on) AS BIGINT)
    FROM _sqlx_migrations WHERE version = 810)
    WHERE state = 'entered' AND called_at IS NOT NULL AND since < (SELECT CAST(EXTRACT(EPOCH FROM installed_on) AS BIGINT)
    FROM _sqlx_migrations WHERE version = 810);
--{{end}}

-- A registration may lift holds instead of revoking certificates: its items name them.
CREATE TABLE ra_revocation_item_new (
    revocation  TEXT    NOT NULL REFERENCES ra_revocation (id),
    position    {{int}} NOT NULL,
    serial      TEXT    NOT NULL,
    hold        TEXT    REFERENCES ra_hold (id),
    outcome     TEXT    CHECK (outcome IN ('revoked', 'lifted', 'refused')),
    refusal     TEXT,
    at          {{int}},
    PRIMARY KEY (revocation, position),
    CHECK ((outcome IS NULL) = (at IS NULL)),
    CHECK (outcome <> 'lifted' OR hold IS NOT NULL)
);
INSERT INTO ra_revocation_item_new (revocation, position, serial, outcome, refusal, at)
    SELECT revocation, position, serial, outcome, refusal, at FROM ra_revocation_item;
DROP TABLE ra_revocation_item;
ALTER TABLE ra_revocation_item_new RENAME TO ra_revocation_item;
CREATE UNIQUE INDEX ra_revocation_item_once ON ra_revocation_item (revocation, serial, COALESCE(hold, ''));
CREATE INDEX ra_revocation_item_by_serial ON ra_revocation_item (serial);

-- Holders are told of each hold, also where the certificate stays as it is: a hold more on what is suspended, a
-- hold less while another stands, a call that is over. NULL where the status changed.
ALTER TABLE status_notice ADD COLUMN effect TEXT CHECK (effect IN ('hold-added', 'hold-lifted', 'call-closed'));

-- The holds of certificates that are suspended now. First those that calls made: a call that waits, one whose
-- stop is not settled, and one in whose name the certificate was suspended.
INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position)
    SELECT 'call-' || r.id, c.serial, 'phone', 'phone-hold', 'revocation:' || r.id, 'revocation:' || r.id, r.stopped_at, 0
    FROM ra_revocation r JOIN ra_revocation_item i ON i.revocation = r.id
    JOIN certificate c ON c.serial = i.serial
    WHERE r.called_at IS NOT NULL AND r.stopped_at IS NOT NULL AND c.status = 'suspended' AND c.role <> 'enc'
    AND (r.state IN ('entered', 'approved')
        OR ((r.state = 'refused' OR r.lapsed_at IS NOT NULL) AND r.stop_end IS NULL)
        OR EXISTS (SELECT 1 FROM status_change s JOIN journal j ON j.seq = s.seq
            WHERE s.certificate_id = c.id AND j.actor = 'revocation:' || r.id
            AND s.seq = (SELECT MAX(t.seq) FROM status_change t WHERE t.certificate_id = c.id)));
-- What holders applied for since the certificate was suspended, whoever suspended it. The ground stands in the
-- sealed form and in the record of the application.
INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position)
    SELECT 'application-' || a.id, c.serial, 'holder', NULL, 'application:' || a.id, 'application:' || a.id, a.since, 1
    FROM ra_application a JOIN certificate c ON c.serial = a.concerns
    WHERE a.service = 'suspend' AND a.state = 'carried_out' AND a.since >= c.changed_at
    AND c.status = 'suspended' AND c.role <> 'enc';
-- What administrators ordered: the order is the record before the suspension, in the same unit, and says the ground.
INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position)
    SELECT 'order-' || c.serial, c.serial, g.source, g.ground, 'record:' || o.seq, o.actor, c.changed_at, 2
    FROM certificate c
    JOIN status_change s ON s.certificate_id = c.id
        AND s.seq = (SELECT MAX(t.seq) FROM status_change t WHERE t.certificate_id = c.id)
    JOIN journal o ON o.seq = s.seq - 1 AND o.kind = 'certificate.ordered'
    JOIN (SELECT 'unit-hold' AS ground, 'unit' AS source UNION ALL SELECT 'ordered-hold', 'authority'
        UNION ALL SELECT 'directed-hold', 'regulator' UNION ALL SELECT 'inquiry', 'institution') g
--{{sqlite}}
        ON INSTR(CAST(o.leaf AS TEXT), '"ground":"' || g.ground || '"') > 0
--{{postgres}}
        ON POSITION('"ground":"' || g.ground || '"' IN convert_from(o.leaf, 'UTF8')) > 0
--{{end}}
    WHERE c.status = 'suspended' AND c.role <> 'enc' AND o.subject LIKE '%/' || c.serial;
-- Every other suspension is the institution's: a client of its programs, or an older version that left no more.
INSERT INTO ra_hold (id, serial, source, ground, origin, set_by, since, position)
    SELECT 'status-' || c.serial, c.serial, 'institution', NULL, 'record:' || s.seq, COALESCE(j.actor, 'system'), c.changed_at, 3
    FROM certificate c
    JOIN status_change s ON s.certificate_id = c.id
        AND s.seq = (SELECT MAX(t.seq) FROM status_change t WHERE t.certificate_id = c.id)
    LEFT JOIN journal j ON j.seq = s.seq
    WHERE c.status = 'suspended' AND c.role <> 'enc'
    AND NOT EXISTS (SELECT 1 FROM ra_hold h WHERE h.serial = c.serial);
