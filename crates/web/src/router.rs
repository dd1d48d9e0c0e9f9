//! The route table: every address, its method, its gate. Nothing is reachable that isn't a row.

use access::Action;
use app::Institution;
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};
use axum::{Extension, Router};

use crate::api::{
    App, certificates, clients, crls, directory, export, journal, kinds, problems, requests,
    session, sign, sof, system, verify,
};
use crate::gate::{Gate, guard};
use crate::problem::Problem;
use crate::public::{authority, lists, log, ocsp, search, svs, tsp};
use crate::{metrics, openapi, pages};

/// One row of the table.
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with `{parameters}`.
    pub path: &'static str,
    /// Who may.
    pub gate: Gate,
    handler: MethodRouter<App>,
}

macro_rules! routes {
    ($($method:ident $path:literal $gate:expr => $handler:expr;)*) => {
        vec![$(Route {
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
        "delete" => Method::DELETE,
        _ => Method::GET,
    }
}

const fn may(action: Action) -> Gate {
    Gate::Permit(action)
}

/// Every route there is.
#[must_use]
pub fn table() -> Vec<Route> {
    [for_relying_parties(), for_applications(), for_clients()].into_iter().flatten().collect()
}

/// Status, lists, timestamps, verification: what relying parties ask.
fn for_relying_parties() -> Vec<Route> {
    routes! {
        get "/healthz" Gate::Public => system::health;
        get "/readyz" Gate::Public => system::ready;
        get "/metrics" Gate::Public => metrics::render;
        get "/api/openapi.json" Gate::Public => openapi::document;
        get "/ocsp/{*request}" Gate::Public => ocsp::get;
        post "/ocsp" Gate::Public => ocsp::post;
        post "/ocsp/" Gate::Public => ocsp::post;
        get "/crl/{file}" Gate::Public => lists::download;
        get "/ca/{file}" Gate::Public => authority::download;
        get "/pki/certificates/search.cgi" Gate::Public => search::certificates;
        get "/pki/crls/search.cgi" Gate::Public => search::lists;
        post "/tsa" Gate::Public => tsp::gm;
        post "/tsa/rfc3161" Gate::Public => tsp::rfc;
        get "/tsa/certificate.cer" Gate::Public => tsp::der;
        get "/tsa/certificate.pem" Gate::Public => tsp::pem;
        post "/svs" Gate::Public => svs::der;
        post "/svs/{kind}" Gate::Public => svs::form;
        get "/log/checkpoint" Gate::Public => log::checkpoint;
        get "/log/tile/{*path}" Gate::Public => log::tile;
        get "/api/v1/kinds" Gate::Public => kinds::list;
        post "/api/verify/certificate" Gate::Public => verify::certificate;
        post "/api/verify/signature" Gate::Public => verify::signature;
        post "/api/verify/batch" Gate::Public => verify::batch;
        post "/api/problems/statement" Gate::Public => problems::statement;
        post "/api/problems" Gate::Public => problems::lodge;
        post "/api/problems/progress" Gate::Public => problems::progress;
    }
}

/// GM/T 0020 as JSON, and the signing service.
fn for_applications() -> Vec<Route> {
    use Action as A;
    routes! {
        get "/api/sof/errors" Gate::Public => sof::errors::list;
        post "/api/sof/SOF_ValidateCert" Gate::Public => sof::certificate::validate;
        post "/api/sof/SOF_GetCertInfo" Gate::Public => sof::certificate::item;
        post "/api/sof/SOF_GetCertInfoByOid" Gate::Public => sof::certificate::by_oid;
        get "/api/sof/SOF_GetCertTrustListAltNames" Gate::Public => sof::trust::names;
        post "/api/sof/SOF_GetCertTrustList" Gate::Public => sof::trust::list;
        post "/api/sof/SOF_VerifySignedData" Gate::Public => sof::signature::data;
        post "/api/sof/SOF_VerifySignedMessage" Gate::Public => sof::signature::message;
        post "/api/sof/SOF_VerifySignedMessageDetach" Gate::Public => sof::signature::detached;
        post "/api/sof/SOF_CreateTimeStampRequest" Gate::Public => sof::timestamp::request;
        post "/api/sof/SOF_CreateTimeStampResponse" Gate::Public => sof::timestamp::response;
        post "/api/sof/SOF_VerifyTimeStamp" Gate::Public => sof::timestamp::verify;
        post "/api/sof/SOF_SignData" may(A::UseSigning) => sof::keys::sign_data;
        post "/api/sof/SOF_SignMessage" may(A::UseSigning) => sof::keys::sign_message;
        post "/api/sof/SOF_SignMessageDetach" may(A::UseSigning) => sof::keys::sign_detached;
        post "/api/sof/SOF_EncryptData" may(A::UseSigning) => sof::keys::encrypt;
        post "/api/sof/SOF_DecryptData" may(A::UseSigning) => sof::keys::decrypt;

        get "/api/sign/keys" may(A::UseSigning) => sign::keys;
        post "/api/sign/data" may(A::UseSigning) => sign::data;
        post "/api/sign/message" may(A::UseSigning) => sign::message;
        post "/api/sign/envelope" may(A::UseSigning) => sign::envelope;
        post "/api/sign/open" may(A::UseSigning) => sign::open;
    }
}

/// REST v1.
fn for_clients() -> Vec<Route> {
    use Action as A;
    routes! {
        post "/api/v1/session" Gate::Signed => session::open;
        delete "/api/v1/session" Gate::Signed => session::close;

        post "/api/v1/requests" may(A::IssueCertificate) => requests::create;
        get "/api/v1/requests" may(A::ReadCertificate) => requests::list;
        get "/api/v1/requests/{id}" may(A::ReadCertificate) => requests::show;
        get "/api/v1/requests/{id}/response" may(A::ReadCertificate) => requests::response;

        get "/api/v1/certificates" may(A::ReadCertificate) => certificates::list;
        get "/api/v1/certificates/{serial}" may(A::ReadCertificate) => certificates::show;
        get "/api/v1/certificates/{serial}/der" may(A::ReadCertificate) => certificates::der;
        get "/api/v1/certificates/{serial}/status" may(A::ReadCertificate) => certificates::status;
        post "/api/v1/certificates/{serial}/renew" may(A::RenewCertificate) => certificates::renew;
        post "/api/v1/certificates/{serial}/suspend" may(A::SuspendCertificate) => certificates::suspend;
        post "/api/v1/certificates/{serial}/resume" may(A::ResumeCertificate) => certificates::resume;
        post "/api/v1/certificates/{serial}/revoke" may(A::RevokeCertificate) => certificates::revoke;
        get "/api/v1/export/certificates.csv" may(A::ReadCertificate) => export::certificates;

        get "/api/v1/crls" may(A::ReadCrl) => crls::list;
        post "/api/v1/crls" may(A::PublishCrl) => crls::publish;

        get "/api/v1/journal" may(A::ReadJournal) => journal::list;
        get "/api/v1/journal/consistency" may(A::ReadJournal) => journal::consistency;
        post "/api/v1/journal/checkpoint" may(A::CheckpointJournal) => journal::checkpoint;
        get "/api/v1/journal/{seq}/proof" may(A::ReadJournal) => journal::proof;
        get "/api/v1/export/journal.jsonl" may(A::ExportJournal) => export::journal;

        get "/api/v1/clients" may(A::ReadClients) => clients::list;
        post "/api/v1/clients" may(A::ManageClients) => clients::create;
        post "/api/v1/clients/{id}/disable" may(A::ManageClients) => clients::disable;
        post "/api/v1/clients/{id}/directory-secret" may(A::ManageClients) => clients::draw_directory_secret;
        delete "/api/v1/clients/{id}/directory-secret" may(A::ManageClients) => clients::remove_directory_secret;

        get "/api/v1/directory/replica" may(A::ReadMetrics) => directory::show;
        post "/api/v1/directory/replica/comparisons" may(A::PublishCrl) => directory::compare;

        get "/api/v1/doctor" may(A::ReadMetrics) => system::doctor;
    }
}

/// The router of an institution.
pub fn router(institution: Institution) -> Router {
    let mut router = Router::new();
    for route in table() {
        let state = (institution.clone(), route.gate);
        let handler = route.handler.route_layer(from_fn_with_state(state, guard));
        router = router.route(route.path, handler);
    }
    let site = pages::Site::of(&institution);
    router = router.merge(pages::routes::router(&institution, &site));
    let router = router.fallback(missing).method_not_allowed_fallback(wrong_method);
    router.layer(map_response(never_guessed)).layer(Extension(site)).with_state(institution)
}

/// The type of an answer is what it says; a file of somebody is never taken for a page.
async fn never_guessed(mut response: Response) -> Response {
    let never = HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, never);
    response
}

pub(crate) async fn missing() -> impl IntoResponse {
    Problem::not_found("没有这个地址；请检查地址是否完整，或从首页重新进入")
}

pub(crate) async fn wrong_method() -> impl IntoResponse {
    let text = "此地址不支持这种请求方法";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "web.method", text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_relying_parties_need_is_public() {
        let public: Vec<_> =
            table().into_iter().filter(|r| r.gate == Gate::Public).map(|r| r.path).collect();
        assert!(
            public.iter().all(|path| !path.starts_with("/api/v1/") || *path == "/api/v1/kinds")
        );
    }

    #[test]
    fn nothing_that_changes_anything_is_public_but_asking_for_status_and_reporting() {
        for route in table() {
            let asks = ["/ocsp", "/tsa", "/svs", "/api/sof/", "/api/verify/", "/api/problems"]
                .iter()
                .any(|one| route.path.starts_with(one));
            assert!(
                route.method == Method::GET || route.gate != Gate::Public || asks,
                "{}",
                route.path
            );
        }
    }
}
