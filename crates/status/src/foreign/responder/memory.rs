//! What was believed of each certificate, against answers of an earlier day that somebody on the way sends again: numbers
//! of lists only grow, and so do the moments of answers (Invariant 7).
//!
//! It lives in the store, for all nodes and beyond a restart; what stands here is the rule, and a copy of this process.
//! A trust list that demands nonces leaves nobody anything to send again.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::{SignedDuration, Timestamp};
use pki::Certificate;
use pki::crl::Reason;
use pki::ocsp::CertStatus;
use serde_json::{Value, json};

use super::model::{By, Said, Told, Untold};
use super::rules::{self, SKEW};

/// Most certificates of which this process has a copy.
const MOST: usize = 100_000;
/// A floor is raised by so much at least: not every answer is worth a unit of the store. What suspends always is.
const STEP: SignedDuration = SignedDuration::from_secs(60);

/// Names a certificate, as `ResponderQuestion::about` does.
pub(super) type Key = [u8; 32];

/// What is known of a certificate by what was believed of the responders of its issuer.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// No answer of an earlier moment is believed.
    pub floor: Option<Timestamp>,
    /// Whether the floor is the moment of a suspension: no list of an earlier moment knows of it.
    pub is_held: bool,
    /// The revocation that was believed: nothing else is after it.
    pub revoked: Option<Arc<Said>>,
}

impl Known {
    /// The floor under what is said of an instant. What is judged of long before it is judged by answers of then.
    pub fn floor_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.floor.filter(|floor| floor.duration_since(at) <= SKEW)
    }

    /// The moment of the suspension that nothing newer has lifted, for an instant.
    pub fn held_at(&self, at: Timestamp) -> Option<Timestamp> {
        self.floor_at(at).filter(|_| self.is_held)
    }

    /// Whether it was said to be revoked by an instant, whether or not that can be shown.
    pub fn is_revoked_at(&self, at: Timestamp) -> bool {
        let since = self.revoked.as_ref().and_then(|said| match said.status {
            CertStatus::Revoked { at, .. } => Some(at),
            CertStatus::Good | CertStatus::Unknown => None,
        });
        since.is_some_and(|since| since.duration_since(at) <= SKEW)
    }

    /// Whether what was told before says less by now: another node may have learned more meanwhile.
    pub(super) fn outruns(&self, told: &Told) -> bool {
        let Ok(said) = told else { return false };
        let is_older = self.floor.is_some_and(|floor| said.this_update < floor);
        // That it was good at a later moment is no word against its being good before.
        let differs = self.is_held || said.status != CertStatus::Good;
        !rules::is_final(said.status) && (self.revoked.is_some() || (is_older && differs))
    }

    /// The revocation that was believed, if there is one that nobody has to look into again: whoever was certified for
    /// answering may have lost that since.
    pub(crate) fn direct(&self) -> Option<Arc<Said>> {
        self.revoked.clone().filter(|said| is_direct(said))
    }

    /// With what is known elsewhere.
    pub(super) fn with(self, other: Self) -> Self {
        let revoked = match (self.revoked, other.revoked) {
            (Some(one), Some(other)) if !is_direct(&one) && is_direct(&other) => Some(other),
            (one, other) => one.or(other),
        };
        let is_held = match self.floor.cmp(&other.floor) {
            Ordering::Greater => self.is_held,
            Ordering::Less => other.is_held,
            Ordering::Equal => self.is_held || other.is_held,
        };
        Self { floor: self.floor.max(other.floor), is_held, revoked }
    }

    /// Believes what was said, unless something newer was believed before and it isn't stricter. A revocation is believed in any case, and
    /// nothing else after it. What is to be remembered comes beside it, where that is more than before.
    pub(super) fn take(&self, said: Arc<Said>) -> (Told, Option<Self>) {
        if rules::is_final(said.status) {
            let is_new =
                self.revoked.as_ref().is_none_or(|one| !is_direct(one) && is_direct(&said));
            let next = || Self { revoked: Some(said.clone()), ..self.clone() };
            let next = is_new.then(next);
            return (Ok(said), next);
        }
        if let Some(revoked) = &self.revoked {
            return (Ok(revoked.clone()), None);
        }
        if self.floor.is_some_and(|floor| said.this_update < floor) {
            // Of machines behind one address one may be a moment behind. What suspends gives nobody more than what was
            // believed; it is no new floor.
            return match said.status {
                CertStatus::Revoked { .. } => (Ok(said), None),
                _ => (Err(Untold::Older(said.this_update)), None),
            };
        }
        let (least, step) = least(&said);
        let is_held = matches!(said.status, CertStatus::Revoked { .. });
        let is_higher = self.floor.is_none_or(|floor| least.duration_since(floor) >= step);
        let is_more = is_higher || (is_held && !self.is_held);
        let next = is_more.then_some(Self { floor: Some(least), is_held, revoked: None });
        (Ok(said), next)
    }

    fn is_nothing(&self) -> bool {
        self.floor.is_none() && self.revoked.is_none()
    }
}

/// The copy of this process.
#[derive(Default)]
pub(super) struct Memory(HashMap<Key, Known>);

impl Memory {
    /// The revocation that is known of a certificate and that nobody has to look into again.
    pub fn revoked(&self, key: &Key) -> Option<Arc<Said>> {
        self.0.get(key).and_then(Known::direct)
    }

    /// Adds what is known of a certificate; all that is known of it then. What has no room is read in the store again.
    pub fn learn(&mut self, key: Key, known: Known) -> Known {
        let before = self.0.get(&key).cloned();
        let is_there = before.is_some();
        let known = known.with(before.unwrap_or_default());
        if known.is_nothing() {
            return known;
        }
        if self.0.len() >= MOST && !is_there {
            self.0.retain(|_, one| one.revoked.is_some());
        }
        if self.0.len() < MOST || is_there {
            self.0.insert(key, known.clone());
        }
        known
    }
}

const fn is_direct(said: &Said) -> bool {
    !matches!(said.by, By::Delegated { .. })
}

/// What is said afterwards is of no earlier moment, and by how much more that has to be. The clocks of several machines
/// behind one address differ; what suspends is not let go for that.
fn least(said: &Said) -> (Timestamp, SignedDuration) {
    match said.status {
        CertStatus::Revoked { .. } => (said.this_update, SignedDuration::from_secs(1)),
        CertStatus::Good | CertStatus::Unknown => {
            (said.this_update.saturating_sub(SKEW).unwrap_or(said.this_update), STEP)
        }
    }
}

/// A revocation as it is stored; `None` for what is none.
pub(super) fn written(said: &Said) -> Option<String> {
    let CertStatus::Revoked { at, reason } = said.status else { return None };
    let (by, certificate) = match &said.by {
        By::Issuer => ("issuer", None),
        By::Pinned(certificate) => ("pinned", Some(certificate)),
        By::Delegated { certificate, unchecked: false } => ("delegated", Some(certificate)),
        By::Delegated { certificate, unchecked: true } => ("unchecked", Some(certificate)),
    };
    let text = json!({
        "at": at.as_second(),
        "reason": reason.code(),
        "this_update": said.this_update.as_second(),
        "next_update": said.next_update.map(Timestamp::as_second),
        "produced_at": said.produced_at.as_second(),
        "asked_at": said.asked_at.as_second(),
        "by": by,
        "certificate": certificate.map(|one| STANDARD.encode(one.der())),
    });
    Some(text.to_string())
}

/// The revocation in a stored text; `None` for what is none of ours.
pub(super) fn read(text: &str) -> Option<Said> {
    let value: Value = serde_json::from_str(text).ok()?;
    let instant = |name: &str| Timestamp::from_second(value.get(name)?.as_i64()?).ok();
    let reason = u8::try_from(value.get("reason")?.as_u64()?).ok()?;
    let certificate = || {
        let der = STANDARD.decode(value.get("certificate")?.as_str()?).ok()?;
        Certificate::from_der(&der).ok().map(Box::new)
    };
    let by = match value.get("by")?.as_str()? {
        "issuer" => By::Issuer,
        "pinned" => By::Pinned(certificate()?),
        "delegated" => By::Delegated { certificate: certificate()?, unchecked: false },
        "unchecked" => By::Delegated { certificate: certificate()?, unchecked: true },
        _ => return None,
    };
    let next_update = match value.get("next_update")? {
        Value::Null => None,
        _ => Some(instant("next_update")?),
    };
    let status = CertStatus::Revoked { at: instant("at")?, reason: Reason::from_code(reason)? };
    rules::is_final(status).then_some(Said {
        status,
        this_update: instant("this_update")?,
        next_update,
        produced_at: instant("produced_at")?,
        asked_at: instant("asked_at")?,
        by,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_796_000_000 + seconds).unwrap()
    }

    fn said(status: CertStatus, seconds: i64) -> Arc<Said> {
        let this_update = at(seconds);
        let (produced_at, asked_at) = (this_update, at(100));
        Arc::new(Said {
            status,
            this_update,
            next_update: None,
            produced_at,
            asked_at,
            by: By::Issuer,
        })
    }

    fn good(seconds: i64) -> Arc<Said> {
        said(CertStatus::Good, seconds)
    }

    fn revoked(reason: Reason) -> CertStatus {
        CertStatus::Revoked { at: at(0), reason }
    }

    /// Takes it, and remembers what is to be remembered.
    fn take(known: &mut Known, said: Arc<Said>) -> Told {
        let (told, next) = known.take(said);
        if let Some(next) = next {
            *known = next.with(known.clone());
        }
        told
    }

    #[test]
    fn an_older_answer_is_not_believed_after_a_newer_one() {
        let mut known = Known::default();
        assert!(take(&mut known, said(revoked(Reason::CertificateHold), 50)).is_ok());
        assert_eq!(take(&mut known, good(40)).unwrap_err(), Untold::Older(at(40)));
        let (told, next) = known.take(said(revoked(Reason::CertificateHold), 40));
        assert!(told.is_ok() && next.is_none(), "it says no more than what is known");
        assert_eq!(take(&mut known, good(49)).unwrap_err(), Untold::Older(at(49)));
        assert!(take(&mut known, good(50)).is_ok(), "resumed");
        let mut known = Known::default();
        assert!(take(&mut known, good(1_000)).is_ok());
        assert!(take(&mut known, good(700)).is_ok(), "clocks differ");
        assert_eq!(take(&mut known, good(699)).unwrap_err(), Untold::Older(at(699)));
    }

    #[test]
    fn a_revocation_that_was_believed_stays_whatever_is_said_afterwards() {
        let mut known = Known::default();
        assert!(take(&mut known, good(60)).is_ok());
        let gone = said(revoked(Reason::KeyCompromise), 50);
        assert!(take(&mut known, gone).is_ok(), "also of an earlier moment");
        let later = take(&mut known, good(90)).unwrap();
        assert_eq!(later.status, revoked(Reason::KeyCompromise));
        let mut memory = Memory::default();
        memory.learn([1; 32], known);
        assert!(memory.revoked(&[1; 32]).is_some() && memory.revoked(&[2; 32]).is_none());
    }

    #[test]
    fn what_is_no_more_than_before_is_not_written_again() {
        let mut known = Known::default();
        assert!(known.take(good(1_000)).1.is_some());
        take(&mut known, good(1_000)).unwrap();
        assert!(known.take(good(1_059)).1.is_none() && known.take(good(1_060)).1.is_some());
        let held = |seconds| said(revoked(Reason::CertificateHold), seconds);
        assert!(known.take(held(701)).1.is_some(), "what suspends is of its very moment");
        take(&mut known, said(revoked(Reason::Superseded), 1_000)).unwrap();
        assert!(known.take(said(revoked(Reason::Superseded), 2_000)).1.is_none());
    }

    #[test]
    fn two_that_know_something_know_all_of_it_together() {
        let one = Known { floor: Some(at(5)), is_held: true, revoked: None };
        let gone = said(revoked(Reason::KeyCompromise), 3);
        let other = Known { floor: Some(at(2)), is_held: false, revoked: Some(gone) };
        for both in [one.clone().with(other.clone()), other.with(one)] {
            assert_eq!(both.floor, Some(at(5)));
            assert!(both.direct().is_some() && both.is_held);
        }
    }

    #[test]
    fn a_suspension_holds_until_something_newer_is_said_and_says_nothing_of_long_before() {
        let held = |seconds| said(revoked(Reason::CertificateHold), seconds);
        let mut known = Known::default();
        take(&mut known, good(1_000)).unwrap();
        assert_eq!(known.held_at(at(1_000)), None);
        take(&mut known, held(700)).unwrap();
        assert_eq!(known.held_at(at(1_000)), Some(at(700)), "of the very moment of the floor");
        assert_eq!(known.held_at(at(400)), Some(at(700)), "clocks differ");
        assert_eq!((known.held_at(at(399)), known.floor_at(at(399))), (None, None));
        take(&mut known, good(2_000)).unwrap();
        assert_eq!((known.held_at(at(2_000)), known.floor_at(at(2_000))), (None, Some(at(1_700))));
        assert!(!known.is_revoked_at(at(2_000)));
        take(&mut known, said(revoked(Reason::Superseded), 2_000)).unwrap();
        assert!(known.is_revoked_at(at(0)) && !known.is_revoked_at(at(-301)));
    }

    #[test]
    fn what_was_kept_is_outrun_by_what_is_stricter_and_by_nothing_else() {
        let held = |seconds| said(revoked(Reason::CertificateHold), seconds);
        let floor = |is_held| Known { floor: Some(at(50)), is_held, revoked: None };
        assert!(!floor(false).outruns(&Ok(good(40))), "still good later");
        assert!(floor(true).outruns(&Ok(good(40))) && !floor(true).outruns(&Ok(good(50))));
        assert!(floor(false).outruns(&Ok(held(40))), "it may have been lifted");
        let gone = said(revoked(Reason::KeyCompromise), 10);
        let known = Known { revoked: Some(gone.clone()), ..Known::default() };
        assert!(known.outruns(&Ok(good(90))) && known.outruns(&Ok(held(90))));
        assert!(!known.outruns(&Ok(gone)) && !floor(true).outruns(&Err(Untold::Nonce)));
    }

    #[test]
    fn a_revocation_is_read_as_it_was_written_and_nothing_else_is() {
        let mut gone = (*said(revoked(Reason::KeyCompromise), 50)).clone();
        for next_update in [None, Some(at(500))] {
            gone.next_update = next_update;
            let text = written(&gone).unwrap();
            let again = read(&text).unwrap();
            assert_eq!(
                (again.status, again.this_update, again.next_update, again.asked_at),
                (gone.status, gone.this_update, gone.next_update, gone.asked_at)
            );
            assert!(matches!(again.by, By::Issuer));
            for (from, to) in [
                ("\"reason\":1", "\"reason\":7"),
                ("\"reason\":1", "\"reason\":6"),
                ("\"issuer\"", "\"pinned\""),
                ("\"issuer\"", "\"nobody\""),
                ("\"at\"", "\"on\""),
            ] {
                assert!(text.contains(from), "{text}");
                assert!(read(&text.replace(from, to)).is_none(), "{from} {to}");
            }
        }
        assert!(written(&good(1)).is_none() && read("").is_none() && read("{}").is_none());
    }
}
