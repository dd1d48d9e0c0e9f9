//! Several issuers behind one responder.

use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::crl::Reason;
use pki::ocsp::{CertStatus, Failure, HashAlgorithm, Request};
use status::Outcome;

use crate::world::{Issuer, World, at, believe, cert_id, question};

const GONE: CertStatus =
    CertStatus::Revoked { at: jiff::Timestamp::UNIX_EPOCH, reason: Reason::KeyCompromise };

fn without_time(status: CertStatus) -> CertStatus {
    match status {
        CertStatus::Revoked { reason, .. } => {
            CertStatus::Revoked { at: jiff::Timestamp::UNIX_EPOCH, reason }
        }
        other => other,
    }
}

/// T-15: revoking one CA's certificate once made another's look revoked.
#[tokio::test]
async fn the_same_serial_under_two_issuers_is_two_certificates() {
    let world = World::new().await;
    let (one, two) = (world.issuer("甲").await, world.issuer("乙").await);
    for issuer in [&one, &two] {
        world.issue(issuer, 5).await;
    }
    let responder = world.responder().await;
    let status = async |issuer: &Issuer| {
        let request = question(issuer, 5);
        let answer = responder.answer(request.der()).await;
        without_time(believe(&answer, issuer, &request, at(0))[0])
    };
    assert_eq!((status(&one).await, status(&two).await), (CertStatus::Good, CertStatus::Good));
    world.change(&one, 5, "revoked", Some(1)).await;
    responder.invalidate(&crate::world::serial(5));
    assert_eq!((status(&one).await, status(&two).await), (GONE, CertStatus::Good));
}

/// T-15: the key belongs to the name; a namesake with another key is nobody we know.
#[tokio::test]
async fn a_namesake_of_an_issuer_is_not_answered_for() {
    let world = World::new().await;
    let issuer = world.issuer("甲").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let spki = pki::Spki::of(key.public_key());
    for hash in HashAlgorithm::KNOWN {
        let name = issuer.certificate.subject();
        let id = pki::ocsp::CertId::of(hash, name, &spki, crate::world::serial(5)).unwrap();
        let request = Request::new(vec![id], None).unwrap();
        let answer = responder.answer(request.der()).await;
        assert_eq!(answer.outcome, Outcome::Failed(Failure::Unauthorized));
    }
}

#[tokio::test]
async fn every_digest_names_the_same_certificate() {
    let world = World::new().await;
    let issuer = world.issuer("甲").await;
    world.issue(&issuer, 5).await;
    world.change(&issuer, 5, "suspended", Some(6)).await;
    let responder = world.responder().await;
    for hash in HashAlgorithm::KNOWN {
        let request = Request::new(vec![cert_id(&issuer, hash, 5)], None).unwrap();
        let answer = responder.answer(request.der()).await;
        let status = believe(&answer, &issuer, &request, at(0))[0];
        assert_eq!(status, CertStatus::Revoked { at: at(0), reason: Reason::CertificateHold });
    }
}

#[tokio::test]
async fn a_question_across_two_issuers_is_refused_and_a_foreign_part_is_unknown() {
    let world = World::new().await;
    let (one, two) = (world.issuer("甲").await, world.issuer("乙").await);
    world.issue(&one, 5).await;
    let responder = world.responder().await;
    let hash = HashAlgorithm::Sm3;
    let across = vec![cert_id(&one, hash, 5), cert_id(&two, hash, 5)];
    let across = Request::new(across, None).unwrap();
    let answer = responder.answer(across.der()).await;
    assert_eq!(answer.outcome, Outcome::Failed(Failure::Unauthorized));
    let elsewhere = World::new().await;
    let foreign = elsewhere.mute_issuer("别处").await;
    let mixed = vec![cert_id(&one, hash, 5), cert_id(&foreign, hash, 5)];
    let mixed = Request::new(mixed, None).unwrap();
    let answer = responder.answer(mixed.der()).await;
    let statuses = believe(&answer, &one, &mixed, at(0));
    assert_eq!(statuses, [CertStatus::Good, CertStatus::Unknown]);
}
