//! `SOF_CreateTimeStampRequest`, `SOF_CreateTimeStampResponse`, `SOF_VerifyTimeStamp`.

use axum::Json;
use axum::extract::{Extension, Request, State};
use axum::http::StatusCode;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{OsRandom, Random as _};
use pki::tsp::{Failure, Format, HashAlgorithm, Imprint, Nonce};
use serde::Deserialize;
use status::timestamp::StampOutcome;
use status::verification::{Evidence, StampQuestion};
use utoipa::ToSchema;

use super::{SofStampView, SofTextView, Sor, octets, question, refusal};
use crate::api::App;
use crate::pages::Site;
use crate::problem::Problem;

/// A content.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofContentBody {
    /// The content, in Base64.
    pub in_data: String,
}

/// A request for a timestamp.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofStampRequestBody {
    /// `TimeStampReq` in DER, in Base64.
    pub time_stamp_request: String,
}

/// A timestamp and what it is to be over.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofStampBody {
    /// The content, in Base64.
    pub in_data: String,
    /// `TimeStampResp`, or the token alone, in DER, in Base64.
    pub ts_response_data: String,
}

/// A request for a timestamp on a content, with SM3, a nonce, and the certificate wanted.
#[utoipa::path(post, path = "/api/sof/SOF_CreateTimeStampRequest", tag = "sof",
    request_body = SofContentBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem)))]
pub async fn request(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofTextView>, Problem> {
    let body: SofContentBody = question(&app, &site, request).await?;
    let Ok(content) = octets(&body.in_data) else {
        return Ok(Json(SofTextView::refused(Sor::Indata)));
    };
    let mut fresh = [0; 16];
    OsRandom.fill(&mut fresh).map_err(|_| app::Error::Interrupted)?;
    let nonce = Nonce::new(&fresh).map_err(app::Error::from)?;
    let imprint = Imprint::of(HashAlgorithm::Sm3, &content);
    let made = pki::tsp::Request::new(imprint, None, Some(nonce), true);
    Ok(Json(SofTextView::of(STANDARD.encode(made.der()), "base64")))
}

/// The answer of the timestamp authority (GM/T 0033).
#[utoipa::path(post, path = "/api/sof/SOF_CreateTimeStampResponse", tag = "sof",
    request_body = SofStampRequestBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn response(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofTextView>, Problem> {
    let body: SofStampRequestBody = question(&app, &site, request).await?;
    let Some(authority) = app.timestamp() else {
        return Ok(Json(SofTextView::refused(Sor::NotSupported)));
    };
    let Ok(asked) = octets(&body.time_stamp_request) else {
        return Ok(Json(SofTextView::refused(Sor::Indata)));
    };
    let stamped = authority.stamp(&asked, Format::Gm).await;
    match stamped.outcome {
        StampOutcome::Granted(_) => {
            Ok(Json(SofTextView::of(STANDARD.encode(&stamped.body), "base64")))
        }
        StampOutcome::Refused(failure) => Ok(Json(refused(failure))),
        StampOutcome::Busy => {
            let text = "时间戳服务繁忙，请稍后重试";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "timestamp.busy", text))
        }
    }
}

/// Whether a timestamp holds over a content.
#[utoipa::path(post, path = "/api/sof/SOF_VerifyTimeStamp", tag = "sof",
    request_body = SofStampBody,
    responses((status = 200, body = SofStampView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn verify(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofStampView>, Problem> {
    let body: SofStampBody = question(&app, &site, request).await?;
    let (Ok(content), Ok(der)) = (octets(&body.in_data), octets(&body.ts_response_data)) else {
        return Ok(Json(SofStampView::refused(Sor::Indata)));
    };
    let asked = StampQuestion { der, content, evidence: Evidence::default() };
    Ok(Json(match app.verify_timestamp(asked).await {
        Ok(report) => report.into(),
        Err(error) => SofStampView::refused(refusal(error, Sor::Indata)?),
    }))
}

/// Why the authority gave none, in its own words.
fn refused(failure: Failure) -> SofTextView {
    let code = match failure {
        Failure::TimeNotAvailable | Failure::SystemFailure => Sor::Unknown,
        Failure::BadAlg => Sor::Algorithm,
        _ => Sor::Indata,
    };
    SofTextView::told(code, failure.chinese())
}
