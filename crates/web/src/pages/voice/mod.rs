//! 好差评 and complaints: what applicants and the public say, and what the institution answers
//! (Measures Art. 29; 国办发〔2019〕51号); reports of leaked keys (T-16).

pub mod complaints;
pub mod desk;
pub mod keep;
pub mod problems;
pub mod rating_list;
pub mod ratings;

use super::answer::Answer;
use super::guard::Visitor;
use crate::api::App;

/// Writes an order about a rating or a complaint down and goes on to its signature.
async fn to_be_signed(
    app: &App,
    visitor: &Visitor,
    (kind, object): (access::ActKind, &str),
    order: &impl serde::Serialize,
) -> Answer {
    super::order::to_be_signed(app, visitor, (kind, object), order).await
}
