//! Sending what is new, in order.

use std::collections::HashMap;
use std::time::Duration;

use directory::message::WireAttribute;
use directory::rules::replica::Mirrored;
use directory::{Place, Put, Refused, Step};
use gm::sm3;
use jiff::SignedDuration;
use tokio::time::Instant;

use super::put::{BUSY, Fate, MISSING, fate, put};
use super::wire::{Trouble, Wire};
use super::{Replica, Stop, pause, theirs};
use crate::error::Error;

/// How long one round of sending may take before others get their turn.
const ROUND: Duration = Duration::from_secs(5);
/// How often lists are looked at that nobody published: a spare's time may have come (T-11).
const LISTS_EVERY: Duration = Duration::from_secs(60);
/// For how long a node has its turn to send, in seconds.
const TURN: i64 = 30;
/// How often a refused entry is tried again.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// Refused entries that are tried in one round.
const FEW: i64 = 16;

/// What goes on with the other server. It remembers only what may be forgotten.
#[derive(Default)]
pub(super) struct Session {
    wire: Option<Wire>,
    /// Until when this node has its turn, in Unix seconds.
    held_until: i64,
    /// SM3 of the lists that were sent, by entry and attribute.
    lists: HashMap<String, HashMap<String, String>>,
    /// The newest list when that was looked at, and when.
    looked: Option<(i64, Instant)>,
    failures: u32,
    retry_at: Option<Instant>,
}

impl Replica {
    /// Sends what is new, for a while. A trouble of the other server is kept for the doctor and tried
    /// again, later each time.
    ///
    /// # Errors
    /// When our own side fails.
    pub async fn publish(&self) -> Result<(), Error> {
        let mut session = self.0.session.lock().await;
        if session.retry_at.is_some_and(|at| Instant::now() < at) || !self.is_sound() {
            return Ok(());
        }
        match self.round(&mut session, Some(Instant::now() + ROUND)).await {
            Ok(()) => Ok(()),
            Err(Stop::Ours(error)) => Err(error),
            Err(Stop::Theirs(trouble)) => {
                session.stumble(&trouble);
                self.known().trouble(&trouble.to_string());
                Ok(())
            }
        }
    }

    /// Sends everything that is new now, before an entry is judged.
    pub(super) async fn catch_up(&self, session: &mut Session) -> Result<(), Stop> {
        self.round(session, None).await
    }

    async fn round(&self, session: &mut Session, until: Option<Instant>) -> Result<(), Stop> {
        match self.try_round(session, until).await {
            // A connection that was idle may have been closed: once more on a new one.
            Err(Stop::Theirs(Trouble::Connection(_))) if session.wire.take().is_some() => {
                self.try_round(session, until).await
            }
            done => done,
        }
    }

    async fn try_round(&self, session: &mut Session, until: Option<Instant>) -> Result<(), Stop> {
        loop {
            let place = self.0.mirror.place().await?;
            let Some(step) = self.0.mirror.next(&place).await? else {
                break;
            };
            if !self.has_turn(session).await? {
                return Ok(());
            }
            self.send(session, &place, step).await?;
            if until.is_some_and(|until| Instant::now() > until) {
                return Ok(());
            }
        }
        self.send_lists(session).await?;
        self.send_refused(session).await?;
        session.failures = 0;
        session.retry_at = None;
        self.known().fine();
        Ok(())
    }

    /// One node sends at a time, or an older state could arrive after a newer one.
    async fn has_turn(&self, session: &mut Session) -> Result<bool, Stop> {
        let now = self.now().as_second();
        if now + TURN / 2 < session.held_until {
            return Ok(true);
        }
        let holds = self.0.mirror.hold(&self.0.holder, TURN).await?;
        session.held_until = if holds { now + TURN } else { 0 };
        Ok(holds)
    }

    /// Nothing is written, and nothing judged, while another node has the turn.
    pub(super) async fn in_turn(&self, session: &mut Session) -> Result<(), Stop> {
        if self.has_turn(session).await? {
            return Ok(());
        }
        Err(theirs(Trouble::Refused(BUSY, "另一节点正在发布，稍后重试".to_owned())))
    }

    pub(super) async fn wire<'a>(&self, session: &'a mut Session) -> Result<&'a mut Wire, Stop> {
        if session.wire.is_none() {
            session.wire = Some(Wire::open(&self.0.target).await.map_err(theirs)?);
        }
        session.wire.as_mut().ok_or_else(|| theirs(Trouble::Connection(String::new())))
    }

    async fn send(&self, session: &mut Session, place: &Place, step: Step) -> Result<(), Stop> {
        let mut refused = Vec::new();
        if step.puts.iter().any(|one| one.certificate.is_none()) {
            // Folders that are made anew have no lists: they are looked at again.
            session.lists.clear();
            session.looked = None;
        }
        for one in &step.puts {
            self.in_turn(session).await?;
            let wire = self.wire(session).await?;
            match (put(wire, one).await.map_err(theirs)?, one.certificate) {
                (Fate::There, _) => {}
                (Fate::Refused(code, reason), Some(certificate)) => {
                    tracing::error!(dn = one.entry.dn, code, reason, "an entry was refused");
                    refused.push(Refused { certificate, code, reason });
                }
                // Without the places above them, certificates have none.
                (Fate::Refused(code, reason), None) => {
                    return Err(theirs(Trouble::Refused(code, reason)));
                }
                (Fate::NoPlace, _) => return self.without_place(place, one).await,
            }
        }
        self.0.mirror.arrived(&step.then, refused).await?;
        self.known().sent(self.now(), step.puts.len());
        Ok(())
    }

    /// The folders are gone there, or were never made: they are sent again before anything else.
    async fn without_place(&self, place: &Place, one: &Put) -> Result<(), Stop> {
        if one.certificate.is_some() {
            self.0.mirror.arrived(&place.without_tree(), Vec::new()).await?;
        }
        Err(theirs(Trouble::Refused(MISSING, String::new())))
    }

    /// Lists in force that differ from what was sent.
    async fn send_lists(&self, session: &mut Session) -> Result<(), Stop> {
        let mark = self.0.mirror.lists_mark().await?;
        let is_seen = |(seen, at): (i64, Instant)| seen == mark && at.elapsed() < LISTS_EVERY;
        if session.looked.is_some_and(is_seen) || !self.has_turn(session).await? {
            return Ok(());
        }
        for entry in self.0.mirror.places().await? {
            let now = lists_of(&entry);
            let Some(changed) = changed(session.lists.get(&entry.dn), &now, &entry) else {
                continue;
            };
            let wire = self.wire(session).await?;
            let done = wire.replace(&entry.dn, &changed).await.map_err(theirs)?;
            match fate(done).map_err(theirs)? {
                Fate::There => {}
                Fate::Refused(code, reason) => return Err(theirs(Trouble::Refused(code, reason))),
                Fate::NoPlace => {
                    let place = self.0.mirror.place().await?;
                    self.0.mirror.arrived(&place.without_tree(), Vec::new()).await?;
                    return Err(theirs(Trouble::Refused(MISSING, String::new())));
                }
            }
            session.lists.insert(entry.dn, now);
        }
        session.looked = Some((mark, Instant::now()));
        Ok(())
    }

    /// Refused entries, now and then: somebody may have mended the other server's schema.
    async fn send_refused(&self, session: &mut Session) -> Result<(), Stop> {
        let before = self.now().checked_sub(AGAIN).unwrap_or(jiff::Timestamp::MIN);
        for (certificate, _) in self.0.mirror.refused(before, FEW).await? {
            let Some(wanted) = self.0.mirror.wanted(certificate).await? else {
                self.0.mirror.forgive(certificate).await?;
                continue;
            };
            let one = Put { certificate: Some(certificate), entry: wanted.entry, is_new: true };
            let wire = self.wire(session).await?;
            match put(wire, &one).await.map_err(theirs)? {
                Fate::There => self.0.mirror.forgive(certificate).await?,
                Fate::NoPlace => return Err(theirs(Trouble::Refused(MISSING, String::new()))),
                Fate::Refused(code, reason) => {
                    let again = Refused { certificate, code, reason };
                    let place = self.0.mirror.place().await?;
                    self.0.mirror.arrived(&place, vec![again]).await?;
                }
            }
        }
        Ok(())
    }
}

impl Session {
    fn stumble(&mut self, trouble: &Trouble) {
        self.wire = None;
        self.failures = self.failures.saturating_add(1);
        self.retry_at = Some(Instant::now() + pause(self.failures));
        if self.failures == 1 {
            tracing::warn!(%trouble, "the other directory can't be written; tried again");
        }
    }
}

fn lists_of(entry: &Mirrored) -> HashMap<String, String> {
    let lists = entry.attributes.iter().filter(|(name, _)| name.ends_with("RevocationList;binary"));
    let digest = |values: &[bytes::Bytes]| match values {
        [value] => sm3::hash(value).to_hex(),
        values => sm3::hash(&values.concat()).to_hex(),
    };
    lists.map(|(name, values)| (name.clone(), digest(values))).collect()
}

/// What has to be replaced: all of an entry that nothing is known of, lists that changed or went;
/// `None` when nothing has.
fn changed(
    before: Option<&HashMap<String, String>>,
    now: &HashMap<String, String>,
    entry: &Mirrored,
) -> Option<Vec<WireAttribute>> {
    let Some(before) = before else {
        // Entries without lists were sent with the tree.
        return (!now.is_empty()).then(|| entry.replacement());
    };
    let differ = now.iter().filter(|(name, digest)| before.get(*name) != Some(digest));
    let gone = before.keys().filter(|name| !now.contains_key(*name));
    let names: Vec<String> = differ.map(|(name, _)| name).chain(gone).cloned().collect();
    (!names.is_empty()).then(|| entry.mending(&names))
}
