//! A report with the institution's signature: the file that is downloaded, in the form that letters have
//! (`docs/letters.md`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{PublicKey, Signature, UserId};
use serde::{Deserialize, Serialize};

use super::model::Report;
use crate::error::Error;
use crate::institution::Institution;
use crate::registration::{seal_key, seal_label};

const SIGNED_FORMAT: &str = "yinxin-signed-report/1";
const UNREADABLE: Error = Error::Stored("抽查报告文件不能读取");

/// A report with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignedReport {
    format: String,
    /// Exactly the octets that are signed, as text.
    pub signed: String,
    /// SM2 with SM3 in DER, base64.
    pub signature: String,
    /// The public key, PEM.
    pub key: String,
}

impl SignedReport {
    /// Reads a file.
    pub fn from_file(octets: &[u8]) -> Result<Self, Error> {
        let file: Self = serde_json::from_slice(octets).map_err(|_| UNREADABLE)?;
        if file.format == SIGNED_FORMAT { Ok(file) } else { Err(UNREADABLE) }
    }

    /// The file.
    pub fn to_file(&self) -> Result<Vec<u8>, Error> {
        let mut octets = serde_json::to_vec_pretty(self).map_err(|_| UNREADABLE)?;
        octets.push(b'\n');
        Ok(octets)
    }

    /// Whether the signature is one by this key over what the file says.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let der = STANDARD.decode(self.signature.trim()).ok();
        let signature = der.and_then(|der| Signature::from_der(&der).ok());
        signature.is_some_and(|signature| {
            gm::sm2::verify(key, &UserId::default(), self.signed.as_bytes(), &signature).is_ok()
        })
    }

    /// The report inside.
    pub fn report(&self) -> Result<Report, Error> {
        Report::from_octets(&self.signed)
    }
}

impl Institution {
    /// The key that signs agreements, letters and reports.
    pub async fn report_key(&self) -> Result<PublicKey, Error> {
        seal_key(self.store(), self.device()).await
    }

    /// Signs a report. A device that signs wrongly would put out reports that nobody can verify.
    pub(super) async fn sign_report(&self, report: &Report) -> Result<SignedReport, Error> {
        let (key, signed) = (self.report_key().await?, report.to_octets()?);
        let (device, label, octets) =
            (self.device().clone(), seal_label()?, signed.clone().into_bytes());
        let signing = tokio::task::spawn_blocking(move || {
            device.session()?.sign(&label, &UserId::default(), &octets)
        });
        let signature = signing.await.map_err(|_| Error::Interrupted)??;
        let file = SignedReport {
            format: SIGNED_FORMAT.to_owned(),
            signed,
            signature: STANDARD.encode(signature.to_der()),
            key: pki::pem::encode("PUBLIC KEY", pki::Spki::of(&key).der())?,
        };
        match file.is_signed_by(&key) {
            true => Ok(file),
            false => Err(Error::Stored("抽查报告的签名")),
        }
    }
}
