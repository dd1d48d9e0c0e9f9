//! Instants and figures as people read them. All clocks of the law run in Asia/Shanghai, which
//! has no summer time: a fixed offset says the same and needs no zone files.

use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use law::{Calendar, CivilDate};

fn civil(instant: Timestamp) -> DateTime {
    instant.to_zoned(TimeZone::fixed(Offset::constant(8))).datetime()
}

/// A text in pieces, in order: what a line must not break at its hyphens, as telephone numbers are, and what lies
/// between. Browsers break there; the typesetter of letters does not.
pub fn pieces(text: &str) -> Vec<(bool, &str)> {
    const MOST: usize = 20;
    let is_part = |sign: char| sign.is_ascii_digit() || sign == '-';
    let (mut pieces, mut rest) = (Vec::new(), text);
    while !rest.is_empty() {
        let is_number = rest.starts_with(is_part);
        let end = rest.find(|sign| is_part(sign) != is_number).unwrap_or(rest.len());
        let (piece, more) = rest.split_at(end);
        let is_whole = is_number && piece.len() <= MOST && piece.trim_matches('-').contains('-');
        pieces.push((is_whole, piece));
        rest = more;
    }
    pieces
}

/// `2026年11月29日`.
pub fn day(instant: Timestamp) -> String {
    let at = civil(instant);
    format!("{}年{}月{}日", at.year(), at.month(), at.day())
}

/// `2026年11月29日 17:05`.
pub fn minute(instant: Timestamp) -> String {
    let at = civil(instant);
    format!("{} {:02}:{:02}", day(instant), at.hour(), at.minute())
}

/// `2026年11月29日 17:05:09`.
pub fn second(instant: Timestamp) -> String {
    format!("{}:{:02}", minute(instant), civil(instant).second())
}

/// Something that happened, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// The class of the line: done, or bad.
    pub class: &'static str,
    /// When.
    pub at: String,
    /// What.
    pub what: String,
}

/// What happened when, the newest first; notices that were acknowledged one after the other are one
/// line.
pub fn timeline(happenings: &[ra::Happening]) -> Vec<Told> {
    let runs = happenings.chunk_by(|a, b| a.kind == b.kind && a.kind == ACKNOWLEDGED);
    let told = runs.filter_map(|run| {
        let last = run.last()?;
        let what = match run.len() {
            1 => last.text.to_owned(),
            several => format!("确认告知事项（{several} 项）"),
        };
        Some(Told { class: class(&last.kind), at: minute(last.at), what })
    });
    told.rev().collect()
}

const ACKNOWLEDGED: &str = "application.acknowledged";
const DECLINED: &str = "application.declined";
const NOT_DONE: &str = "application.not-carried-out";

fn class(kind: &str) -> &'static str {
    match kind {
        DECLINED
        | NOT_DONE
        | "application.refused"
        | "application.issue-failed"
        | "application.expired" => "bad",
        _ => "done",
    }
}

/// How a certificate stands by the word of its status. Revoked stays revoked after the end.
pub fn standing_now(status: &str, not_after: Option<Timestamp>, now: Timestamp) -> ra::Standing {
    match status {
        "revoked" => ra::Standing::Revoked,
        _ if not_after.is_some_and(|end| end < now) => ra::Standing::Over,
        "suspended" => ra::Standing::Suspended,
        _ => ra::Standing::Good,
    }
}

/// The class of the tag of a certificate that stands so.
pub fn standing_tag(standing: ra::Standing) -> &'static str {
    match standing {
        ra::Standing::Good => "tag--good",
        ra::Standing::Suspended => "tag--wait",
        ra::Standing::Revoked | ra::Standing::Over => "tag--bad",
    }
}

/// `12.3 KB`, by thousands as file managers count.
pub fn size(octets: usize) -> String {
    match octets {
        0..1_000 => format!("{octets} 字节"),
        1_000..1_000_000 => format!("{}.{} KB", octets / 1_000, octets % 1_000 / 100),
        _ => format!("{}.{} MB", octets / 1_000_000, octets % 1_000_000 / 100_000),
    }
}

/// What a file is.
pub fn media(media: ra::Media) -> &'static str {
    match media {
        ra::Media::Pdf => "PDF 文件",
        ra::Media::Ofd => "OFD 文件",
        ra::Media::Png => "PNG 图片",
        ra::Media::Jpeg => "JPEG 图片",
    }
}

/// Hexadecimal in groups of four, for people who compare.
pub fn groups(hex: &str) -> String {
    let letters: Vec<char> = hex.to_uppercase().chars().collect();
    letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

/// The calendar that clocks are shown by; the same that they were reckoned by.
static CALENDAR: LazyLock<Option<Calendar>> = LazyLock::new(|| Calendar::published().ok());

/// A clock of the law as it is shown: words and a shape, with the article (Invariant 10).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clock {
    /// `还剩 1 个工作日`.
    pub left: String,
    /// The class of the style sheet.
    pub class: &'static str,
    /// The last day.
    pub due: String,
    /// Whether a notice on holidays may still move it.
    pub provisional: bool,
    /// Under which article or standard.
    pub basis: &'static str,
}

impl Clock {
    /// The clock of a review at this moment.
    pub fn of(clock: &ra::ReviewClock, now: Timestamp) -> Self {
        let (left, class) = match (clock.overdue, working_days(now, clock.due.day)) {
            (true, _) => ("已超过期限".to_owned(), "clock--over"),
            (false, Some(0)) => ("今天到期".to_owned(), "clock--soon"),
            (false, Some(1)) => ("还剩 1 个工作日".to_owned(), "clock--soon"),
            (false, Some(days)) => (format!("还剩 {days} 个工作日"), ""),
            (false, None) => ("办理中".to_owned(), ""),
        };
        let due = clock.due.day.to_string();
        Self { left, class, due, provisional: clock.provisional, basis: clock.basis }
    }
}

/// Working days after today up to the last day.
fn working_days(now: Timestamp, last: CivilDate) -> Option<u32> {
    let calendar = CALENDAR.as_ref()?;
    let (mut day, mut days) = (CivilDate::of(now), 0);
    while day < last {
        day = day.tomorrow();
        days += u32::from(calendar.is_working_day(day));
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_shown_in_the_time_of_shanghai() {
        let instant: Timestamp = "2026-12-31T16:00:09Z".parse().unwrap();
        assert_eq!(second(instant), "2027年1月1日 00:00:09");
        assert_eq!(minute(instant), "2027年1月1日 00:00");
    }

    #[test]
    fn sizes_and_groups_are_read_at_a_glance() {
        assert_eq!(size(999), "999 字节");
        assert_eq!(size(12_345), "12.3 KB");
        assert_eq!(size(49_000_000), "49.0 MB");
        assert_eq!(groups("0a1b2c3d5e"), "0A1B 2C3D 5E");
    }

    #[test]
    fn telephone_numbers_stay_whole_and_nothing_of_a_text_is_lost() {
        let text = "请致电 010-00000000（工作日 9-17 时），或 12345。—-";
        let all = pieces(text);
        assert_eq!(all.iter().map(|(_, piece)| *piece).collect::<String>(), text);
        let whole: Vec<_> = all.iter().filter(|(whole, _)| *whole).map(|(_, p)| *p).collect();
        assert_eq!(whole, ["010-00000000", "9-17"]);
        assert_eq!(pieces(""), []);
        assert!(!pieces(&"1-".repeat(40)).iter().any(|(whole, _)| *whole), "longer than a line");
    }

    fn happening(kind: &str, text: &'static str) -> ra::Happening {
        let at = "2026-11-30T00:00:00Z".parse().unwrap();
        ra::Happening { seq: store::Seq(0), at, kind: kind.to_owned(), text }
    }

    #[test]
    fn notices_one_after_the_other_are_one_line_and_a_refusal_bears_another_mark() {
        let noticed = || happening("application.acknowledged", "确认一项告知");
        let refused = happening("application.refused", "不予签发");
        let all = [happening("application.created", "创建申请"), noticed(), noticed(), refused];
        let told = timeline(&all);
        let lines: Vec<_> = told.iter().map(|one| (one.class, one.what.as_str())).collect();
        let wanted = [("bad", "不予签发"), ("done", "确认告知事项（2 项）"), ("done", "创建申请")];
        assert_eq!(lines, wanted);
        assert_eq!(timeline(&[noticed()])[0].what, "确认一项告知");
    }

    #[test]
    fn what_is_revoked_stays_so_after_its_end_and_a_hold_does_not() {
        use ra::Standing::{Good, Over, Revoked, Suspended};
        let now: Timestamp = "2026-11-30T00:00:00Z".parse().unwrap();
        let (past, ahead) = (now.checked_sub(jiff::SignedDuration::from_secs(1)).ok(), Some(now));
        for (status, end, standing) in [
            ("good", ahead, Good),
            ("good", past, Over),
            ("suspended", ahead, Suspended),
            ("suspended", past, Over),
            ("revoked", ahead, Revoked),
            ("revoked", past, Revoked),
        ] {
            assert_eq!(standing_now(status, end, now), standing, "{status}");
        }
    }
}
