//! Certification requests: PKCS#10 (RFC 2986), as GM/T 0092 and `openssl req`
//! write them.
//!
//! A request says two things we use: a public key, and a proof that the sender
//! holds its private half. Names and extensions in it are wishes; what goes
//! into a certificate is decided by the profile and by what was proofed. A wish
//! to be a CA is refused outright (T-19).

mod compose;
mod possession;

use std::sync::Arc;

use crate::certificate::has_duplicate;
use crate::error::{Error, reasons};
use crate::ext::{self, BasicConstraints, Extension, KeyUsage};
use crate::name::Name;
use crate::oid::{self, Oid};
use crate::pem;
use crate::spki::{AlgorithmIdentifier, Spki};
use crate::strict::{self, Defect, Limits, Reader, Tag, Tlv};

pub use compose::{request_info, signed_request};
pub use possession::ProofOfPossession;

const WHAT: &str = "证书申请";

reasons! {
    /// Why a certification request is refused.
    Refusal {
        Version = "csr.version", "版本号应为 1；请用符合 PKCS#10 的程序重新生成申请";
        Algorithm = "csr.algorithm", "签名算法应为 SM2/SM3；请用 SM2 密钥和 SM3 摘要重新生成申请";
        Signature = "csr.signature", "签名验证不通过，不能证明申请人持有私钥；请用同一密钥对重新生成申请";
        WeakKey = "csr.weak-key", "公钥是公开的示例密钥或过弱的密钥；请重新生成密钥对";
        AttributeDuplicate = "csr.attribute-duplicate", "同一属性出现两次；请重新生成申请";
        AttributeValues = "csr.attribute-values", "属性应有且只有一个值；请重新生成申请";
        ChallengePassword = "csr.challenge-password", "挑战口令的形式不对；请重新生成申请";
        ExtensionDuplicate = "csr.extension-duplicate", "请求的扩展项出现两次；请重新生成申请";
        CaRequested = "csr.ca-requested", "申请要求成为证书签发机构（CA:TRUE）；下级机构只能经密钥仪式产生";
        SigningCertificatesRequested = "csr.cert-sign-requested", "申请要求签发证书或 CRL 的密钥用途；下级机构只能经密钥仪式产生";
    }
}

/// One attribute of a request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Type of the attribute.
    pub oid: Oid,
    /// Its one value, as DER.
    pub value: Vec<u8>,
}

/// A request that keeps the rules; possession of the key is not yet proven.
#[derive(Debug, Clone)]
pub struct CertificationRequest {
    der: Arc<[u8]>,
    info: Vec<u8>,
    subject: Name,
    spki: Spki,
    attributes: Vec<Attribute>,
    extensions: Vec<Extension>,
    algorithm: AlgorithmIdentifier,
    signature: Vec<u8>,
}

impl CertificationRequest {
    /// Reads a request of at most 64 KiB and holds it against the rules.
    ///
    /// # Errors
    /// The first rule broken; size first, then encoding, then content.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        strict::check(der, &Limits::REQUEST)?;
        let mut outer = Reader::sequence_of(der)?;
        let info = outer.expect(Tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::read(&mut outer)?;
        let signature = outer.octet_bits()?.to_vec();
        outer.finish()?;
        let request = Self { der: der.into(), algorithm, signature, ..read_info(&info)? };
        request.check()?;
        Ok(request)
    }

    /// Reads a request from DER or from PEM, under either label in use.
    ///
    /// # Errors
    /// As [`CertificationRequest::from_der`]; [`Error::Pem`].
    pub fn from_pem_or_der(input: &[u8]) -> Result<Self, Error> {
        let labels = [pem::REQUEST, pem::NEW_REQUEST];
        Self::from_der(&pem::der_of(input, &labels, Limits::REQUEST.max_bytes)?)
    }

    /// The bytes as they came.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The name asked for.
    #[must_use]
    pub const fn subject(&self) -> &Name {
        &self.subject
    }

    /// The key with its algorithm.
    #[must_use]
    pub const fn spki(&self) -> &Spki {
        &self.spki
    }

    /// Attributes in their order.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// Extensions asked for.
    #[must_use]
    pub fn requested_extensions(&self) -> &[Extension] {
        &self.extensions
    }

    /// The challenge password of PKCS#9 or GM/T 0092.
    #[must_use]
    pub fn challenge_password(&self) -> Option<String> {
        let is_password = |oid| matches!(oid, oid::CHALLENGE_PASSWORD | oid::GM_CHALLENGE_PASSWORD);
        let attribute = self.attributes.iter().find(|attribute| is_password(attribute.oid))?;
        Reader::new(&attribute.value).read().ok()?.text()
    }

    fn check(&self) -> Result<(), Error> {
        self.spki.public_key()?;
        if !self.algorithm.is_sm2_with_sm3() {
            return Err(Refusal::Algorithm.into());
        }
        if !self.subject.is_empty() {
            self.subject.check_bounds()?;
        }
        self.check_extensions()
    }

    /// T-19: nothing in a request may lead towards a CA certificate.
    fn check_extensions(&self) -> Result<(), Error> {
        if has_duplicate(&self.extensions) {
            return Err(Refusal::ExtensionDuplicate.into());
        }
        self.extensions.iter().try_for_each(Extension::check)?;
        if ext::find::<BasicConstraints>(&self.extensions)?
            .is_some_and(|constraints| constraints.ca)
        {
            return Err(Refusal::CaRequested.into());
        }
        let usage = ext::find::<KeyUsage>(&self.extensions)?;
        if usage.is_some_and(|usage| usage.intersects(KeyUsage::CA)) {
            return Err(Refusal::SigningCertificatesRequested.into());
        }
        Ok(())
    }
}

/// Reads CertificationRequestInfo; the outer parts are left empty.
fn read_info(info: &Tlv<'_>) -> Result<CertificationRequest, Error> {
    let mut content = info.reader();
    if content.uint()? != 0 {
        return Err(Refusal::Version.into());
    }
    let subject = Name::read(&mut content)?;
    let spki = Spki::read(&mut content)?;
    let attributes = match content.optional(Tag::context_constructed(0))? {
        Some(list) => read_attributes(&list)?,
        None => return Err(Error::malformed(WHAT, "缺少属性部分")),
    };
    content.finish()?;
    Ok(CertificationRequest {
        der: Arc::from([]),
        info: info.raw().to_vec(),
        subject,
        spki,
        extensions: read_extensions(&attributes)?,
        attributes,
        algorithm: AlgorithmIdentifier::bare(oid::SM2_WITH_SM3),
        signature: Vec::new(),
    })
}

/// `Attributes ::= [0] IMPLICIT SET OF`, so the order is checked here.
fn read_attributes(list: &Tlv<'_>) -> Result<Vec<Attribute>, Error> {
    let (mut content, mut attributes) = (list.reader(), Vec::<Attribute>::new());
    let mut previous: &[u8] = &[];
    while !content.is_empty() {
        let tlv = content.expect(Tag::SEQUENCE)?;
        if tlv.raw() < previous {
            return Err(tlv.defect(Defect::SetOrder));
        }
        previous = tlv.raw();
        let attribute = read_attribute(&tlv)?;
        if attributes.iter().any(|known| known.oid == attribute.oid) {
            return Err(Refusal::AttributeDuplicate.into());
        }
        attributes.push(attribute);
    }
    Ok(attributes)
}

fn read_attribute(tlv: &Tlv<'_>) -> Result<Attribute, Error> {
    let mut pair = tlv.reader();
    let oid = pair.oid()?;
    let mut values = pair.set()?;
    pair.finish()?;
    if values.is_empty() {
        return Err(Refusal::AttributeValues.into());
    }
    let value = values.read()?;
    let is_password = matches!(oid, oid::CHALLENGE_PASSWORD | oid::GM_CHALLENGE_PASSWORD);
    if is_password && value.text().is_none_or(|text| text.chars().count() > 255) {
        return Err(Refusal::ChallengePassword.into());
    }
    if values.is_empty() {
        Ok(Attribute { oid, value: value.raw().to_vec() })
    } else {
        Err(Refusal::AttributeValues.into())
    }
}

/// Extensions under the OID of PKCS#9 and under Microsoft's older one, together.
fn read_extensions(attributes: &[Attribute]) -> Result<Vec<Extension>, Error> {
    let mut extensions = Vec::new();
    for attribute in attributes {
        if matches!(attribute.oid, oid::EXTENSION_REQUEST | oid::MS_EXTENSION_REQUEST) {
            let mut reader = Reader::new(&attribute.value);
            extensions.extend(Extension::read_all(&mut reader)?);
            reader.finish()?;
        }
    }
    Ok(extensions)
}
