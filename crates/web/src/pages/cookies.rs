//! The cookies of pages: a session, and a value that binds forms before there is one.
//!
//! Over https both have the prefix `__Host-`, which no other host can set (RFC 6265bis §4.1.3.2).

use access::Token;
use axum::http::HeaderMap;

use super::site::Site;
use super::visit::cookie;

/// How long the value for forms is kept, in seconds.
const FORM_AGE: u32 = 86_400;

/// The names and attributes of the cookies at one site.
#[derive(Debug, Clone, Copy)]
pub struct Cookies {
    is_https: bool,
}

impl Cookies {
    /// At a site.
    pub fn of(site: &Site) -> Self {
        Self { is_https: site.public_url().starts_with("https:") }
    }

    /// The token of the session that the browser sent.
    pub fn session<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        cookie(headers, self.name("__Host-yx", "yx"))
    }

    /// The value for forms that the browser sent: 32 digits, or it is not ours.
    pub fn binding<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        let is_ours =
            |value: &&str| value.len() == 32 && value.bytes().all(|b| b.is_ascii_hexdigit());
        cookie(headers, self.name("__Host-yx-form", "yx-form")).filter(is_ours)
    }

    /// Sets the session. It ends with the browser; the server ends it earlier.
    pub fn open(&self, token: &Token) -> String {
        self.line(self.name("__Host-yx", "yx"), token.as_str(), "")
    }

    /// Forgets the session.
    pub fn close(&self) -> String {
        self.line(self.name("__Host-yx", "yx"), "", "; Max-Age=0")
    }

    /// Sets the value for forms.
    pub fn form(&self, value: &str) -> String {
        let age = format!("; Max-Age={FORM_AGE}");
        self.line(self.name("__Host-yx-form", "yx-form"), value, &age)
    }

    fn name(&self, secure: &'static str, plain: &'static str) -> &'static str {
        if self.is_https { secure } else { plain }
    }

    fn line(&self, name: &str, value: &str, age: &str) -> String {
        let secure = if self.is_https { "; Secure" } else { "" };
        format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax{age}{secure}")
    }
}
