//! Judging a certificate.

use std::sync::Arc;

use gm::sm3;
use pki::Certificate;

use super::inquiry::Inquiry;
use super::{Case, Verifier};
use crate::error::Error;
use crate::verification::model::{
    CertificateQuestion, CertificateReport, Check, Judged, Outcome, Trust, Wrong,
};
use crate::verification::rules::{self, Asked, Chain, Heard, Own};

/// How often another chain is looked for when a CA certificate in it is revoked: revoking one of two
/// cross-certificates does not touch the other (T-15).
const MOST_DETOURS: usize = 4;

impl Verifier {
    pub(super) async fn certificate(
        &self,
        trust: Arc<Trust>,
        question: CertificateQuestion,
        inquiry: Inquiry,
    ) -> Result<CertificateReport, Error> {
        let CertificateQuestion { der, evidence, at, purpose, policies } = question;
        let case = self.case(trust, evidence, inquiry).await?;
        let asked = Asked { at: rules::instant(at, case.now)?, purpose, policies };
        let judged = match read(&der)? {
            Ok(certificate) => self.judge(&certificate, &asked, &case).await?,
            Err(check) => unreadable(check, &asked),
        };
        Ok(CertificateReport {
            made_at: case.now,
            snapshot: case.trust.snapshot().to_owned(),
            anchors: case.trust.anchors().len(),
            input: sm3::hash(&der).to_hex(),
            purpose,
            judged,
        })
    }

    /// Every check of a certificate that can be read.
    pub(super) async fn judge(
        &self,
        leaf: &Certificate,
        asked: &Asked,
        case: &Case,
    ) -> Result<Judged, Error> {
        let known = case.records.authorities().chain(case.followed.certificates());
        let mut untrusted: Vec<Certificate> =
            case.evidence.certificates.iter().chain(known).cloned().collect();
        let mut best: Option<Judged> = None;
        for _ in 0..=MOST_DETOURS {
            let chain = rules::chain(leaf, &untrusted, &case.trust, asked);
            let statuses = self.statuses(&chain, asked, case).await?;
            let spoiled = spoiled(&chain, &statuses);
            let judged = assemble(leaf, &chain, statuses, (asked, case));
            // A detour that leads nowhere says less than the way that was found.
            let is_better = |best: &Judged| chain.is_anchored && judged.verdict < best.verdict;
            if best.as_ref().is_none_or(is_better) {
                best = Some(judged);
            }
            match spoiled {
                Some(revoked) => untrusted.retain(|one| *one != revoked),
                None => break,
            }
        }
        best.ok_or(Error::Closing)
    }

    /// The status of each certificate below the anchor, from the one in question on.
    async fn statuses(
        &self,
        chain: &Chain,
        asked: &Asked,
        case: &Case,
    ) -> Result<Vec<Check>, Error> {
        let mut checks = Vec::new();
        for (child, issuer) in chain.links() {
            let found = match case.records.number_of(issuer) {
                Some(number) => {
                    let own = match case.records.is_doubtful(child) {
                        true => Own::Contradictory,
                        false => self.own(number, child, asked.at).await?,
                    };
                    rules::by_own(&own, asked.at, case.records.basis(issuer))
                }
                None => {
                    let sources = (&*case.followed, &case.evidence);
                    // Without an anchor nothing passes: nobody is asked for it.
                    let heard = match chain.is_anchored {
                        true => self.hear((child, issuer), asked.at, case).await,
                        false => Heard::default(),
                    };
                    rules::by_others((child, issuer), sources, heard, asked.at)
                }
            };
            checks.push(rules::status_check(child, found));
        }
        if checks.is_empty()
            && !chain.is_anchored
            && let Some(leaf) = chain.path.first()
        {
            checks.push(rules::status_check(leaf, rules::unreached()));
        }
        Ok(checks)
    }
}

/// Reads strictly. What is no DER element at all is no certificate, and gets no report.
fn read(der: &[u8]) -> Result<Result<Certificate, Check>, Wrong> {
    if der.first() != Some(&0x30) {
        return Err(Wrong::Certificate("内容不是 DER 编码的证书".to_owned()));
    }
    Ok(Certificate::from_der(der).map_err(|why| rules::unreadable(why.code(), &why.to_string())))
}

fn unreadable(check: Check, asked: &Asked) -> Judged {
    let (path, policies) = (Vec::new(), Vec::new());
    let verdict = rules::verdict([&check]);
    Judged { verdict, at: asked.at, facts: None, path, policies, checks: vec![check] }
}

fn assemble(
    leaf: &Certificate,
    chain: &Chain,
    statuses: Vec<Check>,
    (asked, case): (&Asked, &Case),
) -> Judged {
    let mut checks = vec![rules::readable()];
    checks.extend(rules::path_checks(chain, asked, &case.trust));
    checks.extend(statuses);
    Judged {
        verdict: rules::verdict(&checks),
        at: asked.at,
        facts: Some(rules::facts(leaf)),
        path: chain.verdict.path.clone(),
        policies: chain.verdict.policies.clone(),
        checks,
    }
}

/// A CA certificate of the chain whose status failed: another chain may do without it.
fn spoiled(chain: &Chain, statuses: &[Check]) -> Option<Certificate> {
    let above = chain.path.iter().zip(statuses).skip(1);
    let mut failed = above.filter(|(_, check)| check.outcome == Outcome::Failed);
    failed.next().map(|(certificate, _)| certificate.clone())
}
