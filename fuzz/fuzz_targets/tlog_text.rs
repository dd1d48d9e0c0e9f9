//! Checkpoints, signed notes, paths of tiles, tiles and bundles: one form each.
#![no_main]

use tlog::note::SignedNote;
use tlog::tile::{self, Tile};
use tlog::{Checkpoint, CompactRange, Hash};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    if let Ok(text) = std::str::from_utf8(octets) {
        read_text(text);
    }
    if let Ok(leaves) = tile::unbundle(octets) {
        assert_eq!(tile::bundle(leaves).as_deref(), Ok(octets));
    }
    let width = u16::try_from(octets.len() / 32).unwrap_or(u16::MAX);
    if let Ok(hashes) = tile::from_bytes(octets, width) {
        assert_eq!(tile::to_bytes(&hashes), octets);
    }
    for size in [0, 1, 3, 7, u64::MAX] {
        if let Ok(range) = CompactRange::from_bytes(size, octets) {
            assert_eq!(range.to_bytes(), octets);
            let _ = range.root();
        }
    }
});

fn read_text(text: &str) {
    if let Ok(checkpoint) = Checkpoint::parse(text) {
        assert_eq!(checkpoint.to_text().as_deref(), Ok(text));
    }
    if let Ok(note) = SignedNote::parse(text) {
        assert!(!note.signatures().is_empty());
    }
    if let Ok(tile) = text.parse::<Tile>() {
        assert_eq!(tile.to_string(), text);
        assert!(tile.entries().end > tile.entries().start);
    }
    if let Ok(tile) = Tile::parse_entries(text) {
        assert_eq!(tile.entries_path(), text);
    }
    if let Ok(hash) = Hash::from_base64(text) {
        assert_eq!(hash.to_base64(), text);
    }
}
