//! Tiles (C2SP tlog-tiles): the tree cut into pieces of height 8, which are final once full and can
//! be cached for ever.
//!
//! A tile of level L holds up to 256 hashes; hash `i` of tile `n` is the root of the 256^L leaves
//! from `(256 n + i) · 256^L`. Only perfect subtrees appear, so a tile that is not full yet is a
//! prefix of the full one.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use crate::{Error, Hash, HashReader, NodeId};

/// Hashes in a full tile.
pub const WIDTH: u16 = 256;
/// Height of a tile.
const HEIGHT: u8 = 8;

/// Which tile, and how much of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tile {
    level: u8,
    index: u64,
    width: u16,
}

impl Tile {
    /// Level 0 to 7, width 1 to 256, and no leaf past 2^64.
    pub fn new(level: u8, index: u64, width: u16) -> Result<Self, Error> {
        let fits = level < HEIGHT && index < (1 << (64 - HEIGHT)) >> (HEIGHT * level);
        if !fits || !(1..=WIDTH).contains(&width) {
            return Err(Error::BadTile);
        }
        Ok(Self { level, index, width })
    }

    /// The tile that holds what `node` is made of, as wide as a tree of `size` leaves has it.
    pub fn holding(node: NodeId, size: u64) -> Result<Self, Error> {
        let level = node.level / HEIGHT;
        let first =
            node.index.checked_shl((node.level % HEIGHT).into()).ok_or(Error::OutOfRange)?;
        let index = first / u64::from(WIDTH);
        let entries = size.checked_shr((level * HEIGHT).into()).unwrap_or(0);
        let left = entries.checked_sub(index * u64::from(WIDTH)).ok_or(Error::OutOfRange)?;
        Self::new(level, index, u16::try_from(left).unwrap_or(WIDTH).min(WIDTH))
    }

    /// The level: 0 holds hashes of leaves.
    pub fn level(&self) -> u8 {
        self.level
    }

    /// Position in its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// Positions of its hashes in their level.
    pub fn entries(&self) -> std::ops::Range<u64> {
        let first = self.index * u64::from(WIDTH);
        first..first + u64::from(self.width)
    }

    /// The path of the bundle of leaves below a tile of level 0.
    pub fn entries_path(&self) -> String {
        format!("tile/entries/{}", Position(self.index, self.width))
    }

    /// Reads `tile/entries/<N>[.p/<W>]`.
    pub fn parse_entries(path: &str) -> Result<Self, Error> {
        let rest = path.strip_prefix("tile/entries/").ok_or(Error::BadTile)?;
        let (index, width) = parse_position(rest)?;
        Self::new(0, index, width)
    }
}

/// `tile/<L>/<N>[.p/<W>]`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "tile/{}/{}", self.level, Position(self.index, self.width))
    }
}

impl FromStr for Tile {
    type Err = Error;

    fn from_str(path: &str) -> Result<Self, Error> {
        let rest = path.strip_prefix("tile/").ok_or(Error::BadTile)?;
        let (level, position) = rest.split_once('/').ok_or(Error::BadTile)?;
        let (index, width) = parse_position(position)?;
        Self::new(u8::try_from(decimal(level)?).map_err(|_| Error::BadTile)?, index, width)
    }
}

/// `x001/x234/067`, and `.p/<W>` when partial.
struct Position(u64, u16);

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut groups = vec![self.0 % 1000];
        let mut rest = self.0 / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        for (left, group) in groups.iter().enumerate().rev() {
            if left > 0 {
                write!(f, "x{group:03}/")?;
            } else {
                write!(f, "{group:03}")?;
            }
        }
        if self.1 < WIDTH { write!(f, ".p/{}", self.1) } else { Ok(()) }
    }
}

fn parse_position(text: &str) -> Result<(u64, u16), Error> {
    let (groups, width) = match text.split_once(".p/") {
        Some((groups, width)) => (groups, decimal(width)?),
        None => (text, u64::from(WIDTH)),
    };
    let partial = text.len() != groups.len();
    let width = u16::try_from(width).map_err(|_| Error::BadTile)?;
    if width == 0 || width > WIDTH || (partial && width == WIDTH) {
        return Err(Error::BadTile);
    }
    let mut index: u64 = 0;
    let mut groups = groups.split('/').peekable();
    while let Some(group) = groups.next() {
        let digits = if groups.peek().is_some() {
            group.strip_prefix('x').ok_or(Error::BadTile)?
        } else {
            group
        };
        if digits.len() != 3 || !digits.bytes().all(|c| c.is_ascii_digit()) {
            return Err(Error::BadTile);
        }
        let value: u64 = digits.parse().map_err(|_| Error::BadTile)?;
        index = index.checked_mul(1000).and_then(|i| i.checked_add(value)).ok_or(Error::BadTile)?;
    }
    // One path per tile: no leading group of zeros.
    let canonical = Position(index, width).to_string() == text;
    if canonical { Ok((index, width)) } else { Err(Error::BadTile) }
}

/// A number without sign or leading zeros.
fn decimal(text: &str) -> Result<u64, Error> {
    let value: u64 = text.parse().map_err(|_| Error::BadTile)?;
    if value.to_string() == text { Ok(value) } else { Err(Error::BadTile) }
}

/// The octets of a tile: its hashes one after the other.
pub fn to_bytes(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// The hashes of a tile of `width`.
pub fn from_bytes(octets: &[u8], width: u16) -> Result<Vec<Hash>, Error> {
    let (hashes, rest) = octets.as_chunks::<32>();
    if !rest.is_empty() || hashes.len() != usize::from(width) {
        return Err(Error::BadTile);
    }
    Ok(hashes.iter().copied().map(Hash).collect())
}

/// An entry bundle: each leaf behind its length in two octets, big-endian. A leaf of more than
/// 65,535 octets has no such form.
pub fn bundle<'a>(leaves: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    for leaf in leaves {
        let length = u16::try_from(leaf.len()).map_err(|_| Error::BadTile)?;
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(leaf);
    }
    Ok(out)
}

/// The leaves of an entry bundle.
pub fn unbundle(mut octets: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut leaves = Vec::new();
    while let Some((length, rest)) = octets.split_first_chunk::<2>() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (leaf, rest) = rest.split_at_checked(length).ok_or(Error::BadTile)?;
        leaves.push(leaf);
        octets = rest;
    }
    if octets.is_empty() { Ok(leaves) } else { Err(Error::BadTile) }
}

/// Tiles that were fetched, as a source of nodes.
#[derive(Debug, Clone, Default)]
pub struct TileSet {
    tiles: HashMap<(u8, u64), Vec<Hash>>,
}

impl TileSet {
    /// Adds a tile; its number of hashes must be its width.
    pub fn insert(&mut self, tile: Tile, hashes: Vec<Hash>) -> Result<(), Error> {
        if hashes.len() != usize::from(tile.width) {
            return Err(Error::BadTile);
        }
        self.tiles.insert((tile.level, tile.index), hashes);
        Ok(())
    }

    /// Whether at least as much of the tile is here.
    pub fn holds(&self, tile: &Tile) -> bool {
        let found = self.tiles.get(&(tile.level, tile.index));
        found.is_some_and(|hashes| hashes.len() >= usize::from(tile.width))
    }

    /// How many tiles.
    pub fn len(&self) -> usize {
        self.tiles.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.tiles.is_empty()
    }
}

impl HashReader for TileSet {
    fn node(&mut self, id: NodeId) -> Result<Hash, Error> {
        let missing = Error::MissingNode { level: id.level, index: id.index };
        let within = id.level % HEIGHT;
        let first = id.index.checked_shl(within.into()).ok_or(Error::OutOfRange)?;
        let key = (id.level / HEIGHT, first / u64::from(WIDTH));
        let start = usize::try_from(first % u64::from(WIDTH)).map_err(|_| Error::OutOfRange)?;
        let hashes = self.tiles.get(&key).ok_or(missing.clone())?;
        let part = hashes.get(start..start + (1 << within)).ok_or(missing)?;
        Ok(fold(part))
    }
}

/// The root over a power of two of hashes.
fn fold(hashes: &[Hash]) -> Hash {
    let mut range = crate::CompactRange::new();
    hashes.iter().for_each(|hash| range.append(*hash));
    range.root()
}
