//! The generations of an authority, and which of them issues (ADR 14).
//!
//! Generations are only added, never changed, so that a handle lends what it finds. What changes of one
//! are three instants: when it was appointed to issue from, when it was over, when its key was
//! destroyed. [`Ca::follow_line`] looks for them; a unit that records an intent asks the table itself,
//! so that a node that looked too early signs nothing out of turn.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

use jiff::Timestamp;
use pki::Certificate;
use sqlx::AnyConnection;
use store::Tx;

use super::{Ca, Inner, Issuing, check_addresses, prepare};
use crate::error::{Error, Refusal};
use crate::model::{CaConfig, CertificateRecord, Role};
use crate::rules::succession;
use crate::sql::certificate::CertificateRow;
use crate::sql::succession::{EndRow, SuccessorRow};
use crate::sql::{self, instant, seconds};

/// Name of the profile of OCSP responders: the one that each generation goes on to use, since only it
/// can empower a responder for its certificates (RFC 6960 §4.2.2.2).
pub(crate) const OCSP: &str = "ocsp";
/// Most generations after the first one: a life of more than a hundred years.
const LATER: usize = 31;
/// No instant.
const NEVER: i64 = i64::MAX;

/// The generations of an authority.
pub(crate) struct Line {
    /// As it was given, with the name of the authority.
    config: CaConfig,
    first: Inner,
    later: [OnceLock<Inner>; LATER],
    /// The latest instant of a unit that found another generation in office than this node did.
    seen: AtomicI64,
}

/// Where a generation stands. Instants are Unix seconds.
#[derive(Debug)]
pub(crate) struct Seat {
    number: u32,
    active_from: AtomicI64,
    over_at: AtomicI64,
    destroyed_at: AtomicI64,
    revoked_at: AtomicI64,
}

/// A generation as people see it.
#[derive(Debug, Clone)]
pub struct Generation {
    /// 1 for the first.
    pub number: u32,
    /// Its name: `issuing`, `issuing2`.
    pub name: String,
    /// Label of its key on the device.
    pub key_label: String,
    /// Its certificate.
    pub certificate: Certificate,
    /// From when it issues; `None` of a first one, which always did, and of one that isn't appointed.
    pub active_from: Option<Timestamp>,
    /// Whether it issues now.
    pub is_issuing: bool,
    /// Whether it was certified and is not appointed yet.
    pub is_waiting: bool,
    /// When it was over.
    pub over_at: Option<Timestamp>,
    /// When its key was destroyed.
    pub destroyed_at: Option<Timestamp>,
    /// Since when its own certificate is revoked: it certifies nothing any more.
    pub revoked_at: Option<Timestamp>,
}

impl Line {
    pub(super) fn new(config: CaConfig, first: Inner) -> Self {
        let later = std::array::from_fn(|_| OnceLock::new());
        Self { config, first, later, seen: AtomicI64::new(i64::MIN) }
    }

    /// The generation of a place; of one that is not there, the first.
    fn seat(&self, place: usize) -> &Inner {
        let later = place.checked_sub(1).and_then(|at| self.later.get(at));
        later.and_then(OnceLock::get).unwrap_or(&self.first)
    }

    fn all(&self) -> impl DoubleEndedIterator<Item = (usize, &Inner)> {
        let later = self.later.iter().enumerate();
        let later = later.filter_map(|(at, one)| one.get().map(|inner| (at + 1, inner)));
        std::iter::once((0, &self.first)).chain(later)
    }

    /// The place of the generation that issues. A unit is never dated before the last record, so that
    /// one may have told us more than a clock that is a little slow.
    fn issuing(&self) -> usize {
        let starts = self.all().skip(1).map(|(_, inner)| inner.seat.active_from());
        let starts: Vec<_> = starts.collect();
        match starts.is_empty() {
            true => 0,
            false => {
                let now = seconds(self.first.clock.now());
                succession::issuing(&starts, now.max(self.seen.load(Ordering::SeqCst)))
            }
        }
    }
}

impl Seat {
    pub(super) fn first() -> Self {
        Self::of(1)
    }

    fn of(number: u32) -> Self {
        let never = || AtomicI64::new(NEVER);
        let (active_from, over_at, destroyed_at) = (never(), never(), never());
        Self { number, active_from, over_at, destroyed_at, revoked_at: never() }
    }

    fn active_from(&self) -> Option<i64> {
        known(&self.active_from)
    }

    /// Takes over what the tables say; whether that is new.
    fn note(
        &self,
        active_from: Option<i64>,
        (end, revoked): (Option<EndRow>, Option<i64>),
    ) -> bool {
        let set = |place: &AtomicI64, value: Option<i64>| {
            let value = value.unwrap_or(NEVER);
            place.swap(value, Ordering::SeqCst) != value
        };
        let begun = set(&self.active_from, active_from);
        let over = set(&self.over_at, end.map(|end| end.over_at));
        let gone = set(&self.destroyed_at, end.and_then(|end| end.destroyed_at));
        let revoked = set(&self.revoked_at, revoked);
        begun | over | gone | revoked
    }
}

/// Lists and answers go on where the row of an own certificate is gone; whoever would certify is refused.
fn told(since: Result<Option<i64>, Error>) -> Result<Option<i64>, Error> {
    match since {
        Err(Error::Stored(_)) => Ok(None),
        since => since,
    }
}

fn known(place: &AtomicI64) -> Option<i64> {
    Some(place.load(Ordering::SeqCst)).filter(|second| *second != NEVER)
}

impl Ca {
    /// The generation of this handle.
    pub(crate) fn inner(&self) -> &Inner {
        self.line.seat(self.place())
    }

    fn place(&self) -> usize {
        self.at.unwrap_or_else(|| self.line.issuing())
    }

    /// A handle of the generation that issues now: what takes several steps is done by one.
    pub(crate) fn pinned(&self) -> Self {
        Self { line: self.line.clone(), at: Some(self.place()) }
    }

    /// A handle of the generation whose row this is.
    pub(crate) fn of(&self, issuer_id: i64) -> Result<Self, Error> {
        let found = self.line.all().find(|(_, inner)| inner.issuer.id == issuer_id);
        let (place, _) = found.ok_or_else(|| Error::stored("证书的签发机构不是本机构的"))?;
        Ok(Self { line: self.line.clone(), at: Some(place) })
    }

    /// The name of the authority, by which the journal names its certificates.
    #[must_use]
    pub fn authority_name(&self) -> &str {
        &self.line.config.issuer
    }

    /// The name of the generation: of its files, and of its entry in the directory.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner().config.issuer
    }

    /// The label of its key on the device.
    #[must_use]
    pub fn key_label(&self) -> &gm::KeyLabel {
        &self.inner().issuer.label
    }

    /// Every generation, the first one first.
    #[must_use]
    pub fn generations(&self) -> Vec<Self> {
        let of = |(place, _)| Self { line: self.line.clone(), at: Some(place) };
        self.line.all().map(of).collect()
    }

    /// The generations that sign: those that are not over, and whose own certificate has not ended.
    /// The one that issues is among them always: that it has ended must be seen.
    #[must_use]
    pub fn signing_generations(&self) -> Vec<Self> {
        let now = pki::time::whole_seconds(self.line.first.clock.now());
        let issuing = self.line.issuing();
        let can_sign = |one: &Self| one.at == Some(issuing) || now <= one.certificate().not_after();
        self.generations_left().into_iter().filter(can_sign).collect()
    }

    /// The generations that are not noted as over.
    pub(super) fn generations_left(&self) -> Vec<Self> {
        self.generations().into_iter().filter(Self::has_work).collect()
    }

    /// The generations whose keys are not destroyed: those that sign, and those that are over and must not sign
    /// unseen (T-06).
    #[must_use]
    pub fn keyed_generations(&self) -> Vec<Self> {
        let has_key = |one: &Self| known(&one.inner().seat.destroyed_at).is_none();
        self.generations().into_iter().filter(has_key).collect()
    }

    /// The generation of this name.
    #[must_use]
    pub fn generation_named(&self, name: &str) -> Option<Self> {
        self.generations().into_iter().find(|one| one.name() == name)
    }

    /// The generations that this handle stands for: its own, or all that sign.
    pub(crate) fn each(&self) -> Vec<Self> {
        match self.at {
            Some(_) => vec![self.clone()],
            None => self.signing_generations(),
        }
    }

    /// Whether this is the handle of one generation.
    pub(super) fn is_pinned(&self) -> bool {
        self.at.is_some()
    }

    /// Whether its own certificate was revoked, as far as this node knows.
    #[must_use]
    pub fn is_revoked(&self) -> bool {
        known(&self.inner().seat.revoked_at).is_some()
    }

    fn has_work(&self) -> bool {
        known(&self.inner().seat.over_at).is_none()
    }

    /// How this generation stands.
    pub fn generation(&self) -> Result<Generation, Error> {
        let (place, inner) = (self.place(), self.inner());
        let at = |place: &AtomicI64| known(place).map(instant).transpose();
        let active_from = at(&inner.seat.active_from)?;
        Ok(Generation {
            number: inner.seat.number,
            name: inner.config.issuer.clone(),
            key_label: inner.issuer.label.to_string(),
            certificate: inner.issuer.certificate.clone(),
            active_from,
            is_issuing: place == self.line.issuing(),
            is_waiting: place > 0 && active_from.is_none(),
            over_at: at(&inner.seat.over_at)?,
            destroyed_at: at(&inner.seat.destroyed_at)?,
            revoked_at: at(&inner.seat.revoked_at)?,
        })
    }

    /// The certificate of the generation that issued a certificate: the next one in its chain.
    pub fn issuer_of(&self, record: &CertificateRecord) -> Result<Certificate, Error> {
        Ok(self.of(record.issuer_id)?.certificate().clone())
    }

    /// Looks for generations and for what became of them; whether anything is new. Cheap: call it every
    /// few seconds. A generation that was made elsewhere is taken up without a restart.
    pub async fn follow_line(&self) -> Result<bool, Error> {
        let (line, first) = (&self.line, &self.line.first);
        let mut reader = first.store.read().await?;
        let end = sql::succession::end_of(&mut reader, first.issuer.id).await?;
        let revoked = told(first.issuer.revoked_since(&mut reader).await)?;
        let mut is_new = first.seat.note(None, (end, revoked));
        for row in sql::succession::successors(&mut reader, &line.config.issuer).await? {
            let number = u32::try_from(row.generation).unwrap_or_default();
            let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(2));
            let slot = place.and_then(|place| line.later.get(place));
            let slot = slot.ok_or_else(|| Error::stored("签发机构的代数超出范围"))?;
            let end = sql::succession::end_of(&mut reader, row.issuer.id).await?;
            let (active_from, issuer_id) = (row.active_from, row.issuer.id);
            if slot.get().is_none() {
                let signer = sql::signer::find(&mut reader, &row.issuer.key_label).await?;
                let is_sound = signer.is_none_or(|signer| signer.state == "sound");
                let inner = self.successor(row, number, is_sound)?;
                // Somebody else who looked at the same moment found the same.
                let _ = slot.set(inner);
                is_new = true;
            }
            let Some(inner) = slot.get().filter(|inner| inner.issuer.id == issuer_id) else {
                return Err(Error::stored("签发机构的换代记录被改动"));
            };
            let revoked = told(inner.issuer.revoked_since(&mut reader).await)?;
            is_new |= inner.seat.note(active_from, (end, revoked));
        }
        Ok(is_new)
    }

    fn successor(&self, row: SuccessorRow, number: u32, is_sound: bool) -> Result<Inner, Error> {
        let first = &self.line.first;
        let config = self.line.config.clone().of_generation(&row.name);
        let issuer = Issuing::from_row(row.issuer)?;
        check_addresses(&config, issuer.shards)?;
        Ok(Inner {
            store: first.store.clone(),
            device: first.device.clone(),
            clock: first.clock.clone(),
            profiles: first.profiles.clone(),
            config,
            issuer,
            seat: Seat::of(number),
            quarantined: AtomicBool::new(!is_sound),
            publishing: tokio::sync::Mutex::new(()),
            templates: prepare::Templates::default(),
            last_random: std::sync::Mutex::new([0; 16]),
        })
    }

    /// Rows of the generations, the newest one first.
    pub(crate) fn ids(&self) -> Vec<i64> {
        self.line.all().rev().map(|(_, inner)| inner.issuer.id).collect()
    }

    /// Rows of the generations of the same name as this one. A list without a scope is about every certificate of
    /// its issuer's name (RFC 5280 §5, §6.3.3), whichever key signed it: the keys of the root share one (ADR 15),
    /// each generation of the issuing CA has its own (ADR 14).
    pub(crate) fn ids_of_name(&self) -> Vec<i64> {
        let own = self.certificate().subject();
        let named = |inner: &&Inner| inner.issuer.certificate.subject() == own;
        self.line.all().map(|(_, inner)| inner).filter(named).map(|inner| inner.issuer.id).collect()
    }

    /// The certificate of a serial number, whichever generation issued it.
    pub(super) async fn by_serial(
        &self,
        conn: &mut AnyConnection,
        serial: &str,
    ) -> Result<Option<CertificateRow>, Error> {
        for id in self.ids() {
            if let Some(row) = sql::certificate::by_serial(conn, id, serial).await? {
                return Ok(Some(row));
            }
        }
        Ok(None)
    }

    /// Refuses what isn't this generation's to issue at the instant of the unit: all but the
    /// certificates of its responders when another one issues, and everything once it is over.
    pub(super) async fn check_turn(
        &self,
        tx: &mut Tx,
        (role, profile): (Role, &str),
    ) -> Result<(), Error> {
        if role == Role::Ca || profile == OCSP {
            let end = sql::succession::end_of(tx.conn(), self.issuer_id()).await?;
            return if end.is_none() { Ok(()) } else { Err(Refusal::Superseded.into()) };
        }
        let now = seconds(tx.now());
        let issuing = sql::succession::issuing(tx.conn(), self.authority_name(), now).await?;
        match issuing.unwrap_or(self.line.first.issuer.id) == self.issuer_id() {
            true => Ok(()),
            false => {
                self.line.seen.fetch_max(now, Ordering::SeqCst);
                Err(Refusal::Superseded.into())
            }
        }
    }

    /// Whether a later generation than this one issues at the instant of the unit.
    pub(super) async fn is_followed(&self, tx: &mut Tx) -> Result<bool, Error> {
        Ok(self.place() < self.in_office(tx).await?.place())
    }

    /// The generation that issues at the instant of the unit, as the table says.
    pub(super) async fn in_office(&self, tx: &mut Tx) -> Result<Self, Error> {
        let now = seconds(tx.now());
        let issuing = sql::succession::issuing(tx.conn(), self.authority_name(), now).await?;
        self.of(issuing.unwrap_or(self.line.first.issuer.id))
    }

    /// Refuses a serial number that another generation used.
    pub(super) async fn check_serial(&self, tx: &mut Tx, serial: &str) -> Result<(), Error> {
        for id in self.ids().into_iter().filter(|id| *id != self.issuer_id()) {
            if sql::issuance::knows_serial(tx.conn(), id, serial).await? {
                return Err(Refusal::Collision.into());
            }
        }
        Ok(())
    }
}
