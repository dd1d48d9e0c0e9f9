//! An application is begun: which kind, where; then number and check code, shown once.

use access::Action;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use ra::catalogue::{Kind, Service};
use ra::{NewApplication, Office};
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::cookies::Cookies;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::sign_in::Comer;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "apply/choose.html")]
struct Choose<'c> {
    frame: Frame,
    kinds: &'c [Kind],
}

/// `GET /apply`.
pub async fn choose(State(app): State<App>, frame: Frame) -> Answer {
    let catalogue = app.registration()?.catalogue();
    page(&Choose { frame, kinds: catalogue.kinds() })
}

#[derive(Template)]
#[template(path = "apply/begin.html")]
struct Begin<'c> {
    frame: Frame,
    kind: &'c Kind,
    service: &'c Service,
    offices: Vec<Office>,
    office: String,
    concerns: String,
    mistakes: Mistakes,
}

/// `GET /apply/{service}/{kind}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Path((service, kind)): Path<(String, String)>,
    Params(query): Params<Query>,
) -> Answer {
    let concerns = query.concerns.trim().to_owned();
    page(&Begin { concerns, ..begin(&app, frame, (&service, &kind)).await? })
}

/// The certificate that a link names.
#[derive(Debug, Deserialize)]
pub struct Query {
    #[serde(default)]
    concerns: String,
}

async fn begin<'a>(
    app: &'a App,
    frame: Frame,
    (service, kind): (&str, &str),
) -> Result<Begin<'a>, Problem> {
    if !app::registration::is_online(service) {
        let text = "此项业务暂不能在网上办理，请联系本机构或到受理点办理";
        return Err(app::Error::NotApplicable(text).into());
    }
    let ra = app.registration()?;
    let takes = |office: &Office| office.quotas.contains_key(kind);
    Ok(Begin {
        frame,
        kind: ra.catalogue().kind_for(kind, service)?,
        service: ra.catalogue().service(service)?,
        offices: ra.open_offices().await?.into_iter().filter(takes).collect(),
        office: String::new(),
        concerns: String::new(),
        mistakes: Mistakes::none(),
    })
}

#[derive(Template)]
#[template(path = "apply/begun.html")]
struct Begun {
    frame: Frame,
    number: String,
    code: String,
    until: String,
    next: String,
    next_title: &'static str,
}

/// `POST /apply/{service}/{kind}`: the code is in this answer and nowhere else.
pub async fn create(
    State(app): State<App>,
    frame: Frame,
    Path((service, kind)): Path<(String, String)>,
    comer: Comer,
    form: Form,
) -> Answer {
    let mut again = begin(&app, frame, (&service, &kind)).await?;
    (again.office, again.concerns) =
        (form.text("office").to_owned(), form.text("concerns").trim().to_owned());
    let office = match again.office.as_str() {
        "" => None,
        id => Some(id.parse()?),
    };
    let concerns = Some(again.concerns.clone()).filter(|serial| !serial.is_empty());
    let new = NewApplication { service, kind, office, concerns };
    let cookies = Cookies::of(&again.frame.site);
    let begun = app.begin_application(new, comer.arrival()).await;
    let (created, signed_in) = match begun {
        Ok(begun) => begun,
        Err(app::Error::Ra(error)) if error.kind() != store::ErrorKind::Fault => {
            let field = if again.service.replaces { "concerns" } else { "office" };
            again.mistakes = Mistakes::one(field, error.to_string());
            return page_to_correct(&again);
        }
        Err(error) => return Err(error.into()),
    };
    let mut frame = again.frame;
    let principal = app.access().authenticate_cookie(signed_in.token.as_str()).await?;
    app.permit(&principal, Action::ReadApplication)?;
    frame.visitor(&principal, Vec::new());
    frame.token = app.access().csrf_token(&principal)?;
    let number = created.application.number.as_str().to_owned();
    let until = words::minute(signed_in.expires_at);
    let code = words::groups(&created.check_code);
    let (next, next_title) = first_page(again.service, "/application");
    let mut answer = page(&Begun { frame, number, code, until, next, next_title })?;
    if let Ok(cookie) = HeaderValue::from_str(&cookies.open(&signed_in.token)) {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// Where filling in begins: with the notices, where the service has any.
pub fn first_page(service: &Service, base: &str) -> (String, &'static str) {
    match service.issues() {
        true => (format!("{base}/notices/first"), "阅读告知"),
        false => (format!("{base}/form"), "填写申请表"),
    }
}
