//! Room for large bodies: how much of them the program holds in memory at once, and who may take how much of it. Room is
//! taken as octets come: whoever is silent has none.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use access::Principal;
use axum::http::StatusCode;
use axum::http::request::Parts;

use crate::bucket::network;
use crate::pages::Site;
use crate::problem::Problem;

/// The whole is counted in eighths: so much of it one source has at most.
const SHARE: usize = 1;

/// Who brings a body, as far as that is known before it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Standing {
    /// Anybody.
    Stranger,
    /// The holder of one application, which anybody can begin.
    Applicant,
    /// Staff, or another client that proved who it is.
    Known,
}

impl Standing {
    /// How many eighths may be taken when somebody like this takes more: what is beyond waits for others.
    const fn ceiling(self) -> usize {
        match self {
            Self::Stranger => 4,
            Self::Applicant => 6,
            Self::Known => 8,
        }
    }
}

/// Who brings a body, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Bringer {
    standing: Standing,
    source: Option<IpAddr>,
}

impl Bringer {
    /// Somebody from there; what comes from nowhere that is known counts as one source.
    pub fn from(source: Option<IpAddr>) -> Self {
        Self { standing: Standing::Stranger, source }
    }

    /// Of a request of which nobody has looked yet who sends it.
    pub fn of(parts: &Parts) -> Self {
        let site = parts.extensions.get::<Site>();
        Self::from(site.and_then(|site| site.source(parts).ok()))
    }

    /// The same, signed in.
    pub fn known(self, principal: &Principal) -> Self {
        let standing = match principal.application() {
            Some(_) => Standing::Applicant,
            None => Standing::Known,
        };
        Self { standing, ..self }
    }

    /// Programs on this machine share with nobody: a proxy that nobody told of brings everybody's.
    fn has_share(&self) -> bool {
        !self.source.is_some_and(|source| source.to_canonical().is_loopback())
    }

    /// With whom it shares: strangers of a network take nothing from who signed in there.
    fn key(&self) -> (Standing, IpAddr) {
        let source = self.source.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        (self.standing, network(source))
    }
}

/// All room that there is.
#[derive(Debug)]
pub struct Space {
    octets: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// By whom; nobody who has nothing.
    by: HashMap<(Standing, IpAddr), usize>,
}

impl Space {
    /// Of so many octets.
    pub fn new(octets: usize) -> Self {
        Self { octets, taken: Mutex::default() }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    const fn eighths(&self, many: usize) -> usize {
        self.octets / 8 * many
    }

    fn take(&self, bringer: &Bringer, more: usize) -> Result<(), Problem> {
        let busy = |text| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "web.busy", text);
        let mut taken = self.taken();
        let all = taken.all.saturating_add(more);
        if all > self.eighths(bringer.standing.ceiling()) {
            return Err(busy("正在处理的大文件过多；请稍后重试"));
        }
        let own = taken.by.get(&bringer.key()).copied().unwrap_or_default().saturating_add(more);
        if bringer.has_share() && own > self.eighths(SHARE) {
            return Err(busy("您所在的网络同时上传的大文件过多；请等前面的传完后重试"));
        }
        taken.all = all;
        taken.by.insert(bringer.key(), own);
        Ok(())
    }

    fn give_back(&self, bringer: &Bringer, octets: usize) {
        let mut taken = self.taken();
        taken.all = taken.all.saturating_sub(octets);
        let left = taken.by.get(&bringer.key()).copied().unwrap_or_default().saturating_sub(octets);
        match left {
            0 => drop(taken.by.remove(&bringer.key())),
            left => drop(taken.by.insert(bringer.key(), left)),
        }
    }
}

/// Room that a large body takes, until it is dropped.
#[derive(Debug)]
pub struct Room {
    space: Arc<Space>,
    bringer: Bringer,
    octets: usize,
}

impl Room {
    /// None yet.
    pub fn none(space: &Arc<Space>, bringer: Bringer) -> Self {
        Self { space: space.clone(), bringer, octets: 0 }
    }

    /// Takes as much more as makes it so many octets.
    pub fn grow(&mut self, octets: usize) -> Result<(), Problem> {
        let more = octets.saturating_sub(self.octets);
        if more > 0 {
            self.space.take(&self.bringer, more)?;
            self.octets = octets;
        }
        Ok(())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        self.space.give_back(&self.bringer, self.octets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(text: &str, standing: Standing) -> Bringer {
        Bringer { standing, source: Some(text.parse().unwrap()) }
    }

    /// Rooms of 40 octets until there is none left for such a one.
    fn fill(space: &Arc<Space>, bringer: Bringer) -> Vec<Room> {
        let mut rooms = Vec::new();
        loop {
            let mut room = Room::none(space, bringer);
            match room.grow(40) {
                Ok(()) => rooms.push(room),
                Err(problem) => {
                    assert_eq!((problem.status, problem.code.as_str()), (503, "web.busy"));
                    return rooms;
                }
            }
        }
    }

    #[test]
    fn one_source_has_an_eighth_and_others_go_on() {
        let space = Arc::new(Space::new(800));
        let stranger = |text| from(text, Standing::Stranger);
        let held = fill(&space, stranger("198.51.100.1"));
        assert_eq!(held.len(), 2);
        assert_eq!(fill(&space, stranger("::ffff:198.51.100.1")).len(), 0);
        assert_eq!(fill(&space, stranger("198.51.100.2")).len(), 2);
        let network = fill(&space, stranger("2001:db8::1"));
        assert_eq!(fill(&space, stranger("2001:db8::2")).len(), 0, "one subscriber");
        assert_eq!(fill(&space, Bringer::from(None)).len(), 2, "whoever comes from nowhere");
        // Who signed in there has a share of their own.
        assert_eq!(fill(&space, from("198.51.100.1", Standing::Known)).len(), 2);
        drop((held, network));
        assert_eq!(space.taken().all, 0);
        assert!(space.taken().by.is_empty(), "nobody is kept who has nothing");
    }

    #[test]
    fn strangers_leave_room_for_applicants_and_both_for_staff() {
        let space = Arc::new(Space::new(800));
        let many = |standing| {
            let sources = (1..=20).map(|n| from(&format!("198.51.100.{n}"), standing));
            sources.flat_map(|one| fill(&space, one)).collect::<Vec<_>>()
        };
        let strangers = many(Standing::Stranger);
        assert_eq!(strangers.len(), 400 / 40);
        let applicants = many(Standing::Applicant);
        assert_eq!(applicants.len(), 200 / 40);
        assert_eq!(many(Standing::Stranger).len(), 0);
        assert_eq!(many(Standing::Known).len(), 200 / 40);
        drop((strangers, applicants));
        // Of this machine somebody may take more than a share, and leaves as much to others.
        assert_eq!(fill(&space, from("127.0.0.1", Standing::Stranger)).len(), 400 / 40);
    }

    #[test]
    fn what_does_not_fit_leaves_what_was_there() {
        let space = Arc::new(Space::new(800));
        let mut room = Room::none(&space, from("198.51.100.1", Standing::Known));
        assert!(room.grow(60).is_ok() && room.grow(50).is_ok() && room.grow(101).is_err());
        assert_eq!(space.taken().all, 60);
        assert!(room.grow(100).is_ok());
        drop(room);
        assert_eq!(space.taken().all, 0);
    }
}
