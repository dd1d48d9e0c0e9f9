//! 业务工作台: queues with clocks, one application with its materials, proofing, return, review.
//!
//! What a person answers for is prepared here and signed on the page of [`super::sign`]; nothing
//! of it is done before (GM/T 0034 §6).

pub mod application;
pub mod batch;
pub mod batch_acts;
pub mod batch_consent;
pub mod batch_expiring;
pub mod batch_list;
pub mod batch_messages;
pub mod batch_run;
pub mod code;
pub mod decline;
pub mod enter;
pub mod next;
pub mod proof;
pub mod queue;
pub mod queue_export;
pub mod review;
pub mod revocation;
pub mod revocations;
pub mod revocations_export;
pub mod supplement;

use access::Action;
use ra::{Application, ApplicationId};
use serde::Serialize;

use super::answer::Answer;
use super::guard::Visitor;
use crate::api::App;
use crate::problem::Problem;

/// The application of a path, if the visitor's permission to read reaches it.
pub(super) async fn found(app: &App, visitor: &Visitor, id: &str) -> Result<Application, Problem> {
    let id: ApplicationId = id.parse()?;
    let permit = app.permit(visitor.principal(), Action::ReadApplication)?;
    Ok(app.registration()?.application(&permit, &id).await?)
}

/// Writes an order down and goes on to its signature.
pub(in crate::pages) async fn to_be_signed(
    app: &App,
    visitor: &Visitor,
    (kind, id): (access::ActKind, &str),
    order: &impl Serialize,
) -> Answer {
    let family = match kind {
        access::ActKind::EnterRevocation
        | access::ActKind::ReviewRevocation
        | access::ActKind::EnterLifting
        | access::ActKind::ReviewLifting
        | access::ActKind::RevokeCertificate => "revocation",
        _ => "application",
    };
    let object = format!("{family}:{id}");
    super::order::to_be_signed(app, visitor, (kind, &object), order).await
}
