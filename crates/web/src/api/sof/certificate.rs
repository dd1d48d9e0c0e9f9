//! `SOF_ValidateCert`, `SOF_GetCertInfo`, `SOF_GetCertInfoByOid`.

use axum::Json;
use axum::extract::{Extension, Request, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::strict::Reader;
use pki::svs::{Item, ItemValue};
use pki::{Certificate, Oid};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{SofCertificateView, SofTextView, Sor, certificate_octets, question, refusal};
use crate::api::App;
use crate::pages::Site;
use crate::problem::Problem;
use crate::verdict;

/// A certificate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofCertificateBody {
    /// The certificate: DER in Base64, or PEM.
    pub base64_encode_cert: String,
}

/// An item of a certificate, by its number.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofItemBody {
    /// The certificate: DER in Base64, or PEM.
    pub base64_encode_cert: String,
    /// The number of the item (GM/T 0006 table 8).
    #[serde(rename = "type")]
    pub item: u32,
}

/// An item of a certificate, by its object identifier.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct SofOidBody {
    /// The certificate: DER in Base64, or PEM.
    pub base64_encode_cert: String,
    /// The dotted identifier of an extension or of an attribute of the subject.
    pub oid: String,
}

/// Whether a certificate holds.
#[utoipa::path(post, path = "/api/sof/SOF_ValidateCert", tag = "sof",
    request_body = SofCertificateBody,
    responses((status = 200, body = SofCertificateView), (status = "4XX", body = Problem),
              (status = 503, body = Problem)))]
pub async fn validate(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofCertificateView>, Problem> {
    let body: SofCertificateBody = question(&app, &site, request).await?;
    let der = match certificate_octets(&body.base64_encode_cert) {
        Ok(der) => der,
        Err(code) => return Ok(Json(SofCertificateView::refused(code))),
    };
    Ok(Json(match app.verify_certificate(verdict::question(der)).await {
        Ok(report) => report.into(),
        Err(error) => SofCertificateView::refused(refusal(error, Sor::CertEncode)?),
    }))
}

/// One item of a certificate, by its number.
#[utoipa::path(post, path = "/api/sof/SOF_GetCertInfo", tag = "sof",
    request_body = SofItemBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem)))]
pub async fn item(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofTextView>, Problem> {
    let body: SofItemBody = question(&app, &site, request).await?;
    let Some(item) = Item::of(u64::from(body.item)) else {
        return Ok(Json(SofTextView::refused(Sor::Parameter)));
    };
    Ok(Json(match read(&body.base64_encode_cert) {
        Ok(certificate) => shown(item.of_certificate(&certificate)),
        Err(code) => SofTextView::refused(code),
    }))
}

/// One item of a certificate, by its object identifier.
#[utoipa::path(post, path = "/api/sof/SOF_GetCertInfoByOid", tag = "sof",
    request_body = SofOidBody,
    responses((status = 200, body = SofTextView), (status = "4XX", body = Problem)))]
pub async fn by_oid(
    State(app): State<App>,
    Extension(site): Extension<Site>,
    request: Request,
) -> Result<Json<SofTextView>, Problem> {
    let body: SofOidBody = question(&app, &site, request).await?;
    let Some(oid) = Oid::parse(&body.oid) else {
        return Ok(Json(SofTextView::refused(Sor::Parameter)));
    };
    Ok(Json(match read(&body.base64_encode_cert) {
        Ok(certificate) => shown(named(&certificate, &oid)),
        Err(code) => SofTextView::refused(code),
    }))
}

fn read(text: &str) -> Result<Certificate, Sor> {
    Certificate::from_der(&certificate_octets(text)?).map_err(|_| Sor::CertEncode)
}

/// An extension, as text where it is a string; or else an attribute of the subject.
fn named(certificate: &Certificate, oid: &Oid) -> Option<ItemValue> {
    let Some(extension) = certificate.extension(oid) else {
        return certificate.subject().text_of(oid).map(|text| ItemValue::Text(text.to_owned()));
    };
    let mut reader = Reader::new(&extension.value);
    let text = reader.read().ok().filter(|_| reader.is_empty()).and_then(|one| one.text());
    Some(text.map_or_else(|| ItemValue::Der(extension.value.clone()), ItemValue::Text))
}

/// A certificate that doesn't say has an empty text.
fn shown(value: Option<ItemValue>) -> SofTextView {
    match value {
        Some(ItemValue::Text(text)) => SofTextView::of(text, "text"),
        Some(ItemValue::Der(der)) => SofTextView::of(STANDARD.encode(der), "base64"),
        None => SofTextView::of("", "text"),
    }
}
