//! 信息公开: what the law wants public, each item from settings or data, and what is missing said to
//! be missing (Measures Art. 13, 17, 20, 29).

pub mod certificates;
pub mod cps;

use app::disclosure::Item;
use askama::Template;
use axum::extract::State;

use super::admin::journal_key::JournalKey;
use super::answer::{Answer, page};
use super::frame::Frame;
use super::generations::{self, Kind, Named};
use super::words;
use crate::api::App;

#[derive(Template)]
#[template(path = "hall/disclosure.html")]
struct Disclosure {
    frame: Frame,
    items: Vec<Item>,
    authorities: Vec<Authority>,
    lists: Vec<(&'static str, String)>,
    ocsp: String,
    rating: Option<String>,
    documents: usize,
    journal: JournalKey,
}

struct Authority {
    title: String,
    file: String,
    subject: String,
    until: String,
    sm3: String,
}

/// `GET /disclosure`.
pub async fn show(State(app): State<App>, frame: Frame) -> Answer {
    let base = frame.site.public_url().to_owned();
    let mut authorities = Vec::new();
    let named = generations::named(&app).await?.into_iter();
    for Named { title, file, certificate, .. } in named.filter(|one| one.kind != Kind::Link) {
        authorities.push(Authority {
            title,
            file,
            subject: certificate.subject().to_string(),
            until: words::day(certificate.not_after()),
            sm3: words::groups(&certificate.fingerprint()),
        });
    }
    let urls = &app.ca().config().urls;
    let full = urls.crl.iter().map(|url| ("撤销列表地址", url.clone()));
    let delta = urls.freshest_crl.iter().map(|url| ("增量撤销列表地址", url.clone()));
    let lists = full.chain(delta).collect();
    let (figures, _) = app.rating_figures().await?;
    let rating = figures
        .good_permille()
        .map(|n| format!("好评率 {}.{}%，共 {} 件评价", n / 10, n % 10, figures.total()));
    page(&Disclosure {
        frame,
        items: app.disclosed_items(),
        authorities,
        lists,
        ocsp: format!("{base}/ocsp"),
        rating,
        documents: app.practice_documents().await?.len(),
        journal: JournalKey::of(&app),
    })
}
