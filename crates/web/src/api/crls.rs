//! Revocation lists: `/api/v1/crls`.

use axum::Json;
use axum::extract::State;
use ca::{CrlKind, CrlRecord};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::{PageQuery, PageView};
use super::{App, Body, Params};
use crate::gate::Allowed;
use crate::problem::Problem;

/// A published list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrlView {
    /// The generation that signed it: the name of its files.
    pub issuer: String,
    /// `full`, `delta` or `shard`.
    pub kind: &'static str,
    /// The shard, if it is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shard: Option<u16>,
    /// CRL number; it only grows.
    pub number: i64,
    /// When it was made.
    pub this_update: String,
    /// Until when it counts.
    pub next_update: String,
    /// How many certificates it names.
    pub entries: u64,
    /// SM3 of its bytes.
    pub sm3: String,
    /// Whether it is a spare that was signed before an outage.
    pub spare: bool,
}

impl From<&CrlRecord> for CrlView {
    fn from(record: &CrlRecord) -> Self {
        Self {
            issuer: record.issuer.clone(),
            kind: record.kind.as_str(),
            shard: record.kind.shard(),
            number: record.number,
            this_update: record.this_update.to_string(),
            next_update: record.next_update.to_string(),
            entries: record.entries,
            sm3: record.etag.clone(),
            spare: record.spare,
        }
    }
}

/// Lists of the issuing CA, newest first.
#[utoipa::path(get, path = "/api/v1/crls", tag = "crls",
    params(("limit" = Option<u32>, Query)),
    responses((status = 200, body = PageView<CrlView>)))]
pub async fn list(
    State(app): State<App>,
    _: Allowed,
    Params(page): Params<PageQuery>,
) -> Result<Json<PageView<CrlView>>, Problem> {
    let records = app.ca().crls(page.limit()).await.map_err(app::Error::from)?;
    let items = records.iter().map(CrlView::from).collect();
    Ok(Json(PageView { items, next: None, total: None }))
}

/// Which list to make now.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishBody {
    /// `full`, `delta` or `shard`.
    pub kind: String,
    /// The shard, if it is one.
    pub shard: Option<u16>,
}

/// A list that is out.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublishedView {
    /// CRL number.
    pub number: i64,
    /// How many certificates it names.
    pub entries: u64,
    /// SM3 of its bytes.
    pub sm3: String,
}

/// Makes and publishes a list now, of each generation that signs; answers with that of the one that issues.
#[utoipa::path(post, path = "/api/v1/crls", tag = "crls", request_body = PublishBody,
    responses((status = 200, body = PublishedView), (status = "4XX", body = Problem)))]
pub async fn publish(
    State(app): State<App>,
    _: Allowed,
    Body(body): Body<PublishBody>,
) -> Result<Json<PublishedView>, Problem> {
    let kind = match (body.kind.as_str(), body.shard) {
        ("full", None) => CrlKind::Full,
        ("delta", None) => CrlKind::Delta,
        ("shard", Some(shard)) => CrlKind::Shard(shard),
        _ => {
            let text = "列表种类应为 full、delta，或 shard 加分片号";
            return Err(Problem::bad_request("web.crl_kind", text));
        }
    };
    let out = app.publish_now(kind).await?;
    Ok(Json(PublishedView { number: out.number, entries: out.entries, sm3: out.etag }))
}
