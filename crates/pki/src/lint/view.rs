//! What a lint looks at: the fields of a to-be-signed certificate, found but not judged.
//!
//! One view serves both: the TBS before signing and the whole certificate afterwards. It borrows the original
//! octets, so that a lint can quote and compare them byte for byte.

use crate::oid::Oid;
use jiff::Timestamp;

use super::name::NameView;
use super::tlv::{self, Tlv, tag};

/// The fields of a TBSCertificate (RFC 5280 §4.1), with the outer fields when a whole certificate was given.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The TBSCertificate itself.
    pub tbs: &'a [u8],
    /// Value octets of the version; `None` when the field is absent (version 1).
    pub version: Option<&'a [u8]>,
    /// Value octets of the serial number.
    pub serial: &'a [u8],
    /// The inner AlgorithmIdentifier.
    pub signature_algorithm: Tlv<'a>,
    /// The issuer's name.
    pub issuer: NameView<'a>,
    /// Begin of validity.
    pub not_before: Time<'a>,
    /// End of validity (this second still belongs to it).
    pub not_after: Time<'a>,
    /// The holder's name.
    pub subject: NameView<'a>,
    /// The public key.
    pub key: Key<'a>,
    /// Whether issuerUniqueID or subjectUniqueID stands there.
    pub unique_ids: bool,
    /// The extensions in order; `None` when the field is absent.
    pub extensions: Option<Vec<Extension<'a>>>,
    /// Outer algorithm and signature, when a whole certificate was given.
    pub outer: Option<Outer<'a>>,
}

/// A Time with its tag and text.
#[derive(Clone, Copy, Debug)]
pub struct Time<'a> {
    /// UTCTime or GeneralizedTime.
    pub tag: u8,
    /// The characters.
    pub text: &'a [u8],
}

/// SubjectPublicKeyInfo.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// The AlgorithmIdentifier.
    pub algorithm: Tlv<'a>,
    /// The octets of the BIT STRING after the count of unused bits.
    pub point: &'a [u8],
}

/// One extension.
#[derive(Clone, Copy, Debug)]
pub struct Extension<'a> {
    /// extnID
    pub oid: Oid,
    /// critical
    pub critical: bool,
    /// Whether critical is written out at all.
    pub critical_written: bool,
    /// The octets inside extnValue.
    pub value: &'a [u8],
}

/// The outer fields of a certificate.
#[derive(Clone, Copy, Debug)]
pub struct Outer<'a> {
    /// The whole certificate.
    pub der: &'a [u8],
    /// The outer AlgorithmIdentifier.
    pub algorithm: Tlv<'a>,
    /// The octets of the signature's BIT STRING.
    pub signature: &'a [u8],
}

impl<'a> View<'a> {
    /// Finds the fields of a whole certificate.
    pub fn of_certificate(der: &'a [u8]) -> Option<Self> {
        let parts = tlv::one(der)?.children(tag::SEQUENCE)?;
        let [tbs, algorithm, signature] = parts.as_slice() else {
            return None;
        };
        let mut view = Self::of_tbs(tbs.whole)?;
        let signature = bit_string(signature)?;
        view.outer = Some(Outer { der, algorithm: *algorithm, signature });
        Some(view)
    }

    /// Finds the fields of a TBSCertificate.
    pub fn of_tbs(tbs: &'a [u8]) -> Option<Self> {
        let parts = tlv::one(tbs)?.children(tag::SEQUENCE)?;
        let mut fields = parts.iter().copied().peekable();
        let version = fields.next_if(|field| field.tag == 0xa0);
        let serial = fields.next()?.value(tag::INTEGER)?;
        let signature_algorithm = fields.next()?;
        let issuer = NameView::read(fields.next()?)?;
        let (not_before, not_after) = validity(fields.next()?)?;
        let subject = NameView::read(fields.next()?)?;
        let key = public_key(fields.next()?)?;
        let mut view = View {
            tbs,
            version: version
                .and_then(|field| tlv::one(field.content))
                .map(|integer| integer.content),
            serial,
            signature_algorithm,
            issuer,
            not_before,
            not_after,
            subject,
            key,
            unique_ids: false,
            extensions: None,
            outer: None,
        };
        for field in fields {
            match field.tag {
                0x81 | 0x82 | 0xa1 | 0xa2 => view.unique_ids = true,
                0xa3 => view.extensions = Some(extensions(tlv::one(field.content)?)?),
                _ => return None,
            }
        }
        Some(view)
    }

    /// All extensions; none when the field is absent.
    pub fn extensions(&self) -> &[Extension<'a>] {
        self.extensions.as_deref().unwrap_or_default()
    }

    /// The first extension of this type.
    pub fn extension(&self, oid: Oid) -> Option<&Extension<'a>> {
        self.extensions().iter().find(|extension| extension.oid == oid)
    }

    /// The single element inside the extension of this type.
    pub fn extension_value(&self, oid: Oid) -> Option<Tlv<'a>> {
        tlv::one(self.extension(oid)?.value)
    }

    /// Whether issuer and subject are the same octets.
    pub fn is_self_issued(&self) -> bool {
        self.issuer.der == self.subject.der
    }
}

impl Time<'_> {
    /// The instant, when the text is one of the two forms that RFC 5280 §4.1.2.5 allows.
    pub fn instant(&self) -> Option<Timestamp> {
        let text = std::str::from_utf8(self.text).ok()?;
        let digits = text.strip_suffix('Z')?;
        if !digits.bytes().all(|octet| octet.is_ascii_digit()) {
            return None;
        }
        let full = match (self.tag, digits.len()) {
            (tag::UTC_TIME, 12) if digits >= "5" => format!("19{digits}"),
            (tag::UTC_TIME, 12) => format!("20{digits}"),
            (tag::GENERALIZED_TIME, 14) => digits.to_owned(),
            _ => return None,
        };
        let civil = jiff::civil::DateTime::strptime("%Y%m%d%H%M%S", &full).ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    }
}

impl Key<'_> {
    /// The algorithm and the named curve.
    pub fn algorithm_and_curve(&self) -> Option<(Oid, Option<Oid>)> {
        let parts = self.algorithm.children(tag::SEQUENCE)?;
        Some((parts.first()?.oid()?, parts.get(1).and_then(Tlv::oid)))
    }

    /// The SM2 point, when it is one.
    pub fn sm2(&self) -> Option<gm::PublicKey> {
        gm::PublicKey::from_sec1(self.point).ok()
    }
}

/// The octets of a BIT STRING without its count of unused bits.
pub fn bit_string<'a>(element: &Tlv<'a>) -> Option<&'a [u8]> {
    element.value(tag::BIT_STRING)?.split_first().map(|(_, bits)| bits)
}

fn validity(element: Tlv<'_>) -> Option<(Time<'_>, Time<'_>)> {
    let parts = element.children(tag::SEQUENCE)?;
    let [begin, end] = parts.as_slice() else {
        return None;
    };
    Some((Time { tag: begin.tag, text: begin.content }, Time { tag: end.tag, text: end.content }))
}

fn public_key(element: Tlv<'_>) -> Option<Key<'_>> {
    let parts = element.children(tag::SEQUENCE)?;
    let [algorithm, point] = parts.as_slice() else {
        return None;
    };
    Some(Key { algorithm: *algorithm, point: bit_string(point)? })
}

fn extensions(list: Tlv<'_>) -> Option<Vec<Extension<'_>>> {
    list.children(tag::SEQUENCE)?.into_iter().map(extension).collect()
}

/// Reads one Extension, also where a CRL or an OCSP answer carries it.
pub fn extension(element: Tlv<'_>) -> Option<Extension<'_>> {
    let parts = element.children(tag::SEQUENCE)?;
    let (oid, critical, value) = match parts.as_slice() {
        [oid, value] => (oid, None, value),
        [oid, critical, value] => (oid, Some(critical.boolean()?), value),
        _ => return None,
    };
    Some(Extension {
        oid: oid.oid()?,
        critical: critical.unwrap_or(false),
        critical_written: critical.is_some(),
        value: value.value(tag::OCTET_STRING)?,
    })
}
