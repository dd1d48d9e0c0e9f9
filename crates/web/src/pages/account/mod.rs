//! A person's own page: what one signs in with, where one is signed in, what one may.

pub mod keys;
pub mod passphrase;

use access::{Action, Credentials};
use askama::Template;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Redirect};
use zeroize::Zeroizing;

use super::admin::person::KeyRow;
use super::answer::{Answer, page, page_to_correct};
use super::cookies::Cookies;
use super::form::{Form, Mistakes};
use super::frame::Frame;
use super::guard::Visitor;
use super::words;
use crate::api::App;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "account/home.html")]
struct Account {
    frame: Frame,
    name: String,
    login: String,
    roles: String,
    keys: Vec<KeyRow>,
    has_passphrase: bool,
    is_only: bool,
    sessions: Vec<SessionRow>,
    may: Vec<&'static str>,
    mistakes: Mistakes,
}

struct SessionRow {
    opened: String,
    used: String,
    way: &'static str,
    source: String,
    is_this: bool,
}

/// `GET /account`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    page(&account(&app, (frame, &visitor), Mistakes::none()).await?)
}

async fn account(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    mistakes: Mistakes,
) -> Result<Account, Problem> {
    let (access, principal) = (app.access(), visitor.principal());
    let person = principal.person().ok_or_else(|| Problem::not_found("没有登录"))?;
    let open = access.open_sessions(principal).await?;
    let Credentials { keys, has_passphrase, .. } = access.own_credentials(principal).await?;
    let this = principal.session().map(|session| session.id.as_str());
    let row = |open: &access::OpenSession| SessionRow {
        opened: words::minute(open.session.created_at),
        used: words::minute(open.session.last_used_at),
        way: open.way.chinese(),
        source: open.source.clone(),
        is_this: this == Some(open.session.id.as_str()),
    };
    let now = app.clock().now();
    let keys: Vec<KeyRow> = keys.iter().map(|key| KeyRow::of(key, now)).collect();
    let live = keys.iter().filter(|key| key.is_live).count();
    Ok(Account {
        name: person.name.to_string(),
        login: person.login.to_string(),
        roles: super::admin::roles(&person.roles),
        sessions: open.iter().map(row).collect(),
        may: frame.may.iter().copied().map(Action::chinese).collect(),
        is_only: live.saturating_add(usize::from(has_passphrase)) < 2,
        keys,
        has_passphrase,
        frame,
        mistakes,
    })
}

/// `POST /account/end`: ends all of my sessions, this one too.
pub async fn end_all(State(app): State<App>, frame: Frame, visitor: Visitor, _: Form) -> Answer {
    app.access().end_all(visitor.principal()).await?;
    let close = Cookies::of(&frame.site).close();
    Ok(([(header::SET_COOKIE, close)], Redirect::to("/login")).into_response())
}

/// Back to the page, or the page again with why a credential does not end.
async fn ended(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    outcome: Result<(), access::Error>,
) -> Answer {
    use access::Error as E;
    match outcome {
        Ok(()) => super::answer::go("/account"),
        Err(error @ (E::LastCredential | E::NoCredential)) => {
            let mistakes = Mistakes::one("credentials", error.to_string());
            page_to_correct(&account(app, (frame, visitor), mistakes).await?)
        }
        Err(error) => Err(error.into()),
    }
}

/// What a person without a key confirms with, as the form has it.
struct Present {
    passphrase: Zeroizing<String>,
    code: String,
}

impl Present {
    fn of(form: &Form) -> Self {
        let passphrase = Zeroizing::new(form.text("present").to_owned());
        Self { passphrase, code: form.text("code").to_owned() }
    }

    fn confirmation(&self, source: access::Source) -> access::Confirmation<'_> {
        access::Confirmation { passphrase: &self.passphrase, code: &self.code, source }
    }
}

/// A mistake of the visitor beside its field; anything else is a problem.
fn mistake(error: app::Error) -> Result<Mistakes, Problem> {
    use access::Error as E;
    let field = match &error {
        app::Error::Access(E::FirstCode) => "first",
        app::Error::Access(E::WeakPassphrase(_)) => "passphrase",
        app::Error::Access(E::SignIn | E::Locked { .. }) => "present",
        app::Error::Access(E::KeyLabel | E::PersonTaken | E::KeyNeeded | E::ChallengeOver)
        | app::Error::NotApplicable(_) => "label",
        _ => return Err(error.into()),
    };
    Ok(Mistakes::one(field, error.to_string()))
}
