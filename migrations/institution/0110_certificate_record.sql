-- Certificates in the order of their records, so that table and journal can be walked side by side.
CREATE INDEX certificate_by_record ON certificate (issued_seq);
