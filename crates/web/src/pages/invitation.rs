//! The first credential of an invited person: passphrase and one-time codes, or a certificate. Until
//! the first code is right nothing is used up, and a mistake loses neither login nor secret.
//!
//! The invitation's code stands in forms only, never in an address.

use access::{Invited, Login, NewPassphrase, NewSecret, Source};
use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::answer::{Answer, go, page, page_to_correct};
use super::assistant::{Ask, CameBack, Signed};
use super::form::{Form, Mistakes};
use super::frame::Frame;
use super::sign_in::Comer;
use super::square::Square;
use super::visit::encoded;
use super::words;
use crate::api::{App, Params};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "invitation/begin.html")]
struct Begin {
    frame: Frame,
    login: String,
    mistakes: Mistakes,
}

/// `GET /invitation`.
pub async fn show(frame: Frame) -> Answer {
    page(&Begin { frame, login: String::new(), mistakes: Mistakes::none() })
}

#[derive(Template)]
#[template(path = "invitation/passphrase.html")]
struct ByPassphrase {
    frame: Frame,
    login: String,
    name: String,
    code: String,
    until: String,
    setting: Setting,
    mistakes: Mistakes,
}

/// The secret of one-time codes as a page shows it.
pub struct Setting {
    /// Names the secret; comes back with the form.
    pub enrolment: String,
    /// In groups of four, to be typed.
    pub secret: String,
    /// To be scanned.
    pub square: Square,
}

impl Setting {
    /// Of a secret that was named before, or of a new one.
    pub fn of(app: &App, login: &Login, named: &str) -> Result<Self, Problem> {
        let access = app.access();
        let enrolment = match named {
            "" => access.begin_enrolment()?,
            named => named.to_owned(),
        };
        let issuer = &app.settings().institution.name;
        let made = access.enrolment(login, &enrolment, issuer)?;
        let letters: Vec<char> = made.secret.chars().collect();
        let groups = letters.chunks(4).map(|group| group.iter().collect::<String>());
        let secret = groups.collect::<Vec<_>>().join(" ");
        Ok(Self { enrolment, secret, square: Square::of(&made.uri)? })
    }
}

/// `POST /invitation`: whether login and code fit; the next page asks for the rest.
pub async fn begin(State(app): State<App>, frame: Frame, comer: Comer, form: Form) -> Answer {
    match invited(&app, comer.source(), &form).await? {
        Ok(invited) => page(&by_passphrase(&app, frame, (&invited, &form), Mistakes::none())?),
        Err(mistakes) => again(frame, &form, mistakes),
    }
}

/// Login and code as typed, if they fit.
async fn invited(
    app: &App,
    source: Source,
    form: &Form,
) -> Result<Result<Invited, Mistakes>, Problem> {
    let pair = (form.text("login").trim(), form.text("code"));
    match app.access().invitation(pair, source).await {
        Ok(invited) => Ok(Ok(invited)),
        Err(error) => Ok(Err(mistake("login", error)?)),
    }
}

/// A mistake of the visitor beside its field; anything else is a problem.
fn mistake(field: &str, error: access::Error) -> Result<Mistakes, Problem> {
    use access::Error as E;
    let field = match &error {
        E::FirstCode => "first",
        E::WeakPassphrase(_) => "passphrase",
        E::KeyLabel => "label",
        E::InvitationOver | E::Locked { .. } | E::SignIn | E::ChallengeOver | E::PersonTaken => {
            field
        }
        _ => return Err(error.into()),
    };
    Ok(Mistakes::one(field, error.to_string()))
}

fn again(frame: Frame, form: &Form, mistakes: Mistakes) -> Answer {
    page_to_correct(&Begin { frame, login: form.text("login").to_owned(), mistakes })
}

fn by_passphrase(
    app: &App,
    frame: Frame,
    (invited, form): (&Invited, &Form),
    mistakes: Mistakes,
) -> Result<ByPassphrase, Problem> {
    Ok(ByPassphrase {
        frame,
        login: invited.person.login.to_string(),
        name: invited.person.name.to_string(),
        code: form.text("code").to_owned(),
        until: words::minute(invited.expires_at),
        setting: Setting::of(app, &invited.person.login, form.text("enrolment"))?,
        mistakes,
    })
}

/// `POST /invitation/passphrase`.
pub async fn set(State(app): State<App>, frame: Frame, comer: Comer, form: Form) -> Answer {
    let passphrase = Zeroizing::new(form.text("passphrase").to_owned());
    let secret = NewSecret {
        passphrase: &passphrase,
        enrolment: form.text("enrolment"),
        first_code: form.text("first"),
    };
    let (login, code) = (form.text("login").trim(), form.text("code"));
    let set = app.access().enrol_passphrase(NewPassphrase { login, code, secret }, comer.source());
    let mistakes = match set.await {
        Ok(_) => return go("/invitation/done"),
        Err(error) => mistake("login", error)?,
    };
    match invited(&app, comer.source(), &form).await? {
        Ok(invited) => page_to_correct(&by_passphrase(&app, frame, (&invited, &form), mistakes)?),
        Err(mistakes) => again(frame, &form, mistakes),
    }
}

#[derive(Template)]
#[template(path = "invitation/key.html")]
struct ByKey {
    frame: Frame,
    ask: Ask,
    offer: Offer,
    login: String,
    typed: String,
    mistakes: Mistakes,
}

/// A new key as it came back from the assistant, with the challenge that it signed.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Offer {
    /// Names the challenge.
    #[serde(default)]
    pub challenge: String,
    /// What came back.
    #[serde(flatten)]
    pub came_back: CameBack,
}

impl Offer {
    /// As a form brings it.
    pub fn of(form: &Form) -> Self {
        let text = |name: &str| form.text(name).to_owned();
        let came_back =
            CameBack { signature: text("signature"), key: text("key"), cancelled: String::new() };
        Self { challenge: text("challenge"), came_back }
    }

    /// Whether there is a key to be added.
    pub fn is_made(&self) -> bool {
        self.came_back.is_signed() && !self.challenge.is_empty()
    }

    /// Asks for the signature of a new key, to come back to a path.
    pub fn ask(app: &App, frame: &Frame, path: &str) -> Result<Ask, Problem> {
        let site = frame.site.public_url();
        let challenge = app.access().begin_challenge(site)?;
        let path = format!("{path}?challenge={}", encoded(&challenge.id));
        Ok(Ask::new("sign-in", challenge.text, (site, &path)))
    }
}

/// `GET /invitation/key`.
pub async fn by_key(State(app): State<App>, frame: Frame, Params(offer): Params<Offer>) -> Answer {
    let blank = Form::default();
    page(&key_page(&app, frame, (offer, &blank), Mistakes::none())?)
}

fn key_page(
    app: &App,
    frame: Frame,
    (offer, form): (Offer, &Form),
    mistakes: Mistakes,
) -> Result<ByKey, Problem> {
    let ask = Offer::ask(app, &frame, "/invitation/key")?;
    let (login, typed) = (form.text("login").to_owned(), form.text("label").to_owned());
    Ok(ByKey { frame, ask, offer, login, typed, mistakes })
}

/// `POST /invitation/key`.
pub async fn enrol_key(State(app): State<App>, frame: Frame, comer: Comer, form: Form) -> Answer {
    let mut offer = Offer::of(&form);
    let mistakes = match enrolled(&app, &frame, comer.source(), &form).await {
        Ok(()) => return go("/invitation/done"),
        Err(app::Error::Access(error)) => {
            if matches!(error, access::Error::ChallengeOver) {
                // What was signed is too old: the page asks for another signature.
                offer = Offer::default();
            }
            mistake("login", error)?
        }
        Err(error @ app::Error::NotApplicable(_)) => Mistakes::one("label", error.to_string()),
        Err(error) => return Err(error.into()),
    };
    page_to_correct(&key_page(&app, frame, (offer, &form), mistakes)?)
}

async fn enrolled(app: &App, frame: &Frame, source: Source, form: &Form) -> Result<(), app::Error> {
    let Ok(signed) = Signed::of(form) else { return Err(access::Error::ChallengeOver.into()) };
    let label = form.text("label").parse()?;
    let new = app.staff_key(signed.key, label).await?;
    let access = app.access();
    let challenge = access.challenge_again(frame.site.public_url(), form.text("challenge"))?;
    let pair = (form.text("login").trim(), form.text("code"));
    access.enrol_key(pair, new, (&challenge, &signed.signature), source).await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "invitation/done.html")]
struct Done {
    frame: Frame,
}

/// `GET /invitation/done`.
pub async fn done(frame: Frame) -> Answer {
    page(&Done { frame })
}
