//! CRLs of the world.

use gm::UserId;
use jiff::Timestamp;
use pki::crl::Crl;
use pki::ext::{AuthorityKeyIdentifier, Extension, TypedExtension};
use pki::strict::Writer;
use pki::{Name, Spki, oid};

use super::{Made, instant, key};

/// A CRL under construction.
#[derive(Clone)]
pub struct CrlDraft {
    issuer: Name,
    signer: String,
    this_update: Timestamp,
    next_update: Option<Timestamp>,
    entries: Vec<(Vec<u8>, Timestamp, u8)>,
    entry_extension: Option<Extension>,
    extensions: Vec<Extension>,
    number: u64,
}

pub fn crl(issuer: &Made) -> CrlDraft {
    CrlDraft {
        issuer: issuer.certificate.subject().clone(),
        signer: issuer.key.clone(),
        this_update: instant("2026-11-22T00:00:00Z"),
        next_update: Some(instant("2026-11-23T00:00:00Z")),
        entries: Vec::new(),
        entry_extension: None,
        extensions: Vec::new(),
        number: 7,
    }
}

impl CrlDraft {
    pub fn revokes(self, made: &Made, reason: u8) -> Self {
        self.revokes_at(made, reason, "2026-11-20T00:00:00Z")
    }

    pub fn revokes_at(mut self, made: &Made, reason: u8, at: &str) -> Self {
        self.entries.push((made.certificate.serial().as_bytes().to_vec(), instant(at), reason));
        self
    }

    pub fn window(mut self, this_update: &str, next_update: Option<&str>) -> Self {
        (self.this_update, self.next_update) = (instant(this_update), next_update.map(instant));
        self
    }

    pub fn signed_by(mut self, signer: &str) -> Self {
        self.signer = signer.to_owned();
        self
    }

    pub fn number(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    pub fn with_in_entries(mut self, extension: Extension) -> Self {
        self.entry_extension = Some(extension);
        self
    }

    /// A delta on the complete list with this number.
    pub fn delta(self, base: u64) -> Self {
        let value = Writer::build(|w| w.uint(base));
        self.with(Extension { oid: oid::DELTA_CRL_INDICATOR, critical: true, value })
    }

    pub fn made(&self) -> Crl {
        let tbs = self.tbs();
        let signature = key(&self.signer).sign(&UserId::default(), &tbs).to_der();
        let der = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&tbs);
                w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
                w.bit_string(&signature);
            });
        });
        Crl::from_der(der).expect("a CRL")
    }

    fn tbs(&self) -> Vec<u8> {
        let authority = Spki::of(key(&self.signer).public_key()).key_identifier().to_vec();
        let number = Writer::build(|w| w.uint(self.number));
        let mut extensions = vec![AuthorityKeyIdentifier::of_key(authority).to_extension(false)];
        extensions.push(Extension { oid: oid::CRL_NUMBER, critical: false, value: number });
        extensions.extend(self.extensions.clone());
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
                w.raw(self.issuer.der());
                w.time(self.this_update);
                if let Some(next) = self.next_update {
                    w.time(next);
                }
                if !self.entries.is_empty() {
                    w.sequence(|w| self.entries.iter().for_each(|entry| self.entry(w, entry)));
                }
                w.explicit(0, |w| w.sequence(|w| extensions.iter().for_each(|one| one.write(w))));
            });
        })
    }

    fn entry(&self, w: &mut Writer, (serial, at, reason): &(Vec<u8>, Timestamp, u8)) {
        w.sequence(|w| {
            w.unsigned(serial);
            w.time(*at);
            if *reason == 0 && self.entry_extension.is_none() {
                return;
            }
            w.sequence(|w| {
                if *reason != 0 {
                    let value = Writer::build(|w| w.enumerated(*reason));
                    Extension { oid: oid::CRL_REASON, critical: false, value }.write(w);
                }
                self.entry_extension.iter().for_each(|one| one.write(w));
            });
        });
    }
}
