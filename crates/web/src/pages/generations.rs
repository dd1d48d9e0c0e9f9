//! The authorities of the institution as pages show them: the root, and each generation of the issuing
//! CA with what it still signs (ADR 14).

use app::succession::GenerationView;
use pki::Certificate;

use super::words;
use crate::api::App;

/// Name of the root.
const ROOT: &str = "root";

/// A certificate of an authority.
pub struct Named {
    /// What it is.
    pub title: String,
    /// The name of its files.
    pub file: String,
    /// What it is used for now, where that has to be said.
    pub role: Option<String>,
    /// Itself.
    pub certificate: Certificate,
}

/// The root, then the generations, the newest first. One that isn't appointed is nobody's to use.
pub async fn named(app: &App) -> Result<Vec<Named>, app::Error> {
    let root = app.authority(ROOT).await?.map(|certificate| Named {
        title: "根证书".to_owned(),
        file: ROOT.to_owned(),
        role: None,
        certificate,
    });
    let views = app.generations().await?;
    let is_only = views.len() == 1;
    let shown = views.into_iter().rev().filter(|view| !view.generation.is_waiting);
    let generations = shown.map(|view| Named {
        title: title(&view, is_only),
        file: view.generation.name.clone(),
        role: (!is_only).then(|| work(&view)),
        certificate: view.generation.certificate,
    });
    Ok(root.into_iter().chain(generations).collect())
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
        (_, _, Some(_)) => "已停止使用；它签发的证书均已到期".to_owned(),
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
        (true, _) => ("可以销毁", "tag--wait"),
        (_, true) => ("签发中", "tag--good"),
        _ if generation.is_waiting => ("等待确定启用时刻", "tag--wait"),
        _ => ("不签发新证书", "tag--unknown"),
    }
}
