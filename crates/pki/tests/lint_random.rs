//! Random and damaged octets: lints and path validation answer, and never panic.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

use pki::lint::{Context, Role, crl, ocsp, run_der, run_tbs};
use pki::path::{Options, Request, validate};
use pki::{Certificate, Oid};
use proptest::prelude::*;

/// A self-signed SM2 certificate by OpenSSL with most extensions that are known here, as a seed to damage.
const SEED: &[u8] = include_bytes!("path/data/seed.der");

fn roles() -> impl Strategy<Value = Role> {
    prop::sample::select(vec![
        Role::Sign,
        Role::Encrypt,
        Role::Server,
        Role::OcspResponder,
        Role::TimestampAuthority,
        Role::SubordinateCa,
        Role::Root,
    ])
}

/// The seed with some octets changed and perhaps its end cut off.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let changes = prop::collection::vec((0..SEED.len(), any::<u8>()), 0..6);
    (changes, 0..=SEED.len()).prop_map(|(changes, length)| {
        let mut octets = SEED.to_vec();
        for (place, value) in changes {
            octets[place] = value;
        }
        if length % 4 == 0 {
            octets.truncate(length);
        }
        octets
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_octets_are_judged(octets in prop::collection::vec(any::<u8>(), 0..600), role in roles()) {
        let context = Context::new(role);
        prop_assert!(!run_tbs(&octets, &context).passed());
        prop_assert!(!run_der(&octets, &context).passed());
        prop_assert!(!crl::run(&octets, None).passed());
        prop_assert!(!ocsp::run(&octets, None).passed());
    }

    #[test]
    fn damaged_certificates_are_judged(octets in damaged(), role in roles()) {
        let context = Context::for_der(&octets);
        let _ = run_der(&octets, &context);
        let _ = run_der(&octets, &Context::new(role));
        let _ = crl::run(&octets, None);
        if let Ok(certificate) = Certificate::from_der(&octets) {
            let options = Options { purpose: Oid::parse("1.3.6.1.5.5.7.3.1"), ..Options::default() };
            let at = "2026-11-22T08:00:00Z".parse().expect("an instant");
            let list = [certificate.clone()];
            let request =
                Request { leaf: &certificate, untrusted: &list, anchors: &list, crls: &[], at, options: &options };
            prop_assert_eq!(validate(&request).checks.len(), 13);
        }
    }
}

#[test]
fn the_seed_itself_is_read() {
    let certificate = Certificate::from_der(SEED).expect("the seed");
    let report = run_der(SEED, &Context::for_certificate(&certificate));
    assert!(report.checked > 40, "{report}");
}
