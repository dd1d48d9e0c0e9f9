//! The gate before every route: who asks, and whether the permission table allows it.
//!
//! Every route is a row with a [`Gate`]; a route cannot be built without one (Invariant 9).

use std::sync::Arc;

use access::{Action, Incoming, Permit, Principal};
use app::Institution;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::octets;
use crate::problem::Problem;

/// Largest body of a request to the REST door, in octets.
pub const BODY_LIMIT: usize = 1 << 20;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gate {
    /// Nothing: public by its purpose.
    Public,
    /// A signed request of any enabled client.
    Signed,
    /// A permission, by signed request or session.
    Permit(Action),
}

/// The permission that the gate found; only the gate makes it.
#[derive(Debug, Clone)]
pub struct Allowed(Arc<Permit>);

impl Allowed {
    /// The permit for the operation.
    #[must_use]
    pub fn permit(&self) -> &Permit {
        &self.0
    }

    /// Who acts, for the journal.
    #[must_use]
    pub fn actor(&self) -> store::Actor {
        self.0.actor()
    }
}

/// The client behind the request; only the gate makes it.
#[derive(Debug, Clone)]
pub struct Caller(pub Arc<Principal>);

impl<S: Send + Sync> FromRequestParts<S> for Allowed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ungated)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts.extensions.get::<Self>().cloned().ok_or_else(ungated)
    }
}

/// A handler asked for what its gate does not give: denied, not guessed.
fn ungated() -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "web.denied", "没有权限执行此操作")
}

/// The middleware of a guarded route.
pub async fn guard(
    State((institution, gate)): State<(Institution, Gate)>,
    request: Request,
    next: Next,
) -> Response {
    match admit(&institution, gate, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

async fn admit(
    institution: &Institution,
    gate: Gate,
    request: Request,
) -> Result<Request, Problem> {
    if gate == Gate::Public {
        return Ok(request);
    }
    let (mut parts, body) = request.into_parts();
    let body = octets::read(body, BODY_LIMIT).await?;
    let principal = identify(institution, &parts, &body).await?;
    if let Gate::Permit(action) = gate {
        let permit = institution.access().permit(&principal, action).map_err(app::Error::from)?;
        parts.extensions.insert(Allowed(Arc::new(permit)));
    }
    parts.extensions.insert(Caller(Arc::new(principal)));
    Ok(Request::from_parts(parts, Body::from(body)))
}

/// The permit of whoever asks at an address that is open to everybody; `None` for who doesn't say
/// who it is, or may not.
pub(crate) async fn permit_of(
    institution: &Institution,
    (parts, body): (&Parts, &[u8]),
    action: Action,
) -> Option<Permit> {
    let principal = identify(institution, parts, body).await.ok()?;
    institution.access().permit(&principal, action).ok()
}

/// A session's token, or else the signature of the request.
async fn identify(
    institution: &Institution,
    parts: &Parts,
    body: &[u8],
) -> Result<Principal, Problem> {
    let access = institution.access();
    if let Some(token) = bearer(&parts.headers) {
        let found = access.authenticate_session(token).await;
        return Ok(found.map_err(app::Error::from)?);
    }
    let one = |name: &'static str| {
        let values = parts.headers.get_all(name);
        access::signature::one_header(name, values.iter().map(|v| v.as_bytes()))
            .map_err(app::Error::from)
    };
    let incoming = Incoming {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        query: parts.uri.query(),
        body,
        content_digest: one("content-digest")?,
        signature_input: one("signature-input")?,
        signature: one("signature")?,
    };
    Ok(access.authenticate(&incoming).await.map_err(app::Error::from)?)
}

/// The token of `Authorization: Bearer …`.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
