//! What the targets share: a small world that the seeds were made in (`examples/seeds.rs`).
//! Read once, since seconds are few.

use std::sync::LazyLock;

use gm::sm2::PrivateKey;
use jiff::Timestamp;
use pki::Certificate;
use pki::crl::Crl;

/// The key of the CA of the seeds. It protects nothing.
#[must_use]
pub fn key() -> &'static PrivateKey {
    static KEY: LazyLock<PrivateKey> =
        LazyLock::new(|| PrivateKey::from_bytes(&[0x22; 32]).expect("a scalar"));
    &KEY
}

/// The key of the subscriber of the seeds. It protects nothing either.
#[must_use]
pub fn subscriber_key() -> &'static PrivateKey {
    static KEY: LazyLock<PrivateKey> =
        LazyLock::new(|| PrivateKey::from_bytes(&[0x44; 32]).expect("a scalar"));
    &KEY
}

/// The moment of the seeds.
#[must_use]
pub fn now() -> Timestamp {
    Timestamp::from_second(1_795_334_400).expect("an instant")
}

/// The root of the seeds.
#[must_use]
pub fn root() -> &'static Certificate {
    static ROOT: LazyLock<Certificate> =
        LazyLock::new(|| certificate(include_bytes!("../world/root.der")));
    &ROOT
}

/// The CA of the seeds, whose key is [`key`].
#[must_use]
pub fn ca() -> &'static Certificate {
    static CA: LazyLock<Certificate> =
        LazyLock::new(|| certificate(include_bytes!("../world/ca.der")));
    &CA
}

/// The lists of root and CA.
#[must_use]
pub fn crls() -> &'static [Crl] {
    static LISTS: LazyLock<Vec<Crl>> = LazyLock::new(|| {
        let lists: [&[u8]; 2] = [
            include_bytes!("../world/root.crl"),
            include_bytes!("../world/ca.crl"),
        ];
        lists
            .into_iter()
            .map(|der| Crl::from_der(der).expect("a list"))
            .collect()
    });
    &LISTS
}

fn certificate(der: &[u8]) -> Certificate {
    Certificate::from_der(der).expect("a certificate")
}
