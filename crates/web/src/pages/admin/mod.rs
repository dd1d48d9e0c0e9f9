//! 管理台: people and registration offices, the journal, certificates, CA, devices, health, figures.
//!
//! What a person answers for is prepared here and signed on the page of [`super::sign`]; nothing
//! of it is done before (GM/T 0034 §6).

pub mod ca;
pub mod ca_orders;
pub mod certificate;
mod certificate_fields;
pub mod certificate_order;
pub mod certificates;
pub mod devices;
pub mod health;
mod health_plot;
pub mod home;
pub mod journal;
pub mod journal_audit;
pub mod journal_consistency;
pub mod journal_key;
mod journal_kinds;
mod journal_members;
mod journal_proof;
pub mod journal_record;
mod journal_words;
pub(super) use journal_words::Names;
pub mod office;
pub mod office_form;
pub mod office_orders;
pub mod office_records;
pub mod offices;
pub mod people;
pub(super) mod period;
pub mod person;
pub mod person_acts;
pub mod person_form;
pub mod profiles;
mod profiles_rows;
pub mod sample;
pub mod sample_look;
pub mod samples;
pub mod settings;
pub mod statistics;
pub mod trust;

use access::{ActKind, Action, Roles};
use serde::Serialize;

use super::answer::Answer;
use super::guard::Visitor;
use crate::api::App;
use crate::problem::Problem;

/// Writes an order down and goes on to its signature.
async fn to_be_signed(
    app: &App,
    visitor: &Visitor,
    (kind, object): (ActKind, &str),
    order: &impl Serialize,
) -> Answer {
    super::order::to_be_signed(app, visitor, (kind, object), order).await
}

/// Number and name of every office that the visitor may see, of others those that are announced to everybody
/// (Measures Art. 26); none while registration is closed.
pub(super) async fn offices(
    app: &App,
    visitor: &Visitor,
) -> Result<Vec<(String, String)>, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadOffices);
    let Ok(ra) = app.registration() else { return Ok(Vec::new()) };
    let offices = match permit {
        Ok(permit) => ra.offices(&permit).await?,
        Err(_) => ra.open_offices().await?,
    };
    Ok(offices.into_iter().map(|office| (office.id.to_string(), office.name)).collect())
}

/// What an office is called; the institution itself is 本机构.
pub(super) fn office_name(id: Option<&str>, offices: &[(String, String)]) -> String {
    let Some(id) = id else { return "本机构".to_owned() };
    let known = offices.iter().find(|(office, _)| office == id);
    known.map_or_else(|| "未公布的注册机构".to_owned(), |(_, name)| name.clone())
}

/// Roles in words.
pub fn roles(roles: &Roles) -> String {
    roles.iter().map(access::Role::chinese).collect::<Vec<_>>().join("、")
}
