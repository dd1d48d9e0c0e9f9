//! All entries of the other directory against ours, page by page (RFC 2696). Kept in memory are a page,
//! and one bit for each certificate. What differs is looked at again, alone and with everything sent
//! that is new, before it counts: a comparison while certificates change finds nothing that isn't so.

use std::collections::HashMap;

use directory::Dn;
use directory::message::Paging;
use directory::rules::replica::{Mirrored, serial_below};
use serde::Serialize;
use store::Actor;

use super::put::{Fate, NOT_A_LEAF, OTHER_CLASS, anew, fate};
use super::wire::{FoundEntry, Trouble, Wire, said};
use super::{Replica, Stop, Walk, theirs};
use crate::error::Error;

/// Certificates of a page.
const PAGE: u32 = 200;
/// Places of a page: their lists are large.
const FEW: u32 = 4;
/// Public certificates that are gone through at a time.
const BATCH: i64 = 1_000;
/// Findings that are named; all are counted.
const NAMED: usize = 20;
/// Entries that wait to be removed until what is below them is.
const MOST_LATER: usize = 10_000;

/// What a comparison found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CompareReport {
    /// Entries that were compared.
    pub compared: u64,
    /// Entries that were missing there.
    pub missing: u64,
    /// Entries there that nothing explains.
    pub surplus: u64,
    /// Entries that said something else.
    pub different: u64,
    /// How many of these were mended.
    pub repaired: u64,
    /// How many were not.
    pub unrepaired: u64,
    /// Some of them.
    pub findings: Vec<Finding>,
}

/// An entry that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Its name there.
    pub dn: String,
    /// `missing`, `surplus` or `different`.
    pub kind: &'static str,
    /// In which attributes, or why it could not be mended.
    pub detail: String,
}

impl CompareReport {
    /// Whether everything was as it should be.
    #[must_use]
    pub const fn is_sound(&self) -> bool {
        self.missing == 0 && self.surplus == 0 && self.different == 0
    }
}

/// Which entry is looked at again.
enum Suspect {
    Place(String),
    Certificate(i64),
    Unknown(String),
}

/// A comparison under way.
struct Comparison<'a> {
    replica: &'a Replica,
    mends: bool,
    report: CompareReport,
    seen: Bits,
    later: Vec<String>,
}

/// One bit for each certificate.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn place(id: i64) -> Option<(usize, u32)> {
        let id = u64::try_from(id).ok()?;
        Some((usize::try_from(id / 64).ok()?, u32::try_from(id % 64).ok()?))
    }

    fn set(&mut self, id: i64) {
        if let Some((word, bit)) = Self::place(id) {
            if self.0.len() <= word {
                self.0.resize(word + 1, 0);
            }
            if let Some(word) = self.0.get_mut(word) {
                *word |= 1 << bit;
            }
        }
    }

    fn has(&self, id: i64) -> bool {
        let found = Self::place(id).and_then(|(word, bit)| Some(self.0.get(word)? >> bit & 1));
        found == Some(1)
    }
}

impl Replica {
    /// Compares all entries, and mends what differs if told to. The result goes into the journal.
    ///
    /// # Errors
    /// When a comparison is under way, the other server can't be asked, or our own side fails.
    pub async fn compare(&self, mends: bool, actor: Actor) -> Result<CompareReport, Error> {
        let number = self.known().begin()?;
        self.compare_as(number, mends, actor).await
    }

    /// The same in the background; the number under which [`super::ReplicaHealth::walk`] tells of it.
    ///
    /// # Errors
    /// When a comparison is under way.
    pub fn begin_comparison(&self, mends: bool, actor: Actor) -> Result<u64, Error> {
        let number = self.known().begin()?;
        let replica = self.clone();
        tokio::spawn(async move {
            if let Err(error) = replica.compare_as(number, mends, actor).await {
                tracing::warn!(%error, "the other directory was not compared to the end");
            }
        });
        Ok(number)
    }

    async fn compare_as(
        &self,
        number: u64,
        mends: bool,
        actor: Actor,
    ) -> Result<CompareReport, Error> {
        let compared = self.walk((mends, number)).await.map_err(|stop| match stop {
            Stop::Ours(error) => error,
            Stop::Theirs(trouble) => {
                Error::Setup(format!("从目录核对没有完成：{trouble}；请排除后重试"))
            }
        });
        let noted = match compared {
            Ok(report) => {
                let body = serde_json::to_value(&report).unwrap_or_default();
                self.0.mirror.note_checked(actor, body).await.map(|()| report).map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        self.known().walk = match &noted {
            Ok(report) => Walk::Ended { number, report: report.clone() },
            Err(error) => Walk::Failed { number, reason: error.to_string() },
        };
        noted
    }

    async fn walk(&self, (mends, number): (bool, u64)) -> Result<CompareReport, Stop> {
        let mut wire = Wire::open(&self.0.target).await.map_err(theirs)?;
        let mut comparison = Comparison {
            replica: self,
            mends,
            report: CompareReport::default(),
            seen: Bits::default(),
            later: Vec::new(),
        };
        comparison.places(&mut wire).await?;
        comparison.certificates(&mut wire, number).await?;
        comparison.missing(number).await?;
        comparison.remove_later().await?;
        wire.close().await;
        Ok(comparison.report)
    }
}

impl Comparison<'_> {
    /// Issuers and their lists; the folder of certificates itself.
    async fn places(&mut self, wire: &mut Wire) -> Result<(), Stop> {
        let mirror = &self.replica.0.mirror;
        let key = |dn: &str| Dn::parse(dn).map(|dn| dn.key()).unwrap_or_default();
        let mut wanted: HashMap<_, Mirrored> = HashMap::new();
        for place in mirror.places().await?.into_iter().skip(1) {
            wanted.insert(key(&place.dn), place);
        }
        let folder = mirror.authorities().to_string();
        let mut mark = Some(Vec::new());
        while let Some(cookie) = mark {
            let page = Paging { size: FEW, cookie };
            let (entries, next) = wire.page(&folder, &page).await.map_err(theirs)?;
            mark = next;
            for (dn, attributes) in entries {
                self.report.compared += 1;
                match wanted.remove(&key(&dn)) {
                    Some(place) if place.differences(&attributes).is_empty() => {}
                    Some(place) => self.look_again(Suspect::Place(place.dn)).await?,
                    None => self.look_again(Suspect::Unknown(dn)).await?,
                }
            }
        }
        // Those that were not found, from the top; the folder of certificates is among them.
        let mut rest: Vec<_> = wanted.into_values().map(|place| place.dn).collect();
        rest.sort_by_key(|dn| Dn::parse(dn).map(|dn| dn.rdns().len()).unwrap_or_default());
        for dn in rest {
            self.look_again(Suspect::Place(dn)).await?;
        }
        Ok(())
    }

    async fn certificates(&mut self, wire: &mut Wire, number: u64) -> Result<(), Stop> {
        let folder = self.replica.0.mirror.certificates();
        let base = folder.to_string();
        let mut mark = Some(Vec::new());
        while let Some(cookie) = mark {
            let page = Paging { size: PAGE, cookie };
            let (entries, next) = wire.page(&base, &page).await.map_err(theirs)?;
            mark = next;
            self.page(&folder, entries).await?;
            let compared = self.report.compared;
            self.replica.known().walk = Walk::Running { number, compared };
        }
        Ok(())
    }

    async fn page(&mut self, folder: &Dn, entries: Vec<FoundEntry>) -> Result<(), Stop> {
        let is_folder = |dn: &str| Dn::parse(dn).is_ok_and(|dn| dn.key() == folder.key());
        let entries: Vec<_> = entries.into_iter().filter(|(dn, _)| !is_folder(dn)).collect();
        let serials: Vec<_> =
            entries.iter().filter_map(|(dn, _)| serial_below(folder, dn)).collect();
        let mut wanted = self.replica.0.mirror.by_serials(&serials).await?;
        for (dn, attributes) in entries {
            self.report.compared += 1;
            match serial_below(folder, &dn).and_then(|serial| wanted.remove(&serial)) {
                Some(own) => {
                    self.seen.set(own.id);
                    if !own.entry.differences(&attributes).is_empty() {
                        self.look_again(Suspect::Certificate(own.id)).await?;
                    }
                }
                None => self.look_again(Suspect::Unknown(dn)).await?,
            }
        }
        Ok(())
    }

    /// Public certificates whose entries were not among the pages.
    async fn missing(&mut self, number: u64) -> Result<(), Stop> {
        let mut after = 0;
        loop {
            let ids = self.replica.0.mirror.after(after, BATCH).await?;
            let Some(last) = ids.last() else {
                return Ok(());
            };
            after = *last;
            for id in ids {
                if !self.seen.has(id) {
                    self.report.compared += 1;
                    self.look_again(Suspect::Certificate(id)).await?;
                }
            }
            let compared = self.report.compared;
            self.replica.known().walk = Walk::Running { number, compared };
        }
    }

    /// Judges one entry alone, with everything sent that is new, and mends it.
    async fn look_again(&mut self, suspect: Suspect) -> Result<(), Stop> {
        let replica = self.replica;
        let mut session = replica.0.session.lock().await;
        replica.catch_up(&mut session).await?;
        // An older state must not arrive after a newer one.
        replica.in_turn(&mut session).await?;
        let (dn, wanted) = self.wanted(suspect).await?;
        let wire = replica.wire(&mut session).await?;
        let found = wire.read(&dn).await.map_err(theirs)?;
        let (kind, detail, fate) = match (wanted, found) {
            (None, None) => return Ok(()),
            (Some(wanted), None) => {
                self.report.missing += 1;
                let fate = match self.mends {
                    true => Some(fate(wire.add(&dn, &wanted.attributes).await.map_err(theirs)?)),
                    false => None,
                };
                ("missing", String::new(), fate)
            }
            (Some(wanted), Some(found)) => {
                let differences = wanted.differences(&found);
                if differences.is_empty() {
                    return Ok(());
                }
                self.report.different += 1;
                let fate = match self.mends {
                    true => Some(mend(wire, &wanted, &differences).await),
                    false => None,
                };
                ("different", differences.join("、"), fate)
            }
            (None, Some(_)) => {
                self.report.surplus += 1;
                let fate = match self.mends {
                    true => Some(fate(wire.delete(&dn).await.map_err(theirs)?)),
                    false => None,
                };
                ("surplus", String::new(), fate)
            }
        };
        let fate = fate.transpose().map_err(theirs)?;
        self.count(Finding { dn, kind, detail }, fate);
        Ok(())
    }

    async fn wanted(&self, suspect: Suspect) -> Result<(String, Option<Mirrored>), Stop> {
        let mirror = &self.replica.0.mirror;
        Ok(match suspect {
            Suspect::Certificate(id) => match mirror.wanted(id).await? {
                Some(wanted) => (wanted.entry.dn.clone(), Some(wanted.entry)),
                None => (String::new(), None),
            },
            Suspect::Place(dn) => {
                let place = mirror.places().await?.into_iter().find(|place| place.dn == dn);
                (dn, place)
            }
            Suspect::Unknown(dn) => {
                let wanted = match serial_below(&mirror.certificates(), &dn) {
                    Some(serial) => {
                        mirror.by_serials(std::slice::from_ref(&serial)).await?.remove(&serial)
                    }
                    None => None,
                };
                (dn, wanted.map(|wanted| wanted.entry))
            }
        })
    }

    fn count(&mut self, mut finding: Finding, fate: Option<Fate>) {
        match fate {
            Some(Fate::There) => self.report.repaired += 1,
            Some(Fate::Refused(code, _)) if code == NOT_A_LEAF && self.later.len() < MOST_LATER => {
                self.later.push(finding.dn.clone());
            }
            Some(Fate::Refused(code, text)) => {
                self.report.unrepaired += 1;
                finding.detail = format!("{} {}", finding.detail, said(code, &text));
            }
            Some(Fate::NoPlace) | None => self.report.unrepaired += 1,
        }
        if self.report.findings.len() < NAMED {
            self.report.findings.push(finding);
        }
    }

    /// What had entries below it, the deepest first.
    async fn remove_later(&mut self) -> Result<(), Stop> {
        let mut later = std::mem::take(&mut self.later);
        let depth = |dn: &String| Dn::parse(dn).map(|dn| dn.rdns().len()).unwrap_or_default();
        later.sort_by_key(|dn| std::cmp::Reverse(depth(dn)));
        for dn in later {
            let mut session = self.replica.0.session.lock().await;
            self.replica.in_turn(&mut session).await?;
            let wire = self.replica.wire(&mut session).await?;
            match fate(wire.delete(&dn).await.map_err(theirs)?).map_err(theirs)? {
                Fate::There | Fate::NoPlace => self.report.repaired += 1,
                Fate::Refused(..) => self.report.unrepaired += 1,
            }
        }
        Ok(())
    }
}

async fn mend(wire: &mut Wire, wanted: &Mirrored, differences: &[String]) -> Result<Fate, Trouble> {
    match fate(wire.replace(&wanted.dn, &wanted.mending(differences)).await?)? {
        Fate::Refused(OTHER_CLASS, _) => anew(wire, wanted).await,
        other => Ok(other),
    }
}
