//! Reading a token: `TimeStampToken`, signed data around [`TstInfo`] (RFC 3161 §2.4.2).

use gm::{Signature, sm3};

use super::ess::CertHash;
use super::{Defect, Imprint, TstInfo, WHAT, bad};
use crate::message::{Holder, elements};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Limits, Reader, Tag, Tlv, Writer, check};
use crate::{Certificate, Error, Oid, oid};

/// Largest token that is read, in octets: some certificates come along.
pub(super) const MAX_OCTETS: usize = 256 * 1024;

/// Whose object identifiers stand around the content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// GM/T 0010, as GM/T 0033 wants it with an SM2 key.
    Gm,
    /// RFC 5652.
    Rfc,
}

/// What the two standards differ in.
pub(super) struct Types {
    pub signed_data: Oid,
    /// GM/T 0010 §8 has 1 everywhere; RFC 5652 §5.1 has 3 when the content is not `data`.
    pub version: u64,
    pub signature: Oid,
}

impl Format {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Gm, Self::Rfc];

    pub(super) const fn types(self) -> Types {
        match self {
            Self::Gm => {
                Types { signed_data: oid::GM_SIGNED_DATA, version: 1, signature: oid::SM2_SIGN }
            }
            Self::Rfc => {
                Types { signed_data: oid::SIGNED_DATA, version: 3, signature: oid::SM2_WITH_SM3 }
            }
        }
    }
}

/// A token as it was received. Believe nothing of it before [`Token::verify`](Self::verify).
#[derive(Debug, Clone)]
pub struct Token {
    der: Vec<u8>,
    format: Format,
    info: TstInfo,
    content: Vec<u8>,
    certificates: Vec<Certificate>,
    pub(super) signer: TokenSigner,
}

/// Its one signature.
#[derive(Debug, Clone)]
pub(super) struct TokenSigner {
    pub holder: Holder,
    /// DER of the attributes as a SET, which is what is signed.
    pub attributes: Vec<u8>,
    pub digest: Vec<u8>,
    pub names: Vec<CertHash>,
    pub signature: Signature,
}

impl Token {
    /// Reads a token.
    ///
    /// # Errors
    /// When it is not strict DER, not a timestamp, has more than one signature, or an algorithm
    /// other than SM2 with SM3.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of(WHAT, MAX_OCTETS))?;
        let mut outer = Reader::sequence_of(der)?;
        let format = format_of(&outer.oid()?)?;
        let mut inner = outer.explicit(0)?.ok_or(bad("没有内容"))?;
        outer.finish()?;
        let mut fields = inner.sequence()?;
        inner.finish()?;
        if !matches!(fields.uint()?, 1 | 3) {
            return Err(bad("签名数据的版本不在标准所列之内"));
        }
        let mut digests = fields.set()?;
        while !digests.is_empty() {
            AlgorithmIdentifier::read(&mut digests)?;
        }
        let content = read_content(fields.sequence()?)?;
        let certificates = read_certificates(&mut fields)?;
        fields.optional(Tag::context_constructed(1))?;
        let signers = fields.expect(Tag::SET)?;
        fields.finish()?;
        let all = elements(&signers)?;
        let [signer] = all.as_slice() else {
            return Err(bad("应当只有一个签名"));
        };
        let (info, signer) = (TstInfo::from_der(&content)?, TokenSigner::read(signer)?);
        Ok(Self { der: der.to_vec(), format, info, content, certificates, signer })
    }

    /// The octets.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose object identifiers it has.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What it says.
    pub fn info(&self) -> &TstInfo {
        &self.info
    }

    /// The certificates that came along.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }

    /// The octets that are signed, and the signature: for other programs to judge.
    pub fn signed(&self) -> (&[u8], &Signature) {
        (&self.signer.attributes, &self.signer.signature)
    }

    /// The stamped imprint.
    pub fn imprint(&self) -> &Imprint {
        &self.info.imprint
    }

    /// Whether the signed digest is that of the content.
    pub(super) fn is_content_signed(&self) -> bool {
        self.signer.digest == sm3::hash(&self.content).as_bytes()
    }
}

fn format_of(kind: &Oid) -> Result<Format, Error> {
    let found = Format::ALL.into_iter().find(|format| format.types().signed_data == *kind);
    found.ok_or(bad("不是签名数据"))
}

fn read_content(mut fields: Reader<'_>) -> Result<Vec<u8>, Error> {
    if fields.oid()? != oid::TST_INFO {
        return Err(bad("签名的内容不是时间戳"));
    }
    let mut inner = fields.explicit(0)?.ok_or(bad("没有内容"))?;
    let content = inner.octet_string()?.to_vec();
    inner.finish()?;
    fields.finish()?;
    Ok(content)
}

fn read_certificates(fields: &mut Reader<'_>) -> Result<Vec<Certificate>, Error> {
    let Some(set) = fields.optional(Tag::context_constructed(0))? else {
        return Ok(Vec::new());
    };
    elements(&set)?.iter().map(|element| Certificate::from_der(element.raw())).collect()
}

impl TokenSigner {
    fn read(element: &Tlv<'_>) -> Result<Self, Error> {
        let mut outer = Reader::new(element.raw());
        let mut fields = outer.sequence()?;
        if fields.uint()? != 1 {
            return Err(bad("签名者信息的版本不是 1"));
        }
        let holder = Holder::read(&mut fields)?;
        known(&AlgorithmIdentifier::read(&mut fields)?, &[oid::SM3])?;
        let attributes = fields.expect(Tag::context_constructed(0))?;
        let algorithm = AlgorithmIdentifier::read(&mut fields)?;
        known(&algorithm, &[oid::SM2_SIGN, oid::SM2_WITH_SM3, oid::SM2])?;
        let signature = Signature::from_der(fields.octet_string()?);
        let signature = signature.map_err(|_| bad("签名值格式不对"))?;
        if let Some(unsigned) = fields.optional(Tag::context_constructed(1))? {
            elements(&unsigned)?;
        }
        fields.finish()?;
        let (digest, names) = read_attributes(&attributes)?;
        let attributes = Writer::build(|w| w.tlv(Tag::SET, attributes.value()));
        Ok(Self { holder, attributes, digest, names, signature })
    }
}

fn known(algorithm: &AlgorithmIdentifier, allowed: &[Oid]) -> Result<(), Error> {
    if allowed.contains(&algorithm.oid) && algorithm.has_no_parameters() {
        return Ok(());
    }
    Err(Error::Algorithm { what: WHAT, oid: algorithm.oid.to_string() })
}

/// The digest of the content, and the certificates that are named as the signer's.
fn read_attributes(attributes: &Tlv<'_>) -> Result<(Vec<u8>, Vec<CertHash>), Error> {
    let (mut content_type, mut digest, mut names) = (None, None, Vec::new());
    let mut seen = Vec::new();
    for element in elements(attributes)? {
        let mut outer = Reader::new(element.raw());
        let mut fields = outer.sequence()?;
        let id = fields.oid()?;
        let mut values = fields.set()?;
        fields.finish()?;
        if seen.contains(&id) {
            return Err(bad("签名属性重复"));
        }
        seen.push(id);
        match id {
            oid::CONTENT_TYPE => content_type = Some(values.oid()?),
            oid::MESSAGE_DIGEST => digest = Some(values.octet_string()?.to_vec()),
            oid::SIGNING_CERTIFICATE => names.push(CertHash::read_first(&mut values)?),
            oid::SIGNING_CERTIFICATE_V2 => names.push(CertHash::read_second(&mut values)?),
            _ => continue,
        }
        values.finish()?;
    }
    if content_type != Some(oid::TST_INFO) {
        return Err(bad("签名属性中的内容类型不是时间戳"));
    }
    let digest = digest.ok_or(bad("签名属性缺少内容杂凑值"))?;
    if names.is_empty() { Err(Defect::NotNamed.into()) } else { Ok((digest, names)) }
}
