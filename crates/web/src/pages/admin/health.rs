//! 运行状况: the doctor's checks in words (certificates against their records among them, check C19-9), when asked
//! for, and plots of what grows, waits and takes time, each with its table.

use access::Action;
use app::doctor::{Check, Level};
use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use law::CivilDate;
use serde::Deserialize;
use status::timestamp::TimestampHealth;
use status::{ListKind, ListName};

use super::health_plot::Plot;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// Days that plots go back.
const DAYS: u16 = 30;
/// Days that reviews are looked at.
const REVIEW_DAYS: u16 = 90;

/// Whether the checks are to run.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Query {
    check: String,
}

#[derive(Template)]
#[template(path = "admin/health.html")]
struct Health {
    frame: Frame,
    /// Each with its mark.
    checks: Option<Vec<(Check, &'static str)>>,
    is_full: bool,
    asked_at: String,
    plots: Vec<Plot>,
    ages: Vec<Age>,
    disk: Option<(String, String, u64)>,
    reviews: Option<String>,
}

/// How old something is within its window.
struct Age {
    title: String,
    age: String,
    until: String,
    /// Hundredths of its window; none where there is no window.
    spent: Option<u64>,
    word: &'static str,
    tag: &'static str,
}

/// The mark of a check's level.
fn tag(level: Level) -> &'static str {
    match level {
        Level::Good => "tag--good",
        Level::Warning => "tag--wait",
        Level::Failed => "tag--bad",
        Level::Unknown => "tag--unknown",
    }
}

/// The doctor names instants as programs do; here they stand as people read them.
fn readable(detail: &str) -> String {
    const LONG: usize = "2027-02-28T11:07:37Z".len();
    let (mut told, mut rest) = (String::new(), detail);
    while let Some(first) = rest.chars().next() {
        let instant = rest.get(..LONG).and_then(|text| text.parse().ok());
        let long = match instant {
            Some(instant) => {
                told.push_str(&words::second(instant));
                LONG
            }
            None => {
                told.push(first);
                first.len_utf8()
            }
        };
        rest = rest.get(long..).unwrap_or_default();
    }
    told
}

/// `GET /admin/health`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let is_full = query.check == "full";
    let checks = match query.check.as_str() {
        "quick" | "full" => Some(app.examine(is_full).await),
        _ => None,
    };
    let marked = |check: Check| {
        let tag = tag(check.level);
        (Check { detail: readable(&check.detail), ..check }, tag)
    };
    let checks = checks.map(|checks| checks.into_iter().map(marked).collect());
    let now = app.clock().now();
    let mut plots = vec![
        by_day(&app, ("issued", "每日签发的证书"), ("张", Some("certificate.issued"))).await?,
        by_day(&app, ("journal-growth", "每日新增的日志"), ("条", None)).await?,
    ];
    let mut reviews = None;
    if let Ok(ra) = app.registration() {
        let permit = app.permit(visitor.principal(), Action::ReadMetrics)?;
        plots.push(queues(ra.by_state(&permit).await?));
        let times =
            ra.review_times(&permit, (days_ago(now, REVIEW_DAYS), CivilDate::of(now))).await?;
        reviews = Some(share(&times));
        plots.push(review_plot(&times));
    }
    page(&Health {
        frame,
        checks,
        is_full,
        asked_at: words::second(now),
        plots,
        ages: ages(&app, now).await?,
        disk: app.disk().map(disk),
        reviews,
    })
}

fn days_ago(now: Timestamp, days: u16) -> CivilDate {
    (1..days).fold(CivilDate::of(now), |day, _| day.yesterday())
}

async fn by_day(
    app: &App,
    (id, title): (&'static str, &str),
    (unit, kind): (&'static str, Option<&str>),
) -> Result<Plot, Problem> {
    let days = app.records_by_day(kind, DAYS).await?;
    let label = |day: CivilDate| format!("{}月{}日", day.month(), day.day());
    let values = days.into_iter().map(|(day, total)| (label(day), total)).collect();
    let title = format!("{title}（近 {DAYS} 天）");
    Ok(Plot::new((id, title), ("日期", unit), values, |_| false))
}

/// The states in which something waits for somebody.
fn queues(states: Vec<(String, u64)>) -> Plot {
    let waiting = [
        "submitted",
        "acknowledged",
        "proofed",
        "returned",
        "reviewed",
        "agreed",
        "requested",
        "issued",
        "delivered",
    ];
    let total = |word: &str| {
        let found = states.iter().find(|(state, _)| state == word);
        found.map_or(0, |(_, total)| *total)
    };
    let values =
        waiting.iter().map(|word| (ra::State::chinese_of(word).to_owned(), total(word))).collect();
    Plot::across(("queues", "在办申请".to_owned()), ("状态", "件"), values, |_| false)
}

/// More days than this are one bar.
const MOST_DAYS: u16 = 6;
/// 571: at most two working days.
const REVIEW_LIMIT: u16 = 2;

fn review_plot(times: &ra::ReviewTimes) -> Plot {
    let label = |days: u16| match days {
        0 => "当日".to_owned(),
        MOST_DAYS => format!("{days} 个工作日以上"),
        days => format!("{days} 个工作日"),
    };
    let total = |wanted: u16| -> u64 {
        let fits = |days: u16| days == wanted || (wanted == MOST_DAYS && days > wanted);
        times.by_days.iter().filter(|(days, _)| fits(*days)).map(|(_, count)| count).sum()
    };
    let values = (0..=MOST_DAYS).map(|days| (label(days), total(days))).collect();
    let title = format!("审核用时（近 {REVIEW_DAYS} 天；规定不超过 {REVIEW_LIMIT} 个工作日）");
    let is_over = |at: usize| at > usize::from(REVIEW_LIMIT);
    Plot::across(("reviews", title), ("用时", "件"), values, is_over)
}

fn share(times: &ra::ReviewTimes) -> String {
    match times.share_in_time() {
        None => format!("近 {REVIEW_DAYS} 天没有审核。"),
        Some(share) => format!(
            "近 {REVIEW_DAYS} 天审核 {} 件，按期 {} 件（{}.{}%），超期 {} 件。",
            times.total(),
            times.in_time,
            share / 10,
            share % 10,
            times.late
        ),
    }
}

/// How fresh status answers and lists are.
async fn ages(app: &App, now: Timestamp) -> Result<Vec<Age>, Problem> {
    let mut ages = Vec::new();
    let health = app.responder().health();
    let seconds = now.as_second().saturating_sub(health.followed_at.as_second()).max(0);
    // The root answers by its list alone; what matters is who issues to subscribers.
    let signing = app.ca().signing_generations();
    let is_mute = health.mute.iter().any(|name| signing.iter().any(|one| one.name() == name));
    let (word, tag) = match (is_mute, seconds) {
        (true, _) => ("没有可用的应答证书", "tag--bad"),
        (_, 0..=10) => ("正常", "tag--good"),
        _ => ("没有跟上变更", "tag--wait"),
    };
    let until = health.responders.iter().map(|(_, end)| *end).min();
    ages.push(Age {
        title: "状态应答（OCSP）：上次查看状态变更".to_owned(),
        age: format!("{seconds} 秒前"),
        until: until.map(|end| format!("应答证书有效至 {}", words::day(end))).unwrap_or_default(),
        spent: None,
        word,
        tag,
    });
    ages.extend(app.timestamp().map(|authority| clock(&authority.health())));
    for issuer in signing.iter().map(ca::Ca::name) {
        for (title, kind) in [("完整撤销列表", ListKind::Full), ("增量撤销列表", ListKind::Delta)]
        {
            let title = match signing.len() {
                1 => title.to_owned(),
                _ => format!("{title}（{issuer}）"),
            };
            let name = ListName { issuer: issuer.to_owned(), kind };
            let list = app.lists().current(&name).await.map_err(app::Error::from)?;
            let of = |list: &status::PublishedList| (list.published_at, list.next_update);
            ages.extend(list.map(|list| window(&title, of(&list), now)));
        }
    }
    Ok(ages)
}

/// Whether timestamps are issued, and by which source's word.
fn clock(health: &TimestampHealth) -> Age {
    let (word, tag) = match (&health.certificate, &health.doubt, &health.source) {
        (None, _, _) => ("没有时间戳证书", "tag--bad"),
        (_, Some(_), _) => ("时间不可信，已停止签发", "tag--bad"),
        (_, _, None) => ("没有外部时间源", "tag--wait"),
        _ => ("正常", "tag--good"),
    };
    let age = match (&health.comparison, &health.source) {
        (Some((said, age)), _) => {
            format!("{} 秒前比对，相差 {} 毫秒", age.as_secs(), said.offset.as_millis())
        }
        (None, Some(_)) => "尚未比对成功".to_owned(),
        (None, None) => "以系统时钟为准".to_owned(),
    };
    let until = health.certificate.as_ref().map(|it| words::day(it.not_after()));
    Age {
        title: "时间戳：与时间源比对".to_owned(),
        age,
        until: until.map(|end| format!("时间戳证书有效至 {end}")).unwrap_or_default(),
        spent: None,
        word,
        tag,
    }
}

fn window(title: &str, (from, until): (Timestamp, Timestamp), now: Timestamp) -> Age {
    let long = until.as_second().saturating_sub(from.as_second()).max(1);
    let age = now.as_second().saturating_sub(from.as_second()).max(0);
    let spent = u64::try_from(age.saturating_mul(100) / long).unwrap_or(100);
    let (word, tag) = match spent {
        0..=50 => ("正常", "tag--good"),
        51..=99 => ("过半未更新", "tag--wait"),
        _ => ("已过期", "tag--bad"),
    };
    Age {
        title: title.to_owned(),
        age: format!("{}前发布", minutes(age)),
        until: format!("有效至 {}", words::second(until)),
        spent: Some(spent.min(100)),
        word,
        tag,
    }
}

fn minutes(seconds: i64) -> String {
    match seconds {
        0..60 => format!("{seconds} 秒"),
        60..3600 => format!("{} 分钟", seconds / 60),
        _ => format!("{} 小时 {} 分钟", seconds / 3600, seconds % 3600 / 60),
    }
}

/// Free and whole size in words, and hundredths that are taken.
fn disk((free, whole): (u64, u64)) -> (String, String, u64) {
    let gib = |octets: u64| format!("{}.{} GiB", octets >> 30, (octets >> 20) % 1024 * 10 / 1024);
    let taken = whole.saturating_sub(free);
    let share = u128::from(taken) * 100 / u128::from(whole.max(1));
    (gib(free), gib(whole), u64::try_from(share).unwrap_or(100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reviews_beyond_the_limit_are_marked_and_the_longest_are_one_bar() {
        let by_days = vec![(0, 3), (2, 5), (3, 1), (9, 2), (40, 1)];
        let times = ra::ReviewTimes { by_days, in_time: 8, late: 4 };
        let plot = review_plot(&times);
        let values: Vec<_> = plot.bars.iter().map(|bar| (bar.value, bar.is_over)).collect();
        let expected =
            [(3, false), (0, false), (5, false), (1, true), (0, true), (0, true), (3, true)];
        assert_eq!(values, expected);
        assert_eq!(share(&times), "近 90 天审核 12 件，按期 8 件（66.6%），超期 4 件。");
        assert!(share(&ra::ReviewTimes::default()).contains("没有审核"));
    }

    #[test]
    fn a_list_past_the_middle_of_its_window_is_told_and_one_that_is_over_too() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let judged = |now| window("x", (at(1000), at(2000)), at(now)).word;
        assert_eq!((judged(1400), judged(1700), judged(2000)), ("正常", "过半未更新", "已过期"));
        assert_eq!(window("x", (at(1000), at(2000)), at(900)).spent, Some(0));
    }

    #[test]
    fn instants_of_the_doctor_are_read_in_the_time_of_shanghai() {
        let told = readable("有效至 2026-12-02T11:07:43Z；最近一轮为 5 张，编号 2026-12");
        assert_eq!(told, "有效至 2026年12月2日 19:07:43；最近一轮为 5 张，编号 2026-12");
        assert_eq!(readable(""), "");
    }

    #[test]
    fn a_disk_is_told_in_words_and_hundredths() {
        assert_eq!(disk((5 << 29, 10 << 30)), ("2.5 GiB".into(), "10.0 GiB".into(), 75));
        assert_eq!(disk((0, 0)).2, 0);
    }
}
