//! The written forms: tile paths, bundles, checkpoints, notes.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::cast_possible_truncation)]

use proptest::prelude::*;
use tlog::note::{NoteKey, SignedNote, sign};
use tlog::tile::{Tile, bundle, unbundle};
use tlog::{Checkpoint, Error, Hash};

fn key(name: &str) -> NoteKey {
    NoteKey::new(name, &[4; 65]).unwrap()
}

fn checkpoint() -> Checkpoint {
    Checkpoint {
        origin: "ca.example.cn/journal".into(),
        size: 20_852_163,
        root: Hash::leaf(b"x"),
        extensions: vec![],
    }
}

/// Stands for a signature: the text's length, repeated.
fn stamp(text: &[u8]) -> [u8; 64] {
    [text.len() as u8; 64]
}

fn signed(text: &str) -> String {
    sign(text, &key("log"), |text| Ok::<_, Error>(stamp(text))).unwrap()
}

#[test]
fn tile_paths_are_those_of_c2sp() {
    for (level, index, width, path) in [
        (0, 0, 256, "tile/0/000"),
        (0, 0, 112, "tile/0/000.p/112"),
        (1, 1_234_067, 256, "tile/1/x001/x234/067"),
        (2, 999, 1, "tile/2/999.p/1"),
        (7, 0, 255, "tile/7/000.p/255"),
    ] {
        let tile = Tile::new(level, index, width).unwrap();
        assert_eq!(tile.to_string(), path);
        assert_eq!(path.parse::<Tile>(), Ok(tile));
    }
    let entries = Tile::new(0, 1_234_067, 9).unwrap();
    assert_eq!(entries.entries_path(), "tile/entries/x001/x234/067.p/9");
    assert_eq!(Tile::parse_entries("tile/entries/x001/x234/067.p/9"), Ok(entries));
}

#[test]
fn a_tile_has_one_path_only() {
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+0/000",
        "tile/8/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001/x001",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000.p/01",
        "tile/0/000.p/1.p/1",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/x018/x446/x744/x073/x709/x551/615",
        "tile/7/001",
        "tile/0/００0",
        "tile/entries/000",
    ] {
        assert_eq!(path.parse::<Tile>(), Err(Error::BadTile), "{path}");
    }
    assert_eq!(Tile::parse_entries("tile/0/000"), Err(Error::BadTile));
}

#[test]
fn a_checkpoint_reads_back_and_only_in_its_one_form() {
    let mut with_extension = checkpoint();
    with_extension.extensions = vec!["policy 1".into(), "— looks like a signature".into()];
    for checkpoint in [checkpoint(), with_extension] {
        let text = checkpoint.to_text().unwrap();
        assert_eq!(Checkpoint::parse(&text), Ok(checkpoint));
        for bad in [
            text.trim_end().to_owned(),
            format!("{text}\n"),
            format!("\n{text}"),
            text.replace("20852163", "020852163"),
            text.replace("20852163", "+20852163"),
            text.replace("20852163", "99999999999999999999"),
            text.replace('=', ""),
            text.replacen('\n', "\r\n", 1),
        ] {
            assert!(Checkpoint::parse(&bad).is_err(), "{bad:?}");
        }
    }
    let mut broken = checkpoint();
    broken.origin = "a\nb".into();
    assert_eq!(broken.to_text(), Err(Error::BadCheckpoint));
}

#[test]
fn a_note_is_accepted_from_its_key_only() {
    let text = checkpoint().to_text().unwrap();
    let note = SignedNote::parse(&signed(&text)).unwrap();
    let good = |text: &[u8], raw: &[u8; 64]| *raw == stamp(text);
    assert_eq!(note.verify(&key("log"), good), Ok(&*text));
    assert_eq!(note.verify(&key("log"), |_, _| false), Err(Error::BadSignature));
    assert_eq!(note.verify(&key("other"), good), Err(Error::BadSignature));
    let other_key = NoteKey::new("log", &[5; 65]).unwrap();
    assert_ne!(other_key.id(), key("log").id());
    assert_eq!(note.verify(&other_key, good), Err(Error::BadSignature));
}

#[test]
fn signatures_of_strangers_are_skipped_and_doubled_ones_refused() {
    let text = "hello\n";
    let note = signed(text);
    let foreign = format!("{note}— witness.example AAAAAAAA\n");
    let parsed = SignedNote::parse(&foreign).unwrap();
    assert_eq!(parsed.signatures().len(), 2);
    assert_eq!(parsed.verify(&key("log"), |_, _| true), Ok(text));
    let line = note.lines().last().unwrap();
    let doubled = SignedNote::parse(&format!("{note}{line}\n")).unwrap();
    assert_eq!(doubled.verify(&key("log"), |_, _| true), Err(Error::BadSignature));
}

#[test]
fn what_is_not_a_note_is_refused() {
    let note = signed("hello\n");
    for bad in [
        "",
        "\n",
        "\n\n",
        "hello\n",
        "hello\n\n",
        "hello\n\n— log\n",
        "hello\n\n— log !!!!\n",
        "hello\n\n- log AAAAAAAA\n",
        "hello\n\n— log AAAA\n",
        "hello\n\n—  AAAAAAAA\n",
        note.trim_end(),
        &note.replace("hello", "hel\tlo"),
        &note.replace("— log", "— l+g"),
    ] {
        assert_eq!(SignedNote::parse(bad), Err(Error::BadNote), "{bad:?}");
    }
    assert!(SignedNote::parse(&"x".repeat(2 << 20)).is_err());
    assert_eq!(sign("no end", &key("log"), |t| Ok::<_, Error>(stamp(t))), Err(Error::BadNote));
    assert!(NoteKey::new("two words", &[4; 65]).is_err() && NoteKey::new("", &[4; 65]).is_err());
}

#[test]
fn a_leaf_that_is_too_long_for_a_bundle_is_refused() {
    let most = vec![0; 65_535];
    assert_eq!(unbundle(&bundle([most.as_slice()]).unwrap()).unwrap(), [most.as_slice()]);
    assert_eq!(bundle([vec![0; 65_536].as_slice()]), Err(Error::BadTile));
    assert_eq!(unbundle(&[0]), Err(Error::BadTile));
    assert_eq!(unbundle(&[0, 2, 1]), Err(Error::BadTile));
}

proptest! {
    #[test]
    fn parsers_of_text_never_panic(text in "\\PC{0,200}|(.|\n){0,200}") {
        let _ = (text.parse::<Tile>(), Tile::parse_entries(&text), Checkpoint::parse(&text), SignedNote::parse(&text), Hash::from_base64(&text));
    }

    #[test]
    fn paths_near_the_form_never_panic_and_are_canonical(text in "tile/(entries|[0-9]{1,2})/[x0-9/]{1,30}(.p/[0-9]{1,3})?") {
        if let Ok(tile) = text.parse::<Tile>() {
            prop_assert_eq!(tile.to_string(), text);
        } else if let Ok(tile) = Tile::parse_entries(&text) {
            prop_assert_eq!(tile.entries_path(), text);
        }
    }

    #[test]
    fn notes_near_the_form_never_panic(text in "[a-z\n]{0,20}\n{0,3}(— [a-z ]{0,6} [A-Za-z0-9+/=]{0,20}\n?){0,3}") {
        let _ = SignedNote::parse(&text);
    }

    #[test]
    fn bundles_read_back_and_octets_never_panic(leaves: Vec<Vec<u8>>, octets: Vec<u8>) {
        let packed = bundle(leaves.iter().map(Vec::as_slice)).unwrap();
        prop_assert_eq!(unbundle(&packed).unwrap(), leaves.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let _ = (unbundle(&octets), tlog::tile::from_bytes(&octets, 3), tlog::CompactRange::from_bytes(5, &octets));
    }

    #[test]
    fn every_tile_reads_back_from_its_path(level in 0u8..8, index: u64, width in 1u16..=256) {
        let index = (index >> 8) >> (8 * level);
        let tile = Tile::new(level, index, width).unwrap();
        prop_assert_eq!(tile.to_string().parse::<Tile>().unwrap(), tile);
    }

    #[test]
    fn every_text_that_is_signed_reads_back(lines in proptest::collection::vec("[^\\pC]{0,30}", 1..6)) {
        let text = lines.join("\n") + "\n";
        let note = SignedNote::parse(&signed(&text)).unwrap();
        prop_assert_eq!(note.verify(&key("log"), |_, _| true).unwrap(), text);
    }
}
