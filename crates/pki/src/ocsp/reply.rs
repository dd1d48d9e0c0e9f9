//! Reading the answer: `OCSPResponse` (RFC 6960 §4.2), as a client.

use jiff::Timestamp;

use super::{CertId, CertStatus, Defect, Failure, Nonce};
use crate::crl::{Reason, extension};
use crate::spki::AlgorithmIdentifier;
use crate::strict::{Limits, Reader, Tag, Tlv, check};
use crate::{Certificate, Error, Name, oid};

/// Largest answer that is read, in octets.
const MAX_OCTETS: usize = 256 * 1024;

/// What came back.
#[derive(Debug, Clone)]
pub enum Reply {
    /// No status; the reason is not signed.
    Failed(Failure),
    /// A signed answer, not yet verified.
    Answered(Box<BasicResponse>),
}

/// Who signed an answer, as the answer says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponderId {
    /// The subject of the responder's certificate.
    ByName(Name),
    /// SHA-1 of the responder's key.
    ByKey(Vec<u8>),
}

/// A signed answer as it was received. Believe nothing of it before
/// [`BasicResponse::verify`](super::BasicResponse::verify).
#[derive(Debug, Clone)]
pub struct BasicResponse {
    pub(super) tbs: Vec<u8>,
    pub(super) algorithm: AlgorithmIdentifier,
    pub(super) signature: Vec<u8>,
    pub(super) responder: ResponderId,
    pub(super) produced_at: Timestamp,
    pub(super) singles: Vec<SingleResponse>,
    pub(super) nonce: Option<Nonce>,
    pub(super) extended_revoke: bool,
    pub(super) certificates: Vec<Certificate>,
}

/// The answer for one certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SingleResponse {
    /// Which certificate.
    pub certificate: CertId,
    /// Its status.
    pub status: CertStatus,
    /// The moment for which the status is known to be right.
    pub this_update: Timestamp,
    /// When newer information will be there; absent means at any time.
    pub next_update: Option<Timestamp>,
    /// Status is kept for certificates that ended after this moment (RFC 6960 §4.4.4).
    pub archive_cutoff: Option<Timestamp>,
}

impl Reply {
    /// Reads an answer.
    ///
    /// # Errors
    /// When it is not DER, not an OCSPResponse, or has a critical extension.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of("状态应答", MAX_OCTETS))?;
        let mut outer = Reader::sequence_of(der)?;
        let code = outer.enumerated()?;
        let content = outer.explicit(0)?;
        outer.finish()?;
        match (code, content) {
            (0, Some(content)) => {
                Ok(Self::Answered(Box::new(BasicResponse::read(&basic_octets(content)?)?)))
            }
            (code, None) => {
                let failure = Failure::ALL.into_iter().find(|failure| failure.code() == code);
                failure.map(Self::Failed).ok_or(Defect::Status.into())
            }
            _ => Err(Defect::Status.into()),
        }
    }
}

/// The OCTET STRING of `ResponseBytes`, which holds another DER structure.
fn basic_octets(mut content: Reader<'_>) -> Result<Vec<u8>, Error> {
    let mut fields = content.sequence()?;
    content.finish()?;
    if fields.oid()? != oid::OCSP_BASIC {
        return Err(Defect::ResponseType.into());
    }
    let octets = fields.octet_string()?;
    fields.finish()?;
    check(octets, &Limits::of("状态应答", MAX_OCTETS))?;
    Ok(octets.to_vec())
}

impl BasicResponse {
    fn read(der: &[u8]) -> Result<Self, Error> {
        let mut fields = Reader::sequence_of(der)?;
        let tbs = fields.expect(Tag::SEQUENCE)?;
        let algorithm = AlgorithmIdentifier::read(&mut fields)?;
        let signature = fields.octet_bits()?.to_vec();
        let certificates = fields.explicit(0)?.map(read_certificates).transpose()?;
        fields.finish()?;
        let mut response = Self::read_data(&tbs)?;
        response.algorithm = algorithm;
        response.signature = signature;
        response.certificates = certificates.unwrap_or_default();
        Ok(response)
    }

    fn read_data(tbs: &Tlv<'_>) -> Result<Self, Error> {
        let mut data = tbs.reader();
        // `version [0] DEFAULT v1` must be left out.
        let responder = read_responder(&mut data)?;
        let produced_at = generalized(&mut data)?;
        let singles = read_singles(data.sequence()?)?;
        let (nonce, extended_revoke) =
            data.explicit(1)?.map(read_extensions).transpose()?.unwrap_or_default();
        data.finish()?;
        Ok(Self {
            tbs: tbs.raw().to_vec(),
            algorithm: AlgorithmIdentifier::bare(oid::SM2_WITH_SM3),
            signature: Vec::new(),
            responder,
            produced_at,
            singles,
            nonce,
            extended_revoke,
            certificates: Vec::new(),
        })
    }

    /// The part that is signed, as it was received.
    pub fn tbs_der(&self) -> &[u8] {
        &self.tbs
    }

    /// The value of the signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// Who says to have signed.
    pub fn responder(&self) -> &ResponderId {
        &self.responder
    }

    /// When it was signed.
    pub fn produced_at(&self) -> Timestamp {
        self.produced_at
    }

    /// The answers.
    pub fn singles(&self) -> &[SingleResponse] {
        &self.singles
    }

    /// The nonce, if there is one.
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// Whether "revoked" may mean "never issued" in this answer (RFC 6960 §4.4.8).
    pub fn is_extended_revoke(&self) -> bool {
        self.extended_revoke
    }

    /// The certificates that came along.
    pub fn certificates(&self) -> &[Certificate] {
        &self.certificates
    }
}

fn read_certificates(mut content: Reader<'_>) -> Result<Vec<Certificate>, Error> {
    let mut list = content.sequence()?;
    content.finish()?;
    let mut certificates = Vec::new();
    while !list.is_empty() {
        certificates.push(Certificate::from_der(list.read()?.raw())?);
    }
    Ok(certificates)
}

fn read_responder(data: &mut Reader<'_>) -> Result<ResponderId, Error> {
    if let Some(mut name) = data.explicit(1)? {
        let responder = ResponderId::ByName(Name::read(&mut name)?);
        name.finish()?;
        return Ok(responder);
    }
    let mut key = data.expect(Tag::context_constructed(2))?.reader();
    let responder = ResponderId::ByKey(key.octet_string()?.to_vec());
    key.finish()?;
    Ok(responder)
}

fn read_singles(mut list: Reader<'_>) -> Result<Vec<SingleResponse>, Error> {
    let mut singles = Vec::new();
    while !list.is_empty() {
        let mut fields = list.sequence()?;
        let certificate = CertId::read(&mut fields)?;
        let status = read_status(&fields.read()?)?;
        let this_update = generalized(&mut fields)?;
        let next_update = match fields.explicit(0)? {
            Some(mut next) => {
                let at = generalized(&mut next)?;
                next.finish()?;
                Some(at)
            }
            None => None,
        };
        let archive_cutoff = fields.explicit(1)?.map(read_cutoff).transpose()?.flatten();
        fields.finish()?;
        if next_update.is_some_and(|next| next <= this_update) {
            return Err(Defect::Window.into());
        }
        singles.push(SingleResponse {
            certificate,
            status,
            this_update,
            next_update,
            archive_cutoff,
        });
    }
    if singles.is_empty() { Err(Defect::NoCertificate.into()) } else { Ok(singles) }
}

fn read_status(element: &Tlv<'_>) -> Result<CertStatus, Error> {
    let empty = element.value().is_empty();
    match element.tag() {
        tag if tag == Tag::context(0) && empty => Ok(CertStatus::Good),
        tag if tag == Tag::context(2) && empty => Ok(CertStatus::Unknown),
        tag if tag == Tag::context_constructed(1) => {
            let mut fields = element.reader();
            let at = generalized(&mut fields)?;
            let mut reason = Reason::Unspecified;
            if let Some(mut coded) = fields.explicit(0)? {
                reason = Reason::from_code(coded.enumerated()?).ok_or(Defect::Reason)?;
                coded.finish()?;
            }
            fields.finish()?;
            Ok(CertStatus::Revoked { at, reason })
        }
        _ => Err(Defect::Status.into()),
    }
}

/// The nonce, and whether the extended definition of "revoked" holds.
fn read_extensions(mut extensions: Reader<'_>) -> Result<(Option<Nonce>, bool), Error> {
    let element = extensions.expect(Tag::SEQUENCE)?;
    extensions.finish()?;
    let (mut nonce, mut extended_revoke) = (None, false);
    extension::for_each(&element, |id, critical, value| {
        match id {
            oid::OCSP_NONCE => nonce = Some(Nonce::read(&value)?),
            oid::OCSP_EXTENDED_REVOKE => {
                let mut reader = value.reader();
                reader.expect(Tag::NULL)?;
                reader.finish()?;
                extended_revoke = true;
            }
            _ if critical => return Err(Defect::CriticalExtension.into()),
            _ => {}
        }
        Ok(())
    })?;
    Ok((nonce, extended_revoke))
}

fn read_cutoff(mut extensions: Reader<'_>) -> Result<Option<Timestamp>, Error> {
    let element = extensions.expect(Tag::SEQUENCE)?;
    extensions.finish()?;
    let mut cutoff = None;
    extension::for_each(&element, |id, critical, value| {
        if id == oid::OCSP_ARCHIVE_CUTOFF {
            let mut reader = value.reader();
            cutoff = Some(generalized(&mut reader)?);
            return reader.finish();
        }
        if critical { Err(Defect::CriticalExtension.into()) } else { Ok(()) }
    })?;
    Ok(cutoff)
}

fn generalized(reader: &mut Reader<'_>) -> Result<Timestamp, Error> {
    reader.expect(Tag::GENERALIZED_TIME)?.instant()
}
