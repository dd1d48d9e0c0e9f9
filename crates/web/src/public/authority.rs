//! CA certificates for chains: `/ca/<issuer>.cer` (AIA caIssuers, RFC 5280 §4.2.2.1).

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::api::{App, Segment};
use crate::problem::Problem;

/// A CA certificate: `.cer` in DER, `.pem` in PEM.
pub async fn download(State(app): State<App>, Segment(file): Segment) -> Result<Response, Problem> {
    let missing = || Problem::not_found("没有这个证书文件");
    let (name, form) = file.rsplit_once('.').ok_or_else(missing)?;
    let certificate = app.authority(name).await?.ok_or_else(missing)?;
    let (kind, octets) = match form {
        "cer" => ("application/pkix-cert", certificate.der().to_vec()),
        "pem" => {
            let pem = certificate.to_pem().map_err(app::Error::from)?;
            ("application/x-pem-file", pem.into_bytes())
        }
        _ => return Err(missing()),
    };
    let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=86400")];
    Ok((headers, octets).into_response())
}
