//! Messages to applicants: what waits, what is through, what was given up and why. Nothing of what they
//! say. What was given up is tried again by a signed order (GM/T 0034 §6).

use std::sync::Arc;

use access::{ActKind, Action, Permit};
use app::Mark;
use app::notify::{
    Channel, MOST_CHOSEN, MessageFilter, MessageRow, MessageState, REQUEUE_OBJECT, RequeueOrder,
};
use askama::Template;
use axum::extract::State;
use serde::Deserialize;

use crate::api::{App, Params};
use crate::pages::admin::period::Period;
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::list::{self, Asked, Tab};
use crate::pages::paging::Paging;
use crate::pages::{csv, words};
use crate::problem::Problem;

/// Rows of one page: as many as one order names.
const ROWS: u32 = 50;
/// Rows read at once for a file.
const BLOCK: u32 = 500;
const HEADINGS: [&str; 8] =
    ["通知", "方式", "有关事项", "状态", "已试次数", "生成时间", "下次发送", "上次失败的原因"];
const KINDS: [(&str, &str); 3] =
    [("delivery", "签发通知"), ("expiry", "到期提醒"), ("status", "状态变更告知")];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    state: String,
    kind: String,
    channel: String,
    failure: String,
    from: String,
    to: String,
    q: String,
    page: String,
}

impl Asked for Query {
    const PATH: &'static str = "/admin/messages";

    fn tab(&self) -> &str {
        self.here().word()
    }

    fn narrowing(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("kind", &self.kind),
            ("channel", &self.channel),
            ("failure", &self.failure),
            ("from", &self.from),
            ("to", &self.to),
            ("q", &self.q),
        ]
    }

    fn page(&self) -> &str {
        &self.page
    }
}

impl Query {
    /// The state that is meant: what was given up is looked at first.
    fn here(&self) -> MessageState {
        let found = MessageState::ALL.into_iter().find(|state| state.word() == self.state);
        found.unwrap_or(MessageState::Dead)
    }
}

#[derive(Template)]
#[template(path = "batch/messages.html")]
struct List {
    frame: Frame,
    query: Query,
    mistakes: Mistakes,
    tabs: Vec<Tab>,
    kinds: [(&'static str, &'static str); 3],
    channels: [Channel; 2],
    failures: Vec<(String, String)>,
    here: MessageState,
    dead: u64,
    total: u64,
    is_search: bool,
    may_requeue: bool,
    rows: Vec<Row>,
    paging: Paging,
    csv: String,
}

struct Row {
    id: String,
    kind: &'static str,
    channel: &'static str,
    subject: String,
    link: Option<String>,
    tries: i64,
    at: String,
    next: String,
    failure: String,
    code: String,
}

pub(in crate::pages) fn kind(word: &str) -> &'static str {
    KINDS.into_iter().find(|(name, _)| *name == word).map_or("通知", |(_, title)| title)
}

/// Why a message did not go out, and what to look at.
fn reason(code: &str) -> String {
    let known = match code {
        "outbox.unwritable" => "无法写入发件箱文件夹，请检查磁盘和权限",
        "mail.unset" => "没有配置邮件服务器",
        "mail.address" => "收件地址无效",
        "mail.content" | "message.content" => "通知的内容无法组成邮件",
        "mail.tls" => "与邮件服务器的加密连接失败，请检查证书和配置",
        "mail.timeout" => "邮件服务器没有应答",
        "mail.connection" => "连不上邮件服务器",
        _ => "",
    };
    match (known, code.strip_prefix("mail.relay.")) {
        ("", Some(answer)) => format!("邮件服务器拒收（应答代码 {answer}）"),
        ("", None) => code.to_owned(),
        (known, _) => known.to_owned(),
    }
}

/// A reason that can be asked for, with its words.
fn told(code: String) -> (String, String) {
    let words = reason(&code);
    (code, words)
}

/// What messages are about in words, each with the page that the visitor may open.
struct Subjects<'a> {
    app: &'a App,
    frame: &'a Frame,
    reads: Option<Permit>,
}

impl Subjects<'_> {
    async fn told(&self, subject: &str) -> (String, Option<String>) {
        let link = |page: &str, path: String| self.frame.opens(page).then_some(path);
        let link = match subject.split_once(':') {
            Some(("application", id)) => {
                link("/desk/applications/{id}", format!("/desk/applications/{id}"))
            }
            Some(("certificate", serial)) => {
                link("/admin/certificates/{serial}", format!("/admin/certificates/{serial}"))
            }
            _ => None,
        };
        (about(self.app, self.reads.as_ref(), subject).await, link)
    }
}

/// What a message is about, in words: the number of an application for who may see it.
pub(in crate::pages) async fn about(app: &App, reads: Option<&Permit>, subject: &str) -> String {
    match subject.split_once(':') {
        Some(("application", id)) => {
            let number = number(app, reads, id).await;
            format!("申请 {}", number.unwrap_or_else(|| id.to_owned()))
        }
        Some(("certificate", serial)) => format!("证书 {serial}"),
        _ => subject.to_owned(),
    }
}

async fn number(app: &App, reads: Option<&Permit>, id: &str) -> Option<String> {
    let application = app.registration().ok()?.application(reads?, &id.parse().ok()?).await.ok()?;
    Some(application.number.to_string())
}

fn row(one: MessageRow, (subject, link): (String, Option<String>)) -> Row {
    let code = one.failure.unwrap_or_default();
    Row {
        kind: kind(&one.kind),
        channel: one.channel.chinese(),
        subject,
        link,
        tries: one.tries,
        at: words::minute(one.created_at),
        next: match one.state {
            MessageState::Queued => words::minute(one.next_at),
            MessageState::Sent | MessageState::Dead => "—".to_owned(),
        },
        failure: reason(&code),
        code,
        id: one.id,
    }
}

/// The filter: applications are found by their numbers, certificates by their serial numbers.
async fn filter(
    app: &App,
    visitor: &Visitor,
    (query, mistakes): (&Query, &mut Mistakes),
) -> MessageFilter {
    let period = Period::of((&query.from, &query.to), mistakes);
    MessageFilter {
        kind: query.kind.clone(),
        channel: Channel::of(&query.channel),
        subject: match query.q.trim() {
            "" => String::new(),
            q => subject(app, visitor, q).await,
        },
        failure: query.failure.clone(),
        from: period.begin(),
        until: period.end(),
        ..MessageFilter::of(query.here())
    }
}

async fn subject(app: &App, visitor: &Visitor, asked: &str) -> String {
    if asked.contains(':') && !asked.contains(' ') && asked.split(':').count() == 2 {
        return asked.to_owned();
    }
    if let Ok(permit) = app.permit(visitor.principal(), Action::ReadApplication)
        && let Ok(ra) = app.registration()
        && let Ok(Some(application)) = ra.by_number(&permit, asked).await
    {
        return application.subject();
    }
    let digits = asked.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '：' | '-'));
    let digits = digits.collect::<String>().to_lowercase();
    match pki::Serial::from_hex(digits.strip_prefix("0x").unwrap_or(&digits)) {
        Ok(serial) => format!("certificate:{}", serial.to_hex()),
        Err(_) => asked.to_owned(),
    }
}

/// `GET /admin/messages`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let shown = shown(&app, (frame, &visitor), query).await?;
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

async fn shown(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    query: Query,
) -> Result<List, Problem> {
    let mut mistakes = Mistakes::none();
    let filter = filter(app, visitor, (&query, &mut mistakes)).await;
    let place = (query.place()?, ROWS);
    let (found, total) = app.messages(&filter, place).await?;
    let reads = app.permit(visitor.principal(), Action::ReadApplication).ok();
    let subjects = Subjects { app, frame: &frame, reads };
    let mut rows = Vec::new();
    for one in found {
        let told = subjects.told(&one.subject).await;
        rows.push(row(one, told));
    }
    let (counts, here) = (app.message_counts().await?, query.here());
    let tab = |(state, total): (MessageState, u64)| Tab {
        address: Query::default().address(Query::PATH, (state.word(), "")),
        title: state.chinese(),
        total,
        is_here: state == here,
    };
    let failures = app.message_failures().await?.into_iter();
    Ok(List {
        tabs: counts.into_iter().map(tab).collect(),
        kinds: KINDS,
        channels: [Channel::Phone, Channel::Mail],
        failures: failures.map(told).collect(),
        dead: counts.iter().find(|(state, _)| *state == MessageState::Dead).map_or(0, |(_, n)| *n),
        total,
        is_search: query.is_search(),
        may_requeue: app.permit(visitor.principal(), Action::RequeueMessages).is_ok(),
        rows,
        paging: query.paging(place, total),
        csv: query.file("/admin/messages/export.csv"),
        here,
        frame,
        query,
        mistakes,
    })
}

/// `GET /admin/messages/export.csv`: what the filter finds, the newest first.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = filter(&app, &visitor, (&query, &mut mistakes)).await;
    list::refused(&mistakes)?;
    let looked = Arc::new((app, filter));
    Ok(list::file("messages", &HEADINGS, None, move |behind: Option<Mark>| {
        let looked = looked.clone();
        async move {
            let (app, filter) = &*looked;
            let block = app.messages_behind(filter, (behind.as_ref(), BLOCK)).await?;
            let rows = block.rows.into_iter().map(line).collect();
            Ok::<_, app::Error>((rows, block.next.map(Some)))
        }
    }))
}

fn line(one: MessageRow) -> csv::Row {
    let is_queued = one.state == MessageState::Queued;
    vec![
        kind(&one.kind).to_owned(),
        one.channel.chinese().to_owned(),
        one.subject,
        one.state.chinese().to_owned(),
        one.tries.to_string(),
        words::minute(one.created_at),
        if is_queued { words::minute(one.next_at) } else { String::new() },
        one.failure.as_deref().map(reason).unwrap_or_default(),
    ]
}

/// `POST /admin/messages/requeue`: the order is written down, to be signed: those that were ticked, or
/// all that were given up until now.
pub async fn requeue(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let order = match form.text("which") {
        "all" => {
            let counts = app.message_counts().await?;
            let dead = counts.into_iter().find(|(state, _)| *state == MessageState::Dead);
            let messages = dead.map_or(0, |(_, total)| total);
            // Whole seconds, as they stand in the table and on the page of the signature.
            let now = app.clock().now().as_second();
            let until = jiff::Timestamp::from_second(now).ok();
            RequeueOrder { chosen: Vec::new(), failed_until: until, messages }
        }
        _ => {
            let chosen: Vec<String> = form.all("message").map(str::to_owned).collect();
            let messages = u64::try_from(chosen.len()).unwrap_or(u64::MAX);
            RequeueOrder { chosen, failed_until: None, messages }
        }
    };
    if order.messages == 0 || order.chosen.len() > MOST_CHOSEN {
        let mut list = shown(&app, (frame, &visitor), Query::default()).await?;
        list.mistakes.add("chosen", format!("请勾选要重发的通知，一次最多 {MOST_CHOSEN} 条"));
        return page_to_correct(&list);
    }
    let payload = serde_json::to_value(&order).map_err(|_| app::Error::Stored("签名事项"))?;
    let on = (ActKind::RequeueMessages, REQUEUE_OBJECT);
    let act = app.access().prepare_act(visitor.principal(), on.0, on.1, &payload).await?;
    go(&format!("/sign/{}", act.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_told_in_words_and_an_unknown_one_stays_what_it_is() {
        assert_eq!(reason("mail.timeout"), "邮件服务器没有应答");
        assert_eq!(reason("mail.relay.451"), "邮件服务器拒收（应答代码 451）");
        assert_eq!(reason("store.damaged"), "store.damaged");
        assert_eq!(reason(""), "");
    }

    #[test]
    fn what_was_given_up_is_looked_at_first() {
        assert_eq!(Query::default().here(), MessageState::Dead);
        let query = Query { state: "sent".into(), ..Query::default() };
        assert_eq!(query.here(), MessageState::Sent);
    }
}
