//! The structured fields (RFC 8941) that occur here, in their canonical form only.
//!
//! A general parser would accept white space, other labels, further parameters. Every such
//! freedom is a place where two programs may read two different things; there is none.

use super::ALGORITHM;
use super::base::{WITH_BODY, WITHOUT_BODY};
use crate::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// No header is longer; a regular one has about 300 octets.
const MAX_HEADER: usize = 1024;
const MAX_NONCE: usize = 64;
const MIN_NONCE: usize = 16;

/// What `Signature-Input` says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Input<'a> {
    /// The member's value as sent: components and parameters.
    pub parameters: &'a str,
    pub covers_body: bool,
    pub created: i64,
    pub expires: i64,
    pub nonce: &'a str,
    pub keyid: &'a str,
}

/// Reads `Signature-Input`.
pub(super) fn input(header: &str) -> Result<Input<'_>, Error> {
    let wrong = |why| Error::Malformed { header: "Signature-Input", why };
    if header.len() > MAX_HEADER || !header.is_ascii() {
        return Err(wrong("过长或含非 ASCII 字符"));
    }
    let parameters =
        header.strip_prefix("sig1=").ok_or_else(|| wrong("应以 sig1= 开头，且只含一个签名"))?;
    let (covers_body, mut rest) =
        match (parameters.strip_prefix(WITH_BODY), parameters.strip_prefix(WITHOUT_BODY)) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => {
                return Err(wrong(
                    "签名范围应依次为 @method、@path、@query，有请求体时加 content-digest",
                ));
            }
        };
    let mut found = Found::default();
    while !rest.is_empty() {
        rest = found.take(rest).ok_or_else(|| wrong("参数格式不正确、重复或无法识别"))?;
    }
    let missing = || wrong("应有 created、expires、nonce、keyid、alg 五个参数");
    if found.alg.ok_or_else(missing)? != ALGORITHM {
        return Err(wrong("alg 应为 sm2-sm3"));
    }
    let nonce = found.nonce.ok_or_else(missing)?;
    if !(MIN_NONCE..=MAX_NONCE).contains(&nonce.len()) {
        return Err(wrong("nonce 应为 16 至 64 个字符"));
    }
    let (created, expires) =
        (found.created.ok_or_else(missing)?, found.expires.ok_or_else(missing)?);
    if expires < created {
        return Err(wrong("expires 早于 created"));
    }
    Ok(Input {
        parameters,
        covers_body,
        created,
        expires,
        nonce,
        keyid: found.keyid.ok_or_else(missing)?,
    })
}

/// The parameters found so far.
#[derive(Default)]
struct Found<'a> {
    created: Option<i64>,
    expires: Option<i64>,
    nonce: Option<&'a str>,
    keyid: Option<&'a str>,
    alg: Option<&'a str>,
}

impl<'a> Found<'a> {
    /// Takes one `;name=value` and yields what follows; `None` if it may not stand here.
    fn take(&mut self, text: &'a str) -> Option<&'a str> {
        let (name, value) = text.strip_prefix(';')?.split_once('=')?;
        let end = value.find(';').unwrap_or(value.len());
        let (value, rest) = value.split_at_checked(end)?;
        match name {
            "created" => put(&mut self.created, integer(value)?)?,
            "expires" => put(&mut self.expires, integer(value)?)?,
            "nonce" => put(&mut self.nonce, token(value)?)?,
            "keyid" => put(&mut self.keyid, token(value)?)?,
            "alg" => put(&mut self.alg, token(value)?)?,
            _ => return None,
        }
        Some(rest)
    }
}

/// Fills an empty place; `None` if it is taken.
fn put<T>(place: &mut Option<T>, value: T) -> Option<()> {
    if place.is_some() {
        return None;
    }
    *place = Some(value);
    Some(())
}

/// Up to 15 digits without leading zeros (RFC 8941 §3.3.1); no sign: no signature is
/// older than 1970.
fn integer(text: &str) -> Option<i64> {
    let canonical = text == "0" || !text.starts_with('0');
    let digits =
        !text.is_empty() && text.len() <= 15 && text.bytes().all(|octet| octet.is_ascii_digit());
    (digits && canonical).then(|| text.parse().ok())?
}

/// A quoted string of letters, digits and `-_.~+/=:`: nothing that needs escaping.
fn token(text: &str) -> Option<&str> {
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    let plain = |octet: u8| octet.is_ascii_alphanumeric() || b"-_.~+/=:".contains(&octet);
    (!inner.is_empty() && inner.bytes().all(plain)).then_some(inner)
}

/// Reads a byte sequence `name=:BASE64:`; one member, canonical base64.
pub(super) fn octets(header: &'static str, value: &str, name: &str) -> Result<Vec<u8>, Error> {
    let wrong = |why| Error::Malformed { header, why };
    if value.len() > MAX_HEADER {
        return Err(wrong("过长"));
    }
    let member = value.strip_prefix(name).and_then(|rest| rest.strip_prefix("=:"));
    let text = member.and_then(|rest| rest.strip_suffix(':'));
    let text = text.ok_or_else(|| wrong("应为 名称=:BASE64: 的形式，且只含一项"))?;
    STANDARD.decode(text).map_err(|_| wrong("不是有效的 BASE64"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "sig1=(\"@method\" \"@path\" \"@query\");created=1790000000;expires=1790000060;\
        nonce=\"0123456789abcdef\";keyid=\"k\";alg=\"sm2-sm3\"";

    #[test]
    fn the_regular_form_is_read_in_any_order_of_parameters() {
        let read = input(GOOD).unwrap();
        assert_eq!(
            (read.created, read.expires, read.covers_body),
            (1_790_000_000, 1_790_000_060, false)
        );
        let other = "sig1=(\"@method\" \"@path\" \"@query\" \"content-digest\");alg=\"sm2-sm3\";keyid=\"k\";\
            nonce=\"0123456789abcdef\";expires=2;created=1";
        assert!(input(other).unwrap().covers_body);
    }

    #[test]
    fn every_freedom_of_structured_fields_is_refused() {
        let changes = [
            ("sig1=", "sig2="),
            ("sig1=", " sig1="),
            ("sig1=", "sig1= "),
            ("\"@path\" ", "\"@path\"  "),
            ("\"@method\" \"@path\"", "\"@path\" \"@method\""),
            ("\"@query\")", "\"@query\" \"@authority\")"),
            ("\"@query\")", "\"@query\";req)"),
            (";created", "; created"),
            ("created=1790000000", "created=01790000000"),
            ("created=1790000000", "created=-1"),
            ("created=1790000000", "created=1790000000.5"),
            ("created=1790000000", "created=1790000000000000000"),
            ("created=1790000000", "created=1790000000;created=1790000000"),
            ("created=1790000000", "created=1790000061"),
            ("created=1790000000;", ""),
            ("keyid=\"k\";", ""),
            (";alg=\"sm2-sm3\"", ""),
            ("sm2-sm3", "hmac-sha256"),
            ("keyid=\"k\"", "keyid=k"),
            ("keyid=\"k\"", "keyid=\"\""),
            ("keyid=\"k\"", "keyid=\"a\\\"b\""),
            ("0123456789abcdef", "0123456789abcde"),
            ("alg=", "tag=\"x\";alg="),
            ("\"sm2-sm3\"", "\"sm2-sm3\", sig2=()"),
        ];
        for (from, to) in changes {
            let changed = GOOD.replacen(from, to, 1);
            assert_ne!(changed, GOOD, "{from} is there");
            assert!(input(&changed).is_err(), "{changed}");
        }
        let long = GOOD.replace("0123456789abcdef", &"a".repeat(2000));
        assert!(input(&long).is_err());
    }

    #[test]
    fn byte_sequences_are_read_in_canonical_form_only() {
        assert_eq!(octets("Signature", "sig1=:AQI=:", "sig1").unwrap(), [1, 2]);
        for bad in [
            "sig1=:AQI:",
            "sig1=AQI=",
            "sig1=:AQJ=:",
            "sig1=:AQ I=:",
            "sig2=:AQI=:",
            "sig1=:AQI=:, a=:AQI=:",
            "",
        ] {
            assert!(octets("Signature", bad, "sig1").is_err(), "{bad}");
        }
    }
}
