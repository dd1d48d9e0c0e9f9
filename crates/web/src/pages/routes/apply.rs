//! The pages of the holder of one application.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::apply::{
    agreement, certificate, check, endorse, form, key, materials, notices, overview,
};
use crate::pages::guard::PageGate;

/// For the holder of one application.
pub(super) fn table() -> Vec<PageRoute> {
    let own = PageGate::Applicant;
    use Action as A;
    pages! {
        get "/application" own(A::ReadApplication) => overview::show;
        post "/application/withdraw" own(A::WithdrawApplication) => overview::withdraw;
        post "/application/go-on" own(A::IssueApplication) => overview::go_on;
        get "/application/notices/{name}" own(A::ReadApplication) => notices::show;
        post "/application/notices/{name}" own(A::AcknowledgeNotice) => notices::acknowledge;
        get "/application/form" own(A::CreateApplication) => form::show;
        post "/application/form" own(A::CreateApplication) => form::save;
        get "/application/materials" own(A::CreateApplication) => materials::show;
        post "/application/materials" own(A::CreateApplication) => materials::add;
        get "/application/materials/{id}" own(A::ReadApplication) => materials::open;
        post "/application/materials/{id}/remove" own(A::CreateApplication) => materials::remove;
        get "/application/endorse" own(A::CreateApplication) => endorse::show;
        post "/application/endorse" own(A::CreateApplication) => endorse::sign;
        get "/application/check" own(A::SubmitApplication) => check::show;
        post "/application/check" own(A::SubmitApplication) => check::submit;
        get "/application/agreement" own(A::AgreeApplication) => agreement::show;
        post "/application/agreement" own(A::AgreeApplication) => agreement::sign;
        get "/application/key" own(A::RequestCertificate) => key::show;
        post "/application/key" own(A::RequestCertificate) => key::submit;
        get "/application/certificate" own(A::ReadApplication) => certificate::show;
        get "/application/certificate/answer" own(A::ReadApplication) => certificate::answer;
        get "/application/certificate/restored" own(A::ReadApplication) => certificate::restored;
        post "/application/confirm" own(A::ConfirmReceipt) => certificate::confirm;
        post "/application/resend" own(A::DeliverCertificate) => certificate::resend;
    }
}
