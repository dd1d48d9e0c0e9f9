//! X.509 certificates (RFC 5280 §4, GB/T 20518), read strictly and kept as they
//! came.
//!
//! A [`Certificate`] is well-formed: strict DER, one algorithm inside and out,
//! no extension twice, known extensions readable, an SM2 key on the curve.
//! Whether it is *good* is for `lint`, whether to trust it for `path`.

mod read;

use std::ops::Range;
use std::sync::Arc;

use gm::{PublicKey, Signature, UserId};
use jiff::Timestamp;

use crate::error::{Error, reasons};
use crate::ext::{self, Extension, TypedExtension};
use crate::name::Name;
use crate::oid::Oid;
use crate::pem;
use crate::serial::Serial;
use crate::spki::{AlgorithmIdentifier, Spki};
use crate::strict::{self, Limits, Reader, Tag};
use crate::time;

pub(crate) use read::has_duplicate;
use read::{check_signature_form, range_at_end, read_tbs};

const WHAT: &str = "证书";

reasons! {
    /// A rule for certificates that was broken.
    Defect {
        Version = "certificate.version", "版本号应为 1 至 3";
        VersionExtensions = "certificate.version-extensions", "带有扩展项的证书版本应为 v3";
        AlgorithmMismatch = "certificate.algorithm-mismatch", "内外两处签名算法不一致";
        AlgorithmParameters = "certificate.algorithm-parameters", "SM2 签名算法的参数应省略或为 NULL";
        SignatureForm = "certificate.signature-form", "签名值不是规定的编码";
        IssuerEmpty = "certificate.issuer-empty", "颁发者名称为空";
        SubjectEmpty = "certificate.subject-empty", "主体名称为空且没有主体替代名称";
        TimeType = "certificate.time-type", "2049 年及以前的时间应为 UTCTime，2050 年起应为 GeneralizedTime";
        ValidityOrder = "certificate.validity-order", "有效期的终止时间早于起始时间";
        ExtensionDuplicate = "certificate.extension-duplicate", "同一扩展项出现两次";
    }
}

/// A certificate. Cheap to clone.
#[derive(Clone)]
pub struct Certificate {
    der: Arc<[u8]>,
    parts: Arc<Parts>,
}

struct Parts {
    tbs: Range<usize>,
    signature: Range<usize>,
    version: u8,
    serial: Serial,
    algorithm: AlgorithmIdentifier,
    issuer: Name,
    not_before: Timestamp,
    not_after: Timestamp,
    subject: Name,
    spki: Spki,
    key: Option<PublicKey>,
    extensions: Vec<Extension>,
}

impl Certificate {
    /// Reads a certificate of at most 64 KiB.
    ///
    /// # Errors
    /// The first rule broken: of DER, of the structure, or a [`Defect`].
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        Self::from_der_within(der, &Limits::CERTIFICATE)
    }

    /// Reads a certificate within other limits.
    ///
    /// # Errors
    /// As [`Certificate::from_der`].
    pub fn from_der_within(der: &[u8], limits: &Limits) -> Result<Self, Error> {
        strict::check(der, limits)?;
        let mut outer = Reader::sequence_of(der)?;
        let tbs = outer.expect(Tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::read(&mut outer)?;
        let signature = outer.octet_bits()?;
        outer.finish()?;
        let parts = Parts { signature: range_at_end(der, signature), ..read_tbs(&tbs)? };
        if algorithm != parts.algorithm {
            return Err(Defect::AlgorithmMismatch.into());
        }
        check_signature_form(&algorithm, signature)?;
        parts.check()?;
        Ok(Self { der: der.into(), parts: Arc::new(parts) })
    }

    /// Reads a certificate from DER or from PEM.
    ///
    /// # Errors
    /// As [`Certificate::from_der`]; [`Error::Pem`].
    pub fn from_pem_or_der(input: &[u8]) -> Result<Self, Error> {
        let der = pem::der_of(input, &[pem::CERTIFICATE], Limits::CERTIFICATE.max_bytes)?;
        Self::from_der(&der)
    }

    /// The certificate as PEM.
    ///
    /// # Errors
    /// [`Error::Internal`], which does not occur.
    pub fn to_pem(&self) -> Result<String, Error> {
        pem::encode(pem::CERTIFICATE, &self.der)
    }

    /// The bytes as they came.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The bytes that are signed, as they came.
    #[must_use]
    pub fn tbs_der(&self) -> &[u8] {
        self.der.get(self.parts.tbs.clone()).unwrap_or_default()
    }

    /// Version 1, 2 or 3.
    #[must_use]
    pub fn version(&self) -> u8 {
        self.parts.version
    }

    /// Serial number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.parts.serial
    }

    /// Issuer.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.parts.issuer
    }

    /// Subject.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.parts.subject
    }

    /// First instant of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.parts.not_before
    }

    /// Last instant of validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.parts.not_after
    }

    /// Whether the instant lies within the validity, ends included.
    #[must_use]
    pub fn is_valid_at(&self, at: Timestamp) -> bool {
        (self.not_before()..=self.not_after()).contains(&time::whole_seconds(at))
    }

    /// The key with its algorithm.
    #[must_use]
    pub fn spki(&self) -> &Spki {
        &self.parts.spki
    }

    /// The SM2 key.
    ///
    /// # Errors
    /// [`Error::Key`] when the key is of another kind.
    pub fn public_key(&self) -> Result<PublicKey, Error> {
        self.parts.key.map_or_else(|| self.parts.spki.public_key(), Ok)
    }

    /// Signature algorithm, the same inside and out.
    #[must_use]
    pub fn signature_algorithm(&self) -> &AlgorithmIdentifier {
        &self.parts.algorithm
    }

    /// Content of the signature's BIT STRING.
    #[must_use]
    pub fn signature(&self) -> &[u8] {
        self.der.get(self.parts.signature.clone()).unwrap_or_default()
    }

    /// Extensions in their order.
    #[must_use]
    pub fn extensions(&self) -> &[Extension] {
        &self.parts.extensions
    }

    /// The extension of this type as it came.
    #[must_use]
    pub fn extension(&self, oid: &Oid) -> Option<&Extension> {
        self.parts.extensions.iter().find(|extension| extension.oid == *oid)
    }

    /// The typed form of an extension. Known types were read once when the
    /// certificate was; `None` means that it is not there.
    #[must_use]
    pub fn typed<T: TypedExtension>(&self) -> Option<T> {
        ext::find(&self.parts.extensions).ok().flatten()
    }

    /// keyUsage.
    #[must_use]
    pub fn key_usage(&self) -> Option<ext::KeyUsage> {
        self.typed()
    }

    /// basicConstraints.
    #[must_use]
    pub fn basic_constraints(&self) -> Option<ext::BasicConstraints> {
        self.typed()
    }

    /// Whether basicConstraints says CA:TRUE.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// subjectKeyIdentifier.
    #[must_use]
    pub fn ski(&self) -> Option<ext::SubjectKeyIdentifier> {
        self.typed()
    }

    /// authorityKeyIdentifier.
    #[must_use]
    pub fn aki(&self) -> Option<ext::AuthorityKeyIdentifier> {
        self.typed()
    }

    /// extKeyUsage.
    #[must_use]
    pub fn eku(&self) -> Option<ext::ExtendedKeyUsage> {
        self.typed()
    }

    /// cRLDistributionPoints.
    #[must_use]
    pub fn crl_dp(&self) -> Option<ext::CrlDistributionPoints> {
        self.typed()
    }

    /// freshestCRL.
    #[must_use]
    pub fn freshest_crl(&self) -> Option<ext::FreshestCrl> {
        self.typed()
    }

    /// authorityInfoAccess.
    #[must_use]
    pub fn aia(&self) -> Option<ext::AuthorityInfoAccess> {
        self.typed()
    }

    /// certificatePolicies.
    #[must_use]
    pub fn policies(&self) -> Option<ext::CertificatePolicies> {
        self.typed()
    }

    /// subjectAltName.
    #[must_use]
    pub fn san(&self) -> Option<ext::SubjectAltName> {
        self.typed()
    }

    /// nameConstraints.
    #[must_use]
    pub fn name_constraints(&self) -> Option<ext::NameConstraints> {
        self.typed()
    }

    /// SM3 of the whole certificate in hexadecimal, for people to compare.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        gm::sm3::hash(&self.der).to_hex()
    }

    /// Verifies the signature over the original bytes.
    ///
    /// # Errors
    /// [`Error::Algorithm`] when it is not SM2-with-SM3, [`Error::Signature`]
    /// when it does not verify.
    pub fn verify_signature(&self, issuer_key: &PublicKey, id: &UserId) -> Result<(), Error> {
        verify(WHAT, self.signature_algorithm(), issuer_key, id, self.tbs_der(), self.signature())
    }
}

/// Verifies an SM2-with-SM3 signature over original bytes.
#[expect(clippy::too_many_arguments, reason = "the six things a signature binds")]
pub(crate) fn verify(
    what: &'static str,
    algorithm: &AlgorithmIdentifier,
    key: &PublicKey,
    id: &UserId,
    signed: &[u8],
    signature: &[u8],
) -> Result<(), Error> {
    if !algorithm.is_sm2_with_sm3() {
        return Err(Error::Algorithm { what, oid: algorithm.oid.to_string() });
    }
    let signature = Signature::from_der(signature).map_err(|_| Error::Signature { what })?;
    gm::sm2::verify(key, id, signed, &signature).map_err(|_| Error::Signature { what })
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({}, {})", self.serial(), self.subject())
    }
}
