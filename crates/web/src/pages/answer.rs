//! What page handlers answer with, and how problems become pages.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Redirect, Response};

use super::frame::Frame;
use super::headers;
use super::site::Site;
use super::visit::{Visit, wants_page};
use crate::problem::Problem;

/// A page, or the problem that [`dress`] makes a page of.
pub type Answer = Result<Response, Problem>;

impl From<ra::Error> for Problem {
    fn from(error: ra::Error) -> Self {
        app::Error::from(error).into()
    }
}

impl From<access::Error> for Problem {
    fn from(error: access::Error) -> Self {
        app::Error::from(error).into()
    }
}

/// Renders a template.
pub fn page(template: &impl Template) -> Answer {
    Ok(Html(rendered(template)?).into_response())
}

/// The same page again with what is wrong on it: 422.
pub fn page_to_correct(template: &impl Template) -> Answer {
    let page = Html(rendered(template)?);
    Ok((axum::http::StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

/// On to another page after a change (303), so that reloading repeats nothing.
pub fn go(path: &str) -> Answer {
    Ok(Redirect::to(path).into_response())
}

fn rendered(template: &impl Template) -> Result<String, Problem> {
    template.render().map_err(|_| app::Error::Stored("页面模板无法填写").into())
}

/// A problem as a page: what happened, what to do, where to go on.
#[derive(Template)]
#[template(path = "hall/problem.html")]
struct ProblemPage {
    frame: Frame,
    problem: Problem,
    request: Option<String>,
}

/// The outermost layer: gives browsers a page for a problem, programs their JSON.
pub async fn dress(State(site): State<Site>, request: Request, next: Next) -> Response {
    let for_browser = wants_page(request.headers()) && !request.uri().path().starts_with("/api/");
    let visit = Visit::of(request.headers(), request.uri());
    let id = request_id(request.headers());
    let response = next.run(request).await;
    let Some(problem) = response.extensions().get::<Problem>().filter(|_| for_browser).cloned()
    else {
        return response;
    };
    let frame = response.extensions().get::<Frame>().cloned();
    let frame = frame.unwrap_or_else(|| Frame::new(site, &visit));
    let request = id.filter(|_| response.status().is_server_error());
    undress(response, &ProblemPage { frame, problem, request })
}

/// The same status and headers with another body.
fn undress(response: Response, page: &ProblemPage) -> Response {
    let Ok(text) = page.render() else {
        return response;
    };
    let status = response.status();
    let mut headers = response.headers().clone();
    headers.remove(header::CONTENT_LENGTH);
    headers.remove(header::CONTENT_TYPE);
    headers.remove(header::WWW_AUTHENTICATE);
    headers::secure(&mut headers);
    (status, headers, Html(text)).into_response()
}

fn request_id(headers: &axum::http::HeaderMap) -> Option<String> {
    headers.get("x-request-id")?.to_str().ok().map(str::to_owned)
}
