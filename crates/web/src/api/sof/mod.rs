//! The functions of GM/T 0020 (证书应用综合服务接口) over JSON: `/api/sof/SOF_ValidateCert` and so on.
//! Names of functions and parameters are those of the standard; octets are Base64. Anybody
//! may have things verified; keys are for the applications that they were made for.
//!
//! An answer always has the number of `SOF_GetLastError` beside its result, and the report behind
//! it: whoever only reads `code` may rely on it, for it is 0 only if every check passed
//! (Invariant 11). A problem comes back only where there is no question, or by our fault.

pub mod certificate;
mod code;
pub mod errors;
pub mod keys;
pub mod signature;
pub mod timestamp;
pub mod trust;
mod view;

pub(crate) use code::Sor;
pub(crate) use view::{SofCertificateView, SofSignatureView, SofStampView, SofTextView};

use axum::extract::Request;
use serde::de::DeserializeOwned;

use super::{App, input, verify};
use crate::api::verify_question::from_base64;
use crate::pages::Site;
use crate::problem::Problem;

/// Longest body: a content of 20 MiB in Base64, and what goes with it.
const LONGEST: usize = 32 << 20;

/// A question, counted and read.
async fn question<T: DeserializeOwned>(
    app: &App,
    site: &Site,
    request: Request,
) -> Result<T, Problem> {
    let (request, _) = verify::counted(app, site, request)?;
    input::read(request, LONGEST).await
}

/// Octets of a parameter.
fn octets(text: &str) -> Result<Vec<u8>, Sor> {
    from_base64(text.as_bytes()).ok_or(Sor::Indata)
}

/// DER of a certificate: Base64, or PEM as people copy it.
fn certificate_octets(text: &str) -> Result<Vec<u8>, Sor> {
    if text.contains("-----BEGIN ") {
        let read = pki::Certificate::from_pem_or_der(text.as_bytes());
        return read.map(|one| one.der().to_vec()).map_err(|_| Sor::CertEncode);
    }
    octets(text).map_err(|_| Sor::CertEncode)
}

/// The number of what can't be read; a problem of what is our fault.
fn refusal(error: app::Error, code: Sor) -> Result<Sor, Problem> {
    if error.kind() == store::ErrorKind::Invalid { Ok(code) } else { Err(error.into()) }
}
