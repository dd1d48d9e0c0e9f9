//! The people of the institution and of its registration offices: found, listed, as a file.

use access::{PeopleQuery, Person, Role};
use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use super::{offices, roles};
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::paging::{self, Paging};
use crate::pages::{address, csv, navigation, words};
use crate::problem::Problem;

const PATH: &str = "/admin/people";
/// Rows of one page.
const ROWS: u32 = 50;
/// Rows that a file is gathered by.
const FILE_ROWS: u32 = 500;

/// Whom to find.
#[derive(Debug, Default, Deserialize)]
pub struct Query {
    #[serde(default)]
    q: String,
    #[serde(default)]
    role: String,
    /// Empty is any; `-` is the institution itself.
    #[serde(default)]
    office: String,
    /// Empty is whoever did not leave; `left`, `all`.
    #[serde(default)]
    state: String,
    #[serde(default)]
    page: String,
}

impl Query {
    fn of(&self, (page, limit): (u32, u32)) -> PeopleQuery {
        PeopleQuery {
            text: self.q.clone(),
            role: self.role.parse().ok(),
            office: match self.office.as_str() {
                "" => None,
                "-" => Some(String::new()),
                office => Some(office.to_owned()),
            },
            disabled: match self.state.as_str() {
                "all" => None,
                state => Some(state == "left"),
            },
            after: String::new(),
            skip: page.saturating_mul(limit),
            limit,
        }
    }

    /// The same choice as an address.
    fn address(&self, path: &str, page: &str) -> String {
        let pairs = [
            ("q", &*self.q),
            ("role", &*self.role),
            ("office", &*self.office),
            ("state", &*self.state),
            ("page", page),
        ];
        address::with(path, &pairs)
    }

    fn is_empty(&self) -> bool {
        [&self.q, &self.role, &self.office, &self.state].into_iter().all(String::is_empty)
    }
}

#[derive(Template)]
#[template(path = "admin/people.html")]
struct People {
    frame: Frame,
    query: Query,
    roles: Vec<(&'static str, &'static str)>,
    offices: Vec<(String, String)>,
    rows: Vec<Row>,
    total: u64,
    paging: Paging,
    csv: String,
    may_create: bool,
}

struct Row {
    id: String,
    login: String,
    name: String,
    roles: String,
    office: String,
    since: String,
    has_left: bool,
}

/// `GET /admin/people`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let offices = offices(&app, &visitor).await?;
    let place = paging::place(&query.page)?;
    let found = app.access().find_people(visitor.permit()?, &query.of((place, ROWS))).await?;
    let staff = Role::ALL.iter().filter(|role| !role.is_of_clients() && **role != Role::Subscriber);
    page(&People {
        may_create: navigation::is_open("/admin/people/new", &frame),
        frame,
        roles: staff.map(|role| (role.name(), role.chinese())).collect(),
        rows: found.people.iter().map(|person| row(person, &offices)).collect(),
        total: found.total,
        paging: Paging::of((place, ROWS), found.total, |page| query.address(PATH, page)),
        csv: query.address("/admin/people.csv", ""),
        offices,
        query,
    })
}

fn row(person: &Person, offices: &[(String, String)]) -> Row {
    Row {
        id: person.id.to_string(),
        login: person.login.to_string(),
        name: person.name.to_string(),
        roles: roles(&person.roles),
        office: super::office_name(person.office.as_deref(), offices),
        since: words::day(person.created_at),
        has_left: person.disabled_at.is_some(),
    }
}

/// `GET /admin/people.csv`: everybody of the choice, not only one page.
pub async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let offices = offices(&app, &visitor).await?;
    let mut query = query.of((0, FILE_ROWS));
    let mut rows = Vec::new();
    loop {
        let found = app.access().find_people(visitor.permit()?, &query).await?;
        rows.extend(found.people.iter().map(|person| line(person, &offices)));
        match found.next {
            Some(next) => query.after = next,
            None => break,
        }
    }
    let headings = ["登录名", "姓名", "角色", "所属机构", "状态", "新增时间", "停用时间"];
    Ok(csv::list("people", &headings, rows))
}

fn line(person: &Person, offices: &[(String, String)]) -> csv::Row {
    let row = row(person, offices);
    let state = if row.has_left { "已停用" } else { "在用" };
    let left = person.disabled_at.map(words::second).unwrap_or_default();
    let state = state.to_owned();
    let since = words::second(person.created_at);
    vec![row.login, row.name, row.roles, row.office, state, since, left]
}

/// The people of an office, for its page; nobody for a visitor who may not see people.
pub async fn roster(
    app: &App,
    visitor: &Visitor,
    office: &str,
) -> Result<Option<Vec<Person>>, Problem> {
    let Ok(permit) = app.permit(visitor.principal(), access::Action::ReadPeople) else {
        return Ok(None);
    };
    let query = PeopleQuery {
        office: Some(office.to_owned()),
        disabled: Some(false),
        limit: FILE_ROWS,
        ..PeopleQuery::default()
    };
    Ok(Some(app.access().find_people(&permit, &query).await?.people))
}
