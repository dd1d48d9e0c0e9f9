//! A small world for the tests: a root, an issuing CA, and keys.

#![allow(dead_code, reason = "each test takes what it needs")]

pub mod der;

use gm::sm2::PrivateKey;
use gm::{OsRandom, Random, UserId};
use jiff::Timestamp;
use pki::ident::{CreditCode, IdNumber};
use pki::lint::Context;
use pki::profile::{Kind, Profile, ProfileSet};
use pki::{Certificate, Identifier, Issuer, Order, Serial, SubjectInput, Urls, plan};

/// A certificate and its key.
pub struct Holder {
    pub certificate: Certificate,
    pub key: PrivateKey,
}

pub struct World {
    pub profiles: ProfileSet,
    pub root: Holder,
    pub ca: Holder,
}

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn now() -> Timestamp {
    at("2026-11-22T08:00:00Z")
}

pub fn new_key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

pub fn new_serial() -> Serial {
    let mut random = [0; 16];
    OsRandom.fill(&mut random).unwrap();
    Serial::from_random(random).unwrap()
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

/// A subject that fits the profile.
pub fn subject_for(profile: &Profile) -> SubjectInput {
    let organization = Some("某市大数据管理局".to_owned());
    let credit = Identifier::CreditCode(CreditCode::parse("91110000600037341L").unwrap());
    let state = Some("北京市".to_owned());
    match profile.kind() {
        Kind::Person => SubjectInput {
            state,
            email: Some("zhang.san@example.gov.cn".into()),
            identifiers: vec![Identifier::IdNumber(IdNumber::parse("11010519491231002X").unwrap())],
            ..SubjectInput::named("张三")
        },
        Kind::Staff => SubjectInput {
            organization,
            units: vec!["信息中心".into(), "一处".into()],
            ..SubjectInput::named("李四")
        },
        Kind::Unit => SubjectInput {
            organization,
            identifiers: vec![credit],
            ..SubjectInput::named("某市大数据管理局")
        },
        Kind::Device => SubjectInput { organization, ..SubjectInput::named("签章服务器 01") },
        Kind::Server => SubjectInput {
            organization,
            dns_names: vec!["zwfw.example.gov.cn".into()],
            ip_addresses: vec!["192.0.2.7".parse().unwrap(), "2001:db8::7".parse().unwrap()],
            ..SubjectInput::named("zwfw.example.gov.cn")
        },
        _ => SubjectInput {
            organization: Some("印信测试认证机构".into()),
            ..SubjectInput::named(profile.title())
        },
    }
}

/// Plans, lints, signs and finishes.
pub fn issue(
    profile: &Profile,
    issuer: Option<&Holder>,
    subject: &SubjectInput,
    key: &PrivateKey,
) -> Certificate {
    let (id, public) = (UserId::default(), key.public_key());
    let by = issuer
        .map_or(Issuer::self_signed(), |issuer| Issuer::certificate(&issuer.certificate).unwrap());
    let order =
        Order { subject, key: public, serial: new_serial(), not_before: now(), not_after: None };
    let planned = plan(profile, &by, &order, &urls()).unwrap();
    let context = Context {
        issuer: issuer.map(|issuer| &issuer.certificate),
        ..Context::new(profile.lint_role())
    };
    let linted = planned
        .lint(&context.at(now()))
        .unwrap_or_else(|report| panic!("{}: {report}", profile.name()));
    let signer = issuer.map_or(key, |issuer| &issuer.key);
    let signature = signer.sign_digest(&linted.digest(signer.public_key(), &id));
    linted.finish(&signature, signer.public_key(), &id).unwrap()
}

impl World {
    pub fn new() -> Self {
        let profiles = ProfileSet::embedded().unwrap();
        let (root_key, ca_key) = (new_key(), new_key());
        let profile = profiles.by_name("root").unwrap();
        let root = Holder {
            certificate: issue(profile, None, &subject_for(profile), &root_key),
            key: root_key,
        };
        let profile = profiles.by_name("subca").unwrap();
        let ca = Holder {
            certificate: issue(profile, Some(&root), &subject_for(profile), &ca_key),
            key: ca_key,
        };
        Self { profiles, root, ca }
    }

    pub fn profile(&self, name: &str) -> &Profile {
        self.profiles.by_name(name).unwrap()
    }

    /// A certificate of this profile for its usual subject.
    pub fn leaf(&self, name: &str) -> Holder {
        let (profile, key) = (self.profile(name), new_key());
        let certificate = issue(profile, Some(&self.ca), &subject_for(profile), &key);
        Holder { certificate, key }
    }
}
