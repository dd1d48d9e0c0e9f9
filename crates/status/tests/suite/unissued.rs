//! What was not issued is never good.

use pki::Serial;
use pki::ocsp::{CertStatus, Failure, HashAlgorithm, Request};
use status::{Caching, Outcome};

use crate::world::{World, at, believe, cert_id, question, serial};

/// T-07: a hacked CA's responder said "good" for serials that its records did not know.
#[tokio::test]
async fn ten_thousand_random_and_neighbouring_serials_are_never_good() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let issued: Vec<u64> = (1..=50).map(|n| n * 1_000_003).collect();
    for number in &issued {
        world.issue(&issuer, *number).await;
    }
    let responder = world.responder().await;
    let neighbours = issued.iter().flat_map(|n| (1..=50).flat_map(move |d| [n - d, n + d]));
    let random = (1..=5000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1 << 63);
    let wanted: Vec<u64> = neighbours.chain(random).collect();
    assert_eq!(wanted.len(), 10_000);
    for chunk in wanted.chunks(32) {
        let ids = chunk.iter().map(|n| cert_id(&issuer, HashAlgorithm::Sm3, *n)).collect();
        let request = Request::new(ids, None).unwrap();
        let answer = responder.answer(request.der()).await;
        let statuses = believe(&answer, &issuer, &request, at(0));
        assert!(statuses.iter().all(|status| *status == CertStatus::Unknown));
    }
    // The issued ones are good, so that the test can fail.
    for number in issued {
        let request = question(&issuer, number);
        let answer = responder.answer(request.der()).await;
        assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Good]);
    }
}

#[tokio::test]
async fn the_longest_and_shortest_serials_are_unknown() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let responder = world.responder().await;
    for magnitude in [&[1][..], &[0x7f; 20], &[0xff; 19]] {
        let serial = Serial::from_magnitude(magnitude).unwrap();
        let certificate = &issuer.certificate;
        let id = pki::ocsp::CertId::of(
            HashAlgorithm::Sha256,
            certificate.subject(),
            certificate.spki(),
            serial,
        );
        let request = Request::new(vec![id.unwrap()], None).unwrap();
        let answer = responder.answer(request.der()).await;
        assert_eq!(believe(&answer, &issuer, &request, at(0)), [CertStatus::Unknown]);
    }
}

/// "Unknown" may be wrong in the next moment, so nobody keeps it (T-08).
#[tokio::test]
async fn a_certificate_issued_after_it_was_asked_for_is_good_at_once() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let responder = world.responder().await;
    let request = question(&issuer, 5);
    for _ in 0..2 {
        let before = responder.answer(request.der()).await;
        assert_eq!(believe(&before, &issuer, &request, at(0)), [CertStatus::Unknown]);
        assert_eq!(before.caching, Caching::NoStore);
    }
    world.issue(&issuer, 5).await;
    let after = responder.answer(request.der()).await;
    assert_eq!(believe(&after, &issuer, &request, at(0)), [CertStatus::Good]);
}

#[tokio::test]
async fn what_is_no_question_gets_malformed_request() {
    let world = World::new().await;
    let issuer = world.issuer("颁发者").await;
    let responder = world.responder().await;
    let good = question(&issuer, 5).der().to_vec();
    let trailing = [&good[..], &[0]].concat();
    for octets in [&b""[..], b"\x30", b"GET / HTTP/1.1", &[0; 100_000], &trailing, &good[1..]] {
        let answer = responder.answer(octets).await;
        assert_eq!(answer.outcome, Outcome::Failed(Failure::MalformedRequest));
        assert_eq!(&answer.body[..], [0x30, 3, 10, 1, 1]);
        assert_eq!(answer.caching, Caching::NoStore);
    }
    assert_eq!(serial(5), *question(&issuer, 5).certificates()[0].serial());
}
