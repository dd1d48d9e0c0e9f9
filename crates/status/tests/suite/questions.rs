//! What may be asked, and how it is answered: many certificates, nonces, what was never issued, what
//! is over.

use jiff::{SignedDuration, Timestamp};
use pki::crl::Reason;
use pki::ocsp::{CertStatus, Failure, HashAlgorithm, Nonce, Request};
use pki::strict::Writer;
use status::{Caching, Outcome, StatusConfig, Unissued};

use crate::world::{World, at, believe, cert_id, label, question, read};

#[tokio::test]
async fn one_question_about_certificates_in_every_state_is_answered_in_its_order() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    for number in [5, 6, 7] {
        world.issue(&issuer, number).await;
    }
    world.change(&issuer, 6, "suspended", Some(6)).await;
    world.change(&issuer, 7, "revoked", Some(1)).await;
    let responder = world.responder().await;
    // Different digests within one question, as a client behind several libraries may ask.
    let [sha1, sha256, sm3] = HashAlgorithm::KNOWN;
    let asked = [(sm3, 7), (sha1, 5), (sha256, 6), (sm3, 8), (sm3, 5)];
    let ids = asked.map(|(hash, number)| cert_id(&issuer, hash, number)).to_vec();
    for octets in [1, 16, 32, 128] {
        let nonce = Nonce::new(vec![0xa5; octets]).unwrap();
        let request = Request::new(ids.clone(), Some(nonce.clone())).unwrap();
        let answer = responder.answer(request.der()).await;
        let revoked = |reason| CertStatus::Revoked { at: at(0), reason };
        let expected = [
            revoked(Reason::KeyCompromise),
            CertStatus::Good,
            revoked(Reason::CertificateHold),
            CertStatus::Unknown,
            CertStatus::Good,
        ];
        assert_eq!(believe(&answer, &issuer, &request, at(0)), expected);
        assert_eq!(read(&answer).nonce(), Some(&nonce));
        assert_eq!(answer.caching, Caching::NoStore);
    }
}

#[tokio::test]
async fn more_certificates_than_the_setting_allows_are_malformed() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let config = StatusConfig { certificates: 3, ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    for (count, fits) in [(3, true), (4, false)] {
        let ids = (1..=count).map(|n| cert_id(&issuer, HashAlgorithm::Sm3, n)).collect();
        let answer = responder.answer(Request::new(ids, None).unwrap().der()).await;
        let refused = answer.outcome == Outcome::Failed(Failure::MalformedRequest);
        assert_eq!(refused, !fits, "{count}");
    }
}

/// T-07 and RFC 6960 §4.4.8: "revoked" of what was never issued says that it means that.
#[tokio::test]
async fn what_was_never_issued_is_on_hold_since_1970_where_the_setting_says_so() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let config = StatusConfig { unissued: Unissued::Revoked, ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    let request = question(&issuer, 6);
    let answer = responder.answer(request.der()).await;
    let (reason, beginning) = (Reason::CertificateHold, Timestamp::UNIX_EPOCH);
    let never = CertStatus::Revoked { at: beginning, reason };
    assert_eq!(believe(&answer, &issuer, &request, at(0)), [never]);
    assert!(read(&answer).is_extended_revoke());
    assert_eq!(answer.caching, Caching::NoStore);
    // Others are answered as ever, and issued is good in the next answer.
    let good = responder.answer(question(&issuer, 5).der()).await;
    assert!(!read(&good).is_extended_revoke());
    world.issue(&issuer, 6).await;
    let after = responder.answer(request.der()).await;
    assert_eq!(believe(&after, &issuer, &request, at(0)), [CertStatus::Good]);
    assert!(!read(&after).is_extended_revoke());
}

/// RFC 6960 §4.4.4.
#[tokio::test]
async fn answers_about_what_is_over_tell_since_when_status_is_kept() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    world.insert(&issuer, 6, "6".repeat(64), None, at(-10)).await;
    world.change(&issuer, 6, "revoked", Some(4)).await;
    let kept = SignedDuration::from_hours(5 * 8_766);
    let config = StatusConfig { retention: Some(kept), ..StatusConfig::new(label()) };
    let responder = world.responder_on(&world.store, config).await;
    for (number, cutoff) in [(5, None), (6, Some(at(-kept.as_secs())))] {
        for _ in 0..2 {
            // Signed, and put together again.
            let answer = responder.answer(question(&issuer, number).der()).await;
            assert_eq!(read(&answer).singles()[0].archive_cutoff, cutoff, "{number}");
        }
    }
}

/// RFC 6960 §4.4.7: a wish for another algorithm is heard and not met; SM2 with SM3 is all there is.
#[tokio::test]
async fn preferred_signature_algorithms_change_nothing() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    world.issue(&issuer, 5).await;
    let responder = world.responder().await;
    let id = cert_id(&issuer, HashAlgorithm::Sha1, 5);
    let (preferred, rsa) = (pki::Oid::new("1.3.6.1.5.5.7.48.1.8"), pki::oid::RSA);
    let octets = Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| w.sequence(|w| w.raw(id.der())));
                w.explicit(2, |w| {
                    w.sequence(|w| {
                        w.sequence(|w| {
                            w.oid(&preferred);
                            w.octet_string_of(|w| {
                                w.sequence(|w| w.sequence(|w| w.sequence(|w| w.oid(&rsa))));
                            });
                        });
                    });
                });
            });
        });
    });
    let request = Request::from_der(&octets).unwrap();
    let answer = responder.answer(&octets).await;
    assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
}
