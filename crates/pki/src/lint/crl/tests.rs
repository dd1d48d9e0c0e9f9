//! One good CRL, and one mutation for each rule.

use super::{rules, run};
use crate::Certificate;
use crate::lint::example::{
    CA_KEY, ca_name, der::*, key_id, person_name, public_point, sign, sm2_with_sm3, sub_ca,
};
use crate::oid::{self, Oid};

#[derive(Clone)]
struct Draft {
    version: Vec<u8>,
    algorithm: Vec<u8>,
    issuer: Vec<u8>,
    this_update: Vec<u8>,
    next_update: Vec<u8>,
    revoked: Vec<u8>,
    extensions: Vec<Vec<u8>>,
    signer: u8,
}

fn utc(text: &str) -> Vec<u8> {
    tlv(0x17, text.as_bytes())
}

fn extension(kind: Oid, critical: bool, value: &[u8]) -> Vec<u8> {
    let flag = if critical { boolean(true) } else { Vec::new() };
    seq(&[oid(kind), flag, tlv(0x04, value)])
}

fn entry(serial: &[u8], at: &str, extensions: &[Vec<u8>]) -> Vec<u8> {
    let list = if extensions.is_empty() { Vec::new() } else { seq(extensions) };
    seq(&[integer(serial), utc(at), list])
}

fn reason(code: u8) -> Vec<u8> {
    extension(oid::CRL_REASON, false, &[0x0a, 1, code])
}

fn good() -> Draft {
    let authority = seq(&[implicit(0, &key_id(&public_point(CA_KEY)))]);
    Draft {
        version: integer(&[1]),
        algorithm: sm2_with_sm3(),
        issuer: ca_name(),
        this_update: utc("261122000000Z"),
        next_update: utc("261123000000Z"),
        revoked: seq(&[
            entry(&[0x11], "261120000000Z", &[reason(1)]),
            entry(&[0x12], "261121000000Z", &[]),
        ]),
        extensions: vec![
            extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &authority),
            extension(oid::CRL_NUMBER, false, &integer(&[7])),
        ],
        signer: CA_KEY,
    }
}

impl Draft {
    fn der(&self) -> Vec<u8> {
        let tbs = seq(&[
            self.version.clone(),
            sm2_with_sm3(),
            self.issuer.clone(),
            self.this_update.clone(),
            self.next_update.clone(),
            self.revoked.clone(),
            explicit(0, &seq(&self.extensions)),
        ]);
        let signature = sign(self.signer, &tbs);
        seq(&[tbs, self.algorithm.clone(), bit_string(&signature)])
    }
}

type Mutation = fn(&mut Draft);

/// The rule that must fire, and the mutation.
const BAD: &[(&str, Mutation)] = &[
    ("crl/strict-der", |crl| {
        crl.extensions.push(seq(&[oid(oid::FRESHEST_CRL), tlv(0x01, &[1]), tlv(0x04, &[])]))
    }),
    ("crl/version", |crl| crl.version = Vec::new()),
    ("crl/signature-algorithm", |crl| {
        crl.algorithm = seq(&[oid(oid::SM2_WITH_SM3), tlv(0x05, &[])])
    }),
    ("crl/issuer-name", |crl| crl.issuer = person_name()),
    ("crl/signature", |crl| crl.signer = 0x44),
    ("crl/next-update", |crl| crl.next_update = Vec::new()),
    ("crl/window", |crl| crl.next_update = utc("261122000000Z")),
    ("crl/time-form", |crl| crl.this_update = tlv(0x18, b"20261122000000Z")),
    ("crl/number", |crl| drop(crl.extensions.pop())),
    ("crl/number", |crl| crl.extensions[1] = extension(oid::CRL_NUMBER, true, &integer(&[7]))),
    ("crl/number", |crl| crl.extensions[1] = extension(oid::CRL_NUMBER, false, &integer(&[0x80]))),
    ("crl/authority-key", |crl| drop(crl.extensions.remove(0))),
    ("crl/authority-key", |crl| {
        crl.extensions[0] =
            extension(oid::AUTHORITY_KEY_IDENTIFIER, false, &seq(&[implicit(0, &[1; 20])]));
    }),
    ("crl/unique-extensions", |crl| crl.extensions.push(crl.extensions[1].clone())),
    ("crl/scope-critical", |crl| {
        crl.extensions.push(extension(
            oid::ISSUING_DISTRIBUTION_POINT,
            false,
            &seq(&[implicit(1, &[0xff])]),
        ));
    }),
    ("crl/unknown-critical", |crl| {
        crl.extensions.push(extension(
            Oid::new("2.25.148926349512345678901234567890123456789.9"),
            true,
            &[5, 0],
        ));
    }),
    ("crl/no-empty-list", |crl| crl.revoked = seq(&[])),
    ("crl/entries-readable", |crl| crl.revoked = seq(&[entry(&[0x11], "2611200000Z", &[])])),
    ("crl/unique-entries", |crl| {
        crl.revoked =
            seq(&[entry(&[0x11], "261120000000Z", &[]), entry(&[0x11], "261121000000Z", &[])]);
    }),
    ("crl/serials-positive", |crl| crl.revoked = seq(&[entry(&[0x91], "261120000000Z", &[])])),
    ("crl/dates-not-later", |crl| crl.revoked = seq(&[entry(&[0x11], "261122000001Z", &[])])),
    ("crl/reasons", |crl| crl.revoked = seq(&[entry(&[0x11], "261120000000Z", &[reason(0)])])),
    ("crl/reasons", |crl| crl.revoked = seq(&[entry(&[0x11], "261120000000Z", &[reason(7)])])),
    ("crl/reasons", |crl| crl.revoked = seq(&[entry(&[0x11], "261120000000Z", &[reason(8)])])),
    ("crl/no-critical-in-entries", |crl| {
        let strange =
            extension(Oid::new("2.25.148926349512345678901234567890123456789.9"), true, &[5, 0]);
        crl.revoked = seq(&[entry(&[0x11], "261120000000Z", &[strange])]);
    }),
];

fn issuer() -> Certificate {
    Certificate::from_der(&sub_ca().der()).expect("a certificate")
}

#[test]
fn a_good_crl_has_no_finding() {
    let without_entries = Draft { revoked: Vec::new(), ..good() };
    for crl in [good(), without_entries] {
        let report = run(&crl.der(), Some(&issuer()));
        assert!(
            report.passed() && report.findings.is_empty() && report.undetermined.is_empty(),
            "{report}"
        );
    }
}

#[test]
fn every_rule_fires_on_its_mutation() {
    for (rule, mutate) in BAD {
        let mut crl = good();
        mutate(&mut crl);
        let report = run(&crl.der(), Some(&issuer()));
        assert!(report.names(rule), "{rule} does not fire; instead:\n{report}");
    }
    for rule in rules() {
        assert!(BAD.iter().any(|(name, _)| *name == rule.name), "{} has no bad example", rule.name);
    }
}

#[test]
fn without_the_issuer_what_compares_stays_undetermined() {
    let report = run(&good().der(), None);
    assert!(!report.passed() && report.findings.is_empty());
    assert_eq!(report.undetermined.len(), 3);
}

#[test]
fn what_is_no_crl_is_one_finding() {
    assert!(!run(b"", None).passed());
    assert!(!run(&sub_ca().der(), None).passed());
}
