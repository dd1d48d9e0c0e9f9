//! Signed messages taken apart for verification: GM/T 0010 §8, PKCS#7 1.5, CMS (RFC 5652 §5).
//!
//! Broader than [`pki::message`], which reads what we exchange ourselves: here any number of signers of
//! any algorithm may stand, so that each gets an answer of its own. Only DER is read. Nothing is
//! believed, only taken apart.

use gm::Signature;
use jiff::Timestamp;
use pki::spki::AlgorithmIdentifier;
use pki::strict::{Limits, Reader, Tag, Tlv, Writer, check};
use pki::{Certificate, Error, Name, Oid, Serial, oid};

use super::model::Form;

/// Chinese name of the structure in messages.
const WHAT: &str = "签名消息";
/// Most signers of one message.
const MOST_SIGNERS: usize = 16;

/// PKCS#7 data.
const DATA: Oid = Oid::new("1.2.840.113549.1.7.1");
/// PKCS#7 and CMS signed data.
const SIGNED_DATA: Oid = Oid::new("1.2.840.113549.1.7.2");
/// PKCS#9 content type.
const CONTENT_TYPE: Oid = Oid::new("1.2.840.113549.1.9.3");
/// PKCS#9 message digest.
const MESSAGE_DIGEST: Oid = Oid::new("1.2.840.113549.1.9.4");
/// PKCS#9 signing time.
const SIGNING_TIME: Oid = Oid::new("1.2.840.113549.1.9.5");
/// A timestamp over the signature value (RFC 3161 appendix A).
const SIGNATURE_TIMESTAMP: Oid = Oid::new("1.2.840.113549.1.9.16.2.14");

/// Whose object identifiers stand around the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// GM/T 0010.
    Gm,
    /// PKCS#7 and CMS.
    Cms,
}

impl Family {
    /// The family of an outer content type.
    pub fn of(kind: &Oid) -> Option<Self> {
        match *kind {
            oid::GM_SIGNED_DATA => Some(Self::Gm),
            SIGNED_DATA => Some(Self::Cms),
            _ => None,
        }
    }

    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Gm => "gmt0010",
            Self::Cms => "cms",
        }
    }
}

/// A message as it came.
#[derive(Debug, Clone)]
pub struct Message {
    /// Whose identifiers.
    pub family: Family,
    /// The digests that signers use.
    pub digests: Vec<Oid>,
    /// What the content is.
    pub content_type: Oid,
    /// The content; `None` when it is kept elsewhere.
    pub content: Option<Vec<u8>>,
    /// Certificates that came along, as far as they can be read.
    pub certificates: Vec<Certificate>,
    /// DER of the revocation lists that came along.
    pub lists: Vec<Vec<u8>>,
    /// The signatures.
    pub signers: Vec<Signer>,
}

/// How a signature names its signer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// By issuer and serial number.
    Issued(Name, Serial),
    /// By the key identifier of the certificate.
    Key(Vec<u8>),
}

/// One signature.
#[derive(Debug, Clone)]
pub struct Signer {
    /// Whose it is.
    pub named: Named,
    /// The digest.
    pub digest: AlgorithmIdentifier,
    /// The signature algorithm.
    pub algorithm: AlgorithmIdentifier,
    /// What is signed in place of the content, if anything.
    pub attributes: Option<Attributes>,
    /// The value.
    pub value: Vec<u8>,
    /// DER of the timestamps over the value.
    pub stamps: Vec<Vec<u8>>,
}

/// Signed attributes.
#[derive(Debug, Clone, Default)]
pub struct Attributes {
    /// DER of them as a SET, which is what is signed (RFC 5652 §5.4).
    pub signed: Vec<u8>,
    /// contentType.
    pub content_type: Option<Oid>,
    /// messageDigest.
    pub digest: Option<Vec<u8>>,
    /// signingTime.
    pub at: Option<Timestamp>,
    /// Whether one of these three stands twice or has not exactly one value.
    pub is_ambiguous: bool,
}

impl Message {
    /// Takes a message apart.
    ///
    /// # Errors
    /// When it is not strict DER, or not signed data.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of(WHAT, Form::MOST_OCTETS))?;
        let mut outer = Reader::sequence_of(der)?;
        let family = Family::of(&outer.oid()?).ok_or(bad("不是签名数据"))?;
        let mut inner = outer.explicit(0)?.ok_or(bad("没有内容"))?;
        outer.finish()?;
        let mut fields = inner.sequence()?;
        inner.finish()?;
        // GM/T 0010 and PKCS#7 have 1; CMS has 3 to 5 by what is in it (RFC 5652 §5.1).
        match (family, fields.uint()?) {
            (_, 1) | (Family::Cms, 3..=5) => {}
            _ => return Err(bad("版本不在标准所列之内")),
        }
        let digests = read_digests(fields.set()?)?;
        let (content_type, content) = read_content(fields.sequence()?)?;
        let certificates = match fields.optional(Tag::context_constructed(0))? {
            Some(set) => elements(&set)?
                .iter()
                .filter_map(|one| Certificate::from_der(one.raw()).ok())
                .collect(),
            None => Vec::new(),
        };
        let lists = match fields.optional(Tag::context_constructed(1))? {
            Some(set) => elements(&set)?.iter().map(|one| one.raw().to_vec()).collect(),
            None => Vec::new(),
        };
        let signers = elements(&fields.expect(Tag::SET)?)?;
        fields.finish()?;
        if signers.len() > MOST_SIGNERS {
            return Err(bad("签名者过多"));
        }
        let signers = signers.iter().map(Signer::read).collect::<Result<_, _>>()?;
        Ok(Self { family, digests, content_type, content, certificates, lists, signers })
    }

    /// Whether the content is plain data, which alone may be signed without attributes (RFC 5652 §5.3).
    pub fn is_data(&self) -> bool {
        self.content_type == DATA || self.content_type == oid::GM_DATA
    }
}

impl Signer {
    fn read(element: &Tlv<'_>) -> Result<Self, Error> {
        let mut outer = Reader::new(element.raw());
        let mut fields = outer.sequence()?;
        let version = fields.uint()?;
        let named = Named::read(&mut fields)?;
        // RFC 5652 §5.3: the version follows from how the signer is named.
        let expected = if matches!(named, Named::Key(_)) { 3 } else { 1 };
        if version != expected {
            return Err(bad("签名者信息的版本不在标准所列之内"));
        }
        let digest = AlgorithmIdentifier::read(&mut fields)?;
        let attributes = fields.optional(Tag::context_constructed(0))?;
        let attributes = attributes.map(|set| Attributes::read(&set)).transpose()?;
        let algorithm = AlgorithmIdentifier::read(&mut fields)?;
        let value = fields.octet_string()?.to_vec();
        let stamps = match fields.optional(Tag::context_constructed(1))? {
            Some(set) => read_stamps(&set)?,
            None => Vec::new(),
        };
        fields.finish()?;
        Ok(Self { named, digest, algorithm, attributes, value, stamps })
    }

    /// Whether SM2 over SM3 was used; deployed software writes the signature's identifier in three ways.
    pub fn is_sm2_with_sm3(&self) -> bool {
        let signatures = [oid::SM2_SIGN, oid::SM2_WITH_SM3, oid::SM2];
        self.digest.oid == oid::SM3
            && self.digest.has_no_parameters()
            && signatures.contains(&self.algorithm.oid)
            && self.algorithm.has_no_parameters()
    }

    /// The value as an SM2 signature: DER, or raw `r ‖ s` as older software writes it.
    pub fn signature(&self) -> Option<Signature> {
        let raw = || Signature::from_raw(<&[u8; 64]>::try_from(self.value.as_slice()).ok()?).ok();
        Signature::from_der(&self.value).ok().or_else(raw)
    }

    /// Whether this certificate is meant.
    pub fn is(&self, certificate: &Certificate) -> bool {
        match &self.named {
            Named::Issued(issuer, serial) => {
                *serial == certificate.serial() && issuer.matches(certificate.issuer())
            }
            Named::Key(key) => certificate.ski().is_some_and(|ski| ski.0 == *key),
        }
    }
}

impl Named {
    fn read(fields: &mut Reader<'_>) -> Result<Self, Error> {
        if let Some(key) = fields.optional(Tag::context(0))? {
            return Ok(Self::Key(key.value().to_vec()));
        }
        let mut holder = fields.sequence()?;
        let issuer = Name::read(&mut holder)?;
        let serial = Serial::from_integer(holder.integer()?)?;
        holder.finish()?;
        Ok(Self::Issued(issuer, serial))
    }
}

impl Attributes {
    fn read(set: &Tlv<'_>) -> Result<Self, Error> {
        let signed = Writer::build(|w| w.tlv(Tag::SET, set.value()));
        let mut found = Self { signed, ..Self::default() };
        for element in elements(set)? {
            let (id, mut values) = attribute(&element)?;
            let is_fresh = match id {
                CONTENT_TYPE => found.content_type.replace(values.oid()?).is_none(),
                MESSAGE_DIGEST => found.digest.replace(values.octet_string()?.to_vec()).is_none(),
                SIGNING_TIME => found.at.replace(values.instant()?).is_none(),
                _ => continue,
            };
            found.is_ambiguous |= !is_fresh || !values.is_empty();
        }
        Ok(found)
    }
}

/// Type and values of an attribute.
fn attribute<'a>(element: &Tlv<'a>) -> Result<(Oid, Reader<'a>), Error> {
    let mut outer = Reader::new(element.raw());
    let mut fields = outer.sequence()?;
    let id = fields.oid()?;
    let values = fields.set()?;
    fields.finish()?;
    Ok((id, values))
}

fn read_stamps(set: &Tlv<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let mut stamps = Vec::new();
    for element in elements(set)? {
        let (id, mut values) = attribute(&element)?;
        while id == SIGNATURE_TIMESTAMP && !values.is_empty() {
            stamps.push(values.read()?.raw().to_vec());
        }
    }
    Ok(stamps)
}

fn read_digests(mut set: Reader<'_>) -> Result<Vec<Oid>, Error> {
    let mut digests = Vec::new();
    while !set.is_empty() {
        digests.push(AlgorithmIdentifier::read(&mut set)?.oid);
    }
    Ok(digests)
}

/// What the content is, and the octets of it that are signed: the content of the OCTET STRING.
fn read_content(mut info: Reader<'_>) -> Result<(Oid, Option<Vec<u8>>), Error> {
    let kind = info.oid()?;
    let content = match info.explicit(0)? {
        Some(mut inner) => {
            let octets = inner.octet_string()?.to_vec();
            inner.finish()?;
            Some(octets)
        }
        None => None,
    };
    info.finish()?;
    Ok((kind, content))
}

/// The elements of a set under any tag.
fn elements<'a>(set: &Tlv<'a>) -> Result<Vec<Tlv<'a>>, Error> {
    let (mut reader, mut found) = (set.reader(), Vec::new());
    while !reader.is_empty() {
        found.push(reader.read()?);
    }
    Ok(found)
}

/// The shape is wrong.
fn bad(detail: &'static str) -> Error {
    Error::Malformed { what: WHAT, detail }
}
