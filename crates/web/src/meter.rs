//! The rate of each source at the public doors: before a question is looked at, whoever asked too much
//! is told to come back (429 with Retry-After). What is asked of one door takes nothing from another.
//!
//! Applications that sign have the limits of their keys, so they take nothing here, however many of them
//! share an address. Who only claims to be one and isn't takes from a bucket of its own.

use std::net::IpAddr;
use std::sync::Arc;

use app::settings::LimitSettings;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::bucket::Buckets;
use crate::gate::bearer;
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
    claims: Buckets,
}

/// Which bucket a path takes from. Pages and the REST door of clients have limits of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Status,
    Timestamps,
    Verification,
    Lists,
    /// What applications sign with; every claim to be one that turns out wrong takes from the bucket.
    Claims,
}

impl Door {
    fn of(path: &str, headers: &HeaderMap) -> Option<Self> {
        let mut parts = path.split('/').skip(1);
        match (parts.next()?, parts.next(), parts.next()) {
            ("ocsp", ..) => Some(Self::Status),
            ("tsa", ..) => Some(Self::Timestamps),
            // Only the body of a request to /svs says what is asked.
            ("svs", ..) if is_claim(headers) => Some(Self::Claims),
            ("api", Some("sign"), _) => Some(Self::Claims),
            ("api", Some("sof"), Some(name)) if uses_key(name) => Some(Self::Claims),
            ("verify" | "svs", ..) | ("api", Some("verify" | "sof"), _) => Some(Self::Verification),
            ("crl" | "ca" | "pki" | "log", ..) => Some(Self::Lists),
            _ => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Status => "ocsp",
            Self::Timestamps => "tsa",
            Self::Verification => "verify",
            Self::Lists => "lists",
            Self::Claims => "sign",
        }
    }
}

/// Whether a function of GM/T 0020 works with a key.
fn uses_key(name: &str) -> bool {
    name.starts_with("SOF_Sign") || matches!(name, "SOF_EncryptData" | "SOF_DecryptData")
}

/// Whether a request says who asks; not whether that is true.
pub(crate) fn is_claim(headers: &HeaderMap) -> bool {
    headers.contains_key("signature-input") || bearer(headers).is_some()
}

impl Meters {
    /// By the settings.
    pub fn new(limits: &LimitSettings) -> Self {
        Self(Arc::new(Inner {
            status: Buckets::new(limits.ocsp_per_second),
            timestamps: Buckets::new(limits.tsa_per_second),
            verification: Buckets::new(limits.verify_per_second),
            lists: Buckets::new(limits.lists_per_second),
            claims: Buckets::new(limits.verify_per_second),
        }))
    }

    fn of(&self, door: Door) -> &Buckets {
        match door {
            Door::Status => &self.0.status,
            Door::Timestamps => &self.0.timestamps,
            Door::Verification => &self.0.verification,
            Door::Lists => &self.0.lists,
            Door::Claims => &self.0.claims,
        }
    }

    fn take(&self, door: Door, source: IpAddr) -> Result<(), Problem> {
        self.of(door).take(source).map_err(|seconds| refused(door, seconds))
    }
}

fn refused(door: Door, seconds: u32) -> Problem {
    metrics::counter!("yinxin_http_limited_total", "door" => door.name()).increment(1);
    Problem::too_often("请求", seconds)
}

/// What a request still owes that was let in on its claim to be an application's: settled by whoever finds
/// out what it is.
#[derive(Clone)]
pub(crate) struct Due {
    meters: Meters,
    source: IpAddr,
}

impl Due {
    /// It is a question of the kind that anybody may ask, and counts as one.
    pub(crate) fn verification(&self) -> Result<(), Problem> {
        let taken = self.meters.take(Door::Verification, self.source);
        if taken.is_err() {
            self.wrong_claim();
        }
        taken
    }

    /// Whoever asked is nobody that may sign.
    pub(crate) fn wrong_claim(&self) {
        let _ = self.meters.of(Door::Claims).take(self.source);
    }
}

/// Whether an answer says that whoever claimed to be an application wasn't one, or sent what none sends.
const fn is_wrong(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PAYLOAD_TOO_LARGE
            | StatusCode::UNSUPPORTED_MEDIA_TYPE
    )
}

/// The middleware before every route.
pub(crate) async fn meter(
    State((site, meters)): State<(Site, Meters)>,
    request: Request,
    next: Next,
) -> Response {
    let Some(door) = Door::of(request.uri().path(), request.headers()) else {
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    let source = match site.source(&parts) {
        Ok(source) => source,
        Err(problem) => return problem.into_response(),
    };
    if door != Door::Claims {
        return match meters.take(door, source) {
            Ok(()) => next.run(Request::from_parts(parts, body)).await,
            Err(problem) => problem.into_response(),
        };
    }
    if let Err(seconds) = meters.of(door).ask(source) {
        return refused(door, seconds).into_response();
    }
    let due = Due { meters, source };
    parts.extensions.insert(due.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    if is_wrong(response.status()) {
        due.wrong_claim();
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::header;

    use super::*;

    fn claiming() -> HeaderMap {
        HeaderMap::from_iter([(header::AUTHORIZATION, "Bearer x".parse().unwrap())])
    }

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
            assert_eq!(Door::of(path, &HeaderMap::new()), door, "{path}");
        }
        assert_eq!(Door::of("/svs/SignData", &claiming()), Some(Door::Claims));
        let verifying = Door::of("/api/sof/SOF_ValidateCert", &claiming());
        assert_eq!(verifying, Some(Door::Verification), "a claim changes nothing here");
    }

    /// The table of routes says who has to say who asks: those, and no others, are of the door for claims.
    #[test]
    fn what_keys_sign_is_no_verification_and_what_anybody_may_ask_is() {
        for route in crate::router::table() {
            let door = Door::of(route.path, &HeaderMap::new());
            let signs = route.gate == crate::gate::Gate::Permit(access::Action::UseSigning);
            assert_eq!(door == Some(Door::Claims), signs, "{}", route.path);
        }
    }

    #[test]
    fn only_wrong_claims_take_and_who_made_too_many_is_told_before_anything_is_read() {
        let limits = LimitSettings { verify_per_second: 1, ..LimitSettings::default() };
        let meters = Meters::new(&limits);
        let source: IpAddr = "198.51.100.1".parse().unwrap();
        let due = Due { meters: meters.clone(), source };
        let is_open = || meters.of(Door::Claims).ask(source).is_ok();
        assert!((0..100).all(|_| is_open()), "asking takes nothing");
        // Verification beside it is counted as everybody's, and refused as everybody's.
        assert!((0..1_000).any(|_| due.verification().is_err()));
        let other = Due { meters: meters.clone(), source: "198.51.100.2".parse().unwrap() };
        let is_told = |due: &Due| meters.of(Door::Claims).ask(due.source).is_err();
        assert!((0..1_000).any(|_| {
            other.wrong_claim();
            is_told(&other)
        }));
        // Claims cover nobody who asks for more verification than there is for everybody.
        assert!((0..1_000).any(|_| due.verification().is_err() && is_told(&due)));
    }
}
