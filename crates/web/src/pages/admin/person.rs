//! One person: roles, what the person signs in with, where the person is signed in, and since when.

use access::{Action, Key, Person};
use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;

use super::{office_name, offices, roles};
use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// Sign-ins that are shown.
const SIGN_INS: u32 = 10;

#[derive(Template)]
#[template(path = "admin/person.html")]
struct Page {
    frame: Frame,
    person: Person,
    roles: String,
    office: String,
    since: String,
    left: Option<String>,
    keys: Vec<KeyRow>,
    has_passphrase: bool,
    invited_until: Option<String>,
    sessions: Vec<(String, String, &'static str, String)>,
    sign_ins: Vec<(String, &'static str, String)>,
    may: May,
}

/// A key as it is shown.
pub struct KeyRow {
    /// What people call it.
    pub label: String,
    /// SM3 of the public key.
    pub fingerprint: String,
    /// The first 16 digits of it, in groups.
    pub mark: String,
    /// Serial number of its certificate, if we issued one.
    pub certificate: Option<String>,
    /// Since when.
    pub since: String,
    /// Until when.
    pub until: String,
    /// In a word.
    pub state: &'static str,
    /// The class of the style sheet.
    pub tag: &'static str,
    /// Whether it opens anything.
    pub is_live: bool,
}

impl KeyRow {
    /// A key at this moment. One that ends within 30 days is marked.
    pub fn of(key: &Key, now: Timestamp) -> Self {
        let is_live = key.is_live(now);
        let soon = key.expires_at.is_some_and(|end| end.duration_since(now).as_hours() < 30 * 24);
        let (state, tag) = match (is_live, key.ended_at, soon) {
            (false, Some(_), _) => ("已停用", "tag--bad"),
            (false, None, _) => ("已到期", "tag--bad"),
            (true, _, true) => ("即将到期", "tag--wait"),
            (true, _, false) => ("可用", "tag--good"),
        };
        let until = match (key.ended_at, key.expires_at) {
            (Some(end), _) => format!("{} 停用", words::minute(end)),
            (None, Some(end)) => words::day(end),
            (None, None) => "不随证书到期".to_owned(),
        };
        Self {
            label: key.label.to_string(),
            mark: words::groups(&key.public_key.fingerprint().chars().take(16).collect::<String>()),
            fingerprint: key.public_key.fingerprint(),
            certificate: key.certificate.as_deref().map(words::groups),
            since: words::day(key.created_at),
            until,
            state,
            tag,
            is_live,
        }
    }
}

/// What the visitor may do with this person.
struct May {
    manage: bool,
    end_sessions: bool,
}

impl May {
    fn of(app: &App, visitor: &Visitor, person: &Person) -> Self {
        let may = |action| app.permit(visitor.principal(), action).is_ok();
        let is_here = person.disabled_at.is_none();
        let appoints = visitor.principal().person();
        let appoints = appoints.is_some_and(|by| by.may_appoint(&person.roles).is_ok());
        Self {
            manage: is_here && appoints && may(Action::ManagePeople),
            end_sessions: is_here && may(Action::ManageSessions),
        }
    }
}

/// The person of a path.
pub async fn found(app: &App, visitor: &Visitor, id: &str) -> Result<Person, Problem> {
    let no_such = || Problem::not_found("没有这名人员；请从人员列表重新进入");
    let id = id.parse().map_err(|_| no_such())?;
    let permit = app.permit(visitor.principal(), Action::ReadPeople)?;
    app.access().person(&permit, &id).await.map_err(|error| match error {
        access::Error::UnknownPerson(_) => no_such(),
        other => other.into(),
    })
}

/// `GET /admin/people/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let person = found(&app, &visitor, &id).await?;
    let (access, permit, now) = (app.access(), visitor.permit()?, app.clock().now());
    let credentials = access.credentials(permit, &person.id).await?;
    let sessions = access.sessions_of(permit, &person.id).await?;
    let sign_ins = access.sign_ins(permit, &person.id, SIGN_INS).await?;
    let session = |one: access::OpenSession| {
        let (opened, used) = (one.session.created_at, one.session.last_used_at);
        (words::minute(opened), words::minute(used), one.way.chinese(), one.source)
    };
    let sign_in = |one: access::SignInRecord| {
        (words::minute(one.at), one.way.map_or("", access::Way::chinese), one.source)
    };
    page(&Page {
        frame,
        roles: roles(&person.roles),
        office: office_name(person.office.as_deref(), &offices(&app, &visitor).await?),
        since: words::minute(person.created_at),
        left: person.disabled_at.map(words::minute),
        keys: credentials.keys.iter().map(|key| KeyRow::of(key, now)).collect(),
        has_passphrase: credentials.has_passphrase,
        invited_until: credentials.invited_until.map(words::minute),
        sessions: sessions.into_iter().map(session).collect(),
        sign_ins: sign_ins.into_iter().map(sign_in).collect(),
        may: May::of(&app, &visitor, &person),
        person,
    })
}
