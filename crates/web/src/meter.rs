//! The rate of each source at the public doors: before a question is looked at, whoever asked too much
//! is told to come back (429 with Retry-After). What is asked of one door takes nothing from another.

use std::sync::Arc;

use app::settings::LimitSettings;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::bucket::Buckets;
use crate::pages::Site;
use crate::problem::Problem;

/// The buckets of all doors.
#[derive(Clone)]
pub(crate) struct Meters(Arc<Inner>);

struct Inner {
    status: Buckets,
    timestamps: Buckets,
    verification: Buckets,
    lists: Buckets,
}

/// Which bucket a path takes from. Pages and the REST door of clients have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Status,
    Timestamps,
    Verification,
    Lists,
}

impl Door {
    fn of(path: &str) -> Option<Self> {
        let mut parts = path.split('/').skip(1);
        match (parts.next()?, parts.next()) {
            ("ocsp", _) => Some(Self::Status),
            ("tsa", _) => Some(Self::Timestamps),
            ("verify" | "svs", _) | ("api", Some("verify" | "sof")) => Some(Self::Verification),
            ("crl" | "ca" | "pki" | "log", _) => Some(Self::Lists),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Status => "ocsp",
            Self::Timestamps => "tsa",
            Self::Verification => "verify",
            Self::Lists => "lists",
        }
    }
}

impl Meters {
    /// By the settings.
    pub fn new(limits: &LimitSettings) -> Self {
        Self(Arc::new(Inner {
            status: Buckets::new(limits.ocsp_per_second),
            timestamps: Buckets::new(limits.tsa_per_second),
            verification: Buckets::new(limits.verify_per_second),
            lists: Buckets::new(limits.lists_per_second),
        }))
    }

    fn of(&self, door: Door) -> &Buckets {
        match door {
            Door::Status => &self.0.status,
            Door::Timestamps => &self.0.timestamps,
            Door::Verification => &self.0.verification,
            Door::Lists => &self.0.lists,
        }
    }
}

/// The middleware before every route.
pub(crate) async fn meter(
    State((site, meters)): State<(Site, Meters)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(door) = Door::of(request.uri().path()) else {
        return next.run(request).await;
    };
    let (parts, body) = request.into_parts();
    let source = match site.source(&parts) {
        Ok(source) => source,
        Err(problem) => return problem.into_response(),
    };
    match meters.of(door).take(source) {
        Ok(()) => next.run(Request::from_parts(parts, body)).await,
        Err(seconds) => {
            metrics::counter!("yinxin_http_limited_total", "door" => door.name()).increment(1);
            let text = format!("请求过于频繁，请在 {seconds} 秒后重试；大量查询请与我们联系");
            let problem = Problem::new(StatusCode::TOO_MANY_REQUESTS, "web.too_often", text);
            let mut response = problem.into_response();
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
            response
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_public_door_has_its_bucket_and_pages_have_none() {
        for (path, door) in [
            ("/ocsp", Some(Door::Status)),
            ("/ocsp/MEMw", Some(Door::Status)),
            ("/tsa/rfc3161", Some(Door::Timestamps)),
            ("/verify", Some(Door::Verification)),
            ("/svs", Some(Door::Verification)),
            ("/api/verify/batch", Some(Door::Verification)),
            ("/api/sof/SOF_ValidateCert", Some(Door::Verification)),
            ("/crl/issuing.crl", Some(Door::Lists)),
            ("/pki/certificates/search.cgi", Some(Door::Lists)),
            ("/", None),
            ("/api/v1/certificates", None),
            ("/ocspx", None),
            ("/application", None),
        ] {
            assert_eq!(Door::of(path), door, "{path}");
        }
    }
}
