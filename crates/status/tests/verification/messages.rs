//! Signed messages for the tests: of GM/T 0010 by the product's writer, of PKCS#7 and CMS by a writer of
//! our own, which can also write what is wrong.

use gm::{UserId, sm3};
use jiff::Timestamp;
use pki::message::{SignedData, Signing};
use pki::strict::{Tag, Writer};
use pki::{Oid, oid};

use crate::family::{Made, key};

pub const TEXT: &[u8] = "请于三个工作日内补正材料。".as_bytes();

const DATA: Oid = Oid::new("1.2.840.113549.1.7.1");
const SIGNED_DATA: Oid = Oid::new("1.2.840.113549.1.7.2");
const CONTENT_TYPE: Oid = Oid::new("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST: Oid = Oid::new("1.2.840.113549.1.9.4");
const STAMP: Oid = Oid::new("1.2.840.113549.1.9.16.2.14");

/// A message of GM/T 0010 by the product itself.
pub fn gm(signer: &Made, at: Option<Timestamp>, attached: bool) -> Vec<u8> {
    let (certificate, id) = (&signer.certificate, &UserId::default());
    let signing = Signing { certificate, id, at };
    let sign = |e: &gm::Digest| Ok::<_, pki::Error>(key(&signer.key).sign_digest(e));
    if attached {
        SignedData::sign(TEXT, &signing, sign).unwrap()
    } else {
        SignedData::sign_detached(TEXT, &signing, sign).unwrap()
    }
}

/// Makes a timestamp over a signature value.
type Stamp = fn(&[u8]) -> Vec<u8>;

/// A signer of a CMS message, as it is to be written.
#[derive(Clone)]
pub struct Signer {
    made: Made,
    by_key: bool,
    attributes: bool,
    digest: Vec<u8>,
    type_within: Oid,
    algorithm: Oid,
    raw: bool,
    stamp: Option<Stamp>,
    wrong: bool,
}

pub fn signer(made: &Made) -> Signer {
    Signer {
        made: made.clone(),
        by_key: false,
        attributes: true,
        digest: sm3::hash(TEXT).0.to_vec(),
        type_within: DATA,
        algorithm: oid::SM2_WITH_SM3,
        raw: false,
        stamp: None,
        wrong: false,
    }
}

impl Signer {
    pub fn by_key(mut self) -> Self {
        self.by_key = true;
        self
    }

    pub fn plain(mut self) -> Self {
        self.attributes = false;
        self
    }

    /// A digest of something else in the attributes.
    pub fn over(mut self, content: &[u8]) -> Self {
        self.digest = sm3::hash(content).0.to_vec();
        self
    }

    pub fn typed(mut self, kind: Oid) -> Self {
        self.type_within = kind;
        self
    }

    pub fn algorithm(mut self, algorithm: Oid) -> Self {
        self.algorithm = algorithm;
        self
    }

    pub fn raw(mut self) -> Self {
        self.raw = true;
        self
    }

    /// A timestamp over the value, made by this.
    pub fn stamped(mut self, stamp: fn(&[u8]) -> Vec<u8>) -> Self {
        self.stamp = Some(stamp);
        self
    }

    /// By another key than that of the certificate.
    pub fn wrong(mut self) -> Self {
        self.wrong = true;
        self
    }

    fn signed_attributes(&self) -> Vec<Vec<u8>> {
        vec![
            attribute(&CONTENT_TYPE, |w| w.oid(&self.type_within)),
            attribute(&MESSAGE_DIGEST, |w| w.octet_string(&self.digest)),
        ]
    }

    fn value(&self) -> Vec<u8> {
        let owner = if self.wrong { "恶意" } else { &self.made.key };
        let attributes = Writer::build(|w| w.set_of(self.signed_attributes()));
        let signed = if self.attributes { &attributes } else { TEXT };
        let public = self.made.certificate.public_key().unwrap();
        let e = gm::sm2::digest(&public, &UserId::default(), signed);
        let signature = key(owner).sign_digest(&e);
        if self.raw { signature.to_raw().to_vec() } else { signature.to_der() }
    }

    fn encode(&self) -> Vec<u8> {
        let (certificate, value) = (&self.made.certificate, self.value());
        Writer::build(|w| {
            w.sequence(|w| {
                w.uint(if self.by_key { 3 } else { 1 });
                if self.by_key {
                    w.implicit(0, &certificate.ski().unwrap().0);
                } else {
                    w.sequence(|w| {
                        w.raw(certificate.issuer().der());
                        w.unsigned(certificate.serial().as_bytes());
                    });
                }
                w.sequence(|w| w.oid(&oid::SM3));
                if self.attributes {
                    w.set_of_tagged(Tag::context_constructed(0), self.signed_attributes());
                }
                w.sequence(|w| w.oid(&self.algorithm));
                w.octet_string(&value);
                if let Some(stamp) = self.stamp {
                    let stamp = attribute(&STAMP, |w| w.raw(&stamp(&value)));
                    w.set_of_tagged(Tag::context_constructed(1), vec![stamp]);
                }
            });
        })
    }
}

fn attribute(id: &Oid, value: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(id);
            w.nested(Tag::SET, value);
        });
    })
}

/// A CMS message with these signers and their certificates.
pub fn cms(signers: &[Signer], attached: bool) -> Vec<u8> {
    let by_key = signers.iter().any(|signer| signer.by_key);
    let certificates = signers.iter().map(|one| one.made.certificate.der().to_vec()).collect();
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(&SIGNED_DATA);
            w.explicit(0, |w| {
                w.sequence(|w| {
                    w.uint(if by_key { 3 } else { 1 });
                    w.set_of(vec![Writer::build(|w| w.sequence(|w| w.oid(&oid::SM3)))]);
                    w.sequence(|w| {
                        w.oid(&DATA);
                        if attached {
                            w.explicit(0, |w| w.octet_string(TEXT));
                        }
                    });
                    w.set_of_tagged(Tag::context_constructed(0), certificates);
                    w.set_of(signers.iter().map(Signer::encode).collect());
                });
            });
        });
    })
}
