//! A small world of keys and certificates. The certificates are written here by hand, so
//! that these tests do not lean on the profiles.

use gm::sm2::PrivateKey;
use gm::{OsRandom, PublicKey, UserId};
use jiff::Timestamp;
use pki::ext::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, Extension, TypedExtension,
};
use pki::spki::AlgorithmIdentifier;
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Serial, Spki, oid};

/// A moment to live in.
pub fn now() -> Timestamp {
    "2026-11-22T04:00:00Z".parse().unwrap()
}

pub fn hours(count: i64) -> Timestamp {
    Timestamp::from_second(now().as_second() + count * 3600).unwrap()
}

pub fn serial(number: u64) -> Serial {
    Serial::from_magnitude(&number.to_be_bytes()).unwrap()
}

/// SM2 with SM3 without parameters, as most write it.
pub fn sm2_with_sm3() -> AlgorithmIdentifier {
    AlgorithmIdentifier::bare(oid::SM2_WITH_SM3)
}

/// A key with its certificate.
pub struct Person {
    pub key: PrivateKey,
    pub certificate: Certificate,
}

impl Person {
    pub fn public(&self) -> &PublicKey {
        self.key.public_key()
    }

    pub fn name(&self) -> &Name {
        self.certificate.subject()
    }
}

pub fn new_key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

fn name(common: &str) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "测试机构"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common),
    ])
}

/// A self-signed authority.
pub fn authority(common: &str) -> Person {
    let key = new_key();
    let subject = name(common);
    let ca = BasicConstraints { ca: true, path_len: None }.to_extension(true);
    let certificate = certify(&subject, &key, &subject, &key, (1, vec![ca]));
    Person { key, certificate }
}

/// A certificate by `issuer` with this serial and the extended key usage of `purposes`.
pub fn person(issuer: &Person, common: &str, number: u64, purposes: &[pki::Oid]) -> Person {
    let mut extensions = Vec::new();
    if !purposes.is_empty() {
        extensions.push(ExtendedKeyUsage(purposes.to_vec()).to_extension(false));
    }
    person_with(issuer, common, number, extensions)
}

/// A certificate by `issuer` with this serial and these extensions.
pub fn person_with(
    issuer: &Person,
    common: &str,
    number: u64,
    extensions: Vec<Extension>,
) -> Person {
    let key = new_key();
    let certificate = certificate_of(issuer, common, &key, (number, extensions));
    Person { key, certificate }
}

/// The same for a key that there is already.
pub fn certificate_of(
    issuer: &Person,
    common: &str,
    key: &PrivateKey,
    (number, mut extensions): (u64, Vec<Extension>),
) -> Certificate {
    let aki = issuer.certificate.spki().key_identifier().to_vec();
    extensions.insert(0, AuthorityKeyIdentifier::of_key(aki).to_extension(false));
    certify(issuer.name(), &issuer.key, &name(common), key, (number, extensions))
}

/// An OCSP responder by `issuer`.
pub fn responder(issuer: &Person) -> Person {
    person(issuer, "状态应答者", 900, &[oid::OCSP_SIGNING])
}

fn certify(
    issuer: &Name,
    issuer_key: &PrivateKey,
    subject: &Name,
    key: &PrivateKey,
    (number, extensions): (u64, Vec<Extension>),
) -> Certificate {
    let tbs = Writer::build(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| w.uint(2));
            w.uint(number);
            sm2_with_sm3().write(w);
            w.raw(issuer.der());
            w.sequence(|w| {
                w.time(hours(-24));
                w.time(hours(24 * 365));
            });
            w.raw(subject.der());
            w.raw(Spki::of(key.public_key()).der());
            w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|e| e.write(w))));
        });
    });
    let signature = issuer_key.sign(&UserId::default(), &tbs);
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.raw(&tbs);
            sm2_with_sm3().write(w);
            w.bit_string(&signature.to_der());
        });
    });
    Certificate::from_der(&der).unwrap()
}
