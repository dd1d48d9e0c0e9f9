//! A world of certificates for path validation: entities by name, each with a key made from its name, so that a case
//! reads as a family tree. The certificates are written here, not by the product, so that they may be wrong.

use gm::{UserId, sm2::PrivateKey, sm3};
use jiff::Timestamp;
use pki::ext::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, CrlDistributionPoints,
    DistributionPoint, ExtendedKeyUsage, Extension, GeneralName, InhibitAnyPolicy, KeyUsage,
    NameConstraints, PolicyConstraints, PolicyInformation, PolicyMappings, SubjectAltName,
    SubjectKeyIdentifier, TypedExtension,
};
use pki::path::{Options, Request, Revocation, Verdict, validate};
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Oid, Spki, crl::Crl, oid};

mod lists;

pub use lists::{CrlDraft, crl};

pub const NOW: &str = "2026-11-22T08:00:00Z";

/// Policies of the cases.
pub const SILVER: Oid = Oid::new("2.25.148926349512345678901234567890123456789.1");
pub const GOLD: Oid = Oid::new("2.25.148926349512345678901234567890123456789.2");
pub const JADE: Oid = Oid::new("2.25.148926349512345678901234567890123456789.3");

pub fn instant(text: &str) -> Timestamp {
    text.parse().expect("an instant")
}

/// The key that belongs to a name.
pub fn key(of: &str) -> PrivateKey {
    PrivateKey::from_bytes(&sm3::hash(of.as_bytes()).0).expect("a key")
}

pub fn name(common_name: &str) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::ORGANIZATION, Tag::UTF8_STRING, "示例机构"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common_name),
    ])
}

/// A certificate under construction.
#[derive(Clone)]
pub struct Draft {
    subject: Name,
    key: String,
    version: u64,
    not_before: Timestamp,
    not_after: Timestamp,
    extensions: Vec<Extension>,
    authority_key: Option<Vec<u8>>,
    algorithm: Oid,
    spki: Option<Vec<u8>>,
    damaged: bool,
}

/// A certificate, and whose it is.
#[derive(Clone)]
pub struct Made {
    pub certificate: Certificate,
    pub key: String,
}

fn draft(common_name: &str) -> Draft {
    Draft {
        subject: name(common_name),
        key: common_name.to_owned(),
        version: 2,
        not_before: instant("2026-01-01T00:00:00Z"),
        not_after: instant("2027-12-31T23:59:59Z"),
        extensions: Vec::new(),
        authority_key: None,
        algorithm: oid::SM2_WITH_SM3,
        spki: None,
        damaged: false,
    }
}

/// An authority.
pub fn ca(common_name: &str) -> Draft {
    draft(common_name)
        .with(BasicConstraints { ca: true, path_len: None }.to_extension(true))
        .with(KeyUsage::CA.to_extension(true))
}

/// A subscriber.
pub fn user(common_name: &str) -> Draft {
    draft(common_name).with(KeyUsage::SIGNING.to_extension(true))
}

impl Draft {
    /// Sets an extension, in place of one of the same type.
    pub fn with(mut self, extension: Extension) -> Self {
        self.extensions.retain(|one| one.oid != extension.oid);
        self.extensions.push(extension);
        self
    }

    pub fn without(mut self, kind: Oid) -> Self {
        self.extensions.retain(|one| one.oid != kind);
        self
    }

    pub fn path_len(self, most: u32) -> Self {
        self.with(BasicConstraints { ca: true, path_len: Some(most) }.to_extension(true))
    }

    pub fn usage(self, usage: KeyUsage) -> Self {
        self.with(usage.to_extension(true))
    }

    pub fn policies(self, policies: &[Oid]) -> Self {
        let list = policies
            .iter()
            .map(|policy| PolicyInformation { policy: *policy, qualifiers: Vec::new() });
        self.with(CertificatePolicies(list.collect()).to_extension(false))
    }

    pub fn maps(self, pairs: &[(Oid, Oid)]) -> Self {
        self.with(PolicyMappings(pairs.to_vec()).to_extension(true))
    }

    pub fn requires_policy(self, after: u32) -> Self {
        self.with(
            PolicyConstraints { require_explicit: Some(after), inhibit_mapping: None }
                .to_extension(true),
        )
    }

    pub fn inhibits_mapping(self, after: u32) -> Self {
        self.with(
            PolicyConstraints { require_explicit: None, inhibit_mapping: Some(after) }
                .to_extension(true),
        )
    }

    pub fn inhibits_any_policy(self, after: u32) -> Self {
        self.with(InhibitAnyPolicy(after).to_extension(true))
    }

    pub fn permits(self, bases: Vec<GeneralName>) -> Self {
        self.with(NameConstraints { permitted: bases, excluded: Vec::new() }.to_extension(true))
    }

    pub fn excludes(self, bases: Vec<GeneralName>) -> Self {
        self.with(NameConstraints { permitted: Vec::new(), excluded: bases }.to_extension(true))
    }

    pub fn also_known_as(self, names: Vec<GeneralName>) -> Self {
        self.with(SubjectAltName(names).to_extension(false))
    }

    pub fn purposes(self, purposes: &[Oid]) -> Self {
        self.with(ExtendedKeyUsage(purposes.to_vec()).to_extension(false))
    }

    pub fn crl_at(self, address: &str) -> Self {
        self.with(CrlDistributionPoints(vec![DistributionPoint::at([address])]).to_extension(false))
    }

    pub fn subject(mut self, subject: Name) -> Self {
        self.subject = subject;
        self
    }

    pub fn key_of(mut self, owner: &str) -> Self {
        self.key = owner.to_owned();
        self
    }

    pub fn valid(mut self, begin: &str, end: &str) -> Self {
        (self.not_before, self.not_after) = (instant(begin), instant(end));
        self
    }

    pub fn authority_key(mut self, identifier: &[u8]) -> Self {
        self.authority_key = Some(identifier.to_vec());
        self
    }

    pub fn signed_with(mut self, algorithm: Oid) -> Self {
        self.algorithm = algorithm;
        self
    }

    pub fn spki(mut self, der: Vec<u8>) -> Self {
        self.spki = Some(der);
        self
    }

    /// Version 1: no extensions at all.
    pub fn version_1(mut self) -> Self {
        self.version = 0;
        self
    }

    /// One octet of what is signed changes afterwards.
    pub fn damaged(mut self) -> Self {
        self.damaged = true;
        self
    }

    pub fn self_signed(self) -> Made {
        let issuer = self.subject.clone();
        let signer = self.key.clone();
        self.issue(&issuer, &signer)
    }

    pub fn by(self, issuer: &Made) -> Made {
        let subject = issuer.certificate.subject().clone();
        self.issue(&subject, &issuer.key)
    }

    /// Signed by one entity's key under another's name.
    pub fn issue(self, issuer: &Name, signer: &str) -> Made {
        let tbs = self.tbs(issuer, signer);
        let algorithm = |w: &mut Writer| w.sequence(|w| w.oid(&self.algorithm));
        let signature = if self.algorithm == oid::SM2_WITH_SM3 {
            key(signer).sign(&UserId::default(), &tbs).to_der()
        } else {
            vec![0x5a; 256]
        };
        let mut der = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&tbs);
                algorithm(w);
                w.bit_string(&signature);
            });
        });
        if self.damaged {
            // The last character of the validity's end: a digit of the seconds.
            let text = b"235959Z";
            let place = der
                .windows(text.len())
                .position(|window| window == text)
                .expect("the end of validity");
            der[place + 5] = b'8';
        }
        Made { certificate: Certificate::from_der(&der).expect("a certificate"), key: self.key }
    }

    fn tbs(&self, issuer: &Name, signer: &str) -> Vec<u8> {
        let own = Spki::of(key(&self.key).public_key());
        let authority = Spki::of(key(signer).public_key()).key_identifier().to_vec();
        let mut extensions =
            vec![SubjectKeyIdentifier(own.key_identifier().to_vec()).to_extension(false)];
        let stated = self.authority_key.clone().unwrap_or(authority);
        extensions.push(AuthorityKeyIdentifier::of_key(stated).to_extension(false));
        extensions.extend(self.extensions.clone());
        Writer::build(|w| {
            w.sequence(|w| {
                if self.version > 0 {
                    w.explicit(0, |w| w.uint(self.version));
                }
                w.unsigned(&self.serial(signer));
                w.sequence(|w| w.oid(&self.algorithm));
                w.raw(issuer.der());
                w.sequence(|w| {
                    w.time(self.not_before);
                    w.time(self.not_after);
                });
                w.raw(self.subject.der());
                w.raw(self.spki.as_deref().unwrap_or(own.der()));
                if self.version > 0 {
                    w.explicit(3, |w| {
                        w.sequence(|w| extensions.iter().for_each(|one| one.write(w)))
                    });
                }
            });
        })
    }

    /// A serial that depends on everything that tells two certificates apart.
    fn serial(&self, signer: &str) -> Vec<u8> {
        let parts = format!("{}{signer}{:?}{}", self.key, self.extensions, self.not_before);
        let digest = sm3::hash_parts(&[self.subject.der(), parts.as_bytes()]);
        [&[0x11][..], &digest.0[..15]].concat()
    }
}

/// A question about the world.
#[derive(Clone)]
pub struct Question {
    pub leaf: Certificate,
    pub untrusted: Vec<Certificate>,
    pub anchors: Vec<Certificate>,
    pub crls: Vec<Crl>,
    pub at: Timestamp,
    pub options: Options,
}

/// Is this certificate valid? Status is asked only with [`Question::status`].
pub fn is_valid(leaf: &Made) -> Question {
    Question {
        leaf: leaf.certificate.clone(),
        untrusted: Vec::new(),
        anchors: Vec::new(),
        crls: Vec::new(),
        at: instant(NOW),
        options: Options { revocation: Revocation::NotAsked, ..Options::default() },
    }
}

impl Question {
    pub fn via(mut self, between: &[&Made]) -> Self {
        self.untrusted.extend(between.iter().map(|made| made.certificate.clone()));
        self
    }

    pub fn from(mut self, anchor: &Made) -> Self {
        self.anchors.push(anchor.certificate.clone());
        self
    }

    pub fn at(mut self, at: &str) -> Self {
        self.at = instant(at);
        self
    }

    pub fn status(mut self, crls: &[&Crl]) -> Self {
        self.options.revocation = Revocation::Required;
        self.crls.extend(crls.iter().map(|crl| (*crl).clone()));
        self
    }

    pub fn asking(mut self, change: impl FnOnce(&mut Options)) -> Self {
        change(&mut self.options);
        self
    }

    pub fn ask(&self) -> Verdict {
        validate(&Request {
            leaf: &self.leaf,
            untrusted: &self.untrusted,
            anchors: &self.anchors,
            crls: &self.crls,
            at: self.at,
            options: &self.options,
        })
    }

    /// Every certificate of the question, to find those of a path again.
    pub fn all(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::once(&self.leaf).chain(&self.untrusted).chain(&self.anchors)
    }
}
