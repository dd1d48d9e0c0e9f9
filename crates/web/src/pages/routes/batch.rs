//! Sheets of applications, certificates that end soon, messages on their way.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::desk::{batch, batch_acts, batch_expiring, batch_messages, batch_run};
use crate::pages::guard::PageGate;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/desk/batches" may(A::ListApplications) => batch::list;
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
        post "/desk/batches/{id}/agreement" may(A::AgreeApplication) => batch_run::agreement;
        post "/desk/batches/{id}/run" may(A::IssueApplication) => batch_run::steer;
        get "/desk/expiring" may(A::ListApplications) => batch_expiring::show;
        get "/desk/expiring.csv" may(A::ListApplications) => batch_expiring::export;
        get "/admin/messages" may(A::ReadMetrics) => batch_messages::show;
    }
}
