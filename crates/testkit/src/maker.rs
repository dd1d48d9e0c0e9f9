//! A maker of cryptographic devices that nobody has heard of: its root, the devices it makes, and the
//! attestations that these give for their keys, as `docs/integrate/attestation.md` describes them. Real SM2
//! certificates; the certificates are written here, not by the product, so that they may also be wrong.

use std::str::FromStr;

use gm::{OsRandom, PublicKey, Random, UserId, sm2::PrivateKey};
use jiff::Timestamp;
use pki::ext::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, Extension, KeyUsage,
    SubjectKeyIdentifier, TypedExtension,
};
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Oid, Spki, oid};

/// The name of the maker.
pub const MAKER: &str = "示例密码设备厂";

/// A certificate and its key.
#[derive(Debug)]
pub struct Holder {
    /// The certificate.
    pub certificate: Certificate,
    key: PrivateKey,
}

/// A maker with its root.
#[derive(Debug)]
pub struct Maker {
    /// The root that its devices lead to.
    pub root: Holder,
}

/// A device of a maker, with what the maker put into it.
#[derive(Debug)]
pub struct MadeDevice {
    /// The device's own certificate, made in the factory.
    pub own: Holder,
}

/// What stands in a certificate that is about to be written.
struct Draft<'a> {
    subject: Name,
    key: &'a PublicKey,
    extensions: Vec<Extension>,
    days: (&'a str, &'a str),
}

const DAYS: (&str, &str) = ("2020-01-01T00:00:00Z", "2049-12-31T00:00:00Z");

impl Maker {
    /// A maker with a new root.
    pub fn new() -> Self {
        let key = fresh();
        let subject = name(&[(oid::ORGANIZATION, MAKER), (oid::COMMON_NAME, "示例设备根")]);
        let extensions = vec![authority(None), KeyUsage::CA.to_extension(true)];
        let draft =
            Draft { subject: subject.clone(), key: key.public_key(), extensions, days: DAYS };
        let certificate = draft.signed(&subject, &key);
        Self { root: Holder { certificate, key } }
    }

    /// A device of a model, with a number.
    pub fn device(&self, model: &str, number: &str) -> MadeDevice {
        self.device_with((MAKER, model, number), true, DAYS)
    }

    /// A device whose certificate names this maker, model and number, for these days; `marked`: as one that
    /// attests keys.
    pub fn device_with(
        &self,
        (maker, model, number): (&str, &str, &str),
        marked: bool,
        days: (&str, &str),
    ) -> MadeDevice {
        let key = fresh();
        let names =
            [(oid::ORGANIZATION, maker), (oid::COMMON_NAME, model), (oid::SERIAL_NUMBER, number)];
        let mut extensions = vec![authority(Some(0)), KeyUsage::CA.to_extension(true)];
        if marked {
            let purpose = ExtendedKeyUsage(vec![oid::ATTESTATION_KEY]);
            extensions.push(purpose.to_extension(false));
        }
        let draft = Draft { subject: name(&names), key: key.public_key(), extensions, days };
        let certificate = draft.signed(self.root.certificate.subject(), &self.root.key);
        MadeDevice { own: Holder { certificate, key } }
    }
}

impl Default for Maker {
    fn default() -> Self {
        Self::new()
    }
}

impl MadeDevice {
    /// The certificate that the device makes for one of its keys.
    pub fn leaf(&self, key: &PublicKey) -> Certificate {
        let usage = vec![KeyUsage::SIGNING.to_extension(true)];
        let subject = name(&[(oid::COMMON_NAME, "key 1")]);
        let draft = Draft { subject, key, extensions: usage, days: DAYS };
        draft.signed(self.own.certificate.subject(), &self.own.key)
    }

    /// The attestation of a key: the device's word first, then its own certificate, in PEM.
    pub fn attest(&self, key: &PublicKey) -> String {
        pem(&[&self.leaf(key), &self.own.certificate])
    }
}

/// Certificates one after another, in PEM.
pub fn pem(certificates: &[&Certificate]) -> String {
    certificates.iter().map(|one| one.to_pem().unwrap()).collect()
}

fn fresh() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

fn name(attributes: &[(Oid, &str)]) -> Name {
    Name::from_attributes(attributes.iter().map(|(oid, text)| match *oid {
        oid::SERIAL_NUMBER => (*oid, Tag::PRINTABLE_STRING, *text),
        other => (other, Tag::UTF8_STRING, *text),
    }))
}

fn authority(path_len: Option<u32>) -> Extension {
    BasicConstraints { ca: true, path_len }.to_extension(true)
}

impl Draft<'_> {
    fn signed(&self, issuer: &Name, signer: &PrivateKey) -> Certificate {
        let own = Spki::of(self.key).key_identifier().to_vec();
        let theirs = Spki::of(signer.public_key()).key_identifier().to_vec();
        let mut extensions = vec![
            SubjectKeyIdentifier(own).to_extension(false),
            AuthorityKeyIdentifier::of_key(theirs).to_extension(false),
        ];
        extensions.extend(self.extensions.iter().cloned());
        let algorithm = |w: &mut Writer| w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
        let mut number = [0_u8; 16];
        OsRandom.fill(&mut number).unwrap();
        let day = |text: &str| Timestamp::from_str(text).unwrap();
        let tbs = Writer::build(|w| {
            w.sequence(|w| {
                w.explicit(0, |w| w.uint(2));
                w.unsigned(&number);
                algorithm(w);
                w.raw(issuer.der());
                w.sequence(|w| {
                    w.time(day(self.days.0));
                    w.time(day(self.days.1));
                });
                w.raw(self.subject.der());
                w.raw(Spki::of(self.key).der());
                w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|one| one.write(w))));
            });
        });
        let signature = signer.sign(&UserId::default(), &tbs).to_der();
        let der = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&tbs);
                algorithm(w);
                w.bit_string(&signature);
            });
        });
        Certificate::from_der(&der).unwrap()
    }
}
