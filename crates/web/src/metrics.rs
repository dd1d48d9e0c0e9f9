//! Figures for Prometheus. They name no person and no certificate.

use std::sync::OnceLock;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::Standing;

use crate::api::App;

static HANDLE: OnceLock<Option<PrometheusHandle>> = OnceLock::new();

/// The one recorder of the process; none if another library installed one before.
fn handle() -> Option<&'static PrometheusHandle> {
    HANDLE.get_or_init(|| PrometheusBuilder::new().install_recorder().ok()).as_ref()
}

/// Makes sure that figures are taken, for doors besides HTTP.
pub(crate) fn install() {
    handle();
}

/// Counts a request and how long it took, by route and status.
pub async fn count(request: Request, next: Next) -> Response {
    handle();
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().map(|p| p.as_str().to_owned());
    let route = route.unwrap_or_else(|| "other".to_owned());
    let response = next.run(request).await;
    let labels = [("route", route), ("status", response.status().as_u16().to_string())];
    metrics::counter!("yinxin_http_requests_total", &labels).increment(1);
    metrics::histogram!("yinxin_http_request_seconds", &labels)
        .record(start.elapsed().as_secs_f64());
    response
}

/// `/metrics`.
pub async fn render(State(app): State<App>) -> Response {
    gauges(&app).await;
    let text = handle().map(PrometheusHandle::render).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

/// Whether status can be answered, until when, and how much of it is ready.
fn ocsp(app: &App) {
    let (health, now) = (app.responder().health(), app.clock().now());
    // Of the generation that ends first; of one that has none, nothing is left.
    let signing = app.ca().signing_generations();
    let end_of = |name: &str| health.responders.iter().find(|(issuer, _)| issuer == name);
    let ends = signing.iter().map(|one| end_of(one.name()).map_or(0, |(_, end)| end.as_second()));
    let left = ends.min().unwrap_or_default().saturating_sub(now.as_second());
    let left = u64::try_from(left).unwrap_or_default();
    metrics::gauge!("yinxin_ocsp_certificate_seconds_left").set(f64_of(left));
    metrics::gauge!("yinxin_ocsp_answers_kept").set(f64_of(health.cached as u64));
    if let Some((at, round)) = health.prepared {
        let ago = now.as_second().saturating_sub(at.as_second());
        metrics::gauge!("yinxin_ocsp_round_seconds_ago")
            .set(f64_of(u64::try_from(ago).unwrap_or_default()));
        metrics::gauge!("yinxin_ocsp_without_place").set(f64_of(round.without_place));
    }
}

/// States that are looked up when asked for.
async fn gauges(app: &App) {
    let on = |condition: bool| if condition { 1.0 } else { 0.0 };
    let sound = matches!(app.store().standing(), Standing::Sound);
    metrics::gauge!("yinxin_journal_sound").set(on(sound));
    metrics::gauge!("yinxin_signing_key_quarantined").set(on(app
        .ca()
        .signing_generations()
        .iter()
        .any(ca::Ca::is_quarantined)));
    ocsp(app);
    if let Some(authority) = app.timestamp() {
        let health = authority.health();
        metrics::gauge!("yinxin_timestamp_able").set(on(health.is_able()));
        metrics::gauge!("yinxin_clock_steps").set(f64::from(health.steps));
        if let Some((said, age)) = health.comparison {
            metrics::gauge!("yinxin_clock_offset_seconds").set(said.offset.as_secs_f64());
            metrics::gauge!("yinxin_clock_compared_seconds_ago").set(age.as_secs_f64());
        }
    }
    if let Some(replica) = app.replica()
        && let Ok(health) = replica.health().await
    {
        let delay = u64::try_from(health.delay_seconds).unwrap_or_default();
        metrics::gauge!("yinxin_directory_replica_delay_seconds").set(f64_of(delay));
        metrics::gauge!("yinxin_directory_replica_refused").set(f64_of(health.refused));
        metrics::gauge!("yinxin_directory_replica_able").set(on(health.trouble.is_none()));
    }
    if let Ok(size) = app.store().size().await {
        metrics::gauge!("yinxin_journal_records").set(f64_of(size));
    }
    if let Some(kmc) = app.kmc()
        && let Ok(counts) = kmc.statistics().await
    {
        let stores = [
            ("standby", counts.standby),
            ("in_use", counts.in_use()),
            ("history", counts.history()),
        ];
        for (place, pairs) in stores {
            metrics::gauge!("yinxin_kmc_pairs", "store" => place).set(f64_of(pairs));
        }
    }
}

/// Figures beyond 2^32 lose their last digits, which a plot does not show.
fn f64_of(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}
