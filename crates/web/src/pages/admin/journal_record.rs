//! One record of the journal: its members in words, the canonical text that was hashed, and the
//! proof that it stands in the signed tree, verified here and written out so that any other program
//! can repeat it.

use askama::Template;
use axum::extract::{Path, State};
use store::{AuditMark, Filter, Page, Seq, SignedCheckpoint, Stored};
use tlog::Hash;

use super::journal_kinds::title;
use super::journal_proof::{self as proof, Step};
use super::journal_words::{self as told, Names};
use crate::api::App;
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/journal_record.html")]
struct RecordPage {
    frame: Frame,
    record: Stored,
    title: String,
    at: String,
    who: String,
    link: Option<String>,
    /// What sort of thing it is about.
    sort: &'static str,
    members: Vec<(String, String)>,
    mark: Option<(AuditMark, String)>,
    older: Option<u64>,
    newer: Option<u64>,
    proven: Proven,
    key: String,
}

/// How the proof came out. What could not be determined is never shown as good (Invariant 11).
enum Proven {
    /// The record stands in the tree of the checkpoint.
    Sound(Box<Proof>),
    /// It does not, or the record was harmed.
    Broken(String),
    /// There is no checkpoint that covers it.
    Open(String),
}

/// A proof that was verified.
struct Proof {
    size: u64,
    root: String,
    steps: Vec<Step>,
    note: String,
}

/// `GET /admin/journal/{seq}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(seq): Path<String>,
) -> Answer {
    let seq = Seq(seq.parse().map_err(|_| missing())?);
    let record = record(&app, seq).await?.ok_or_else(missing)?;
    let size = app.store().size().await.map_err(app::Error::from)?;
    let marks = app.store().audit_marks_over(seq, seq).await.map_err(app::Error::from)?;
    let mark = marks.into_iter().next();
    let actors = [Some(&*record.actor), mark.as_ref().map(|mark| &*mark.actor)];
    let names = Names::of(&app, visitor.principal(), actors.into_iter().flatten()).await;
    let (key, _) = app.store().checkpoint_key();
    page(&RecordPage {
        link: told::link(&frame, &record.subject),
        sort: told::object(&record.subject).0,
        frame,
        title: title(&record.kind).to_owned(),
        at: words::second(record.at),
        who: names.who(&record.actor),
        members: told::members(&record, app.registration().ok().map(ra::Ra::catalogue)),
        mark: mark.map(|mark| (names.who(&mark.actor), mark)).map(|(who, mark)| (mark, who)),
        older: seq.0.checked_sub(1),
        newer: seq.0.checked_add(1).filter(|next| *next < size),
        proven: proven(&app, &record).await?,
        key: hex::encode(key.to_sec1()),
        record,
    })
}

fn missing() -> Problem {
    Problem::not_found("没有这条日志记录；请从日志列表进入")
}

/// The record at a place.
pub(super) async fn record(app: &App, seq: Seq) -> Result<Option<Stored>, Problem> {
    let filter = Filter { first: Some(seq), last: Some(seq), ..Filter::default() };
    let found = app.store().records(&filter, Page { limit: 1, ..Page::default() }).await;
    Ok(found.map_err(app::Error::from)?.pop())
}

/// Proves a record against a fresh checkpoint, or the last one where the journal is halted.
async fn proven(app: &App, record: &Stored) -> Result<Proven, Problem> {
    if !record.intact {
        let text = "记录的内容与入库时的杂凑值不一致，曾被改动；请停机核对";
        return Ok(Proven::Broken(text.to_owned()));
    }
    let signed = match app.store().checkpoint().await {
        Err(store::Error::Halted(_)) => app.store().latest_checkpoint().await,
        signed => signed.map(Some),
    };
    let signed = match signed.map_err(app::Error::from)? {
        Some(signed) if record.seq.0 < signed.checkpoint.size => signed,
        _ => {
            let text = "日志已停止写入，最近的检查点还没有包含这条记录，无法证明";
            return Ok(Proven::Open(text.to_owned()));
        }
    };
    let size = signed.checkpoint.size;
    match app.store().prove_inclusion_at(record.seq, size).await {
        Ok(found) => Ok(judged(record, &found.proof, signed)),
        Err(error @ (store::Error::Damaged(_) | store::Error::Tree(_))) => {
            Ok(Proven::Broken(error.to_string()))
        }
        Err(error) => Err(app::Error::from(error).into()),
    }
}

/// Recomputed from the very text on the page up to the root that the checkpoint names.
fn judged(record: &Stored, siblings: &[Hash], signed: SignedCheckpoint) -> Proven {
    let leaf = Hash::leaf(record.leaf.as_bytes());
    let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
    match proof::steps((&leaf, record.seq.0, size), siblings) {
        Some(steps) if proof::ends_at(&leaf, &steps, &root) => {
            let root = root.to_string();
            Proven::Sound(Box::new(Proof { size, root, steps, note: signed.note }))
        }
        _ => Proven::Broken("由记录内容推算的日志树根与签名的检查点不一致；请停机核对".to_owned()),
    }
}
