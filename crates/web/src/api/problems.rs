//! Reports of leaked keys and suspicious certificates: `/api/problems`. Anybody hands them in; a signature by the leaked
//! key over a statement of ours suspends its certificate at once (T-16).

use app::voice::{ComplaintWords, KeyProof, LodgedComplaint, NewEvidence, NewProblem, Stopped};
use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::verify_question::from_base64;
use super::{App, input, serial};
use crate::pages::Site;
use crate::problem::Problem;

/// Longest report, in octets: evidence of 10 MiB in Base64, and what goes with it.
const LIMIT: usize = 14 << 20;
/// How often evidence is in memory at most: as it came or was decoded, the piece that is being sealed, and sealed.
const COPIES: usize = 3;
/// Longest question for a statement or for progress, in octets.
const SMALL: usize = 4 << 10;

/// Of which certificate the private key leaked.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementBody {
    /// Serial number, hexadecimal.
    pub serial: String,
}

/// What is to be signed.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementView {
    /// UTF-8; signed by SM2 with SM3 and the default user identifier, as it is, within 24 hours.
    pub statement: String,
}

/// A piece of evidence.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EvidenceBody {
    /// Its name, with its ending.
    pub name: String,
    /// Its content in Base64.
    pub content: String,
}

/// That the sender has the private key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProofBody {
    /// The statement as it was given.
    pub statement: String,
    /// Its signature, DER or `r ‖ s`, in Base64 or hexadecimal.
    pub signature: String,
}

/// A report.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBody {
    /// What was found, 10 to 4000 characters.
    pub text: String,
    /// Serial number of the certificate, if it is known.
    #[serde(default)]
    pub about: String,
    /// Who reports, if they say.
    #[serde(default)]
    pub name: String,
    /// How to reach them, if they say.
    #[serde(default)]
    pub contact: String,
    /// At most five pieces, ten MiB in all.
    #[serde(default)]
    pub evidence: Vec<EvidenceBody>,
    /// The proof that the key leaked, if there is one.
    #[serde(default)]
    pub proof: Option<ProofBody>,
}

/// A report that was taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReportView {
    /// Its number.
    pub number: String,
    /// Opens its progress; told once.
    pub check_code: String,
    /// What the proof led to: `suspended`, `over` (revoked before, or past its validity), `people` (a certificate of
    /// the institution itself, or one that could not be suspended).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<&'static str>,
    /// True where the evidence was not kept, for want of room: keep it until somebody asks for it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub evidence_left_out: bool,
}

/// Number and check code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressBody {
    /// The number.
    pub number: String,
    /// The check code.
    pub check_code: String,
}

/// Where a report stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressView {
    /// `received`, `accepted`, `answered`, `closed`.
    pub state: &'static str,
    /// What was done about it.
    pub steps: Vec<ProgressStepView>,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProgressStepView {
    /// `accept`, `answer`, `close`.
    pub step: &'static str,
    /// When, RFC 3339.
    pub at: String,
    /// What was said.
    pub text: String,
}

/// What is to be signed to prove that a private key leaked.
#[utoipa::path(post, path = "/api/problems/statement", tag = "problems",
    request_body = StatementBody,
    responses((status = 200, body = StatementView), (status = 400, body = Problem),
              (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn statement(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<StatementView>, Problem> {
    let body: StatementBody = input::read(counted(&app, &site, request)?, SMALL).await?;
    let statement = app.problem_statement(&serial(&body.serial)?).await?;
    Ok(Json(StatementView { statement }))
}

/// Reports a leaked key or a suspicious certificate.
#[utoipa::path(post, path = "/api/problems", tag = "problems",
    request_body = ReportBody,
    responses((status = 201, body = ReportView), (status = 400, body = Problem),
              (status = 413, body = Problem), (status = 422, body = Problem),
              (status = 429, body = Problem), (status = 503, body = Problem)))]
pub async fn lodge(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<(StatusCode, Json<ReportView>), Problem> {
    let (parts, body) = counted(&app, &site, request)?.into_parts();
    let source = site.source(&parts)?;
    // Evidence outlives the body that brought it; its room is held until the answer is made.
    let request = Request::from_parts(parts, body);
    let (body, _room) = input::read_with_room::<ReportBody>(request, (LIMIT, COPIES)).await?;
    let new = report(body)?;
    if let Some((field, why)) = app.problem_mistakes(&new).first() {
        return Err(Problem::bad_request("web.field", format!("{field}：{why}")));
    }
    let counted = site.rate().count_octets(source, app.clock().now(), new.octets());
    counted.map_err(|seconds| Problem::too_often("提交", u32::try_from(seconds).unwrap_or(1)))?;
    let done = app.lodge_problem(new).await?;
    let proof = done.stopped.map(Stopped::word);
    let LodgedComplaint { number, check_code, left_out } = done.lodged;
    let view = ReportView { number, check_code, proof, evidence_left_out: left_out };
    Ok((StatusCode::CREATED, Json(view)))
}

/// Where a report stands, by its number and check code.
#[utoipa::path(post, path = "/api/problems/progress", tag = "problems",
    request_body = ProgressBody,
    responses((status = 200, body = ProgressView), (status = 404, body = Problem),
              (status = 429, body = Problem)))]
pub async fn progress(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<ProgressView>, Problem> {
    let body: ProgressBody = input::read(counted(&app, &site, request)?, SMALL).await?;
    let (found, steps) = app.complaint_progress((&body.number, &body.check_code)).await?;
    let steps = steps.into_iter().map(|one| ProgressStepView {
        step: one.step.word(),
        at: one.at.to_string(),
        text: one.text,
    });
    Ok(Json(ProgressView { state: found.state.word(), steps: steps.collect() }))
}

/// Counted by its source as forms of the pages are, before its body is read.
fn counted(app: &App, site: &Site, request: Request) -> Result<Request, Problem> {
    let (parts, body) = request.into_parts();
    let counted = site.rate().count(site.source(&parts)?, app.clock().now());
    counted.map_err(|seconds| Problem::too_often("提交", u32::try_from(seconds).unwrap_or(1)))?;
    Ok(Request::from_parts(parts, body))
}

fn report(body: ReportBody) -> Result<NewProblem, Problem> {
    let ReportBody { text, about, name, contact, evidence, proof } = body;
    let wrong = |text: &str| Problem::bad_request("web.base64", text);
    let piece = |one: EvidenceBody| {
        let content = from_base64(one.content.as_bytes());
        let content = content.ok_or_else(|| wrong("evidence 的 content 应为 Base64"))?;
        Ok(NewEvidence { name: one.name, content })
    };
    let proved = |one: ProofBody| {
        let signature = signature_of(&one.signature);
        let signature = signature.ok_or_else(|| wrong("signature 应为 Base64 或十六进制"))?;
        Ok::<_, Problem>(KeyProof { statement: one.statement, signature })
    };
    let words = ComplaintWords { text, about, name, contact, ..ComplaintWords::default() };
    let evidence = evidence.into_iter().map(piece).collect::<Result<_, Problem>>()?;
    Ok(NewProblem { words, evidence, proof: proof.map(proved).transpose()? })
}

/// A signature in Base64 or hexadecimal, with the spaces that come of copying.
pub(crate) fn signature_of(text: &str) -> Option<Vec<u8>> {
    let plain: String = text.chars().filter(|sign| !sign.is_whitespace()).take(512).collect();
    let octets = match hex::decode(&plain) {
        Ok(octets) => octets,
        Err(_) => from_base64(plain.as_bytes())?,
    };
    (!octets.is_empty()).then_some(octets)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_read_in_either_writing() {
        assert_eq!(signature_of("30 06\n0201"), Some(vec![0x30, 6, 2, 1]));
        assert_eq!(signature_of("MAYC\nAQ=="), Some(vec![0x30, 6, 2, 1]));
        assert_eq!(signature_of(""), None);
        assert_eq!(signature_of("不是"), None);
    }
}
