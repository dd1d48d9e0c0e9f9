//! What can be ordered: `/api/v1/kinds`.

use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::App;

/// A kind of certificate.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindView {
    /// Its name in orders.
    pub name: String,
    /// Its Chinese name.
    pub title: String,
    /// The profile of the signing certificate.
    pub sign_profile: String,
    /// The profile of the encryption certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enc_profile: Option<String>,
}

/// The kinds of certificates that can be ordered.
#[utoipa::path(get, path = "/api/v1/kinds", tag = "requests",
    responses((status = 200, body = Vec<KindView>)))]
pub async fn list(State(app): State<App>) -> Json<Vec<KindView>> {
    let view = |kind: &app::Kind| KindView {
        name: kind.name().to_owned(),
        title: kind.title().to_owned(),
        sign_profile: kind.sign().to_owned(),
        enc_profile: kind.enc().map(str::to_owned),
    };
    Json(app.kinds().iter().map(view).collect())
}
