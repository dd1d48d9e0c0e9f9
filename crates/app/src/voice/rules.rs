//! The decisions about ratings and complaints: pure.

use jiff::{SignedDuration, Timestamp};
use law::clock::{WorkingDays, working};
use law::{Calendar, CivilDate};

use super::model::{ComplaintClock, ComplaintState, ComplaintWords, Step};

/// A rating may be changed for so many days.
pub(super) const OPEN_DAYS: i64 = 7;
/// Most characters of a remark or an answer.
pub const MOST_REMARK: usize = 500;
/// Most characters of a complaint or of an answer to it.
pub const MOST_TEXT: usize = 4000;

/// Until when a rating may be changed.
pub(super) fn open_until(rated_at: Timestamp) -> Timestamp {
    rated_at + SignedDuration::from_hours(24 * OPEN_DAYS)
}

/// What is wrong with a complaint, field by field.
pub(super) fn mistakes(words: &ComplaintWords) -> Vec<(&'static str, &'static str)> {
    let mut mistakes = Vec::new();
    let length = words.text.trim().chars().count();
    if length < 10 {
        mistakes.push(("text", "请写明发生了什么、您希望怎样处理，至少 10 个字"));
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
/// Measures say only 及时 (Measures Art. 29).
pub(super) fn clock(
    calendar: &Calendar,
    (state, received_at): (ComplaintState, Timestamp),
    (accept, answer): (u16, u16),
    now: Timestamp,
) -> Option<ComplaintClock> {
    let (step, days) = match state {
        ComplaintState::Received => (Step::Accept, accept),
        ComplaintState::Accepted => (Step::Answer, answer),
        ComplaintState::Answered | ComplaintState::Closed => return None,
    };
    let due = working::after(calendar, CivilDate::of(received_at), WorkingDays(days));
    Some(ComplaintClock { step, due, overdue: due.is_over(now) })
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
        let at =
            |state, now: &str| clock(&calendar, (state, received), (2, 5), now.parse().unwrap());
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
