//! The assistant held against its protocol (`docs/agent.md`).

use axum::body::Body;
use axum::http::Request;
use gm::sm2::PrivateKey;
use gm::{OsRandom, PublicKey, Signature, UserId};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use super::*;

const SITE: &str = "https://ca.example.cn";
const SELF: &str = "http://127.0.0.1:8450";
const TEXT: &str =
    "印信登录 yinxin-sign-in/1 origin=https://ca.example.cn nonce=00ff time=2026-11-29T09:00:00Z";

struct OneKey(PrivateKey);

impl Keys for OneKey {
    fn offers(&self) -> Vec<KeyOffer> {
        vec![KeyOffer { name: "测试密钥".into(), sealed: true }]
    }

    fn sign(&self, at: usize, passphrase: &[u8], text: &[u8]) -> Result<Signed, String> {
        match (at, passphrase) {
            (0, b"right") => Ok(Signed {
                signature: self.0.sign(&UserId::default(), text).to_der(),
                public_key: self.0.public_key().to_sec1(),
            }),
            _ => Err("口令不对，请重新输入。".into()),
        }
    }
}

fn assistant() -> Router {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let origins = vec![SITE.parse().unwrap()];
    router(Agent::new(Box::new(OneKey(key)), origins, SELF[7..].parse().unwrap()))
}

fn form(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

async fn post_form(
    router: &Router,
    path: &str,
    origin: Option<&str>,
    pairs: &[(&str, &str)],
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::post(path)
        .header(header::HOST, "127.0.0.1:8450")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(origin) = origin {
        request = request.header(header::ORIGIN, origin);
    }
    let request = request.body(Body::from(form(pairs))).unwrap();
    let response = router.clone().oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8(body.to_vec()).unwrap())
}

fn ask(text: &str) -> Vec<(&'static str, String)> {
    vec![
        ("purpose", "sign-in".into()),
        ("text", text.into()),
        ("return", format!("{SITE}/login/key?challenge=7")),
    ]
}

async fn put(router: &Router, pairs: &[(&'static str, String)]) -> (StatusCode, String) {
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let (status, _, body) = post_form(router, "/sign", Some(SITE), &pairs).await;
    (status, body)
}

fn token(page: &str) -> String {
    let start = page.find("name=\"token\" value=\"").unwrap() + 20;
    page[start..start + 32].to_owned()
}

#[tokio::test]
async fn a_confirmed_request_comes_back_with_a_signature_that_verifies() {
    let router = assistant();
    let (status, page) = put(&router, &ask(TEXT)).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains(SITE) && page.contains("登录"), "{page}");
    let token = token(&page);
    let confirm = [("token", &*token), ("key", "0"), ("passphrase", "right")];
    let (status, headers, _) = post_form(&router, "/confirm", Some(SELF), &confirm).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let place = headers[header::LOCATION].to_str().unwrap();
    let outcome = place.strip_prefix("https://ca.example.cn/login/key?challenge=7&signature=");
    let (signature, key) = outcome.unwrap().split_once("&key=").unwrap();
    let signature = Signature::from_der(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let key = PublicKey::from_sec1(&hex::decode(key).unwrap()).unwrap();
    gm::sm2::verify(&key, &UserId::default(), TEXT.as_bytes(), &signature).unwrap();
    // Once only.
    let (status, ..) = post_form(&router, "/confirm", Some(SELF), &confirm).await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_wrong_passphrase_asks_again_and_cancelling_signs_nothing() {
    let router = assistant();
    let (_, page) = put(&router, &ask(TEXT)).await;
    let token = token(&page);
    let wrong = [("token", &*token), ("key", "0"), ("passphrase", "wrong")];
    let (status, headers, page) = post_form(&router, "/confirm", Some(SELF), &wrong).await;
    assert!(status == StatusCode::OK && !headers.contains_key(header::LOCATION));
    assert!(page.contains("口令不对"), "{page}");
    let cancel = [("token", &*token), ("key", "0"), ("passphrase", "right"), ("cancel", "1")];
    let (_, headers, _) = post_form(&router, "/confirm", Some(SELF), &cancel).await;
    assert_eq!(headers[header::LOCATION], format!("{SITE}/login/key?challenge=7&cancelled=1"));
}

#[tokio::test]
async fn only_named_origins_may_ask_and_only_for_themselves() {
    let router = assistant();
    let pairs = ask(TEXT);
    let pairs: Vec<_> = pairs.iter().map(|(k, v)| (*k, v.as_str())).collect();
    for origin in [None, Some("https://evil.example"), Some("null"), Some(SELF)] {
        let (status, ..) = post_form(&router, "/sign", origin, &pairs).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin:?}");
    }
    for back in [
        "https://evil.example/",
        "https://ca.example.cn.evil.example/",
        "https://ca.example.cn",
        "https://ca.example.cn/#a",
        "https://ca.example.cn/a b",
        "https://ca.example.cn/\r\nSet-Cookie: a",
        "//ca.example.cn/",
        "javascript:alert(1)",
    ] {
        let mut pairs = ask(TEXT);
        pairs[2].1 = back.into();
        assert_eq!(put(&router, &pairs).await.0, StatusCode::FORBIDDEN, "{back}");
    }
}

#[tokio::test]
async fn nothing_but_the_two_kinds_of_text_is_signed() {
    let router = assistant();
    let act_for_sign_in = "{\"v\":\"yinxin-act/1\"}";
    let hidden = "印信登录 yinxin-sign-in/1 \u{0}";
    for text in ["", "hello", " 印信登录 yinxin-sign-in/1 ", act_for_sign_in, hidden] {
        assert_eq!(put(&router, &ask(text)).await.0, StatusCode::FORBIDDEN, "{text}");
    }
    let mut act = ask("{\"v\":\"yinxin-act/1\",\"act\":\"<b>审核</b>\"}");
    act[0].1 = "act".into();
    let (status, page) = put(&router, &act).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("&#60;b&#62;审核") && !page.contains("<b>审核"), "{page}");
}

#[tokio::test]
async fn a_foreign_name_for_this_computer_is_refused() {
    let router = assistant();
    let request = Request::get("/").header(header::HOST, "rebound.example:8450");
    let response = router.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_confirmation_from_another_page_is_refused() {
    let router = assistant();
    let (_, page) = put(&router, &ask(TEXT)).await;
    let token = token(&page);
    let confirm = [("token", &*token), ("key", "0"), ("passphrase", "right")];
    for origin in [None, Some(SITE), Some("null")] {
        let (status, ..) = post_form(&router, "/confirm", origin, &confirm).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{origin:?}");
    }
}

#[test]
fn origins_are_https_or_this_computer_and_nothing_more() {
    for good in ["https://ca.example.cn", "http://127.0.0.1:8440", "http://localhost:8440"] {
        assert!(good.parse::<Origin>().is_ok(), "{good}");
    }
    for bad in [
        "http://ca.example.cn",
        "https://ca.example.cn/",
        "ca.example.cn",
        "https://a@b",
        "https://",
    ] {
        assert!(bad.parse::<Origin>().is_err(), "{bad}");
    }
}
