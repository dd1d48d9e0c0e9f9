//! What a hostile applicant tries through the pages: scripts in every text field, files that are
//! not what they say, bombs, paths, sessions fixed beforehand, codes tried one after another (T-21).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::way;

use crate::door;
use crate::staffed;

use access::{Action, Role};
use axum::body::Body;
use axum::http::{Method, Request};
use door::{Answer, ask};
use ra::NewApplication;
use staffed::{Comer, Staffed};
use way::{Way, arrival};

/// Closes an attribute, a tag and a text, and marks itself.
const SCRIPT: &str = "\"'><script>alert('yx-mark')</script><img src=x onerror=alert(1)>&{{7*7}}";

fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// Whether a page holds what was typed as anything but text.
fn is_live(page: &str) -> bool {
    page.contains("<script>alert") || page.contains("<img src=x") || page.contains("\"'><script")
}

async fn begin(staffed: &Staffed, kind: &str) -> (String, Comer) {
    let (service, kind) = ("new".to_owned(), kind.to_owned());
    let new = NewApplication { service, kind, office: None, concerns: None };
    let institution = &staffed.world.institution;
    let (created, session) = institution.begin_application(new, arrival()).await.unwrap();
    let principal = institution.access().authenticate_cookie(session.token.as_str()).await.unwrap();
    let token = institution.access().csrf_token(&principal).unwrap();
    let cookie = format!("yx={}", session.token.as_str());
    (created.application.id.to_string(), Comer { cookie, token })
}

async fn page(staffed: &Staffed, comer: &Comer, path: &str) -> Answer {
    staffed.send(comer, &Method::GET, path, &[]).await
}

/// The version that the page's form carries.
fn version(page: &str) -> String {
    let rest = page.split("name=\"version\" value=\"").nth(1).unwrap_or("\"");
    rest.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_any_field_of_any_form_stays_text_wherever_it_is_shown() {
    let staffed = Staffed::new().await;
    let ra = staffed.world.institution.registration().unwrap();
    let mut shown = 0;
    for kind in ra.catalogue().kinds() {
        for field in &kind.fields {
            let (id, comer) = begin(&staffed, &kind.name).await;
            let form = text(&page(&staffed, &comer, "/application/form").await);
            let version = version(&form);
            let named = kind.fields.iter().map(|other| format!("f.{}", other.name));
            let named: Vec<String> = named.collect();
            let mut fields: Vec<(&str, &str)> = vec![("version", &version)];
            for (other, name) in kind.fields.iter().zip(&named) {
                let value = if other.name == field.name { SCRIPT } else { &other.sample };
                fields.push((name, value));
            }
            let answer = staffed.send(&comer, &Method::POST, "/application/form", &fields).await;
            let code = answer.status.as_u16();
            assert!(matches!(code, 303 | 422), "{}.{}: {code}", kind.name, field.name);
            let mut pages = vec![text(&answer)];
            for path in ["/application", "/application/form", "/application/check"] {
                pages.push(text(&page(&staffed, &comer, path).await));
            }
            let inspector = &staffed.people[&Role::Inspector];
            let path = format!("/desk/applications/{id}");
            pages.push(text(&page(&staffed, inspector, &path).await));
            for page in &pages {
                assert!(!is_live(page), "{}.{}:\n{page}", kind.name, field.name);
                shown += usize::from(page.contains("yx-mark"));
            }
        }
    }
    assert!(shown > 20, "the mark was shown {shown} times: the test would see nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_in_an_address_or_a_search_stays_text() {
    let staffed = Staffed::new().await;
    let inspector = &staffed.people[&Role::Inspector];
    let hostile: String = form_urlencoded::byte_serialize(SCRIPT.as_bytes()).collect();
    for path in [
        format!("/desk?field=holder_name&q={hostile}"),
        format!("/desk?queue={hostile}"),
        format!("/query?serial={hostile}"),
        format!("/login?back={hostile}"),
        format!("/progress?number={hostile}"),
        format!("/{hostile}"),
    ] {
        let answer = page(&staffed, inspector, &path).await;
        assert!(!answer.status.is_server_error(), "{path}");
        assert!(!is_live(&text(&answer)), "{path}");
        assert!(!answer.field("location").contains('<'), "{path}");
    }
}

/// A form with one file, as a browser sends it.
async fn upload(staffed: &Staffed, comer: &Comer, (name, content): (&str, &[u8])) -> Answer {
    let materials = text(&page(staffed, comer, "/application/materials").await);
    let version = version(&materials);
    let mut body = Vec::new();
    let fields =
        [("token", &*comer.token), ("version", &version), ("material", "identity_document")];
    for (field, value) in fields {
        let part =
            format!("--b\r\ncontent-disposition: form-data; name=\"{field}\"\r\n\r\n{value}\r\n");
        body.extend(part.into_bytes());
    }
    let head = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"";
    body.extend(format!("{head}{name}\"\r\ncontent-type: image/png\r\n\r\n").into_bytes());
    body.extend(content);
    body.extend(b"\r\n--b--\r\n");
    let request = Request::builder()
        .method("POST")
        .uri("/application/materials")
        .header("accept", "text/html")
        .header("content-type", "multipart/form-data; boundary=b")
        .header("cookie", &comer.cookie);
    ask(&staffed.world, request.body(Body::from(body)).unwrap()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn only_files_that_are_what_a_material_may_be_are_kept() {
    let staffed = Staffed::new().await;
    let (id, comer) = begin(&staffed, "person").await;
    // A ZIP of nothing but zeros that says it unpacks to 4 GB: it is no OFD, and is not unpacked.
    let mut bomb = b"PK\x03\x04\x14\0\0\0\x08\0".to_vec();
    bomb.extend([0xff; 16]);
    bomb.extend(vec![0; 1 << 20]);
    let page_file = b"<html><script>alert(1)</script></html>".to_vec();
    for (name, content) in [
        ("照片.png", page_file),
        ("程序.pdf", b"MZ\x90\0 not a document".to_vec()),
        ("压缩包.ofd", bomb),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("空.pdf", Vec::new()),
    ] {
        let answer = upload(&staffed, &comer, (name, &content)).await;
        assert_eq!(answer.status.as_u16(), 422, "{name}");
        assert!(text(&answer).contains("上传"), "{name}: says what to do");
    }
    let permit = permit(&staffed, &id).await;
    let ra = staffed.world.institution.registration().unwrap();
    assert!(ra.materials(&permit, &id.parse().unwrap()).await.unwrap().is_empty());
}

async fn permit(staffed: &Staffed, id: &str) -> access::Permit {
    let access = staffed.world.institution.access();
    let session = access.open_applicant_session(id, arrival()).await.unwrap();
    let principal = access.authenticate_cookie(session.token.as_str()).await.unwrap();
    access.permit(&principal, Action::ReadApplication).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_fifty_megabytes_is_refused_before_it_is_gathered() {
    let staffed = Staffed::new().await;
    let (_, comer) = begin(&staffed, "person").await;
    let mut content = b"%PDF-1.7".to_vec();
    content.resize(50 << 20, b'0');
    let answer = upload(&staffed, &comer, ("大文件.pdf", &content)).await;
    assert_eq!(answer.status.as_u16(), 413);
    assert!(text(&answer).contains("10 MB"), "says the limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_name_of_a_file_leads_nowhere_and_runs_nowhere() {
    let staffed = Staffed::new().await;
    let (_, comer) = begin(&staffed, "person").await;
    let names =
        ["../../../etc/passwd.pdf", "..\\\\..\\\\boot.pdf", "<img src=x onerror=alert(1)>.pdf"];
    for (at, name) in names.into_iter().enumerate() {
        let content = format!("%PDF-1.7 {at}\n%%EOF");
        let answer = upload(&staffed, &comer, (name, content.as_bytes())).await;
        assert_eq!(answer.status.as_u16(), 303, "{name}");
    }
    let list = text(&page(&staffed, &comer, "/application/materials").await);
    assert!(!is_live(&list));
    let links = list.split("href=\"/application/materials/").skip(1);
    let ids: Vec<_> = links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect();
    assert_eq!(ids.len(), names.len());
    for id in ids {
        let opened = page(&staffed, &comer, &format!("/application/materials/{id}")).await;
        let disposition = opened.field("content-disposition");
        assert!(
            !disposition.contains("..") && !disposition.contains(['/', '\\', '<']),
            "{disposition}"
        );
        assert_eq!(opened.field("content-type"), "application/pdf");
        assert_eq!(opened.field("x-content-type-options"), "nosniff");
    }
    for path in [
        "/assets/../../../etc/passwd",
        "/assets/..%2f..%2fetc%2fpasswd",
        "/assets/%2e%2e/yinxin.toml",
        "/crl/..%2f..%2fyinxin.toml",
        "/ca/..%2fissuing.key",
    ] {
        let answer = page(&staffed, &comer, path).await;
        assert!(answer.status.is_client_error(), "{path}: {}", answer.status);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_from_before_the_sign_in_is_not_the_one_after_it() {
    let staffed = Staffed::new().await;
    let fixed = Comer { cookie: format!("yx=yxc_{}", "B".repeat(43)), token: String::new() };
    let answer = page(&staffed, &fixed, "/desk").await;
    assert!(answer.field("location").starts_with("/login"), "a made-up session opens nothing");
    // Somebody is signed in; the same browser signs in again: another token, the old one ends.
    let old = staffed.applicant.clone();
    let access = staffed.world.institution.access();
    let token = old.cookie.trim_start_matches("yx=").to_owned();
    let arrival = access::Arrival { previous: Some(&token), ..arrival() };
    let again = access.open_applicant_session(&staffed.own, arrival).await.unwrap();
    assert_ne!(again.token.as_str(), token);
    assert!(access.authenticate_cookie(&token).await.is_err(), "rotated");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_codes_cannot_be_tried_one_after_another() {
    let staffed = Staffed::new().await;
    let way = Way::begin(&staffed.world.institution).await;
    let number = way.application.number.to_string();
    let binding = "0123456789abcdef0123456789abcdef";
    let token = staffed.world.institution.access().form_token(binding).unwrap();
    let nobody = Comer { cookie: format!("yx-form={binding}"), token };
    let mut locked = false;
    for at in 0..12 {
        let code = format!("{:08}", 10_000_000 + at);
        let fields = [("number", number.as_str()), ("code", code.as_str())];
        let answer = staffed.send(&nobody, &Method::POST, "/progress", &fields).await;
        assert!(answer.status.is_client_error(), "{}", answer.status);
        assert!(!answer.headers.contains_key("set-cookie"));
        locked |= answer.status.as_u16() == 429 || text(&answer).contains("分钟");
    }
    assert!(locked, "after some failures the number is locked for a while");
}
