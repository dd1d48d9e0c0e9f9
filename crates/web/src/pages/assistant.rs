//! Asking for a signature on the visitor's own machine, by the signing assistant or by a key file in
//! the page: what is asked, what comes back (docs/agent.md). Coming back changes nothing: the page
//! shows what was signed, and a button posts it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gm::{PublicKey, Signature};
use serde::Deserialize;

use super::asset;
use super::form::Form;
use crate::problem::Problem;

/// Where `yinxin agent` listens unless told otherwise.
const ADDRESS: &str = "http://127.0.0.1:8450/sign";

/// A form that asks for a signature.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Where the form goes.
    pub address: &'static str,
    /// `sign-in`, `act`, `agreement` or `application`.
    pub purpose: &'static str,
    /// What is signed.
    pub text: String,
    /// Where the assistant, or the page itself, leads back to.
    pub back: String,
    /// The address of the script that signs in the page.
    pub script: String,
}

impl Ask {
    /// Asks for a signature and comes back to a path of this site.
    pub fn new(purpose: &'static str, text: impl Into<String>, (site, path): (&str, &str)) -> Self {
        let (text, back) = (text.into(), format!("{site}{path}"));
        Self { address: ADDRESS, purpose, text, back, script: asset::script() }
    }
}

/// What the assistant came back with.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct CameBack {
    /// The signature in DER, base64url without padding.
    #[serde(default)]
    pub signature: String,
    /// The public key, `04 ‖ X ‖ Y` in hexadecimal.
    #[serde(default)]
    pub key: String,
    /// The visitor did not want to.
    #[serde(default)]
    pub cancelled: String,
}

impl CameBack {
    /// Whether there is a signature to be posted.
    pub fn is_signed(&self) -> bool {
        !self.signature.is_empty() && !self.key.is_empty()
    }
}

/// A signature and its key.
pub struct Signed {
    /// The key.
    pub key: PublicKey,
    /// The signature.
    pub signature: Signature,
}

impl Signed {
    /// Reads the two fields of a form.
    pub fn of(form: &Form) -> Result<Self, Problem> {
        let wrong = || {
            let text = "签名内容不完整；请重新打开页面，再签一次";
            Problem::bad_request("web.signature", text)
        };
        let der = URL_SAFE_NO_PAD.decode(form.text("signature")).map_err(|_| wrong())?;
        let point = hex::decode(form.text("key")).map_err(|_| wrong())?;
        Ok(Self {
            key: PublicKey::from_sec1(&point).map_err(|_| wrong())?,
            signature: Signature::from_der(&der).map_err(|_| wrong())?,
        })
    }
}
