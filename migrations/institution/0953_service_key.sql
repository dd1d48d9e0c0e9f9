-- Keys of the institution's own services of which a record says that they were made: one row for each, so that of nodes
-- that certify the same key at once one records it (Measures Art. 20).
CREATE TABLE service_key_made (
    label    TEXT    NOT NULL PRIMARY KEY CHECK (label <> ''),
    made_at  {{int}} NOT NULL
);
INSERT INTO service_key_made (label, made_at)
    SELECT SUBSTR(subject, 5), MIN(at) FROM journal
    WHERE kind IN ('ocsp.key-made', 'timestamp.key-made') AND SUBSTR(subject, 1, 4) = 'key:' AND LENGTH(subject) > 4
    GROUP BY subject;
