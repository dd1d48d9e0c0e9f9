//! API clients: `/api/v1/clients`.

use access::{Client, ClientName, NewClient, Roles};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::PageView;
use super::{App, Body, Segment};
use crate::gate::Allowed;
use crate::problem::Problem;

/// A client.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClientView {
    /// Its identifier, the `keyid` of its signatures.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it is allowed as.
    pub roles: Vec<&'static str>,
    /// SM3 of its public key.
    pub key: String,
    /// When it was created.
    pub created_at: String,
    /// Since when it is not let in any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<String>,
}

impl From<&Client> for ClientView {
    fn from(client: &Client) -> Self {
        Self {
            id: client.id.to_string(),
            name: client.name.to_string(),
            roles: client.roles.iter().map(access::Role::name).collect(),
            key: client.public_key.fingerprint(),
            created_at: client.created_at.to_string(),
            disabled_at: client.disabled_at.map(|t| t.to_string()),
        }
    }
}

/// A client to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientBody {
    /// What people call it.
    pub name: String,
    /// Its SM2 public key, PEM (`PUBLIC KEY`).
    pub public_key: String,
    /// Roles, separated by commas.
    pub roles: String,
}

/// A PEM public key.
pub fn public_key(pem: &str) -> Result<gm::PublicKey, Problem> {
    let read = pki::pem::der_of(pem.as_bytes(), &["PUBLIC KEY"], 4096)
        .and_then(|der| pki::Spki::from_der(&der))
        .and_then(|spki| spki.public_key());
    Ok(read.map_err(app::Error::from)?)
}

/// All clients, oldest first.
#[utoipa::path(get, path = "/api/v1/clients", tag = "clients",
    responses((status = 200, body = PageView<ClientView>)))]
pub async fn list(
    State(app): State<App>,
    allowed: Allowed,
) -> Result<Json<PageView<ClientView>>, Problem> {
    let clients = app.access().clients(allowed.permit()).await.map_err(app::Error::from)?;
    let items: Vec<_> = clients.iter().map(ClientView::from).collect();
    let total = u64::try_from(items.len()).ok();
    Ok(Json(PageView { items, next: None, total }))
}

/// Creates a client.
#[utoipa::path(post, path = "/api/v1/clients", tag = "clients", request_body = ClientBody,
    responses((status = 201, body = ClientView), (status = "4XX", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<ClientBody>,
) -> Result<Response, Problem> {
    let new = NewClient {
        name: body.name.parse::<ClientName>().map_err(app::Error::from)?,
        public_key: public_key(&body.public_key)?,
        roles: body.roles.parse::<Roles>().map_err(app::Error::from)?,
    };
    let client =
        app.access().create_client(allowed.permit(), new).await.map_err(app::Error::from)?;
    Ok((StatusCode::CREATED, Json(ClientView::from(&client))).into_response())
}

/// Disables a client for good.
#[utoipa::path(post, path = "/api/v1/clients/{id}/disable", tag = "clients",
    responses((status = 200, body = ClientView), (status = "4XX", body = Problem)))]
pub async fn disable(
    State(app): State<App>,
    allowed: Allowed,
    Segment(id): Segment,
) -> Result<Json<ClientView>, Problem> {
    let id = id.parse().map_err(app::Error::from)?;
    let client =
        app.access().disable_client(allowed.permit(), id).await.map_err(app::Error::from)?;
    Ok(Json(ClientView::from(&client)))
}

/// A secret that was drawn.
#[derive(Debug, Serialize, ToSchema)]
pub struct DirectorySecretView {
    /// The client.
    pub id: String,
    /// By what it signs in to the directory (LDAP). It is told once.
    pub secret: String,
}

/// Draws a secret by which a client signs in to the directory, in place of the one before.
#[utoipa::path(post, path = "/api/v1/clients/{id}/directory-secret", tag = "clients",
    responses((status = 201, body = DirectorySecretView), (status = "4XX", body = Problem)))]
pub async fn draw_directory_secret(
    State(app): State<App>,
    allowed: Allowed,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let client: access::ClientId = id.parse().map_err(app::Error::from)?;
    let drawn = app.access().draw_directory_secret(allowed.permit(), client).await;
    let secret = drawn.map_err(app::Error::from)?.to_string();
    let never = (axum::http::header::CACHE_CONTROL, "no-store");
    Ok((StatusCode::CREATED, [never], Json(DirectorySecretView { id, secret })).into_response())
}

/// Takes the secret of a client away.
#[utoipa::path(delete, path = "/api/v1/clients/{id}/directory-secret", tag = "clients",
    responses((status = 204), (status = "4XX", body = Problem)))]
pub async fn remove_directory_secret(
    State(app): State<App>,
    allowed: Allowed,
    Segment(id): Segment,
) -> Result<StatusCode, Problem> {
    let client = id.parse().map_err(app::Error::from)?;
    let removed = app.access().remove_directory_secret(allowed.permit(), client).await;
    removed.map_err(app::Error::from)?;
    Ok(StatusCode::NO_CONTENT)
}
