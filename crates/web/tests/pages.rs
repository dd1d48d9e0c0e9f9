//! The pages' gates, as browsers meet them: nobody gets in, forged forms change nothing, problems
//! are pages.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use crate::door;

use app::Act;
use axum::body::Body;
use axum::http::{Method, Request};
use door::{Answer, ask, get};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use web::pages::{PageGate, routes};
use world::World;

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml");

/// An address of a row, with something in place of its parameters.
fn address(path: &str) -> String {
    let part = |part: &str| if part.starts_with('{') { "x".to_owned() } else { part.to_owned() };
    path.split('/').map(part).collect::<Vec<_>>().join("/")
}

async fn post(world: &World, path: &str, fields: &[(&str, &str)], body: &str) -> Answer {
    let request = Request::builder().method("POST").uri(path);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request =
        fields.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    ask(world, request.body(Body::from(body.to_owned())).unwrap()).await
}

fn text(answer: &Answer) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_passes_a_gate_with_or_without_a_made_up_cookie() {
    let world = World::new().await;
    let forged = format!("yx=yxc_{}", "A".repeat(43));
    for route in routes::table() {
        let asks_who =
            matches!(route.gate, PageGate::Staff | PageGate::Person(_) | PageGate::Applicant(_));
        if !asks_who {
            continue;
        }
        let path = address(route.path);
        for fields in [vec![PAGE], vec![PAGE, ("cookie", forged.as_str())]] {
            let answer = match route.method {
                Method::POST => post(&world, &path, &fields, "token=x").await,
                _ => get(&world, &path, &fields).await,
            };
            assert_eq!(answer.status.as_u16(), 303, "{} {path}", route.method);
            let place = answer.field("location");
            assert!(place.starts_with("/login") || place == "/progress", "{path} leads to {place}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_without_its_token_changes_nothing() {
    let world = World::new().await;
    let before = world.institution.store().size().await.unwrap();
    for route in routes::table() {
        if route.method != Method::POST || route.gate != PageGate::PublicForm {
            continue;
        }
        let path = address(route.path);
        let bound = ("cookie", "yx-form=0123456789abcdef0123456789abcdef");
        for fields in [vec![PAGE], vec![PAGE, bound]] {
            let answer = post(&world, &path, &fields, "token=0000&login=admin&passphrase=x").await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
            assert!(!answer.headers.contains_key("location"), "{path}");
        }
    }
    assert_eq!(world.institution.store().size().await.unwrap(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_another_site_is_refused_before_anything_else() {
    let world = World::new().await;
    for (name, value) in [("sec-fetch-site", "cross-site"), ("origin", "https://evil.example")] {
        let fields = [PAGE, (name, value), ("host", "127.0.0.1:8440")];
        let answer = post(&world, "/display", &fields, "size=large&back=/").await;
        assert_eq!(answer.status.as_u16(), 403);
        assert!(!answer.headers.contains_key("set-cookie"));
    }
    let fields = [PAGE, ("sec-fetch-site", "same-origin")];
    let answer = post(&world, "/display", &fields, "size=large&back=//evil.example").await;
    assert_eq!((answer.status.as_u16(), answer.field("location")), (303, "/"));
    assert!(answer.field("set-cookie").contains("yx-size=large"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_forbids_scripts_frames_and_keeping() {
    let world = World::new().await;
    for path in ["/", "/query", "/downloads", "/login", "/progress"] {
        let answer = get(&world, path, &[PAGE]).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        let policy = answer.field("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'") && policy.contains("frame-ancestors 'none'")
        );
        assert_eq!(answer.field("cache-control"), "no-store", "{path}");
        let page = text(&answer);
        assert!(page.starts_with("<!DOCTYPE html>\n<html lang=\"zh-CN\""), "{path}");
        assert!(!page.contains("<script") && !page.contains(" style="), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_for_is_shown_as_text_and_never_as_a_page() {
    let world = World::new().await;
    let answer = get(&world, "/query?serial=%3Cscript%3Ealert(1)%3C/script%3E", &[PAGE]).await;
    assert_eq!(answer.status.as_u16(), 422);
    let page = text(&answer);
    assert!(!page.contains("<script>") && page.contains("&#60;script&#62;"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_found_by_its_serial_and_its_holder_is_not_named() {
    let world = World::new().await;
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = world.order("query-1", "person", Act::New, &key);
    let done = world.institution.enrol(order).await.unwrap();
    let address = format!("/query?serial={}", done.sign.serial().to_hex().to_uppercase());
    let page = text(&get(&world, &address, &[PAGE]).await);
    assert!(page.contains("有效") && page.contains("个人签名证书"), "{page}");
    assert!(!page.contains("张三"), "a serial can be guessed, a name is personal");

    let unknown = text(&get(&world, "/query?serial=0102", &[PAGE]).await);
    assert!(unknown.contains("未签发"));
    let wrong = get(&world, "/query?serial=zz", &[PAGE]).await;
    assert!(text(&wrong).contains("href=\"#serial\""), "the mistake leads to its field");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_of_a_page_opens_its_form_to_the_browser_that_asked_and_to_no_other() {
    let world = World::new().await;
    let page = get(&world, "/login", &[PAGE]).await;
    let cookie = page.field("set-cookie").split(';').next().unwrap().to_owned();
    let body = text(&page);
    let token = body.split("name=\"token\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let form = format!("token={token}");

    let own = post(&world, "/logout", &[PAGE, ("cookie", &cookie)], &form).await;
    assert_eq!((own.status.as_u16(), own.field("location")), (303, "/"));
    let other = ("cookie", "yx-form=0123456789abcdef0123456789abcdef");
    assert!(post(&world, "/logout", &[PAGE, other], &form).await.status.is_client_error());
    assert!(post(&world, "/logout", &[PAGE], &form).await.status.is_client_error());
}
