//! Sheets of applications, certificates that end soon, messages on their way.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::desk::{
    batch, batch_acts, batch_consent, batch_expiring, batch_list, batch_messages, batch_run,
};
use crate::pages::guard::PageGate;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/desk/batches" may(A::ListApplications) => batch_list::show;
        get "/desk/batches.csv" may(A::ListApplications) => batch_list::export;
        get "/desk/batches/new" may(A::ImportBatch) => batch::fresh;
        post "/desk/batches/new" may(A::ImportBatch) => batch::begin;
        get "/desk/batches/template" may(A::ImportBatch) => batch::template;
        get "/desk/batches/{id}" may(A::ReadApplication) => batch::show;
        post "/desk/batches/{id}/materials" may(A::ImportBatch) => batch::add_material;
        get "/desk/batches/{id}/materials/{material}" may(A::ReadApplication) => batch::material;
        post "/desk/batches/{id}/sheets" may(A::ImportBatch) => batch::import;
        get "/desk/batches/{id}/sheets/{position}" may(A::ImportBatch) => batch::bad_rows;
        get "/desk/batches/{id}/result" may(A::ReadApplication) => batch::result;
        get "/desk/batches/{id}/enter" may(A::CreateApplication) => batch_acts::enter;
        post "/desk/batches/{id}/enter" may(A::CreateApplication) => batch_acts::submit_enter;
        get "/desk/batches/{id}/proof" may(A::ProofIdentity) => batch_acts::proof;
        post "/desk/batches/{id}/proof" may(A::ProofIdentity) => batch_acts::submit_proof;
        get "/desk/batches/{id}/review" may(A::ReviewApplication) => batch_acts::review;
        post "/desk/batches/{id}/review" may(A::ReviewApplication) => batch_acts::submit_review;
        get "/desk/batches/{id}/sample/{application}" may(A::ReviewApplication) => batch_acts::sample;
        get "/desk/batches/{id}/agreement" may(A::AgreeApplication) => batch_consent::today;
        get "/desk/batches/{id}/agreement/{day}" may(A::AgreeApplication) => batch_consent::show;
        get "/desk/batches/{id}/agreement/{day}/text" may(A::AgreeApplication) => batch_consent::text;
        post "/desk/batches/{id}/agreement/{day}" may(A::AgreeApplication) => batch_consent::sign;
        post "/desk/batches/{id}/agreement" may(A::AgreeApplication) => batch_run::agreement;
        post "/desk/batches/{id}/run" may(A::IssueApplication) => batch_run::steer;
        get "/desk/expiring" may(A::ListApplications) => batch_expiring::show;
        get "/desk/expiring.csv" may(A::ListApplications) => batch_expiring::export;
        get "/admin/messages" may(A::ReadMetrics) => batch_messages::show;
        get "/admin/messages/export.csv" may(A::ReadMetrics) => batch_messages::export;
        post "/admin/messages/requeue" may(A::RequeueMessages) => batch_messages::requeue;
    }
}
