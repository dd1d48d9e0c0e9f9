//! A second implementation reads what we write: every certificate decodes with
//! RustCrypto's `x509-cert`, says the same, and encodes to the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod support;

use der::{Decode, Encode};
use pki::Certificate;
use support::World;

fn agrees(ours: &Certificate) {
    let theirs = x509_cert::Certificate::from_der(ours.der()).unwrap();
    assert_eq!(theirs.to_der().unwrap(), ours.der());
    let tbs = theirs.tbs_certificate();
    let seconds = |time: x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs());
    let validity = tbs.validity();
    assert_eq!(seconds(validity.not_before).unwrap(), ours.not_before().as_second());
    assert_eq!(seconds(validity.not_after).unwrap(), ours.not_after().as_second());
    assert_eq!(tbs.subject().to_der().unwrap(), ours.subject().der());
    assert_eq!(tbs.issuer().to_der().unwrap(), ours.issuer().der());
    assert_eq!(tbs.subject_public_key_info().to_der().unwrap(), ours.spki().der());
    let theirs: Vec<_> = tbs.extensions().unwrap().iter().collect();
    assert_eq!(theirs.len(), ours.extensions().len());
    for (a, b) in theirs.iter().zip(ours.extensions()) {
        assert_eq!((a.extn_id.as_bytes(), a.critical), (b.oid.as_bytes(), b.critical));
        assert_eq!(a.extn_value.as_bytes(), b.value);
    }
}

#[test]
fn another_implementation_reads_every_certificate_the_same_way() {
    let world = World::new();
    agrees(&world.root.certificate);
    agrees(&world.ca.certificate);
    for profile in world.profiles.iter().filter(|profile| !profile.is_ca()) {
        agrees(&world.leaf(profile.name()).certificate);
    }
}
