-- compatible: programs from before wrote no instant that is zero either, and made no list that lasts longer
-- An instant that nobody set is NULL, never zero: a "0 instead of NULL" once left answers of a public CA unrefreshed
-- after an upgrade (T-09). And no list lasts longer than any policy lets it (root lists: thirteen months).
-- What stands already is not read again (NOT VALID): a long lock would stop nodes that serve. It is held against the
-- journal, which is the source of all of it.
--{{postgres}}
ALTER TABLE issuance ADD CONSTRAINT issuance_instants
    CHECK (not_before > 0 AND intended_at > 0) NOT VALID;
ALTER TABLE certificate ADD CONSTRAINT certificate_instants
    CHECK (not_before > 0 AND issued_at > 0 AND changed_at > 0 AND COALESCE(invalid_since, 1) > 0) NOT VALID;
ALTER TABLE status_change ADD CONSTRAINT status_change_instants CHECK (at > 0) NOT VALID;
ALTER TABLE crl_intent ADD CONSTRAINT crl_intent_instants CHECK (intended_at > 0) NOT VALID;
ALTER TABLE crl ADD CONSTRAINT crl_instants
    CHECK (this_update > 0 AND published_at > 0 AND next_update - this_update <= 36000000) NOT VALID;
ALTER TABLE crl_spare ADD CONSTRAINT crl_spare_instants
    CHECK (this_update > 0 AND next_update - this_update <= 36000000) NOT VALID;
--{{sqlite}}
CREATE TRIGGER issuance_instants_new BEFORE INSERT ON issuance
    WHEN NOT (NEW.not_before > 0 AND NEW.intended_at > 0)
    BEGIN SELECT RAISE(ABORT, 'issuance_instants'); END;
CREATE TRIGGER issuance_instants_changed BEFORE UPDATE ON issuance
    WHEN NOT (NEW.not_before > 0 AND NEW.intended_at > 0)
    BEGIN SELECT RAISE(ABORT, 'issuance_instants'); END;
CREATE TRIGGER certificate_instants_new BEFORE INSERT ON certificate
    WHEN NOT (NEW.not_before > 0 AND NEW.issued_at > 0 AND NEW.changed_at > 0 AND COALESCE(NEW.invalid_since, 1) > 0)
    BEGIN SELECT RAISE(ABORT, 'certificate_instants'); END;
CREATE TRIGGER certificate_instants_changed BEFORE UPDATE ON certificate
    WHEN NOT (NEW.not_before > 0 AND NEW.issued_at > 0 AND NEW.changed_at > 0 AND COALESCE(NEW.invalid_since, 1) > 0)
    BEGIN SELECT RAISE(ABORT, 'certificate_instants'); END;
CREATE TRIGGER status_change_instants_new BEFORE INSERT ON status_change
    WHEN NOT (NEW.at > 0)
    BEGIN SELECT RAISE(ABORT, 'status_change_instants'); END;
CREATE TRIGGER status_change_instants_changed BEFORE UPDATE ON status_change
    WHEN NOT (NEW.at > 0)
    BEGIN SELECT RAISE(ABORT, 'status_change_instants'); END;
CREATE TRIGGER crl_intent_instants_new BEFORE INSERT ON crl_intent
    WHEN NOT (NEW.intended_at > 0)
    BEGIN SELECT RAISE(ABORT, 'crl_intent_instants'); END;
CREATE TRIGGER crl_intent_instants_changed BEFORE UPDATE ON crl_intent
    WHEN NOT (NEW.intended_at > 0)
    BEGIN SELECT RAISE(ABORT, 'crl_intent_instants'); END;
CREATE TRIGGER crl_instants_new BEFORE INSERT ON crl
    WHEN NOT (NEW.this_update > 0 AND NEW.published_at > 0 AND NEW.next_update - NEW.this_update <= 36000000)
    BEGIN SELECT RAISE(ABORT, 'crl_instants'); END;
CREATE TRIGGER crl_instants_changed BEFORE UPDATE ON crl
    WHEN NOT (NEW.this_update > 0 AND NEW.published_at > 0 AND NEW.next_update - NEW.this_update <= 36000000)
    BEGIN SELECT RAISE(ABORT, 'crl_instants'); END;
CREATE TRIGGER crl_spare_instants_new BEFORE INSERT ON crl_spare
    WHEN NOT (NEW.this_update > 0 AND NEW.next_update - NEW.this_update <= 36000000)
    BEGIN SELECT RAISE(ABORT, 'crl_spare_instants'); END;
CREATE TRIGGER crl_spare_instants_changed BEFORE UPDATE ON crl_spare
    WHEN NOT (NEW.this_update > 0 AND NEW.next_update - NEW.this_update <= 36000000)
    BEGIN SELECT RAISE(ABORT, 'crl_spare_instants'); END;
--{{end}}
