//! Every place that takes a file, found by walking the pages, is given files that are not what they
//! say: nothing of them is kept, and what is kept is given back so that no browser runs it.

use access::Role;
use axum::http::Method;
use web::pages::PageGate;
use web::pages::routes;

use crate::fill::{File, PDF, filled, get, post, text};
use crate::markup::{self, Form};
use crate::staffed::{Comer, Staffed};
use crate::stages::Side;

/// A ZIP with an entry of this name that says it is as large as can be.
fn zip(name: &str) -> Vec<u8> {
    let mut zip = b"PK\x03\x04\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0".to_vec();
    let length = u16::try_from(name.len()).unwrap().to_le_bytes();
    let sizes = [&2_u32.to_le_bytes()[..], &[0xff; 4], &length, &[0; 2]].concat();
    zip.extend([&sizes, name.as_bytes(), b"\x03\0"].concat());
    let start = zip.len();
    zip.extend(b"PK\x01\x02\x14\0\x14\0\0\0\x08\0\0\0\0\0\0\0\0\0");
    zip.extend([&sizes[..], &[0; 14], name.as_bytes()].concat());
    let size = u32::try_from(zip.len() - start).unwrap().to_le_bytes();
    let place = u32::try_from(start).unwrap().to_le_bytes();
    zip.extend([&b"PK\x05\x06\0\0\0\0\x01\0\x01\0"[..], &size, &place, &[0; 2]].concat());
    zip
}

/// Files that no place takes: what they are called, what they are.
fn wrong() -> Vec<(&'static str, Vec<u8>)> {
    let polyglot = [b"%PDF-1.7 <html><script>alert(1)</script>".as_slice(), b"\n%%EOF"].concat();
    let mut archive = b"%PDF-1.7 ".to_vec();
    archive.extend(zip("a.html"));
    archive.extend(b"%%EOF");
    vec![
        ("材料.pdf", b"MZ\x90\0 a program".to_vec()),
        ("材料.png", b"<html><script>alert(1)</script></html>".to_vec()),
        ("材料.pdf", polyglot),
        ("材料.pdf", archive),
        ("材料.pdf", b"%PDF-1.7 cut off".to_vec()),
        ("材料.pdf", b"%PDF-1.7 <</S/JavaScript/JS(app.alert(1))>> %%EOF".to_vec()),
        ("材料.pdf", b"%PDF-1.7 <</S/Launch/F(cmd.exe)>> %%EOF".to_vec()),
        ("材料.jpg", b"\xff\xd8\xff\xe0<script>alert(1)</script>".to_vec()),
        ("材料.png", b"\x89PNG\r\n\x1a\n<script>alert(1)</script>".to_vec()),
        ("图.svg", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("表.xlsx", zip("xl/workbook.xml")),
        ("表.csv", b"\xff\xfe\0a\0b".to_vec()),
    ]
}

/// A form with a file, and who may send it.
struct Place {
    page: String,
    form: Form,
    comer: Comer,
}

/// Every form with a file, of pages whose address is known from the table and the objects there are.
async fn places(staffed: &Staffed) -> Vec<Place> {
    let draft = staffed.at(Side::Own, "draft").await;
    let reviewed = staffed.at(Side::Own, "reviewed").await;
    let agreed = staffed.at(Side::Own, "agreed").await;
    let clerk = staffed.staff(Side::Own, Role::EntryClerk);
    let batch = staffed.batch(Side::Own).await.id;
    let ground = staffed.world.institution.registration().unwrap().catalogue().grounds();
    let grounds = ground.iter().filter(|one| !one.evidence.is_empty()).map(|one| &one.name);
    let mut pages: Vec<String> = vec![
        format!("/desk/enter/{}/materials", draft.application.id),
        format!("/desk/enter/{}/paper", reviewed.application.id),
        format!("/desk/enter/{}/key", agreed.application.id),
        format!("/desk/batches/{batch}"),
        format!("/admin/offices/{}", staffed.office(Side::Own).id),
    ];
    pages.extend(grounds.map(|name| format!("/desk/revocations/new?ground={name}")));
    for route in routes::table().iter().filter(|route| route.method == Method::GET) {
        let is_known =
            matches!(route.gate, PageGate::Person(_) | PageGate::Public | PageGate::PublicForm);
        if is_known && !route.path.contains('{') {
            pages.push(route.path.to_owned());
        }
    }
    let people = [
        clerk.session(&staffed.world).await,
        staffed.people[&Role::BusinessAdmin].clone(),
        staffed.holder(&draft).await,
    ];
    let mut found: Vec<Place> = Vec::new();
    pages.push("/application/materials".to_owned());
    for page in pages {
        for comer in &people {
            let answer = get(staffed, comer, &page).await;
            if answer.status.as_u16() != 200 {
                continue;
            }
            for form in markup::forms(&text(&answer)).into_iter().filter(|form| form.multipart) {
                if !found.iter().any(|one| one.form.action == form.action) {
                    found.push(Place { page: page.clone(), form, comer: comer.clone() });
                }
            }
        }
    }
    found
}

fn sample(_: &markup::Field) -> String {
    "见证人甲".to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_place_that_takes_a_file_keeps_one_that_is_not_what_it_says() {
    let staffed = Staffed::new().await;
    let places = places(&staffed).await;
    let names: Vec<_> = places.iter().map(|one| one.form.action.clone()).collect();
    assert!(places.len() >= 7, "{names:?}");
    let store = staffed.world.institution.store();
    let (mut tries, mut bad) = (0, Vec::new());
    for Place { form, comer, page } in &places {
        let file = form.fields.iter().find(|field| field.kind == "file").unwrap();
        for (name, content) in wrong() {
            let fields = filled(form, 0, &sample);
            let files: &[File<'_>] = &[(&file.name, name, &content)];
            let before = store.size().await.unwrap();
            let answer = post(&staffed, (comer, "text/html"), &form.action, (&fields, files)).await;
            tries += 1;
            let said = text(&answer);
            let is_refused = matches!(answer.status.as_u16(), 400 | 413 | 422);
            let is_quiet = !said.contains("<script>alert") && markup::live(&said).is_empty();
            let is_looked_up = form.action == "/letters/verify";
            let kept = store.size().await.unwrap() != before;
            if !(is_refused || is_looked_up) || kept || !is_quiet {
                bad.push(format!("{page} {name} ({}): {}", content.len(), answer.status));
            }
        }
    }
    println!("{tries} wrong files at {} places: {names:?}", places.len());
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_megabytes_are_refused_everywhere_and_no_name_leads_anywhere() {
    let staffed = Staffed::new().await;
    let mut large = b"%PDF-1.7 ".to_vec();
    large.resize(50 << 20, b'0');
    large.extend(b"%%EOF");
    let names = [
        "../../../../etc/passwd",
        "..\\..\\boot.ini",
        "a.pdf\u{0}.html",
        "<img src=x onerror=alert(1)>.pdf",
        "=cmd()|'x'!A1.pdf",
        "甲\u{202e}fdp.exe",
    ];
    let mut bad = Vec::new();
    for Place { form, comer, page } in &places(&staffed).await {
        let file = form.fields.iter().find(|field| field.kind == "file").unwrap();
        let fields = filled(form, 0, &sample);
        let files: &[File<'_>] = &[(&file.name, "大.pdf", &large)];
        let answer = post(&staffed, (comer, "text/html"), &form.action, (&fields, files)).await;
        if answer.status.as_u16() != 413 || !text(&answer).contains("MB") {
            bad.push(format!("{page}: {}", answer.status));
        }
        for name in names {
            // A browser escapes quotes of a name and nothing else.
            let files: &[File<'_>] = &[(&file.name, name, PDF)];
            let fields = filled(form, 0, &sample);
            let answer = post(&staffed, (comer, "text/html"), &form.action, (&fields, files)).await;
            let again = get(&staffed, comer, page).await;
            for answer in [&answer, &again] {
                let found = markup::live(&text(answer));
                if answer.status.is_server_error() || !found.is_empty() {
                    bad.push(format!("{page} {name:?}: {} {found:?}", answer.status));
                }
            }
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// What comes back is never run: its type is what we found, not what was said, and it is not guessed.
#[tokio::test(flavor = "multi_thread")]
async fn every_file_comes_back_with_its_type_and_under_a_policy_that_runs_nothing() {
    let staffed = Staffed::new().await;
    let mut way = staffed.at(Side::Own, "draft").await;
    let permit = way.own(access::Action::CreateApplication).await;
    let png =
        b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0crc_\0\0\0\0IENDcrc_";
    let upload =
        ra::Upload { name: "other".into(), file_name: "页面.html".into(), content: png.to_vec() };
    let added = way.ra().add_material(&permit, &way.application.at(), upload).await.unwrap();
    way.application = added.0;
    let holder = staffed.holder(&way).await;
    let reads = way.own(access::Action::ReadApplication).await;
    let inspector = &staffed.people[&Role::Inspector];
    for material in way.ra().materials(&reads, &way.application.id).await.unwrap() {
        let id = &way.application.id;
        let own = format!("/application/materials/{}", material.id);
        let desk = format!("/desk/applications/{id}/materials/{}", material.id);
        for (comer, path) in [(&holder, own), (inspector, desk)] {
            let file = get(&staffed, comer, &path).await;
            assert_eq!(file.field("content-type"), material.media.mime(), "{path}");
            assert_eq!(file.field("x-content-type-options"), "nosniff", "{path}");
            let policy = file.field("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"), "{path}: {policy}");
            let disposition = file.field("content-disposition");
            let is_picture = material.media.mime().starts_with("image/");
            let way = if is_picture { "inline;" } else { "attachment;" };
            assert!(disposition.starts_with(way) && disposition.is_ascii(), "{disposition}");
            assert_eq!(file.field("cache-control"), "no-store", "{path}: papers stay nowhere");
        }
    }
    for path in ["/crl/issuing.crl", "/ca/issuing.pem", "/log/checkpoint", "/letters/key.pem"] {
        let nobody = Comer { cookie: String::new(), token: String::new() };
        let file = get(&staffed, &nobody, path).await;
        assert_eq!(file.field("x-content-type-options"), "nosniff", "{path} {}", file.status);
    }
}
