//! The signing service for applications: a key is ordered by one person and confirmed by another in
//! the browser, made in the device with the institution's certificates, used over REST, GM/T 0029
//! and GM/T 0020 within its operations and its quota, and stopped with effect at once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod judged;

use crate::browser;
use crate::door;
use crate::way;
use crate::world;

use access::signature::{Outgoing, sign};
use access::{ClientId, Custodians};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use browser::{Browser, text};
use door::{Answer, ask, signed};
use gm::sm2::PrivateKey;
use gm::{OsRandom, Signature, UserId, sm2};
use http_body_util::BodyExt;
use pki::message::SignedData;
use pki::svs::{self, Code, Content, Reply, SGD_SM3_SM2, SignOrder};
use pki::{Certificate, Spki, pem};
use serde_json::{Value, json};
use store::{Filter, Page};
use tower::ServiceExt;
use way::Staff;
use world::World;
use zeroize::Zeroizing;

const CONTENT: &[u8] = "请于三个工作日内补正材料。".as_bytes();

/// An institution with two administrators and an application.
struct At {
    world: World,
    head: Staff,
    guard: Staff,
    client: ClientId,
    key: PrivateKey,
    /// What one process counts: of each source so many.
    router: Router,
}

impl At {
    async fn new() -> Self {
        Self::with(|_| ()).await
    }

    async fn with(change: impl FnOnce(&mut app::Settings)) -> Self {
        let world = World::with(|settings| {
            settings.institution.credit_code = way::CODE.into();
            change(settings);
        })
        .await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(way::key()), Staff(way::key()));
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch.0);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let guard = chief.appoint(access, "guard", "security_admin").await;
        let (client, key) = application(&world, "公文交换").await;
        let router = web::router(world.institution.clone());
        Self { world, head, guard, client, key, router }
    }

    async fn browser(&self, staff: &Staff) -> Browser {
        Browser::with(&staff.token(self.world.institution.access()).await)
    }

    /// Signed by one person, who is led back to the keys.
    async fn acts(&self, staff: &Staff, way: (&str, &str), fields: &[(&str, &str)]) {
        let mut browser = self.browser(staff).await;
        let led = browser.post(&self.world, way, fields).await;
        let done = browser.sign(&self.world, &led, &staff.0).await;
        assert_eq!(done.status.as_u16(), 303, "{}", text(&done));
        assert!(done.field("location").starts_with("/admin/signing"), "{}", done.field("location"));
    }

    async fn order(&self, operations: &[&str], per_day: &str) {
        let client = self.client.to_string();
        let mut fields = vec![
            ("client", client.as_str()),
            ("name", "公文交换系统"),
            ("per_second", "100"),
            ("per_day", per_day),
            ("reason", "公文签章"),
        ];
        fields.extend(operations.iter().map(|word| ("operations", *word)));
        let way = ("/admin/signing/new", "/admin/signing/new");
        self.acts(&self.head, way, &fields).await;
    }

    async fn confirm(&self) {
        let way = ("/admin/signing/1", "/admin/signing/1/decision");
        self.acts(&self.guard, way, &[("decision", "confirm")]).await;
        self.world.pass(60);
    }

    /// A key that is in use.
    async fn with_key(operations: &[&str], per_day: &str) -> Self {
        Self::new().await.in_use(operations, per_day).await
    }

    async fn in_use(self, operations: &[&str], per_day: &str) -> Self {
        self.order(operations, per_day).await;
        self.confirm().await;
        self
    }

    /// A request of GM/T 0029 in DER, signed by the client.
    async fn svs(&self, body: svs::Body) -> (Answer, Reply) {
        let der = svs::Request { body, at: self.world.now() }.to_der();
        let request = Request::builder()
            .method("POST")
            .uri("/svs")
            .header("content-type", "application/octet-stream");
        let signed = headers(&self.world, (&self.client, &self.key), ("POST", "/svs"), &der);
        let request = signed.iter().fold(request, |r, (name, value)| r.header(name, value));
        let answer = self.counted(request.body(Body::from(der)).unwrap()).await;
        let reply = Reply::from_der(&answer.body).unwrap();
        (answer, reply)
    }

    /// A form of GM/T 0029, with a header field.
    async fn form(&self, kind: &str, field: (&str, &str), body: &'static str) -> Answer {
        let request = Request::builder()
            .method("POST")
            .uri(format!("/svs/{kind}"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header(field.0, field.1);
        self.counted(request.body(Body::from(body)).unwrap()).await
    }

    /// Asks the one router, which counts.
    async fn counted(&self, mut request: Request<Body>) -> Answer {
        let peer = std::net::SocketAddr::from(([203, 0, 113, 77], 40_000));
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    async fn call(&self, method: &str, path: &str, body: Value) -> Answer {
        call(&self.world, (&self.client, &self.key), (method, path), body).await
    }

    async fn done(&self, path: &str, body: Value) -> Value {
        let answer = self.call("POST", path, body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }

    async fn records(&self, kind: &str) -> Vec<store::Stored> {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        self.world.institution.store().records(&filter, Page::default()).await.unwrap()
    }
}

async fn application(world: &World, name: &str) -> (ClientId, PrivateKey) {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let spki = Spki::of(key.public_key());
    let body = json!({
        "name": name,
        "public_key": pem::encode("PUBLIC KEY", spki.der()).unwrap(),
        "roles": "application",
    });
    let answer = signed(world, "POST", "/api/v1/clients", body.to_string().as_bytes()).await;
    assert_eq!(answer.status.as_u16(), 201, "{}", String::from_utf8_lossy(&answer.body));
    (answer.json()["id"].as_str().unwrap().parse().unwrap(), key)
}

fn headers(
    world: &World,
    (client, key): (&ClientId, &PrivateKey),
    (method, path): (&str, &str),
    body: &[u8],
) -> Vec<(String, String)> {
    let outgoing = Outgoing { method, path, query: None, body };
    let moment = (world.now(), &mut OsRandom as &mut dyn gm::Random);
    let headers = sign(&outgoing, client, key, moment).unwrap();
    headers.pairs().into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

async fn call(
    world: &World,
    by: (&ClientId, &PrivateKey),
    (method, path): (&str, &str),
    body: Value,
) -> Answer {
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request =
        Request::builder().method(method).uri(path).header("content-type", "application/json");
    let signed = headers(world, by, (method, path), &body);
    let request = signed.iter().fold(request, |r, (name, value)| r.header(name, value));
    ask(world, request.body(Body::from(body)).unwrap()).await
}

fn octets(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().unwrap()).unwrap()
}

/// Invariant 9: entry and confirmation are two people, and nothing is there before the second.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_ordered_by_one_and_confirmed_by_another() {
    let at = At::new().await;
    at.order(&["data"], "10").await;
    let keys = at.call("GET", "/api/sign/keys", Value::Null).await.json();
    assert_eq!(keys["keys"][0]["state"], "ordered", "{keys:#}");
    let early = at.call("POST", "/api/sign/data", json!({ "key": 1, "content": "YQ==" })).await;
    assert_eq!(early.json()["code"], "signing.not_active");
    // Who ordered sees no form to confirm, and can't by an address of their own.
    let mut own = at.browser(&at.head).await;
    let page = text(&own.get(&at.world, "/admin/signing/1").await);
    assert!(page.contains("待复核") && !page.contains("decision-confirm"), "{page}");
    let way = ("/admin/signing/1", "/admin/signing/1/decision");
    let refused = own.post(&at.world, way, &[("decision", "confirm")]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert!(text(&refused).contains("由两个人完成"));
    at.confirm().await;
    let keys = at.call("GET", "/api/sign/keys", Value::Null).await.json();
    let key = &keys["keys"][0];
    assert_eq!(key["state"], "active", "{keys:#}");
    let sign = Certificate::from_der(&octets(&key["sign_certificate"])).unwrap();
    let enc = Certificate::from_der(&octets(&key["enc_certificate"])).unwrap();
    assert_eq!(sign.subject(), enc.subject());
    assert_eq!(sign.subject().common_name(), Some("公文交换系统"));
    assert_ne!(sign.public_key().unwrap(), enc.public_key().unwrap(), "dual keys");
    for kind in ["signing.ordered", "signing.decided", "signing.key_made"] {
        assert_eq!(at.records(kind).await.len(), 1, "{kind}");
    }
    // Made once; the sweep finds nothing to do.
    at.world.institution.make_signing_keys().await.unwrap();
    assert_eq!(at.records("signing.key_made").await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn mistakes_come_back_beside_their_fields_and_a_refused_order_makes_no_key() {
    let at = At::new().await;
    let mut browser = at.browser(&at.head).await;
    let way = ("/admin/signing/new", "/admin/signing/new");
    let fields = [("client", "0"), ("name", "保留的名称"), ("per_second", "0"), ("reason", "")];
    let answer = browser.post(&at.world, way, &fields).await;
    assert_eq!(answer.status.as_u16(), 422);
    let page = text(&answer);
    for field in ["client", "operations", "per_second", "per_day", "reason"] {
        assert!(page.contains(&format!("href=\"#{field}\"")), "{field}");
    }
    assert!(page.contains("保留的名称"), "nothing that was typed is lost");
    at.order(&["data"], "10").await;
    let way = ("/admin/signing/1", "/admin/signing/1/decision");
    let fields = [("decision", "reject"), ("decision-reason", "用途不明")];
    at.acts(&at.guard, way, &fields).await;
    let refused = at.call("POST", "/api/sign/data", json!({ "key": 1, "content": "YQ==" })).await;
    assert_eq!(refused.json()["code"], "signing.not_active");
    assert!(at.records("signing.key_made").await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_hold_and_each_is_recorded_before_by_its_digest_alone() {
    let at = At::with_key(&["data", "message"], "100").await;
    let content = STANDARD.encode(CONTENT);
    let made = at.done("/api/sign/data", json!({ "key": 1, "content": content })).await;
    let certificate = Certificate::from_der(&octets(&made["certificate"])).unwrap();
    let key = certificate.public_key().unwrap();
    let signature = Signature::from_der(&octets(&made["signature"])).unwrap();
    sm2::verify(&key, &UserId::default(), CONTENT, &signature).unwrap();
    let e = sm2::digest(&key, &UserId::default(), CONTENT);
    let by_value = at.done("/api/sign/data", json!({ "key": 1, "e": e.to_hex() })).await;
    let signature = Signature::from_der(&octets(&by_value["signature"])).unwrap();
    sm2::verify(&key, &UserId::default(), CONTENT, &signature).unwrap();
    for (detached, attributes) in [(false, false), (true, true)] {
        let body = json!({
            "key": 1, "content": content, "detached": detached, "attributes": attributes
        });
        let made = at.done("/api/sign/message", body).await;
        let message = SignedData::from_der(&octets(&made["message"])).unwrap();
        assert_eq!(message.content().is_none(), detached);
        assert_eq!(message.signers()[0].at().is_some(), attributes);
        let beside = detached.then_some(CONTENT);
        message.verify(beside, &UserId::default()).unwrap();
    }
    let records = at.records("signing.intended").await;
    assert_eq!(records.len(), 4, "each use by itself, at rest");
    let journal: String = records.iter().map(|record| record.leaf.clone()).collect();
    assert!(journal.contains(&e.to_hex()) && journal.contains(at.client.as_str()));
    assert!(!journal.contains(&content) && !journal.contains("补正材料"));
    // And what the verification service says of it.
    let body = json!({ "signature": made["signature"], "content": content,
        "certificate": made["certificate"] });
    let request = Request::builder()
        .method("POST")
        .uri("/api/verify/signature")
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()));
    assert_eq!(ask(&at.world, request.unwrap()).await.json()["verdict"], "passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_envelope_is_made_to_certificates_that_hold_and_opened_by_its_key() {
    let at = At::with_key(&["envelope", "open"], "100").await;
    let keys = at.call("GET", "/api/sign/keys", Value::Null).await.json();
    let own = keys["keys"][0]["enc_certificate"].clone();
    let content = STANDARD.encode(CONTENT);
    let body = json!({ "key": 1, "content": content, "recipients": [own] });
    let made = at.done("/api/sign/envelope", body).await;
    assert_eq!(made["trust_snapshot"].as_str().unwrap().len(), 64);
    let opened = at.done("/api/sign/open", json!({ "key": 1, "envelope": made["envelope"] })).await;
    assert_eq!(opened["content"], content);
    // A certificate for signing is none for encryption.
    let sign = keys["keys"][0]["sign_certificate"].clone();
    let body = json!({ "key": 1, "content": content, "recipients": [sign] });
    let refused = at.call("POST", "/api/sign/envelope", body).await;
    assert_eq!(refused.json()["code"], "signing.recipient");
    // One that was revoked is none either.
    let serial = Certificate::from_der(&octets(&own)).unwrap().serial().to_hex();
    let revoke = b"{\"reason\":\"keyCompromise\"}";
    let path = format!("/api/v1/certificates/{serial}/revoke");
    assert_eq!(signed(&at.world, "POST", &path, revoke).await.status.as_u16(), 200);
    at.world.pass(60);
    let body = json!({ "key": 1, "content": content, "recipients": [own] });
    let refused = at.call("POST", "/api/sign/envelope", body).await;
    assert_eq!(refused.json()["code"], "signing.recipient", "{:#}", refused.json());
    for envelope in [STANDARD.encode(b"x"), STANDARD.encode([0x30, 0])] {
        let body = json!({ "key": 1, "envelope": envelope });
        let refused = at.call("POST", "/api/sign/open", body).await;
        assert_eq!(refused.json()["code"], "signing.envelope");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_serves_its_client_and_its_operations_alone_and_not_beyond_its_day() {
    let at = At::with_key(&["data"], "2").await;
    let body = json!({ "key": 1, "content": "YQ==" });
    let message = at.call("POST", "/api/sign/message", body.clone()).await;
    assert_eq!(message.json()["code"], "signing.not_granted");
    let (other, key) = application(&at.world, "另一应用").await;
    let path = ("POST", "/api/sign/data");
    let strange = call(&at.world, (&other, &key), path, body.clone()).await;
    assert_eq!((strange.status.as_u16(), &strange.json()["code"]), (404, &json!("signing.no_key")));
    // The client of the founding is no application.
    let admin = signed(&at.world, "POST", "/api/sign/data", body.to_string().as_bytes()).await;
    assert_eq!(admin.status.as_u16(), 403);
    for _ in 0..2 {
        at.done("/api/sign/data", body.clone()).await;
    }
    let over = at.call("POST", "/api/sign/data", body.clone()).await;
    assert_eq!((over.status.as_u16(), &over.json()["code"]), (429, &json!("signing.per_day")));
    at.world.pass(86_400);
    at.done("/api/sign/data", body).await;
    let mut browser = at.browser(&at.guard).await;
    let page = text(&browser.get(&at.world, "/admin/signing/1").await);
    assert!(page.contains("<td>签名数据</td><td class=\"number\">2</td>"), "{page}");
    assert!(page.contains("/admin/signing/1/uses.csv"), "{page}");
    let file = text(&browser.get(&at.world, "/admin/signing/1/uses.csv").await);
    let counts: Vec<_> =
        file.lines().skip(1).map(|line| line.rsplit(',').next().unwrap()).collect();
    assert_eq!(counts, ["\"1\"", "\"2\""], "the newest day first: {file}");
}

/// Invariant 9: what was revoked for less before a compromise was known waits for another person all the same.
#[tokio::test(flavor = "multi_thread")]
async fn a_compromise_is_confirmed_in_the_browser_also_of_certificates_that_are_revoked() {
    let at = At::with_key(&["data"], "100").await;
    let keys = at.call("GET", "/api/sign/keys", Value::Null).await.json();
    let sign = Certificate::from_der(&octets(&keys["keys"][0]["sign_certificate"])).unwrap();
    let path = format!("/api/v1/certificates/{}/revoke", sign.serial().to_hex());
    let revoked = signed(&at.world, "POST", &path, b"{\"reason\":\"cessationOfOperation\"}").await;
    assert_eq!(revoked.status.as_u16(), 200);
    let way = ("/admin/signing/1", "/admin/signing/1/stop");
    at.acts(&at.guard, way, &[("cause", "compromise"), ("stop-reason", "密码机房失窃")]).await;
    let way = ("/admin/signing/1", "/admin/signing/1/ending");
    at.acts(&at.head, way, &[("read", "yes")]).await;
    let record = at.world.institution.ca().find(&sign.serial()).await.unwrap().unwrap().record;
    let reason = ca::RevocationReason::KeyCompromise;
    assert!(matches!(record.status, ca::Status::Revoked { reason: found, .. } if found == reason));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_key_signs_nothing_from_then_on() {
    let at = At::with_key(&["data"], "100").await;
    let body = json!({ "key": 1, "content": "YQ==" });
    at.done("/api/sign/data", body.clone()).await;
    let way = ("/admin/signing/1", "/admin/signing/1/stop");
    let mut browser = at.browser(&at.guard).await;
    let unsaid = browser.post(&at.world, way, &[("stop-reason", "应用\u{200b}下线")]).await;
    assert_eq!(unsaid.status.as_u16(), 422);
    for field in ["cause", "stop-reason"] {
        assert!(text(&unsaid).contains(&format!("href=\"#{field}\"")), "{field}");
    }
    at.acts(&at.guard, way, &[("cause", "cessation"), ("stop-reason", "应用下线")]).await;
    let refused = at.call("POST", "/api/sign/data", body).await;
    let found = (refused.status.as_u16(), refused.json()["code"].clone());
    assert_eq!(found, (422, json!("signing.not_active")));
    assert_eq!(at.records("signing.stopped").await.len(), 1);
    assert_eq!(at.records("signing.intended").await.len(), 1, "a refused use leaves no intent");
    let mut browser = at.browser(&at.head).await;
    let list = text(&browser.get(&at.world, "/admin/signing?state=stopped&q=公文").await);
    assert!(list.contains("公文交换系统") && list.contains("已停用"), "{list}");
    let file = browser.get(&at.world, "/admin/signing/export.csv").await;
    assert!(text(&file).contains("\"公文交换系统\""));
}

/// Invariant 9: who stopped the key sees that another person is waited for, and that person revokes.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_a_stopped_key_are_revoked_by_another_person_in_the_browser() {
    let at = At::with_key(&["data"], "100").await;
    let way = ("/admin/signing/1", "/admin/signing/1/stop");
    at.acts(&at.guard, way, &[("cause", "compromise"), ("stop-reason", "密码机房失窃")]).await;
    let mut own = at.browser(&at.guard).await;
    let page = text(&own.get(&at.world, "/admin/signing/1").await);
    assert!(page.contains("已暂停") && page.contains("由停用人以外的人复核"), "{page}");
    assert!(!page.contains("/admin/signing/1/ending"), "{page}");
    let way = ("/admin/signing/1", "/admin/signing/1/ending");
    let mut other = at.browser(&at.head).await;
    let unread = other.post(&at.world, way, &[]).await;
    assert_eq!(unread.status.as_u16(), 422);
    assert!(text(&unread).contains("href=\"#read\""));
    at.acts(&at.head, way, &[("read", "yes")]).await;
    let page = text(&other.get(&at.world, "/admin/signing/1").await);
    assert!(page.contains("已撤销") && page.contains("密钥已经或者可能被他人使用"), "{page}");
    assert_eq!(at.records("certificate.revoked").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_signs_by_gm_t_0029_and_gm_t_0020() {
    let at = At::with_key(&["data", "message"], "100").await;
    let order = SignOrder {
        method: SGD_SM3_SM2,
        key: 1,
        key_value: Zeroizing::new(Vec::new()),
        data: CONTENT.to_vec(),
    };
    let svs = async |body: svs::Body| at.svs(body).await.1;
    let keys = at.call("GET", "/api/sign/keys", Value::Null).await.json();
    let der = octets(&keys["keys"][0]["sign_certificate"]);
    let public = Certificate::from_der(&der).unwrap().public_key().unwrap();
    let reply = svs(svs::Body::SignData(order.clone())).await;
    let Content::Octets(signature) = reply.content else { panic!("{reply:?}") };
    let signature = Signature::from_der(&signature).unwrap();
    sm2::verify(&public, &UserId::default(), CONTENT, &signature).unwrap();
    let attached = svs::Options { content: Some(true), ..svs::Options::default() };
    let reply = svs(svs::Body::SignMessage(order.clone(), attached)).await;
    let Content::Octets(message) = reply.content else { panic!("{reply:?}") };
    SignedData::from_der(&message).unwrap().verify(None, &UserId::default()).unwrap();
    let chain = svs::Options { chain: Some(true), ..svs::Options::default() };
    let refused = svs(svs::Body::SignMessage(order.clone(), chain)).await;
    assert_eq!(refused.code, Code::InvalidFormat);
    let none = svs(svs::Body::SignData(SignOrder { key: 9, ..order.clone() })).await;
    assert_eq!(none.code, Code::KeyIndex);
    let rsa = svs(svs::Body::SignData(SignOrder { method: 0x0001_0001, ..order })).await;
    assert_eq!(rsa.code, Code::SignMethod);
    let body = json!({ "containerName": "1", "inData": STANDARD.encode(CONTENT) });
    let made = at.done("/api/sof/SOF_SignData", body.clone()).await;
    let signature = Signature::from_der(&octets(&made["result"])).unwrap();
    sm2::verify(&public, &UserId::default(), CONTENT, &signature).unwrap();
    let made = at.done("/api/sof/SOF_SignMessageDetach", body.clone()).await;
    let message = SignedData::from_der(&octets(&made["result"])).unwrap();
    message.verify(Some(CONTENT), &UserId::default()).unwrap();
    let refused = at.done("/api/sof/SOF_DecryptData", body).await;
    assert_eq!(refused["code"], 0x0b00_0416, "{refused:#}");
}
