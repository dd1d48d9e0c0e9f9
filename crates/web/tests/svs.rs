//! The signature verification server (GM/T 0029) over HTTP: the DER of Annex A and the forms of
//! Annex B, what holds, what doesn't, and what is no request.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::door;
use crate::world;

use app::Act;
use axum::body::Body as HttpBody;
use axum::http::Request as HttpRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use door::{Answer, ask, signed};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::Certificate;
use pki::message::{SignedData, Signing};
use pki::svs::{
    Body, Code, Content, Kind, Options, Reply, Request, SGD_SM3_SM2, SignOrder, Signer,
};
use world::World;
use zeroize::Zeroizing;

const CONTENT: &[u8] = "请于三个工作日内补正材料。".as_bytes();

async fn post(world: &World, path: &str, kind: &str, body: &[u8]) -> Answer {
    let request = HttpRequest::builder().method("POST").uri(path).header("content-type", kind);
    ask(world, request.body(HttpBody::from(body.to_vec())).unwrap()).await
}

/// Asks in DER; the answer is of the same kind.
async fn asked(world: &World, body: Body) -> Reply {
    let kind = body.kind();
    let der = Request { body, at: world.now() }.to_der();
    let answer = post(world, "/svs", "application/octet-stream", &der).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.body));
    assert_eq!(answer.field("content-type"), "application/octet-stream");
    assert_eq!(answer.field("cache-control"), "no-store");
    let reply = Reply::from_der(&answer.body).unwrap();
    assert_eq!(reply.kind, kind);
    reply
}

async fn issued(world: &World, id: &str) -> (PrivateKey, Certificate) {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = world.order(id, "person", Act::New, &key);
    let certificate = world.institution.enrol(order).await.unwrap().sign.certificate;
    world.pass(60);
    (key, certificate)
}

async fn change(world: &World, certificate: &Certificate, what: &str, body: &str) {
    let path = format!("/api/v1/certificates/{}/{what}", certificate.serial().to_hex());
    let answer = signed(world, "POST", &path, body.as_bytes()).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.body));
    world.pass(60);
}

fn validate(certificate: &Certificate) -> Body {
    Body::ValidateCert { certificate: certificate.der().to_vec(), status: true }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_judged_with_its_status_from_issue_to_revocation() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let good = asked(&world, validate(&certificate)).await;
    assert_eq!((good.code, good.content), (Code::Success, Content::State(0)));
    let der = certificate.der().to_vec();
    let silent = asked(&world, Body::ValidateCert { certificate: der, status: false }).await;
    assert_eq!(silent.content, Content::Nothing, "nobody asked for the status");
    change(&world, &certificate, "suspend", "").await;
    let held = asked(&world, validate(&certificate)).await;
    assert_eq!((held.code, held.content), (Code::CertRemoved, Content::State(1)));
    change(&world, &certificate, "revoke", "{\"reason\":\"keyCompromise\"}").await;
    let revoked = asked(&world, validate(&certificate)).await;
    assert_eq!((revoked.code, revoked.content), (Code::CertRemoved, Content::State(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_cites_the_trust_anchors_and_without_them_nothing_holds() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let der = Request { body: validate(&certificate), at: world.now() }.to_der();
    let answer = post(&world, "/svs", "application/octet-stream", &der).await;
    let snapshot = world.institution.trust().await.unwrap().snapshot().to_owned();
    assert_eq!(answer.field("yinxin-trust-snapshot"), snapshot);
    let folder = world.institution.layout().trust();
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("broken.pem"), "不是证书").unwrap();
    world.pass(60);
    let reply = asked(&world, validate(&certificate)).await;
    assert_eq!((reply.code, reply.content), (Code::SystemFailure, Content::Nothing));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_holds_over_its_content_alone_and_at_every_level() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let value = key.sign(&UserId::default(), CONTENT).to_der();
    let by_certificate = Signer::Certificate(certificate.der().to_vec());
    let by_number = Signer::Serial(certificate.serial().as_bytes().to_vec());
    let by_text = Signer::Serial(certificate.serial().to_hex().into_bytes());
    let body = |signer: &Signer, data: &[u8], level| Body::VerifySignedData {
        signer: signer.clone(),
        data: data.to_vec(),
        signature: value.clone(),
        level,
    };
    for signer in [&by_certificate, &by_number, &by_text] {
        for level in 0..=2 {
            let reply = asked(&world, body(signer, CONTENT, level)).await;
            assert_eq!(reply.code, Code::Success, "{signer:?} {level}");
        }
        let changed = asked(&world, body(signer, b"x", 2)).await;
        assert_eq!(changed.code, Code::InvalidSignature);
    }
    let unknown = Signer::Serial(vec![0x55; 16]);
    assert_eq!(asked(&world, body(&unknown, CONTENT, 2)).await.code, Code::Cert);
    change(&world, &certificate, "revoke", "{\"reason\":\"keyCompromise\"}").await;
    for level in 0..=2 {
        let reply = asked(&world, body(&by_certificate, CONTENT, level)).await;
        assert_eq!(reply.code, Code::CertRemoved, "no level makes a revoked certificate good");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_messages_hold_with_their_content_and_beside_it() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let id = UserId::default();
    let signing = Signing { certificate: &certificate, id: &id, at: Some(world.now()) };
    let sign = |e: &gm::Digest| Ok::<_, pki::Error>(key.sign_digest(e));
    let attached = SignedData::sign(CONTENT, &signing, sign).unwrap();
    let detached = SignedData::sign_detached(CONTENT, &signing, sign).unwrap();
    let digest = gm::sm3::hash(CONTENT).as_bytes().to_vec();
    let hashed = Options { is_hashed: true, ..Options::default() };
    let plain = Options::default();
    for (data, message, options, code) in [
        (vec![], &attached, plain, Code::Success),
        (CONTENT.to_vec(), &attached, plain, Code::Success),
        (b"x".to_vec(), &attached, plain, Code::InvalidSignature),
        (CONTENT.to_vec(), &detached, plain, Code::Success),
        (digest.clone(), &detached, hashed, Code::Success),
        (digest, &detached, plain, Code::InvalidSignature),
        (b"x".to_vec(), &detached, plain, Code::InvalidSignature),
        (vec![], &detached, plain, Code::InvalidFormat),
        (b"x".to_vec(), &detached, hashed, Code::InvalidFormat),
    ] {
        let body =
            Body::VerifySignedMessage { data: data.clone(), message: message.clone(), options };
        let reply = asked(&world, body).await;
        assert_eq!(reply.code, code, "{} {options:?}", data.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn items_are_told_and_only_public_certificates_are_exported() {
    let world = World::new().await;
    let (_, person) = issued(&world, "r1").await;
    let item =
        |item, certificate: &[u8]| Body::ParseCert { item, certificate: certificate.to_vec() };
    let name = asked(&world, item(0x31, person.der())).await;
    assert_eq!(name.content, Content::Octets("张三".into()));
    assert_eq!(asked(&world, item(0x7f, person.der())).await.code, Code::CertInfoType);
    assert_eq!(asked(&world, item(0x31, &[0x30, 0])).await.code, Code::CertDecode);
    world.institution.directory().follow().await.unwrap();
    let export = |name: String| Body::ExportCert { identification: name.into_bytes() };
    for name in [person.serial().to_hex(), "张三".to_owned()] {
        let reply = asked(&world, export(name)).await;
        assert_eq!((reply.code, reply.content), (Code::CertId, Content::Nothing));
    }
    let issuer = world.institution.ca().certificate().clone();
    let reply = asked(&world, export(issuer.subject().common_name().unwrap().to_owned())).await;
    assert_eq!(reply.content, Content::Certificate(issuer.der().to_vec()));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_signs_who_does_not_say_who_asks() {
    let world = World::new().await;
    let order = SignOrder {
        method: SGD_SM3_SM2,
        key: 1,
        key_value: Zeroizing::new(b"12345678".to_vec()),
        data: CONTENT.to_vec(),
    };
    for body in [Body::SignData(order.clone()), Body::SignMessage(order, Options::default())] {
        let reply = asked(&world, body).await;
        assert_eq!((reply.code, reply.content), (Code::KeyValue, Content::Nothing));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn forms_say_the_same_as_der() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let value = STANDARD.encode(key.sign(&UserId::default(), CONTENT).to_der());
    let (certificate, data) = (STANDARD.encode(certificate.der()), STANDARD.encode(CONTENT));
    let kind = "application/x-www-form-urlencoded";
    // Not escaped, as many clients send it.
    let body = format!(
        "type=1&cert={certificate}&inDataLen={}&inData={data}&signature={value}&verifyLevel=2",
        CONTENT.len()
    );
    let answer = post(&world, "/svs/VerifySignedData", kind, body.as_bytes()).await;
    assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"respValue=0"[..]));
    assert_eq!(answer.field("svs-response-type"), "VerifySignedData");
    assert_eq!(answer.field("svs-response-version"), "v1");
    assert_eq!(answer.field("svs-response-time").len(), 15);
    assert!(answer.field("content-type").starts_with("text/html"));
    let body = format!("cert={certificate}&ocsp=TRUE");
    let answer = post(&world, "/svs/ValidateCert", kind, body.as_bytes()).await;
    assert_eq!(answer.body, b"respValue=0&state=0");
    let answer = post(&world, "/svs/ValidateCert", kind, b"cert=MAA=").await;
    assert_eq!(answer.body, format!("respValue={}", Code::CertDecode.number()).into_bytes());
}

/// Whatever is sent, the answer is one of the standard's or a problem that says what to do.
#[tokio::test(flavor = "multi_thread")]
async fn hostile_requests_get_numbers_or_problems_and_no_faults() {
    let world = World::new().await;
    let octets = "application/octet-stream";
    let form = "application/x-www-form-urlencoded";
    for (path, kind, body, status, code) in [
        ("/svs", "text/plain", &b""[..], 415, "svs.media_type"),
        ("/svs", octets, b"", 400, "der.truncated"),
        ("/svs", octets, b"GET / HTTP/1.1", 400, "der.unexpected-tag"),
        ("/svs", octets, &[0x30, 0x80], 400, "der.length-indefinite"),
        ("/svs/ValidateCert", octets, b"", 415, "svs.media_type"),
        ("/svs/Nothing", form, b"", 404, "web.not_found"),
    ] {
        let answer = post(&world, path, kind, body).await;
        let found = (answer.status.as_u16(), answer.json()["code"].clone());
        assert_eq!(found.0, status, "{path} {found:?}");
        assert!(code.starts_with("der.") || found.1 == code, "{path} {found:?}");
    }
    for kind in Kind::ALL {
        let wrong = post(&world, &format!("/svs/{}", kind.name()), form, b"x=y").await;
        let number = format!("respValue={}", Code::InvalidFormat.number());
        assert_eq!(wrong.body, number.into_bytes(), "{kind:?}");
    }
    // What names its kind and is broken behind that gets an answer of its kind.
    let mut broken =
        Request { body: Body::ExportCert { identification: b"a".to_vec() }, at: world.now() }
            .to_der();
    broken.push(0);
    let answer = post(&world, "/svs", octets, &broken).await;
    let reply = Reply::from_der(&answer.body).unwrap();
    assert_eq!((reply.kind, reply.code), (Kind::ExportCert, Code::InvalidFormat));
}
