//! What applicants and the public say of the service, and what comes of it: ratings in five levels
//! (好差评, 国办发〔2019〕51号) and complaints (Measures Art. 29).
//!
//! What people write is theirs: sealed, shown to who answers, and public in figures only.

mod complaint;
mod model;
mod rating;
mod rules;
mod sql;

pub use model::{
    Category, Complaint, ComplaintClock, ComplaintFilter, ComplaintOrder, ComplaintPage,
    ComplaintState, ComplaintStep, ComplaintWords, Figures, Level, LodgedComplaint, NewComplaint,
    Rating, RatingAnswer, RatingFilter, RatingPage, Step,
};

use access::{ActKind, Action, Principal, SignedAct};
use serde::de::DeserializeOwned;
use store::{Actor, Record, Tx};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
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
            (ActKind::HandleComplaint, Some(("complaint", id))) => {
                self.handle_complaint(id, act).await
            }
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
