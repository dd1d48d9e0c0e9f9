//! The gate before every page: where the request comes from, who visits, whether they may.
//!
//! The order matters: a visitor is known before a body is read, so that nobody fills our memory;
//! a form is read here, once, so that none reaches a page without its token (Invariant 9).

use std::sync::Arc;

use access::{Action, Permit, Principal};
use app::Institution;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::cookies::Cookies;
use super::form::{self, Form};
use super::frame::Frame;
use super::headers;
use super::origin;
use super::site::Site;
use super::visit::{Visit, encoded, same_site_only};
use crate::octets::Bringer;
use crate::problem::Problem;

/// What a page asks of its visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageGate {
    /// Nothing: for everybody, and it changes nothing.
    Public,
    /// Nothing, but it has a form: bound to the browser by a cookie that names nobody.
    PublicForm,
    /// Somebody of the staff who is signed in.
    Staff,
    /// Somebody of the staff with this permission.
    Person(Action),
    /// The applicant of one application, by number and check code, with this permission.
    Applicant(Action),
}

/// What the guard of a route knows.
#[derive(Clone)]
pub struct Door {
    /// The institution.
    pub institution: Institution,
    /// What all its pages show.
    pub site: Site,
    /// What this route asks for.
    pub gate: PageGate,
}

/// Who visits, and what the gate found; only the gate makes it.
#[derive(Debug, Clone)]
pub struct Visitor {
    principal: Arc<Principal>,
    permit: Option<Arc<Permit>>,
}

impl Visitor {
    /// Who it is.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The permit of the gate.
    pub fn permit(&self) -> Result<&Permit, Problem> {
        self.permit.as_deref().ok_or_else(ungated)
    }

    /// The application whose holder visits.
    pub fn application(&self) -> Result<&str, Problem> {
        self.principal.application().ok_or_else(ungated)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ungated)
    }
}

/// A page asked for what its gate does not give: denied, not guessed.
fn ungated() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "web.denied", "没有权限执行此操作")
}

/// The middleware of a page.
pub async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    let visit = Visit::of(request.headers(), request.uri());
    let mut frame = Frame::new(door.site.clone(), &visit);
    let cookies = Cookies::of(&door.site);
    let mut binding = None;
    let mut response = match admit(&door, &cookies, request, (&mut frame, &mut binding)).await {
        Ok(mut request) => {
            request.extensions_mut().insert(frame.clone());
            next.run(request).await
        }
        Err(Turned::Away(problem)) => problem.into_response(),
        Err(Turned::To(address)) => Redirect::to(&address).into_response(),
    };
    if let Some(value) = binding.and_then(|value| cookies.form(&value).parse().ok()) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    headers::secure(response.headers_mut());
    response.extensions_mut().insert(frame);
    response
}

/// Why a request does not go on.
enum Turned {
    /// It may not.
    Away(Problem),
    /// First to be known, there.
    To(String),
}

impl From<Problem> for Turned {
    fn from(problem: Problem) -> Self {
        Self::Away(problem)
    }
}

impl From<app::Error> for Turned {
    fn from(error: app::Error) -> Self {
        Self::Away(error.into())
    }
}

async fn admit(
    door: &Door,
    cookies: &Cookies,
    request: Request,
    (frame, fresh): (&mut Frame, &mut Option<String>),
) -> Result<Request, Turned> {
    same_site_only(request.method(), request.headers(), door.site.public_url())?;
    let access = door.institution.access();
    let principal = match cookies.session(request.headers()) {
        Some(token) => access.authenticate_cookie(token).await.ok(),
        None => None,
    };
    let (mut parts, body) = request.into_parts();
    let visitor = match principal {
        Some(principal) => Some(permitted(door, &parts, principal)?),
        None if matches!(door.gate, PageGate::Public | PageGate::PublicForm) => None,
        None => return Err(Turned::To(way_in(door.gate, &parts))),
    };
    let binding = match &visitor {
        Some(visitor) => visitor.principal.session().map(|session| session.id.clone()),
        None => cookies.binding(&parts.headers).map(str::to_owned),
    };
    if parts.method == Method::POST {
        let form = filled(door, (&parts, body), (&visitor, binding.as_deref())).await?;
        parts.extensions.insert(form);
    }
    let binding = match binding {
        Some(binding) => Some(binding),
        None if door.gate == PageGate::PublicForm => {
            *fresh = Some(door.institution.draw_nonce()?);
            fresh.clone()
        }
        None => None,
    };
    if let Some(binding) = binding {
        frame.token = access.form_token(&binding).map_err(app::Error::from)?;
    }
    if let Some(visitor) = visitor {
        frame.visitor(&visitor.principal, access.permitted(&visitor.principal));
        parts.extensions.insert(visitor);
    }
    Ok(Request::from_parts(parts, Body::empty()))
}

/// The form of a POST, with the token of who sends it. What can be refused without its body is.
async fn filled(
    door: &Door,
    (parts, body): (&Parts, Body),
    (visitor, binding): (&Option<Visitor>, Option<&str>),
) -> Result<Form, Problem> {
    let bound = match (door.gate, binding) {
        (PageGate::Public, _) => None,
        (_, None) => return Err(app::Error::from(access::Error::Csrf).into()),
        (_, bound) => bound,
    };
    if door.gate == PageGate::PublicForm && visitor.is_none() {
        not_too_often(door, parts)?;
    }
    let bringer = Bringer::from(origin::source(parts, door.site.proxies()).ok());
    let bringer = match visitor {
        Some(visitor) => bringer.known(&visitor.principal),
        None => bringer,
    };
    let form = form::read(parts, body, bringer).await?;
    if let Some(bound) = bound {
        let access = door.institution.access();
        access.check_form_token(bound, form.text("token")).map_err(app::Error::from)?;
    }
    Ok(form)
}

/// What anybody may send is counted by source, so that nobody fills the institution's queues.
fn not_too_often(door: &Door, parts: &Parts) -> Result<(), Problem> {
    let source = origin::source(parts, door.site.proxies())?;
    let counted = door.site.rate().count(source, door.institution.clock().now());
    counted.map_err(|seconds| {
        let text =
            format!("提交过于频繁，请在 {seconds} 秒后重试；已填写的内容可用浏览器的后退找回");
        Problem::new(StatusCode::TOO_MANY_REQUESTS, "web.too_often", text)
    })
}

/// Whether a known visitor may, and with which permit.
fn permitted(door: &Door, parts: &Parts, principal: Principal) -> Result<Visitor, Turned> {
    let is_staff = principal.person().is_some();
    let action = match door.gate {
        PageGate::Public | PageGate::PublicForm => None,
        PageGate::Staff if is_staff => None,
        PageGate::Person(action) if is_staff => Some(action),
        PageGate::Applicant(action) if !is_staff => Some(action),
        // A clerk at an applicant's page, or the reverse: another sign-in is needed, no more rights.
        gate => return Err(Turned::To(way_in(gate, parts))),
    };
    let permit = match action {
        Some(action) => {
            let permit = door.institution.access().permit(&principal, action);
            Some(Arc::new(permit.map_err(app::Error::from)?))
        }
        None => None,
    };
    Ok(Visitor { principal: Arc::new(principal), permit })
}

/// Where a visitor becomes known. Only a page that was asked for by GET is come back to.
fn way_in(gate: PageGate, parts: &Parts) -> String {
    let page = match gate {
        PageGate::Applicant(_) => return "/progress".to_owned(),
        _ => "/login",
    };
    match (&parts.method, parts.uri.path_and_query()) {
        (&Method::GET, Some(address)) => format!("{page}?back={}", encoded(address.as_str())),
        _ => page.to_owned(),
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Form {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.remove::<Self>().ok_or_else(ungated)
    }
}
