-- Evidence of problem reports is erased so many days after a report was closed (PIPL Art. 19, 47): content, key and salt of
-- its blob are gone then, and the commitment in `complaint.received` stays.
ALTER TABLE voice_evidence ADD COLUMN erased_at {{int}};
CREATE INDEX voice_evidence_kept ON voice_evidence (complaint) WHERE erased_at IS NULL;
