//! The status of one certificate of a chain, and what it was judged by.

use jiff::Timestamp;
use pki::Certificate;
use pki::crl::{Crl, Reason, Scope};
use pki::ext::DistributionPointName;
use pki::ocsp::CertStatus;
use pki::path::{self, Kind, Options, Revocation};

use super::answer::by_answer;
use super::asked::Heard;
use super::row;
use crate::foreign::{Cited, Followed, FollowedAuthority, Group};
use crate::verification::model::{Basis, Check, Evidence, Outcome};

/// What our own tables say about a serial number under one of our issuers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Own {
    /// There is no such certificate (T-07).
    NotIssued,
    /// There is one, and it is another than the one in question.
    Another,
    /// The row contradicts itself (T-09).
    Contradictory,
    /// Its status at the instant asked for.
    Status {
        /// The status.
        status: CertStatus,
        /// Since when its key was not to be trusted, if that is known to be earlier.
        invalid_since: Option<Timestamp>,
    },
}

/// The status as one source has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusOf {
    pub(super) outcome: Outcome,
    pub(super) code: &'static str,
    reason: String,
    basis: Option<Basis>,
}

const CHECK: (&str, &str) = ("status", "撤销状态");

impl StatusOf {
    pub(super) fn new(outcome: Outcome, code: &'static str, reason: impl Into<String>) -> Self {
        Self { outcome, code, reason: reason.into(), basis: None }
    }

    pub(super) fn by(self, basis: Basis) -> Self {
        Self { basis: Some(basis), ..self }
    }

    /// Says in the reason whose word it is.
    pub(super) fn told_by(self, address: &str) -> Self {
        Self { reason: format!("{}（询问了 OCSP 应答者 {address}）", self.reason), ..self }
    }

    /// Both reasons, where neither source decides.
    fn and(self, other: Option<&str>) -> Self {
        match other {
            Some(why) if self.outcome == Outcome::Unknown => {
                Self { reason: format!("{}；{why}", self.reason), ..self }
            }
            _ => self,
        }
    }
}

/// The row of a certificate in the report.
pub fn status_check(certificate: &Certificate, found: StatusOf) -> Check {
    let StatusOf { outcome, code, reason, basis } = found;
    let about = Some(certificate.serial().to_hex());
    Check { about, basis, ..row(CHECK, outcome, code, reason) }
}

/// What our own tables say, as the OCSP responder reads them. What isn't there was not issued: failed,
/// never good (T-07).
pub fn by_own(own: &Own, at: Timestamp, basis: Basis) -> StatusOf {
    let found = match own {
        Own::NotIssued => StatusOf::new(
            Outcome::Failed,
            "status.not-issued",
            "本机构没有签发过这个序列号的证书；请不要信赖，并把情况告诉我们",
        ),
        Own::Another => StatusOf::new(
            Outcome::Failed,
            "status.not-the-issued",
            "本机构用这个序列号签发的是另一张证书；请不要信赖，并把情况告诉我们",
        ),
        Own::Contradictory => StatusOf::new(
            Outcome::Unknown,
            "status.contradictory",
            "本机构的状态记录有矛盾，未能判定；请稍后再试，或与我们联系",
        ),
        Own::Status { status: CertStatus::Good, .. } => {
            StatusOf::new(Outcome::Passed, "status.good", "本机构签发，没有暂停或撤销")
        }
        Own::Status { status: CertStatus::Revoked { at: since, reason }, invalid_since } => {
            revoked(invalid_since.map_or(*since, |early| early.min(*since)), *reason, at)
        }
        Own::Status { status: CertStatus::Unknown, .. } => {
            StatusOf::new(Outcome::Unknown, "status.unknown", "本机构不能确定这张证书的状态")
        }
    };
    found.by(basis)
}

/// Revoked or suspended since an instant that is not after the one asked for.
pub(super) fn revoked(since: Timestamp, reason: Reason, at: Timestamp) -> StatusOf {
    if since > at {
        let text = format!("在所查时刻没有暂停或撤销（后来于 {since} 撤销）");
        return StatusOf::new(Outcome::Passed, "status.revoked-later", text);
    }
    if reason == Reason::CertificateHold {
        let text = format!("自 {since} 起暂停，恢复之前不能信赖");
        return StatusOf::new(Outcome::Failed, "status.suspended", text);
    }
    let text = format!("已于 {since} 撤销（原因：{}）", reason.chinese());
    StatusOf::new(Outcome::Failed, "status.revoked", text)
}

/// What followed lists, the responder that was asked, and enclosed lists and answers, say about a certificate of another
/// institution. Whatever says revoked wins; good needs one source that says so in force, and that is no older than what is
/// known (Invariant 7). What is out of date is never good (fail closed).
pub fn by_others(
    (child, issuer): (&Certificate, &Certificate),
    (followed, evidence): (&Followed, &Evidence),
    heard: Heard,
    at: Timestamp,
) -> StatusOf {
    let (held, Heard { told, known, is_unrecorded }) = (followed.of(issuer), heard);
    let since = known.held_at(at);
    let mut found: Vec<StatusOf> =
        held.map(|held| by_followed((child, issuer), held, (at, since))).unwrap_or_default();
    // What it was revoked by may be what can't be looked up: nobody's word shows that it is good.
    if is_unrecorded {
        found.retain(|one| one.outcome != Outcome::Passed);
    }
    // Where both are silent, one row says why of both.
    let silent = told.as_ref().filter(|told| told.outcome == Outcome::Unknown && !found.is_empty());
    let silent = silent.map(|told| told.reason.clone());
    // That no enclosed list names it is no word against the issuer's responder, which knows of no such certificate (T-07).
    let is_strange = told.as_ref().is_some_and(|told| told.code == "status.asked-unknown");
    let is_damaged = held.is_some_and(|held| held.is_damaged);
    let mut brought = by_lists((child, issuer), (evidence, held), (at, since));
    brought.extend(told);
    let answers = evidence.answers.iter();
    brought.extend(answers.flat_map(|one| by_answer((child, issuer), one, (held, &known), at)));
    // While it isn't known what the followed lists say, or what the responder said before, whoever asks could choose the
    // state of yesterday. So they could where a revocation is known and its signer's own status is not.
    let is_unsure = followed.is_pending || is_damaged || is_unrecorded;
    if is_unsure || is_strange || known.is_revoked_at(at) {
        brought.retain(|one| one.outcome != Outcome::Passed);
    }
    found.extend(followed.is_pending.then(pending));
    found.extend(brought);
    let rank = |one: &StatusOf| match one.outcome {
        Outcome::Failed => 0,
        Outcome::Passed => 1,
        Outcome::Unknown => 2,
    };
    found.sort_by_key(rank);
    let none = || {
        StatusOf::new(
            Outcome::Unknown,
            "status.no-source",
            "不是本机构签发的证书，信任列表中也没有其颁发者的撤销列表来源；请附上其颁发者的撤销列表（CRL）或 OCSP 应答",
        )
    };
    found.into_iter().next().unwrap_or_else(none).and(silent.as_deref())
}

/// Lists are followed, and what is held was not read yet.
fn pending() -> StatusOf {
    StatusOf::new(
        Outcome::Unknown,
        "status.follow-missing",
        "信任列表所列来源的撤销列表还没有读入（系统刚刚启动，或者来源文件有误），未能判定；请稍后再试，仍然如此的请与我们联系",
    )
}

/// One finding for each followed list that is about the certificate; one that says so when there is none. `since` is the
/// moment of a suspension that is known: what says good of an earlier one knows nothing of it.
pub(super) fn by_followed(
    link: (&Certificate, &Certificate),
    held: &FollowedAuthority,
    (at, since): (Timestamp, Option<Timestamp>),
) -> Vec<StatusOf> {
    let concerns = |group: &&Group| group.complete().is_some_and(|list| is_about(list, link.0));
    let groups = held.groups.iter().filter(concerns);
    let by_group = |group: &Group| {
        let found = by_group(link, (group, &held.certificates), at);
        unless_older(found, ("status.follow-silent", newest(group, at)), since)
    };
    let found: Vec<_> = groups.map(by_group).collect();
    if !found.is_empty() || held.is_responder_alone() {
        return found;
    }
    let why = match held.trouble.as_str() {
        "" => "还没有取到其颁发者的撤销列表",
        why => why,
    };
    let text = format!(
        "未能从信任列表所列的来源得到这张证书的撤销列表（{why}）；请稍后再试，或附上撤销列表"
    );
    vec![StatusOf::new(Outcome::Unknown, "status.follow-missing", text)]
}

/// The moment of which a complete list speaks, with the deltas that build on it and were there by then.
fn newest(group: &Group, at: Timestamp) -> Option<Timestamp> {
    let complete = group.complete()?;
    let builds_on = |list: &&Crl| {
        list.base().is_some_and(|base| Some(base) <= complete.number()) && list.this_update() <= at
    };
    let deltas = group.lists.iter().skip(1).filter(builds_on).map(Crl::this_update);
    deltas.chain([complete.this_update()]).max()
}

/// What says good of a moment before a suspension that is known leaves it open whether that was lifted.
fn unless_older(
    found: StatusOf,
    (code, of): (&'static str, Option<Timestamp>),
    since: Option<Timestamp>,
) -> StatusOf {
    match since {
        Some(since) if found.outcome == Outcome::Passed && of.is_none_or(|of| of < since) => {
            let text =
                format!("列表早于此前已采信的 OCSP 应答所说的暂停（{since}），不能说明已经恢复");
            StatusOf { outcome: Outcome::Unknown, code, reason: text, basis: found.basis }
        }
        _ => found,
    }
}

/// Whether a list covers the whole, or the part to which the certificate says it belongs.
pub(super) fn is_about(list: &Crl, certificate: &Certificate) -> bool {
    let mut places = list.scope().into_iter().flat_map(Scope::urls).peekable();
    let points = certificate.crl_dp();
    let own = |place: &str| {
        let names = points.iter().flat_map(|points| &points.0).filter_map(|one| one.name.as_ref());
        names.flat_map(DistributionPointName::uris).any(|uri| uri == place)
    };
    places.peek().is_none() || places.any(own)
}

fn by_group(
    link: (&Certificate, &Certificate),
    (group, signers): (&Group, &[Certificate]),
    at: Timestamp,
) -> StatusOf {
    let lists = group.lists.as_slice();
    let (outcome, mut reason) = asked(link, (lists, signers), at);
    let code = match outcome {
        Outcome::Passed => "status.follow-good",
        Outcome::Failed => "status.follow-revoked",
        Outcome::Unknown => "status.follow-silent",
    };
    let differs = |alone| asked(link, (alone, signers), at) != (outcome, reason.clone());
    let is_by_delta = lists.len() > 1 && lists.get(..1).is_some_and(differs);
    let by_delta = if is_by_delta { decisive(group, link.0, at) } else { None };
    if let (Some((delta, cited)), Some(complete)) = (by_delta, group.complete()) {
        reason = format!("{reason}（{}）", both(delta, cited, complete));
    }
    if outcome == Outcome::Unknown && !group.trouble.is_empty() {
        reason = format!("{reason}（最近一次取列表没有成功：{}）", group.trouble);
    }
    let found = StatusOf::new(outcome, code, reason);
    let Some((list, cited)) = by_delta.or_else(|| group.pairs().next()) else { return found };
    found.by(Basis::Followed {
        source: cited.address.clone(),
        issuer: list.issuer().to_string(),
        number: list.number().map(|number| number.to_hex()),
        this_update: list.this_update(),
        next_update: list.next_update(),
        digest: cited.digest.clone(),
        fetched_at: cited.fetched_at,
    })
}

/// The delta that made what is said differ from what the complete list says alone: the latest that names the
/// certificate, or else the latest by then.
fn decisive<'a>(
    group: &'a Group,
    certificate: &Certificate,
    at: Timestamp,
) -> Option<(&'a Crl, &'a Cited)> {
    let deltas = || group.pairs().skip(1);
    let names = |list: &Crl| list.lookup(&certificate.serial()).is_some();
    let latest = deltas().filter(|(list, _)| names(list)).max_by_key(|(list, _)| list.number());
    let by_then = || deltas().filter(|(list, _)| list.this_update() <= at);
    latest.or_else(|| by_then().max_by_key(|(list, _)| list.number()))
}

fn both(delta: &Crl, cited: &Cited, complete: &Crl) -> String {
    let number = |list: &Crl| list.number().map(|number| number.to_hex()).unwrap_or_default();
    format!(
        "依据增量列表 {}（{}，{} 发布）和它所补充的完整列表 {}（{} 发布）",
        number(delta),
        cited.address,
        delta.this_update(),
        number(complete),
        complete.this_update(),
    )
}

/// One finding for each complete list of the issuer, with the deltas that build on it. A list that a followed one has
/// replaced by then is left out: whoever asks must not choose the state of yesterday (Invariant 7).
fn by_lists(
    link: (&Certificate, &Certificate),
    (evidence, held): (&Evidence, Option<&FollowedAuthority>),
    (at, since): (Timestamp, Option<Timestamp>),
) -> Vec<StatusOf> {
    let is_replaced = |list: &Crl| {
        let complete = held.into_iter().flat_map(|held| &held.groups).filter_map(Group::complete);
        complete.into_iter().any(|newer| {
            newer.scope() == list.scope()
                && newer.number() > list.number()
                && newer.this_update() <= at
        })
    };
    let of_issuer = |list: &&Crl| list.issuer().matches(link.0.issuer()) && !is_replaced(list);
    let lists: Vec<&Crl> = evidence.lists.iter().filter(of_issuer).collect();
    let deltas: Vec<Crl> =
        lists.iter().filter(|list| list.base().is_some()).map(|list| (*list).clone()).collect();
    let whole = lists.into_iter().filter(|list| list.base().is_none());
    let by_list = |list: &Crl| {
        let found = by_list(link, (list, &deltas), &evidence.certificates, at);
        // Of an enclosed delta nobody has looked yet whether it counts.
        unless_older(found, ("status.list-silent", Some(list.this_update())), since)
    };
    whole.map(by_list).collect()
}

fn by_list(
    (child, issuer): (&Certificate, &Certificate),
    (list, deltas): (&Crl, &[Crl]),
    untrusted: &[Certificate],
    at: Timestamp,
) -> StatusOf {
    let crls: Vec<Crl> = std::iter::once(list).chain(deltas).cloned().collect();
    let (outcome, reason) = asked((child, issuer), (crls.as_slice(), untrusted), at);
    let code = match outcome {
        Outcome::Passed => "status.list-good",
        Outcome::Failed => "status.list-revoked",
        Outcome::Unknown => "status.list-silent",
    };
    StatusOf::new(outcome, code, reason).by(Basis::List {
        issuer: list.issuer().to_string(),
        number: list.number().map(|number| number.to_hex()),
        this_update: list.this_update(),
        next_update: list.next_update(),
    })
}

/// What path validation says about the status of one link by these lists.
fn asked(
    (child, issuer): (&Certificate, &Certificate),
    (crls, untrusted): (&[Crl], &[Certificate]),
    at: Timestamp,
) -> (Outcome, String) {
    let options = Options { revocation: Revocation::Required, ..Options::default() };
    let anchors = std::slice::from_ref(issuer);
    let request = path::Request { leaf: child, untrusted, anchors, crls, at, options: &options };
    let verdict = path::validate(&request);
    let found = verdict.check(Kind::Revocation);
    found.map_or((Outcome::Unknown, String::new()), |one| (one.outcome, one.reason.clone()))
}

/// No chain: nobody can be asked.
pub fn unreached() -> StatusOf {
    StatusOf::new(Outcome::Unknown, "status.no-issuer", "没有找到颁发者的证书，不能确定撤销状态")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn own(own: &Own, moment: i64) -> (Outcome, &'static str) {
        let basis = Basis::Records { issuer: "甲".into(), as_of: at(0), change: -1 };
        let found = by_own(own, at(moment), basis.clone());
        assert_eq!(found.basis, Some(basis));
        (found.outcome, found.code)
    }

    fn dated(reason: Reason, since: i64, invalid: Option<i64>) -> Own {
        let status = CertStatus::Revoked { at: at(since), reason };
        Own::Status { status, invalid_since: invalid.map(at) }
    }

    #[test]
    fn what_was_not_issued_fails_and_what_contradicts_itself_is_unknown() {
        assert_eq!(own(&Own::NotIssued, 0), (Outcome::Failed, "status.not-issued"));
        assert_eq!(own(&Own::Another, 0), (Outcome::Failed, "status.not-the-issued"));
        assert_eq!(own(&Own::Contradictory, 0), (Outcome::Unknown, "status.contradictory"));
        let unknown = Own::Status { status: CertStatus::Unknown, invalid_since: None };
        assert_eq!(own(&unknown, 0), (Outcome::Unknown, "status.unknown"));
    }

    #[test]
    fn a_certificate_is_revoked_from_its_instant_on_and_from_the_loss_of_its_key_if_that_was_earlier()
     {
        let revoked = dated(Reason::KeyCompromise, 100, None);
        assert_eq!(own(&revoked, 99), (Outcome::Passed, "status.revoked-later"));
        assert_eq!(own(&revoked, 100), (Outcome::Failed, "status.revoked"));
        let lost = dated(Reason::KeyCompromise, 100, Some(50));
        assert_eq!(own(&lost, 49), (Outcome::Passed, "status.revoked-later"));
        assert_eq!(own(&lost, 50), (Outcome::Failed, "status.revoked"));
        let late = dated(Reason::KeyCompromise, 100, Some(150));
        assert_eq!(own(&late, 120), (Outcome::Failed, "status.revoked"));
        let held = dated(Reason::CertificateHold, 100, None);
        assert_eq!(own(&held, 100), (Outcome::Failed, "status.suspended"));
    }
}
