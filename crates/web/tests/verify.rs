//! The verification service over HTTP: the interface and the page, right and wrong questions, limits.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::world;

use crate::browser;
use crate::door;

use app::Act;
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use browser::{Browser, field, text};
use door::{Answer, ask, get};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::Certificate;
use serde_json::{Value, json};
use world::World;

const CONTENT: &[u8] = "请于三个工作日内补正材料。".as_bytes();

async fn post(world: &World, path: &str, body: &[u8]) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_vec()));
    ask(world, request.unwrap()).await
}

async fn asked(world: &World, path: &str, body: Value) -> Answer {
    post(world, path, body.to_string().as_bytes()).await
}

async fn issued(world: &World, id: &str) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = world.order(id, "person", Act::New, &key);
    let certificate = world.institution.enrol(order).await.unwrap().sign.certificate;
    world.pass(60);
    (key, certificate)
}

fn check<'a>(report: &'a Value, name: &str) -> &'a Value {
    let checks = report["certificate"]["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{report:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_reported_check_by_check_without_any_signature_of_the_asker() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    for text in [certificate.to_pem().unwrap(), STANDARD.encode(certificate.der())] {
        let terms = json!({ "purpose": "signature" });
        let body = json!({ "certificate": text, "terms": terms });
        let answer = asked(&world, "/api/verify/certificate", body).await;
        assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.body));
        let report = answer.json();
        assert_eq!(
            (&report["verdict"], &report["verdict_text"]),
            (&json!("passed"), &json!("通过"))
        );
        assert_eq!(report["input_sm3"], certificate.fingerprint());
        assert_eq!(report["certificate"]["path"].as_array().unwrap().len(), 3);
        assert_eq!(check(&report, "status")["basis"]["by"], "records");
        assert_eq!(check(&report, "path")["basis"]["number"], report["trust"]["snapshot"]);
    }
    let terms = json!({ "purpose": "encryption" });
    let body = json!({ "certificate": certificate.to_pem().unwrap(), "terms": terms });
    let report = asked(&world, "/api/verify/certificate", body).await.json();
    assert_eq!(report["verdict"], "failed");
    assert_eq!(check(&report, "key-usage")["code"], "key-usage.wrong");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_is_reported_and_a_changed_content_fails() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let value = key.sign(&UserId::default(), CONTENT);
    let body = |content: &[u8]| {
        json!({
            "signature": STANDARD.encode(value.to_der()),
            "content": STANDARD.encode(content),
            "certificate": certificate.to_pem().unwrap(),
        })
    };
    for (content, verdict) in [(CONTENT, "passed"), (b"x", "failed")] {
        let answer = asked(&world, "/api/verify/signature", body(content)).await;
        assert_eq!(answer.json()["verdict"], verdict, "{:#}", answer.json());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_each_of_its_items_and_has_its_bounds() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let pem = certificate.to_pem().unwrap();
    let items = json!([
        { "id": "甲", "certificate": pem },
        { "id": "乙", "certificate": "不是证书" },
        { "certificate": STANDARD.encode([0x30, 0]) },
    ]);
    let answer = asked(&world, "/api/verify/batch", json!({ "items": items })).await;
    let reports = answer.json()["reports"].clone();
    assert_eq!(reports[0]["report"]["verdict"], "passed", "{reports:#}");
    assert_eq!((&reports[0]["id"], &reports[1]["id"]), (&json!("甲"), &json!("乙")));
    assert_eq!(reports[1]["refusal"]["code"], "verify.base64");
    assert_eq!(reports[2]["report"]["verdict"], "failed");
    for count in [0, 101] {
        let items = vec![json!({ "certificate": pem }); count];
        let answer = asked(&world, "/api/verify/batch", json!({ "items": items })).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("verify.batch")));
    }
}

/// Whatever is sent, the answer is a report or a problem that says what to do: never a fault of ours.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_questions_get_problems_and_no_faults() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let pem = certificate.to_pem().unwrap();
    let many = vec![pem.clone(); 33];
    let certificates = [
        (json!({ "certificate": "" }), "verify.certificate"),
        (json!({ "certificate": "???" }), "verify.base64"),
        (json!({ "certificate": STANDARD.encode(vec![0x30; 1 << 20]) }), "verify.certificate"),
        (json!({ "certificate": pem, "terms": { "at": "昨天" } }), "verify.at"),
        (json!({ "certificate": pem, "terms": { "at": "2999-01-01T00:00:00Z" } }), "verify.future"),
        (json!({ "certificate": pem, "terms": { "purpose": "x" } }), "verify.purpose"),
        (json!({ "certificate": pem, "terms": { "policies": ["1.x"] } }), "verify.policies"),
        (json!({ "certificate": pem, "enclosed": { "certificates": many } }), "verify.too_many"),
        (json!({ "certificate": pem, "enclosed": { "crls": ["AAAA"] } }), "verify.enclosed"),
        (json!({ "certificate": pem, "enclosed": { "crls": ["MAA="] } }), "verify.lists"),
        (json!({ "certificate": pem, "enclosed": { "ocsp": ["MAMKAQM="] } }), "verify.answers"),
        (json!({ "certificate": pem, "x": 1 }), "web.json"),
    ];
    for (body, code) in certificates {
        let answer = asked(&world, "/api/verify/certificate", body.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!(code)), "{body}");
    }
    let value = STANDARD.encode([1; 64]);
    let signatures = [
        (json!({ "signature": "AAAA" }), "verify.signature"),
        (json!({ "signature": value }), "verify.nothing_covered"),
        (json!({ "signature": value, "digest": "ab" }), "verify.digest"),
        (
            json!({ "signature": value, "content": "AAAA", "digest": "00".repeat(32) }),
            "verify.digest",
        ),
        (json!({ "signature": value, "e": "xy".repeat(32) }), "verify.digest"),
        (
            json!({ "signature": value, "content": "AAAA", "certificate": "MAA=" }),
            "verify.certificate",
        ),
        (
            json!({ "signature": value, "content": "AAAA", "user_id": "a".repeat(2000) }),
            "verify.user_id",
        ),
        (json!({ "signature": value, "content": "AAAA", "serial": "z" }), "serial.not-hex"),
    ];
    for (body, code) in signatures {
        let answer = asked(&world, "/api/verify/signature", body.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!(code)), "{body}");
    }
    let large = vec![b' '; (8 << 20) + 1];
    assert_eq!(post(&world, "/api/verify/certificate", &large).await.status.as_u16(), 413);
    assert_eq!(get(&world, "/api/verify/certificate", &[]).await.status.as_u16(), 405);
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_anchors_stop_every_question_with_a_word_to_try_later() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let folder = world.institution.layout().trust();
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("他机构.pem"), "x").unwrap();
    let item = json!({ "certificate": certificate.to_pem().unwrap() });
    for (path, body) in [
        ("/api/verify/certificate", item.clone()),
        ("/api/verify/batch", json!({ "items": [item] })),
    ] {
        let answer = asked(&world, path, body).await;
        assert_eq!(answer.status.as_u16(), 503, "{path}");
        assert_eq!(answer.json()["code"], "app.no_trust");
        assert!(!answer.json()["detail"].as_str().unwrap().contains(".pem"), "no paths of ours");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_asks_too_much_is_told_when_to_come_back() {
    let world = World::with(|settings| settings.verification.per_minute = 2).await;
    let (_, certificate) = issued(&world, "r1").await;
    let items = vec![json!({ "certificate": certificate.to_pem().unwrap() }); 3];
    let answer = asked(&world, "/api/verify/batch", json!({ "items": items })).await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (429, &json!("web.too_often")));
    let answer = asked(&world, "/api/verify/batch", json!({ "items": items[..2] })).await;
    assert_eq!(answer.status.as_u16(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_reports_without_scripts_and_keeps_what_was_typed_when_something_is_wrong() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let pem = certificate.to_pem().unwrap();
    let value = STANDARD.encode(key.sign(&UserId::default(), CONTENT).to_raw());
    let mut visitor = Browser::default();
    let fields = [("what", "certificate"), ("c_text", pem.as_str()), ("c_purpose", "signature")];
    let page = text(&visitor.post(&world, ("/verify", "/verify"), &fields).await);
    assert!(
        page.contains("证书验证报告") && page.contains("tag--good tag--large\">通过"),
        "{page}"
    );
    assert!(page.contains("本机构签发，没有暂停或撤销"), "{page}");
    let e = gm::sm2::digest(key.public_key(), &UserId::default(), CONTENT).to_hex();
    let serial = certificate.serial().to_hex();
    let known = [("what", "signature"), ("s_text", value.as_str()), ("s_serial", serial.as_str())];
    let fields = [&known[..], &[("s_e", e.as_str())]].concat();
    let page = text(&visitor.post(&world, ("/verify", "/verify"), &fields).await);
    assert!(
        page.contains("签名验证报告") && page.contains("tag--good tag--large\">通过"),
        "{page}"
    );
    assert!(page.contains("没有上传，本服务只收到杂凑值"), "{page}");
    let wrong = [("s_digest", "ab"), ("s_user", "张三")];
    let fields = [&known[..], &wrong[..]].concat();
    let answer = visitor.post(&world, ("/verify", "/verify"), &fields).await;
    let page = text(&answer);
    assert_eq!(answer.status.as_u16(), 422);
    assert!(
        page.contains("href=\"#s_digest\"") && page.contains("id=\"s_digest-error\""),
        "{page}"
    );
    assert!(
        page.contains(&value) && page.contains(&serial) && page.contains("value=\"张三\""),
        "{page}"
    );
    let nothing = visitor.post(&world, ("/verify", "/verify"), &[("what", "signature")]).await;
    assert_eq!(nothing.status.as_u16(), 422);
    assert!(text(&nothing).contains("id=\"s_signature-error\""));
    let future = [("what", "certificate"), ("c_text", pem.as_str()), ("c_at", "2999-01-01T00:00")];
    let page = text(&visitor.post(&world, ("/verify", "/verify"), &future).await);
    assert!(page.contains("id=\"c_at-error\"") && page.contains("2999-01-01T00:00"), "{page}");
}

/// A form with a file, as browsers without scripts send it.
async fn upload(world: &World, content: &[u8], fields: &[(&str, &str)]) -> Answer {
    let page = get(world, "/verify", &[("accept", "text/html")]).await;
    let cookie = page.field("set-cookie").split(';').next().unwrap().to_owned();
    let token = field(&text(&page), "token");
    let mut body = Vec::new();
    for (name, value) in [&[("token", token.as_str())][..], fields].concat() {
        let head = format!("--x\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend([head.as_bytes(), value.as_bytes(), b"\r\n"].concat());
    }
    body.extend(
        b"--x\r\ncontent-disposition: form-data; name=\"s_content\"; filename=\"a\"\r\n\r\n",
    );
    body.extend([content, b"\r\n--x--\r\n"].concat());
    let request = Request::builder()
        .method("POST")
        .uri("/verify")
        .header("accept", "text/html")
        .header("cookie", cookie)
        .header("content-type", "multipart/form-data; boundary=x");
    ask(world, request.body(Body::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn files_up_to_twenty_megabytes_are_taken_and_no_larger_ones() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let content = vec![0x5a; 20 << 20];
    let value = STANDARD.encode(key.sign(&UserId::default(), &content).to_der());
    let serial = certificate.serial().to_hex();
    let fields = [("what", "signature"), ("s_text", value.as_str()), ("s_serial", serial.as_str())];
    let answer = upload(&world, &content, &fields).await;
    assert_eq!(answer.status.as_u16(), 200);
    let page = text(&answer);
    assert!(page.contains("tag--good tag--large\">通过") && page.contains("已上传"), "{page}");
    let answer = upload(&world, &vec![0x5a; (20 << 20) + 1], &fields).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert!(text(&answer).contains("id=\"s_content-error\""));
    let answer = upload(&world, &vec![0x5a; 24 << 20], &fields).await;
    assert_eq!(answer.status.as_u16(), 413);
}
