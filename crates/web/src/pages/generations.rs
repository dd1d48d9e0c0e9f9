//! The authorities of the institution as pages show them: each generation of the root with the certificates by which
//! its keys vouch for each other (ADR 15), and each generation of the issuing CA with what it still signs (ADR 14).

use app::succession::GenerationView;
use ca::Link;
use pki::Certificate;

use super::words;
use crate::api::App;

/// Whose certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The root's.
    Root,
    /// One key of the root, certified by another.
    Link,
    /// The issuing CA's.
    Issuing,
}

/// A certificate of an authority.
pub struct Named {
    /// Whose.
    pub kind: Kind,
    /// What it is.
    pub title: String,
    /// The name of its files.
    pub file: String,
    /// What it is used for now, where that has to be said.
    pub role: Option<String>,
    /// Itself.
    pub certificate: Certificate,
}

/// The generations of the root and its links, then those of the issuing CA, the newest first. One that isn't appointed
/// is nobody's to use.
pub async fn named(app: &App) -> Result<Vec<Named>, app::Error> {
    let mut all = roots(app).await?;
    let views = app.generations().await?;
    let is_only = views.len() == 1;
    let shown = views.into_iter().rev().filter(|view| !view.generation.is_waiting);
    all.extend(shown.map(|view| Named {
        kind: Kind::Issuing,
        title: title(&view, is_only),
        file: view.generation.name.clone(),
        role: (!is_only).then(|| work(&view)),
        certificate: view.generation.certificate,
    }));
    Ok(all)
}

/// The roots, the newest first, and behind them the links between those that are in use.
async fn roots(app: &App) -> Result<Vec<Named>, app::Error> {
    let views = app.root_generations().await?;
    let is_in_use = |view: &GenerationView| !view.generation.is_waiting;
    let shown: Vec<_> = views.into_iter().rev().filter(is_in_use).collect();
    let is_only = shown.len() == 1;
    let names: Vec<_> = shown.iter().map(|view| view.generation.name.clone()).collect();
    let mut all: Vec<_> = shown.into_iter().map(|view| root(view, is_only)).collect();
    let links = app.links().await?.into_iter().rev();
    let counts = |link: &Link| link.is_good && names.contains(&link.by) && names.contains(&link.of);
    all.extend(links.filter(counts).map(link));
    Ok(all)
}

fn root(view: GenerationView, is_only: bool) -> Named {
    let generation = view.generation;
    let role = match generation.is_issuing {
        _ if is_only => None,
        true => Some("签发下级机构证书；新装软件请安装这一张".to_owned()),
        false => Some("不再签发下级机构证书；已安装的请保留，它签发的证书仍由它验证".to_owned()),
    };
    Named {
        kind: Kind::Root,
        title: match is_only {
            true => "根证书".to_owned(),
            false => format!("第 {} 代根证书", generation.number),
        },
        file: generation.name,
        role,
        certificate: generation.certificate,
    }
}

fn link(link: Link) -> Named {
    let (title, role) = match link.leads_to_newer {
        true => (
            "链接证书（旧根密钥签发，证明新根密钥）",
            "供只安装了旧根证书的软件验证新根之下的证书；不必安装为根证书",
        ),
        false => (
            "链接证书（新根密钥签发，证明旧根密钥）",
            "供只安装了新根证书的软件验证旧根之下的证书；不必安装为根证书",
        ),
    };
    Named {
        kind: Kind::Link,
        title: format!("{title} {}", link.file()),
        file: link.file(),
        role: Some(role.to_owned()),
        certificate: link.certificate,
    }
}

fn title(view: &GenerationView, is_only: bool) -> String {
    match is_only {
        true => "签发证书（下级 CA）".to_owned(),
        false => format!("第 {} 代签发证书（下级 CA）", view.generation.number),
    }
}

/// What the key of a generation does now, in plain words.
pub fn work(view: &GenerationView) -> String {
    let generation = &view.generation;
    match (generation.is_issuing, generation.active_from, generation.over_at) {
        _ if generation.is_given_up() => "没有启用，换代仪式已放弃".to_owned(),
        (_, _, Some(_)) => "已停止使用；它签发的证书均已到期".to_owned(),
        _ if generation.revoked_at.is_some() => "证书已撤销，已停止签发；只签撤销列表".to_owned(),
        (true, ..) => "签发新证书、撤销列表".to_owned(),
        (false, None, None) if generation.is_waiting => {
            "还没有确定启用时刻，只签撤销列表".to_owned()
        }
        (false, from, None) => match (from, view.last_end) {
            (Some(from), None) => format!("自 {} 起签发新证书", words::minute(from)),
            (_, Some(end)) => {
                format!("不再签发新证书；签撤销列表，到最后一张证书 {} 到期为止", words::day(end))
            }
            (None, None) => "不再签发新证书；签撤销列表".to_owned(),
        },
    }
}

/// How one stands, in a word and its colour.
pub fn tag(view: &GenerationView) -> (&'static str, &'static str) {
    let generation = &view.generation;
    if generation.destroyed_at.is_some() {
        return ("密钥已销毁", "tag--unknown");
    }
    match (generation.over_at.is_some(), generation.is_issuing) {
        _ if generation.is_given_up() => ("已放弃", "tag--unknown"),
        (true, _) => ("可以销毁", "tag--wait"),
        _ if generation.revoked_at.is_some() => ("证书已撤销", "tag--bad"),
        (_, true) => ("签发中", "tag--good"),
        _ if generation.is_waiting => ("等待确定启用时刻", "tag--wait"),
        _ => ("不签发新证书", "tag--unknown"),
    }
}
