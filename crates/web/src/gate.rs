//! The gate before every route: who asks, and whether the permission table allows it.
//!
//! Every route is a row with a [`Gate`]; a route cannot be built without one (Invariant 9).

use std::sync::Arc;

use access::{Action, Incoming, Permit, Principal};
use app::Institution;
use app::refusals::Why;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::octets;
use crate::problem::Problem;
use crate::refused::Asker;

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
    if gate == Gate::Public {
        return next.run(request).await;
    }
    let (parts, body) = request.into_parts();
    let asker = Asker::of(&institution, &parts);
    let (request, principal) = match admit(&institution, gate, (parts, body), &asker).await {
        Ok(admitted) => admitted,
        Err(problem) => return problem.into_response(),
    };
    let response = next.run(request).await;
    if let Some(asker) = asker {
        asker.answered(&principal, &response);
    }
    response
}

/// Lets in whoever may; who is refused too often is told so before more is done.
async fn admit(
    institution: &Institution,
    gate: Gate,
    (mut parts, body): (Parts, Body),
    asker: &Option<Asker>,
) -> Result<(Request, Arc<Principal>), Problem> {
    if let Some(asker) = asker {
        asker.may_ask()?;
    }
    let body = octets::read(body, BODY_LIMIT).await?;
    let principal = known(institution, (&parts, &body), asker).await?;
    if let Gate::Permit(action) = gate {
        let permit = institution.access().permit(&principal, action).map_err(app::Error::from);
        let permit = permit.inspect_err(|_| {
            if let Some(asker) = asker {
                asker.refused(&principal, Why::Denied);
            }
        })?;
        parts.extensions.insert(Allowed(Arc::new(permit)));
    }
    let principal = Arc::new(principal);
    parts.extensions.insert(Caller(principal.clone()));
    Ok((Request::from_parts(parts, Body::from(body)), principal))
}

/// Whoever proved who they are, and is served here.
async fn known(
    institution: &Institution,
    (parts, body): (&Parts, &[u8]),
    asker: &Option<Asker>,
) -> Result<Principal, Problem> {
    let principal = identify(institution, parts, body).await;
    let Some(asker) = asker else { return principal };
    let principal = principal.inspect_err(|problem| asker.unproven(problem))?;
    asker.may_use(&principal)?;
    Ok(principal)
}

/// Whoever may do something at an address that is open to everybody.
pub(crate) struct Admitted {
    pub permit: Permit,
    principal: Principal,
    asker: Option<Asker>,
}

impl Admitted {
    /// What was asked for was refused.
    pub fn refused(&self, why: Why) {
        if let Some(asker) = &self.asker {
            asker.refused(&self.principal, why);
        }
    }
}

/// The permit of whoever asks at an address that is open to everybody; `None` for who doesn't say
/// who it is, or may not.
///
/// # Errors
/// When a client that proved who it is was refused too often.
pub(crate) async fn permit_of(
    institution: &Institution,
    (parts, body): (&Parts, &[u8]),
    action: Action,
) -> Result<Option<Admitted>, Problem> {
    let asker = Asker::of(institution, parts);
    let principal = match known(institution, (parts, body), &asker).await {
        Ok(principal) => principal,
        Err(problem) if problem.status == StatusCode::TOO_MANY_REQUESTS.as_u16() => {
            return Err(problem);
        }
        Err(_) => return Ok(None),
    };
    let permit = institution.access().permit(&principal, action).ok();
    if let (None, Some(asker)) = (&permit, &asker) {
        asker.refused(&principal, Why::Denied);
    }
    Ok(permit.map(|permit| Admitted { permit, principal, asker }))
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
