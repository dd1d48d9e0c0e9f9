//! One good answer, and one mutation for each rule.

use super::{rules, run};
use crate::lint::example::{
    CA_KEY, Example, LEAF_KEY, ROOT_KEY, der::*, ocsp_responder, person_name, person_sign, sign,
    sm2_with_sm3, sub_ca,
};
use crate::oid::{self, Oid};
use crate::{Certificate, Name};

#[derive(Clone)]
struct Draft {
    status: u8,
    body: bool,
    responder: Vec<u8>,
    produced_at: Vec<u8>,
    singles: Vec<Vec<u8>>,
    extensions: Vec<Vec<u8>>,
    algorithm: Vec<u8>,
    signer: u8,
    certificate: Option<Example>,
}

fn time(text: &str) -> Vec<u8> {
    tlv(0x18, text.as_bytes())
}

fn certificate_id(serial: u8) -> Vec<u8> {
    seq(&[seq(&[oid(oid::SM3)]), tlv(0x04, &[1; 32]), tlv(0x04, &[2; 32]), integer(&[serial])])
}

fn single(serial: u8, status: Vec<u8>, this_update: &str, next_update: Option<&str>) -> Vec<u8> {
    let next = next_update.map(|text| explicit(0, &time(text))).unwrap_or_default();
    seq(&[certificate_id(serial), status, time(this_update), next])
}

fn known_good(serial: u8) -> Vec<u8> {
    single(serial, implicit(0, &[]), "20261122080000Z", Some("20261122200000Z"))
}

fn subject(example: &Example) -> Vec<u8> {
    Name::from_der(&example.subject).expect("a name").der().to_vec()
}

fn good() -> Draft {
    Draft {
        status: 0,
        body: true,
        responder: explicit(1, &subject(&ocsp_responder())),
        produced_at: time("20261122080000Z"),
        singles: vec![known_good(7)],
        extensions: Vec::new(),
        algorithm: sm2_with_sm3(),
        signer: LEAF_KEY,
        certificate: Some(ocsp_responder()),
    }
}

impl Draft {
    fn der(&self) -> Vec<u8> {
        let status = tlv(0x0a, &[self.status]);
        if !self.body {
            return seq(&[status]);
        }
        let extensions = if self.extensions.is_empty() {
            Vec::new()
        } else {
            explicit(1, &seq(&self.extensions))
        };
        let tbs = seq(&[
            self.responder.clone(),
            self.produced_at.clone(),
            seq(&self.singles),
            extensions,
        ]);
        let signature = sign(self.signer, &tbs);
        let certificates = self
            .certificate
            .as_ref()
            .map(|one| explicit(0, &seq(&[one.der()])))
            .unwrap_or_default();
        let basic = seq(&[tbs, self.algorithm.clone(), bit_string(&signature), certificates]);
        seq(&[status, explicit(0, &seq(&[oid(oid::OCSP_BASIC), tlv(0x04, &basic)]))])
    }
}

type Mutation = fn(&mut Draft);

/// The rule that must fire, and the mutation.
const BAD: &[(&str, Mutation)] = &[
    ("ocsp/strict-der", |answer| answer.status = 0x80),
    ("ocsp/body-matches-status", |answer| answer.body = false),
    ("ocsp/body-matches-status", |answer| answer.status = 6),
    ("ocsp/not-empty", |answer| answer.singles.clear()),
    ("ocsp/unique-entries", |answer| answer.singles.push(known_good(7))),
    ("ocsp/responder-by-name", |answer| answer.responder = explicit(2, &tlv(0x04, &[1; 20]))),
    ("ocsp/responder-name", |answer| answer.responder = explicit(1, &person_name())),
    ("ocsp/responder-certificate", |answer| {
        answer.certificate = Some(person_sign());
        answer.responder = explicit(1, &person_name());
    }),
    ("ocsp/responder-certificate", |answer| {
        answer.certificate = Some(ocsp_responder().signer(ROOT_KEY))
    }),
    ("ocsp/signature-algorithm", |answer| {
        answer.algorithm = seq(&[oid(Oid::new("1.2.840.10045.4.3.2"))])
    }),
    ("ocsp/signature", |answer| answer.signer = ROOT_KEY),
    ("ocsp/time-form", |answer| answer.produced_at = time("20261122080000.5Z")),
    ("ocsp/next-update", |answer| {
        answer.singles = vec![single(7, implicit(0, &[]), "20261122080000Z", None)]
    }),
    ("ocsp/window", |answer| {
        answer.singles =
            vec![single(7, implicit(0, &[]), "20261122080000Z", Some("20261122080000Z"))];
    }),
    ("ocsp/window", |answer| {
        answer.singles =
            vec![single(7, implicit(0, &[]), "20261122080001Z", Some("20261122200000Z"))];
    }),
    ("ocsp/revocation-not-later", |answer| {
        let revoked = explicit(1, &time("20261122080001Z"));
        answer.singles = vec![single(7, revoked, "20261122080000Z", Some("20261122200000Z"))];
    }),
    ("ocsp/unknown-critical", |answer| {
        let strange = Oid::new("2.25.148926349512345678901234567890123456789.9");
        answer.extensions = vec![seq(&[oid(strange), boolean(true), tlv(0x04, &[5, 0])])];
    }),
];

fn issuer() -> Certificate {
    Certificate::from_der(&sub_ca().der()).expect("a certificate")
}

#[test]
fn good_answers_have_no_finding() {
    let delegated = good();
    let by_the_authority = Draft {
        responder: explicit(1, &subject(&sub_ca())),
        signer: CA_KEY,
        certificate: None,
        ..good()
    };
    let refusal = Draft { status: 6, body: false, ..good() };
    for answer in [delegated, by_the_authority, refusal] {
        let report = run(&answer.der(), Some(&issuer()));
        assert!(
            report.passed() && report.findings.is_empty() && report.undetermined.is_empty(),
            "{report}"
        );
    }
}

#[test]
fn every_rule_fires_on_its_mutation() {
    for (rule, mutate) in BAD {
        let mut answer = good();
        mutate(&mut answer);
        let mut der = answer.der();
        if *rule == "ocsp/strict-der" {
            // Two octets for the status, the first of them needless.
            der = seq(&[tlv(0x0a, &[0, 6])]);
        }
        let report = run(&der, Some(&issuer()));
        assert!(report.names(rule), "{rule} does not fire; instead:\n{report}");
    }
    for rule in rules() {
        assert!(BAD.iter().any(|(name, _)| *name == rule.name), "{} has no bad example", rule.name);
    }
}

#[test]
fn what_is_no_answer_is_one_finding() {
    assert!(!run(b"", None).passed());
    assert!(!run(&sub_ca().der(), None).passed());
}
