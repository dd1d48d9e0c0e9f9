//! The router of an institution, asked without a network; requests are signed when told so.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use access::signature::{Outgoing, sign};
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode};
use gm::OsRandom;
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::world::World;

/// An answer, read whole.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header field, empty if it is not there.
    pub fn field(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// A request that nobody signed.
pub async fn ask(world: &World, request: Request<Body>) -> Answer {
    let router = web::router(world.institution.clone());
    let mut request = request;
    let peer = std::net::SocketAddr::from(([203, 0, 113, 77], 40_000));
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    let answer = router.oneshot(request).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

/// GET without signature, with these header fields.
pub async fn get(world: &World, target: &str, fields: &[(&str, &str)]) -> Answer {
    let request = Request::builder().uri(target);
    let request =
        fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    ask(world, request.body(Body::empty()).unwrap()).await
}

/// A JSON request signed by the client of the world.
pub async fn signed(world: &World, method: &str, target: &str, body: &[u8]) -> Answer {
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (target, None),
    };
    let outgoing = Outgoing { method, path, query, body };
    let moment = (world.now(), &mut OsRandom as &mut dyn gm::Random);
    let headers = sign(&outgoing, &world.client.id, &world.key, moment).unwrap();
    let request = Request::builder()
        .method(method)
        .uri(target)
        .header("content-type", "application/json")
        .header("accept", "application/json");
    let request = headers.pairs().iter().fold(request, |r, (name, value)| r.header(*name, *value));
    ask(world, request.body(Body::from(body.to_vec())).unwrap()).await
}
