-- Keys that were proved to be compromised are few among all that were ever certified: the doctor looks for certificates
-- of theirs that are good (T-31), each time it is asked. Building it holds writers for one scan of the table.
--
-- That lists last 416 days at most (36000000 seconds, migration 956) is refused where it is set: `LONGEST_WINDOW` of
-- crates/ca/src/model/config.rs.
CREATE INDEX subject_key_blocked ON subject_key (key_hash) WHERE blocked_at IS NOT NULL;
