//! A certificate taken apart, and the rules that hold between its parts.

use std::ops::Range;

use gm::Signature;
use jiff::Timestamp;

use super::{Defect, Parts};
use crate::error::Error;
use crate::ext::Extension;
use crate::name::Name;
use crate::oid;
use crate::serial::Serial;
use crate::spki::{AlgorithmIdentifier, KeyAlgorithm, Spki};
use crate::strict::{Defect as Der, Reader, Tag, Tlv};
use crate::time;

/// Reads a TBSCertificate that has passed the gate. The range of the signature
/// is left empty.
pub(super) fn read_tbs(tbs: &Tlv<'_>) -> Result<Parts, Error> {
    let mut content = tbs.reader();
    let version = read_version(&mut content)?;
    let serial = Serial::from_integer(content.integer()?)?;
    let algorithm = AlgorithmIdentifier::read(&mut content)?;
    let issuer = Name::read(&mut content)?;
    let (not_before, not_after) = read_validity(&mut content)?;
    let subject = Name::read(&mut content)?;
    let spki = Spki::read(&mut content)?;
    skip_unique_ids(&mut content, version)?;
    let extensions = match content.explicit(3)? {
        Some(mut list) => {
            let all = Extension::read_all(&mut list)?;
            list.finish()?;
            all
        }
        None => Vec::new(),
    };
    content.finish()?;
    let key =
        if spki.key_algorithm() == KeyAlgorithm::Sm2 { Some(spki.public_key()?) } else { None };
    let tbs = tbs.offset()..tbs.offset() + tbs.raw().len();
    Ok(Parts {
        tbs,
        signature: 0..0,
        version,
        serial,
        algorithm,
        issuer,
        not_before,
        not_after,
        subject,
        spki,
        key,
        extensions,
    })
}

fn read_version(content: &mut Reader<'_>) -> Result<u8, Error> {
    let Some(mut explicit) = content.explicit(0)? else {
        return Ok(1);
    };
    let version = explicit.uint()?;
    explicit.finish()?;
    match version {
        0 => Err(content.defect(Der::DefaultEncoded)),
        1 => Ok(2),
        2 => Ok(3),
        _ => Err(Defect::Version.into()),
    }
}

/// The two instants, each in the type that its year asks for.
fn read_validity(content: &mut Reader<'_>) -> Result<(Timestamp, Timestamp), Error> {
    let mut pair = content.sequence()?;
    let mut next = || {
        let tlv = pair.read()?;
        let at = tlv.instant()?;
        if time::has_right_tag(at, tlv.tag()) { Ok(at) } else { Err(Error::from(Defect::TimeType)) }
    };
    let (not_before, not_after) = (next()?, next()?);
    pair.finish()?;
    if not_after < not_before {
        Err(Defect::ValidityOrder.into())
    } else {
        Ok((not_before, not_after))
    }
}

/// issuerUniqueID and subjectUniqueID of version 2, which nobody uses.
fn skip_unique_ids(content: &mut Reader<'_>, version: u8) -> Result<(), Error> {
    for number in [1, 2] {
        if let Some(tlv) = content.optional(Tag::context(number))? {
            tlv.bits()?;
            if version == 1 {
                return Err(Defect::Version.into());
            }
        }
    }
    Ok(())
}

impl Parts {
    pub(super) fn check(&self) -> Result<(), Error> {
        if !self.extensions.is_empty() && self.version != 3 {
            return Err(Defect::VersionExtensions.into());
        }
        if self.issuer.is_empty() {
            return Err(Defect::IssuerEmpty.into());
        }
        let has_san =
            self.extensions.iter().any(|extension| extension.oid == oid::SUBJECT_ALT_NAME);
        if self.subject.is_empty() && !has_san {
            return Err(Defect::SubjectEmpty.into());
        }
        if has_duplicate(&self.extensions) {
            return Err(Defect::ExtensionDuplicate.into());
        }
        self.extensions.iter().try_for_each(Extension::check)
    }
}

/// Whether an extension type occurs twice (RFC 5280 §4.2).
pub(crate) fn has_duplicate(extensions: &[Extension]) -> bool {
    let mut oids: Vec<_> = extensions.iter().map(|extension| extension.oid).collect();
    oids.sort_unstable();
    oids.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

/// SM2 signatures are a strict SEQUENCE of two INTEGERs in range.
pub(super) fn check_signature_form(
    algorithm: &AlgorithmIdentifier,
    signature: &[u8],
) -> Result<(), Defect> {
    if algorithm.oid != oid::SM2_WITH_SM3 {
        return Ok(());
    }
    if !algorithm.has_no_parameters() {
        return Err(Defect::AlgorithmParameters);
    }
    Signature::from_der(signature).map(drop).map_err(|_| Defect::SignatureForm)
}

pub(super) fn range_at_end(der: &[u8], tail: &[u8]) -> Range<usize> {
    der.len() - tail.len()..der.len()
}
