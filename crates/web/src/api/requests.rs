//! Orders for certificates: `/api/v1/requests`.

use app::enrol::{Act, EnrolOrder, Enrolled, Enrolment, State as Stage};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ca::Validity;
use gm::UserId;
use pki::attestation::{Attestation, Judged};
use pki::{CertificationRequest, ProofOfPossession, SubjectInput};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::page::{PageQuery, PageView};
use super::view::CertificateView;
use super::{App, Body, Params, Segment, request_id};
use crate::gate::Allowed;
use crate::problem::Problem;

/// An order for the certificates of one kind.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderBody {
    /// The caller's name for it: 1 to 128 of letters, digits and `._:-`. The same id with the
    /// same order gets the same answer, always.
    pub request_id: String,
    /// A kind of `/api/v1/kinds`.
    pub kind: String,
    /// The request of the subscriber (PKCS#10), PEM or base64 of DER.
    pub csr: String,
    /// What the device says about the key: its certificates, that of the key first, PEM or base64 of DER
    /// (`docs/integrate/attestation.md`). Absent: recorded as such, or refused where it is required.
    pub attestation: Option<String>,
    /// The subject as proofed; absent: as the request says.
    #[schema(value_type = Option<Object>)]
    pub subject: Option<SubjectInput>,
    /// Last second of validity, RFC 3339; absent: as the profile says.
    #[schema(value_type = Option<String>)]
    pub not_after: Option<jiff::Timestamp>,
}

/// An order and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderView {
    /// The caller's name for it.
    pub request_id: String,
    /// `new`, `renew` or `rekey`.
    pub act: String,
    /// The kind.
    pub kind: String,
    /// `accepted`, `issued` or `refused`.
    pub state: &'static str,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refusal: Option<String>,
    /// Serial of the signing certificate.
    pub sign_serial: String,
    /// Serial of the encryption certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enc_serial: Option<String>,
    /// When it was accepted.
    pub accepted_at: String,
    /// When it was finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<String>,
    /// The certificates.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub certificates: Vec<CertificateView>,
    /// The GM/T 0092 answer for the subscriber's tool, base64 of DER.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<String>,
}

impl From<&Enrolment> for OrderView {
    fn from(row: &Enrolment) -> Self {
        Self {
            request_id: row.request_id.to_string(),
            act: row.act.clone(),
            kind: row.kind.clone(),
            state: row.state.word(),
            refusal: match &row.state {
                Stage::Refused(reason) => Some(reason.clone()),
                Stage::Accepted | Stage::Issued => None,
            },
            sign_serial: row.sign_serial.to_hex(),
            enc_serial: row.enc_serial.map(|s| s.to_hex()),
            accepted_at: row.accepted_at.to_string(),
            finished_at: row.finished_at.map(|t| t.to_string()),
            certificates: Vec::new(),
            response: None,
        }
    }
}

impl OrderView {
    pub(crate) fn of(done: &Enrolled) -> Result<Self, Problem> {
        let certificates = [Some(&done.sign), done.enc.as_ref()].into_iter().flatten();
        let certificates = certificates.map(CertificateView::whole).collect::<Result<_, _>>()?;
        let response = Some(STANDARD.encode(&done.response));
        Ok(Self { certificates, response, ..Self::from(&done.enrolment) })
    }
}

/// Reads a request: PEM, or base64 of DER; strict, with proof of possession.
pub(crate) fn proof(text: &str) -> Result<ProofOfPossession, Problem> {
    let request = match text.trim_start().starts_with("-----") {
        true => CertificationRequest::from_pem_or_der(text.as_bytes()),
        false => {
            let der = STANDARD.decode(text.split_whitespace().collect::<String>());
            let der = der.map_err(|_| {
                Problem::bad_request("web.csr", "证书申请应为 PEM 文本，或 DER 的 base64 编码")
            })?;
            CertificationRequest::from_der(&der)
        }
    };
    let proven = request.and_then(|request| request.prove_possession(&UserId::default()));
    Ok(proven.map_err(app::Error::from)?)
}

/// What an attestation that came as text says about the key of a request.
pub(crate) async fn judged(
    app: &App,
    (id, kind, attestation): (&ca::RequestId, &str, Option<&str>),
    proof: &ProofOfPossession,
) -> Result<Judged, Problem> {
    let octets = attestation.map(str::trim).filter(|text| !text.is_empty());
    let octets = octets.map(Attestation::octets).transpose().map_err(app::Error::from)?;
    let of = (kind, proof.public_key());
    Ok(app.judge_key_of_order(id.as_str(), of, octets.as_deref()).await?)
}

/// An order of an identified client that is refused at the door is an act of law (Measures
/// Art. 21) and recorded; what is our own fault, or cannot be known now, is not a refusal.
pub(crate) async fn turned_away(
    app: &App,
    (id, actor): (&ca::RequestId, store::Actor),
    problem: Problem,
) -> Problem {
    if !(400..500).contains(&problem.status) {
        return problem;
    }
    match app.note_refused_order(format!("enrolment:{id}"), actor, &problem.code).await {
        Ok(()) => problem,
        Err(fault) => fault.into(),
    }
}

/// Orders certificates.
#[utoipa::path(post, path = "/api/v1/requests", tag = "requests", request_body = OrderBody,
    responses((status = 201, body = OrderView), (status = "4XX", body = Problem)))]
pub async fn create(
    State(app): State<App>,
    allowed: Allowed,
    Body(body): Body<OrderBody>,
) -> Result<Response, Problem> {
    let request_id = request_id(&body.request_id)?;
    let checked = tokio::task::spawn_blocking(move || proof(&body.csr)).await;
    let checked = checked.map_err(|_| app::Error::Interrupted)?;
    let order = (&request_id, &*body.kind, body.attestation.as_deref());
    let checked = match checked {
        Ok(proof) => judged(&app, order, &proof).await.map(|judged| (proof, judged)),
        Err(problem) => Err(problem),
    };
    let (proof, attestation) = match checked {
        Ok(checked) => checked,
        Err(problem) => {
            let refused = (&request_id, allowed.actor());
            return Err(turned_away(&app, refused, problem).await);
        }
    };
    let subject =
        body.subject.unwrap_or_else(|| SubjectInput::from_name(proof.request().subject()));
    let order = EnrolOrder {
        request_id,
        kind: body.kind,
        subject,
        proof,
        attestation,
        validity: Validity { not_before: None, not_after: body.not_after },
        act: Act::New,
        actor: allowed.actor(),
    };
    let done = app.enrol(order).await?;
    let place = format!("/api/v1/requests/{}", done.enrolment.request_id);
    let view = OrderView::of(&done)?;
    Ok((StatusCode::CREATED, [(header::LOCATION, place)], Json(view)).into_response())
}

/// Filter of the list.
#[derive(Debug, Deserialize)]
pub struct ListQuery {
    /// `accepted`, `issued`, `refused`; absent: any.
    pub state: Option<String>,
}

/// Orders, newest first.
#[utoipa::path(get, path = "/api/v1/requests", tag = "requests",
    params(("state" = Option<String>, Query), ("limit" = Option<u32>, Query), ("after" = Option<String>, Query)),
    responses((status = 200, body = PageView<OrderView>)))]
pub async fn list(
    State(app): State<App>,
    _: Allowed,
    Params(query): Params<ListQuery>,
    Params(page): Params<PageQuery>,
) -> Result<Json<PageView<OrderView>>, Problem> {
    let state = query.state.as_deref().unwrap_or_default();
    let page = app.enrolments(state, page.after.as_deref(), page.limit()).await?;
    let items = page.enrolments.iter().map(OrderView::from).collect();
    Ok(Json(PageView { items, next: page.next, total: None }))
}

/// One order; the certificates stand under `/api/v1/certificates`.
#[utoipa::path(get, path = "/api/v1/requests/{id}", tag = "requests",
    responses((status = 200, body = OrderView), (status = 404, body = Problem)))]
pub async fn show(
    State(app): State<App>,
    _: Allowed,
    Segment(id): Segment,
) -> Result<Json<OrderView>, Problem> {
    Ok(Json(OrderView::from(&app.enrolment(&request_id(&id)?).await?)))
}

/// The GM/T 0092 answer in DER.
#[utoipa::path(get, path = "/api/v1/requests/{id}/response", tag = "requests",
    responses((status = 200, content_type = "application/octet-stream"), (status = 404, body = Problem)))]
pub async fn response(
    State(app): State<App>,
    _: Allowed,
    Segment(id): Segment,
) -> Result<Response, Problem> {
    let found = app.enrolment(&request_id(&id)?).await?;
    let der = found.response.ok_or_else(|| Problem::not_found("该申请还没有签发结果"))?;
    let headers =
        [(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, der).into_response())
}
