//! `SOF_GetCertTrustListAltNames`, `SOF_GetCertTrustList`: the trust anchors in force. They are set
//! by the operator, so there is no function that changes them.

use axum::Json;
use axum::extract::{Extension, Request, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SofTextView, Sor, question};
use crate::api::App;
use crate::pages::Site;
use crate::problem::Problem;

/// Between names of a list.
const BETWEEN: &str = "@";

/// An entry of the trust list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SofTrustBody {
    /// Its name: SM3 of the certificate's DER, hexadecimal.
    #[serde(rename = "ctlAltName")]
    pub name: String,
}

/// The names of all trust anchors, with `@` between: SM3 of their DER, hexadecimal.
#[utoipa::path(get, path = "/api/sof/SOF_GetCertTrustListAltNames", tag = "sof",
    responses((status = 200, body = SofTextView), (status = 503, body = Problem)))]
pub async fn names(State(app): State<App>) -> Result<Json<SofTextView>, Problem> {
    let trust = app.trust().await?;
    let names: Vec<String> = trust.anchors().iter().map(pki::Certificate::fingerprint).collect();
    Ok(Json(SofTextView::of(names.join(BETWEEN), "text")))
}

/// The certificate of one trust anchor.
#[utoipa::path(post, path = "/api/sof/SOF_GetCertTrustList", tag = "sof",
    request_body = SofTrustBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn list(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofTextView>, Problem> {
    let body: SofTrustBody = question(&app, &site, request).await?;
    let trust = app.trust().await?;
    let found = trust.anchors().iter().find(|one| one.fingerprint() == body.name.to_lowercase());
    Ok(Json(match found {
        Some(anchor) => SofTextView::of(STANDARD.encode(anchor.der()), "base64"),
        None => SofTextView::refused(Sor::NoTrustList),
    }))
}
