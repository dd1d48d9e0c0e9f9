//! 签发机构: the chain, the signing key, the revocation lists and the key centre's stores; what stops
//! them and how that is put right.

use access::Action;
use app::console::MOST_PAIRS;
use app::succession::GenerationView;
use askama::Template;
use axum::extract::State;
use ca::{CrlKind, CrlRecord, Freshness};
use jiff::Timestamp;
use pki::Certificate;
use store::Standing;

use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::generations::{self, Named};
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// Lists in the history.
const SHOWN: u32 = 40;
/// Days before the end when a certificate is shown to need attention, as the doctor does.
const SOON_DAYS: i64 = 90;
const DAY_SECONDS: i64 = 86_400;

/// The page, with what was typed into its forms.
#[derive(Template)]
#[template(path = "admin/ca.html")]
pub(super) struct CaPage {
    frame: Frame,
    mistakes: Mistakes,
    form: Form,
    authorities: Vec<Authority>,
    generations: Vec<Row>,
    key: Key,
    kinds: Vec<Kind>,
    history: Vec<Published>,
    stores: Option<Stores>,
    halted: Option<String>,
    is_quarantined: bool,
    may_publish: bool,
    may_refill: bool,
    most_pairs: u32,
}

struct Authority {
    title: String,
    file: String,
    subject: String,
    serial: String,
    key: String,
    sm3: String,
    from: String,
    until: String,
    left: String,
    tag: &'static str,
}

/// A generation of the issuing CA.
struct Row {
    number: u32,
    name: String,
    key: String,
    since: String,
    until: String,
    last: String,
    work: String,
    word: &'static str,
    tag: &'static str,
}

/// How the signing key stands.
struct Key {
    word: &'static str,
    tag: &'static str,
    detail: String,
}

/// A kind of list and its current one.
struct Kind {
    /// Whether it is of the generation that issues: the order is for all that sign.
    is_choice: bool,
    value: String,
    title: String,
    file: String,
    number: Option<i64>,
    until: Option<String>,
    word: &'static str,
    tag: &'static str,
}

struct Published {
    title: String,
    number: i64,
    this_update: String,
    next_update: String,
    entries: u64,
    spare: bool,
    sm3: String,
}

/// The three stores of the key centre (GM/T 0038 §7.6.2).
struct Stores {
    standby: u64,
    in_use: u64,
    history: u64,
    generated: u64,
    is_conserved: bool,
    cas: Vec<(String, u64, u64)>,
}

impl CaPage {
    /// The page again with what is wrong on it.
    pub(super) fn with(self, mistakes: Mistakes) -> Self {
        Self { mistakes, ..self }
    }

    /// Whether there is such a kind of list.
    pub(super) fn offers(&self, value: &str) -> bool {
        self.kinds.iter().any(|kind| kind.value == value)
    }

    fn kind(&self) -> &str {
        self.form.text("kind")
    }
}

/// `GET /admin/ca`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    page(&whole(&app, (frame, &visitor), Form::default()).await?)
}

pub(super) async fn whole(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    form: Form,
) -> Result<CaPage, Problem> {
    let now = app.clock().now();
    let mut authorities = Vec::new();
    for Named { title, file, certificate, .. } in generations::named(app).await? {
        authorities.push(authority((title, file), &certificate, now));
    }
    let history = app.ca().crls(SHOWN).await.map_err(app::Error::from)?;
    let may = |action| app.permit(visitor.principal(), action).is_ok();
    Ok(CaPage {
        frame,
        mistakes: Mistakes::none(),
        form,
        authorities,
        generations: app.generations().await?.iter().rev().map(row).collect(),
        key: key(app),
        kinds: kinds(app, &history).await?,
        history: history.iter().map(published).collect(),
        stores: stores(app, may(Action::ReadKmc)).await?,
        halted: match app.store().standing() {
            Standing::Sound => None,
            Standing::Halted { reason } => Some(reason.to_string()),
        },
        is_quarantined: app.ca().signing_generations().iter().any(ca::Ca::is_quarantined),
        may_publish: may(Action::PublishCrl),
        may_refill: may(Action::RefillKmc) && app.kmc().is_some(),
        most_pairs: MOST_PAIRS,
    })
}

fn authority(
    (title, file): (String, String),
    certificate: &Certificate,
    now: Timestamp,
) -> Authority {
    let seconds = certificate.not_after().as_second().saturating_sub(now.as_second());
    let (left, tag) = match seconds.div_euclid(DAY_SECONDS) {
        days if days < 0 => ("已过期".to_owned(), "tag--bad"),
        days if days < SOON_DAYS => (format!("还剩 {days} 天"), "tag--wait"),
        days => (format!("还剩 {days} 天"), "tag--good"),
    };
    let key = certificate.public_key().map(|key| words::groups(&key.fingerprint()));
    Authority {
        title,
        file,
        subject: certificate.subject().to_string(),
        serial: words::groups(&certificate.serial().to_hex()),
        key: key.unwrap_or_else(|_| "不是 SM2 密钥".to_owned()),
        sm3: words::groups(&certificate.fingerprint()),
        from: words::day(certificate.not_before()),
        until: words::day(certificate.not_after()),
        left,
        tag,
    }
}

fn row(view: &GenerationView) -> Row {
    let (generation, (word, tag)) = (&view.generation, generations::tag(view));
    let since = generation.active_from.unwrap_or_else(|| generation.certificate.not_before());
    Row {
        number: generation.number,
        name: generation.name.clone(),
        key: generation.key_label.clone(),
        since: match generation.is_waiting {
            true => "未定".to_owned(),
            false => words::minute(since),
        },
        until: words::day(generation.certificate.not_after()),
        last: view.last_end.map_or_else(|| "没有".to_owned(), words::day),
        work: generations::work(view),
        word,
        tag,
    }
}

fn key(app: &App) -> Key {
    let signing = app.ca().signing_generations();
    if signing.iter().any(ca::Ca::is_quarantined) {
        let detail = "密码设备曾返回错误的签名，签发密钥已停用".to_owned();
        return Key { word: "已停用", tag: "tag--bad", detail };
    }
    match signing.iter().try_for_each(ca::Ca::check_key) {
        Ok(()) => {
            let detail = "密码设备中的密钥与签发证书一致".to_owned();
            Key { word: "可用", tag: "tag--good", detail }
        }
        Err(error) => Key { word: "不可用", tag: "tag--bad", detail: error.to_string() },
    }
}

/// The value of a form, the title and the file of a kind of list.
fn naming(issuer: &str, kind: CrlKind) -> (String, String, String) {
    let (value, title, file) = match kind {
        CrlKind::Full => ("full".into(), "完整列表".into(), format!("{issuer}.crl")),
        CrlKind::Delta => ("delta".into(), "增量列表".into(), format!("{issuer}-delta.crl")),
        CrlKind::Shard(shard) => {
            (format!("shard-{shard}"), format!("第 {shard} 分片"), format!("{issuer}-{shard}.crl"))
        }
    };
    let is_first = issuer == app::ISSUER;
    (value, if is_first { title } else { format!("{title}（{issuer}）") }, file)
}

async fn kinds(app: &App, history: &[CrlRecord]) -> Result<Vec<Kind>, Problem> {
    let health = app.ca().crl_health().await.map_err(app::Error::from)?;
    let one = |health: &ca::CrlHealth| {
        let (value, title, file) = naming(&health.issuer, health.kind);
        let is_it = |list: &&CrlRecord| list.kind == health.kind && list.issuer == health.issuer;
        let number = history.iter().find(is_it).map(|list| list.number);
        let is_choice = health.issuer == app.ca().name();
        let (word, tag) = match (health.next_update, health.freshness) {
            (None, _) => ("尚未发布", "tag--unknown"),
            (_, Freshness::Fresh) => ("正常", "tag--good"),
            (_, Freshness::HalfSpent) => ("过半未更新", "tag--wait"),
            (_, Freshness::Expired) => ("已过期", "tag--bad"),
        };
        let until = health.next_update.map(words::second);
        Kind { is_choice, value, title, file, number, until, word, tag }
    };
    Ok(health.iter().map(one).collect())
}

fn published(list: &CrlRecord) -> Published {
    Published {
        title: naming(&list.issuer, list.kind).1,
        number: list.number,
        this_update: words::second(list.this_update),
        next_update: words::second(list.next_update),
        entries: list.entries,
        spare: list.spare,
        sm3: list.etag.clone(),
    }
}

async fn stores(app: &App, may: bool) -> Result<Option<Stores>, Problem> {
    let Some(kmc) = app.kmc().filter(|_| may) else {
        return Ok(None);
    };
    let counts = kmc.statistics().await.map_err(app::Error::from)?;
    let generations = app.generations().await?;
    let title = |name: &str| {
        let found = generations.iter().find(|view| view.generation.name == name);
        found.map_or_else(
            || name.to_owned(),
            |view| format!("第 {} 代签发密钥的证书", view.generation.number),
        )
    };
    let cas = counts.by_ca.iter().map(|ca| (title(&ca.ca), ca.in_use, ca.history)).collect();
    Ok(Some(Stores {
        standby: counts.standby,
        in_use: counts.in_use(),
        history: counts.history(),
        generated: counts.generated,
        is_conserved: counts.conserved(),
        cas,
    }))
}
