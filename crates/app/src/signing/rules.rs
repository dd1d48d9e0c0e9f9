//! Pure decisions of the signing service.

use jiff::Timestamp;
use jiff::tz::{Offset, TimeZone};

use super::model::{KeyOrder, KeyState, Operation, Operations, Quota, SigningKey};

/// Most uses in one second that an order may ask for.
pub const MOST_PER_SECOND: u32 = 10_000;
/// Most uses in one day.
pub const MOST_PER_DAY: u32 = 100_000_000;
/// Longest name of an application: it stands in a certificate (RFC 5280, ub-common-name).
const NAME_LETTERS: usize = 64;
/// Longest reason.
const REASON_LETTERS: usize = 200;

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
        "签名密钥 {0} 的签名证书已被撤销、暂停或者过期，不能再用来签名；请与本机构的管理人员联系"
    )]
    Certificate(i64),
    /// Not for this operation.
    #[error("签名密钥 {0} 没有“{1}”的授权；请与本机构的管理人员联系办理授权")]
    NotGranted(i64, &'static str),
    /// Too often in this second.
    #[error("签名密钥 {0} 的使用过于频繁，每秒至多 {1} 次；请在一秒后重试")]
    PerSecond(i64, u32),
    /// Too often today.
    #[error("签名密钥 {0} 今天的次数已经用完，每天至多 {1} 次；请明天再试，或办理提高限额")]
    PerDay(i64, u32),
    /// The order is none.
    #[error("{0}")]
    Order(&'static str),
    /// The one who ordered confirms.
    #[error("下达和复核应由两个人完成；请由另一人复核")]
    OnePerson,
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
            Self::Changed => "signing.changed",
            Self::Recipient(..) => "signing.recipient",
            Self::Envelope(_) => "signing.envelope",
            Self::Input(_) => "signing.input",
        }
    }

    /// Whether it passes by itself.
    pub const fn is_quota(&self) -> bool {
        matches!(self, Self::PerSecond(..) | Self::PerDay(..))
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
    let line = |text: &str, most: usize| {
        let length = text.trim().chars().count();
        (2..=most).contains(&length) && text.trim() == text && !text.chars().any(char::is_control)
    };
    if !line(&order.name, NAME_LETTERS) {
        return Err(Refusal::Order("请填写应用名称，2 至 64 个字"));
    }
    if !line(&order.reason, REASON_LETTERS) {
        return Err(Refusal::Order("请写明用途，2 至 200 个字"));
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

/// Whether a client may use a key once more today for an operation.
///
/// # Errors
/// Why not.
pub fn may(
    key: Option<&SigningKey>,
    (number, client): (i64, &str),
    operation: Operation,
    used_today: i64,
) -> Result<(), Refusal> {
    let key = key.filter(|key| key.client == client).ok_or(Refusal::NoKey(number))?;
    if key.state != KeyState::Active {
        return Err(Refusal::NotActive(number, key.state.chinese()));
    }
    if !key.operations.contains(operation) {
        return Err(Refusal::NotGranted(number, operation.chinese()));
    }
    if used_today >= i64::from(key.quota.per_day) {
        return Err(Refusal::PerDay(number, key.quota.per_day));
    }
    Ok(())
}

/// The day in China, as `YYYY-MM-DD`.
pub fn day(now: Timestamp) -> String {
    let china = TimeZone::fixed(Offset::constant(8));
    now.to_zoned(china).strftime("%Y-%m-%d").to_string()
}

/// Counts one use within a second; `None` when it is one too many.
pub fn counted(seen: Option<(i64, u32)>, second: i64, most: u32) -> Option<(i64, u32)> {
    let count = match seen {
        Some((at, count)) if at == second => count,
        _ => 0,
    };
    (count < most).then(|| (second, count.saturating_add(1)))
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
            serials: None,
        }
    }

    #[test]
    fn an_order_has_a_name_a_reason_operations_and_limits() {
        assert!(check(&order()).is_ok());
        let wrong: [fn(&mut KeyOrder); 9] = [
            |order| order.name = "x".into(),
            |order| order.name = "字".repeat(65),
            |order| order.name = " 前有空格".into(),
            |order| order.reason = "行\n行".into(),
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
            may(key, (1, client), operation, used).map_err(|refusal| refusal.code())
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
    fn uses_of_one_second_are_counted_and_the_next_begins_anew() {
        let one = counted(None, 7, 2);
        assert_eq!(one, Some((7, 1)));
        let two = counted(one, 7, 2);
        assert_eq!(two, Some((7, 2)));
        assert_eq!(counted(two, 7, 2), None);
        assert_eq!(counted(two, 8, 2), Some((8, 1)));
    }

    #[test]
    fn a_day_begins_at_midnight_in_china() {
        let at = |text: &str| day(text.parse().unwrap());
        assert_eq!(at("2026-11-30T15:59:59Z"), "2026-11-30");
        assert_eq!(at("2026-11-30T16:00:00Z"), "2026-12-01");
    }
}
