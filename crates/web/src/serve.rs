//! Listening, with limits: how many requests at once, how often each source, how long each, and a
//! clean end.

use std::net::SocketAddr;
use std::time::Duration;

use app::Institution;
use axum::Router;
use axum::error_handling::HandleErrorLayer;
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use kmc::Kmc;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tower::ServiceBuilder;
use tower::limit::GlobalConcurrencyLimitLayer;
use tower::load_shed::LoadShedLayer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};

use crate::listener::{Limits, accept};
use crate::meter::{Meters, meter};
use crate::pages::{self, Site};
use crate::problem::Problem;
use crate::{kmc as kmc_door, metrics, router};

/// Longest time for one request.
const REQUEST_TIME: Duration = Duration::from_secs(30);
/// Requests under way at a key centre.
const KMC_IN_FLIGHT: usize = 64;

/// A server that listens until it is stopped.
pub struct Running {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more requests, finishes those under way, and ends.
    ///
    /// # Errors
    /// When the listener had died.
    pub async fn stop(self) -> std::io::Result<()> {
        let _ = self.stop.send(true);
        self.task.await.map_err(std::io::Error::other)
    }
}

/// How long a refusal waits before it leaves. Clients that ask again at once, whatever Retry-After
/// says, would else have the machine refuse instead of answer: without it a fifth of the good answers
/// was left at five times the load. Retry-After asks for no less. What waits is bounded by the limits of connections.
const REFUSAL_HELD: Duration = Duration::from_secs(1);

/// Serves an institution.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(institution: Institution) -> std::io::Result<Running> {
    let server = institution.settings().server.clone();
    let limits = institution.settings().limits.clone();
    let site = Site::of(&institution);
    let metered = (site.clone(), Meters::new(&limits));
    // Outside of the limits: a page says so too when there are too many at once.
    let router = limited(router(institution), server.max_in_flight)
        .layer(from_fn_with_state(metered, meter))
        .layer(from_fn_with_state(site, pages::dress))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid));
    let limits = Limits {
        most: limits.connections.max(1),
        most_of_one: limits.connections_per_address.max(1),
        proxies: server.trusted_proxies,
        head: Duration::from_secs(limits.header_seconds.max(1)),
        stalled: Duration::from_secs(limits.stalled_seconds.max(1)),
    };
    listen(server.listen, router, limits).await
}

/// Serves a key centre.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve_kmc(kmc: Kmc, address: SocketAddr) -> std::io::Result<Running> {
    let router = limited(kmc_door::router(kmc), KMC_IN_FLIGHT);
    listen(address, router, Limits::default()).await
}

/// More than `in_flight` requests at once are told to come back, and nothing else is done for them.
fn limited(router: Router, in_flight: usize) -> Router {
    let limits = ServiceBuilder::new()
        .layer(HandleErrorLayer::new(overloaded))
        .layer(LoadShedLayer::new())
        .layer(GlobalConcurrencyLimitLayer::new(in_flight.max(1)))
        .timeout(REQUEST_TIME);
    router
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| broken()))
        .layer(from_fn(metrics::count))
        .layer(limits)
}

async fn overloaded(error: tower::BoxError) -> Response {
    let text = if error.is::<tower::timeout::error::Elapsed>() {
        "处理超时，请用同一申请编号重试以确认结果"
    } else {
        tokio::time::sleep(REFUSAL_HELD).await;
        "系统繁忙，请稍后重试"
    };
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, "web.overloaded", text).into_response()
}

fn broken() -> Response {
    let text = "程序错误，本次操作可能未完成；请用同一申请编号重试，如再次出现请联系管理员";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "web.panic", text).into_response()
}

pub(crate) async fn listen(
    address: SocketAddr,
    router: Router,
    limits: Limits,
) -> std::io::Result<Running> {
    let listener = crate::progress::listen(address)?;
    let address = listener.local_addr()?;
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(accept(listener, router, limits, stopped));
    Ok(Running { address, stop, task })
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::poll;

    /// Not how long, but that it waits at all: a refusal that leaves at once has the machine refuse instead of answer.
    #[tokio::test]
    async fn a_refusal_is_held_and_what_took_too_long_is_not() {
        let shed = tower::load_shed::error::Overloaded::new();
        let mut refusal = Box::pin(overloaded(Box::new(shed)));
        assert!(poll!(refusal.as_mut()).is_pending());
        let late = tower::timeout::error::Elapsed::new();
        let mut late = Box::pin(overloaded(Box::new(late)));
        assert!(poll!(late.as_mut()).is_ready());
        let answer = refusal.await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    }

    /// Retry-After asks for no less than a refusal is held.
    #[test]
    fn a_refusal_is_held_for_no_longer_than_clients_are_asked_to_wait() {
        assert!(REFUSAL_HELD > Duration::ZERO && REFUSAL_HELD <= Duration::from_secs(1));
    }
}
