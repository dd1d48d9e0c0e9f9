//! Connections of HTTP: how many, how many of one source, and how long a client may take for the head of
//! a request. A client that sends it slowly or not at all is let go (slow loris), and so is one that reads
//! its answer slowly or not at all; one with too long a head is told so (431).

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tower::Service;

use crate::ldap::limits::Doors;
use crate::progress::Progress;

/// Longest head of a request, in octets.
const MAX_HEAD: usize = 64 << 10;
/// How long telling a client that there is no place may take.
const LAST_WORD: Duration = Duration::from_secs(2);
/// Clients that are being told so at a time; more are dropped.
const MOST_TOLD: usize = 256;
/// How long requests under way may take to finish when the service stops.
const LAST_REQUESTS: Duration = Duration::from_secs(35);
const NO_PLACE: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nConnection: close\r\n\
    Content-Type: text/plain; charset=utf-8\r\nContent-Length: 37\r\n\r\n\
    \xe8\xbf\x9e\xe6\x8e\xa5\xe6\x95\xb0\xe5\xb7\xb2\xe6\xbb\xa1\xef\xbc\x8c\xe8\xaf\xb7\xe7\xa8\x8d\
    \xe5\x90\x8e\xe9\x87\x8d\xe8\xaf\x95\xe3\x80\x82\n";

/// What connections may take.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Most in all.
    pub most: usize,
    /// Most of one source.
    pub most_of_one: usize,
    /// Reverse proxies, which speak for many.
    pub proxies: Vec<IpAddr>,
    /// How long the head of a request may take.
    pub head: Duration,
    /// How long an answer may get no further.
    pub stalled: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let (most, most_of_one) = (1_024, 1_024);
        let (head, stalled) = (Duration::from_secs(30), Duration::from_secs(15));
        Self { most, most_of_one, proxies: Vec::new(), head, stalled }
    }
}

impl Limits {
    /// Whether many may stand behind an address.
    fn speaks_for_many(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_loopback() || self.proxies.contains(&address)
    }
}

/// Takes connections until told to stop, then lets those under way finish.
pub(crate) async fn accept(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    mut stop: watch::Receiver<bool>,
) {
    let most_of_one = limits.most_of_one;
    let doors = Doors::new("yinxin_http_connections", limits.most, most_of_one);
    let (all, told) = (&mut JoinSet::new(), &mut JoinSet::new());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.changed() => break,
        };
        while all.try_join_next().is_some() {}
        while told.try_join_next().is_some() {}
        match accepted {
            Ok((stream, peer)) => {
                let many = limits.speaks_for_many(peer.ip());
                match doors.enter_as(peer.ip(), many) {
                    Some(place) => {
                        let (router, stop) = (router.clone(), stop.clone());
                        let (head, stalled) = (limits.head, limits.stalled);
                        all.spawn(async move {
                            serve(stream, (router, peer), (head, stalled), stop).await;
                            drop(place);
                        });
                    }
                    None if told.len() < MOST_TOLD => {
                        told.spawn(turn_away(stream));
                    }
                    None => drop(stream),
                }
            }
            Err(error) => {
                // Such as too many open files: others will close.
                tracing::warn!(%error, "a connection could not be taken");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop(listener);
    let rest = async { while all.join_next().await.is_some() {} };
    if timeout(LAST_REQUESTS, rest).await.is_err() {
        tracing::warn!("connections were cut at the end");
    }
}

async fn turn_away(mut stream: TcpStream) {
    metrics::counter!("yinxin_http_refused_total").increment(1);
    let _ = timeout(LAST_WORD, async {
        stream.write_all(NO_PLACE).await?;
        stream.shutdown().await
    })
    .await;
}

async fn serve(
    stream: TcpStream,
    (router, peer): (Router, SocketAddr),
    (head, stalled): (Duration, Duration),
    mut stop: watch::Receiver<bool>,
) {
    let _ = stream.set_nodelay(true);
    let stream = Progress::new(stream, stalled);
    let router = Arc::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        let mut router = Router::clone(&router);
        async move {
            Ok::<_, Infallible>(router.call(request).await.unwrap_or_else(|never| match never {}))
        }
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD);
    let mut connection = pin!(builder.serve_connection(TokioIo::new(stream), service));
    let mut is_stopping = *stop.borrow();
    if is_stopping {
        connection.as_mut().graceful_shutdown();
    }
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::trace!(%error, "a connection ended");
                }
                return;
            }
            _ = stop.changed(), if !is_stopping => {
                is_stopping = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_for_those_without_a_place_is_as_long_as_it_says() {
        let text = std::str::from_utf8(NO_PLACE).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        assert_eq!(length.parse(), Ok(body.len()));
        assert!(head.contains("Retry-After: 1"));
    }
}
