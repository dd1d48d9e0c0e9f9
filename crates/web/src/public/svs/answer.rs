//! What a request of GM/T 0029 is answered with. Every error is one of the numbers of table C.1.

use access::Permit;
use app::signing::{MessageOrder, Refusal};
use app::{Error, Institution};
use directory::rules::index::Key;
use directory::rules::text;
use gm::{Digest, UserId};
use jiff::Timestamp;
use pki::svs::{Body, Code, Content, Item, Kind, Options, Reply, SGD_SM3_SM2, SignOrder, Signer};
use pki::{Certificate, Serial};
use status::verification::{Covered, Evidence, Form, Outcome, SignatureQuestion};

use crate::verdict::{self, Cause};

/// Longest serial number in octets (RFC 5280 §4.1.2.2); what is longer is hexadecimal text.
const SERIAL_OCTETS: usize = 20;

/// An answer, and the trust anchors that it rests on.
pub(super) struct Answered {
    pub reply: Reply,
    pub snapshot: Option<String>,
    /// The seconds to wait, of who asked too often.
    pub wait: Option<u32>,
}

impl Answered {
    /// Without content.
    pub(super) fn refused(kind: Kind, code: Code, now: Timestamp) -> Self {
        Self { reply: Reply::refused(kind, code, now), snapshot: None, wait: None }
    }

    /// Too often: of the numbers, the one for what may be tried again.
    pub(super) fn busy(kind: Kind, seconds: u32, now: Timestamp) -> Self {
        Self { wait: Some(seconds), ..Self::refused(kind, Code::SystemFailure, now) }
    }
}

/// What an answer is made of.
#[derive(Debug)]
struct Found {
    code: Code,
    content: Content,
    snapshot: Option<String>,
    wait: Option<u32>,
}

impl From<Code> for Found {
    fn from(code: Code) -> Self {
        Self { code, content: Content::Nothing, snapshot: None, wait: None }
    }
}

impl From<Content> for Found {
    fn from(content: Content) -> Self {
        Self { content, ..Code::Success.into() }
    }
}

/// Answers a request; `permit` is that of an application that may sign.
pub(super) async fn answer(
    app: &Institution,
    body: Body,
    permit: Option<&Permit>,
    now: Timestamp,
) -> Answered {
    let kind = body.kind();
    let found = match body {
        Body::ExportCert { identification } => export(app, &identification).await,
        Body::ParseCert { item, certificate } => parse(item, &certificate),
        Body::ValidateCert { certificate, status } => validate(app, certificate, status).await,
        Body::VerifySignedData { signer, data, signature, .. } => {
            verify_data(app, signer, data, &signature).await
        }
        Body::VerifySignedMessage { data, message, options } => {
            verify_message(app, data, &message, options).await
        }
        Body::SignData(order) => sign(app, permit, order, None).await,
        Body::SignMessage(order, options) => sign(app, permit, order, Some(options)).await,
        Body::Parts(_) => Code::InvalidFormat.into(),
    };
    let Found { code, content, snapshot, wait } = found;
    Answered { reply: Reply { kind, code, content, at: now }, snapshot, wait }
}

/// Signs with a key of the application that asks. The access code of the request is no secret that
/// we know of: who asks says so by the signature of the request (RFC 9421).
async fn sign(
    app: &Institution,
    permit: Option<&Permit>,
    order: SignOrder,
    options: Option<Options>,
) -> Found {
    if order.method != SGD_SM3_SM2 {
        return Code::SignMethod.into();
    }
    let Ok(number) = i64::try_from(order.key) else { return Code::KeyIndex.into() };
    let Some(permit) = permit else { return Code::KeyValue.into() };
    let signed = match options {
        None => app.sign_data(permit, number, &order.data).await,
        // A digest is no content, and only the signer's certificate goes along.
        Some(
            Options { is_hashed: true, .. }
            | Options { chain: Some(true), .. }
            | Options { list: Some(true), .. },
        ) => return Code::InvalidFormat.into(),
        Some(options) => {
            let how = MessageOrder {
                is_detached: options.content != Some(true),
                has_attributes: options.attributes == Some(true),
            };
            app.sign_message(permit, (number, order.data), how).await
        }
    };
    match signed {
        Ok(signed) => Content::Octets(signed.octets).into(),
        Err(Error::Signing(refusal)) => refused(&refusal),
        Err(error) => fault(&error),
    }
}

/// The number of a refusal; what passes by itself has the seconds to wait.
fn refused(refusal: &Refusal) -> Found {
    let code = match (refusal, refusal.wait()) {
        (Refusal::NoKey(_), _) => Code::KeyIndex,
        (_, Some(_)) => Code::SystemFailure,
        _ => Code::KeyValue,
    };
    Found { wait: refusal.wait(), ..code.into() }
}

/// A certificate that is public, by serial number in hexadecimal or by common name. Where a name
/// has several, the newest is meant.
async fn export(app: &Institution, identification: &[u8]) -> Found {
    let Ok(name) = std::str::from_utf8(identification) else { return Code::CertId.into() };
    let lookups = [
        Serial::from_hex(name.trim()).ok().map(|serial| (Key::Serial, serial.to_hex())),
        Some((Key::CommonName, text::normal(name))),
    ];
    for (key, value) in lookups.into_iter().flatten() {
        let found = match app.directory().certificates(key, value.as_bytes()).await {
            Ok(found) => found,
            Err(error) => return fault(&error.into()),
        };
        let read = found.iter().filter_map(|der| Certificate::from_der(der).ok());
        if let Some(newest) = read.max_by_key(Certificate::not_before) {
            return Content::Certificate(newest.der().to_vec()).into();
        }
    }
    Code::CertId.into()
}

fn parse(item: u64, certificate: &[u8]) -> Found {
    let Some(item) = Item::of(item) else { return Code::CertInfoType.into() };
    let Ok(certificate) = Certificate::from_der(certificate) else {
        return Code::CertDecode.into();
    };
    let value = item.of_certificate(&certificate);
    value.map_or(Content::Nothing, |value| Content::Octets(value.octets().to_vec())).into()
}

async fn validate(app: &Institution, der: Vec<u8>, status: bool) -> Found {
    let report = match app.verify_certificate(verdict::question(der)).await {
        Ok(report) => report,
        Err(error) => return fault(&error),
    };
    let code = match verdict::of_certificate(&report) {
        Cause::Format => Code::CertDecode,
        cause => code(cause),
    };
    let own = report.judged.checks.iter().find(|check| check.check == "status");
    let content = match own.filter(|_| status) {
        Some(check) => Content::State(state(check.outcome, &check.code)),
        None => Content::Nothing,
    };
    Found { content, snapshot: Some(report.snapshot), ..code.into() }
}

/// The standard gives no numbers; those of the choice of RFC 6960 §4.2.1: good 0, revoked 1,
/// unknown 2. Suspended is revoked until it is released (GM/T 0034).
fn state(outcome: Outcome, code: &str) -> u64 {
    match outcome {
        Outcome::Passed => 0,
        Outcome::Failed if !code.starts_with("status.not-") => 1,
        _ => 2,
    }
}

/// The level of the request names the least; all is verified always, for a certificate whose
/// issuer or status nobody knows proves nothing.
async fn verify_data(app: &Institution, signer: Signer, data: Vec<u8>, signature: &[u8]) -> Found {
    let (certificate, serial) = match signer {
        Signer::Certificate(der) => match Certificate::from_der(&der) {
            Ok(certificate) => (Some(certificate), None),
            Err(_) => return Code::CertDecode.into(),
        },
        Signer::Serial(octets) => match serial(&octets) {
            Some(serial) => (None, Some(serial)),
            None => return Code::CertId.into(),
        },
    };
    match Form::of(signature) {
        Ok(form @ Form::Raw(..)) => {
            let covered = Covered::Content(data);
            verified(app, question(form, covered, certificate, serial)).await
        }
        _ => Code::InvalidFormat.into(),
    }
}

async fn verify_message(
    app: &Institution,
    data: Vec<u8>,
    message: &[u8],
    options: Options,
) -> Found {
    let covered = match (data.is_empty(), options.is_hashed) {
        (true, _) => Covered::Nothing,
        (false, false) => Covered::Content(data),
        (false, true) => match <[u8; 32]>::try_from(data) {
            Ok(digest) => Covered::Digest(Digest(digest)),
            Err(_) => return Code::InvalidFormat.into(),
        },
    };
    match Form::of(message) {
        Ok(form @ Form::Message(_)) => verified(app, question(form, covered, None, None)).await,
        _ => Code::InvalidFormat.into(),
    }
}

async fn verified(app: &Institution, question: SignatureQuestion) -> Found {
    match app.verify_signature(question).await {
        Ok(report) => {
            let code = code(verdict::of_signature(&report));
            Found { snapshot: Some(report.snapshot), ..code.into() }
        }
        Err(error) => fault(&error),
    }
}

fn question(
    form: Form,
    covered: Covered,
    certificate: Option<Certificate>,
    serial: Option<Serial>,
) -> SignatureQuestion {
    let (evidence, user_id, policies) = (Evidence::default(), UserId::default(), Vec::new());
    SignatureQuestion { form, covered, certificate, serial, evidence, user_id, policies }
}

/// Octets of the number, or its hexadecimal text.
fn serial(octets: &[u8]) -> Option<Serial> {
    if octets.len() <= SERIAL_OCTETS {
        return Serial::from_magnitude(octets).ok();
    }
    Serial::from_hex(std::str::from_utf8(octets).ok()?.trim()).ok()
}

/// The number for a reason. What is unknown has none of success (Invariant 11).
const fn code(cause: Cause) -> Code {
    match cause {
        Cause::Passed => Code::Success,
        Cause::Format | Cause::Content => Code::InvalidFormat,
        Cause::Signature => Code::InvalidSignature,
        Cause::NoCertificate | Cause::Untrusted | Cause::Purpose => Code::Cert,
        Cause::Revoked | Cause::Suspended => Code::CertRemoved,
        Cause::Expired => Code::CertExpired,
        Cause::NotYet => Code::CertNotYet,
        Cause::Algorithm => Code::SignMethod,
        Cause::Status => Code::ServerConnect,
        Cause::Unknown => Code::SystemFailure,
    }
}

/// A question that can't be read, or our fault.
fn fault(error: &Error) -> Found {
    if error.kind() == store::ErrorKind::Invalid {
        return Code::InvalidFormat.into();
    }
    tracing::error!(code = error.code(), %error, "a request of GM/T 0029 failed");
    Code::SystemFailure.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_passed_is_a_success() {
        assert!(Cause::WRONG.into_iter().all(|cause| code(cause) != Code::Success));
        assert_eq!(code(Cause::Passed), Code::Success);
    }

    #[test]
    fn a_serial_number_comes_as_octets_or_as_text() {
        let number = Serial::from_hex("1a2b3c4d5e6f708192a3b4c5d6e7f801").unwrap();
        assert_eq!(serial(number.as_bytes()), Some(number));
        assert_eq!(serial(b"1a2b3c4d5e6f708192a3b4c5d6e7f801"), Some(number));
        assert_eq!(serial(b"1A2B3C4D5E6F708192A3B4C5D6E7F801\n"), Some(number));
        for wrong in [&b""[..], &[0], &[0xff; 32]] {
            assert_eq!(serial(wrong), None);
        }
    }

    #[test]
    fn a_status_has_the_number_of_rfc_6960() {
        assert_eq!(state(Outcome::Passed, "status.good"), 0);
        assert_eq!(state(Outcome::Failed, "status.suspended"), 1);
        assert_eq!(state(Outcome::Failed, "status.not-issued"), 2);
        assert_eq!(state(Outcome::Unknown, "status.no-source"), 2);
    }
}
