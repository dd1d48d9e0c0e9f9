//! What applicants and the public say of the service, and what comes of it: ratings in five levels
//! (好差评, 国办发〔2019〕51号), complaints (Measures Art. 29), and reports of suspicious certificates and leaked keys,
//! which are complaints with evidence and a shorter clock (T-16).
//!
//! What people write is theirs: sealed, shown to who answers, and public in figures only.

mod complaint;
mod keep;
mod kept;
mod key_file;
mod leaked;
mod lodge;
mod model;
mod outcome;
mod problem;
mod rating;
mod retention;
mod rules;
mod settings;
mod sql;
mod term;

pub use model::{
    Category, Complaint, ComplaintClock, ComplaintFilter, ComplaintOrder, ComplaintPage,
    ComplaintState, ComplaintStep, ComplaintWords, Figures, Level, LodgedComplaint, NewComplaint,
    ProvedKey, Rating, RatingAnswer, RatingFilter, RatingPage, Step,
};
pub use outcome::{KeepOrder, KeepStep, Keeping, MOST_REASON, MOST_SERIALS, Outcome};
pub use problem::{Evidence, KeyProof, LodgedProblem, NewEvidence, NewProblem, Stopped};
pub use rules::{EVIDENCE_ENDINGS, MOST_EVIDENCE, MOST_FILES, outcome_mistake};
pub use settings::VoiceSettings;

use access::{ActKind, Action, Principal, SignedAct};
use serde::de::DeserializeOwned;
use store::{Actor, Record, Tx};

use crate::doctor::{Check, Level as Finding};
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Reports of leaked keys that nobody took up in time, and proofs about our own at once: certificates go on
    /// meanwhile (T-16).
    pub(crate) async fn check_problems(&self) -> Check {
        let (name, title) = ("problem_reports", "密钥失密等问题报告");
        let judged = self.judge_problems().await;
        let (level, detail) = judged.unwrap_or_else(|error| (Finding::Unknown, error.to_string()));
        Check { name, title, level, detail }
    }

    /// Carries out what a person of the staff signed about a rating or a complaint.
    pub(crate) async fn on_voice(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<(), Error> {
        let permit = self.permit(principal, Action::HandleVoice)?;
        let (kind, object) = (act.kind(), act.object().to_owned());
        act.covers(&permit, kind, &object)?;
        match (kind, object.split_once(':')) {
            (ActKind::AnswerRating, Some(("rating", application))) => {
                self.answer_rating(application, act).await
            }
            (ActKind::HandleComplaint, Some(("complaint", id))) => self.on_complaint(id, act).await,
            _ => Err(Error::Stored("签名事项的对象")),
        }
    }
}

/// What was signed, as an order.
fn ordered<T: DeserializeOwned>(act: &SignedAct) -> Result<T, Error> {
    serde_json::from_value(act.payload().clone()).map_err(|_| Error::Stored("签名事项的内容"))
}

async fn record(
    tx: &mut Tx,
    kind: &'static str,
    actor: Actor,
    (subject, body): (String, serde_json::Value),
) -> Result<(), Error> {
    tx.append(Record::new(kind, actor, subject, body)).await?;
    Ok(())
}
