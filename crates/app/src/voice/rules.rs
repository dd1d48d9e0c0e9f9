//! The decisions about ratings and complaints: pure.

use jiff::{SignedDuration, Timestamp};
use law::clock::{WorkingDays, working};
use law::{Calendar, Certainty, CivilDate, Due};

use super::model::{Category, ComplaintClock, ComplaintState, ComplaintWords, Step};
use super::outcome::{MOST_SERIALS, Outcome};
use super::problem::NewEvidence;

/// A rating may be changed for so many days.
pub(super) const OPEN_DAYS: i64 = 7;
/// Most characters of a remark or an answer.
pub const MOST_REMARK: usize = 500;
/// Most characters of a complaint.
pub const MOST_TEXT: usize = 4000;
/// Most characters of an answer to it: who signs it reads it whole on the page.
pub const MOST_ANSWER: usize = 2000;

/// Most files of evidence.
pub const MOST_FILES: usize = 5;
/// Most octets of all of them.
pub const MOST_EVIDENCE: usize = 10 << 20;
/// What they may be: also what mail filters of others dropped with the report (T-16). Nothing of it is opened here.
pub const EVIDENCE_ENDINGS: [&str; 19] = [
    "pem", "key", "cer", "crt", "der", "csr", "p7b", "p7s", "zip", "7z", "pdf", "ofd", "png",
    "jpg", "jpeg", "txt", "log", "eml", "json",
];
/// Most octets of evidence that are kept of a day, from whomever: nobody fills the disk of the authority with them.
pub(super) const MOST_A_DAY: i64 = 1 << 30;
/// How long a report may wait to be taken up.
pub(super) const TAKEN_UP_WITHIN: SignedDuration = SignedDuration::from_hours(24);

/// Until when evidence is kept, of a report that was closed at an instant, for so many days.
pub(super) fn kept_until(closed_at: Timestamp, days: u16) -> Timestamp {
    let kept = SignedDuration::from_hours(24 * i64::from(days));
    closed_at.saturating_add(kept).unwrap_or(Timestamp::MAX)
}

/// Closed before this instant, a report's evidence was kept for more than so many days.
pub(super) fn closed_before(now: Timestamp, days: u16) -> Timestamp {
    let kept = SignedDuration::from_hours(24 * i64::from(days));
    now.saturating_sub(kept).unwrap_or(Timestamp::MIN)
}

/// What stands in the place of words that were erased.
pub(super) const ERASED: &str = "（已按保存期限销毁）";

/// What is wrong with what is said of the status of certificates.
#[must_use]
pub fn outcome_mistake(outcome: Option<Outcome>, serials: &[String]) -> Option<&'static str> {
    match (outcome, serials.len()) {
        (Some(Outcome::Changed), 0) => {
            Some("请写明因这份报告暂停或者撤销的证书，一行一个序列号；保存期限从这些证书失效起算")
        }
        (Some(Outcome::Changed), 1..=MOST_SERIALS) | (_, 0) => None,
        (Some(Outcome::Changed), _) => Some("一次最多写 50 张证书；更多的，办结后分次补写"),
        (_, _) => Some("没有证书因此暂停或者撤销的，不写序列号；写了的，请选择“有”"),
    }
}

/// What is wrong with the evidence of a report.
pub(super) fn evidence_mistake(evidence: &[NewEvidence]) -> Option<&'static str> {
    let octets = evidence.iter().map(|one| one.content.len()).fold(0, usize::saturating_add);
    let is_known = |one: &NewEvidence| {
        let ending = one.name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
        ending.is_some_and(|ending| EVIDENCE_ENDINGS.contains(&&*ending))
    };
    match () {
        () if evidence.len() > MOST_FILES => Some("最多五个文件；更多的请打包成 zip 后提交"),
        () if octets > MOST_EVIDENCE => Some("文件合计不能超过 10 MB；请压缩，或只附最要紧的部分"),
        () if evidence.iter().any(|one| one.content.is_empty()) => {
            Some("有的文件是空的，请重新选择")
        }
        () if !evidence.iter().all(is_known) => Some(
            "文件类型不在可收之列；可收 pem、key、cer、crt、der、csr、p7b、p7s、zip、7z、pdf、ofd、png、jpg、txt、log、eml、json，其他的请打包成 zip",
        ),
        () => None,
    }
}

/// The name of a file without its folder, as it is shown.
pub(super) fn file_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    last.chars().filter(|sign| !sign.is_control()).take(100).collect()
}

/// What is signed to prove that a key is no secret. It says what it is for: signed for another purpose, nothing is that
/// statement.
pub(super) fn statement(
    (serial, fingerprint): (&str, &str),
    institution: &str,
    now: Timestamp,
) -> String {
    format!(
        "报告私钥失密：本人持有下述证书的私钥，据此报告该私钥已经失密，请求立即暂停该证书。证书序列号 {serial}；证书指纹（SM3） {fingerprint}；受理机构 {institution}；时间 {now}"
    )
}

/// The statement with the institution's seal, by which it knows its own.
pub(super) fn sealed_statement(text: &str, seal: &str) -> String {
    format!("{text}；校验 {seal}")
}

/// Text and seal of a statement.
pub(super) fn unsealed(statement: &str) -> Option<(&str, &str)> {
    statement.rsplit_once("；校验 ")
}

/// The serial number that a statement of ours names, and its time.
pub(super) fn said_in(text: &str) -> Option<(&str, Timestamp)> {
    let (_, rest) = text.split_once("证书序列号 ")?;
    let (serial, _) = rest.split_once('；')?;
    let (_, at) = text.rsplit_once("；时间 ")?;
    Some((serial, at.parse().ok()?))
}

/// Until when a rating may be changed.
pub(super) fn open_until(rated_at: Timestamp) -> Timestamp {
    rated_at + SignedDuration::from_hours(24 * OPEN_DAYS)
}

/// What is wrong with a complaint, field by field.
pub(super) fn mistakes(words: &ComplaintWords) -> Vec<(&'static str, &'static str)> {
    let mut mistakes = Vec::new();
    let length = words.text.trim().chars().count();
    if length < 10 {
        mistakes.push(("text", "请写明事情的经过，至少 10 个字"));
    } else if length > MOST_TEXT {
        mistakes.push(("text", "内容最多 4000 字，请删减，或在办理时补充"));
    }
    for (field, value) in
        [("about", &words.about), ("name", &words.name), ("contact", &words.contact)]
    {
        if value.chars().count() > 100 || value.chars().any(char::is_control) {
            mistakes.push((field, "最多 100 个字，不能换行"));
        }
    }
    mistakes
}

/// Where a step leads; none where it has no place.
pub(super) fn after(state: ComplaintState, step: Step) -> Option<ComplaintState> {
    use ComplaintState as S;
    match (state, step) {
        (S::Received, Step::Accept) => Some(S::Accepted),
        (S::Accepted | S::Answered, Step::Answer) => Some(S::Answered),
        // What is no complaint, or not ours, is closed with a reason without an answer of its own.
        (S::Received | S::Accepted | S::Answered, Step::Close) => Some(S::Closed),
        _ => None,
    }
}

/// The clock of what is to be done next. The days are those that the institution disclosed; the
/// Measures say only 及时 (Measures Art. 29). A report of a leaked key is taken up within 24 hours, also on holidays (T-16).
pub(super) fn clock(
    calendar: &Calendar,
    category: Category,
    (state, received_at): (ComplaintState, Timestamp),
    (accept, answer): (u16, u16),
    now: Timestamp,
) -> Option<ComplaintClock> {
    if (category, state) == (Category::Misuse, ComplaintState::Received) {
        let end = received_at.saturating_add(TAKEN_UP_WITHIN).unwrap_or(received_at);
        let due = Due { day: CivilDate::of(end), certainty: Certainty::Settled };
        return Some(ComplaintClock { step: Step::Accept, due, overdue: now >= end });
    }
    let (step, days) = match state {
        ComplaintState::Received => (Step::Accept, accept),
        ComplaintState::Accepted => (Step::Answer, answer),
        ComplaintState::Answered | ComplaintState::Closed => return None,
    };
    let due = working::after(calendar, CivilDate::of(received_at), WorkingDays(days));
    Some(ComplaintClock { step, due, overdue: due.is_over(now) })
}

/// Received before this instant, a complaint that waits for so many working days is overdue.
pub(super) fn overdue_before(calendar: &Calendar, days: u16, now: Timestamp) -> Timestamp {
    // The last day that is over. So many working days lie behind the day that is looked for, up to this one.
    let mut day = CivilDate::of(now).yesterday();
    let mut left = days;
    while left > 0 {
        left -= u16::from(calendar.is_working_day(day));
        day = day.yesterday();
    }
    day.end()
}

/// So many wrong codes in a row lock a complaint.
const MOST_FAILURES: i64 = 5;
/// For so long.
pub(super) const LOCKED_MINUTES: i64 = 15;

/// What is known of the codes that were tried.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Lock {
    /// Wrong ones in a row.
    pub failures: i64,
    /// Until when none opens, in Unix seconds.
    pub until: Option<i64>,
}

/// What a code led to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tried {
    /// It opens.
    Right,
    /// It does not, and this is to be remembered.
    Wrong(Lock),
    /// Nothing opens now, whatever was tried.
    Locked,
}

/// Judges a code, at a Unix second: the rules of the check code of an application.
pub(super) fn tried(lock: Lock, is_right: bool, now: i64) -> Tried {
    if lock.until.is_some_and(|until| now < until) {
        return Tried::Locked;
    }
    if is_right {
        return Tried::Right;
    }
    let failures = if lock.until.is_some() { 1 } else { lock.failures + 1 };
    let until = (failures >= MOST_FAILURES).then_some(now + LOCKED_MINUTES * 60);
    Tried::Wrong(Lock { failures, until })
}

/// Whether a text has a part, however its letters are written: small or capital, wide or narrow, with
/// or without spaces.
pub(super) fn has_part(text: &str, part: &str) -> bool {
    let part = plain(part);
    !part.is_empty() && plain(text).contains(&part)
}

fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        c => c,
    };
    let letters = text.chars().filter(|c| !c.is_whitespace()).map(narrow);
    letters.flat_map(char::to_lowercase).collect()
}

/// Twelve digits as people type them.
pub(super) fn code(text: &str) -> String {
    text.chars()
        .filter_map(|c| match c {
            '0'..='9' => Some(c),
            '\u{ff10}'..='\u{ff19}' => char::from_u32(u32::from(c) - 0xfee0),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_complaint_goes_forward_only_and_a_closed_one_stays_closed() {
        use ComplaintState as S;
        let table: Vec<String> = S::ALL
            .into_iter()
            .map(|state| {
                let next = [Step::Accept, Step::Answer, Step::Close]
                    .map(|step| after(state, step).map_or("-", ComplaintState::word));
                format!("{}: {}", state.word(), next.join(" "))
            })
            .collect();
        assert_eq!(
            table,
            [
                "received: accepted - closed",
                "accepted: - answered closed",
                "answered: - answered closed",
                "closed: - - -",
            ]
        );
    }

    #[test]
    fn the_clock_runs_in_working_days_and_stops_with_the_answer() {
        let calendar = Calendar::published().unwrap();
        // A Sunday: its next working days are Monday 23 to Friday 27 November 2026.
        let received: Timestamp = "2026-11-22T02:00:00Z".parse().unwrap();
        let at = |state, now: &str| {
            let now = now.parse().unwrap();
            clock(&calendar, Category::Service, (state, received), (2, 5), now)
        };
        let first = at(ComplaintState::Received, "2026-11-24T15:59:59Z").unwrap();
        assert_eq!(
            (first.step, first.due.day.to_string().as_str()),
            (Step::Accept, "2026年11月24日")
        );
        assert!(!first.overdue);
        assert!(at(ComplaintState::Received, "2026-11-24T16:00:00Z").unwrap().overdue);
        let second = at(ComplaintState::Accepted, "2026-11-24T16:00:00Z").unwrap();
        assert_eq!(second.due.day.to_string(), "2026年11月27日");
        assert_eq!(at(ComplaintState::Answered, "2027-01-01T00:00:00Z"), None);
    }

    /// T-16: a weekend is no excuse.
    #[test]
    fn a_report_of_a_leaked_key_is_taken_up_within_a_day_of_the_clock() {
        let calendar = Calendar::published().unwrap();
        let received: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let at = |state, hours: i64| {
            let now = received + SignedDuration::from_secs(hours * 3_600 - 1);
            clock(&calendar, Category::Misuse, (state, received), (2, 5), now)
        };
        assert!(!at(ComplaintState::Received, 24).unwrap().overdue);
        let now = received + SignedDuration::from_hours(24);
        let state = (ComplaintState::Received, received);
        assert!(clock(&calendar, Category::Misuse, state, (2, 5), now).unwrap().overdue);
        let answer = at(ComplaintState::Accepted, 30).unwrap();
        assert_eq!((answer.step, answer.overdue), (Step::Answer, false));
    }

    #[test]
    fn evidence_has_bounds_and_may_be_what_mail_filters_drop() {
        let file =
            |name: &str, octets: usize| NewEvidence { name: name.into(), content: vec![1; octets] };
        assert_eq!(evidence_mistake(&[]), None);
        let all = ["a.key", "b.PEM", "c.tar.zip", "d.eml", "e.7z"].map(|name| file(name, 9));
        assert_eq!(evidence_mistake(&all), None);
        assert!(evidence_mistake(&[file("a.exe", 1)]).unwrap().contains("zip"));
        assert!(evidence_mistake(&[file("pem", 1)]).is_some());
        assert!(evidence_mistake(&[file("a.pem", 0)]).unwrap().contains("空的"));
        assert!(evidence_mistake(&[file("a.zip", MOST_EVIDENCE + 1)]).unwrap().contains("10 MB"));
        let many: Vec<_> = (0..=MOST_FILES).map(|_| file("a.pem", 1)).collect();
        assert!(evidence_mistake(&many).unwrap().contains("五个"));
        assert_eq!(file_name("C:\\用户\\张三\r\n.key"), "张三.key");
        assert_eq!(file_name("../../etc/passwd"), "passwd");
    }

    #[test]
    fn certificates_are_named_where_a_status_changed_and_nowhere_else() {
        let of = |count: usize| vec!["0a".to_owned(); count];
        let (changed, nothing) = (Some(Outcome::Changed), Some(Outcome::Nothing));
        assert!(outcome_mistake(changed, &of(0)).unwrap().contains("序列号"));
        assert_eq!(outcome_mistake(changed, &of(MOST_SERIALS)), None);
        assert!(outcome_mistake(changed, &of(MOST_SERIALS + 1)).is_some());
        assert!(
            outcome_mistake(nothing, &of(1)).is_some() && outcome_mistake(None, &of(1)).is_some()
        );
        assert_eq!((outcome_mistake(nothing, &[]), outcome_mistake(None, &[])), (None, None));
    }

    #[test]
    fn a_statement_says_what_it_is_for_and_is_read_back() {
        let now: Timestamp = "2026-11-21T02:00:00Z".parse().unwrap();
        let text = statement(("1a2b", "ff"), "某；时间 机构", now);
        assert!(text.starts_with("报告私钥失密"));
        assert_eq!(said_in(&text), Some(("1a2b", now)));
        let sealed = sealed_statement(&text, "00aa");
        assert_eq!(unsealed(&sealed), Some((&*text, "00aa")));
        assert_eq!(unsealed("报告私钥失密"), None);
        assert_eq!(said_in("报告私钥失密"), None);
    }

    #[test]
    fn what_is_overdue_by_its_day_is_overdue_by_its_clock() {
        let calendar = Calendar::published().unwrap();
        // Two weeks over the holidays of the new year, every six hours.
        let first: Timestamp = "2025-12-20T00:00:00Z".parse().unwrap();
        let at = |step: i64| first + SignedDuration::from_hours(6 * step);
        for now in (40..80).map(at) {
            let cut = overdue_before(&calendar, 3, now);
            for received in (0..80).map(at).take_while(|received| *received <= now) {
                let state = (ComplaintState::Received, received);
                let clock = clock(&calendar, Category::Service, state, (3, 9), now);
                assert_eq!(clock.unwrap().overdue, received < cut, "{received} at {now}");
            }
        }
    }

    /// What [`overdue_before`] means: going back, the first day whose term is over is the last of them.
    fn as_defined(calendar: &Calendar, days: u16, now: Timestamp) -> Timestamp {
        let mut day = CivilDate::of(now);
        while !working::after(calendar, day, WorkingDays(days)).is_over(now) {
            day = day.yesterday();
        }
        day.end()
    }

    #[test]
    fn counting_back_comes_to_the_day_that_counting_forward_defines() {
        let calendar = Calendar::published().unwrap();
        // A year of holidays and weekends that are worked, at all hours, to the second around midnight.
        let first: Timestamp = "2025-09-20T15:59:59Z".parse().unwrap();
        for day in 0..260 {
            for second in [0, 1, 7 * 3600, 20 * 3600] {
                let now = first + SignedDuration::from_secs(day * 86_400 + second);
                for days in [0, 1, 2, 5, 7, 15, 30] {
                    let defined = as_defined(&calendar, days, now);
                    assert_eq!(overdue_before(&calendar, days, now), defined, "{days} at {now}");
                }
            }
        }
        let most = overdue_before(&calendar, u16::MAX, first);
        assert!(most < first, "the largest setting comes to an end");
    }

    #[test]
    fn five_wrong_codes_lock_and_the_count_begins_anew_afterwards() {
        let mut lock = Lock::default();
        for failures in 1..=5 {
            let Tried::Wrong(next) = tried(lock, false, 100) else { panic!("{lock:?}") };
            assert_eq!((next.failures, next.until.is_some()), (failures, failures == 5));
            lock = next;
        }
        let end = 100 + LOCKED_MINUTES * 60;
        assert_eq!(tried(lock, true, end - 1), Tried::Locked);
        assert_eq!(tried(lock, true, end), Tried::Right);
        assert_eq!(tried(lock, false, end), Tried::Wrong(Lock { failures: 1, until: None }));
    }

    #[test]
    fn a_part_is_found_however_it_is_written() {
        assert!(has_part("窗口 没有一次告知", "一次告知"));
        assert!(has_part("USBKey 打不开", "ｕｓｂ key"));
        assert!(!has_part("窗口", "窗口期") && !has_part("窗口", "  "));
    }

    #[test]
    fn what_is_wrong_is_told_field_by_field() {
        let words =
            ComplaintWords { text: "太短".into(), name: "甲\n乙".into(), ..Default::default() };
        let fields: Vec<_> = mistakes(&words).into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["text", "name"]);
        let fine = ComplaintWords {
            text: "窗口工作人员没有一次告知。".into(),
            ..Default::default()
        };
        assert!(mistakes(&fine).is_empty());
        assert_eq!(code(" 1234-5678 ９０12 "), "123456789012");
    }
}
