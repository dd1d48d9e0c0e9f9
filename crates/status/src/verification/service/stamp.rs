//! Judging a timestamp by itself.

use std::sync::Arc;

use gm::sm3;
use pki::tsp::{Reply, Token};

use super::inquiry::Inquiry;
use super::{Case, Verifier};
use crate::error::Error;
use crate::verification::model::{
    Check, Outcome, Purpose, StampFacts, StampQuestion, StampReport, Trust, Wrong,
};
use crate::verification::rules::{self, Asked};

impl Verifier {
    pub(super) async fn stamp(
        &self,
        trust: Arc<Trust>,
        question: StampQuestion,
        inquiry: Inquiry,
    ) -> Result<StampReport, Error> {
        let case = self.case(trust, question.evidence, inquiry).await?;
        let mut report = StampReport {
            verdict: Outcome::Unknown,
            made_at: case.now,
            snapshot: case.trust.snapshot().to_owned(),
            anchors: case.trust.anchors().len(),
            input: sm3::hash(&question.der).to_hex(),
            facts: None,
            checks: Vec::new(),
            certificate: None,
        };
        match read(&question.der)? {
            Ok(token) => self.judge_stamp(&token, &question.content, case, &mut report).await?,
            Err(check) => {
                report.verdict = rules::verdict([&check]);
                report.checks.push(check);
            }
        }
        Ok(report)
    }

    async fn judge_stamp(
        &self,
        token: &Token,
        content: &[u8],
        mut case: Case,
        report: &mut StampReport,
    ) -> Result<(), Error> {
        case.evidence.add_carried(token.certificates(), &[]);
        let (signer, value) = rules::stamp_signer(token, &case.evidence.certificates);
        report.facts = Some(facts(token));
        report.checks = vec![
            rules::readable_stamp(),
            rules::imprint_check(token, content),
            rules::moment_check(token, case.now),
            value,
        ];
        report.verdict = rules::verdict(&report.checks);
        if let Some(signer) = signer {
            let at = token.info().gen_time.min(case.now);
            let asked = Asked { at, purpose: Purpose::Timestamp, policies: Vec::new() };
            let judged = self.judge(&signer, &asked, &case).await?;
            report.verdict = report.verdict.max(judged.verdict);
            report.certificate = Some(judged);
        }
        Ok(())
    }
}

/// Reads strictly. What is no DER element at all is no timestamp, and gets no report.
fn read(der: &[u8]) -> Result<Result<Token, Check>, Wrong> {
    if der.first() != Some(&0x30) {
        return Err(Wrong::Stamp("内容不是 DER 编码".to_owned()));
    }
    Ok(match (Reply::from_der(der), Token::from_der(der)) {
        (Ok(Reply::Granted(token)), _) => Ok(*token),
        (Ok(Reply::Refused { .. }), _) => Err(rules::refused_stamp()),
        (Err(_), Ok(token)) => Ok(token),
        (Err(why), Err(_)) => Err(rules::unreadable_stamp(why.code(), &why.to_string())),
    })
}

fn facts(token: &Token) -> StampFacts {
    let info = token.info();
    StampFacts {
        at: info.gen_time,
        serial: info.serial.to_hex(),
        policy: info.policy.to_string(),
        algorithm: info.imprint.algorithm().name(),
    }
}
