//! The local signing assistant: on the signer's own computer, on loopback, it shows what a page asks
//! to have signed and signs it once the person agrees. The protocol is `docs/agent.md`.
//!
//! It is no part of the institution: it knows no store and no session, only keys ([`Keys`]) and the
//! origins that its owner named. It signs two kinds of text and nothing else ([`ask::Purpose`]), so
//! that no page can have another protocol's message signed.

mod ask;
mod desk;
mod pages;

pub use ask::{Ask, Origin, Purpose};

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, RawForm, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use self::desk::Desk;

/// Largest form, in octets.
const FORM_LIMIT: usize = 64 << 10;

/// A key that can sign, as the person sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOffer {
    /// What the person calls it.
    pub name: String,
    /// Whether a passphrase is needed.
    pub sealed: bool,
}

/// A signature with the key that made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// DER (GM/T 0009 §7.3).
    pub signature: Vec<u8>,
    /// `04 ‖ X ‖ Y`.
    pub public_key: [u8; 65],
}

/// The signer's keys. The text of an error is shown to the person.
pub trait Keys: Send + Sync {
    /// The keys, at least one.
    fn offers(&self) -> Vec<KeyOffer>;

    /// Signs `text` with the default user ID by the key at this place of [`Keys::offers`].
    ///
    /// # Errors
    /// Chinese text: the passphrase is wrong, the file is gone.
    fn sign(&self, at: usize, passphrase: &[u8], text: &[u8]) -> Result<Signed, String>;
}

/// What the assistant works with.
#[derive(Clone)]
pub struct Agent(Arc<Inner>);

struct Inner {
    keys: Box<dyn Keys>,
    origins: Vec<Origin>,
    address: SocketAddr,
    desk: Desk,
}

impl Agent {
    /// An assistant that listens on `address` (loopback) for pages of `origins`.
    #[must_use]
    pub fn new(keys: Box<dyn Keys>, origins: Vec<Origin>, address: SocketAddr) -> Self {
        Self(Arc::new(Inner { keys, origins, address, desk: Desk::default() }))
    }

    /// Whether a `Host` header means this listener and not a name that points here.
    fn is_own_host(&self, host: &str) -> bool {
        let port = self.0.address.port();
        host == format!("127.0.0.1:{port}") || host == format!("localhost:{port}")
    }

    fn is_own_origin(&self, origin: &str) -> bool {
        origin.strip_prefix("http://").is_some_and(|host| self.is_own_host(host))
    }
}

/// The assistant's pages.
pub fn router(agent: Agent) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/sign", post(sign))
        .route("/confirm", post(confirm))
        .layer(DefaultBodyLimit::max(FORM_LIMIT))
        .layer(from_fn_with_state(agent.clone(), shield))
        .with_state(agent)
}

/// Serves the assistant until it is stopped.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(agent: Agent) -> std::io::Result<crate::Running> {
    let address = agent.0.address;
    crate::serve::listen(address, router(agent), crate::listener::Limits::default()).await
}

/// Only for us by our own name; the answers may not be framed, kept or sniffed.
async fn shield(
    State(agent): State<Agent>,
    request: axum::extract::Request,
    next: Next,
) -> Response {
    let host = one(request.headers(), header::HOST).unwrap_or_default();
    let mut response = match agent.is_own_host(host) {
        true => next.run(request).await,
        false => refused("请求的主机名不是本机签名助手，未予处理。"),
    };
    let headers = response.headers_mut();
    // The button of the confirmation page ends in a redirect to the page that asked; browsers
    // hold redirects of a form to `form-action` too, so the origins are named.
    let origins = agent.0.origins.iter().map(Origin::as_str).collect::<Vec<_>>().join(" ");
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self' {origins}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    let pairs = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        // Under "no-referrer" browsers hide the origin of our own form, too.
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    for (name, value) in pairs {
        if let Ok(value) = value.parse() {
            headers.insert(name, value);
        }
    }
    response
}

fn one(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    let mut values = headers.get_all(name).iter();
    let first = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(first)
}

fn refused(why: &str) -> Response {
    (StatusCode::FORBIDDEN, pages::refusal(why)).into_response()
}

async fn home(State(agent): State<Agent>) -> Response {
    pages::home(&agent.0.keys.offers(), &agent.0.origins).into_response()
}

/// A page asks; the person is shown what for.
async fn sign(State(agent): State<Agent>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    let ask = match Ask::read(&form, one(&headers, header::ORIGIN), &agent.0.origins) {
        Ok(ask) => ask,
        Err(why) => return refused(why),
    };
    match agent.0.desk.put(ask.clone()) {
        Ok(token) => {
            pages::confirmation(&ask, &token, &agent.0.keys.offers(), None).into_response()
        }
        Err(why) => refused(why),
    }
}

/// The person agreed, or not.
async fn confirm(
    State(agent): State<Agent>,
    headers: HeaderMap,
    RawForm(form): RawForm,
) -> Response {
    if !one(&headers, header::ORIGIN).is_some_and(|origin| agent.is_own_origin(origin)) {
        return refused("确认只能在签名助手自己的页面上进行。");
    }
    let field = |name: &str| ask::field(&form, name);
    let token = field("token").unwrap_or_default();
    let Some(ask) = agent.0.desk.look(&token) else {
        return refused("这次签名请求已经办结或超过五分钟，请回到原页面重新发起。");
    };
    if field("cancel").is_some() {
        agent.0.desk.take(&token);
        return home_to(&ask.came_back("cancelled=1"));
    }
    let at = field("key").and_then(|text| text.parse().ok()).unwrap_or(usize::MAX);
    let passphrase = Zeroizing::new(field("passphrase").unwrap_or_default().into_bytes());
    let (signer, text) = (agent.clone(), ask.text.clone());
    let signed =
        tokio::task::spawn_blocking(move || signer.0.keys.sign(at, &passphrase, text.as_bytes()));
    match signed.await.unwrap_or_else(|_| Err("签名中断，请重试。".to_owned())) {
        Ok(signed) if agent.0.desk.take(&token) => home_to(&ask.came_back(&outcome(&signed))),
        Ok(_) => refused("这次签名请求已经办结，请回到原页面查看。"),
        Err(why) => {
            let offers = agent.0.keys.offers();
            pages::confirmation(&ask, &token, &offers, Some(&why)).into_response()
        }
    }
}

fn outcome(signed: &Signed) -> String {
    let signature = URL_SAFE_NO_PAD.encode(&signed.signature);
    format!("signature={signature}&key={}", hex::encode(signed.public_key))
}

fn home_to(place: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

#[cfg(test)]
mod tests;
