//! 好差评 and complaints: what applicants and the public say, and what the institution answers
//! (Measures Art. 29; 国办发〔2019〕51号).

pub mod complaints;
pub mod desk;
pub mod ratings;

use super::answer::{Answer, go};
use super::guard::Visitor;
use crate::api::App;

/// Writes an order about a rating or a complaint down and goes on to its signature.
async fn to_be_signed(
    app: &App,
    visitor: &Visitor,
    (kind, object): (access::ActKind, &str),
    order: &impl serde::Serialize,
) -> Answer {
    let payload = serde_json::to_value(order).map_err(|_| app::Error::Stored("签名事项"))?;
    let act = app.access().prepare_act(visitor.principal(), kind, object, &payload).await?;
    go(&format!("/sign/{}", act.id))
}
