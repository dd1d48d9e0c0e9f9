//! Seeds of the parsers of `tlog`.

use gm::UserId;
use tlog::export::{Entry, Head};
use tlog::note::{self, NoteKey};
use tlog::tile::{self, Tile};
use tlog::{Checkpoint, Hash, MemoryTree, prove_inclusion};
use yinxin_fuzz::key;

use crate::write::put;

/// An export of five records, and ways in which it is wrong.
pub fn export() {
    let leaf = |seq: u64| format!("{{\"kind\":\"certificate.issued\",\"seq\":{seq}}}");
    let mut tree = MemoryTree::default();
    (0..5).for_each(|seq| tree.append(Hash::leaf(leaf(seq).as_bytes())));
    let origin = "ca.example/journal".to_owned();
    let (root, extensions) = (tree.root(), Vec::new());
    let checkpoint = Checkpoint {
        origin,
        size: 5,
        root,
        extensions,
    };
    let name = NoteKey::new("ca.example/journal", &key().public_key().to_sec1()).expect("a key");
    let by = |text: &[u8]| Ok::<_, tlog::Error>(key().sign(&UserId::default(), text).to_raw());
    let text = checkpoint.to_text().expect("a text");
    let note = note::sign(&text, &name, by).expect("a note");
    let mut lines = vec![Head { note }.to_line().expect("a line")];
    for seq in 0..5 {
        let proof = Some(prove_inclusion(seq, 5, &mut tree).expect("a proof"));
        let (leaf, seq) = (leaf(seq), seq);
        lines.push(Entry { seq, leaf, proof }.to_line().expect("a line"));
    }
    let harmed = Entry {
        seq: 9,
        leaf: leaf(9),
        proof: None,
    };
    let whole = lines.join("\n");
    put("tlog_export", "whole", whole.as_bytes());
    put(
        "tlog_export",
        "changed",
        whole.replace("issued", "Issued").as_bytes(),
    );
    put(
        "tlog_export",
        "cut",
        &whole.as_bytes()[..whole.len() * 2 / 3],
    );
    put("tlog_export", "headless", lines[1..].join("\n").as_bytes());
    lines.push(harmed.to_line().expect("a line"));
    put("tlog_export", "harmed", lines.join("\n").as_bytes());
    lines.swap(2, 3);
    put("tlog_export", "unordered", lines.join("\n").as_bytes());
}

pub fn log() {
    let (origin, size, root) = ("ca.example/journal".to_owned(), 7, Hash::leaf(b"leaf"));
    let checkpoint = Checkpoint {
        origin,
        size,
        root,
        extensions: vec!["2026-11-22".to_owned()],
    };
    let text = checkpoint.to_text().expect("a text");
    put("tlog_text", "checkpoint", text.as_bytes());
    put(
        "tlog_text",
        "checkpoint-cut",
        &text.as_bytes()[..text.len() - 1],
    );
    let name = NoteKey::new("ca.example/journal", &key().public_key().to_sec1()).expect("a key");
    let by = |text: &[u8]| Ok::<_, tlog::Error>(key().sign(&UserId::default(), text).to_raw());
    put(
        "tlog_text",
        "note",
        note::sign(&text, &name, by).expect("a note").as_bytes(),
    );
    let tile = Tile::new(0, 1_234_067, 200).expect("a tile");
    put("tlog_text", "tile", tile.to_string().as_bytes());
    put("tlog_text", "entries", tile.entries_path().as_bytes());
    put("tlog_text", "hashes", &tile::to_bytes(&[root; 3]));
    let bundle = tile::bundle([&b"one"[..], b"", b"three"]).expect("a bundle");
    put("tlog_text", "bundle", &bundle);
    put("tlog_proof", "right", &[11, 5, 9]);
    put("tlog_proof", "short", &[64, 63, 2]);
    put("tlog_proof", "other", &[&[40, 33, 1][..], &root.0].concat());
    put("tlog_proof", "empty", &[0, 0, 0]);
}
