//! The question: `OCSPRequest` (RFC 6960 §4.1).

use super::{CertId, Defect, Nonce};
use crate::crl::extension;
use crate::strict::{Limits, Reader, Tag, Writer, check};
use crate::{Error, oid};

/// Largest question that is read, in octets.
const MAX_OCTETS: usize = 16 * 1024;

/// Most certificates of one question that are read at all; responders may allow fewer.
pub const MAX_CERTIFICATES: usize = 100;

/// A question about one or more certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    certificates: Vec<CertId>,
    nonce: Option<Nonce>,
    signed: bool,
    der: Vec<u8>,
}

impl Request {
    /// Makes a question.
    ///
    /// # Errors
    /// When no certificate is named, or more than [`MAX_CERTIFICATES`].
    pub fn new(certificates: Vec<CertId>, nonce: Option<Nonce>) -> Result<Self, Error> {
        check_count(certificates.len())?;
        let der = encode(&certificates, nonce.as_ref());
        Ok(Self { certificates, nonce, signed: false, der })
    }

    /// Reads a question. A signature on it, if there is one, must have the right shape and is
    /// not verified: status is public, and who asks does not matter (RFC 6960 §4.1.2).
    ///
    /// # Errors
    /// When it is not DER, not an OCSPRequest, too large, or has a critical extension that
    /// we do not know.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        check(der, &Limits::of("状态查询请求", MAX_OCTETS))?;
        let mut outer = Reader::sequence_of(der)?;
        let mut tbs = outer.sequence()?;
        let signature = outer.explicit(0)?;
        outer.finish()?;
        let signed = signature.is_some();
        if let Some(signature) = signature {
            check_signature(signature)?;
        }
        // `version [0] DEFAULT v1` must be left out, so that nothing but v1 can be said.
        if tbs.peek() == Some(Tag::context_constructed(0)) {
            return Err(Defect::Version.into());
        }
        if let Some(mut requestor) = tbs.explicit(1)? {
            requestor.read()?;
            requestor.finish()?;
        }
        let certificates = read_certificates(tbs.sequence()?)?;
        let nonce = tbs.explicit(2)?.map(read_nonce).transpose()?.flatten();
        tbs.finish()?;
        Ok(Self { certificates, nonce, signed, der: der.to_vec() })
    }

    /// The certificates asked about; at least one.
    pub fn certificates(&self) -> &[CertId] {
        &self.certificates
    }

    /// The nonce, if the client sent one.
    pub fn nonce(&self) -> Option<&Nonce> {
        self.nonce.as_ref()
    }

    /// Whether the client signed its question.
    pub fn is_signed(&self) -> bool {
        self.signed
    }

    /// The octets received or made.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

fn check_count(count: usize) -> Result<(), Defect> {
    match count {
        0 => Err(Defect::NoCertificate),
        1..=MAX_CERTIFICATES => Ok(()),
        _ => Err(Defect::TooManyCertificates),
    }
}

fn encode(certificates: &[CertId], nonce: Option<&Nonce>) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.sequence(|w| {
                    certificates.iter().for_each(|id| w.sequence(|w| w.raw(id.der())));
                });
                if let Some(nonce) = nonce {
                    w.explicit(2, |w| {
                        w.sequence(|w| {
                            extension::write(w, &oid::OCSP_NONCE, false, |w| nonce.write(w));
                        });
                    });
                }
            });
        });
    })
}

fn read_certificates(mut list: Reader<'_>) -> Result<Vec<CertId>, Error> {
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let mut request = list.sequence()?;
        certificates.push(CertId::read(&mut request)?);
        if let Some(mut extensions) = request.explicit(0)? {
            let element = extensions.expect(Tag::SEQUENCE)?;
            extensions.finish()?;
            extension::for_each(&element, |_, critical, _| refuse_critical(critical))?;
        }
        request.finish()?;
        check_count(certificates.len())?;
    }
    check_count(certificates.len())?;
    Ok(certificates)
}

fn read_nonce(mut extensions: Reader<'_>) -> Result<Option<Nonce>, Error> {
    let element = extensions.expect(Tag::SEQUENCE)?;
    extensions.finish()?;
    let mut nonce = None;
    extension::for_each(&element, |id, critical, value| {
        if id == oid::OCSP_NONCE {
            nonce = Some(Nonce::read(&value)?);
            return Ok(());
        }
        refuse_critical(critical)
    })?;
    Ok(nonce)
}

fn refuse_critical(critical: bool) -> Result<(), Error> {
    if critical { Err(Defect::CriticalExtension.into()) } else { Ok(()) }
}

/// `Signature ::= SEQUENCE { AlgorithmIdentifier, BIT STRING, certs [0] EXPLICIT … OPTIONAL }`
fn check_signature(mut signature: Reader<'_>) -> Result<(), Error> {
    let mut fields = signature.sequence()?;
    signature.finish()?;
    crate::spki::AlgorithmIdentifier::read(&mut fields)?;
    fields.octet_bits()?;
    if let Some(mut certificates) = fields.explicit(0)? {
        certificates.sequence()?;
        certificates.finish()?;
    }
    fields.finish()
}
