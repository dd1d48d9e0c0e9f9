//! Whether one signed state of the journal is the beginning of another: nothing was taken out or
//! changed in between (RFC 9162 §2.1.4), told in words.

use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::words;
use crate::problem::Problem;

/// Checkpoints in the list.
const SHOWN: u32 = 100;

/// Which two.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    old: String,
    new: String,
}

#[derive(Template)]
#[template(path = "admin/journal_consistency.html")]
struct ConsistencyPage {
    frame: Frame,
    mistakes: Mistakes,
    kept: Vec<(u64, String)>,
    old: String,
    new: String,
    finding: Option<Finding>,
}

/// What came out.
struct Finding {
    old: (u64, String),
    new: (u64, String),
    hashes: Vec<String>,
    /// What does not fit; `None` when all does.
    flaw: Option<String>,
}

/// `GET /admin/journal/consistency`.
pub async fn show(State(app): State<App>, frame: Frame, Params(query): Params<Query>) -> Answer {
    let kept = app.store().checkpoints(SHOWN).await.map_err(app::Error::from)?;
    let kept = kept.into_iter().map(|(size, at)| (size, words::second(at))).collect();
    let Query { old, new } = query;
    let blank =
        ConsistencyPage { frame, mistakes: Mistakes::none(), kept, old, new, finding: None };
    if blank.old.is_empty() && blank.new.is_empty() {
        return page(&blank);
    }
    let sizes = (blank.old.trim().parse::<u64>(), blank.new.trim().parse::<u64>());
    let (Ok(old), Ok(new)) = sizes else {
        let mistakes = Mistakes::one("old", "请各选一个检查点");
        return page_to_correct(&ConsistencyPage { mistakes, ..blank });
    };
    if old > new {
        let mistakes = Mistakes::one("old", "较早的检查点，其记录数不能多于较晚的检查点");
        return page_to_correct(&ConsistencyPage { mistakes, ..blank });
    }
    let finding = Some(compare(&app, old, new).await?);
    page(&ConsistencyPage { finding, ..blank })
}

async fn compare(app: &App, old: u64, new: u64) -> Result<Finding, Problem> {
    let (old_root, new_root) = (signed_root(app, old).await?, signed_root(app, new).await?);
    let shown = |size: u64, root: &tlog::Hash| (size, root.to_string());
    let mut finding = Finding {
        old: shown(old, &old_root),
        new: shown(new, &new_root),
        hashes: Vec::new(),
        flaw: None,
    };
    match app.store().prove_consistency(old, new).await {
        Ok(found) => {
            finding.hashes = found.proof.iter().map(ToString::to_string).collect();
            // Against the roots that were signed, not those that the database leads to now.
            let verified =
                tlog::verify_consistency((old, &old_root), (new, &new_root), &found.proof);
            finding.flaw = verified.err().map(|error| error.to_string());
        }
        Err(error @ (store::Error::Damaged(_) | store::Error::Tree(_))) => {
            finding.flaw = Some(error.to_string());
        }
        Err(error) => return Err(app::Error::from(error).into()),
    }
    Ok(finding)
}

/// The root that the checkpoint of a size names; its signature is verified on reading.
async fn signed_root(app: &App, size: u64) -> Result<tlog::Hash, Problem> {
    let kept = app.store().checkpoint_at(size).await.map_err(app::Error::from)?;
    let text = "没有这个检查点；请从列表中选择";
    Ok(kept.ok_or_else(|| Problem::not_found(text))?.checkpoint.root)
}
