//! Changes of status, and what the counter enters.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::apply::{
    agreement, certificate, check, endorse, form, key, materials, notices, overview, paper,
};
use crate::pages::desk::{enter, revocation, revocations, revocations_export};
use crate::pages::guard::PageGate;

/// The counter has the pages of applicants under its own address; revocations are entered and
/// confirmed by two people.
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/desk/enter" may(A::CreateApplication) => enter::show;
        post "/desk/enter" may(A::CreateApplication) => enter::create;
        get "/desk/enter/{application}" may(A::ReadApplication) => overview::show;
        post "/desk/enter/{application}/withdraw" may(A::WithdrawApplication) => overview::withdraw;
        post "/desk/enter/{application}/go-on" may(A::IssueApplication) => overview::go_on;
        get "/desk/enter/{application}/notices/{name}" may(A::ReadApplication) => notices::show;
        post "/desk/enter/{application}/notices/{name}" may(A::AcknowledgeNotice) => notices::acknowledge;
        get "/desk/enter/{application}/form" may(A::CreateApplication) => form::show;
        post "/desk/enter/{application}/form" may(A::CreateApplication) => form::save;
        get "/desk/enter/{application}/materials" may(A::CreateApplication) => materials::show;
        post "/desk/enter/{application}/materials" may(A::CreateApplication) => materials::add;
        get "/desk/enter/{application}/materials/{id}" may(A::ReadApplication) => materials::open;
        post "/desk/enter/{application}/materials/{id}/remove" may(A::CreateApplication) => materials::remove;
        get "/desk/enter/{application}/endorse" may(A::CreateApplication) => endorse::show;
        post "/desk/enter/{application}/endorse" may(A::CreateApplication) => endorse::sign;
        get "/desk/enter/{application}/check" may(A::CreateApplication) => check::show;
        post "/desk/enter/{application}/check" may(A::CreateApplication) => check::submit;
        get "/desk/enter/{application}/paper" may(A::AgreeApplication) => paper::show;
        post "/desk/enter/{application}/paper" may(A::AgreeApplication) => paper::submit;
        get "/desk/enter/{application}/agreement" may(A::AgreeApplication) => agreement::show;
        post "/desk/enter/{application}/agreement" may(A::AgreeApplication) => agreement::sign;
        get "/desk/enter/{application}/key" may(A::RequestCertificate) => key::show;
        post "/desk/enter/{application}/key" may(A::RequestCertificate) => key::submit;
        get "/desk/enter/{application}/certificate" may(A::ReadApplication) => certificate::show;
        get "/desk/enter/{application}/certificate/answer" may(A::ReadApplication) => certificate::answer;
        get "/desk/enter/{application}/certificate/restored" may(A::DeliverCertificate) => certificate::restored;
        post "/desk/enter/{application}/confirm" may(A::ConfirmReceipt) => certificate::confirm;
        post "/desk/enter/{application}/resend" may(A::DeliverCertificate) => certificate::resend;

        get "/desk/revocations" may(A::ReadRevocations) => revocations::show;
        get "/desk/revocations/export.csv" may(A::ReadRevocations) => revocations_export::file;
        get "/desk/revocations/new" may(A::EnterRevocation) => revocations::choose;
        post "/desk/revocations/new" may(A::EnterRevocation) => revocations::create;
        get "/desk/revocations/{id}" may(A::ReadRevocations) => revocation::show;
        get "/desk/revocations/{id}/evidence/{name}" may(A::ReadRevocations) => revocation::evidence;
        post "/desk/revocations/{id}/call" may(A::EnterRevocation) => revocation::call;
        post "/desk/revocations/{id}/answer" may(A::EnterRevocation) => revocation::answer;
        post "/desk/revocations/{id}/enter" may(A::EnterRevocation) => revocation::enter;
        post "/desk/revocations/{id}/drop" may(A::EnterRevocation) => revocation::give_up;
        post "/desk/revocations/{id}/order" may(A::RevokeCertificate) => revocation::order_one;
        post "/desk/revocations/{id}/cancel" may(A::RevokeCertificate) => revocation::give_up;
        post "/desk/revocations/{id}/review" may(A::ReviewRevocation) => revocation::review;
    }
}
