//! A root, an issuing CA and whom they certify, made by the product's own steps.

use std::fs;
use std::io::Cursor;

use gm::sm2::PrivateKey;
use gm::{UserId, sm3};
use pki::crl::{CrlWriter, Kind as CrlKind, Params, Reason, RevokedEntry};
use pki::ident::{CreditCode, IdNumber};
use pki::lint::Context;
use pki::profile::{Kind, Profile, ProfileSet};
use pki::spki::AlgorithmIdentifier;
use pki::{Certificate, Identifier, Issuer, Order, Serial, SubjectInput, Urls, oid, plan};
use yinxin_fuzz::{key, now};

use crate::write::{instant, key_of};

/// A root, an issuing CA with the key of the targets, and one certificate of each profile.
pub struct World {
    pub profiles: ProfileSet,
    pub root: Certificate,
    pub ca: Certificate,
}

pub fn subject(profile: &Profile) -> SubjectInput {
    let organization = Some("某市大数据管理局".to_owned());
    let credit = CreditCode::parse("91110000600037341L").expect("a code");
    let number = IdNumber::parse("11010519491231002X").expect("a number");
    match profile.kind() {
        Kind::Person => SubjectInput {
            identifiers: vec![Identifier::IdNumber(number)],
            ..SubjectInput::named("张三")
        },
        Kind::Staff => SubjectInput {
            organization,
            units: vec!["信息中心".into(), "一处".into()],
            ..SubjectInput::named("李四")
        },
        Kind::Unit => SubjectInput {
            organization,
            identifiers: vec![Identifier::CreditCode(credit)],
            ..SubjectInput::named("某市大数据管理局")
        },
        Kind::Server => SubjectInput {
            organization,
            dns_names: vec!["zwfw.example.gov.cn".into()],
            ..SubjectInput::named("zwfw.example.gov.cn")
        },
        _ => SubjectInput {
            organization,
            ..SubjectInput::named(profile.title())
        },
    }
}

pub fn urls() -> Urls {
    Urls {
        crl: vec!["http://crl.example.gov.cn/ca.crl".into()],
        freshest_crl: vec!["http://crl.example.gov.cn/delta.crl".into()],
        ocsp: vec!["http://ocsp.example.gov.cn/".into()],
        ca_issuers: vec!["http://ca.example.gov.cn/ca.cer".into()],
        cps: Some("http://ca.example.gov.cn/cps".into()),
    }
}

/// Plans, lints, signs and finishes. `number` makes key and serial.
pub fn issue(
    profile: &Profile,
    issuer: Option<(&Certificate, &PrivateKey)>,
    (holder, number): (&PrivateKey, u8),
) -> Certificate {
    let by = issuer.map_or(Issuer::self_signed(), |(certificate, _)| {
        Issuer::certificate(certificate).expect("a CA")
    });
    let serial = sm3::hash(&[number]).0[..16].try_into().expect("16 octets");
    let order = Order {
        subject: &subject(profile),
        key: holder.public_key(),
        serial: Serial::from_random(serial).expect("a serial"),
        not_before: now(),
        not_after: None,
    };
    let planned = plan(profile, &by, &order, &urls()).expect("a plan");
    let certificate = issuer.map(|(certificate, _)| certificate);
    let context = Context {
        issuer: certificate,
        ..Context::new(profile.lint_role())
    };
    let linted = planned.lint(&context.at(now())).expect("no finding");
    let (signer, id) = (issuer.map_or(holder, |(_, key)| key), UserId::default());
    let signature = signer.sign_digest(&linted.digest(signer.public_key(), &id));
    linted
        .finish(&signature, signer.public_key(), &id)
        .expect("a certificate")
}

impl World {
    pub fn new() -> Self {
        let profiles = ProfileSet::embedded().expect("profiles");
        let root_key = key_of(0x33);
        let root = issue(
            profiles.by_name("root").expect("root"),
            None,
            (&root_key, 1),
        );
        let by = Some((&root, &root_key));
        let ca = issue(profiles.by_name("subca").expect("subca"), by, (key(), 2));
        Self { profiles, root, ca }
    }

    pub fn leaf(&self, profile: &str, number: u8) -> (Certificate, PrivateKey) {
        let profile = self.profiles.by_name(profile).expect("a profile");
        let holder = key_of(number);
        (
            issue(profile, Some((&self.ca, key())), (&holder, number)),
            holder,
        )
    }

    pub fn write_world(&self) {
        let put = |name: &str, octets: &[u8]| {
            fs::write(format!("fuzz/world/{name}"), octets).expect("a file");
        };
        put("root.der", self.root.der());
        put("ca.der", self.ca.der());
        put(
            "root.crl",
            &list(&self.root, &key_of(0x33), CrlKind::Full, 0),
        );
        put("ca.crl", &list(&self.ca, key(), CrlKind::Full, 3));
    }
}

/// A list with this many entries.
pub fn list(issuer: &Certificate, by: &PrivateKey, kind: CrlKind, entries: u8) -> Vec<u8> {
    let params = Params {
        issuer: issuer.subject(),
        authority_key: &issuer.spki().key_identifier(),
        this_update: now(),
        next_update: instant("2036-11-22T08:00:00Z"),
        number: 7,
        kind,
        scope: None,
        freshest: Vec::new(),
        algorithm: AlgorithmIdentifier::bare(oid::SM2_WITH_SM3),
    };
    let mut writer = CrlWriter::new(&params, Cursor::new(Vec::new())).expect("a list");
    let reasons = [
        Reason::KeyCompromise,
        Reason::CertificateHold,
        Reason::Superseded,
    ];
    for (number, reason) in (0..entries).zip(reasons.into_iter().cycle()) {
        let serial = Serial::from_magnitude(&[0x40 + number, 1]).expect("a serial");
        let (at, invalid_since) = (now(), (number % 2 == 0).then(now));
        writer
            .push(&RevokedEntry {
                serial,
                at,
                reason,
                invalid_since,
            })
            .expect("an entry");
    }
    let mut unsigned = writer
        .finish(by.public_key(), &UserId::default())
        .expect("a list");
    let signature = by.sign_digest(unsigned.digest());
    let mut out = Vec::new();
    unsigned.assemble(&signature, &mut out).expect("a list");
    out
}
