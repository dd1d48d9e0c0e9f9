//! How often an application may sign and a source may verify, and what a program that we did not write says of
//! what is signed and sealed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId, sm2};
use pki::Certificate;
use pki::svs::{self, Code, SGD_SM3_SM2, SignOrder};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{At, CONTENT, octets};
use crate::door::Answer;

/// Applications share addresses with whoever verifies there: what they sign is limited by their keys.
#[tokio::test(flavor = "multi_thread")]
async fn signing_is_limited_by_the_key_and_verification_by_the_source() {
    let at = At::with(|settings| settings.verification.per_minute = 2).await;
    let at = at.in_use(&["data"], "6").await;
    let keys = at.call("GET", "/api/sign/keys", Value::Null).await.json();
    let certificate = octets(&keys["keys"][0]["sign_certificate"]);
    let order = SignOrder {
        method: SGD_SM3_SM2,
        key: 1,
        key_value: Zeroizing::new(Vec::new()),
        data: CONTENT.to_vec(),
    };
    for _ in 0..4 {
        let (answer, reply) = at.svs(svs::Body::SignData(order.clone())).await;
        assert_eq!((answer.status.as_u16(), reply.code), (200, Code::Success));
    }
    // Verification counts as everybody's, also from who says who asks.
    let question = svs::Body::ValidateCert { certificate, status: false };
    for (status, code) in [(200, Code::Success), (200, Code::Success), (429, Code::SystemFailure)] {
        let (answer, reply) = at.svs(question.clone()).await;
        assert_eq!((answer.status.as_u16(), reply.code), (status, code));
        assert_eq!(answer.field("retry-after").is_empty(), status == 200);
    }
    let answer = at.form("ValidateCert", ("accept", "*/*"), "cert=MAA=").await;
    assert_eq!((answer.status.as_u16(), &answer.json()["code"]), (429, &json!("web.too_often")));
    // A claim that is none is nobody's.
    let form = "signMethod=131585&keyIndex=1&keyValue=&inDataLen=1&inData=YQ==";
    let answer = at.form("SignData", ("authorization", "Bearer nobody"), form).await;
    assert_eq!(answer.status.as_u16(), 429);
    assert!(answer.body.starts_with(b"respValue="), "in the words of the standard");
    // And the application goes on, until its own day is used up.
    let body = json!({ "containerName": "1", "inData": STANDARD.encode(CONTENT) });
    for _ in 0..2 {
        assert_eq!(at.done("/api/sof/SOF_SignData", body.clone()).await["code"], 0);
    }
    let (over, reply) = at.svs(svs::Body::SignData(order)).await;
    assert_eq!((over.status.as_u16(), reply.code), (429, Code::SystemFailure));
    let wait = |answer: &Answer| answer.field("retry-after").parse::<i64>().unwrap();
    let left = 86_400 - (at.world.now().as_second() + 8 * 3_600).rem_euclid(86_400);
    assert_eq!(wait(&over), left, "until midnight in China");
    let over = at.call("POST", "/api/sof/SOF_SignData", body).await;
    assert_eq!((over.status.as_u16(), &over.json()["code"]), (429, &json!("signing.per_day")));
    assert_eq!(wait(&over), left);
}

/// gmssl, which we did not write, verifies what applications get and opens what they seal.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_implementation_verifies_every_signature_and_opens_the_envelope() {
    let Some(python) = std::env::var("YINXIN_JUDGES_PYTHON").ok().filter(|path| !path.is_empty())
    else {
        eprintln!("skipped: set YINXIN_JUDGES_PYTHON=$(scripts/judges-python)");
        return;
    };
    let at = At::with_key(&["data", "message", "envelope"], "100").await;
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| {
        std::fs::write(folder.path().join(name), octets).unwrap();
    };
    write("content", CONTENT);
    let content = STANDARD.encode(CONTENT);
    let made = at.done("/api/sign/data", json!({ "key": 1, "content": content })).await;
    write("sign.der", &octets(&made["certificate"]));
    write("value-content.der", &octets(&made["signature"]));
    let key = Certificate::from_der(&octets(&made["certificate"])).unwrap().public_key().unwrap();
    let e = sm2::digest(&key, &UserId::default(), CONTENT).to_hex();
    let made = at.done("/api/sign/data", json!({ "key": 1, "e": e })).await;
    write("value-e.der", &octets(&made["signature"]));
    for (name, detached, attributes) in [
        ("message-attached.der", false, false),
        ("message-attributes.der", false, true),
        ("message-detached.der", true, true),
    ] {
        let body = json!({
            "key": 1, "content": content, "detached": detached, "attributes": attributes
        });
        write(name, &octets(&at.done("/api/sign/message", body).await["message"]));
    }
    let body = json!({ "containerName": "1", "inData": content });
    let made = at.done("/api/sof/SOF_SignData", body).await;
    write("value-sof.der", &octets(&made["result"]));
    let order = SignOrder {
        method: SGD_SM3_SM2,
        key: 1,
        key_value: Zeroizing::new(Vec::new()),
        data: CONTENT.to_vec(),
    };
    let (answer, _) = at.svs(svs::Body::SignData(order.clone())).await;
    write("svs-value.der", &answer.body);
    let attached = svs::Options { content: Some(true), ..svs::Options::default() };
    let (answer, _) = at.svs(svs::Body::SignMessage(order, attached)).await;
    write("svs-message.der", &answer.body);
    // To somebody whose key is in no device of ours.
    let own = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = at.world.order("recipient", "person", app::Act::New, &own);
    let enrolled = at.world.institution.enrol(order).await.unwrap();
    let response = pki::response::CsrResponse::decode(&enrolled.response).unwrap();
    let (certificate, private) = response.open(&own).unwrap().encryption.unwrap();
    at.world.pass(60);
    let to = [STANDARD.encode(certificate.der())];
    let body = json!({ "key": 1, "content": content, "recipients": to });
    let made = at.done("/api/sign/envelope", body).await;
    write("envelope.der", &octets(&made["envelope"]));
    write("recipient.hex", hex::encode(*private.to_bytes()).as_bytes());
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/../../judges/application.py");
    let judged =
        std::process::Command::new(python).arg(program).arg(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&judged.stdout);
    assert!(judged.status.success(), "{said}{}", String::from_utf8_lossy(&judged.stderr));
    assert_eq!(said.trim(), "17 passed");
}
