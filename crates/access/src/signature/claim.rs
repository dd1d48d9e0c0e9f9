//! The server's side: from headers to a claim, from a claim to a proof.

use super::base::{base, content_digest};
use super::{Incoming, field};
use crate::{ClientId, Error, rules};
use gm::{PublicKey, Signature, UserId, sm2};
use jiff::Timestamp;

/// What a signed request claims, its form and its time checked, its signature not yet:
/// the key is known only after the client was looked up.
#[derive(Debug)]
pub struct Claim {
    client: ClientId,
    nonce: String,
    until: i64,
    base: String,
    signature: Signature,
}

/// That a claim's signature verified. Only [`Claim::verify`] makes it.
#[derive(Debug)]
pub struct Proven {
    /// Good for one use.
    pub(crate) nonce: String,
    /// Unix seconds until which the nonce must be remembered.
    pub(crate) until: i64,
}

impl Claim {
    /// Reads the headers; checks form, body digest and time.
    pub fn read(request: &Incoming<'_>, now: Timestamp) -> Result<Self, Error> {
        let (Some(input), Some(signature)) = (request.signature_input, request.signature) else {
            return Err(Error::Missing);
        };
        let input = field::input(input)?;
        let digest = covered_digest(request, input.covers_body)?;
        let client = input.keyid.parse()?;
        let until = rules::timely(input.created, input.expires, now)?;
        let octets = field::octets("Signature", signature, "sig1")?;
        let signature = Signature::from_der(&octets).map_err(|_| Error::Malformed {
            header: "Signature",
            why: "不是 DER 编码的 SM2 签名",
        })?;
        let line = (request.method, request.path, request.query);
        let base = base(line, digest, input.parameters);
        Ok(Self { client, nonce: input.nonce.into(), until, base, signature })
    }

    /// Who is said to have signed.
    pub fn client(&self) -> &ClientId {
        &self.client
    }

    /// Checks the signature under the key of that client.
    pub fn verify(self, key: &PublicKey) -> Result<Proven, Error> {
        sm2::verify(key, &UserId::default(), self.base.as_bytes(), &self.signature)
            .map_err(|_| Error::Signature)?;
        Ok(Proven { nonce: self.nonce, until: self.until })
    }
}

/// A body is always covered, and what is covered is the digest of this body.
fn covered_digest<'a>(request: &Incoming<'a>, covered: bool) -> Result<Option<&'a str>, Error> {
    let wrong = |why| Error::Malformed { header: "Content-Digest", why };
    match (request.content_digest, covered) {
        (None, false) if request.body.is_empty() => Ok(None),
        (None, false) => Err(wrong("有请求体时必须提供，并列入签名范围")),
        (Some(_), false) => Err(wrong("没有列入签名范围")),
        (None, true) => Err(wrong("列入了签名范围，但没有提供")),
        (Some(digest), true) => {
            field::octets("Content-Digest", digest, "sm3")?;
            if digest == content_digest(request.body) {
                Ok(Some(digest))
            } else {
                Err(Error::Digest)
            }
        }
    }
}

/// The only value of a header, as text: a header that came twice is refused, since two
/// programs might read two different ones.
pub fn one_header<'a>(
    header: &'static str,
    values: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Option<&'a str>, Error> {
    let wrong = |why| Error::Malformed { header, why };
    let mut values = values.into_iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(wrong("出现了两次"));
    }
    std::str::from_utf8(value).map(Some).map_err(|_| wrong("含非 ASCII 字符"))
}
