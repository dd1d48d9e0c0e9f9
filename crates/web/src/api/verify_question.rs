//! What the verification service is asked, out of JSON and out of forms.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{Digest, UserId};
use jiff::Timestamp;
use pki::{Certificate, Oid, Serial, pem};
use serde::Deserialize;
use status::verification::{
    CertificateQuestion, Covered, Evidence, Form, Purpose, SignatureQuestion, Wrong,
};
use utoipa::ToSchema;

use crate::problem::Problem;

/// Largest certificate that is read, in octets.
const CERTIFICATE_OCTETS: usize = 64 << 10;
/// Most policies of one question.
const MOST_POLICIES: usize = 32;
/// Longest identifier of a signer, in octets (GB/T 32918.2: 13 bits of octets; nobody uses more than a
/// line).
const MOST_USER_ID: usize = 1024;

/// What goes with a question; each in PEM, or DER in Base64.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct EnclosedBody {
    /// CA certificates that may stand between the certificate and a trust anchor.
    pub certificates: Vec<String>,
    /// Revocation lists of the issuers of certificates that we did not issue.
    pub crls: Vec<String>,
    /// OCSP answers about such certificates.
    pub ocsp: Vec<String>,
}

/// What a certificate is held to.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TermsBody {
    /// The instant at which it is to hold, RFC 3339; now, if absent.
    pub at: Option<String>,
    /// `any`, `signature`, `encryption`, `server`, `client`, `email`, `code`, `timestamp`, `ocsp`.
    pub purpose: Option<String>,
    /// Dotted policies of which one must hold; any, if empty.
    pub policies: Vec<String>,
}

/// A question about one certificate.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
    "terms": { "purpose": "signature" },
}))]
pub struct CertificateBody {
    /// The certificate: PEM, or DER in Base64.
    pub certificate: String,
    /// What goes with it.
    #[serde(default)]
    pub enclosed: EnclosedBody,
    /// What it is held to.
    #[serde(default)]
    pub terms: TermsBody,
}

/// A question about several certificates.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchBody {
    /// 1 to 100 certificates.
    pub items: Vec<BatchItem>,
    /// What goes with all of them.
    #[serde(default)]
    pub enclosed: EnclosedBody,
    /// What each is held to.
    #[serde(default)]
    pub terms: TermsBody,
}

/// One certificate of a batch.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchItem {
    /// The asker's own name for it; comes back.
    #[serde(default)]
    pub id: Option<String>,
    /// The certificate: PEM, or DER in Base64.
    pub certificate: String,
}

/// A question about one signature.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "signature": "MEUCIQ…",
    "content": "6K+35LqO5LiJ5Liq5bel5L2c5pel5YaF6KGl5q2j5p2Q5paZ44CC",
    "certificate": "-----BEGIN CERTIFICATE-----\nMIIB…\n-----END CERTIFICATE-----\n",
}))]
pub struct SignatureBody {
    /// SM2 signature value (DER, or 64 octets of `r‖s`) or signed message (GM/T 0010, PKCS#7, CMS), in
    /// Base64 or PEM.
    pub signature: String,
    /// The content that was signed, in Base64.
    #[serde(default)]
    pub content: Option<String>,
    /// SM3 of the content, hexadecimal: enough for messages with signed attributes.
    #[serde(default)]
    pub digest: Option<String>,
    /// `e = SM3(Z‖content)` for the signer's key, hexadecimal: enough for every signature.
    #[serde(default)]
    pub e: Option<String>,
    /// The signer's certificate, where the signature doesn't carry it.
    #[serde(default)]
    pub certificate: Option<String>,
    /// In its place: the serial number of a certificate that we issued, hexadecimal.
    #[serde(default)]
    pub serial: Option<String>,
    /// The identifier of the signer; `1234567812345678`, if absent.
    #[serde(default)]
    pub user_id: Option<String>,
    /// What goes with it.
    #[serde(default)]
    pub enclosed: EnclosedBody,
    /// Dotted policies of which one must hold for the signer's certificate.
    #[serde(default)]
    pub policies: Vec<String>,
}

/// What a certificate is held to, read.
pub struct Terms {
    at: Option<Timestamp>,
    purpose: Purpose,
    policies: Vec<Oid>,
}

impl Terms {
    /// The question about one certificate.
    pub fn question(
        &self,
        certificate: &str,
        evidence: Evidence,
    ) -> Result<CertificateQuestion, Problem> {
        let der = certificate_der(&octets("certificate", certificate)?)?;
        let (at, purpose, policies) = (self.at, self.purpose, self.policies.clone());
        Ok(CertificateQuestion { der, evidence, at, purpose, policies })
    }
}

/// Reads the terms.
pub fn terms(body: &TermsBody) -> Result<Terms, Problem> {
    let at = body.at.as_deref().map(instant).transpose()?;
    let purpose = match body.purpose.as_deref() {
        None => Purpose::Any,
        Some(word) => Purpose::of(word).ok_or_else(|| {
            let words = Purpose::ALL.map(Purpose::word).join("、");
            Problem::bad_request(
                "verify.purpose",
                format!("purpose 不在可选的范围内；可用的值有 {words}"),
            )
        })?,
    };
    Ok(Terms { at, purpose, policies: oids(&body.policies)? })
}

/// Reads what was enclosed.
pub fn evidence(body: &EnclosedBody) -> Result<Evidence, Problem> {
    let mut evidence = Evidence::default();
    for text in &body.certificates {
        evidence.add_certificates(&octets("certificates", text)?).map_err(wrong)?;
    }
    for text in &body.crls {
        evidence.add_lists(&octets("crls", text)?).map_err(wrong)?;
    }
    for text in &body.ocsp {
        evidence.add_answer(&octets("ocsp", text)?).map_err(wrong)?;
    }
    Ok(evidence)
}

/// Reads a question about a certificate.
pub fn certificate_question(body: CertificateBody) -> Result<CertificateQuestion, Problem> {
    terms(&body.terms)?.question(&body.certificate, evidence(&body.enclosed)?)
}

/// Reads a question about a signature.
pub fn signature_question(body: SignatureBody) -> Result<SignatureQuestion, Problem> {
    let form = Form::of(&octets("signature", &body.signature)?).map_err(wrong)?;
    let content = body.content.as_deref().map(|text| octets("content", text)).transpose()?;
    let digest = body.digest.as_deref().map(|text| hex_digest("digest", text)).transpose()?;
    let e = body.e.as_deref().map(|text| hex_digest("e", text)).transpose()?;
    let certificate = match &body.certificate {
        Some(text) => Some(certificate(&octets("certificate", text)?)?),
        None => None,
    };
    Ok(SignatureQuestion {
        form,
        covered: covered(content, digest, e)?,
        certificate,
        serial: body.serial.as_deref().map(serial).transpose()?,
        evidence: evidence(&body.enclosed)?,
        user_id: user_id(body.user_id.as_deref())?,
        policies: oids(&body.policies)?,
    })
}

/// What was given of the content. Two that contradict each other are no question.
pub fn covered(
    content: Option<Vec<u8>>,
    digest: Option<Digest>,
    e: Option<Digest>,
) -> Result<Covered, Problem> {
    match (content, digest, e) {
        (Some(content), Some(digest), _) if gm::sm3::hash(&content) != digest => {
            let text = "digest 不是 content 的 SM3 值；请只提交其中之一，或者改正";
            Err(Problem::bad_request("verify.digest", text))
        }
        (Some(content), ..) => Ok(Covered::Content(content)),
        (None, digest, Some(e)) => Ok(Covered::Value { e, digest }),
        (None, Some(digest), None) => Ok(Covered::Digest(digest)),
        (None, None, None) => Ok(Covered::Nothing),
    }
}

/// DER of what should be a certificate; whether it is one is the first check of the report.
pub fn certificate_der(octets: &[u8]) -> Result<Vec<u8>, Problem> {
    let der = pem::der_of(octets, &[pem::CERTIFICATE], CERTIFICATE_OCTETS);
    der.map_err(|why| wrong(Wrong::Certificate(why.to_string())))
}

/// The signer's certificate.
pub fn certificate(octets: &[u8]) -> Result<Certificate, Problem> {
    let read = Certificate::from_der(&certificate_der(octets)?);
    read.map_err(|why| wrong(Wrong::Certificate(why.to_string())))
}

/// The identifier of the signer.
pub fn user_id(text: Option<&str>) -> Result<UserId, Problem> {
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(UserId::default());
    };
    let id = (text.len() <= MOST_USER_ID).then(|| UserId::new(text.as_bytes().to_vec()));
    id.and_then(Result::ok).ok_or_else(|| {
        let text = format!("签名者标识不能超过 {MOST_USER_ID} 字节；没有约定的，不填");
        Problem::bad_request("verify.user_id", text)
    })
}

/// A digest in hexadecimal.
pub fn hex_digest(field: &str, text: &str) -> Result<Digest, Problem> {
    let plain: String = text.chars().filter(|c| !c.is_whitespace() && *c != ':').collect();
    Digest::from_hex(&plain.to_lowercase()).ok_or_else(|| {
        let text = format!("{field} 应为 64 位十六进制数字（32 字节）");
        Problem::bad_request("verify.digest", text)
    })
}

/// A serial number in hexadecimal.
pub fn serial(text: &str) -> Result<Serial, Problem> {
    super::serial(text)
}

/// A problem of a question.
pub fn wrong(wrong: Wrong) -> Problem {
    app::Error::from(status::Error::from(wrong)).into()
}

/// An instant, RFC 3339.
fn instant(text: &str) -> Result<Timestamp, Problem> {
    text.parse().map_err(|_| {
        let text = "at 应为 RFC 3339 的时间，例如 2027-06-30T23:59:59Z";
        Problem::bad_request("verify.at", text)
    })
}

fn oids(texts: &[String]) -> Result<Vec<Oid>, Problem> {
    let bad = || {
        let text =
            format!("policies 应为点分的对象标识符，至多 {MOST_POLICIES} 个，例如 1.2.156.10197.1");
        Problem::bad_request("verify.policies", text)
    };
    if texts.len() > MOST_POLICIES {
        return Err(bad());
    }
    texts.iter().map(|text| Oid::parse(text).ok_or_else(bad)).collect()
}

/// PEM as it is, or Base64 with spaces and line ends as people copy it.
fn octets(field: &str, text: &str) -> Result<Vec<u8>, Problem> {
    if text.contains("-----BEGIN ") {
        return Ok(text.as_bytes().to_vec());
    }
    from_base64(text.as_bytes()).ok_or_else(|| {
        let text = format!("{field} 应为 PEM 文本，或 DER 的 Base64 编码");
        Problem::bad_request("verify.base64", text)
    })
}

/// What stands in Base64, with the spaces and line ends that come of copying.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let plain: Vec<u8> =
        text.iter().copied().filter(|octet| !octet.is_ascii_whitespace()).collect();
    STANDARD.decode(plain).ok()
}
