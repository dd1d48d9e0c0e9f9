//! The text form of GM/T 0029 Annex B: names and values as a form of HTTP. Octets are Base64;
//! whoever doesn't escape its `+` sends a space, and is understood.

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use pki::svs::{Body, Content, Kind, Options, Reply, SignOrder, Signer};
use zeroize::Zeroizing;

use crate::problem::Problem;

/// Most fields of a form; the longest of the standard has ten.
const MOST_FIELDS: usize = 32;

const VERSION: HeaderName = HeaderName::from_static("svs-request-version");
const REPLY_KIND: HeaderName = HeaderName::from_static("svs-response-type");
const REPLY_VERSION: HeaderName = HeaderName::from_static("svs-response-version");
const REPLY_TIME: HeaderName = HeaderName::from_static("svs-response-time");

/// Annex B.3 c): `v1`, where it is said at all.
pub(super) fn check_version(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(VERSION) {
        Some(version) if !version.as_bytes().eq_ignore_ascii_case(b"v1") => {
            let text = "SVS-Request-Version 应为 v1";
            Err(Problem::bad_request("svs.version", text))
        }
        _ => Ok(()),
    }
}

/// Reads the fields of a request; `None` when one is missing or isn't what it should be.
pub(super) fn read(kind: Kind, body: &[u8]) -> Option<Body> {
    let fields = Fields::of(body)?;
    Some(match kind {
        Kind::ExportCert => {
            Body::ExportCert { identification: fields.octets("identification")?.to_vec() }
        }
        Kind::ParseCert => Body::ParseCert {
            item: fields.number("infoType")?,
            certificate: fields.octets("cert")?.to_vec(),
        },
        Kind::ValidateCert => Body::ValidateCert {
            certificate: fields.octets("cert")?.to_vec(),
            status: fields.flag("ocsp")?.unwrap_or_default(),
        },
        Kind::SignData => Body::SignData(fields.order()?),
        Kind::VerifySignedData => Body::VerifySignedData {
            signer: fields.signer()?,
            data: fields.data()?,
            signature: fields.octets("signature")?.to_vec(),
            level: u8::try_from(fields.number("verifyLevel")?).ok().filter(|level| *level <= 2)?,
        },
        Kind::SignMessage => Body::SignMessage(fields.order()?, fields.options()?),
        Kind::VerifySignedMessage => Body::VerifySignedMessage {
            data: fields.data()?,
            message: fields.octets("signedMessage")?.to_vec(),
            options: fields.options()?,
        },
        parts => Body::Parts(parts),
    })
}

struct Fields(Vec<(String, Zeroizing<String>)>);

impl Fields {
    fn of(body: &[u8]) -> Option<Self> {
        let pairs = form_urlencoded::parse(body).take(MOST_FIELDS + 1);
        let pairs: Vec<_> =
            pairs.map(|(name, value)| (name.into(), Zeroizing::new(value.into()))).collect();
        let again = |(at, (name, _)): (usize, &(String, _))| {
            pairs.iter().take(at).any(|(earlier, _)| earlier == name)
        };
        let is_clear = pairs.len() <= MOST_FIELDS && !pairs.iter().enumerate().any(again);
        is_clear.then_some(Self(pairs))
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.text(name)?.trim().parse().ok()
    }

    /// Spaces stand for `+` that nobody escaped.
    fn octets(&self, name: &str) -> Option<Zeroizing<Vec<u8>>> {
        let plain = self.text(name)?.chars().filter(|sign| !matches!(sign, '\r' | '\n' | '\t'));
        let plain: Zeroizing<String> =
            Zeroizing::new(plain.map(|sign| if sign == ' ' { '+' } else { sign }).collect());
        STANDARD.decode(plain.as_bytes()).ok().map(Zeroizing::new)
    }

    /// `None` when it is there and neither TRUE nor FALSE.
    fn flag(&self, name: &str) -> Option<Option<bool>> {
        match self.text(name) {
            None | Some("") => Some(None),
            Some(text) if text.eq_ignore_ascii_case("TRUE") => Some(Some(true)),
            Some(text) if text.eq_ignore_ascii_case("FALSE") => Some(Some(false)),
            Some(_) => None,
        }
    }

    /// `inDataLen` and `inData`.
    fn data(&self) -> Option<Vec<u8>> {
        let data = self.octets("inData")?;
        let fits = u64::try_from(data.len()).ok()? == self.number("inDataLen")?;
        fits.then(|| data.to_vec())
    }

    fn order(&self) -> Option<SignOrder> {
        Some(SignOrder {
            method: self.number("signMethod")?,
            key: self.number("keyIndex")?,
            key_value: self.octets("keyValue")?,
            data: self.data()?,
        })
    }

    fn signer(&self) -> Option<Signer> {
        let (certificate, serial) = (self.octets("cert"), self.octets("certSN"));
        match (self.number("type")?, certificate, serial) {
            (1, Some(der), None) => Some(Signer::Certificate(der.to_vec())),
            (2, None, Some(serial)) => Some(Signer::Serial(serial.to_vec())),
            _ => None,
        }
    }

    fn options(&self) -> Option<Options> {
        Some(Options {
            is_hashed: self.flag("hashFlag")?.unwrap_or_default(),
            content: self.flag("originalText")?,
            chain: self.flag("certificateChain")?,
            list: self.flag("crl")?,
            attributes: self.flag("authenticationAttributes")?,
        })
    }
}

/// The body of an answer.
pub(super) fn written(reply: &Reply) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("respValue", &reply.code.number().to_string());
    if let Some(field) = reply.content.field(reply.kind) {
        let value = match &reply.content {
            Content::Certificate(octets) | Content::Octets(octets) => STANDARD.encode(octets),
            Content::State(state) => state.to_string(),
            Content::Nothing => String::new(),
        };
        form.append_pair(field, &value);
    }
    form.finish()
}

/// The header fields of an answer (Annex B.4).
pub(super) fn fields(reply: &Reply, now: Timestamp) -> [(HeaderName, HeaderValue); 3] {
    let time = HeaderValue::try_from(pki::time::generalized_text(now));
    [
        (REPLY_KIND, HeaderValue::from_static(reply.kind.name())),
        (REPLY_VERSION, HeaderValue::from_static("v1")),
        (REPLY_TIME, time.unwrap_or(HeaderValue::from_static(""))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_also_where_base64_was_not_escaped() {
        for body in ["identification=%2B%2Bs%3D", "identification=++s=", "identification=%20%20s="]
        {
            let read = read(Kind::ExportCert, body.as_bytes()).unwrap();
            assert_eq!(read, Body::ExportCert { identification: vec![0xfb, 0xeb] }, "{body}");
        }
    }

    #[test]
    fn what_is_missing_twice_or_wrong_is_no_request() {
        let good = "type=2&certSN=TQ==&inDataLen=1&inData=YQ==&signature=AA==&verifyLevel=2";
        assert!(read(Kind::VerifySignedData, good.as_bytes()).is_some());
        for (from, to) in [
            ("type=2", "type=1"),
            ("inDataLen=1", "inDataLen=2"),
            ("verifyLevel=2", "verifyLevel=3"),
            ("signature=AA==", "signature=?"),
            ("type=2", "type=2&type=2"),
            ("certSN=TQ==", "certSN=TQ==&cert=TQ=="),
        ] {
            let body = good.replace(from, to);
            assert!(read(Kind::VerifySignedData, body.as_bytes()).is_none(), "{body}");
        }
        let many = "a=1&".repeat(40);
        assert!(read(Kind::ExportCert, many.as_bytes()).is_none());
        assert!(read(Kind::ValidateCert, b"cert=MAA=&ocsp=yes").is_none());
        assert!(read(Kind::ValidateCert, b"cert=MAA=&ocsp=true").is_some());
    }

    #[test]
    fn an_answer_is_a_form_with_the_number_first() {
        let reply = Reply {
            kind: Kind::SignData,
            code: pki::svs::Code::Success,
            content: Content::Octets(vec![0xfb, 0xff]),
            at: Timestamp::UNIX_EPOCH,
        };
        assert_eq!(written(&reply), "respValue=0&signature=%2B%2F8%3D");
    }
}
