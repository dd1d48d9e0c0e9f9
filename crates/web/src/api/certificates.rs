//! Issued certificates: `/api/v1/certificates`.

use app::enrol::{Act, EnrolOrder};
use app::lifecycle::Change;
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use ca::{
    CertificateFilter, Revocation, RevocationReason, StatusView, StoredCertificate, Validity,
};
use pki::SubjectInput;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::{PageQuery, PageView};
use super::requests::{OrderView, judged, proof, turned_away};
use super::view::CertificateView;
use super::{App, Body, Params, Segment, request_id, serial};
use crate::gate::Allowed;
use crate::problem::Problem;

/// Filter of lists and exports.
#[derive(Debug, Default, Deserialize)]
pub struct FilterQuery {
    /// Part of the subject.
    pub q: Option<String>,
    /// `good`, `suspended`, `revoked`.
    pub status: Option<String>,
    /// Profile.
    pub profile: Option<String>,
    /// Ends not before this instant.
    pub ends_from: Option<jiff::Timestamp>,
    /// Ends before this instant.
    pub ends_until: Option<jiff::Timestamp>,
}

impl From<FilterQuery> for CertificateFilter {
    fn from(query: FilterQuery) -> Self {
        Self {
            subject: query.q,
            status: query.status,
            profile: query.profile,
            ends_from: query.ends_from,
            ends_until: query.ends_until,
            ..Self::default()
        }
    }
}

/// Certificates, newest first.
#[utoipa::path(get, path = "/api/v1/certificates", tag = "certificates",
    params(("q" = Option<String>, Query), ("status" = Option<String>, Query), ("profile" = Option<String>, Query),
           ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = PageView<CertificateView>)))]
pub async fn list(
    State(app): State<App>,
    _: Allowed,
    Params(query): Params<FilterQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<PageView<CertificateView>>, Problem> {
    let before = page.after.as_deref().map(mark).transpose()?;
    let filter = CertificateFilter::from(query);
    let limit = page.limit();
    let page = app.ca().list(&filter, before, limit).await.map_err(app::Error::from)?;
    let total = app.ca().count(&filter).await.map_err(app::Error::from)?;
    Ok(Json(PageView {
        items: page.records.iter().map(CertificateView::from).collect(),
        next: page.next.map(|mark| mark.to_string()),
        total: Some(total),
    }))
}

fn mark(text: &str) -> Result<i64, Problem> {
    text.parse().map_err(|_| app::Error::Ca(ca::Invalid::Page.into()).into())
}

async fn found(app: &App, text: &str) -> Result<StoredCertificate, Problem> {
    let serial = serial(text)?;
    let stored = app.ca().find(&serial).await.map_err(app::Error::from)?;
    Ok(stored.ok_or_else(|| app::Error::Ca(ca::Invalid::NoCertificate(serial.to_hex()).into()))?)
}

/// One certificate.
#[utoipa::path(get, path = "/api/v1/certificates/{serial}", tag = "certificates",
    responses((status = 200, body = CertificateView), (status = 404, body = Problem)))]
pub async fn show(
    State(app): State<App>,
    _: Allowed,
    Segment(serial): Segment,
) -> Result<Json<CertificateView>, Problem> {
    Ok(Json(CertificateView::whole(&found(&app, &serial).await?)?))
}

/// One certificate in DER.
#[utoipa::path(get, path = "/api/v1/certificates/{serial}/der", tag = "certificates",
    responses((status = 200, content_type = "application/pkix-cert"), (status = 404, body = Problem)))]
pub async fn der(
    State(app): State<App>,
    _: Allowed,
    Segment(serial): Segment,
) -> Result<Response, Problem> {
    let stored = found(&app, &serial).await?;
    let headers = [(header::CONTENT_TYPE, "application/pkix-cert")];
    Ok((headers, stored.der().to_vec()).into_response())
}

/// What status services say.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatusBody {
    /// Serial number, hexadecimal.
    pub serial: String,
    /// `good`, `suspended`, `revoked` or `unknown`.
    pub status: &'static str,
    /// Last second of validity, if issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_after: Option<String>,
}

/// The status of a serial number; `unknown` if it was not issued here.
#[utoipa::path(get, path = "/api/v1/certificates/{serial}/status", tag = "certificates",
    responses((status = 200, body = StatusBody)))]
pub async fn status(
    State(app): State<App>,
    _: Allowed,
    Segment(text): Segment,
) -> Result<Json<StatusBody>, Problem> {
    let serial = serial(&text)?;
    let view = app.ca().status_of(&serial).await.map_err(app::Error::from)?;
    let (status, not_after) = match view {
        StatusView::Unknown => ("unknown", None),
        StatusView::Issued { status, not_after } => (status.as_str(), Some(not_after.to_string())),
    };
    Ok(Json(StatusBody { serial: serial.to_hex(), status, not_after }))
}

/// Renewal: the same subject for another term.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RenewBody {
    /// The caller's name for the new order.
    pub request_id: String,
    /// A request signed with the key that is to be certified: the old one to renew, a new one to
    /// re-key.
    pub csr: String,
    /// What the device says about the key, as in an order.
    pub attestation: Option<String>,
    /// Last second of validity, RFC 3339; absent: as the profile says.
    #[schema(value_type = Option<String>)]
    pub not_after: Option<jiff::Timestamp>,
}

/// Renews a certificate, or re-keys it when the request brings a new key.
#[utoipa::path(post, path = "/api/v1/certificates/{serial}/renew", tag = "certificates",
    request_body = RenewBody,
    responses((status = 201, body = OrderView), (status = "4XX", body = Problem)))]
pub async fn renew(
    State(app): State<App>,
    allowed: Allowed,
    Segment(text): Segment,
    Body(body): Body<RenewBody>,
) -> Result<Response, Problem> {
    let request_id = request_id(&body.request_id)?;
    let order = match renewal(&app, &text, (request_id.clone(), body), allowed.actor()).await {
        Ok(order) => order,
        Err(problem) => {
            let refused = (&request_id, allowed.actor());
            return Err(turned_away(&app, refused, problem).await);
        }
    };
    let done = app.enrol(order).await?;
    Ok((StatusCode::CREATED, Json(OrderView::of(&done)?)).into_response())
}

/// The order that a renewal comes to.
async fn renewal(
    app: &App,
    serial: &str,
    (request_id, body): (ca::RequestId, RenewBody),
    actor: store::Actor,
) -> Result<EnrolOrder, Problem> {
    let old = found(app, serial).await?;
    let proof = proof(&body.csr)?;
    let kind = app.renewable(&old)?;
    let order = (&request_id, &*kind, body.attestation.as_deref());
    let attestation = judged(app, order, &proof).await?;
    let same_key = proof.public_key().fingerprint() == old.record.key_hash;
    let serial = old.record.serial;
    Ok(EnrolOrder {
        request_id,
        kind,
        subject: SubjectInput::from_certificate(&old.certificate).map_err(app::Error::from)?,
        proof,
        attestation,
        validity: Validity { not_before: None, not_after: body.not_after },
        act: if same_key { Act::Renew(serial) } else { Act::Rekey(serial) },
        actor,
    })
}

/// Why a certificate is revoked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeBody {
    /// A reason of RFC 5280 §5.3.1: `unspecified`, `keyCompromise`, `affiliationChanged`,
    /// `superseded`, `cessationOfOperation`, `privilegeWithdrawn`.
    pub reason: String,
    /// Since when the key was unsafe, RFC 3339.
    #[schema(value_type = Option<String>)]
    pub invalid_since: Option<jiff::Timestamp>,
}

/// Suspends a certificate and its partner.
#[utoipa::path(post, path = "/api/v1/certificates/{serial}/suspend", tag = "certificates",
    responses((status = 200, body = Vec<CertificateView>), (status = "4XX", body = Problem)))]
pub async fn suspend(
    State(app): State<App>,
    allowed: Allowed,
    Segment(text): Segment,
) -> Result<Json<Vec<CertificateView>>, Problem> {
    change(app, allowed, &text, Change::Suspend).await
}

/// Resumes a suspended certificate and its partner.
#[utoipa::path(post, path = "/api/v1/certificates/{serial}/resume", tag = "certificates",
    responses((status = 200, body = Vec<CertificateView>), (status = "4XX", body = Problem)))]
pub async fn resume(
    State(app): State<App>,
    allowed: Allowed,
    Segment(text): Segment,
) -> Result<Json<Vec<CertificateView>>, Problem> {
    change(app, allowed, &text, Change::Resume).await
}

/// Revokes a certificate and its partner, for good.
#[utoipa::path(post, path = "/api/v1/certificates/{serial}/revoke", tag = "certificates",
    request_body = RevokeBody,
    responses((status = 200, body = Vec<CertificateView>), (status = "4XX", body = Problem)))]
pub async fn revoke(
    State(app): State<App>,
    allowed: Allowed,
    Segment(text): Segment,
    Body(body): Body<RevokeBody>,
) -> Result<Json<Vec<CertificateView>>, Problem> {
    let reason = RevocationReason::from_name(&body.reason)
        .map_err(|e| app::Error::from(ca::Error::from(e)))?;
    let revocation = Revocation { reason, invalid_since: body.invalid_since };
    change(app, allowed, &text, Change::Revoke(revocation)).await
}

async fn change(
    app: App,
    allowed: Allowed,
    text: &str,
    change: Change,
) -> Result<Json<Vec<CertificateView>>, Problem> {
    let changed = app.change(serial(text)?, change, allowed.actor()).await?;
    Ok(Json(changed.iter().map(CertificateView::from).collect()))
}
