//! The ZIP package of an XLSX file, measured before a reader is let at it: every entry is unpacked
//! against one common bound, so that neither a bomb, nor entries laid over each other, nor sizes that
//! lie get any further (APPNOTE 6.3; no ZIP64, no encryption: a sheet of ours needs neither).

use super::inflate::inflate;
use super::refused;
use crate::error::Error;

/// Most octets of all entries together, unpacked.
const MOST_UNPACKED: usize = 96 * 1024 * 1024;
/// Most octets of the shared strings.
const MOST_STRINGS: usize = 32 * 1024 * 1024;
/// Most shared strings: more than so many cells no sheet may have.
const MOST_ITEMS: usize = 400_000;
const MOST_ENTRIES: usize = 200;

struct Entry<'c> {
    name: &'c [u8],
    method: u16,
    packed: &'c [u8],
    size: usize,
}

/// Fails unless the package is whole and small enough.
pub(super) fn check(content: &[u8]) -> Result<(), Error> {
    let entries = entries(content).ok_or_else(|| refused("XLSX 文件已损坏，请重新保存后导入"))?;
    let bomb = || refused("文件解压后过大，请只保留要导入的一张表，另存后导入");
    if entries.len() > MOST_ENTRIES {
        return Err(bomb());
    }
    let mut left = MOST_UNPACKED;
    for entry in &entries {
        let is_strings = entry.name.ends_with(b"sharedStrings.xml");
        let limit = if is_strings { left.min(MOST_STRINGS) } else { left };
        if entry.size > limit {
            return Err(bomb());
        }
        let unpacked = unpacked(entry).ok_or_else(bomb)?;
        left -= unpacked.len();
        if is_strings && unpacked.windows(3).filter(|part| *part == b"<si").count() > MOST_ITEMS {
            return Err(bomb());
        }
    }
    Ok(())
}

/// The content, exactly as long as it says.
fn unpacked(entry: &Entry<'_>) -> Option<Vec<u8>> {
    let content = match entry.method {
        0 => entry.packed.to_vec(),
        8 => inflate(entry.packed, entry.size)?,
        _ => return None,
    };
    (content.len() == entry.size).then_some(content)
}

fn entries(content: &[u8]) -> Option<Vec<Entry<'_>>> {
    let end = directory_end(content)?;
    let count = usize::from(short(content, end + 10)?);
    let (size, start) = (long(content, end + 12)?, long(content, end + 16)?);
    if start.checked_add(size)? != end {
        return None;
    }
    let (mut at, mut entries) = (start, Vec::new());
    for _ in 0..count {
        let (entry, next) = entry(content, at)?;
        if entries.iter().any(|one: &Entry<'_>| one.name == entry.name) {
            return None;
        }
        entries.push(entry);
        at = next;
    }
    (at == end).then_some(entries)
}

/// Where the record at the end is: nothing comes behind it but its own comment.
fn directory_end(content: &[u8]) -> Option<usize> {
    let last = content.len().checked_sub(22)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    (first..=last).rev().find(|at| {
        let comment = short(content, at + 20).map(usize::from);
        content.get(*at..at + 4) == Some(b"PK\x05\x06") && comment == Some(last - at)
    })
}

fn entry(content: &[u8], at: usize) -> Option<(Entry<'_>, usize)> {
    let encrypted = short(content, at + 8)? & 1 == 1;
    if content.get(at..at + 4)? != b"PK\x01\x02" || encrypted {
        return None;
    }
    let [name, extra, comment] =
        [28, 30, 32].map(|place| short(content, at + place).map(usize::from));
    let name = content.get(at + 46..at + 46 + name?)?;
    let next = at + 46 + name.len() + extra? + comment?;
    let local = long(content, at + 42)?;
    if content.get(local..local.checked_add(4)?)? != b"PK\x03\x04" {
        return None;
    }
    let heads = usize::from(short(content, local + 26)?) + usize::from(short(content, local + 28)?);
    let from = local + 30 + heads;
    let packed = content.get(from..from.checked_add(long(content, at + 20)?)?)?;
    let (method, size) = (short(content, at + 10)?, long(content, at + 24)?);
    Some((Entry { name, method, packed, size }, next))
}

fn short(content: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(content.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

fn long(content: &[u8], at: usize) -> Option<usize> {
    let octets = content.get(at..at.checked_add(4)?)?.try_into().ok()?;
    usize::try_from(u32::from_le_bytes(octets)).ok()
}
