//! The HTTP listener against clients that are slow, silent, many, or send too much.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use crate::world;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use app::Settings;
use world::World;

async fn served(change: impl FnOnce(&mut Settings)) -> (World, web::Running) {
    let world = World::with(|settings| {
        settings.server.listen = "127.0.0.1:0".parse().unwrap();
        change(settings);
    })
    .await;
    let running = web::serve(world.institution.clone()).await.unwrap();
    (world, running)
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    stream
}

/// Everything that comes until the other side closes.
fn rest(mut stream: TcpStream) -> String {
    let mut octets = Vec::new();
    let _ = stream.read_to_end(&mut octets);
    String::from_utf8_lossy(&octets).into_owned()
}

/// One request on a connection of its own.
fn ask(address: SocketAddr, path: &str, fields: &str) -> String {
    let mut stream = connect(address);
    let head = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{fields}\r\n");
    let _ = stream.write_all(head.as_bytes());
    rest(stream)
}

/// Runs what blocks beside the server.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_head_a_silent_connection_and_an_idle_one_are_let_go() {
    let (_world, running) = served(|settings| settings.limits.header_seconds = 1).await;
    let address = running.address();
    let ends = beside(move || {
        let silent = connect(address);
        let mut slow = connect(address);
        slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: te").unwrap();
        let mut idle = connect(address);
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        [rest(silent), rest(slow), rest(idle)]
    });
    let [silent, slow, idle] = ends.await;
    assert!(!silent.contains("200 OK") && !slow.contains("200 OK"), "{silent} {slow}");
    assert!(idle.starts_with("HTTP/1.1 200 OK"), "{idle}");
    running.stop().await.unwrap();
}

/// Whoever asks again and again and never reads is let go: the answers fill what the systems keep between
/// the two, and from then on nothing gets on.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_its_answers_is_let_go() {
    let (_world, running) = served(|settings| settings.limits.stalled_seconds = 1).await;
    let address = running.address();
    beside(move || {
        let mut stream = connect(address);
        stream.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        let request = b"GET /api/openapi.json HTTP/1.1\r\nHost: test\r\n\r\n";
        let (begin, mut at) = (Instant::now(), 0);
        loop {
            assert!(begin.elapsed() < Duration::from_secs(60), "it still holds its connection");
            match stream.write(&request[at..]) {
                Ok(wrote) => at = (at + wrote) % request.len(),
                Err(error) if is_full(&error) => {}
                Err(_) => break,
            }
        }
        assert!(ask(address, "/healthz", "").ends_with("ok\n"), "others are answered");
    })
    .await;
    running.stop().await.unwrap();
}

/// Nothing more fits in just now.
fn is_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_is_too_long_is_refused_and_others_are_answered() {
    let (_world, running) = served(|_| ()).await;
    let address = running.address();
    let (long, many, fine) = beside(move || {
        let long = ask(address, "/healthz", &format!("X-Long: {}\r\n", "a".repeat(1 << 20)));
        let many = ask(address, "/healthz", &"X-Many: a\r\n".repeat(5_000));
        (long, many, ask(address, "/healthz", ""))
    })
    .await;
    for refused in [&long, &many] {
        assert!(!refused.contains("200 OK"), "{refused}");
        assert!(refused.is_empty() || refused.starts_with("HTTP/1.1 431"), "{refused}");
    }
    assert!(fine.starts_with("HTTP/1.1 200 OK"), "{fine}");
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_are_told_to_come_back_and_room_is_made() {
    let (_world, running) = served(|settings| settings.limits.connections = 20).await;
    let address = running.address();
    let (told, served) = beside(move || {
        let kept: Vec<_> = (0..20).map(|_| connect(address)).collect();
        // The last of them is counted once it is taken: others are told until then and after.
        let told = loop {
            let answer = ask(address, "/healthz", "");
            if answer.starts_with("HTTP/1.1 503") {
                break answer;
            }
        };
        drop(kept);
        let served = loop {
            let answer = ask(address, "/healthz", "");
            if answer.starts_with("HTTP/1.1 200") {
                break answer;
            }
            std::thread::sleep(Duration::from_millis(20));
        };
        (told, served)
    })
    .await;
    assert!(told.contains("Retry-After: 1"), "{told}");
    assert!(served.ends_with("ok\n"), "{served}");
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn idle_connections_hold_up_nobody() {
    let (_world, running) = served(|_| ()).await;
    let address = running.address();
    let answers = beside(move || {
        let mut idle: Vec<_> = (0..400).map(|_| connect(address)).collect();
        for stream in idle.iter_mut().take(200) {
            stream.write_all(b"POST /ocsp HTTP/1.1\r\nHost: test\r\nContent-Le").unwrap();
        }
        let answers: Vec<_> = (0..50).map(|_| ask(address, "/healthz", "")).collect();
        drop(idle);
        answers
    });
    assert!(answers.await.iter().all(|answer| answer.starts_with("HTTP/1.1 200")));
    running.stop().await.unwrap();
}

/// Whoever says that much comes, and sends nothing, takes room from nobody.
#[tokio::test(flavor = "multi_thread")]
async fn uploads_that_send_nothing_stop_no_other() {
    let (_world, running) = served(|_| ()).await;
    let address = running.address();
    let answer = beside(move || {
        let head = |fields: &str| {
            let kind = "Content-Type: application/octet-stream";
            format!("POST /svs HTTP/1.1\r\nHost: test\r\n{kind}\r\n{fields}\r\n\r\n")
        };
        let silent = (0..40).map(|_| {
            let mut stream = connect(address);
            let fields = "Expect: 100-continue\r\nTransfer-Encoding: chunked";
            stream.write_all(head(fields).as_bytes()).unwrap();
            // Its body is waited for.
            let mut told = [0; 21];
            stream.read_exact(&mut told).unwrap();
            assert_eq!(&told, b"HTTP/1.1 100 Continue");
            stream
        });
        let silent: Vec<_> = silent.collect();
        let large = vec![0x30; 10 << 20];
        let mut stream = connect(address);
        let fields = format!("Connection: close\r\nContent-Length: {}", large.len());
        stream.write_all(head(&fields).as_bytes()).unwrap();
        stream.write_all(&large).unwrap();
        let answer = rest(stream);
        drop(silent);
        answer
    })
    .await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
    running.stop().await.unwrap();
}

/// What one source asks too often takes nothing from others; pages and health are not counted.
#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_asks_too_often_is_told_when_to_come_back() {
    let (_world, running) = served(|settings| {
        settings.server.trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        settings.limits.ocsp_per_second = 1;
        settings.limits.tsa_per_second = 1;
        settings.limits.verify_per_second = 1;
        settings.limits.lists_per_second = 1;
    })
    .await;
    let address = running.address();
    beside(move || {
        let from = |source: &str| format!("X-Forwarded-For: {source}\r\n");
        // Of what keys sign with, only claims that are wrong are counted.
        for path in [
            "/ocsp/MEM",
            "/tsa",
            "/api/verify/certificate",
            "/verify",
            "/crl/issuing.crl",
            "/api/sign/keys",
        ] {
            let mut refused = None;
            for _ in 0..60 {
                let answer = ask(address, path, &from("198.51.100.1"));
                if answer.starts_with("HTTP/1.1 429") {
                    refused = Some(answer);
                    break;
                }
            }
            let refused = refused.unwrap_or_else(|| panic!("{path} is not limited"));
            let head = refused.to_lowercase();
            assert!(head.contains("\r\nretry-after: "), "{path}: {refused}");
            let other = ask(address, path, &from("198.51.100.2"));
            assert!(!other.starts_with("HTTP/1.1 429"), "{path}: {other}");
        }
        for _ in 0..60 {
            let answer = ask(address, "/healthz", &from("198.51.100.1"));
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        }
    })
    .await;
    running.stop().await.unwrap();
}

/// Stopping finishes what is under way and takes nothing new.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_ends_its_idle_connections() {
    let (_world, running) = served(|_| ()).await;
    let address = running.address();
    let mut idle = beside(move || {
        let mut idle = connect(address);
        idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        let mut first = [0; 15];
        idle.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200 OK");
        idle
    })
    .await;
    running.stop().await.unwrap();
    beside(move || {
        let mut octets = Vec::new();
        idle.read_to_end(&mut octets).unwrap();
        assert!(TcpStream::connect(address).is_err());
    })
    .await;
}
