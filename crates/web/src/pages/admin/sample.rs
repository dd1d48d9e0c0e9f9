//! One report of 签发抽查: the draw, the figures, and each certificate that was drawn with what stood behind it; the signed
//! file, and the certificates as a list for a spreadsheet program.

use access::Action;
use app::sample::model::{Applied, Counts, ElementShown, Entry};
use app::sample::{Report, SampleSummary, Verdict, Week};
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ra::catalogue::SubjectPart;
use serde::Deserialize;

use super::Names;
use super::certificates::profile_title;
use super::sample_look::Look;
use super::samples::days;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::Asked;
use crate::pages::paging::Paging;
use crate::pages::{address, csv, words};
use crate::problem::Problem;

/// Certificates of one page.
const ROWS: u32 = 20;
const HEADINGS: [&str; 19] = [
    "证书序列号",
    "类别",
    "证书模板",
    "签发时间",
    "来源",
    "结论",
    "问题",
    "客户端签发、未附核验依据",
    "申请编号",
    "受理机构",
    "录入人",
    "核验方式",
    "核验人",
    "审核人",
    "写明内容项数",
    "有核验记录项数",
    "各项核验记录",
    "证书策略",
    "日志记录号",
];

/// Which of the certificates.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// The serial number or the number of an application.
    q: String,
    verdict: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "";

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![("q", &self.q), ("verdict", &self.verdict)]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    fn fits(&self, entry: &Entry) -> bool {
        let signs = self.q.chars().filter(|c| !c.is_whitespace() && *c != ':');
        let sought: String = signs.collect::<String>().to_lowercase();
        let number = entry.application.as_ref().map(|one| one.number.to_lowercase());
        let is_named = sought.is_empty()
            || entry.serial.trim_start_matches('0') == sought.trim_start_matches('0')
            || number.as_deref() == Some(&*sought);
        is_named && (self.verdict.is_empty() || self.verdict == entry.verdict.word())
    }
}

#[derive(Template)]
#[template(path = "admin/sample.html")]
pub(super) struct Shown {
    frame: Frame,
    here: String,
    /// Who went through it, or the form for that.
    look: Look,
    pub(super) mistakes: Mistakes,
    days: String,
    made_at: String,
    is_genuine: bool,
    summary: SampleSummary,
    report: Report,
    query: Query,
    verdicts: Vec<(Verdict, u64)>,
    is_search: bool,
    total: usize,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
}

struct Row {
    entry: Entry,
    tag: &'static str,
    issued_at: String,
    role: String,
    profile: String,
    /// What is told of the application, line by line.
    told: Vec<(&'static str, String)>,
    elements: Vec<Element>,
}

/// An element of the subject.
struct Element {
    part: String,
    value: String,
    /// In words; none where there is none.
    evidence: Option<String>,
    is_wrong: bool,
}

/// `GET /admin/samples/{week}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(week): Path<String>,
    Params(query): Params<Query>,
) -> Answer {
    page(&shown(&app, (frame, &visitor), named(&week)?, (query, Form::default())).await?)
}

/// The page of a report, with what was typed into its form.
pub(super) async fn shown(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    week: Week,
    (query, form): (Query, Form),
) -> Result<Shown, Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadSamples)?;
    let found = app.sample_report(&permit, week).await?;
    let (summary, report, is_genuine) = found.ok_or_else(missing)?;
    let here = format!("/admin/samples/{week}");
    let look = Look::of(app, visitor, (&summary, form)).await;
    let fitting: Vec<Entry> =
        report.sample.iter().filter(|entry| query.fits(entry)).cloned().collect();
    let (place, total) = (query.place()?, fitting.len());
    let names = Names::of(app, visitor.principal(), actors(&fitting).iter().map(|a| &**a)).await;
    let rows = usize::try_from(ROWS).unwrap_or(usize::MAX);
    let first = usize::try_from(place).unwrap_or(usize::MAX).saturating_mul(rows);
    let shown = fitting.into_iter().skip(first).take(rows).map(|entry| row(entry, (app, &names)));
    let turned = |page: &str| query.address(&here, ("", page));
    Ok(Shown {
        look,
        mistakes: Mistakes::none(),
        days: days(week),
        made_at: words::minute(report.made_at),
        is_genuine,
        verdicts: verdicts(&report.counts),
        is_search: query.is_search(),
        total,
        rows: shown.collect(),
        paging: Paging::of((place, ROWS), u64::try_from(total).unwrap_or(u64::MAX), turned),
        csv: address::with(
            &format!("{here}/export.csv"),
            &[("q", &query.q), ("verdict", &query.verdict)],
        ),
        here,
        summary,
        report,
        query,
        frame,
    })
}

/// `GET /admin/samples/{week}/report.json`: the report as it was signed.
pub async fn download(
    State(app): State<App>,
    visitor: Visitor,
    Path(week): Path<String>,
) -> Answer {
    let week = named(&week)?;
    let file = app.sample_file(visitor.permit()?, week).await?.ok_or_else(missing)?;
    let disposition = format!("attachment; filename=\"weekly-sample-{week}.json\"");
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, file).into_response())
}

/// `GET /admin/samples/{week}/export.csv`: the certificates that were drawn.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Path(week): Path<String>,
    Params(query): Params<Query>,
) -> Answer {
    let week = named(&week)?;
    let found = app.sample_report(visitor.permit()?, week).await?;
    let (_, report, _) = found.ok_or_else(missing)?;
    let entries: Vec<Entry> = report.sample.into_iter().filter(|entry| query.fits(entry)).collect();
    let names = Names::of(&app, visitor.principal(), actors(&entries).iter().map(|a| &**a)).await;
    let lines: Vec<csv::Row> = entries.iter().map(|entry| line(entry, (&app, &names))).collect();
    Ok(csv::list(&format!("weekly-sample-{week}"), &HEADINGS, lines))
}

pub(super) fn named(week: &str) -> Result<Week, Problem> {
    week.parse().map_err(|_| missing())
}

fn missing() -> Problem {
    Problem::not_found("没有这一周的签发抽查报告；请从“签发抽查”的列表进入")
}

/// The people who had a part in the applications.
fn actors(entries: &[Entry]) -> Vec<String> {
    let of = |applied: &Applied| {
        let done = [&applied.proofed, &applied.reviewed].into_iter().flatten();
        let people: Vec<String> =
            done.map(|done| &done.person).chain(&applied.entered).cloned().collect();
        people
    };
    let people = entries.iter().filter_map(|entry| entry.application.as_ref()).flat_map(of);
    people.map(|person| format!("person:{person}")).collect()
}

fn verdicts(counts: &Counts) -> Vec<(Verdict, u64)> {
    let count = |verdict: Verdict| match verdict {
        Verdict::Backed => counts.backed,
        Verdict::Faulty => counts.faulty,
        Verdict::Unjudged => counts.unjudged,
        Verdict::ExamplePolicy => counts.example_policy,
        Verdict::NoEvidence => counts.no_evidence,
        Verdict::Own => counts.own,
    };
    Verdict::ALL.into_iter().map(|verdict| (verdict, count(verdict))).collect()
}

fn tag(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Backed | Verdict::Own => "tag--good",
        Verdict::Faulty => "tag--bad",
        Verdict::Unjudged => "tag--unknown",
        Verdict::ExamplePolicy | Verdict::NoEvidence => "tag--wait",
    }
}

fn row(entry: Entry, (app, names): (&App, &Names)) -> Row {
    Row {
        tag: tag(entry.verdict),
        issued_at: words::minute(entry.issued_at),
        role: role(&entry.role).to_owned(),
        profile: profile_title(app, &entry.profile),
        told: entry.application.as_ref().map(|one| told(one, names)).unwrap_or_default(),
        elements: entry.elements.iter().map(element).collect(),
        entry,
    }
}

fn who(person: &str, names: &Names) -> String {
    names.who(&format!("person:{person}"))
}

/// Who entered: where nobody of the staff did, the holder.
fn entered(applied: &Applied, names: &Names) -> String {
    match applied.entered.is_empty() {
        true => "申请人本人".to_owned(),
        false => {
            let people: Vec<_> = applied.entered.iter().map(|one| who(one, names)).collect();
            people.join("、")
        }
    }
}

fn told(applied: &Applied, names: &Names) -> Vec<(&'static str, String)> {
    let done = |done: &Option<app::sample::model::Done>| match done {
        Some(done) => format!("{}，{}", who(&done.person, names), words::minute(done.at)),
        None => "没有".to_owned(),
    };
    let method = applied.method.as_ref();
    let agreed = applied.agreed.as_ref();
    vec![
        ("申请编号", applied.number.clone()),
        ("受理机构", office(applied)),
        ("录入", entered(applied, names)),
        (
            "核验方式",
            method.map_or("没有".to_owned(), |m| format!("{}（{} 级）", m.title, m.level)),
        ),
        ("核验", done(&applied.proofed)),
        ("审核", done(&applied.reviewed)),
        (
            "服务协议",
            agreed
                .map_or("没有".to_owned(), |a| format!("{}，{}", a.version, words::minute(a.at))),
        ),
    ]
}

fn office(applied: &Applied) -> String {
    applied.office.clone().unwrap_or_else(|| "本机构".to_owned())
}

fn element(one: &ElementShown) -> Element {
    Element {
        part: part(&one.part).to_owned(),
        value: one.value.clone(),
        evidence: one.evidence.is_some().then(|| evidence(one)),
        is_wrong: one.fault.is_some(),
    }
}

/// A place of a certificate in words.
fn part(word: &str) -> &str {
    let known = SubjectPart::ALL.iter().find(|part| part.word() == word);
    known.map_or(word, |part| part.chinese())
}

/// What stands behind an element, in words.
fn evidence(element: &ElementShown) -> String {
    let Some(shown) = &element.evidence else { return "没有核验记录".to_owned() };
    let source = shown.source.as_ref().zip(shown.answer.as_ref());
    match (source, &shown.material) {
        (Some((source, answer)), _) => format!("{}（{source}：{answer}）", shown.title),
        (None, Some(material)) => format!("{}（{material}）", shown.title),
        (None, None) => shown.title.clone(),
    }
}

/// What is wrong or unknown, in words.
fn wrong(entry: &Entry) -> String {
    let all = entry.faults.iter().chain(&entry.unjudged);
    all.map(|fault| fault.text.as_str()).collect::<Vec<_>>().join("；")
}

fn line(entry: &Entry, (app, names): (&App, &Names)) -> csv::Row {
    let applied = entry.application.as_ref();
    let of = |text: fn(&Applied) -> String| applied.map(text).unwrap_or_default();
    let person = |done: Option<&app::sample::model::Done>| {
        done.map(|done| who(&done.person, names)).unwrap_or_default()
    };
    let proven = entry.elements.iter().filter(|one| one.evidence.is_some()).count();
    let is_bare = entry.verdict == Verdict::NoEvidence
        || (entry.origin == app::sample::Origin::Client && applied.is_none());
    let each = entry.elements.iter().map(|one| format!("{}：{}", part(&one.part), evidence(one)));
    vec![
        entry.serial.clone(),
        role(&entry.role).to_owned(),
        profile_title(app, &entry.profile),
        words::second(entry.issued_at),
        entry.origin.chinese().to_owned(),
        entry.verdict.chinese().to_owned(),
        wrong(entry),
        if is_bare { "是" } else { "否" }.to_owned(),
        of(|one| one.number.clone()),
        of(office),
        applied.map(|one| entered(one, names)).unwrap_or_default(),
        of(|one| one.method.as_ref().map(|method| method.title.clone()).unwrap_or_default()),
        person(applied.and_then(|one| one.proofed.as_ref())),
        person(applied.and_then(|one| one.reviewed.as_ref())),
        entry.elements.len().to_string(),
        proven.to_string(),
        each.collect::<Vec<_>>().join("；"),
        entry.policies.join("、"),
        entry.record.to_string(),
    ]
}

/// A role in words.
fn role(role: &str) -> &str {
    match role {
        "sign" => "签名证书",
        "enc" => "加密证书",
        "service" => "服务证书",
        "ca" => "CA 证书",
        other => other,
    }
}
