-- What becomes of a stop that a caller made, and what the holder is told of changes that others brought
-- about (Measures Art. 18, Art. 20).

-- A revocation by telephone that nobody decided in time: its state is 'dropped', and this says when.
ALTER TABLE ra_revocation ADD COLUMN lapsed_at {{int}};
-- How the caller's stop ended when the revocation came to nothing: lifted, held by another ground, or
-- moot because there was none any more. NULL while it is open.
ALTER TABLE ra_revocation ADD COLUMN stop_end TEXT CHECK (stop_end IN ('lifted', 'held', 'moot'));
ALTER TABLE ra_revocation ADD COLUMN stop_ended_at {{int}};
-- Of those rejected before now it was said that the stop holds, and it does.
UPDATE ra_revocation SET stop_end = 'held', stop_ended_at = since
    WHERE state = 'refused' AND called_at IS NOT NULL;
CREATE INDEX ra_revocation_item_by_serial ON ra_revocation_item (serial);

-- Where an application stood when it was refused: at the door (不予受理), at the review (不予签发), or when
-- an approved change could not be made any more. Rows from before learn it from their records.
UPDATE ra_application SET state_data = REPLACE(state_data, '{"state":"refused",', '{"state":"refused","stage":"door",')
    WHERE state = 'refused' AND EXISTS (SELECT 1 FROM journal
        WHERE journal.subject = 'application:' || ra_application.id AND journal.kind = 'application.declined');
UPDATE ra_application SET state_data = REPLACE(state_data, '{"state":"refused",', '{"state":"refused","stage":"end",')
    WHERE state = 'refused' AND EXISTS (SELECT 1 FROM journal
        WHERE journal.subject = 'application:' || ra_application.id AND journal.kind = 'application.not-carried-out');

-- Changes of a certificate that its holder did not apply for, written in the unit of the change; the holder
-- gets a letter and a message about each.
CREATE TABLE status_notice (
    application  TEXT    NOT NULL REFERENCES ra_application (id),
    position     {{int}} NOT NULL CHECK (position > 0),
    serial       TEXT    NOT NULL,
    change       TEXT    NOT NULL CHECK (change IN ('suspend', 'resume', 'revoke')),
    -- The ground of registration/grounds.toml; NULL where an API client gave a reason alone.
    ground       TEXT,
    -- The reason code of RFC 5280 that CRL and OCSP give.
    reason       {{int}} NOT NULL,
    -- The number of the revocation that it came of, if it came of one.
    number       TEXT,
    at           {{int}} NOT NULL,
    told_at      {{int}},
    PRIMARY KEY (application, position)
);
CREATE INDEX status_notice_open ON status_notice (told_at, at);
