//! A signed answer as it is kept: what it was made of, and its signature. Put together again it
//! is the same octets, at a fifth of the memory.

use std::sync::Arc;

use bytes::Bytes;
use gm::Digest;
use pki::Certificate;
use pki::ocsp::{CertId, CheckedSignature, Draft, Request, Single, UnsignedResponse};

use crate::error::Error;
use crate::model::Delegation;
use crate::rules::{Verdict, Window};

/// A signed answer about one certificate, bound to no question.
#[derive(Debug, Clone)]
pub struct Kept {
    pub verdict: Verdict,
    pub window: Window,
    /// Who signed.
    pub by: Arc<Delegation>,
    pub signature: CheckedSignature,
}

impl Kept {
    /// The octets of the answer to the CertID for which it was signed.
    pub fn body(&self, id: &CertId) -> Result<Bytes, Error> {
        let unsigned = about(id, self.verdict, self.window, &self.by.certificate)?;
        Ok(unsigned.assemble_checked(&self.signature, self.by.certificate.der()).into())
    }

    /// Names these octets: the random half of the signature.
    pub fn etag(&self) -> String {
        let mut random = [0; 32];
        random.iter_mut().zip(self.signature.to_raw()).for_each(|(to, octet)| *to = octet);
        Digest(random).to_hex()
    }
}

/// The answer about one certificate before it is signed.
pub fn about(
    id: &CertId,
    verdict: Verdict,
    window: Window,
    responder: &Certificate,
) -> Result<UnsignedResponse, Error> {
    let singles = [single(id, verdict, window)];
    Ok(draft(&singles, responder, window).encode()?)
}

/// The answer to a question before it is signed.
pub fn to_question(
    request: &Request,
    verdicts: &[Verdict],
    window: Window,
    responder: &Certificate,
) -> Result<UnsignedResponse, Error> {
    let asked = request.certificates().iter().zip(verdicts);
    let singles: Vec<_> = asked.map(|(id, verdict)| single(id, *verdict, window)).collect();
    // RFC 6960 §4.4.8: whoever is told "revoked" of what was never issued is told so.
    let extended_revoke = verdicts
        .iter()
        .any(|verdict| !verdict.is_issued && verdict.status == pki::ocsp::CertStatus::NEVER_ISSUED);
    let nonce = request.nonce();
    Ok(Draft { nonce, extended_revoke, ..draft(&singles, responder, window) }.encode()?)
}

fn single(id: &CertId, verdict: Verdict, window: Window) -> Single<'_> {
    Single {
        certificate: id,
        status: verdict.status,
        this_update: window.this_update,
        next_update: window.next_update,
        archive_cutoff: verdict.archive_cutoff,
    }
}

fn draft<'a>(singles: &'a [Single<'a>], responder: &'a Certificate, window: Window) -> Draft<'a> {
    Draft {
        responder: responder.subject(),
        produced_at: window.this_update,
        singles,
        nonce: None,
        extended_revoke: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the operations guide says of `[ocsp] cached`: about 0.35 KiB each, with its place in the
    /// table, the CertID (SHA-1: some 90 octets) and what allocations round up to.
    #[test]
    fn an_answer_takes_less_than_four_tenths_of_a_kibibyte() {
        let entry = size_of::<(Box<[u8]>, Kept)>();
        let place = size_of::<(pki::Serial, Vec<(Box<[u8]>, Kept)>)>() * 8 / 7;
        assert!(entry + place + 96 + 16 <= 400, "{entry} {place}");
    }
}
