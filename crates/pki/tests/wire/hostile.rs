//! Whatever octets come: no parser panics, and what one accepts it would write the same.

use gm::OsRandom;
use pki::crl::Crl;
use pki::message::{EnvelopedData, SignedAndEnvelopedData, SignedData, Signing};
use pki::ocsp::{CertStatus, HashAlgorithm, Nonce, Reply, Request};
use pki::response::CsrResponse;
use pki::{envelope, skf};
use proptest::prelude::*;

use crate::world;

/// Hands the octets to every parser.
fn read_everything(octets: &[u8]) {
    drop(Crl::from_der(octets).map(|crl| crl.entries().count() == crl.len()));
    drop(Reply::from_der(octets));
    drop(SignedData::from_der(octets));
    drop(EnvelopedData::from_der(octets));
    drop(SignedAndEnvelopedData::from_der(octets));
    drop(CsrResponse::decode(octets));
    if let Ok(request) = Request::from_der(octets) {
        assert_eq!(request.der(), octets);
    }
    if let Ok(key) = envelope::decode(octets)
        && octets.windows(2).any(|window| window == [5, 0])
    {
        assert_eq!(envelope::decode(&envelope::encode(&key)).unwrap(), key);
    }
    if let Ok(key) = skf::decode(octets) {
        assert_eq!(skf::encode(&key), octets);
    }
}

/// One good specimen of every structure.
fn specimens() -> Vec<Vec<u8>> {
    let authority = world::authority("颁发者");
    let responder = world::responder(&authority);
    let id = crate::ocsp::cert_id(&authority, HashAlgorithm::Sm3, 5);
    let nonce = Nonce::new([1; 32]).unwrap();
    let singles = [crate::ocsp::single(&id, CertStatus::Good)];
    let gmid = gm::UserId::default();
    let signing =
        Signing { certificate: &authority.certificate, id: &gmid, at: Some(world::now()) };
    let sign = |e: &gm::Digest| Ok::<_, pki::Error>(authority.key.sign_digest(e));
    let recipients = [&authority.certificate];
    let entries = (1..4).map(|n| crate::crl::entry(n, pki::crl::Reason::KeyCompromise));
    vec![
        crate::crl::write(&authority, &crate::crl::params(&authority), entries).unwrap(),
        Request::new(vec![id.clone()], Some(nonce.clone())).unwrap().der().to_vec(),
        crate::ocsp::answer(&responder, &singles, Some(&nonce)),
        SignedData::sign(b"content", &signing, sign).unwrap(),
        EnvelopedData::seal(b"content", &recipients, &mut OsRandom).unwrap(),
        SignedAndEnvelopedData::seal(b"content", &signing, &recipients, &mut OsRandom, sign)
            .unwrap(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn arbitrary_octets_never_panic(octets in proptest::collection::vec(any::<u8>(), 0..600)) {
        read_everything(&octets);
    }
}

#[test]
fn specimens_with_octets_changed_cut_or_doubled_never_panic() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for specimen in specimens() {
        let length = specimen.len();
        let changes = proptest::collection::vec((0..length, any::<u8>()), 1..4);
        let strategy = (changes, 0..length, 0..3_u8);
        let config = ProptestConfig::with_cases(1500);
        runner = proptest::test_runner::TestRunner::new_with_rng(config, runner.new_rng());
        let run = runner.run(&strategy, |(changes, at, how)| {
            let mut octets = specimen.clone();
            match how {
                0 => changes.into_iter().for_each(|(at, octet)| octets[at] = octet),
                1 => octets.truncate(at),
                _ => octets.extend_from_slice(&specimen[at..]),
            }
            read_everything(&octets);
            Ok(())
        });
        run.unwrap();
    }
}

/// Huge lengths and deep nesting cost nothing.
#[test]
fn claimed_lengths_and_nesting_are_refused_at_once() {
    read_everything(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]);
    read_everything(&[0x30; 100_000]);
    read_everything(&[0x30, 0x80].repeat(50_000));
    read_everything(&vec![0; 10_000_000]);
}
