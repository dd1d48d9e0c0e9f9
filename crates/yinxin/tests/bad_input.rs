//! Bad input at the REST door: each is refused with its status, a stable code and a Chinese
//! sentence; nothing is left half-done; an order that was refused stands in the journal.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod support;

#[path = "bad_input/bent.rs"]
mod bent;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use bent::{Refusal, bad_requests, new_key};
use serde_json::{Value, json};
use support::{Answer, World, request_pem};

const ORDERS: &str = "/api/v1/requests";

#[test]
fn orders_that_must_not_be_accepted_are_refused_whole_and_journaled() {
    let desk = Desk::new();
    for (at, (name, csr, refusal)) in bad_requests().into_iter().enumerate() {
        let id = format!("bad-{at}");
        desk.refuses(name, &order(&id, "person", &csr), refusal);
        desk.journal_says(name, &id, refusal.1);
    }
}

#[test]
fn a_subject_beyond_the_bounds_is_refused_whole_and_journaled() {
    let desk = Desk::new();
    let mut body = order("long", "person", &request_pem(&new_key(), "张三"));
    body["subject"] = json!({ "common_name": "长".repeat(65) });
    desk.refuses("a name of 65 characters", &body, (422, "plan.subject-text"));
    desk.journal_says("a name of 65 characters", "long", "plan.subject-text");
    // The refusal is final: the same order again gets the same answer.
    desk.refuses("the same again", &body, (422, "app.request_refused"));
}

#[test]
fn a_key_belongs_to_one_subject_and_one_certificate() {
    let desk = Desk::new();
    let key = new_key();
    desk.accepts(&order("first", "person", &request_pem(&key, "张三")));
    let other = order("other", "person", &request_pem(&key, "李四"));
    desk.refuses("the key of another", &other, (422, "ca.key.other-subject"));
    desk.journal_says("the key of another", "other", "ca.key.other-subject");
    let again = order("again", "person", &request_pem(&key, "张三"));
    desk.refuses("a key in use", &again, (422, "ca.key.in-use"));
    desk.journal_says("a key in use", "again", "ca.key.in-use");
}

#[test]
fn an_id_stands_for_one_order() {
    let desk = Desk::new();
    let key = new_key();
    let first = order("one", "person", &request_pem(&key, "张三"));
    let answer = desk.accepts(&first);
    assert_eq!(desk.accepts(&first)["response"], answer["response"], "the same bytes again");
    let other = order("one", "person", &request_pem(&new_key(), "张三"));
    desk.refuses("the id of another order", &other, (409, "app.request_differs"));
    let unknown = order("two", "nobody", &request_pem(&key, "张三"));
    desk.refuses("a kind that is none", &unknown, (400, "app.no_kind"));
    let unnamed = order("a b", "person", &request_pem(&key, "张三"));
    desk.refuses("an id with a space", &unnamed, (400, "ca.request-id"));
}

#[test]
fn bodies_that_are_no_order_are_refused() {
    let desk = Desk::new();
    let send = |body: &[u8]| desk.send_all(body);
    let good = order("x", "person", &request_pem(&new_key(), "张三"));
    let mut surplus = good.clone();
    surplus["ca"] = json!(true);
    let mut missing = good;
    missing.as_object_mut().unwrap().remove("csr");
    let zeros = vec![0; 10_000_000];
    let cases: [(&str, Vec<u8>, Refusal); 6] = [
        ("half an object", b"{\"request_id\":".to_vec(), (400, "web.json")),
        ("no object", b"[1, 2]".to_vec(), (400, "web.json")),
        ("a field that is none", serde_json::to_vec(&surplus).unwrap(), (400, "web.json")),
        ("a field that is missing", serde_json::to_vec(&missing).unwrap(), (400, "web.json")),
        ("not UTF-8", b"{\"request_id\": \"\xff\xfe\"}".to_vec(), (400, "web.json")),
        ("10 MB of zeros", zeros, (413, "web.too_large")),
    ];
    for (name, body, refusal) in cases {
        desk.unchanged(name, || assert_refusal(name, &send(&body), refusal));
    }
}

#[test]
fn requests_that_nobody_signed_now_are_let_in_nowhere() {
    let desk = Desk::new();
    let client = &desk.world.client;
    let body = serde_json::to_vec(&order("x", "person", &request_pem(&new_key(), "张三"))).unwrap();
    let now = jiff::Timestamp::now();
    let at = |seconds: i64| jiff::Timestamp::from_second(now.as_second() + seconds).unwrap();
    let signed = |seconds| client.headers("POST", ORDERS, &body, at(seconds));
    let mut other_body = body.clone();
    other_body[1] = b' ';
    let without = |name: &str| -> Vec<_> {
        signed(0).into_iter().filter(|(header, _)| *header != name).collect()
    };
    type Case<'a> = (&'a str, Vec<(&'static str, String)>, &'a [u8], Refusal);
    let cases: [Case<'_>; 7] = [
        ("unsigned", Vec::new(), &body, (401, "access.missing")),
        ("signed an hour ago", signed(-3600), &body, (401, "access.clock")),
        ("signed in an hour", signed(3600), &body, (401, "access.clock")),
        ("another body", signed(0), &other_body, (401, "access.digest")),
        ("without digest", without("content-digest"), &body, (401, "access.malformed")),
        ("without signature", without("signature"), &body, (401, "access.missing")),
        (
            "for another path",
            client.headers("POST", "/api/v1/crls", &body, now),
            &body,
            (401, "access.signature"),
        ),
    ];
    for (name, headers, body, refusal) in cases {
        let send = || client.send("POST", ORDERS, body, &headers).unwrap();
        desk.unchanged(name, || assert_refusal(name, &send(), refusal));
    }
}

#[test]
fn a_signed_request_counts_once() {
    let desk = Desk::new();
    let client = &desk.world.client;
    let body =
        serde_json::to_vec(&order("once", "person", &request_pem(&new_key(), "张三"))).unwrap();
    let headers = client.headers("POST", ORDERS, &body, jiff::Timestamp::now());
    let first = client.send("POST", ORDERS, &body, &headers).unwrap();
    assert_eq!(first.status, 201, "{}", String::from_utf8_lossy(&first.body));
    desk.unchanged("replayed", || {
        let second = client.send("POST", ORDERS, &body, &headers).unwrap();
        assert_refusal("replayed", &second, (401, "access.replayed"));
    });
}

// --- the desk -----------------------------------------------------------------------------------

/// A service, and what it must not change.
struct Desk {
    world: World,
    _server: support::Server,
}

impl Desk {
    fn new() -> Self {
        let world = World::found("");
        let _server = world.serve(&[]).expect("service starts");
        Self { world, _server }
    }

    fn accepts(&self, order: &Value) -> Value {
        let answer = self.world.client.call("POST", ORDERS, order).unwrap();
        assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    /// Sends these octets, however early the door says no: other clients stop at a broken pipe.
    fn send_all(&self, body: &[u8]) -> Answer {
        let address = self.world.url.strip_prefix("http://").unwrap();
        let headers = self.world.client.headers("POST", ORDERS, body, jiff::Timestamp::now());
        let mut head = format!(
            "POST {ORDERS} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
             Connection: close\r\nContent-Length: {}\r\n",
            body.len()
        );
        headers.iter().for_each(|(name, value)| head += &format!("{name}: {value}\r\n"));
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let _ = stream.write_all(&[head.as_bytes(), b"\r\n", body].concat());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8(answer).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, body: body.as_bytes().to_vec(), retry_after: None }
    }

    fn refuses(&self, name: &str, order: &Value, refusal: Refusal) {
        self.unchanged(name, || {
            let answer = self.world.client.call("POST", ORDERS, order).unwrap();
            assert_refusal(name, &answer, refusal);
        });
    }

    /// Nothing half-done: as many certificates as before, no order left open.
    fn unchanged(&self, name: &str, act: impl FnOnce()) {
        let before = self.certificates();
        act();
        assert_eq!(self.certificates(), before, "{name}: certificates");
        let open = self.world.client.get("/api/v1/requests?state=accepted");
        assert_eq!(open["items"], json!([]), "{name}: open orders");
    }

    fn certificates(&self) -> u64 {
        self.world.client.get("/api/v1/certificates?limit=1")["total"].as_u64().unwrap()
    }

    /// One record of the refusal, with its code and who asked.
    fn journal_says(&self, name: &str, id: &str, code: &str) {
        let found = self.world.client.get(&format!("/api/v1/journal?subject=enrolment:{id}"));
        // Refused at the door, or after it was accepted.
        let refused = ["order.refused", "enrolment.refused"];
        let is_refusal = |record: &&Value| refused.iter().any(|kind| record["kind"] == *kind);
        let records: Vec<_> =
            found["items"].as_array().unwrap().iter().filter(is_refusal).collect();
        let [record] = records.as_slice() else {
            panic!("{name}: {found}");
        };
        assert_eq!(record["body"]["code"], code, "{name}");
        assert!(record["actor"].as_str().unwrap().starts_with("client:"), "{name}: {record}");
    }
}

/// Status, code and a Chinese sentence, as RFC 9457 wants them.
fn assert_refusal(name: &str, answer: &Answer, (status, code): Refusal) {
    let said = answer.json();
    assert_eq!((answer.status, &said["code"]), (status, &json!(code)), "{name}: {said}");
    assert_eq!(said["status"], status, "{name}");
    assert_eq!(said["type"], format!("urn:yinxin:problem:{code}"), "{name}");
    let is_chinese = |text: &Value| {
        let text = text.as_str().unwrap();
        text.chars().next().is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(&c))
    };
    assert!(is_chinese(&said["detail"]) && is_chinese(&said["title"]), "{name}: {said}");
}

fn order(id: &str, kind: &str, csr: &str) -> Value {
    json!({ "request_id": id, "kind": kind, "csr": csr })
}
