//! DEFLATE (RFC 1951) with a bound: unpacks no more than it is allowed to, whatever the packed data say
//! of themselves. It exists to measure what a package holds before a reader is let at it.

/// Lengths of the codes for lengths, in the order in which they come (RFC 1951 §3.2.7).
const ORDER: [usize; 19] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const LENGTHS: [u16; 29] = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
    163, 195, 227, 258,
];
const LENGTH_BITS: [u8; 29] =
    [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCES: [u16; 30] = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
    2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577,
];
const DISTANCE_BITS: [u8; 30] = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13,
    13,
];

/// Unpacks; nothing if the data are broken or would be longer than `limit`.
pub(crate) fn inflate(packed: &[u8], limit: usize) -> Option<Vec<u8>> {
    let mut bits = Bits { data: packed, at: 0, held: 0, count: 0 };
    let mut out = Vec::new();
    loop {
        let last = bits.take(1)? == 1;
        match bits.take(2)? {
            0 => stored(&mut bits, &mut out, limit)?,
            1 => block(&mut bits, &fixed()?, (&mut out, limit))?,
            2 => {
                let codes = dynamic(&mut bits)?;
                block(&mut bits, &codes, (&mut out, limit))?;
            }
            _ => return None,
        }
        if last {
            return Some(out);
        }
    }
}

struct Bits<'d> {
    data: &'d [u8],
    at: usize,
    held: u32,
    count: u32,
}

impl Bits<'_> {
    /// At most sixteen bits, the lowest first.
    fn take(&mut self, wanted: u32) -> Option<u32> {
        while self.count < wanted {
            self.held |= u32::from(*self.data.get(self.at)?) << self.count;
            self.at += 1;
            self.count += 8;
        }
        let value = self.held & ((1 << wanted) - 1);
        self.held >>= wanted;
        self.count -= wanted;
        Some(value)
    }
}

/// A canonical Huffman code: how many codes of each length, and their symbols in order.
struct Code {
    counts: [u16; 16],
    symbols: Vec<u16>,
}

impl Code {
    fn of(lengths: &[u8]) -> Option<Self> {
        let mut counts = [0_u16; 16];
        for length in lengths {
            *counts.get_mut(usize::from(*length))? += 1;
        }
        if let Some(unused) = counts.first_mut() {
            *unused = 0;
        }
        let mut left = 1_i32;
        for count in counts.iter().skip(1) {
            left = left * 2 - i32::from(*count);
            if left < 0 {
                return None;
            }
        }
        let mut symbols = Vec::with_capacity(lengths.len());
        for length in 1..=15_u8 {
            let of_length = lengths.iter().enumerate().filter(|(_, one)| **one == length);
            symbols.extend(of_length.filter_map(|(symbol, _)| u16::try_from(symbol).ok()));
        }
        Some(Self { counts, symbols })
    }

    fn read(&self, bits: &mut Bits<'_>) -> Option<u16> {
        let (mut code, mut first, mut index) = (0_u32, 0_u32, 0_u32);
        for count in self.counts.iter().skip(1) {
            code |= bits.take(1)?;
            let count = u32::from(*count);
            if code < first + count {
                let at = usize::try_from(index + (code - first)).ok()?;
                return self.symbols.get(at).copied();
            }
            index += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        None
    }
}

fn stored(bits: &mut Bits<'_>, out: &mut Vec<u8>, limit: usize) -> Option<()> {
    // Fewer than eight bits are ever held: the rest of the octet is padding.
    (bits.held, bits.count) = (0, 0);
    let head: [u8; 4] = bits.data.get(bits.at..bits.at + 4)?.try_into().ok()?;
    let [a, b, c, d] = head;
    let length = u16::from_le_bytes([a, b]);
    if length != !u16::from_le_bytes([c, d]) {
        return None;
    }
    let from = bits.at + 4;
    let octets = bits.data.get(from..from + usize::from(length))?;
    if out.len() + octets.len() > limit {
        return None;
    }
    out.extend_from_slice(octets);
    bits.at = from + octets.len();
    Some(())
}

fn fixed() -> Option<(Code, Code)> {
    let length = |symbol: u16| match symbol {
        0..=143 => 8,
        144..=255 => 9,
        256..=279 => 7,
        _ => 8,
    };
    let lengths: Vec<u8> = (0..288).map(length).collect();
    Some((Code::of(&lengths)?, Code::of(&[5; 30])?))
}

fn dynamic(bits: &mut Bits<'_>) -> Option<(Code, Code)> {
    let literals = usize::try_from(bits.take(5)?).ok()? + 257;
    let distances = usize::try_from(bits.take(5)?).ok()? + 1;
    let given = usize::try_from(bits.take(4)?).ok()? + 4;
    let mut of_lengths = [0_u8; 19];
    for place in ORDER.iter().take(given) {
        *of_lengths.get_mut(*place)? = u8::try_from(bits.take(3)?).ok()?;
    }
    let code = Code::of(&of_lengths)?;
    let mut lengths: Vec<u8> = Vec::with_capacity(literals + distances);
    while lengths.len() < literals + distances {
        let symbol = code.read(bits)?;
        let (value, times) = match symbol {
            0..=15 => (u8::try_from(symbol).ok()?, 1),
            16 => (*lengths.last()?, 3 + bits.take(2)?),
            17 => (0, 3 + bits.take(3)?),
            _ => (0, 11 + bits.take(7)?),
        };
        lengths.resize(lengths.len() + usize::try_from(times).ok()?, value);
    }
    if lengths.len() != literals + distances {
        return None;
    }
    let (literals, distances) = lengths.split_at_checked(literals)?;
    Some((Code::of(literals)?, Code::of(distances)?))
}

fn block(
    bits: &mut Bits<'_>,
    (literals, distances): &(Code, Code),
    (out, limit): (&mut Vec<u8>, usize),
) -> Option<()> {
    loop {
        let symbol = literals.read(bits)?;
        match symbol {
            0..=255 if out.len() < limit => out.push(u8::try_from(symbol).ok()?),
            256 => return Some(()),
            257..=285 => {
                let at = usize::from(symbol - 257);
                let length = extended(bits, (LENGTHS.get(at)?, LENGTH_BITS.get(at)?))?;
                let at = usize::from(distances.read(bits)?);
                let distance = extended(bits, (DISTANCES.get(at)?, DISTANCE_BITS.get(at)?))?;
                copy(out, (length, distance), limit)?;
            }
            _ => return None,
        }
    }
}

fn extended(bits: &mut Bits<'_>, (base, extra): (&u16, &u8)) -> Option<usize> {
    usize::try_from(u32::from(*base) + bits.take(u32::from(*extra))?).ok()
}

fn copy(out: &mut Vec<u8>, (length, distance): (usize, usize), limit: usize) -> Option<()> {
    let from = out.len().checked_sub(distance)?;
    if out.len() + length > limit {
        return None;
    }
    for at in from..from + length {
        out.push(*out.get(at)?);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A zero octet, then `times` copies of 258 of it: the densest there is.
    fn bomb(times: usize) -> Vec<u8> {
        let mut bits = vec![1, 1, 0];
        let code = |bits: &mut Vec<u8>, value: u32, length: u32| {
            bits.extend((0..length).rev().map(|at| u8::from(value >> at & 1 == 1)));
        };
        code(&mut bits, 0x30, 8);
        for _ in 0..times {
            code(&mut bits, 0xc5, 8);
            code(&mut bits, 0, 5);
        }
        code(&mut bits, 0, 7);
        let octet =
            |eight: &[u8]| eight.iter().enumerate().fold(0, |all, (at, bit)| all | bit << at);
        bits.chunks(8).map(octet).collect()
    }

    #[test]
    fn what_would_grow_beyond_the_bound_is_not_unpacked() {
        let packed = bomb(1000);
        let length = 1 + 258 * 1000;
        assert_eq!(inflate(&packed, length).unwrap().len(), length);
        assert!(inflate(&packed, length - 1).is_none());
    }

    #[test]
    fn all_three_kinds_of_blocks_are_read_and_broken_ones_are_not() {
        assert_eq!(inflate(b"\x01\x03\x00\xfc\xffabc", 3).unwrap(), b"abc");
        // zlib, level 9, raw: a repetition with fixed codes.
        assert_eq!(inflate(b"KLJNI\x84b\x00", 12).unwrap(), b"abcdabcdabcd");
        assert!(inflate(b"\x01\x03\x00\xfc\xfeabc", 3).is_none());
        assert!(inflate(b"\x07", 9).is_none() && inflate(b"", 9).is_none());
        for end in 0..8 {
            assert!(inflate(&b"KLJNI\x84b\x00"[..end], 12).is_none(), "{end}");
        }
    }
}
