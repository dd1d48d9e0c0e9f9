//! 业务工作台: the pages of clerks and reviewers.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::attestation;
use crate::pages::desk::{
    application, code, decline, proof, queue, queue_export, review, supplement,
};
use crate::pages::guard::PageGate;

/// For clerks and reviewers.
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/desk" may(A::ListApplications) => queue::show;
        get "/desk/export.csv" may(A::ListApplications) => queue_export::file;
        get "/desk/applications/{id}" may(A::ReadApplication) => application::show;
        get "/desk/applications/{id}/materials/{material}" may(A::ReadApplication) => application::material;
        get "/desk/applications/{id}/attestation" may(A::ReadApplication) => attestation::of_application;
        post "/desk/applications/{id}/unmask" may(A::UnmaskApplication) => application::unmask;
        get "/desk/applications/{id}/proof" may(A::ProofIdentity) => proof::show;
        post "/desk/applications/{id}/proof" may(A::ProofIdentity) => proof::submit;
        get "/desk/applications/{id}/decline" may(A::DeclineApplication) => decline::show;
        post "/desk/applications/{id}/decline" may(A::DeclineApplication) => decline::submit;
        get "/desk/applications/{id}/code" may(A::SubmitApplication) => code::show;
        post "/desk/applications/{id}/code" may(A::SubmitApplication) => code::submit;
        get "/desk/applications/{id}/return" may(A::ReturnApplication) => supplement::show;
        post "/desk/applications/{id}/return" may(A::ReturnApplication) => supplement::submit;
        get "/desk/applications/{id}/review" may(A::ReviewApplication) => review::show;
        post "/desk/applications/{id}/review" may(A::ReviewApplication) => review::submit;
    }
}
