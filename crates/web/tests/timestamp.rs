//! Timestamps over HTTP: OpenSSL asks, we answer, and what is no request is refused plainly.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::door;
use crate::world;

use std::process::Command;

use axum::body::Body;
use axum::http::Request as HttpRequest;
use door::{Answer, ask, get};
use pki::tsp::{Failure, Format, HashAlgorithm, Imprint, Reply, Request, Token};
use world::World;

const QUERY: &str = "application/timestamp-query";

async fn opened() -> World {
    let world = World::with(|settings| {
        settings.timestamp.enabled = true;
        // The clock of this world stands still, so no step counts.
        settings.timestamp.step = u32::MAX;
    })
    .await;
    world.institution.keep_timestamp_key().await.unwrap();
    world
}

async fn post(world: &World, path: &str, kind: &str, body: &[u8]) -> Answer {
    let request = HttpRequest::builder().method("POST").uri(path).header("content-type", kind);
    ask(world, request.body(Body::from(body.to_vec())).unwrap()).await
}

fn granted(answer: &Answer) -> Box<Token> {
    assert_eq!(answer.status.as_u16(), 200);
    assert_eq!(answer.field("content-type"), "application/timestamp-reply");
    assert_eq!(answer.field("cache-control"), "no-store");
    match Reply::from_der(&answer.body).unwrap() {
        Reply::Granted(token) => token,
        Reply::Refused { failure, text } => panic!("{failure:?} {text:?}"),
    }
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_asks_and_reads_the_answer_and_verifies_the_signature() {
    let world = opened().await;
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    std::fs::write(path("data"), "电子公文").unwrap();
    let pem = get(&world, "/tsa/certificate.pem", &[]).await;
    std::fs::write(path("tsa.pem"), &pem.body).unwrap();
    let key = run(&["x509", "-in", &path("tsa.pem"), "-pubkey", "-noout"]);
    std::fs::write(path("key.pem"), key).unwrap();
    for (digest, more) in [("-sm3", "-cert"), ("-sha256", "-no_nonce")] {
        let (data, query) = (path("data"), path("q.tsq"));
        run(&["ts", "-query", digest, more, "-data", &data, "-out", &query]);
        let asked = std::fs::read(&query).unwrap();
        let answer = post(&world, "/tsa/rfc3161", QUERY, &asked).await;
        let token = granted(&answer);
        assert_eq!(token.format(), Format::Rfc);
        token.answers(&Request::from_der(&asked).unwrap()).unwrap();
        std::fs::write(path("r.tsr"), &answer.body).unwrap();
        let text = run(&["ts", "-reply", "-text", "-in", &path("r.tsr")]);
        assert!(text.contains("Status: Granted.") && text.contains("Ordering: no"), "{text}");
        let (signed, signature) = token.signed();
        std::fs::write(path("signed"), signed).unwrap();
        std::fs::write(path("signature"), signature.to_der()).unwrap();
        let judged = run(&[
            "dgst",
            "-sm3",
            "-sigopt",
            "distid:1234567812345678",
            "-verify",
            &path("key.pem"),
            "-signature",
            &path("signature"),
            &path("signed"),
        ]);
        assert!(judged.contains("Verified OK"), "{judged}");
        // The same request at the other address: the content types of GM/T 0010.
        let token = granted(&post(&world, "/tsa", QUERY, &asked).await);
        assert_eq!(token.format(), Format::Gm);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_a_bit_and_what_is_no_timestamp_query_a_status() {
    let world = opened().await;
    let asked = Request::new(Imprint::of(HashAlgorithm::Sm3, b"x"), None, None, false);
    granted(&post(&world, "/tsa", "Application/Timestamp-Query; v=1", asked.der()).await);
    let refused = post(&world, "/tsa", QUERY, b"x").await;
    assert_eq!(refused.status.as_u16(), 200);
    let read = Reply::from_der(&refused.body).unwrap();
    assert!(matches!(read, Reply::Refused { failure: Some(Failure::BadDataFormat), .. }));
    for (kind, body, status) in [
        ("application/json", asked.der(), 415),
        ("", asked.der(), 415),
        (QUERY, &vec![0x30; 1 << 20][..], 413),
    ] {
        let answer = post(&world, "/tsa", kind, body).await;
        assert_eq!(answer.status.as_u16(), status, "{kind}");
        assert_eq!(answer.field("content-type"), "application/problem+json");
    }
    assert_eq!(get(&world, "/tsa", &[]).await.status.as_u16(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_and_its_state_are_told_where_people_look() {
    let world = opened().await;
    let page = get(&world, "/downloads", &[("accept", "text/html")]).await;
    let text = String::from_utf8(page.body).unwrap();
    for expected in ["/tsa</code>", "/tsa/rfc3161", "/tsa/certificate.cer"] {
        assert!(text.contains(expected), "{expected}");
    }
    let der = get(&world, "/tsa/certificate.cer", &[]).await;
    let certificate = pki::Certificate::from_der(&der.body).unwrap();
    assert!(pki::tsp::is_time_stamping(&certificate));
    // The first look installs what keeps the figures.
    get(&world, "/metrics", &[]).await;
    let figures = get(&world, "/metrics", &[]).await;
    let figures = String::from_utf8(figures.body).unwrap();
    assert!(figures.contains("yinxin_timestamp_able 1"), "{figures}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_institution_without_the_service_says_so() {
    let world = World::new().await;
    assert_eq!(post(&world, "/tsa", QUERY, b"x").await.status.as_u16(), 404);
    assert_eq!(get(&world, "/tsa/certificate.cer", &[]).await.status.as_u16(), 404);
    let page = get(&world, "/downloads", &[("accept", "text/html")]).await;
    assert!(!String::from_utf8(page.body).unwrap().contains("/tsa"));
}
