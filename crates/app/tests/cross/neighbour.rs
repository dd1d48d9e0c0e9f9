//! Another institution, made here and not by the product, and the ceremony by which ours recognises it. The tests of the
//! directory use it too.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each suite takes what it needs"
)]

use app::Parts;
use app::cross::{Crossing, cross_certify};
use ca::ceremony::{CrossReport, Custodian, Participants, Person, SealedShare};
use ca::rules::cross::PeerFiles;
use gm::{UserId, sm3};
use pki::ext::GeneralName;
use pki::lint::Context;
use pki::profile::ProfileSet;
use pki::strict::Tag;
use pki::{
    Certificate, CrossOrder, CrossTerms, Issuer, Name, Oid, Serial, Urls, csr, oid, plan_cross,
};
use store::Opening;

use crate::family::{Made, ca, key, name, user};
use crate::world::World;

pub const LONG: (&str, &str) = ("2020-01-01T00:00:00Z", "2049-12-31T23:59:59Z");

pub fn root() -> Made {
    ca("邻省根CA").valid(LONG.0, LONG.1).self_signed()
}

pub fn issuing() -> Made {
    ca("邻省SM2 CA").valid(LONG.0, LONG.1).by(&root())
}

/// The policy of the neighbour that is recognised.
fn theirs() -> Oid {
    Oid::parse("1.2.156.10261.7.1").unwrap()
}

/// A subscriber within the names that are recognised.
pub fn within() -> Made {
    user("王五").policy(theirs()).valid(LONG.0, LONG.1).by(&issuing())
}

/// One beyond them.
pub fn beyond() -> Made {
    let subject = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "测试认证中心"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, "张三"),
    ]);
    user("赵六").policy(theirs()).subject(subject).valid(LONG.0, LONG.1).by(&issuing())
}

pub fn terms() -> CrossTerms {
    let names = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "示例机构"),
    ]);
    let (ours, theirs) = ("1.2.156.10260.7.1", "1.2.156.10261.7.1");
    let oid = |text: &str| Oid::parse(text).unwrap();
    CrossTerms {
        path_len: 0,
        permitted: vec![GeneralName::Directory(names)],
        policies: vec![oid(ours)],
        mappings: vec![(oid(ours), oid(theirs))],
    }
}

pub fn parts(world: &World) -> Parts {
    Parts {
        layout: world.institution.layout().clone(),
        settings: world.institution.settings().clone(),
        device: world.device.clone(),
        kmc_device: None,
        clock: world.clock.clone(),
        opening: Opening::Existing,
    }
}

/// Three of the custodians' files.
pub fn shares(world: &World) -> Vec<SealedShare> {
    let folder = world.institution.layout().ceremony().join("shares");
    let share = |at: usize| SealedShare {
        path: folder.join(format!("share-{at}.json")),
        passphrase: format!("custodian passphrase {at}").into(),
    };
    [2, 3, 5].map(share).to_vec()
}

/// Holds the ceremony: our root recognises a CA until the end of a year.
pub async fn recognise(world: &World, peer: &Made, year: u16) -> CrossReport {
    let person = |id: &str| Person::new(id, format!("姓名{id}"), "职务");
    let custodian = |at: usize| Custodian {
        person: person(&format!("K{at}")),
        passphrase: format!("custodian passphrase {at}").into(),
    };
    let info = csr::request_info(&name(&peer.key), key(&peer.key).public_key());
    let request = csr::signed_request(&info, &key(&peer.key).sign(&UserId::default(), &info));
    let crossing = Crossing {
        ceremony: format!("cross-{year}-{}", peer.certificate.serial().to_hex()),
        peer: PeerFiles {
            certificate: peer.certificate.to_pem().unwrap().into_bytes(),
            fingerprint: peer.certificate.fingerprint(),
            issuer: Some(root().certificate.to_pem().unwrap().into_bytes()),
            request: Some(request),
            challenge: None,
        },
        terms: terms(),
        until: format!("{year}-12-31T15:59:59Z").parse().unwrap(),
        participants: Participants {
            leader: person("L1"),
            witnesses: vec![person("W1")],
            custodians: [2, 3, 5].map(custodian).to_vec(),
            officers: vec![person("S1")],
        },
        shares: shares(world),
    };
    cross_certify(&parts(world), world.institution.store(), crossing).await.unwrap()
}

/// What a CA of the neighbour issues for one of ours.
pub fn half(world: &World, by: &Made, ours: &Certificate) -> Certificate {
    let profiles = ProfileSet::embedded().unwrap();
    let random = sm3::hash(ours.der()).0[..16].try_into().unwrap();
    let country = Name::from_attributes([(oid::COUNTRY, Tag::PRINTABLE_STRING, "CN")]);
    let terms = CrossTerms { permitted: vec![GeneralName::Directory(country)], ..terms() };
    let order = CrossOrder {
        peer: ours,
        serial: Serial::from_random(random).unwrap(),
        not_before: world.now(),
        not_after: "2031-01-01T00:00:00Z".parse().unwrap(),
        terms: &terms,
    };
    let urls = Urls { crl: vec!["http://crl.neighbour.cn/root.crl".into()], ..Urls::default() };
    let issuer = Issuer::certificate(&by.certificate).unwrap();
    let planned = plan_cross(profiles.by_name("cross").unwrap(), &issuer, &order, &urls).unwrap();
    let context = Context::new(planned.lint_role()).issued_by(&by.certificate).at(world.now());
    let linted = planned.lint(&context).unwrap();
    let (signer, id) = (key(&by.key), UserId::default());
    let signature = signer.sign_digest(&linted.digest(signer.public_key(), &id));
    linted.finish(&signature, signer.public_key(), &id).unwrap()
}
