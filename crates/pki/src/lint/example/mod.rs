//! Example certificates: one good certificate per role, and one mutation at a time.
//!
//! The writer is deliberately not the one of the product: it writes whatever it is told, also what is wrong.

pub mod der;
mod good;

use super::check::Lint;
use super::context::{Context, Role};
use super::report::Report;
use crate::Certificate;
use crate::oid::{self, Oid};
use der::{bit_string, explicit, oid as oid_der, seq, tlv};

pub use good::*;

/// A named example.
pub type Named = (&'static str, fn() -> Example);

/// The examples of one lint.
pub struct Examples {
    /// Certificates that keep the rule although they come near its edge.
    pub good: &'static [Named],
    /// Certificates that break it.
    pub bad: &'static [Named],
}

/// A certificate under construction, and what is known around it.
#[derive(Clone)]
pub struct Example {
    pub role: Role,
    pub version: Option<Vec<u8>>,
    pub serial: Vec<u8>,
    pub inner_algorithm: Vec<u8>,
    pub outer_algorithm: Vec<u8>,
    pub issuer: Vec<u8>,
    pub not_before: (u8, String),
    pub not_after: (u8, String),
    pub subject: Vec<u8>,
    pub key_algorithm: Vec<u8>,
    pub point: Vec<u8>,
    pub unique_ids: Vec<u8>,
    pub extensions: Vec<Ext>,
    pub without_extensions: bool,
    pub signature: Option<Vec<u8>>,
    pub pair_subject: Option<Vec<u8>>,
    pub now: Option<jiff::Timestamp>,
    pub issuer_certificate: Option<&'static Certificate>,
    pub signer: u8,
}

/// An extension under construction.
#[derive(Clone)]
pub struct Ext {
    pub oid: Vec<u8>,
    pub critical: Option<u8>,
    pub value: Vec<u8>,
}

impl Example {
    pub fn version(mut self, version: Option<u8>) -> Self {
        self.version = version.map(|number| vec![number]);
        self
    }

    pub fn serial(mut self, octets: &[u8]) -> Self {
        self.serial = octets.to_vec();
        self
    }

    pub fn algorithm(mut self, der: Vec<u8>) -> Self {
        self.inner_algorithm = der.clone();
        self.outer_algorithm = der;
        self
    }

    pub fn outer_algorithm(mut self, der: Vec<u8>) -> Self {
        self.outer_algorithm = der;
        self
    }

    pub fn issuer(mut self, name: Vec<u8>) -> Self {
        self.issuer = name;
        self
    }

    pub fn subject(mut self, name: Vec<u8>) -> Self {
        self.subject = name;
        self
    }

    /// Both times; a text of 13 characters becomes a UTCTime, any other a GeneralizedTime.
    pub fn validity(mut self, not_before: &str, not_after: &str) -> Self {
        let time = |text: &str| (if text.len() == 13 { 0x17 } else { 0x18 }, text.to_owned());
        (self.not_before, self.not_after) = (time(not_before), time(not_after));
        self
    }

    /// Both times with their tags.
    pub fn times(mut self, not_before: (u8, &str), not_after: (u8, &str)) -> Self {
        self.not_before = (not_before.0, not_before.1.to_owned());
        self.not_after = (not_after.0, not_after.1.to_owned());
        self
    }

    pub fn key_algorithm(mut self, der: Vec<u8>) -> Self {
        self.key_algorithm = der;
        self
    }

    /// Another public key, with the key identifier that belongs to it.
    pub fn point(mut self, octets: &[u8]) -> Self {
        self.point = octets.to_vec();
        self.with(oid::SUBJECT_KEY_IDENTIFIER, tlv(0x04, &key_id(octets)))
    }

    pub fn unique_ids(mut self, der: Vec<u8>) -> Self {
        self.unique_ids = der;
        self
    }

    /// Sets the value of an extension, leaving its place and criticality; adds it at the end when it is new.
    pub fn with(mut self, oid: Oid, value: Vec<u8>) -> Self {
        let oid = oid_der(oid);
        match self.extensions.iter_mut().find(|ext| ext.oid == oid) {
            Some(ext) => ext.value = value,
            None => self.extensions.push(Ext { oid, critical: None, value }),
        }
        self
    }

    /// Adds an extension at the end, also when there is one of its type.
    pub fn and(mut self, oid: Oid, critical: bool, value: Vec<u8>) -> Self {
        self.extensions.push(Ext { oid: oid_der(oid), critical: critical.then_some(0xff), value });
        self
    }

    pub fn without(mut self, oid: Oid) -> Self {
        let oid = oid_der(oid);
        self.extensions.retain(|ext| ext.oid != oid);
        self
    }

    /// Sets the criticality of an extension that is there.
    pub fn critical(self, oid: Oid, critical: bool) -> Self {
        self.raw_critical(oid, critical.then_some(0xff))
    }

    /// Sets the octet of criticality, also one that DER forbids.
    pub fn raw_critical(mut self, oid: Oid, octet: Option<u8>) -> Self {
        let oid = oid_der(oid);
        self.extensions
            .iter_mut()
            .find(|ext| ext.oid == oid)
            .expect("an extension that is there")
            .critical = octet;
        self
    }

    pub fn no_extensions(mut self) -> Self {
        self.extensions.clear();
        self.without_extensions = true;
        self
    }

    pub fn signature(mut self, octets: Vec<u8>) -> Self {
        self.signature = Some(octets);
        self
    }

    pub fn signer(mut self, key: u8) -> Self {
        self.signer = key;
        self
    }

    pub fn pair(mut self, subject: Vec<u8>) -> Self {
        self.pair_subject = Some(subject);
        self
    }

    pub fn now(mut self, instant: &str) -> Self {
        self.now = Some(instant.parse().expect("an instant"));
        self
    }

    pub fn role(mut self, role: Role) -> Self {
        self.role = role;
        self
    }

    /// DER of the TBSCertificate.
    pub fn tbs(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        if let Some(version) = &self.version {
            parts.push(explicit(0, &tlv(0x02, version)));
        }
        parts.push(tlv(0x02, &self.serial));
        parts.push(self.inner_algorithm.clone());
        parts.push(self.issuer.clone());
        let time = |(tag, text): &(u8, String)| tlv(*tag, text.as_bytes());
        parts.push(seq(&[time(&self.not_before), time(&self.not_after)]));
        parts.push(self.subject.clone());
        parts.push(seq(&[self.key_algorithm.clone(), bit_string(&self.point)]));
        parts.push(self.unique_ids.clone());
        if !self.without_extensions {
            let list: Vec<Vec<u8>> = self.extensions.iter().map(Ext::der).collect();
            parts.push(explicit(3, &seq(&list)));
        }
        seq(&parts)
    }

    /// DER of the certificate, signed by the issuer's key.
    pub fn der(&self) -> Vec<u8> {
        let tbs = self.tbs();
        let signature = self.signature.clone().unwrap_or_else(|| sign(self.signer, &tbs));
        seq(&[tbs, self.outer_algorithm.clone(), bit_string(&signature)])
    }

    /// What the lints say about the certificate.
    pub fn lint(&self) -> Report {
        let context = Context {
            role: self.role,
            issuer: self.issuer_certificate,
            now: self.now,
            pair_subject: self.pair_subject.as_deref(),
        };
        super::run_der(&self.der(), &context)
    }
}

impl Ext {
    fn der(&self) -> Vec<u8> {
        let critical = self.critical.map(|octet| tlv(0x01, &[octet])).unwrap_or_default();
        seq(&[self.oid.clone(), critical, tlv(0x04, &self.value)])
    }
}

#[test]
fn every_good_certificate_of_a_role_has_no_finding() {
    for (name, example) in GOOD {
        let report = example().lint();
        assert!(report.findings.is_empty() && report.undetermined.is_empty(), "{name}:\n{report}");
        assert!(report.passed() && report.checked > 40, "{name}");
    }
}

#[test]
fn every_lint_fires_on_its_bad_examples_and_is_silent_on_its_good_ones() {
    let mut wrong = Vec::new();
    for lint in super::Set::all().lints() {
        let Lint { name, examples, .. } = lint;
        if examples.good.is_empty() || examples.bad.is_empty() {
            wrong.push(format!("{name} lacks a good or a bad example"));
        }
        for (example, make) in examples.good {
            let report = make().lint();
            if report.names(name) || report.undetermined.iter().any(|one| one.lint == *name) {
                wrong.push(format!("{name} is not silent on {example}:\n{report}"));
            }
        }
        for (example, make) in examples.bad {
            let report = make().lint();
            if !report.names(name) {
                wrong.push(format!("{name} does not fire on {example}; instead:\n{report}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_good_example_passes_as_a_whole() {
    let mut wrong = Vec::new();
    for lint in super::Set::all().lints() {
        for (example, make) in lint.examples.good {
            let report = make().lint();
            if !report.passed() {
                wrong.push(format!("{} {example}:\n{report}", lint.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
