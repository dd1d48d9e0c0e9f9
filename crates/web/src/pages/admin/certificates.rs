//! 证书: every certificate of the issuing CA, found by serial number, application, state, kind or end
//! of validity. Names of natural persons are masked in lists and exports.

use access::Action;
use askama::Template;
use axum::extract::State;
use ca::{CertificateFilter, CertificateRecord, Status};
use futures_util::stream;
use jiff::Timestamp;
use pki::Serial;
use pki::profile::Kind;
use serde::Deserialize;

use super::period::Period;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::Mistakes;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::paging::{self, Paging, Trail};
use crate::pages::{address, csv, list, words};
use crate::problem::Problem;

/// Rows of one page.
const ROWS: u32 = 50;
const PATH: &str = "/admin/certificates";
const STATES: [(&str, &str); 4] =
    [("good", "有效"), ("suspended", "已暂停"), ("revoked", "已撤销"), ("expired", "已过期")];
const HEADINGS: [&str; 10] = [
    "序列号",
    "申请编号",
    "用途",
    "证书模板",
    "持有人（已遮盖）",
    "起始时间",
    "终止时间",
    "状态",
    "撤销原因",
    "签发时间",
];

/// What is asked for.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    /// A serial number, an application number or the id of a request.
    q: String,
    /// `good`, `suspended`, `revoked`, `expired`.
    state: String,
    /// A profile.
    profile: String,
    /// Ends on or after this day.
    from: String,
    /// Ends on or before this day.
    to: String,
    /// The mark behind which the page begins: rows of a long list are not counted through.
    after: String,
    /// The marks of the pages before.
    trail: String,
    /// Which page this is, for people.
    page: String,
}

impl Query {
    fn address(&self, path: &str, (after, trail, page): (&str, &str, &str)) -> String {
        let pairs = [
            ("q", &*self.q),
            ("state", &*self.state),
            ("profile", &*self.profile),
            ("from", &*self.from),
            ("to", &*self.to),
            ("after", after),
            ("trail", trail),
            ("page", page),
        ];
        address::with(path, &pairs)
    }

    fn is_search(&self) -> bool {
        [&self.q, &self.state, &self.profile, &self.from, &self.to]
            .into_iter()
            .any(|text| !text.trim().is_empty())
    }

    /// Where this page stands: it is come to by the marks, and counted for people.
    fn paging(&self, next: Option<i64>, total: u64) -> Result<Paging, Problem> {
        let trail = Trail { after: &self.after, trail: &self.trail, page: &self.page };
        let next = next.map(|mark| mark.to_string());
        let neighbours = trail.neighbours(next, |place| self.address(PATH, place))?;
        let first = self.address(PATH, ("", "", ""));
        Ok(Paging::marked((trail.place()?, ROWS), total, first, neighbours))
    }
}

#[derive(Template)]
#[template(path = "admin/certificates.html")]
struct Certificates {
    frame: Frame,
    query: Query,
    states: Vec<(&'static str, &'static str)>,
    profiles: Vec<(String, String)>,
    mistakes: Mistakes,
    rows: Vec<Row>,
    total: u64,
    is_search: bool,
    paging: Paging,
    csv: String,
}

struct Row {
    serial: String,
    request: String,
    profile: String,
    subject: String,
    until: String,
    state: &'static str,
    tag: &'static str,
    issued: String,
}

/// `GET /admin/certificates`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = filter(&app, &visitor, &query, &mut mistakes).await?;
    let before = match query.after.as_str() {
        "" => None,
        mark => Some(mark.parse().map_err(|_| paging::wrong())?),
    };
    let found = app.ca().list(&filter, before, ROWS).await.map_err(app::Error::from)?;
    let total = app.ca().count(&filter).await.map_err(app::Error::from)?;
    let paging = query.paging(found.next, total)?;
    let now = app.clock().now();
    let profiles = app.ca().profiles().iter();
    let profiles = profiles.map(|one| (one.name().to_owned(), one.title().to_owned()));
    let shown = Certificates {
        states: STATES.to_vec(),
        profiles: profiles.collect(),
        rows: found.records.iter().map(|record| row(&app, record, now)).collect(),
        csv: query.address("/admin/certificates/export.csv", ("", "", "")),
        total,
        is_search: query.is_search(),
        paging,
        frame,
        query,
        mistakes,
    };
    if shown.mistakes.is_empty() { page(&shown) } else { page_to_correct(&shown) }
}

fn row(app: &App, record: &CertificateRecord, now: Timestamp) -> Row {
    let (state, tag) = standing(record, now);
    Row {
        serial: record.serial.to_hex(),
        request: record.request_id.to_string(),
        profile: profile_title(app, &record.profile),
        subject: shown_subject(app, record),
        until: words::minute(record.not_after),
        state,
        tag,
        issued: words::minute(record.issued_at),
    }
}

/// The state in words and its mark. Revoked stays revoked after the end.
pub(crate) fn standing(record: &CertificateRecord, now: Timestamp) -> (&'static str, &'static str) {
    match record.status {
        Status::Revoked { .. } => ("已撤销", "tag--bad"),
        _ if record.not_after < now => ("已过期", "tag--unknown"),
        Status::Suspended { .. } => ("已暂停", "tag--wait"),
        Status::Good if now < record.not_before => ("尚未生效", "tag--wait"),
        Status::Good => ("有效", "tag--good"),
    }
}

/// The Chinese name of a profile.
pub(super) fn profile_title(app: &App, name: &str) -> String {
    let found = app.ca().profiles().by_name(name);
    found.map_or(name.to_owned(), |profile| profile.title().to_owned())
}

/// Whether the holder of a certificate by this profile is a natural person.
pub(super) fn is_of_person(app: &App, profile: &str) -> bool {
    let kind = app.ca().profiles().by_name(profile).map(|profile| profile.kind());
    // A profile that is not there any more: better masked than shown.
    kind.is_none_or(|kind| matches!(kind, Kind::Person | Kind::Staff))
}

fn shown_subject(app: &App, record: &CertificateRecord) -> String {
    shown(app, (&record.profile, &record.subject))
}

/// The subject of a certificate of this profile as lists show it: natural persons masked.
pub(in crate::pages) fn shown(app: &App, (profile, subject): (&str, &str)) -> String {
    match is_of_person(app, profile) {
        true => masked(subject),
        false => subject.to_owned(),
    }
}

/// A subject as it may be shown to whoever has no reason to see all of it: what names a natural
/// person keeps its first letter.
pub(super) fn masked(subject: &str) -> String {
    let personal = ["CN", "SN", "GN", "E", "SERIALNUMBER", "UID"];
    let part = |part: &str| match part.split_once('=') {
        Some((label, value)) if personal.contains(&label.trim_start_matches([' ', '+'])) => {
            format!("{label}={}", masked_value(value))
        }
        _ => part.to_owned(),
    };
    let parts: Vec<_> = unescaped(subject).into_iter().map(part).collect();
    parts.join(",")
}

/// The first letter, and as many stars as a name may have: its length tells nothing.
pub(super) fn masked_value(value: &str) -> String {
    let first = value.chars().next().map(String::from).unwrap_or_default();
    format!("{first}**")
}

/// The parts between commas and pluses that are no part of a value (RFC 4514).
fn unescaped(text: &str) -> Vec<&str> {
    let (mut parts, mut start, mut is_escaped) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '\\' if !is_escaped => is_escaped = true,
            ',' if !is_escaped => {
                parts.extend(text.get(start..at));
                start = at + 1;
            }
            _ => is_escaped = false,
        }
    }
    parts.extend(text.get(start..));
    parts
}

async fn filter(
    app: &App,
    visitor: &Visitor,
    query: &Query,
    mistakes: &mut Mistakes,
) -> Result<CertificateFilter, Problem> {
    let period = Period::of((&query.from, &query.to), mistakes);
    let now = app.clock().now();
    let some = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    let mut filter = CertificateFilter {
        profile: some(&query.profile),
        ends_from: period.begin(),
        ends_until: period.end(),
        ..CertificateFilter::default()
    };
    match query.state.as_str() {
        "expired" => {
            filter.ends_until = Some(filter.ends_until.map_or(now, |until| until.min(now)));
        }
        "good" | "suspended" => {
            filter.status = Some(query.state.clone());
            filter.ends_from = Some(filter.ends_from.map_or(now, |from| from.max(now)));
        }
        "revoked" => filter.status = Some(query.state.clone()),
        _ => {}
    }
    if let Some(asked) = some(&query.q) {
        named(app, visitor, asked, &mut filter).await;
    }
    Ok(filter)
}

/// An application number, a serial number as people copy it, or the id of a request.
async fn named(app: &App, visitor: &Visitor, asked: String, filter: &mut CertificateFilter) {
    if let Ok(permit) = app.permit(visitor.principal(), Action::ReadApplication)
        && let Ok(ra) = app.registration()
        && let Ok(Some(application)) = ra.by_number(&permit, &asked).await
    {
        let serial = application.state.serials().map(|serials| serials.sign.clone());
        let serial = serial.or(application.concerns).and_then(|it| Serial::from_hex(&it).ok());
        // Both certificates of the pair are of one request.
        if let Some(serial) = serial
            && let Ok(Some(found)) = app.ca().find(&serial).await
        {
            filter.request_id = Some(found.record.request_id.to_string());
            return;
        }
    }
    let digits: String =
        asked.chars().filter(|c| !c.is_whitespace() && !matches!(c, ':' | '-')).collect();
    let digits = digits.to_lowercase();
    match Serial::from_hex(digits.strip_prefix("0x").unwrap_or(&digits)) {
        Ok(serial) => filter.serial = Some(serial),
        Err(_) => filter.request_id = Some(asked),
    }
}

/// `GET /admin/certificates/export.csv`: what the filter selects, the oldest first.
pub async fn export(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let mut mistakes = Mistakes::none();
    let filter = filter(&app, &visitor, &query, &mut mistakes).await?;
    list::refused(&mistakes)?;
    let export = app.ca().export(filter);
    let pages = stream::try_unfold((app, export), |(app, mut export)| async move {
        let records = export.next().await?;
        if records.is_empty() {
            return Ok::<_, ca::Error>(None);
        }
        let now = app.clock().now();
        let rows = records.iter().map(|record| csv_row(&app, record, now)).collect();
        Ok(Some((rows, (app, export))))
    });
    Ok(csv::streamed("certificates", &HEADINGS, pages))
}

fn csv_row(app: &App, record: &CertificateRecord, now: Timestamp) -> csv::Row {
    let reason = match record.status {
        Status::Revoked { reason, .. } => reason.chinese(),
        _ => "",
    };
    vec![
        record.serial.to_hex(),
        record.request_id.to_string(),
        role(record).to_owned(),
        profile_title(app, &record.profile),
        shown_subject(app, record),
        words::second(record.not_before),
        words::second(record.not_after),
        standing(record, now).0.to_owned(),
        reason.to_owned(),
        words::second(record.issued_at),
    ]
}

/// The use of a certificate in words.
pub(super) fn role(record: &CertificateRecord) -> &'static str {
    match record.role {
        ca::Role::Sign => "签名",
        ca::Role::Enc => "加密",
        ca::Role::Service => "服务",
        ca::Role::Ca => "签发机构",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_masked_and_the_rest_is_not() {
        assert_eq!(masked("CN=甄有印, O=某局, C=CN"), "CN=甄**, O=某局, C=CN");
        assert_eq!(masked("E=a@b.cn, CN=甲"), "E=a**, CN=甲**");
        assert_eq!(masked("CN=甲\\,乙, C=CN"), "CN=甲**, C=CN", "a comma of the name stays inside");
        assert_eq!(masked("C=CN"), "C=CN");
    }

    #[test]
    fn a_step_back_leads_to_the_page_that_was_come_from() {
        let query = Query {
            after: "40".into(),
            trail: "0.90".into(),
            page: "3".into(),
            ..Query::default()
        };
        let paging = query.paging(None, 101).unwrap();
        assert_eq!((paging.here, paging.pages, paging.next), (3, Some(3), None));
        let previous = paging.previous.unwrap();
        assert_eq!(previous, "/admin/certificates?after=90&trail=0&page=2");
        assert_eq!(paging.first.as_deref(), Some("/admin/certificates"));
        let first = Query::default().paging(Some(90), 101).unwrap();
        assert!(first.previous.is_none() && first.first.is_none());
        assert_eq!(first.next.as_deref(), Some("/admin/certificates?after=90&trail=0&page=2"));
    }
}
