//! 审计标记: which records an auditor went through, what was found, and the next range, which begins
//! where the last one ended (GM/T 0034: audited records carry a visible mark). Signed by the
//! auditor's own key.

use access::{ActKind, Action};
use app::console::AUDIT_OBJECT;
use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use store::{AuditMark, FINDING_MAX, Filter, Seq, Verdict};

use super::journal_kinds::title;
use super::journal_words::Names;
use super::to_be_signed;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::{address, csv, words};
use crate::problem::Problem;

/// Marks of one page.
const ROWS: u32 = 30;
/// Marks read at once for a file.
const BLOCK: u32 = 200;
const HEADINGS: [&str; 9] = [
    "自第几号记录",
    "至第几号记录",
    "结论",
    "审计情况",
    "审计人",
    "时间",
    "树根",
    "标记的记录",
    "与记录一致",
];

/// Where the list goes on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    before: String,
}

#[derive(Template)]
#[template(path = "admin/journal_audit.html")]
struct AuditPage {
    frame: Frame,
    mistakes: Mistakes,
    form: Form,
    may: bool,
    /// First and last record that nobody went through, if there are any.
    open: Option<(u64, u64)>,
    kinds: Vec<(String, u64)>,
    rows: Vec<Row>,
    is_first: bool,
    older: Option<String>,
    may_export: bool,
}

struct Row {
    mark: AuditMark,
    who: String,
    at: String,
    agrees: bool,
}

impl AuditPage {
    /// Up to where, as it was typed or as it would be.
    fn last(&self) -> String {
        match (self.form.text("last"), self.open) {
            ("", Some((_, last))) => last.to_string(),
            (typed, _) => typed.to_owned(),
        }
    }

    fn is_verdict(&self, word: &str) -> bool {
        self.form.text("verdict") == word
    }
}

/// `GET /admin/journal/audits`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let shown = audits(&app, (frame, &visitor), &query.before, Form::default()).await?;
    page(&shown)
}

async fn audits(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    before: &str,
    form: Form,
) -> Result<AuditPage, Problem> {
    let (store, is_first) = (app.store(), before.is_empty());
    let before = match before {
        "" => None,
        text => {
            let wrong = |_| Problem::bad_request("web.page", "页码无效，请回到列表首页重新翻页");
            Some(Seq(text.parse().map_err(wrong)?))
        }
    };
    let marks = store.audit_marks(before, ROWS).await.map_err(app::Error::from)?;
    let names = Names::of(app, visitor.principal(), marks.iter().map(|mark| &*mark.actor)).await;
    let full = marks.len() == usize::try_from(ROWS).unwrap_or(usize::MAX);
    let older = marks.last().filter(|last| full && last.mark.first.0 > 0).map(|last| {
        address::with("/admin/journal/audits", &[("before", &last.mark.first.0.to_string())])
    });
    let rows = rows(app, marks, &names).await?;
    let (next, size) = (
        store.next_audit().await.map_err(app::Error::from)?.0,
        store.size().await.map_err(app::Error::from)?,
    );
    let open = size.checked_sub(1).filter(|last| next <= *last).map(|last| (next, last));
    let kinds = match open {
        None => Vec::new(),
        Some((first, last)) => kinds_in(app, first, last).await?,
    };
    let may = |action| app.permit(visitor.principal(), action).is_ok();
    Ok(AuditPage {
        frame,
        mistakes: Mistakes::none(),
        form,
        may: may(Action::AuditJournal),
        open,
        kinds,
        rows,
        is_first,
        older,
        may_export: may(Action::ExportJournal),
    })
}

/// Marks with who made them, each held against its record.
async fn rows(app: &App, marks: Vec<AuditMark>, names: &Names) -> Result<Vec<Row>, Problem> {
    let mut rows = Vec::new();
    for mark in marks {
        let record = super::journal_record::record(app, mark.seq).await?;
        let agrees = record.is_some_and(|record| mark.agrees(&record));
        rows.push(Row { who: names.who(&mark.actor), at: words::minute(mark.at), agrees, mark });
    }
    Ok(rows)
}

/// `GET /admin/journal/audits/export.csv`: every mark, the newest first.
pub async fn export(State(app): State<App>, visitor: Visitor) -> Answer {
    let (mut lines, mut before) = (Vec::new(), None);
    loop {
        let marks = app.store().audit_marks(before, BLOCK).await.map_err(app::Error::from)?;
        let Some(last) = marks.last() else { break };
        before = Some(last.mark.first);
        let actors = marks.iter().map(|mark| &*mark.actor);
        let names = Names::of(&app, visitor.principal(), actors).await;
        lines.extend(rows(&app, marks, &names).await?.iter().map(line));
    }
    Ok(csv::list("journal-audits", &HEADINGS, lines))
}

fn line(row: &Row) -> csv::Row {
    let mark = &row.mark.mark;
    vec![
        mark.first.0.to_string(),
        mark.last.0.to_string(),
        mark.verdict.chinese().to_owned(),
        mark.finding.clone(),
        row.who.clone(),
        row.at.clone(),
        mark.root.to_string(),
        row.mark.seq.0.to_string(),
        if row.agrees { "是" } else { "否" }.to_owned(),
    ]
}

/// What the unaudited records are, for an overview before they are read.
async fn kinds_in(app: &App, first: u64, last: u64) -> Result<Vec<(String, u64)>, Problem> {
    let filter = Filter { first: Some(Seq(first)), last: Some(Seq(last)), ..Filter::default() };
    let kinds = app.store().count_by_kind(&filter).await.map_err(app::Error::from)?;
    let named = |(kind, total): (String, u64)| (title(&kind).to_owned(), total);
    Ok(kinds.into_iter().map(named).collect())
}

/// `POST /admin/journal/audits`: written down over the tree as it stands, to be signed.
pub async fn submit(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let verdict = Verdict::from_word(form.text("verdict")).ok();
    let finding = form.text("finding").trim().to_owned();
    let last = form.text("last").trim().parse::<u64>().ok();
    let mut mistakes = Mistakes::none();
    if last.is_none() {
        mistakes.add("last", "请填写审计到第几号记录（数字）");
    }
    match verdict {
        None => mistakes.add("verdict", "请选择审计结论"),
        Some(Verdict::Findings) if finding.is_empty() => {
            mistakes.add("finding", "发现问题的，请写明是哪些记录、有什么问题");
        }
        Some(_) => {}
    }
    if finding.chars().count() > FINDING_MAX {
        mistakes.add("finding", format!("审计情况不能超过 {FINDING_MAX} 字，更长的请写成审计报告"));
    }
    if let (true, Some(last), Some(verdict)) = (mistakes.is_empty(), last, verdict) {
        match app.audit_order(last, (verdict, &finding)).await {
            Ok(order) => {
                let act = (ActKind::AuditJournal, AUDIT_OBJECT);
                return to_be_signed(&app, &visitor, act, &order).await;
            }
            Err(app::Error::Store(error @ store::Error::AuditRange { .. })) => {
                mistakes.add("last", error.to_string());
            }
            Err(error) => return Err(error.into()),
        }
    }
    let again = audits(&app, (frame, &visitor), "", form).await?;
    page_to_correct(&AuditPage { mistakes, ..again })
}
