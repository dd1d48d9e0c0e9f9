//! The functions of GM/T 0020 over JSON: what holds, what doesn't, and which number says why.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::door;
use crate::world;

use app::Act;
use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use door::{Answer, ask, get, signed};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::Certificate;
use pki::message::{SignedData, Signing};
use serde_json::{Value, json};
use world::World;

const CONTENT: &[u8] = "请于三个工作日内补正材料。".as_bytes();

async fn post(world: &World, function: &str, body: Value) -> Answer {
    let request = Request::builder()
        .method("POST")
        .uri(format!("/api/sof/{function}"))
        .header("content-type", "application/json");
    ask(world, request.body(Body::from(body.to_string())).unwrap()).await
}

async fn called(world: &World, function: &str, body: Value) -> Value {
    let answer = post(world, function, body).await;
    assert_eq!(answer.status.as_u16(), 200, "{}", String::from_utf8_lossy(&answer.body));
    answer.json()
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

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_has_the_result_and_the_number_of_its_state() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let body = json!({ "base64EncodeCert": STANDARD.encode(certificate.der()) });
    let good = called(&world, "SOF_ValidateCert", body.clone()).await;
    assert_eq!((&good["code"], &good["result"]), (&json!(0), &json!(1)), "{good:#}");
    let snapshot = world.institution.trust().await.unwrap().snapshot().to_owned();
    assert_eq!(good["report"]["trust"]["snapshot"], snapshot);
    let pem = json!({ "base64EncodeCert": certificate.to_pem().unwrap() });
    assert_eq!(called(&world, "SOF_ValidateCert", pem).await["result"], 1);
    change(&world, &certificate, "suspend", "").await;
    let held = called(&world, "SOF_ValidateCert", body.clone()).await;
    assert_eq!((&held["name"], &held["result"]), (&json!("SOR_CertFrozenErr"), &json!(-4)));
    change(&world, &certificate, "revoke", "{\"reason\":\"keyCompromise\"}").await;
    let revoked = called(&world, "SOF_ValidateCert", body).await;
    assert_eq!((&revoked["code"], &revoked["result"]), (&json!(0x0b00_0408), &json!(-3)));
    for wrong in ["?", "MAA="] {
        let body = json!({ "base64EncodeCert": wrong });
        let answer = called(&world, "SOF_ValidateCert", body).await;
        let found = (&answer["name"], &answer["result"]);
        assert_eq!(found, (&json!("SOR_CertEncodeErr"), &json!(-6)), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signatures_and_messages_hold_over_their_content_alone() {
    let world = World::new().await;
    let (key, certificate) = issued(&world, "r1").await;
    let id = UserId::default();
    let value = STANDARD.encode(key.sign(&id, CONTENT).to_der());
    let signing = Signing { certificate: &certificate, id: &id, at: None };
    let sign = |e: &gm::Digest| Ok::<_, pki::Error>(key.sign_digest(e));
    let attached = STANDARD.encode(SignedData::sign(CONTENT, &signing, sign).unwrap());
    let detached = STANDARD.encode(SignedData::sign_detached(CONTENT, &signing, sign).unwrap());
    let certificate = STANDARD.encode(certificate.der());
    for (content, holds) in [(CONTENT, true), (&b"x"[..], false)] {
        let content = STANDARD.encode(content);
        for (function, body) in [
            (
                "SOF_VerifySignedData",
                json!({ "base64EncodeCert": certificate, "inData": content, "signValue": value }),
            ),
            ("SOF_VerifySignedMessage", json!({ "messageData": attached, "inData": content })),
            (
                "SOF_VerifySignedMessageDetach",
                json!({ "inData": content, "signedMessage": detached }),
            ),
        ] {
            let answer = called(&world, function, body).await;
            let code = if holds { json!(0) } else { json!(0x0b00_0410) };
            assert_eq!((&answer["result"], &answer["code"]), (&json!(holds), &code), "{answer:#}");
            assert_eq!(answer["report"]["verdict"], if holds { "passed" } else { "failed" });
        }
    }
    let bare = called(&world, "SOF_VerifySignedMessage", json!({ "messageData": attached })).await;
    assert_eq!(bare["result"], true);
    let wrong = called(&world, "SOF_VerifySignedMessage", json!({ "messageData": value })).await;
    assert_eq!(wrong["name"], "SOR_PKCS7EncodeErr");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timestamp_is_asked_for_given_and_holds_over_its_content_alone() {
    let world = World::with(|settings| {
        settings.timestamp.enabled = true;
        settings.timestamp.step = u32::MAX;
    })
    .await;
    world.institution.keep_timestamp_key().await.unwrap();
    let content = STANDARD.encode(CONTENT);
    let asked = called(&world, "SOF_CreateTimeStampRequest", json!({ "inData": content })).await;
    let body = json!({ "timeStampRequest": asked["result"] });
    let given = called(&world, "SOF_CreateTimeStampResponse", body).await;
    assert_eq!(given["code"], 0, "{given:#}");
    let verify = |content: &str, stamp: &str| json!({ "inData": content, "tsResponseData": stamp });
    let stamp = given["result"].as_str().unwrap();
    let holds = called(&world, "SOF_VerifyTimeStamp", verify(&content, stamp)).await;
    assert_eq!((&holds["code"], &holds["result"]), (&json!(0), &json!(true)), "{holds:#}");
    assert_eq!(holds["report"]["algorithm"], "SM3");
    let other = STANDARD.encode(b"x");
    let differs = called(&world, "SOF_VerifyTimeStamp", verify(&other, stamp)).await;
    assert_eq!((&differs["result"], &differs["code"]), (&json!(false), &json!(0x0b00_0410)));
    // One octet of the signature, at the very end.
    let mut octets = STANDARD.decode(stamp).unwrap();
    *octets.last_mut().unwrap() ^= 1;
    let changed = STANDARD.encode(octets);
    let forged = called(&world, "SOF_VerifyTimeStamp", verify(&content, &changed)).await;
    assert_eq!(forged["result"], false, "{forged:#}");
    assert_ne!(forged["code"], 0);
    let refused =
        called(&world, "SOF_CreateTimeStampResponse", json!({ "timeStampRequest": "MAA=" }));
    assert_eq!(refused.await["name"], "SOR_IndataErr");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_timestamp_service_the_function_says_so() {
    let world = World::new().await;
    let body = json!({ "timeStampRequest": "MAA=" });
    let answer = called(&world, "SOF_CreateTimeStampResponse", body).await;
    assert_eq!(answer["name"], "SOR_NotSupportYetErr");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_anchors_and_numbers_are_told() {
    let world = World::new().await;
    let (_, certificate) = issued(&world, "r1").await;
    let pem = certificate.to_pem().unwrap();
    let item = |kind: u32| json!({ "base64EncodeCert": pem, "type": kind });
    let name = called(&world, "SOF_GetCertInfo", item(0x31)).await;
    assert_eq!((&name["result"], &name["encoding"]), (&json!("张三"), &json!("text")));
    let key = called(&world, "SOF_GetCertInfo", item(8)).await;
    assert_eq!(key["result"], STANDARD.encode(certificate.spki().der()));
    assert_eq!(called(&world, "SOF_GetCertInfo", item(0x7f)).await["code"], 0x0b00_0419);
    let by = |oid: &str| json!({ "base64EncodeCert": pem, "oid": oid });
    assert_eq!(called(&world, "SOF_GetCertInfoByOid", by("2.5.4.3")).await["result"], "张三");
    let usage = called(&world, "SOF_GetCertInfoByOid", by("2.5.29.15")).await;
    assert_eq!(usage["encoding"], "base64");
    assert_eq!(called(&world, "SOF_GetCertInfoByOid", by("x")).await["code"], 0x0b00_0419);
    let names = get(&world, "/api/sof/SOF_GetCertTrustListAltNames", &[]).await.json();
    let first = names["result"].as_str().unwrap().split('@').next().unwrap().to_owned();
    let anchor = called(&world, "SOF_GetCertTrustList", json!({ "ctlAltName": first })).await;
    let der = STANDARD.decode(anchor["result"].as_str().unwrap()).unwrap();
    assert_eq!(Certificate::from_der(&der).unwrap().fingerprint(), first);
    let none = called(&world, "SOF_GetCertTrustList", json!({ "ctlAltName": "x" })).await;
    assert_eq!(none["name"], "SOR_CTLNotFound");
    let errors = get(&world, "/api/sof/errors", &[]).await.json();
    let revoked = errors.as_array().unwrap().iter().find(|one| one["hex"] == "0x0B000408");
    assert!(revoked.unwrap()["message"].as_str().unwrap().contains("撤销"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_question_is_a_problem() {
    let world = World::new().await;
    for body in [json!({}), json!([]), json!({ "base64EncodeCert": 1 }), json!({ "x": "" })] {
        let answer = post(&world, "SOF_ValidateCert", body.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (400, &json!("web.json")));
    }
    assert_eq!(post(&world, "SOF_SignFile", json!({})).await.status.as_u16(), 404);
}
