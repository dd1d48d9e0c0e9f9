//! The verification service: `/api/verify/…`. Anybody may ask; a report comes back whatever the
//! verdict, and a problem only when there is no question (Measures Art. 18 (2)).

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::request::Parts;
use jiff::Timestamp;

use super::verify_question::{
    BatchBody, CertificateBody, SignatureBody, certificate_question, evidence, signature_question,
    terms,
};
use super::verify_view::{
    BatchEntryView, BatchView, CertificateReportView, RefusalView, SignatureReportView,
};
use super::{App, input};
use crate::pages::Site;
use crate::problem::Problem;

/// Longest question about certificates, in octets: certificates, and CRLs of some size.
const CERTIFICATE_LIMIT: usize = 8 << 20;
/// Longest question about a signature: a content of 20 MiB in Base64, and what goes with it.
const SIGNATURE_LIMIT: usize = 32 << 20;
/// Most certificates of one batch.
const MOST_IN_BATCH: usize = 100;

/// Whether a certificate holds.
#[utoipa::path(post, path = "/api/verify/certificate", tag = "verify",
    request_body = CertificateBody,
    responses((status = 200, body = CertificateReportView), (status = 400, body = Problem),
              (status = 413, body = Problem), (status = 415, body = Problem),
              (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn certificate(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<CertificateReportView>, Problem> {
    let (request, _) = counted(&app, &site, request)?;
    let body: CertificateBody = input::read(request, CERTIFICATE_LIMIT).await?;
    let question = app.read_question(move || certificate_question(body)).await??;
    Ok(Json(app.verify_certificate(question).await?.into()))
}

/// Whether a signature holds.
#[utoipa::path(post, path = "/api/verify/signature", tag = "verify",
    request_body = SignatureBody,
    responses((status = 200, body = SignatureReportView), (status = 400, body = Problem),
              (status = 413, body = Problem), (status = 415, body = Problem),
              (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn signature(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SignatureReportView>, Problem> {
    let (request, _) = counted(&app, &site, request)?;
    let body: SignatureBody = input::read(request, SIGNATURE_LIMIT).await?;
    let question = app.read_question(move || signature_question(body)).await??;
    Ok(Json(app.verify_signature(question).await?.into()))
}

/// Up to a hundred certificates at once, with one set of enclosed material. Each has its own answer.
#[utoipa::path(post, path = "/api/verify/batch", tag = "verify",
    request_body = BatchBody,
    responses((status = 200, body = BatchView), (status = 400, body = Problem),
              (status = 413, body = Problem), (status = 415, body = Problem),
              (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn batch(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<BatchView>, Problem> {
    let (request, counted) = counted(&app, &site, request)?;
    let body: BatchBody = input::read(request, CERTIFICATE_LIMIT).await?;
    if !(1..=MOST_IN_BATCH).contains(&body.items.len()) {
        let text = format!("items 应有 1 至 {MOST_IN_BATCH} 项；更多的请分几次提交");
        return Err(Problem::bad_request("verify.batch", text));
    }
    counted.more(body.items.len().saturating_sub(1))?;
    let (terms, enclosed) = (terms(&body.terms)?, body.enclosed);
    let evidence = app.read_question(move || evidence(&enclosed)).await??;
    // Anchors that can't be read stop the whole, not each entry.
    app.trust().await?;
    let mut reports = Vec::with_capacity(body.items.len());
    for item in body.items {
        let question = terms.question(&item.certificate, evidence.clone());
        let report = match question {
            Ok(question) => app.verify_certificate(question).await.map_err(Problem::from),
            Err(problem) => Err(problem),
        };
        reports.push(entry(item.id, report)?);
    }
    Ok(Json(BatchView { reports }))
}

/// An entry that can't be read has its own problem; what is our fault ends the whole.
fn entry(
    id: Option<String>,
    report: Result<status::verification::CertificateReport, Problem>,
) -> Result<BatchEntryView, Problem> {
    match report {
        Ok(report) => Ok(BatchEntryView { id, report: Some(report.into()), refusal: None }),
        Err(problem) if problem.status < 500 => {
            let refusal = RefusalView { code: problem.code, detail: problem.detail };
            Ok(BatchEntryView { id, report: None, refusal: Some(refusal) })
        }
        Err(problem) => Err(problem),
    }
}

/// The source of a question, counted before its body is read.
pub(crate) struct Counted<'a> {
    site: &'a Site,
    source: std::net::IpAddr,
    now: Timestamp,
}

pub(crate) fn counted<'a>(
    app: &App,
    site: &'a Site,
    request: Request,
) -> Result<(Request, Counted<'a>), Problem> {
    let (parts, body) = request.into_parts();
    let counted = counted_of(app, site, &parts)?;
    Ok((Request::from_parts(parts, body), counted))
}

/// The same where the body was read already, because only that told that something is to be verified.
pub(crate) fn counted_of<'a>(
    app: &App,
    site: &'a Site,
    parts: &Parts,
) -> Result<Counted<'a>, Problem> {
    let counted = Counted { site, source: site.source(parts)?, now: app.clock().now() };
    counted.more(1)?;
    Ok(counted)
}

impl Counted<'_> {
    pub(crate) fn more(&self, certificates: usize) -> Result<(), Problem> {
        let more = u32::try_from(certificates).unwrap_or(u32::MAX);
        let counted = self.site.verifications().count_several(self.source, self.now, more);
        counted.map_err(|seconds| Problem::too_often("验证", u32::try_from(seconds).unwrap_or(1)))
    }
}
