//! Pure decisions: whether a list that was fetched is taken, and when the next one is fetched.

use gm::{UserId, sm3};
use jiff::{SignedDuration, Timestamp};
use pki::Certificate;
use pki::crl::{Crl, Scope};
use pki::ext::KeyUsage;

use super::model::{Authority, Floor, Source, SourceState};

/// Between two fetches of a source, at least so much.
const SOONEST: SignedDuration = SignedDuration::from_secs(60);
/// After failures, at most so much.
const LATEST: SignedDuration = SignedDuration::from_hours(1);

/// Why a list is not taken. What was held stays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// It can't be read.
    #[error("取回的内容不是撤销列表：{0}")]
    NotAList(String),
    /// Another authority's.
    #[error("列表的颁发者是“{0}”，不是信任列表中的这家机构")]
    Issuer(String),
    /// No key of the authority signed it.
    #[error("列表的签名验证不通过：可能被改动，或者机构换了签名密钥而信任列表没有更新")]
    Signature,
    /// A delta where a complete list should be.
    #[error("这个地址给出的是增量列表；请在来源中写明 kind = \"delta\"")]
    Delta,
    /// A complete list where a delta should be.
    #[error("这个地址给出的是完整列表；请在来源中写明 kind = \"complete\"")]
    Complete,
    /// Without a number nobody can tell the newer of two.
    #[error("列表没有编号，不能判断新旧")]
    NoNumber,
    /// Without an end nobody can tell whether it still counts.
    #[error("列表没有写明下次更新时间，不能判断是否过期")]
    NoNextUpdate,
    /// Issued in the future.
    #[error("列表的发布时间 {0} 晚于现在，到时再取；相差较大的，请核对双方的时钟")]
    Future(Timestamp),
    /// Older than what is held (Invariant 7: numbers only grow).
    #[error("列表编号 {0} 小于已有的 {1}：对方给出了旧列表，已拒绝")]
    Older(String, String),
    /// Another list under the number that is held, or a higher number with an earlier time.
    #[error(
        "列表编号 {0} 与已有列表矛盾（编号相同而内容不同，或编号增大而时间倒退），已拒绝；请与对方核实"
    )]
    Contradicts(String),
    /// Of another distribution point.
    #[error("列表写明的发布点不是这个地址；地址确属其镜像的，请在来源中用 point 写明发布点")]
    Point,
    /// It names certificates of several issuers.
    #[error("间接撤销列表不受支持")]
    Indirect,
    /// It is about attribute certificates.
    #[error("列表只涉及属性证书")]
    Attributes,
}

/// A list that is taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// The list.
    pub list: Crl,
    /// SM3 of its DER, hexadecimal.
    pub digest: String,
    /// Its number, hexadecimal.
    pub number: String,
    /// Its end.
    pub next_update: Timestamp,
}

/// Reads and verifies what came from a source; `held` is what is there.
///
/// # Errors
/// [`Refused`], with what to do.
pub fn judge(
    der: Vec<u8>,
    (authority, source): (&Authority, &Source),
    held: &SourceState,
    (now, most_octets): (Timestamp, usize),
) -> Result<Taken, Refused> {
    let digest = sm3::hash(&der).to_hex();
    let list = Crl::from_der_within(der, most_octets);
    let list = list.map_err(|why| Refused::NotAList(why.to_string()))?;
    kind(&list, source)?;
    scope(list.scope(), source)?;
    if !authority.certificates.iter().any(|one| one.subject().matches(list.issuer())) {
        return Err(Refused::Issuer(list.issuer().to_string()));
    }
    if !authority.certificates.iter().any(|one| signed(&list, one)) {
        return Err(Refused::Signature);
    }
    let number = list.number().ok_or(Refused::NoNumber)?.to_hex();
    let next_update = list.next_update().ok_or(Refused::NoNextUpdate)?;
    // A list doesn't count before its time: taken early, it would put out of force the one that is held.
    if list.this_update() > now {
        return Err(Refused::Future(list.this_update()));
    }
    is_not_older((&number, &digest), list.this_update(), held)?;
    Ok(Taken { list, digest, number, next_update })
}

fn kind(list: &Crl, source: &Source) -> Result<(), Refused> {
    match (list.base().is_some(), source.is_delta) {
        (true, false) => Err(Refused::Delta),
        (false, true) => Err(Refused::Complete),
        _ => Ok(()),
    }
}

/// RFC 5280 §5.2.5: a list that names its distribution point is fetched from there, or a list of one part could be
/// given for another.
fn scope(scope: Option<&Scope>, source: &Source) -> Result<(), Refused> {
    let Some(scope) = scope else { return Ok(()) };
    if scope.indirect {
        return Err(Refused::Indirect);
    }
    if scope.only_attributes {
        return Err(Refused::Attributes);
    }
    let mut places = scope.urls().peekable();
    let names_another = places.peek().is_some() && !places.any(|place| place == source.place());
    if names_another { Err(Refused::Point) } else { Ok(()) }
}

/// By this key, under this name, with the usage for it.
fn signed(list: &Crl, by: &Certificate) -> bool {
    let may = by.key_usage().is_none_or(|usage| usage.contains(KeyUsage::CRL_SIGN));
    let verifies = |key| list.verify(&key, &UserId::default()).is_ok();
    may && by.subject().matches(list.issuer()) && by.public_key().is_ok_and(verifies)
}

/// Numbers only grow, and time with them: above the list that is held, or above the one that was held under the same
/// name before the authority's certificates changed.
fn is_not_older(
    (number, digest): (&str, &str),
    this_update: Timestamp,
    held: &SourceState,
) -> Result<(), Refused> {
    let (known, since) = if held.holds() {
        (&held.number, held.this_update)
    } else {
        (&held.floor.number, held.floor.this_update)
    };
    let is_same = !held.holds() || digest == held.digest;
    match rank(number).cmp(&rank(known)) {
        std::cmp::Ordering::Less => Err(Refused::Older(number.to_owned(), known.clone())),
        std::cmp::Ordering::Equal if is_same => Ok(()),
        std::cmp::Ordering::Greater if this_update.as_second() >= since => Ok(()),
        _ => Err(Refused::Contradicts(number.to_owned())),
    }
}

/// Numbers in hexadecimal without leading zeros, in their order; none is the lowest.
fn rank(hex: &str) -> (usize, &str) {
    (hex.len(), hex)
}

/// The highest of what was held under one name.
pub(super) fn floor<'a>(states: impl Iterator<Item = &'a SourceState>) -> Floor {
    let held = |state: &SourceState| {
        if state.holds() {
            Floor { number: state.number.clone(), this_update: state.this_update }
        } else {
            state.floor.clone()
        }
    };
    let mut floors: Vec<_> = states.map(held).collect();
    floors.sort_by(|one, other| rank(&one.number).cmp(&rank(&other.number)));
    floors.pop().unwrap_or_default()
}

/// When to try again a list that came before its time: then, if that is soon.
pub fn after_early(
    now: Timestamp,
    this_update: Timestamp,
    failures: u32,
    jitter: u32,
) -> Timestamp {
    let is_soon = this_update.duration_since(now) <= LATEST;
    if is_soon { this_update } else { after_failure(now, failures, jitter) }
}

/// When to fetch again after a success: after the interval, and at the latest when the list ends. A tenth of the wait
/// is left to chance (`jitter`, all of `u32` evenly), so that not everybody comes at once.
pub fn after_success(
    now: Timestamp,
    next_update: Timestamp,
    every: SignedDuration,
    jitter: u32,
) -> Timestamp {
    let left = next_update.duration_since(now);
    let wait = if left > SignedDuration::ZERO { every.min(left) } else { every.min(LATEST) };
    later(now, wait, jitter)
}

/// When to try again after so many failures in a row: 1, 2, 4, … minutes, an hour at most.
pub fn after_failure(now: Timestamp, failures: u32, jitter: u32) -> Timestamp {
    let minutes = 1_i64 << failures.saturating_sub(1).min(6);
    later(now, SignedDuration::from_mins(minutes).min(LATEST), jitter)
}

fn later(now: Timestamp, wait: SignedDuration, jitter: u32) -> Timestamp {
    let seconds = wait.as_secs();
    let spared = seconds / 10 * i64::from(jitter >> 16) / 65_536;
    let wait = SignedDuration::from_secs(seconds - spared).max(SOONEST);
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn hours(hours: i64) -> SignedDuration {
        SignedDuration::from_hours(hours)
    }

    #[test]
    fn the_next_list_is_fetched_by_the_interval_and_by_the_end_of_the_one_that_is_held() {
        let wait = |end, every, jitter| after_success(at(0), at(end), every, jitter).as_second();
        let since = at(0).as_second();
        assert_eq!(wait(86_400, hours(1), 0) - since, 3_600);
        assert_eq!(wait(1_800, hours(1), 0) - since, 1_800, "not after its end");
        assert_eq!(wait(5, hours(1), 0) - since, 60, "and never at once");
        assert_eq!(
            wait(-5, hours(24), 0) - since,
            3_600,
            "a list that is over is asked for hourly"
        );
        let early = wait(86_400, hours(1), u32::MAX) - since;
        assert!((3_240..3_300).contains(&early), "up to a tenth earlier: {early}");
    }

    #[test]
    fn failures_wait_longer_each_time_but_never_more_than_an_hour() {
        let waits: Vec<_> = (1..9)
            .map(|failures| after_failure(at(0), failures, 0).duration_since(at(0)).as_mins())
            .collect();
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(after_failure(Timestamp::MAX, u32::MAX, 7), Timestamp::MAX);
    }

    #[test]
    fn numbers_are_compared_as_numbers_and_time_goes_with_them() {
        let held = SourceState {
            number: "ff".into(),
            digest: "aa".into(),
            this_update: at(0).as_second(),
            ..SourceState::default()
        };
        let judge =
            |number: &str, digest: &str, moment| is_not_older((number, digest), at(moment), &held);
        assert_eq!(judge("100", "bb", 1), Ok(()));
        assert_eq!(judge("100", "bb", 0), Ok(()));
        assert_eq!(judge("ff", "aa", 0), Ok(()), "the same list once more");
        assert_eq!(judge("ff", "bb", 0), Err(Refused::Contradicts("ff".into())));
        assert_eq!(judge("100", "bb", -1), Err(Refused::Contradicts("100".into())));
        assert_eq!(judge("fe", "bb", 9), Err(Refused::Older("fe".into(), "ff".into())));
        assert_eq!(judge("9", "bb", 9), Err(Refused::Older("9".into(), "ff".into())));
    }

    #[test]
    fn numbers_go_on_from_what_was_held_under_the_same_name_with_other_certificates() {
        let state = |number: &str, moment| SourceState {
            number: number.into(),
            digest: "aa".into(),
            this_update: at(moment).as_second(),
            ..SourceState::default()
        };
        let floor = floor([&state("ff", 5), &state("100", 7), &SourceState::default()].into_iter());
        assert_eq!(floor, Floor { number: "100".into(), this_update: at(7).as_second() });
        let new = SourceState { floor: floor.clone(), ..SourceState::default() };
        assert_eq!(super::floor([&new].into_iter()), floor, "also from one that never got a list");
        let judge = |number: &str, moment| is_not_older((number, "bb"), at(moment), &new);
        assert_eq!(judge("ff", 9), Err(Refused::Older("ff".into(), "100".into())));
        assert_eq!(judge("100", 7), Ok(()), "the list that was held");
        assert_eq!(judge("101", 6), Err(Refused::Contradicts("101".into())));
        assert_eq!(judge("101", 8), Ok(()));
        let first = SourceState::default();
        assert_eq!(is_not_older(("0", "bb"), at(0), &first), Ok(()), "nothing was held ever");
    }

    #[test]
    fn a_list_that_came_before_its_time_is_fetched_again_then() {
        assert_eq!(after_early(at(0), at(20), 9, 0), at(20));
        assert_eq!(after_early(at(0), at(7_200), 1, 0), at(60), "one of far ahead is a failure");
    }
}
