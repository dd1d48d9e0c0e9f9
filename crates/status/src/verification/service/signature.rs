//! Judging a signature: what it is, what it covers, and each of its signers.

use std::sync::Arc;

use gm::{Signature, sm3};
use pki::Certificate;

use super::inquiry::Inquiry;
use super::signer::{Known, Signed};
use super::{Case, Verifier};
use crate::error::Error;
use crate::verification::message::{Message, Named, Signer};
use crate::verification::model::{
    Check, Covered, Form, Outcome, SignatureQuestion, SignatureReport, SignerReport, Trust, Wrong,
};
use crate::verification::rules;

/// What came of the form: the checks of the whole, and each signature.
struct Found {
    form: &'static str,
    attached: bool,
    checks: Vec<Check>,
    signers: Vec<SignerReport>,
    content: Option<String>,
}

impl Verifier {
    pub(super) async fn signature(
        &self,
        trust: Arc<Trust>,
        question: SignatureQuestion,
        inquiry: Inquiry,
    ) -> Result<SignatureReport, Error> {
        let case = self.case(trust, question.evidence.clone(), inquiry).await?;
        let content = question.covered.digest().map(|digest| digest.to_hex());
        let found = match &question.form {
            Form::Raw(signature, _) => self.raw(signature, &question, &case).await?,
            Form::Message(der) => self.message(der, &question, &case).await?,
            Form::Pdf(_) => unreadable("pdf", rules::unsupported("format.pdf", PDF)),
        };
        let rows = found.checks.iter();
        let whole = rows.filter(|check| check.weighs).map(|check| check.outcome);
        let each = found.signers.iter().map(|signer| signer.verdict);
        // Without any signer nothing was signed, whatever else is in order.
        let none = found.signers.is_empty().then_some(Outcome::Unknown);
        Ok(SignatureReport {
            verdict: whole.chain(each).chain(none).max().unwrap_or(Outcome::Unknown),
            made_at: case.now,
            snapshot: case.trust.snapshot().to_owned(),
            anchors: case.trust.anchors().len(),
            input: sm3::hash(question.form.octets()).to_hex(),
            content: content.or(found.content),
            form: found.form,
            attached: found.attached,
            checks: found.checks,
            signers: found.signers,
        })
    }

    /// A bare SM2 signature.
    async fn raw(
        &self,
        signature: &Signature,
        question: &SignatureQuestion,
        case: &Case,
    ) -> Result<Found, Error> {
        if question.covered == Covered::Nothing {
            return Err(Wrong::NothingCovered.into());
        }
        let certificate = match (&question.certificate, &question.serial) {
            (Some(given), _) => Some(Known::given(given.clone())),
            (None, Some(serial)) => {
                self.issued(&case.records, None, serial).await?.map(Known::looked_up)
            }
            (None, None) => None,
        };
        let signed = Signed {
            signature: Some(*signature),
            attributes: None,
            covered: &question.covered,
            user_id: &question.user_id,
            policies: &question.policies,
            stamps: (&[], &[]),
        };
        let signer = self.signer(signed, certificate, case).await?;
        let (checks, signers) = (Vec::new(), vec![signer]);
        Ok(Found { form: "raw", attached: false, checks, signers, content: None })
    }

    /// A signed message: each signer for itself.
    async fn message(
        &self,
        der: &[u8],
        question: &SignatureQuestion,
        case: &Case,
    ) -> Result<Found, Error> {
        let message = match Message::from_der(der) {
            Ok(message) => message,
            Err(why) => {
                let check = rules::unreadable_signature(why.code(), &why.to_string());
                return Ok(unreadable("signed-message", check));
            }
        };
        let mut case = case.clone();
        case.evidence.add_carried(&message.certificates, &message.lists);
        let mut checks = vec![rules::readable_signature()];
        checks.extend(rules::cover_checks(&message, &question.covered));
        if message.signers.is_empty() {
            checks.push(rules::unsigned());
        }
        // What the message carries counts; the content that was given is compared with it above.
        let carried = message.content.clone().map(Covered::Content);
        let covered = carried.as_ref().unwrap_or(&question.covered);
        let mut signers = Vec::with_capacity(message.signers.len());
        for signer in &message.signers {
            let found = self.signer_of((signer, &message), covered, (question, &case)).await?;
            signers.push(found);
        }
        let content = covered.digest().map(|digest| digest.to_hex());
        let (form, attached) = (message.family.word(), message.content.is_some());
        Ok(Found { form, attached, checks, signers, content })
    }

    async fn signer_of(
        &self,
        (signer, message): (&Signer, &Message),
        covered: &Covered,
        (question, case): (&SignatureQuestion, &Case),
    ) -> Result<SignerReport, Error> {
        let before = rules::message_checks(signer, message, covered);
        let certificate = self.certificate_of(signer, message, (question, case)).await?;
        let mut report = if signer.is_sm2_with_sm3() {
            let signed = Signed {
                signature: signer.signature(),
                attributes: signer.attributes.as_ref().map(|attributes| &attributes.signed[..]),
                covered,
                user_id: &question.user_id,
                policies: &question.policies,
                stamps: (&signer.stamps, &signer.value),
            };
            self.signer(signed, certificate, case).await?
        } else {
            rules::unjudged()
        };
        report.checks.splice(0..0, before);
        report.named = match &signer.named {
            Named::Issued(issuer, serial) => Some((issuer.to_string(), serial.to_hex())),
            Named::Key(_) => None,
        };
        report.claimed_at = signer.attributes.as_ref().and_then(|attributes| attributes.at);
        report.verdict = report.verdict.max(rules::verdict(&report.checks));
        Ok(report)
    }

    /// The certificate that a signature names: of the message, of the asker, or of our own store.
    async fn certificate_of(
        &self,
        signer: &Signer,
        message: &Message,
        (question, case): (&SignatureQuestion, &Case),
    ) -> Result<Option<Known>, Error> {
        let given = question.certificate.iter().chain(&case.evidence.certificates);
        let mut here = message.certificates.iter().chain(given);
        if let Some(found) = here.find(|candidate: &&Certificate| signer.is(candidate)) {
            return Ok(Some(Known::given(found.clone())));
        }
        match &signer.named {
            Named::Issued(issuer, serial) => {
                let found = self.issued(&case.records, Some(issuer), serial).await?;
                Ok(found.map(Known::looked_up))
            }
            Named::Key(_) => Ok(None),
        }
    }
}

const PDF: &str = "本服务不验证 PDF 中的签名；请用支持 SM2 签名的 PDF 阅读器验证";

/// Nothing further could be looked at.
fn unreadable(form: &'static str, check: Check) -> Found {
    let (checks, signers) = (vec![check], Vec::new());
    Found { form, attached: false, checks, signers, content: None }
}
