//! How many connections there may be, in all and of one address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections.
pub(super) struct Doors {
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
pub(super) struct Place {
    doors: Arc<Doors>,
    source: IpAddr,
}

impl Doors {
    pub(super) fn new(most: usize, most_of_one: usize) -> Arc<Self> {
        Arc::new(Self { most, most_of_one, open: Mutex::default() })
    }

    /// A place for one more connection, if there is one.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let source = source(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let own = open.by_source.get(&source).copied().unwrap_or_default();
        if open.all >= self.most || own >= self.most_of_one {
            return None;
        }
        open.all += 1;
        open.by_source.insert(source, own + 1);
        tell(open.all);
        Some(Place { doors: self.clone(), source })
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
        tell(open.all);
    }
}

fn tell(connections: usize) {
    let connections = u32::try_from(connections).unwrap_or(u32::MAX);
    metrics::gauge!("yinxin_ldap_connections").set(f64::from(connections));
}

/// One subscriber of IPv6 has a whole network of 64 bits.
fn source(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() >> 64 << 64)),
        },
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_bounded_in_all_and_by_source_and_come_back() {
        let doors = Doors::new(3, 2);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let two: IpAddr = "2001:db8::1".parse().unwrap();
        let (a, b) = (doors.enter(one).unwrap(), doors.enter(one).unwrap());
        assert!(doors.enter(one).is_none(), "two of one source");
        assert!(doors.enter("::ffff:192.0.2.1".parse().unwrap()).is_none(), "the same source");
        let c = doors.enter(two).unwrap();
        assert!(doors.enter("2001:db8:1::1".parse().unwrap()).is_none(), "three in all");
        drop(a);
        assert!(doors.enter("2001:db8::2".parse().unwrap()).is_some());
        drop((b, c));
        assert_eq!(doors.open.lock().unwrap().all, 0);
        assert!(doors.open.lock().unwrap().by_source.is_empty());
    }
}
