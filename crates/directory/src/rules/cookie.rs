//! The mark between two pages (RFC 2696): where the search goes on. The server remembers nothing;
//! the mark carries the place, and is authenticated and bound to its search and to a time.

use gm::sm3;

/// Octets of the authenticator that are kept.
const MAC: usize = 16;
/// Octets before the value.
const HEAD: usize = 1 + 2 + 8 + 4 + 8;
/// Longest value in a mark.
const MAX_VALUE: usize = 1024;
/// How long a mark counts, in seconds.
const LIFE: i64 = 600;
const VERSION: u8 = 1;

/// Where a search is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Position {
    /// 0: entries that are always there; then one number for each lookup.
    pub stage: u16,
    /// The index value of the last entry looked at.
    pub value: Vec<u8>,
    /// Its number.
    pub id: i64,
    /// Entries sent so far, over all pages.
    pub sent: u32,
}

/// What a mark is bound to.
#[derive(Debug, Clone, Copy)]
pub struct Binding<'a> {
    /// The server's own key.
    pub key: &'a [u8; 32],
    /// Names the search: base, scope, filter, attributes.
    pub search: &'a [u8; 32],
    /// Now, in Unix seconds.
    pub now: i64,
}

/// The mark of a place.
#[must_use]
pub fn seal(position: &Position, binding: Binding<'_>) -> Vec<u8> {
    let mut mark = vec![VERSION];
    mark.extend(position.stage.to_be_bytes());
    mark.extend(position.id.to_be_bytes());
    mark.extend(position.sent.to_be_bytes());
    mark.extend(binding.now.to_be_bytes());
    mark.extend(&position.value);
    let mac = mac(&mark, binding);
    mark.extend(mac);
    mark
}

/// The place of a mark; `None` when it is none of ours, of another search, or too old.
#[must_use]
pub fn open(mark: &[u8], binding: Binding<'_>) -> Option<Position> {
    if mark.len() > HEAD + MAX_VALUE + MAC {
        return None;
    }
    let (content, seal) = mark.split_at_checked(mark.len().checked_sub(MAC)?)?;
    // The key is drawn anew at each start, and a mark that fails says nothing but that it fails.
    let differs = mac(content, binding).iter().zip(seal).fold(0, |sum, (a, b)| sum | (a ^ b));
    if differs != 0 || content.first() != Some(&VERSION) {
        return None;
    }
    let at = i64::from_be_bytes(content.get(15..23)?.try_into().ok()?);
    let age = binding.now.checked_sub(at)?;
    (0..=LIFE).contains(&age).then_some(())?;
    Some(Position {
        stage: u16::from_be_bytes(content.get(1..3)?.try_into().ok()?),
        id: i64::from_be_bytes(content.get(3..11)?.try_into().ok()?),
        sent: u32::from_be_bytes(content.get(11..15)?.try_into().ok()?),
        value: content.get(HEAD..)?.to_vec(),
    })
}

fn mac(content: &[u8], binding: Binding<'_>) -> Vec<u8> {
    let whole = [content, binding.search].concat();
    sm3::hmac(binding.key, &whole).as_bytes().iter().copied().take(MAC).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BINDING: Binding<'static> = Binding { key: &[7; 32], search: &[8; 32], now: 1_000_000 };

    fn position() -> Position {
        Position { stage: 2, value: "某局".into(), id: 77, sent: 500 }
    }

    #[test]
    fn a_mark_brings_its_place_back() {
        let mark = seal(&position(), BINDING);
        assert_eq!(open(&mark, BINDING), Some(position()));
        assert_eq!(open(&mark, Binding { now: 1_000_600, ..BINDING }), Some(position()));
    }

    #[test]
    fn a_mark_counts_for_its_search_its_server_and_its_time_only() {
        let mark = seal(&position(), BINDING);
        for other in [
            Binding { key: &[9; 32], ..BINDING },
            Binding { search: &[9; 32], ..BINDING },
            Binding { now: 1_000_601, ..BINDING },
            Binding { now: 999_999, ..BINDING },
        ] {
            assert_eq!(open(&mark, other), None);
        }
    }

    #[test]
    fn no_octet_of_a_mark_can_be_changed() {
        let mark = seal(&position(), BINDING);
        for at in 0..mark.len() {
            let mut changed = mark.clone();
            changed[at] ^= 1;
            assert_eq!(open(&changed, BINDING), None, "{at}");
            assert_eq!(open(&mark[..at], BINDING), None, "{at}");
        }
        assert_eq!(open(&[1; 4096], BINDING), None);
    }
}
