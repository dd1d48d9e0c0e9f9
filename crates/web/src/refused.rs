//! Who is refused again and again at the doors of API clients is told to wait, before anything is done for them. The
//! rules and the counting are the institution's: `app::refusals`.

use std::net::IpAddr;

use access::Principal;
use app::Institution;
use app::refusals::Why;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

use crate::pages::Site;
use crate::problem::Problem;

/// Longest name of a client that is looked for among those that are known.
const LONGEST_NAME: usize = 64;

/// Marks an answer that refuses although its status says nothing of it: the numbers of GM/T 0020 do.
#[derive(Debug, Clone, Copy)]
pub struct Marked(pub Why);

/// Whoever asks: where they are, and in whose name.
#[derive(Clone)]
pub(crate) struct Asker {
    institution: Institution,
    source: IpAddr,
    claimed: Option<String>,
}

impl Asker {
    /// Of a request; none where it came over no connection.
    pub fn of(institution: &Institution, parts: &Parts) -> Option<Self> {
        let site = parts.extensions.get::<Site>()?;
        let (source, claimed) = (site.source(parts).ok()?, claimed(&parts.headers));
        Some(Self { institution: institution.clone(), source, claimed })
    }

    /// Whether the request is looked at.
    pub fn may_ask(&self) -> Result<(), Problem> {
        let now = self.institution.clock().now();
        let asker = (self.claimed.as_deref(), self.source);
        self.institution.refusals().may_ask(asker, now).map_err(wait)
    }

    /// Whether a client that proved who it is is served. People have limits of their own.
    pub fn may_use(&self, principal: &Principal) -> Result<(), Problem> {
        let Some(client) = principal.client() else { return Ok(()) };
        let now = self.institution.clock().now();
        let client = (client.id.as_str(), self.source);
        self.institution.refusals().may_use(client, now).map_err(wait)
    }

    /// Nobody proved anything. What could not be looked into says nothing of who asked.
    pub fn unproven(&self, problem: &Problem) {
        if problem.status == StatusCode::UNAUTHORIZED.as_u16() {
            let asker = (self.claimed.as_deref(), self.source);
            self.institution.refusals().note_unproven(asker, self.institution.clock().now());
        }
    }

    /// A client was refused that proved who it is.
    pub fn refused(&self, principal: &Principal, why: Why) {
        if let Some(client) = principal.client() {
            let (client, now) = ((client.id.as_str(), self.source), self.institution.clock().now());
            self.institution.refusals().note(client, why, now);
        }
    }

    /// Counts an answer to a client, where it refuses.
    pub fn answered(&self, principal: &Principal, response: &Response) {
        if let Some(why) = why(response) {
            self.refused(principal, why);
        }
    }
}

/// What an answer refuses for, if it does.
fn why(response: &Response) -> Option<Why> {
    if let Some(Marked(why)) = response.extensions().get::<Marked>() {
        return Some(*why);
    }
    match response.status() {
        StatusCode::FORBIDDEN => Some(Why::Denied),
        StatusCode::UNPROCESSABLE_ENTITY => Some(Why::Refused),
        StatusCode::TOO_MANY_REQUESTS => Some(Why::Quota),
        _ => None,
    }
}

fn wait(seconds: u32) -> Problem {
    let text = format!(
        "此前的请求多次被拒绝，请在 {seconds} 秒后重试；请先按前面的答复核对密钥、时钟、权限和限额"
    );
    let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "web.refused_often", text);
    metrics::counter!("yinxin_http_limited_total", "door" => "refused").increment(1);
    Problem { wait: Some(seconds), ..problem }
}

/// The client in whose name a request comes; not whether that is true.
fn claimed(headers: &HeaderMap) -> Option<String> {
    let input = headers.get("signature-input")?.to_str().ok()?;
    let (_, rest) = input.split_once("keyid=\"")?;
    let (name, _) = rest.split_once('"')?;
    (name.len() <= LONGEST_NAME).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;

    #[test]
    fn in_whose_name_a_request_comes_is_read_out_of_what_says_so_and_never_long() {
        let of = |text: &str| {
            claimed(&HeaderMap::from_iter([(
                axum::http::HeaderName::from_static("signature-input"),
                text.parse().unwrap(),
            )]))
        };
        let input = "sig1=(\"@method\");created=1;keyid=\"0a1b\";alg=\"sm2-sm3\"";
        assert_eq!(of(input).as_deref(), Some("0a1b"));
        for other in ["", "keyid=", "keyid=\"", "keyid=\"0a"] {
            assert_eq!(of(other), None, "{other}");
        }
        assert_eq!(of(&format!("keyid=\"{}\"", "a".repeat(65))), None);
        assert_eq!(claimed(&HeaderMap::new()), None);
    }

    #[test]
    fn answers_that_refuse_are_told_from_those_that_do_not() {
        for (status, expected) in [
            (200, None),
            (400, None),
            (403, Some(Why::Denied)),
            (404, None),
            (422, Some(Why::Refused)),
            (429, Some(Why::Quota)),
            (503, None),
        ] {
            let response = StatusCode::from_u16(status).unwrap().into_response();
            assert_eq!(why(&response), expected, "{status}");
        }
        let mut told = StatusCode::OK.into_response();
        told.extensions_mut().insert(Marked(Why::Refused));
        assert_eq!(why(&told), Some(Why::Refused));
        let problem = wait(7).into_response();
        assert_eq!(problem.headers()["retry-after"], "7");
    }
}
