//! Pure decisions of the signing service.

use std::ops::RangeInclusive;

use ca::{RevocationReason, Status};
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use pki::name::{is_invisible, is_line};
use status::rules::delegation;

use super::model::{KeyOrder, KeyState, Operation, Operations, Quota, SigningKey, StopCause};

/// Most uses in one second that an order may ask for.
pub const MOST_PER_SECOND: u32 = 10_000;
/// Most uses in one day.
pub const MOST_PER_DAY: u32 = 100_000_000;
/// Letters of the name of an application: it stands in a certificate (RFC 5280, ub-common-name).
const NAME_LETTERS: RangeInclusive<usize> = 2..=64;
/// Letters of a reason.
pub const REASON_LETTERS: RangeInclusive<usize> = 2..=200;
/// Days for which one signing key is certified in all: as long as a single certificate of its profile may last
/// at most (ADR 12).
pub const KEY_DAYS: i64 = 1_826;
/// Days before that in which somebody has to see to another key.
pub const KEY_WARN_DAYS: i64 = 180;
/// China has one time, eight hours ahead, without summer time.
const CHINA: Offset = Offset::constant(8);
const DAY_SECONDS: i64 = 86_400;
/// An order that was begun and of which nothing is known after so long never comes to anything.
const BEGUN: SignedDuration = SignedDuration::from_hours(1);
/// What was refused for good is asked for again after so long.
const REST: SignedDuration = SignedDuration::from_hours(1);
/// An order that was begun so long ago has come to certificates or never will: recovery gives up after a day.
const FORGOTTEN: SignedDuration = SignedDuration::from_hours(48);

/// Why an order or a use is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is none for this client. Whether there is one of another is not told.
    #[error("没有可供使用的签名密钥 {0}；请核对密钥编号，可用的见 /api/sign/keys")]
    NoKey(i64),
    /// Not in use.
    #[error("签名密钥 {0} 不在使用中（{1}）；请与本机构的管理人员联系")]
    NotActive(i64, &'static str),
    /// Its signing certificate was revoked or suspended, or is over.
    #[error(
        "签名密钥 {0} 的签名证书已被撤销、暂停或者过期，密钥不能再用来签名；请与本机构的管理人员联系"
    )]
    Certificate(i64),
    /// Not for this operation.
    #[error("签名密钥 {0} 没有“{1}”的授权；请与本机构的管理人员联系办理授权")]
    NotGranted(i64, &'static str),
    /// Too often in this second.
    #[error("签名密钥 {0} 的使用过于频繁，每秒至多 {1} 次；请在一秒后重试")]
    PerSecond(i64, u32),
    /// Too often today; and the seconds until the next day.
    #[error("签名密钥 {0} 今天的次数已经用完，每天至多 {1} 次；请明天再试，或办理提高限额")]
    PerDay(i64, u32, u32),
    /// The order is none.
    #[error("{0}")]
    Order(&'static str),
    /// The one who ordered confirms.
    #[error("下达和复核应由两个人完成；请由另一人复核")]
    OnePerson,
    /// The one who stopped confirms.
    #[error("停用和复核撤销应由两个人完成；请由停用人以外的人复核")]
    StoppedByOne,
    /// Somebody else was faster.
    #[error("签名密钥的状态已经变化；请刷新页面后核对")]
    Changed,
    /// A recipient's certificate doesn't hold.
    #[error("第 {0} 个接收者的证书没有通过验证：{1}；请换用有效的加密证书")]
    Recipient(usize, String),
    /// An envelope that can't be opened.
    #[error("数字信封不能打开：{0}；请核对是否发给这个密钥的加密证书")]
    Envelope(String),
    /// What is to be worked on is too much, or nothing.
    #[error("{0}")]
    Input(&'static str),
}

impl Refusal {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoKey(_) => "signing.no_key",
            Self::NotActive(..) => "signing.not_active",
            Self::Certificate(_) => "signing.certificate",
            Self::NotGranted(..) => "signing.not_granted",
            Self::PerSecond(..) => "signing.per_second",
            Self::PerDay(..) => "signing.per_day",
            Self::Order(_) => "signing.order",
            Self::OnePerson => "signing.one_person",
            Self::StoppedByOne => "signing.stopped_by_one",
            Self::Changed => "signing.changed",
            Self::Recipient(..) => "signing.recipient",
            Self::Envelope(_) => "signing.envelope",
            Self::Input(_) => "signing.input",
        }
    }

    /// After how many seconds the same may be asked again, where it passes by itself.
    pub const fn wait(&self) -> Option<u32> {
        match self {
            Self::PerSecond(..) => Some(1),
            Self::PerDay(_, _, seconds) => Some(*seconds),
            _ => None,
        }
    }
}

/// An order that is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The operations.
    pub operations: Operations,
    /// The quota.
    pub quota: Quota,
}

/// Holds an order against its limits.
///
/// # Errors
/// [`Refusal::Order`], with what is wrong.
pub fn check(order: &KeyOrder) -> Result<Checked, Refusal> {
    if order.name.chars().any(is_invisible) {
        return Err(Refusal::Order(
            "应用名称中有看不见的字符（可能是从别处粘贴带来的）；请删去，重新键入名称",
        ));
    }
    if !is_line(&order.name, NAME_LETTERS) {
        return Err(Refusal::Order("请填写应用名称，2 至 64 个字，前后不带空格"));
    }
    if !is_reason(&order.reason) {
        return Err(Refusal::Order("请写明用途，2 至 200 个字，一行写完，不带看不见的字符"));
    }
    let operations = Operations::of(order.operations.iter().map(String::as_str));
    let operations = operations.ok_or(Refusal::Order("请至少选择一种用途"))?;
    if !(1..=MOST_PER_SECOND).contains(&order.per_second) {
        return Err(Refusal::Order("每秒限额应为 1 至 10000 的整数"));
    }
    if !(1..=MOST_PER_DAY).contains(&order.per_day) {
        return Err(Refusal::Order("每日限额应为 1 至 100000000 的整数"));
    }
    let quota = Quota { per_second: order.per_second, per_day: order.per_day };
    Ok(Checked { operations, quota })
}

/// Whether a key is the one that an order is about, to the letter.
pub fn fits(key: &SigningKey, order: &KeyOrder) -> bool {
    let Ok(checked) = check(order) else { return false };
    key.client == order.client
        && key.name == order.name
        && key.reason == order.reason
        && key.operations == checked.operations
        && key.quota == checked.quota
}

/// Whether a text gives a reason.
pub fn is_reason(text: &str) -> bool {
    is_line(text, REASON_LETTERS)
}

/// Whether a client may use a key once more today for an operation.
///
/// # Errors
/// Why not.
pub fn may(
    key: Option<&SigningKey>,
    (number, client): (i64, &str),
    operation: Operation,
    (used_today, now): (i64, Timestamp),
) -> Result<(), Refusal> {
    let key = key.filter(|key| key.client == client).ok_or(Refusal::NoKey(number))?;
    if key.state != KeyState::Active {
        return Err(Refusal::NotActive(number, key.state.chinese()));
    }
    if !key.operations.contains(operation) {
        return Err(Refusal::NotGranted(number, operation.chinese()));
    }
    if used_today >= i64::from(key.quota.per_day) {
        return Err(Refusal::PerDay(number, key.quota.per_day, left_of_day(now)));
    }
    Ok(())
}

/// The day in China, as `YYYY-MM-DD`.
pub fn day(now: Timestamp) -> String {
    now.to_zoned(TimeZone::fixed(CHINA)).strftime("%Y-%m-%d").to_string()
}

/// Seconds until the next day in China; at least one.
fn left_of_day(now: Timestamp) -> u32 {
    let passed = now.as_second().saturating_add(CHINA.seconds().into()).rem_euclid(DAY_SECONDS);
    u32::try_from(DAY_SECONDS.saturating_sub(passed)).unwrap_or(1)
}

/// Until when a key may be certified of which the first certificate began then; never beyond its issuer.
pub fn last_day(first: Timestamp, issuer_end: Timestamp) -> Timestamp {
    let days = SignedDuration::from_hours(24 * KEY_DAYS);
    first.saturating_add(days).map_or(issuer_end, |end| end.min(issuer_end))
}

/// Whether the next certificates are due: in the last third of the newest ones' life, as long as they gain
/// anything.
pub fn is_renewal_due(newest: (Timestamp, Timestamp), last: Timestamp, now: Timestamp) -> bool {
    now < last && delegation::is_renewal_due(newest, last, now)
}

/// The end of the next certificates: as the profile says, unless the key ends before. The same whenever it is
/// asked, so that an order that was cut off is the same order again.
pub fn next_end((begin, end): (Timestamp, Timestamp), last: Timestamp) -> Option<Timestamp> {
    let is_beyond = last.duration_since(end) < end.duration_since(begin);
    is_beyond.then_some(last)
}

/// Whether somebody has to see to another key, because this one is soon no longer certified.
pub fn is_key_ending(last: Timestamp, now: Timestamp) -> bool {
    last.duration_since(now) <= SignedDuration::from_hours(24 * KEY_WARN_DAYS)
}

/// Whether something that was begun and of which nothing is known is given up.
pub fn is_given_up(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) > BEGUN
}

/// Whether certificates of a stopped key for which none were found never come any more.
pub fn is_forgotten(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since) > FORGOTTEN
}

/// Whether what was refused for good is not asked for again yet. A clock that was set back makes nobody wait.
pub fn rests(refused: Timestamp, now: Timestamp) -> bool {
    let passed = now.duration_since(refused);
    SignedDuration::ZERO <= passed && passed < REST
}

/// Counts one use within a second; `None` when it is one too many. Who read the clock just before the turn of
/// the second and comes after it counts in the new one.
pub fn counted(seen: Option<(i64, u32)>, second: i64, most: u32) -> Option<(i64, u32)> {
    let (second, count) = match seen {
        Some((at, count)) if at == second || at == second.saturating_add(1) => (at, count),
        _ => (second, 0),
    };
    (count < most).then(|| (second, count.saturating_add(1)))
}

/// What is still to be done about certificates of a key that was stopped (ADR 12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// They are to be held.
    Hold,
    /// Nothing until another person confirms.
    Wait,
    /// They are to be revoked.
    Revoke(StopCause),
    /// Nothing: they are at their end, in this way.
    Ended(&'static str),
}

/// How the end of a stopped key stands: its cause, whether another person confirmed it, and whether the hold was
/// set that came of the stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    /// For what it was stopped.
    pub cause: StopCause,
    /// Whether another person confirmed that.
    pub is_confirmed: bool,
    /// Whether the certificates were held for that.
    pub is_held: bool,
}

/// What is left to do about certificates of this status. A compromise says more than what they were revoked for
/// before, as long as they aren't over.
pub fn left(stopped: Stopped, status: &Status, is_over: bool) -> Left {
    let Stopped { cause, is_confirmed, is_held } = stopped;
    let is_less = |reason: &RevocationReason| {
        cause == StopCause::Compromise && *reason != RevocationReason::KeyCompromise && !is_over
    };
    match status {
        Status::Revoked { reason, .. } if is_less(reason) && is_confirmed => Left::Revoke(cause),
        Status::Revoked { reason, .. } if is_less(reason) => Left::Wait,
        Status::Revoked { .. } => Left::Ended("revoked"),
        _ if is_over => Left::Ended("over"),
        _ if is_confirmed => Left::Revoke(cause),
        _ if is_held => Left::Wait,
        _ => Left::Hold,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order() -> KeyOrder {
        KeyOrder {
            client: "c1".into(),
            name: "公文交换系统".into(),
            operations: vec!["data".into(), "open".into()],
            per_second: 10,
            per_day: 100,
            reason: "公文签章".into(),
        }
    }

    fn key(state: KeyState) -> SigningKey {
        let checked = check(&order()).unwrap();
        SigningKey {
            number: 1,
            client: "c1".into(),
            name: "公文交换系统".into(),
            operations: checked.operations,
            quota: checked.quota,
            state,
            reason: "公文签章".into(),
            ordered_by: "person:a".into(),
            ordered_at: Timestamp::UNIX_EPOCH,
            decided_by: None,
            decided_at: None,
            stopped_by: None,
            stopped_at: None,
            end_reason: None,
            stop_cause: None,
            revoked_by: None,
            revoked_at: None,
            serials: None,
        }
    }

    fn day_of(count: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + count * DAY_SECONDS).unwrap()
    }

    #[test]
    fn an_order_has_a_name_a_reason_operations_and_limits() {
        assert!(check(&order()).is_ok());
        let wrong: [fn(&mut KeyOrder); 13] = [
            |order| order.name = "x".into(),
            |order| order.name = "字".repeat(65),
            |order| order.name = " 前有空格".into(),
            |order| order.name = "公文\u{200b}交换".into(),
            |order| order.name = "公文\u{202e}换交".into(),
            |order| order.name = "\u{3164}\u{3164}".into(),
            |order| order.reason = "行\n行".into(),
            |order| order.reason = "签\u{feff}章".into(),
            |order| order.operations.clear(),
            |order| order.operations = vec!["everything".into()],
            |order| order.per_second = 0,
            |order| order.per_second = MOST_PER_SECOND + 1,
            |order| order.per_day = 0,
        ];
        for change in wrong {
            let mut order = order();
            change(&mut order);
            assert!(matches!(check(&order), Err(Refusal::Order(_))), "{order:?}");
        }
    }

    #[test]
    fn a_key_serves_its_client_for_its_operations_within_its_day_alone() {
        let active = key(KeyState::Active);
        let of = |key: Option<&SigningKey>, client, operation, used| {
            let asked = (used, Timestamp::UNIX_EPOCH);
            may(key, (1, client), operation, asked).map_err(|refusal| refusal.code())
        };
        assert_eq!(of(Some(&active), "c1", Operation::Data, 99), Ok(()));
        assert_eq!(of(Some(&active), "c1", Operation::Data, 100), Err("signing.per_day"));
        assert_eq!(of(Some(&active), "c1", Operation::Message, 0), Err("signing.not_granted"));
        assert_eq!(of(Some(&active), "c2", Operation::Data, 0), Err("signing.no_key"));
        assert_eq!(of(None, "c1", Operation::Data, 0), Err("signing.no_key"));
        for state in KeyState::ALL.into_iter().filter(|state| *state != KeyState::Active) {
            let found = of(Some(&key(state)), "c1", Operation::Data, 0);
            assert_eq!(found, Err("signing.not_active"), "{state:?}");
        }
    }

    #[test]
    fn what_is_confirmed_is_what_was_ordered_to_the_letter() {
        let key = key(KeyState::Ordered);
        assert!(fits(&key, &order()));
        let other: [fn(&mut KeyOrder); 6] = [
            |order| order.client = "c2".into(),
            |order| order.name = "自己的应用".into(),
            |order| order.operations.push("message".into()),
            |order| order.per_second += 1,
            |order| order.per_day += 1,
            |order| order.reason = "接入调试".into(),
        ];
        for change in other {
            let mut order = order();
            change(&mut order);
            assert!(!fits(&key, &order), "{order:?}");
        }
    }

    #[test]
    fn uses_of_one_second_are_counted_and_the_next_begins_anew() {
        let one = counted(None, 7, 2);
        assert_eq!(one, Some((7, 1)));
        let two = counted(one, 7, 2);
        assert_eq!(two, Some((7, 2)));
        assert_eq!(counted(two, 7, 2), None);
        assert_eq!(counted(two, 8, 2), Some((8, 1)));
    }

    #[test]
    fn who_comes_late_from_the_second_before_begins_no_second_anew() {
        let two = counted(counted(None, 8, 2), 8, 2);
        assert_eq!(counted(two, 7, 2), None, "the new second is used up");
        assert_eq!(counted(counted(None, 8, 2), 7, 2), Some((8, 2)));
        assert_eq!(counted(two, 5, 2), Some((5, 1)), "a clock that was set back stops nobody");
    }

    #[test]
    fn what_is_left_of_a_stopped_key_is_held_confirmed_and_revoked_for_its_cause() {
        use StopCause::{Cessation, Compromise};
        let revoked = |reason| Status::Revoked { since: day_of(0), reason, invalid_since: None };
        let (ended, leaked) = (
            revoked(RevocationReason::CessationOfOperation),
            revoked(RevocationReason::KeyCompromise),
        );
        let held = Status::Suspended { since: day_of(0) };
        for (cause, is_confirmed, is_held, status, is_over, expected) in [
            (Cessation, false, false, &Status::Good, false, Left::Hold),
            (Cessation, false, true, &held, false, Left::Wait),
            (Cessation, true, true, &held, false, Left::Revoke(Cessation)),
            (Cessation, true, true, &ended, false, Left::Ended("revoked")),
            (Cessation, false, true, &held, true, Left::Ended("over")),
            (Compromise, false, false, &ended, false, Left::Wait),
            (Compromise, true, false, &ended, false, Left::Revoke(Compromise)),
            (Compromise, true, false, &ended, true, Left::Ended("revoked")),
            (Compromise, false, false, &leaked, false, Left::Ended("revoked")),
        ] {
            let stopped = Stopped { cause, is_confirmed, is_held };
            assert_eq!(left(stopped, status, is_over), expected, "{stopped:?} {status:?}");
        }
    }

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        let at = |text: &str| day(text.parse().unwrap());
        assert_eq!(at("2026-11-30T15:59:59Z"), "2026-11-30");
        assert_eq!(at("2026-11-30T16:00:00Z"), "2026-12-01");
        let left = |text: &str| left_of_day(text.parse().unwrap());
        assert_eq!(left("2026-11-30T15:59:59Z"), 1);
        assert_eq!(left("2026-11-30T16:00:00Z"), 86_400);
    }

    #[test]
    fn who_asked_too_often_is_told_when_it_is_allowed_again_and_nobody_else_is() {
        let active = key(KeyState::Active);
        let noon = "2026-11-30T04:00:00Z".parse().unwrap();
        let over = may(Some(&active), (1, "c1"), Operation::Data, (100, noon)).unwrap_err();
        assert_eq!(over.wait(), Some(43_200));
        assert_eq!(Refusal::PerSecond(1, 10).wait(), Some(1));
        assert_eq!(Refusal::NoKey(1).wait(), None);
    }

    #[test]
    fn an_invisible_character_is_told_of_by_its_own_words() {
        let order = KeyOrder { name: "公文\u{200b}交换".into(), ..order() };
        assert!(check(&order).unwrap_err().to_string().contains("看不见的字符"));
    }

    #[test]
    fn certificates_are_followed_in_their_last_third_until_the_key_has_served_its_time() {
        let (newest, last) = ((day_of(0), day_of(365)), last_day(day_of(0), day_of(9_000)));
        assert_eq!(last, day_of(KEY_DAYS));
        assert_eq!(last_day(day_of(0), day_of(700)), day_of(700), "never beyond the issuer");
        let due = |day| is_renewal_due(newest, last, day_of(day));
        assert!(!due(240) && due(244) && due(400), "and when it is over already");
        assert!(!due(KEY_DAYS), "the key has served its time");
        assert!(!is_renewal_due((day_of(1_461), last), last, day_of(1_800)), "nothing is gained");
        assert_eq!(next_end(newest, last), None, "as the profile says");
        let late = (day_of(1_200), day_of(1_565));
        assert_eq!(next_end(late, last), Some(last), "no longer than the key");
    }

    #[test]
    fn what_was_begun_is_waited_for_an_hour() {
        let after = |seconds| day_of(0) + SignedDuration::from_secs(seconds);
        assert!(!is_given_up(day_of(0), after(3_600)) && is_given_up(day_of(0), after(3_601)));
    }

    #[test]
    fn what_was_refused_for_good_rests_for_an_hour() {
        let after = |seconds| day_of(0) + SignedDuration::from_secs(seconds);
        assert!(rests(day_of(0), after(0)) && rests(day_of(0), after(3_599)));
        assert!(!rests(day_of(0), after(3_600)) && !rests(day_of(0), after(-1)));
    }
}
