//! Requests as browsers send them, and forms filled so that they could go through.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use axum::body::Body;
use axum::http::Request;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use gm::UserId;
use gm::sm2::PrivateKey;

use axum::middleware::from_fn_with_state;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;
use web::pages::Site;

use crate::door::Answer;
use crate::markup::{Field, Form};
use crate::staffed::{Comer, Staffed};
use crate::way::Staff;

/// A file of a form: field, name, octets.
pub type File<'f> = (&'f str, &'f str, &'f [u8]);

/// A PDF that is whole.
pub const PDF: &[u8] = b"%PDF-1.7 paper\n%%EOF";

pub fn text(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

/// As the server answers: browsers get a page for a problem.
async fn ask(staffed: &Staffed, mut request: Request<Body>) -> Answer {
    let institution = staffed.world.institution.clone();
    let site = Site::of(&institution);
    let router = web::router(institution).layer(from_fn_with_state(site, web::pages::dress));
    let peer = std::net::SocketAddr::from(([203, 0, 113, 77], 40_000));
    request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
    let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    Answer { status: parts.status, headers: parts.headers, body }
}

pub async fn get(staffed: &Staffed, comer: &Comer, path: &str) -> Answer {
    let request = Request::builder().uri(path);
    let request = request.header("accept", "text/html").header("cookie", &comer.cookie);
    ask(staffed, request.body(Body::empty()).unwrap()).await
}

/// Sends a form with the token of who sends it; `accept` decides how problems come back.
pub async fn post(
    staffed: &Staffed,
    (comer, accept): (&Comer, &str),
    path: &str,
    (fields, files): (&[(String, String)], &[File<'_>]),
) -> Answer {
    let mut all = vec![("token".to_owned(), comer.token.clone())];
    all.extend(fields.iter().filter(|(name, _)| name != "token").cloned());
    let (kind, body) = match files {
        [] => {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&all).finish();
            ("application/x-www-form-urlencoded", body.into_bytes())
        }
        files => ("multipart/form-data; boundary=yxb", parts(&all, files)),
    };
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("accept", accept)
        .header("content-type", kind)
        .header("cookie", &comer.cookie);
    ask(staffed, request.body(Body::from(body)).unwrap()).await
}

fn parts(fields: &[(String, String)], files: &[File<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    let head = |name: &str| format!("--yxb\r\ncontent-disposition: form-data; name=\"{name}\"");
    for (name, value) in fields {
        body.extend(format!("{}\r\n\r\n{value}\r\n", head(name)).into_bytes());
    }
    for (field, name, content) in files {
        body.extend(format!("{}; filename=\"{name}\"\r\n\r\n", head(field)).into_bytes());
        body.extend(*content);
        body.extend(b"\r\n");
    }
    body.extend(b"--yxb--\r\n");
    body
}

/// What a form is sent with if nobody changes anything, and texts are filled in where there are none.
/// Where something has to be chosen, the choices take their turns.
pub fn filled(
    form: &Form,
    turn: usize,
    sample: &dyn Fn(&Field) -> String,
) -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for field in form.fields.iter().filter(|field| !field.name.is_empty()) {
        let value = match field.kind.as_str() {
            "file" | "submit" => continue,
            "radio" => {
                let group = form.fields.iter().filter(|one| one.name == field.name);
                let several = turn % group.clone().count();
                let chosen = group.clone().find(|one| one.checked).or(group.clone().nth(several));
                if all.iter().any(|(name, _)| *name == field.name) {
                    continue;
                }
                chosen.unwrap().value.clone()
            }
            "checkbox" => field.value.clone(),
            "select" => {
                let options = &field.options;
                let selected = options.iter().find(|(value, chosen)| *chosen && !value.is_empty());
                let first = options.iter().find(|(value, _)| !value.is_empty());
                selected.or(first).map(|(value, _)| value.clone()).unwrap_or_default()
            }
            _ if field.is_text() && field.value.is_empty() => sample(field),
            _ => field.value.clone(),
        };
        all.push((field.name.clone(), value));
    }
    all
}

/// A signature as the assistant gives it back: the fields of its form.
pub fn signature(key: &PrivateKey, statement: &str) -> Vec<(String, String)> {
    let signed = key.sign(&UserId::default(), statement.as_bytes());
    vec![
        ("signature".to_owned(), URL_SAFE_NO_PAD.encode(signed.to_der())),
        ("key".to_owned(), hex::encode(key.public_key().to_sec1())),
    ]
}

/// The statement that a page asks to sign.
pub fn statement(page: &str) -> Option<String> {
    let tags = crate::markup::tags(page);
    let asked = tags.iter().find(|tag| tag.name == "input" && tag.value("name") == "text");
    asked.map(|tag| tag.value("value").to_owned())
}

/// The statement of an act as the institution has it.
async fn waiting(staffed: &Staffed, comer: &Comer, place: &str) -> String {
    let access = staffed.world.institution.access();
    let token = comer.cookie.trim_start_matches("yx=");
    let principal = access.authenticate_cookie(token).await.unwrap();
    let id = place.trim_start_matches("/sign/");
    let found = access.pending_act(&principal, id).await;
    found.map(|act| act.statement).unwrap_or_default()
}

/// Signs the act that an answer leads to, and sends the signature: the page, and what came of it.
pub async fn sign(
    staffed: &Staffed,
    (comer, staff): (&Comer, &Staff),
    place: &str,
    accept: &str,
) -> (Answer, Answer) {
    let page = get(staffed, comer, place).await;
    // What is out of its turn is not asked for on the page; who signs it all the same is refused all the same.
    let asked = match statement(&text(&page)) {
        Some(asked) => asked,
        None => waiting(staffed, comer, place).await,
    };
    let fields = signature(&staff.0, &asked);
    let done = post(staffed, (comer, accept), place, (&fields, &[])).await;
    (page, done)
}
