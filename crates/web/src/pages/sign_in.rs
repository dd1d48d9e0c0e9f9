//! Signing in and out: by certificate through the signing assistant, or by passphrase and
//! one-time code where there is none (both without JavaScript, Invariant 12).

use access::{Arrival, KeyProof, PassphraseProof, SignedIn, Source};
use askama::Template;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Redirect};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{Answer, page, page_to_correct};
use super::assistant::{Ask, CameBack, Signed};
use super::cookies::Cookies;
use super::form::{Form, Mistakes};
use super::frame::Frame;
use super::origin;
use super::site::Site;
use super::visit::{encoded, local};
use crate::api::{App, Params};
use crate::problem::Problem;

/// Where to go afterwards.
#[derive(Debug, Deserialize)]
pub struct Way {
    #[serde(default)]
    back: String,
}

#[derive(Template)]
#[template(path = "sign_in/passphrase.html")]
struct ByPassphrase {
    frame: Frame,
    back: String,
    login: String,
    mistakes: Mistakes,
}

/// `GET /login`.
pub async fn by_passphrase(frame: Frame, Params(way): Params<Way>) -> Answer {
    let back = local(&way.back).to_owned();
    page(&ByPassphrase { frame, back, login: String::new(), mistakes: Mistakes::none() })
}

/// `POST /login`.
pub async fn with_passphrase(
    State(app): State<App>,
    frame: Frame,
    comer: Comer,
    form: Form,
) -> Answer {
    let passphrase = Zeroizing::new(form.text("passphrase").to_owned());
    let proof = PassphraseProof {
        login: form.text("login"),
        passphrase: &passphrase,
        code: form.text("code"),
    };
    match app.access().sign_in_by_passphrase(proof, comer.arrival()).await {
        Ok(signed_in) => let_in(&signed_in, &frame.site, form.text("back")),
        Err(error @ (access::Error::SignIn | access::Error::Locked { .. })) => {
            let (login, back) =
                (form.text("login").to_owned(), local(form.text("back")).to_owned());
            let mistakes = Mistakes::one("login", error.to_string());
            page_to_correct(&ByPassphrase { frame, back, login, mistakes })
        }
        Err(error) => Err(app::Error::from(error).into()),
    }
}

#[derive(Template)]
#[template(path = "sign_in/key.html")]
struct ByKey {
    frame: Frame,
    back: String,
    ask: Ask,
    challenge: String,
    came_back: CameBack,
}

/// What comes back from the assistant, and what was asked.
#[derive(Debug, Deserialize)]
pub struct KeyQuery {
    #[serde(default)]
    back: String,
    #[serde(default)]
    challenge: String,
    #[serde(flatten)]
    came_back: CameBack,
}

/// `GET /login/key`: a fresh challenge, or the one that was just signed.
pub async fn by_key(
    State(app): State<App>,
    frame: Frame,
    Params(query): Params<KeyQuery>,
) -> Answer {
    let back = local(&query.back).to_owned();
    let challenge = app.access().begin_challenge(frame.site.public_url());
    let challenge = challenge.map_err(app::Error::from)?;
    let path = format!("/login/key?challenge={}&back={}", encoded(&challenge.id), encoded(&back));
    let ask = Ask::new("sign-in", challenge.text, (frame.site.public_url(), &path));
    let challenge = query.challenge;
    page(&ByKey { frame, back, ask, challenge, came_back: query.came_back })
}

/// `POST /login/key`.
pub async fn with_key(State(app): State<App>, frame: Frame, comer: Comer, form: Form) -> Answer {
    let signed = Signed::of(&form)?;
    let proof = KeyProof {
        origin: frame.site.public_url(),
        challenge: form.text("challenge"),
        fingerprint: &signed.key.fingerprint(),
        signature: &signed.signature,
    };
    let signed_in = app.access().sign_in_by_key(proof, comer.arrival()).await?;
    let_in(&signed_in, &frame.site, form.text("back"))
}

/// Where somebody comes from, and the session that the browser had.
pub struct Comer {
    source: Source,
    previous: Option<String>,
}

impl Comer {
    /// The address.
    pub fn source(&self) -> Source {
        self.source
    }

    /// As `access` wants it.
    pub fn arrival(&self) -> Arrival<'_> {
        Arrival { source: self.source, previous: self.previous.as_deref() }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Comer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let frame = Frame::from_request_parts(parts, state).await?;
        let source = origin::source(parts, frame.site.proxies())?;
        let previous = Cookies::of(&frame.site).session(&parts.headers).map(str::to_owned);
        Ok(Self { source: Source::new(source), previous })
    }
}

/// Sets the cookie and goes on.
pub fn let_in(signed_in: &SignedIn, site: &Site, back: &str) -> Answer {
    let cookie = Cookies::of(site).open(&signed_in.token);
    let home = if signed_in.person.is_some() { "/account" } else { "/application" };
    let to = match local(back) {
        "/" => home,
        path => path,
    };
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response())
}

/// `POST /logout`.
pub async fn sign_out(State(app): State<App>, frame: Frame, headers: HeaderMap, _: Form) -> Answer {
    let cookies = Cookies::of(&frame.site);
    if let Some(token) = cookies.session(&headers) {
        app.access().sign_out(token).await.map_err(app::Error::from)?;
    }
    Ok(([(header::SET_COOKIE, cookies.close())], Redirect::to("/")).into_response())
}
