//! What a page asks for: purpose, text, and where to come back to.

use std::fmt;
use std::str::FromStr;

use serde_json::Value;

/// Longest text, in octets.
const TEXT_LIMIT: usize = 16 << 10;

/// Scheme, host and port of a site, in the browser's own spelling: `https://ca.example.cn`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin(String);

impl Origin {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Origin {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "网站来源应写成 https://主机名 或 http://127.0.0.1:端口，不带路径";
        let uri: http::Uri = text.parse().map_err(|_| wrong)?;
        let authority = uri.authority().ok_or(wrong)?.as_str();
        let scheme = uri.scheme_str().ok_or(wrong)?;
        let plain = ["127.0.0.1", "localhost"].contains(&uri.host().unwrap_or_default());
        let usual = scheme == "https" || (scheme == "http" && plain);
        // A space, `;` or `@` in it could change the policy header or the meaning of a link.
        let clean = authority.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b));
        match text == format!("{scheme}://{authority}") && usual && clean {
            true => Ok(Self(text.to_owned())),
            false => Err(wrong),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the signature is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// 登录.
    SignIn,
    /// 办理一项业务.
    Act,
    /// 签订协议.
    Agreement,
    /// 以现有证书签署申请.
    Application,
}

impl Purpose {
    fn of(word: &str) -> Option<Self> {
        match word {
            "sign-in" => Some(Self::SignIn),
            "act" => Some(Self::Act),
            "agreement" => Some(Self::Agreement),
            "application" => Some(Self::Application),
            _ => None,
        }
    }

    /// In words.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::SignIn => "登录",
            Self::Act => "办理业务",
            Self::Agreement => "签订协议",
            Self::Application => "签署申请",
        }
    }

    /// Whether a text is of this purpose: nothing else is ever signed.
    fn fits(self, text: &str) -> bool {
        match self {
            Self::SignIn => text.starts_with("印信登录 yinxin-sign-in/1 "),
            Self::Act => match serde_json::from_str::<Value>(text) {
                Ok(Value::Object(members)) => members.get("v").is_some_and(|v| v == "yinxin-act/1"),
                _ => false,
            },
            Self::Agreement => text.starts_with("yinxin-agreement/1 "),
            Self::Application => text.starts_with("yinxin-application/1 "),
        }
    }
}

/// A request to sign, read and found allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ask {
    /// What for.
    pub purpose: Purpose,
    /// What is signed: these octets.
    pub text: String,
    /// Who asks.
    pub origin: Origin,
    back: String,
}

impl Ask {
    /// Reads the form of a page.
    ///
    /// # Errors
    /// Chinese text for the person: why nothing can be signed.
    pub fn read(
        form: &[u8],
        sender: Option<&str>,
        allowed: &[Origin],
    ) -> Result<Self, &'static str> {
        let purpose = field(form, "purpose").and_then(|word| Purpose::of(&word));
        let purpose = purpose.ok_or("网页没有说明签名的用途，未予处理。")?;
        let back = field(form, "return").ok_or("网页没有给出返回地址，未予处理。")?;
        let origin = allowed.iter().find(|origin| is_within(&back, origin));
        let origin = origin.ok_or(
            "返回地址不属于您允许的网站，未予处理。如确是您要办理业务的机构，请重新启动签名助手并用 --origin 写明该网站。",
        )?;
        if sender != Some(origin.as_str()) {
            return Err("请求不是从返回地址所在的网站发出的，未予处理。");
        }
        let text = field(form, "text").ok_or("网页没有给出要签名的内容，未予处理。")?;
        let text = text.replace("\r\n", "\n");
        let clean = !text.chars().any(|c| c.is_control() && c != '\n');
        if text.is_empty() || text.len() > TEXT_LIMIT || !clean {
            return Err("要签名的内容为空、过长或含有控制字符，未予处理。");
        }
        if !purpose.fits(&text) {
            return Err("要签名的内容与所说的用途不符，未予处理。");
        }
        Ok(Self { purpose, text, origin: origin.clone(), back })
    }

    /// The address to come back to, with the outcome.
    #[must_use]
    pub fn came_back(&self, outcome: &str) -> String {
        let joint = if self.back.contains('?') { '&' } else { '?' };
        format!("{}{joint}{outcome}", self.back)
    }

    /// The members of the text, for the table.
    #[must_use]
    pub fn members(&self) -> Vec<(String, String)> {
        match serde_json::from_str::<Value>(&self.text) {
            Ok(Value::Object(members)) => members
                .into_iter()
                .map(|(name, value)| match value {
                    Value::String(text) => (name, text),
                    other => (name, other.to_string()),
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

/// Whether an address is of an origin and fit for a `Location` header.
fn is_within(address: &str, origin: &Origin) -> bool {
    let printable = address.bytes().all(|b| b.is_ascii_graphic() && b != b'#' && b != b'\\');
    let rest = address.strip_prefix(origin.as_str());
    printable && rest.is_some_and(|rest| rest.starts_with('/'))
}

/// The value of a field that is given exactly once.
pub(super) fn field(form: &[u8], name: &str) -> Option<String> {
    let pairs = form_urlencoded::parse(form);
    let mut values = pairs.filter(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let first = values.next()?;
    values.next().is_none().then_some(first)
}
