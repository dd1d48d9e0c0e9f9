//! The table of pages: address, method, gate. No page is reachable that isn't a row.

use access::Action;
use app::Institution;
use axum::Router;
use axum::http::Method;
use axum::middleware::from_fn_with_state;
use axum::routing::{self, MethodRouter};

use super::apply::{
    agreement, begin, certificate, check, form, key, materials, notices, overview, progress,
};
use super::desk::{application, proof, queue, review, supplement};
use super::guard::{Door, PageGate, guard};
use super::site::Site;
use super::{asset, display, downloads, guides, home, query, sign, sign_in};
use crate::api::App;

/// One row of the table.
pub struct PageRoute {
    /// The method.
    pub method: Method,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// Who may.
    pub gate: PageGate,
    handler: MethodRouter<App>,
}

macro_rules! pages {
    ($($method:ident $path:literal $gate:expr => $handler:expr;)*) => {
        vec![$(PageRoute {
            method: method(stringify!($method)),
            path: $path,
            gate: $gate,
            handler: routing::$method($handler),
        },)*]
    };
}

fn method(name: &str) -> Method {
    match name {
        "post" => Method::POST,
        _ => Method::GET,
    }
}

/// Every page there is.
#[must_use]
pub fn table() -> Vec<PageRoute> {
    let mut table = public();
    table.extend(applicant());
    table.extend(staff());
    table
}

/// For everybody.
fn public() -> Vec<PageRoute> {
    use PageGate::{Public, PublicForm, Staff};
    pages! {
        get "/" Public => home::show;
        get "/query" Public => query::show;
        get "/downloads" Public => downloads::show;
        get "/guides" Public => guides::list;
        get "/guides/{service}/{kind}" Public => guides::show;
        get "/notices/{name}" Public => guides::notice;
        post "/display" Public => display::change;
        get "/assets/{file}" Public => asset::download;

        get "/login" PublicForm => sign_in::by_passphrase;
        post "/login" PublicForm => sign_in::with_passphrase;
        get "/login/key" PublicForm => sign_in::by_key;
        post "/login/key" PublicForm => sign_in::with_key;
        post "/logout" PublicForm => sign_in::sign_out;
        get "/account" Staff => sign_in::account;
        post "/account/end" Staff => sign_in::end_all;
        get "/sign/{id}" Staff => sign::show;
        post "/sign/{id}" Staff => sign::complete;

        get "/apply" Public => begin::choose;
        get "/apply/{service}/{kind}" PublicForm => begin::show;
        post "/apply/{service}/{kind}" PublicForm => begin::create;
        get "/progress" PublicForm => progress::show;
        post "/progress" PublicForm => progress::open;
    }
}

/// For the holder of one application.
fn applicant() -> Vec<PageRoute> {
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
        get "/application/check" own(A::SubmitApplication) => check::show;
        post "/application/check" own(A::SubmitApplication) => check::submit;
        get "/application/agreement" own(A::AgreeApplication) => agreement::show;
        post "/application/agreement" own(A::AgreeApplication) => agreement::sign;
        get "/application/key" own(A::RequestCertificate) => key::show;
        post "/application/key" own(A::RequestCertificate) => key::submit;
        get "/application/certificate" own(A::ReadApplication) => certificate::show;
        get "/application/certificate/answer" own(A::ReadApplication) => certificate::answer;
        post "/application/confirm" own(A::ConfirmReceipt) => certificate::confirm;
        post "/application/resend" own(A::DeliverCertificate) => certificate::resend;
    }
}

/// For clerks and reviewers.
fn staff() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/desk" may(A::ListApplications) => queue::show;
        get "/desk/applications/{id}" may(A::ReadApplication) => application::show;
        get "/desk/applications/{id}/materials/{material}" may(A::ReadApplication) => application::material;
        post "/desk/applications/{id}/unmask" may(A::UnmaskApplication) => application::unmask;
        get "/desk/applications/{id}/proof" may(A::ProofIdentity) => proof::show;
        post "/desk/applications/{id}/proof" may(A::ProofIdentity) => proof::submit;
        get "/desk/applications/{id}/return" may(A::ReturnApplication) => supplement::show;
        post "/desk/applications/{id}/return" may(A::ReturnApplication) => supplement::submit;
        get "/desk/applications/{id}/review" may(A::ReviewApplication) => review::show;
        post "/desk/applications/{id}/review" may(A::ReviewApplication) => review::submit;
    }
}

/// The pages of an institution.
pub fn router(institution: &Institution, site: &Site) -> Router<App> {
    let mut router = Router::new();
    for route in table() {
        let door = Door { institution: institution.clone(), site: site.clone(), gate: route.gate };
        let handler = route.handler.route_layer(from_fn_with_state(door, guard));
        router = router.route(route.path, handler);
    }
    router
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_changes_something_asks_who_or_binds_its_form() {
        for route in table().into_iter().filter(|route| route.method == Method::POST) {
            let is_view = route.path == "/display";
            assert!(route.gate != PageGate::Public || is_view, "{}", route.path);
        }
    }

    #[test]
    fn reading_permits_read_and_changing_permits_belong_to_posts_or_their_forms() {
        for route in table() {
            let action = match route.gate {
                PageGate::Person(action) | PageGate::Applicant(action) => action,
                _ => continue,
            };
            let is_unmasking = action == Action::UnmaskApplication;
            assert!(
                route.method == Method::GET || action.changes() || is_unmasking,
                "{} changes something under a permit to read",
                route.path
            );
        }
    }
}
