//! Judging one signature with the certificate of its signer.

use gm::{Signature, UserId};
use jiff::Timestamp;
use pki::{Certificate, Oid};

use super::{Case, Verifier};
use crate::error::Error;
use crate::verification::model::{
    Check, Covered, Judged, Outcome, Purpose, SignerReport, TimeBasis,
};
use crate::verification::rules::{self, Asked};

/// Most timestamps of one signature that are looked at.
const MOST_STAMPS: usize = 4;

/// What is to be verified.
pub(super) struct Signed<'a> {
    /// The value, if it is one of SM2.
    pub signature: Option<Signature>,
    /// DER of the signed attributes, where they are signed in place of the content.
    pub attributes: Option<&'a [u8]>,
    /// The content.
    pub covered: &'a Covered,
    /// The identifier in the digest.
    pub user_id: &'a UserId,
    /// Policies of which one must hold.
    pub policies: &'a [Oid],
    /// Timestamps, and the octets that they are over.
    pub stamps: (&'a [Vec<u8>], &'a [u8]),
}

/// The signer's certificate, and whether the asker had it.
pub(super) struct Known {
    certificate: Certificate,
    is_looked_up: bool,
}

impl Known {
    /// It came with the question.
    pub fn given(certificate: Certificate) -> Self {
        Self { certificate, is_looked_up: false }
    }

    /// We found it by its number. Whoever only has a number learns no name from us: a number can be
    /// guessed, a name is personal. Whoever has a signature that its key made does.
    pub fn looked_up(certificate: Certificate) -> Self {
        Self { certificate, is_looked_up: true }
    }
}

impl Verifier {
    pub(super) async fn signer(
        &self,
        signed: Signed<'_>,
        certificate: Option<Known>,
        case: &Case,
    ) -> Result<SignerReport, Error> {
        let Some(Known { certificate, is_looked_up }) = certificate else {
            let mut report = rules::unjudged();
            report.checks.push(rules::no_certificate());
            return Ok(report);
        };
        let by = (&certificate, signed.user_id);
        let e = rules::signed_value(signed.attributes, signed.covered, by);
        let value = rules::signature_check(&certificate, e, signed.signature.as_ref());
        let (at, time_basis, time) = self.time(signed.stamps, case).await?;
        let asked = Asked { at, purpose: Purpose::Signature, policies: signed.policies.to_vec() };
        let mut judged = self.judge(&certificate, &asked, case).await?;
        if is_looked_up && value.outcome != Outcome::Passed {
            withhold(&mut judged, &certificate);
        }
        let checks = vec![value, time];
        Ok(SignerReport {
            verdict: rules::verdict(&checks).max(judged.verdict),
            named: Some((certificate.issuer().to_string(), certificate.serial().to_hex())),
            claimed_at: None,
            time_basis,
            checks,
            certificate: Some(judged),
        })
    }

    /// When the signature was there for certain: by the first timestamp over it whose own certificate
    /// held then, or else only now.
    async fn time(
        &self,
        (stamps, value): (&[Vec<u8>], &[u8]),
        case: &Case,
    ) -> Result<(Timestamp, TimeBasis, Check), Error> {
        for der in stamps.iter().take(MOST_STAMPS) {
            let Some(token) = rules::stamp_over(der, value, case.now) else { continue };
            let mut case = case.clone();
            case.evidence.add_carried(token.certificates(), &[]);
            let known = case.evidence.certificates.iter();
            let mut signers = known
                .filter(|one| token.verify_signature(one, &UserId::default()).is_ok())
                .cloned();
            let Some(authority) = signers.next() else { continue };
            let at = token.info().gen_time;
            let asked = Asked { at, purpose: Purpose::Timestamp, policies: Vec::new() };
            if self.judge(&authority, &asked, &case).await?.verdict == Outcome::Passed {
                return Ok(rules::proven(&token, authority.subject().to_string()));
            }
        }
        Ok(rules::unproven(!stamps.is_empty(), case.now))
    }
}

/// Takes the holder's name out of what was judged.
fn withhold(judged: &mut Judged, certificate: &Certificate) {
    let subject = certificate.subject();
    let name = subject.common_name().map_or_else(|| subject.to_string(), str::to_owned);
    let called = format!("证书“{name}”");
    for check in &mut judged.checks {
        check.reason = check.reason.replace(&called, "签名者的证书");
    }
    if let Some(facts) = &mut judged.facts {
        facts.subject = None;
    }
    if let Some(first) = judged.path.first_mut() {
        first.subject = String::new();
    }
}
