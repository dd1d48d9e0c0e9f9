//! How many connections there may be, in all and of one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use crate::bucket::network;

/// Counts connections.
pub(crate) struct Doors {
    gauge: &'static str,
    most: usize,
    most_of_one: usize,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    all: usize,
    by_source: HashMap<IpAddr, usize>,
}

/// A connection's place; given back when dropped.
pub(crate) struct Place {
    doors: Arc<Doors>,
    source: IpAddr,
}

impl Doors {
    /// `gauge` names the figure of open connections.
    pub(crate) fn new(gauge: &'static str, most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { gauge, most, most_of_one, open: Mutex::default() })
    }

    /// A place for one more connection, if there is one.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        self.enter_as(address, false)
    }

    /// The same; an address that speaks for many may have them all.
    pub(crate) fn enter_as(self: &Arc<Self>, address: IpAddr, many: bool) -> Option<Place> {
        let source = network(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by_source.get(&source).copied().unwrap_or_default();
        if open.all >= self.most || (own >= self.most_of_one && !many) {
            return None;
        }
        open.all += 1;
        open.by_source.insert(source, own + 1);
        self.tell(open.all);
        Some(Place { doors: self.clone(), source })
    }

    fn tell(&self, connections: usize) {
        let connections = u32::try_from(connections).unwrap_or(u32::MAX);
        metrics::gauge!(self.gauge).set(f64::from(connections));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.doors.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.all = open.all.saturating_sub(1);
        if let Some(own) = open.by_source.get_mut(&self.source) {
            *own -= 1;
            if *own == 0 {
                open.by_source.remove(&self.source);
            }
        }
        self.doors.tell(open.all);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_by_source_and_come_back() {
        let doors = Doors::new("test", 3, 2);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let two: IpAddr = "2001:db8::1".parse().unwrap();
        let (a, b) = (doors.enter(one).unwrap(), doors.enter(one).unwrap());
        assert!(doors.enter(one).is_none(), "two of one source");
        assert!(doors.enter("::ffff:192.0.2.1".parse().unwrap()).is_none(), "the same source");
        let c = doors.enter(two).unwrap();
        assert!(doors.enter("2001:db8:1::1".parse().unwrap()).is_none(), "three in all");
        assert!(doors.enter_as(one, true).is_none(), "nor for one that speaks for many");
        drop(a);
        drop(doors.enter_as(one, true).unwrap());
        assert!(doors.enter("2001:db8::2".parse().unwrap()).is_some());
        drop((b, c));
        assert_eq!(doors.open.lock().unwrap().all, 0);
        assert!(doors.open.lock().unwrap().by_source.is_empty());
    }
}
