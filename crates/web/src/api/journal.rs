//! The journal: records and proofs, `/api/v1/journal`.

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use store::{Filter, Page, Seq, Stored};
use utoipa::ToSchema;

use super::page::{PageQuery, PageView};
use super::{App, Params, Segment};
use crate::gate::Allowed;
use crate::problem::Problem;

/// A record.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecordView {
    /// Its place, from 0.
    pub seq: u64,
    /// When, RFC 3339.
    pub at: String,
    /// What happened.
    pub kind: String,
    /// Who did it.
    pub actor: String,
    /// To what.
    pub subject: String,
    /// Details.
    #[schema(value_type = Object)]
    pub body: serde_json::Value,
    /// The canonical text that is the leaf of the tree.
    pub leaf: String,
    /// SM3 of 0x00 and the leaf, hexadecimal.
    pub leaf_hash: String,
}

impl From<Stored> for RecordView {
    fn from(record: Stored) -> Self {
        Self {
            seq: record.seq.0,
            at: record.at.to_string(),
            kind: record.kind,
            actor: record.actor,
            subject: record.subject,
            body: record.body,
            leaf: record.leaf,
            leaf_hash: hex::encode(record.leaf_hash.0),
        }
    }
}

/// Filter of the list: each alone or together.
#[derive(Debug, Default, Deserialize)]
pub struct RecordQuery {
    /// At or after.
    pub from: Option<jiff::Timestamp>,
    /// Before.
    pub until: Option<jiff::Timestamp>,
    /// Exact kind.
    pub kind: Option<String>,
    /// Exact actor.
    pub actor: Option<String>,
    /// Exact subject.
    pub subject: Option<String>,
}

/// Records, newest first.
#[utoipa::path(get, path = "/api/v1/journal", tag = "journal",
    params(("from" = Option<String>, Query), ("until" = Option<String>, Query), ("kind" = Option<String>, Query),
           ("actor" = Option<String>, Query), ("subject" = Option<String>, Query),
           ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = PageView<RecordView>)))]
pub async fn list(
    State(app): State<App>,
    _: Allowed,
    Params(query): Params<RecordQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<PageView<RecordView>>, Problem> {
    let after = page.after.as_deref().map(seq).transpose()?;
    let limit = page.limit();
    let filter = Filter {
        from: query.from,
        until: query.until,
        kind: query.kind,
        actor: query.actor,
        subject: query.subject,
        ..Filter::default()
    };
    let page = Page { after, limit, newest_first: true };
    let records = app.store().records(&filter, page).await.map_err(app::Error::from)?;
    let total = app.store().count(&filter).await.map_err(app::Error::from)?;
    let full = u32::try_from(records.len()).is_ok_and(|n| n == limit);
    let next = records.last().filter(|_| full).map(|last| last.seq.0.to_string());
    let items = records.into_iter().map(RecordView::from).collect();
    Ok(Json(PageView { items, next, total: Some(total) }))
}

fn seq(text: &str) -> Result<Seq, Problem> {
    let number =
        text.parse().map_err(|_| Problem::bad_request("web.seq", "日志序号应为非负整数"))?;
    Ok(Seq(number))
}

/// Proof that a record is in the journal (RFC 9162 §2.1.3 over SM3).
#[derive(Debug, Serialize, ToSchema)]
pub struct InclusionView {
    /// The record.
    pub seq: u64,
    /// Size of the tree.
    pub size: u64,
    /// Root of the tree, hexadecimal.
    pub root: String,
    /// SM3 of 0x00 and the record.
    pub leaf_hash: String,
    /// Siblings from leaf to root.
    pub proof: Vec<String>,
    /// The signed checkpoint of this tree.
    pub checkpoint: String,
}

/// The proof of a record against a fresh checkpoint.
#[utoipa::path(get, path = "/api/v1/journal/{seq}/proof", tag = "journal",
    responses((status = 200, body = InclusionView), (status = 404, body = Problem)))]
pub async fn proof(
    State(app): State<App>,
    _: Allowed,
    Segment(text): Segment,
) -> Result<Json<InclusionView>, Problem> {
    let signed = app.store().checkpoint().await.map_err(app::Error::from)?;
    let size = signed.checkpoint.size;
    let found =
        app.store().prove_inclusion_at(seq(&text)?, size).await.map_err(app::Error::from)?;
    Ok(Json(InclusionView {
        seq: found.seq.0,
        size: found.size,
        root: hex::encode(found.root.0),
        leaf_hash: hex::encode(found.leaf.0),
        proof: found.proof.iter().map(|hash| hex::encode(hash.0)).collect(),
        checkpoint: signed.note,
    }))
}

/// Which two sizes.
#[derive(Debug, Deserialize)]
pub struct ConsistencyQuery {
    /// The smaller size.
    pub from: u64,
    /// The larger size.
    pub to: u64,
}

/// Proof that one tree continues another.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsistencyView {
    /// The smaller size.
    pub from: u64,
    /// The larger size.
    pub to: u64,
    /// Root at the smaller size.
    pub from_root: String,
    /// Root at the larger size.
    pub to_root: String,
    /// The proof.
    pub proof: Vec<String>,
}

/// The proof between two sizes.
#[utoipa::path(get, path = "/api/v1/journal/consistency", tag = "journal",
    params(("from" = u64, Query), ("to" = u64, Query)),
    responses((status = 200, body = ConsistencyView), (status = "4XX", body = Problem)))]
pub async fn consistency(
    State(app): State<App>,
    _: Allowed,
    Params(query): Params<ConsistencyQuery>,
) -> Result<Json<ConsistencyView>, Problem> {
    let found =
        app.store().prove_consistency(query.from, query.to).await.map_err(app::Error::from)?;
    Ok(Json(ConsistencyView {
        from: found.sizes.0,
        to: found.sizes.1,
        from_root: hex::encode(found.roots.0.0),
        to_root: hex::encode(found.roots.1.0),
        proof: found.proof.iter().map(|hash| hex::encode(hash.0)).collect(),
    }))
}

/// A signed checkpoint.
#[derive(Debug, Serialize, ToSchema)]
pub struct CheckpointView {
    /// Size of the tree.
    pub size: u64,
    /// Root, hexadecimal.
    pub root: String,
    /// The note: checkpoint and signature.
    pub note: String,
}

/// Signs a checkpoint now.
#[utoipa::path(post, path = "/api/v1/journal/checkpoint", tag = "journal",
    responses((status = 200, body = CheckpointView), (status = 503, body = Problem)))]
pub async fn checkpoint(
    State(app): State<App>,
    _: Allowed,
) -> Result<Json<CheckpointView>, Problem> {
    let signed = app.store().checkpoint().await.map_err(app::Error::from)?;
    Ok(Json(CheckpointView {
        size: signed.checkpoint.size,
        root: hex::encode(signed.checkpoint.root.0),
        note: signed.note,
    }))
}
