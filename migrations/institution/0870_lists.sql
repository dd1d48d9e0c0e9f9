-- Certificates by the end of their validity: what ends soon is listed, told and exported from here.
CREATE INDEX certificate_ending ON certificate (issuer_id, not_after, id);
-- Notices of changes that could not be given are tried again farther and farther apart, so that those that
-- fail keep none of the others waiting.
ALTER TABLE status_notice ADD COLUMN tries {{int}} NOT NULL DEFAULT 0;
ALTER TABLE status_notice ADD COLUMN next_at {{int}} NOT NULL DEFAULT 0;
DROP INDEX status_notice_open;
CREATE INDEX status_notice_due ON status_notice (next_at, at, application, position) WHERE told_at IS NULL;
-- Batches are listed by their age.
CREATE INDEX ra_batch_by_age ON ra_batch (created_at, id);
