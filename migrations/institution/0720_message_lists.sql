-- Lists of messages go by time, what is known of one certificate by its subject; whether a certificate was
-- replaced is asked for each that ends soon.
CREATE INDEX message_by_time ON message (state, created_at, id);
CREATE INDEX message_by_subject ON message (subject);
CREATE INDEX enrolment_by_replaced ON enrolment (replaces) WHERE replaces IS NOT NULL;
