-- Letters across applications go by time.
CREATE INDEX letter_by_time ON letter (issued_at, id);
