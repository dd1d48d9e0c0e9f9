//! Certificates of other institutions: entities by name, each with a key made from its name, written
//! here and not by the product, so that they may be wrong. The tests of `app` use them too.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests")]

use gm::sm2::PrivateKey;
use gm::{UserId, sm3};
use jiff::Timestamp;
use pki::ext::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, Extension, KeyUsage,
    PolicyInformation, SubjectKeyIdentifier, TypedExtension,
};
use pki::ocsp::{CertId, CertStatus, Draft as AnswerDraft, HashAlgorithm, Single};
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Oid, Spki, crl::Crl, oid};

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The key that belongs to a name.
pub fn key(of: &str) -> PrivateKey {
    PrivateKey::from_bytes(&sm3::hash(of.as_bytes()).0).unwrap()
}

pub fn name(common: &str) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "示例机构"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common),
    ])
}

/// A certificate under construction.
#[derive(Clone)]
pub struct Draft {
    subject: Name,
    key: String,
    /// A key that isn't one of these, where only its public half is known.
    public: Option<Spki>,
    serial: u64,
    window: (Timestamp, Timestamp),
    extensions: Vec<Extension>,
}

/// A certificate, and the name of its key.
#[derive(Clone)]
pub struct Made {
    pub certificate: Certificate,
    pub key: String,
}

fn draft(common: &str) -> Draft {
    let digest = sm3::hash(common.as_bytes()).0;
    Draft {
        subject: name(common),
        key: common.to_owned(),
        public: None,
        serial: u64::from_be_bytes(digest[..8].try_into().unwrap()) | 1,
        window: (instant("2026-01-01T00:00:00Z"), instant("2027-12-31T23:59:59Z")),
        extensions: Vec::new(),
    }
}

pub fn ca(common: &str) -> Draft {
    draft(common)
        .with(BasicConstraints { ca: true, path_len: None }.to_extension(true))
        .with(KeyUsage::CA.to_extension(true))
}

pub fn user(common: &str) -> Draft {
    draft(common).with(KeyUsage::SIGNING.to_extension(true))
}

impl Draft {
    /// Sets an extension, in place of one of the same type.
    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.retain(|one| one.oid != extension.oid);
        self.extensions.push(extension);
        self
    }

    pub fn usage(self, usage: KeyUsage) -> Self {
        self.with(usage.to_extension(true))
    }

    pub fn policy(self, policy: Oid) -> Self {
        let list = vec![PolicyInformation { policy, qualifiers: Vec::new() }];
        self.with(CertificatePolicies(list).to_extension(false))
    }

    pub fn key_of(mut self, owner: &str) -> Self {
        self.key = owner.to_owned();
        self
    }

    /// For somebody else's key.
    #[allow(dead_code, reason = "not every suite certifies others")]
    pub fn public(mut self, key: Spki) -> Self {
        self.public = Some(key);
        self
    }

    pub fn subject(mut self, subject: Name) -> Self {
        self.subject = subject;
        self
    }

    pub fn serial(mut self, serial: u64) -> Self {
        self.serial = serial;
        self
    }

    pub fn valid(mut self, begin: &str, end: &str) -> Self {
        self.window = (instant(begin), instant(end));
        self
    }

    pub fn self_signed(self) -> Made {
        let (issuer, signer) = (self.subject.clone(), key(&self.key));
        self.issue(&issuer, &signer)
    }

    pub fn by(self, issuer: &Made) -> Made {
        let subject = issuer.certificate.subject().clone();
        self.issue(&subject, &key(&issuer.key))
    }

    /// Signed by a key under a name, whoever's they are.
    pub fn issue(self, issuer: &Name, signer: &PrivateKey) -> Made {
        let tbs = self.tbs(issuer, signer);
        let der = signed(&tbs, signer);
        Made { certificate: Certificate::from_der(&der).unwrap(), key: self.key }
    }

    fn tbs(&self, issuer: &Name, signer: &PrivateKey) -> Vec<u8> {
        let own = self.public.clone();
        let own = own.unwrap_or_else(|| Spki::of(key(&self.key).public_key()));
        let above = Spki::of(signer.public_key()).key_identifier().to_vec();
        let mut extensions = vec![
            SubjectKeyIdentifier(own.key_identifier().to_vec()).to_extension(false),
            AuthorityKeyIdentifier::of_key(above).to_extension(false),
        ];
        extensions.extend(self.extensions.clone());
        Writer::build(|w| {
            w.sequence(|w| {
                w.explicit(0, |w| w.uint(2));
                w.uint(self.serial);
                w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
                w.raw(issuer.der());
                w.sequence(|w| {
                    w.time(self.window.0);
                    w.time(self.window.1);
                });
                w.raw(self.subject.der());
                w.raw(own.der());
                w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|one| one.write(w))));
            });
        })
    }
}

/// Something to be signed, and its SM2 signature.
fn signed(tbs: &[u8], signer: &PrivateKey) -> Vec<u8> {
    let signature = signer.sign(&UserId::default(), tbs).to_der();
    Writer::build(|w| {
        w.sequence(|w| {
            w.raw(tbs);
            w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
            w.bit_string(&signature);
        });
    })
}

/// A revocation list under construction.
#[derive(Clone)]
pub struct List {
    issuer: Name,
    signer: String,
    window: (Timestamp, Timestamp),
    entries: Vec<(Vec<u8>, Timestamp, u8)>,
    number: u64,
    extensions: Vec<Extension>,
}

pub fn list(issuer: &Made) -> List {
    List {
        issuer: issuer.certificate.subject().clone(),
        signer: issuer.key.clone(),
        window: (instant("2026-11-21T00:00:00Z"), instant("2026-11-23T00:00:00Z")),
        entries: Vec::new(),
        number: 26,
        extensions: Vec::new(),
    }
}

impl List {
    pub fn number(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.push(extension);
        self
    }

    /// Changes since the complete list with this number.
    pub fn delta(self, base: u64) -> Self {
        let value = Writer::build(|w| w.uint(base));
        self.with(Extension { oid: oid::DELTA_CRL_INDICATOR, critical: true, value })
    }

    pub fn revokes(mut self, made: &Made, reason: u8, at: &str) -> Self {
        let serial = made.certificate.serial().as_bytes().to_vec();
        self.entries.push((serial, instant(at), reason));
        self
    }

    pub fn window(mut self, begin: &str, end: &str) -> Self {
        self.window = (instant(begin), instant(end));
        self
    }

    pub fn signed_by(mut self, signer: &str) -> Self {
        self.signer = signer.to_owned();
        self
    }

    pub fn made(&self) -> Crl {
        let authority = Spki::of(key(&self.signer).public_key()).key_identifier().to_vec();
        let number = Writer::build(|w| w.uint(self.number));
        let mut extensions = vec![
            AuthorityKeyIdentifier::of_key(authority).to_extension(false),
            Extension { oid: oid::CRL_NUMBER, critical: false, value: number },
        ];
        extensions.extend(self.extensions.clone());
        let tbs = Writer::build(|w| {
            w.sequence(|w| {
                w.uint(1);
                w.sequence(|w| w.oid(&oid::SM2_WITH_SM3));
                w.raw(self.issuer.der());
                w.time(self.window.0);
                w.time(self.window.1);
                if !self.entries.is_empty() {
                    w.sequence(|w| self.entries.iter().for_each(|entry| write_entry(w, entry)));
                }
                w.explicit(0, |w| w.sequence(|w| extensions.iter().for_each(|one| one.write(w))));
            });
        });
        Crl::from_der(signed(&tbs, &key(&self.signer))).unwrap()
    }
}

fn write_entry(w: &mut Writer, (serial, at, reason): &(Vec<u8>, Timestamp, u8)) {
    w.sequence(|w| {
        w.unsigned(serial);
        w.time(*at);
        if *reason != 0 {
            let value = Writer::build(|w| w.enumerated(*reason));
            let extension = Extension { oid: oid::CRL_REASON, critical: false, value };
            w.sequence(|w| extension.write(w));
        }
    });
}

/// DER of an OCSP answer about a certificate, by the issuer's own key or by another.
pub fn answer(
    of: (&Made, &Made),
    status: CertStatus,
    window: (&str, &str),
    signer: &str,
) -> Vec<u8> {
    let signer = Made { certificate: of.1.certificate.clone(), key: signer.to_owned() };
    answer_by(of, status, window, &signer)
}

/// The same, by whoever has this certificate.
pub fn answer_by(
    (child, issuer): (&Made, &Made),
    status: CertStatus,
    (begin, end): (&str, &str),
    signer: &Made,
) -> Vec<u8> {
    let above = &issuer.certificate;
    let id =
        CertId::of(HashAlgorithm::Sha1, above.subject(), above.spki(), child.certificate.serial());
    let (id, this_update, next_update) = (id.unwrap(), instant(begin), instant(end));
    let single =
        Single { certificate: &id, status, this_update, next_update, archive_cutoff: None };
    let responder = signer.certificate.subject();
    let draft = AnswerDraft {
        responder,
        produced_at: this_update,
        singles: &[single],
        nonce: None,
        extended_revoke: false,
    };
    let (unsigned, own, user) = (draft.encode().unwrap(), key(&signer.key), UserId::default());
    let signature = own.sign_digest(&unsigned.digest(own.public_key(), &user));
    unsigned.assemble(own.public_key(), &user, &signature, signer.certificate.der()).unwrap()
}
