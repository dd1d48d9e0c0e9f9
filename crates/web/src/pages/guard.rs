//! The gate before every page: where the request comes from, who visits, whether they may.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::frame::Frame;
use super::headers;
use super::site::Site;
use super::visit::{Visit, same_site_only};
use crate::problem::Problem;

/// What a page asks of its visitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PageGate {
    /// Nothing: for everybody.
    Public,
}

/// What the guard of a route knows.
#[derive(Clone)]
pub struct Door {
    /// What all its pages show.
    pub site: Site,
    /// What this route asks for.
    pub gate: PageGate,
}

/// The middleware of a page.
pub async fn guard(State(door): State<Door>, request: Request, next: Next) -> Response {
    let visit = Visit::of(request.headers(), request.uri());
    let frame = Frame::new(door.site.clone(), &visit);
    let mut response = match admit(&door, request).await {
        Ok(mut request) => {
            request.extensions_mut().insert(frame.clone());
            next.run(request).await
        }
        Err(problem) => problem.into_response(),
    };
    headers::secure(response.headers_mut());
    response.extensions_mut().insert(frame);
    response
}

async fn admit(door: &Door, request: Request) -> Result<Request, Problem> {
    same_site_only(request.method(), request.headers(), door.site.public_url())?;
    match door.gate {
        PageGate::Public => Ok(request),
    }
}
