//! What another directory should hold, in the order in which it came about. Whoever publishes there
//! asks for the next step, sends it, and says that it arrived; the place reached is kept.
//!
//! A step holds entries as they are now, not as they were at each change: sending a step again does no
//! harm, and the last state arrives whatever was sent before.

use std::collections::{HashMap, HashSet};

use gm::sm3;
use jiff::Timestamp;

use super::Directory;
use super::entries::{self, Setting};
use super::tree::{Node, Tree};
use crate::error::Error;
use crate::model::{AttributeType as A, Dn};
use crate::rules::index::Key;
use crate::rules::plan::Lookup;
use crate::rules::replica::{Mirrored, Shape, mirrored};
use crate::sql::replica::{ChangedRow, PlaceRow};
use crate::sql::{self, FoundRow};

/// Certificates of one step.
const STEP: i64 = 64;
/// Seconds after which no further certificate can have been noted as over in a second that is past.
const SETTLED: i64 = 2;

/// The directory as another one mirrors it.
#[derive(Clone)]
pub struct Mirror {
    directory: Directory,
    base: Dn,
    target: String,
}

/// How far the other directory was brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(PlaceRow);

/// An entry to be sent.
#[derive(Debug, Clone)]
pub struct Put {
    /// The certificate, if it is the entry of one.
    pub certificate: Option<i64>,
    /// What the entry should be.
    pub entry: Mirrored,
    /// Whether it is most likely not there yet.
    pub is_new: bool,
}

/// What is to be sent next.
#[derive(Debug)]
pub struct Step {
    /// The entries, in order.
    pub puts: Vec<Put>,
    /// Where one is when all have arrived.
    pub then: Place,
    /// When the first of these changes was made; none for the tree itself.
    pub since: Option<Timestamp>,
}

/// A certificate of the directory and how its entry should be.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its number.
    pub id: i64,
    /// Its entry.
    pub entry: Mirrored,
}

impl Directory {
    /// The directory as it is mirrored below another base. `target` names the other directory.
    #[must_use]
    pub fn mirror(&self, base: Dn, target: &str) -> Mirror {
        let target = format!("{target} {}", self.0.config.policy.index_name());
        Mirror { directory: self.clone(), base, target }
    }
}

impl Place {
    pub(super) const fn row(&self) -> &PlaceRow {
        &self.0
    }

    /// The same, when the places that are always there are gone from the other directory.
    #[must_use]
    pub fn without_tree(&self) -> Self {
        Self(PlaceRow { tree: String::new(), ..self.0.clone() })
    }
}

impl Mirror {
    pub(super) fn store(&self) -> &store::Store {
        &self.directory.0.store
    }

    fn tree_of(&self, issuers: Vec<super::tree::Issuer>) -> Tree {
        Tree { base: self.base.clone(), issuers }
    }

    /// The folder of certificates there.
    #[must_use]
    pub fn certificates(&self) -> Dn {
        self.tree_of(Vec::new()).dn(Node::Certificates)
    }

    /// The folder of issuers there.
    #[must_use]
    pub fn authorities(&self) -> Dn {
        self.tree_of(Vec::new()).dn(Node::Authorities)
    }

    /// Where the other directory is; a new one is at the beginning.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn place(&self) -> Result<Place, Error> {
        let known = sql::replica::place(&mut *self.store().read().await?).await?;
        if let Some(known) = known.filter(|known| known.target == self.target) {
            return Ok(Place(known));
        }
        let place = PlaceRow {
            target: self.target.clone(),
            seq: -1,
            expired_at: self.directory.now().as_second() - 60,
            expired_id: 0,
            tree: String::new(),
        };
        let row = place.clone();
        self.store()
            .commit(move |tx| Box::pin(async move { sql::replica::begin(tx.conn(), &row).await }))
            .await?;
        Ok(Place(place))
    }

    /// Takes or keeps this node's turn to send, for so many seconds.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn hold(&self, holder: &str, seconds: i64) -> Result<bool, Error> {
        let holder = holder.to_owned();
        self.store()
            .commit(move |tx| {
                let now = tx.now().as_second();
                Box::pin(async move {
                    sql::replica::hold(tx.conn(), &holder, (now, now + seconds)).await
                })
            })
            .await
    }

    /// What comes after a place; `None` when all is there.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next(&self, place: &Place) -> Result<Option<Step>, Error> {
        if let Some(step) = self.tree_step(place).await? {
            return Ok(Some(step));
        }
        let (mut changed, then) = self.changed(place).await?;
        let Some(since) = changed.iter().map(|(row, _)| row.at).min() else {
            return Ok(None);
        };
        let mut seen = HashSet::new();
        changed.retain(|(row, _)| seen.insert(row.id));
        let mut puts = Vec::new();
        for (row, is_new) in changed {
            if let Some(wanted) = self.wanted(row.id).await? {
                puts.push(Put { certificate: Some(row.id), entry: wanted.entry, is_new });
            }
        }
        let since = Timestamp::from_second(since).ok();
        Ok(Some(Step { puts, then, since }))
    }

    /// Since when something isn't there yet.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting_since(&self, place: &Place) -> Result<Option<Timestamp>, Error> {
        let (changed, _) = self.changed(place).await?;
        let first = changed.iter().map(|(row, _)| row.at).min();
        Ok(first.and_then(|at| Timestamp::from_second(at).ok()))
    }

    /// Certificates that are new, changed or over since a place: with `true` those that are new.
    async fn changed(&self, place: &Place) -> Result<(Vec<(ChangedRow, bool)>, Place), Error> {
        let mut conn = self.store().read().await?;
        let issued = sql::replica::issued_after(&mut conn, place.0.seq, STEP).await?;
        let changed = sql::replica::changed_after(&mut conn, place.0.seq, STEP).await?;
        let issued = issued.into_iter().map(|row| (row, true));
        let mut all: Vec<_> = issued.chain(changed.into_iter().map(|row| (row, false))).collect();
        all.sort();
        all.truncate(usize::try_from(STEP).unwrap_or_default());
        let mut then = place.clone();
        if let Some((last, _)) = all.last() {
            then.0.seq = last.seq;
            return Ok((all, then));
        }
        let from = (place.0.expired_at, place.0.expired_id);
        let until = self.directory.now().as_second() - SETTLED;
        let over = sql::replica::over_after(&mut conn, from, (until, STEP)).await?;
        if let Some(last) = over.last() {
            (then.0.expired_at, then.0.expired_id) = (last.at, last.id);
        }
        Ok((over.into_iter().map(|row| (row, false)).collect(), then))
    }

    /// The places that are always there, when they are others than those that were sent.
    async fn tree_step(&self, place: &Place) -> Result<Option<Step>, Error> {
        let tree = self.load().await?;
        let digest = digest(&tree);
        if digest == place.0.tree {
            return Ok(None);
        }
        let mut puts = Vec::new();
        for node in tree.nodes() {
            let entry = mirrored(&tree.entry(node), shape(node));
            puts.push(Put { certificate: None, entry, is_new: true });
        }
        let mut then = place.clone();
        then.0.tree = digest;
        Ok(Some(Step { puts, then, since: None }))
    }

    async fn load(&self) -> Result<Tree, Error> {
        let mut conn = self.store().read().await?;
        Tree::load(&self.base, &mut conn).await
    }

    /// A number that changes when a list was published.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn lists_mark(&self) -> Result<i64, Error> {
        sql::replica::last_list(&mut *self.store().read().await?).await
    }

    /// The places that are always there, with the lists in force.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn places(&self) -> Result<Vec<Mirrored>, Error> {
        let tree = self.load().await?;
        let mut places = Vec::new();
        for node in tree.nodes() {
            let mut entry = tree.entry(node);
            self.directory.add_lists(&mut entry, node, &tree).await?;
            places.push(mirrored(&entry, shape(node)));
        }
        Ok(places)
    }

    /// The entry of a certificate; `None` when it isn't public.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn wanted(&self, id: i64) -> Result<Option<Wanted>, Error> {
        let row = {
            let mut conn = self.store().read().await?;
            sql::replica::certificate(&mut conn, id).await?
        };
        let rows: Vec<FoundRow> = row.into_iter().collect();
        Ok(self.entries(&rows).await?.pop())
    }

    /// The entries of certificates by their serial numbers.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn by_serials(&self, serials: &[String]) -> Result<HashMap<String, Wanted>, Error> {
        let mut rows = Vec::new();
        {
            let mut conn = self.store().read().await?;
            for serial in serials {
                let value = serial.as_bytes().to_vec();
                let lookup = Lookup { key: Key::Serial, value, is_prefix: false };
                rows.extend(sql::found(&mut conn, &lookup, (&[], 0), 1).await?);
            }
        }
        let found = self.entries(&rows).await?.into_iter();
        let serial_of = |id| rows.iter().find(|row| row.id == id).map(|row| row.serial.clone());
        Ok(found.filter_map(|wanted| Some((serial_of(wanted.id)?, wanted))).collect())
    }

    /// Public certificates after a number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn after(&self, id: i64, most: i64) -> Result<Vec<i64>, Error> {
        let mut conn = self.store().read().await?;
        let rows = sql::found(&mut conn, &Lookup::all(), (&[], id), most).await?;
        Ok(rows.into_iter().map(|row| row.id).collect())
    }

    async fn entries(&self, rows: &[FoundRow]) -> Result<Vec<Wanted>, Error> {
        let config = &self.directory.0.config;
        let (folder, now) = (self.certificates(), self.directory.now());
        let setting = Setting { folder: &folder, policy: &config.policy, now };
        let mut shown = Vec::new();
        for row in rows {
            if entries::shows_certificate(row, &config.policy, now)? {
                shown.push(row.id);
            }
        }
        let octets = {
            let mut conn = self.store().read().await?;
            sql::octets(&mut conn, &shown).await?
        };
        let mut octets: HashMap<_, _> = octets.into_iter().collect();
        let mut out = Vec::new();
        for row in rows {
            if let Some(mut entry) = entries::certificate(row, setting)? {
                if let Some(der) = octets.remove(&row.id) {
                    entries::add_certificate(&mut entry, der);
                }
                out.push(Wanted { id: row.id, entry: mirrored(&entry, Shape::Certificate) });
            }
        }
        Ok(out)
    }
}

const fn shape(node: Node) -> Shape {
    match node {
        Node::Base => Shape::Base,
        Node::Authorities | Node::Certificates => Shape::Folder,
        Node::Issuer(_) => Shape::Issuer,
        Node::Shard(..) => Shape::Shard,
    }
}

/// Names the places without their lists, which change often.
fn digest(tree: &Tree) -> String {
    let mut all = Vec::new();
    for node in tree.nodes() {
        let entry = tree.entry(node);
        all.extend(entry.dn.to_string().into_bytes());
        entry.values(A::CaCertificate).iter().for_each(|der| all.extend_from_slice(der));
        all.push(0);
    }
    sm3::hash(&all).to_hex()
}
