//! A log as a file: what is written is read, and what was changed on the way is found.

#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use tlog::export::{Entry, Head, Walk};
use tlog::note::{self, NoteKey};
use tlog::{Checkpoint, Error, Hash, MemoryTree, prove_inclusion};

const ORIGIN: &str = "ca.example.cn/journal";

/// A log of `size` records and its export.
fn export(size: u64) -> (Head, Vec<Entry>) {
    let leaf = |seq: u64| format!("{{\"seq\":{seq},\"subject\":\"证书\"}}");
    let mut tree = MemoryTree::default();
    for seq in 0..size {
        tree.append(Hash::leaf(leaf(seq).as_bytes()));
    }
    let root = tree.root();
    let checkpoint = Checkpoint { origin: ORIGIN.into(), size, root, extensions: Vec::new() };
    let key = NoteKey::new(ORIGIN, &[4; 65]).unwrap();
    let note = note::sign(&checkpoint.to_text().unwrap(), &key, |_| Ok::<_, Error>([7; 64]));
    let entry = |seq| {
        let proof = prove_inclusion(seq, size, &mut tree.clone()).unwrap();
        Entry { seq, leaf: leaf(seq), proof: Some(proof) }
    };
    (Head { note: note.unwrap() }, (0..size).map(entry).collect())
}

/// Reads the lines as a stranger would.
fn check(head: &str, entries: &[String]) -> Result<u64, Error> {
    let mut walk = Walk::new(Head::parse(head)?.unverified()?);
    for line in entries {
        walk.take(&Entry::parse(line)?)?;
    }
    Ok(walk.entries())
}

fn lines(size: u64) -> (String, Vec<String>) {
    let (head, entries) = export(size);
    let entries = entries.iter().map(|entry| entry.to_line().unwrap()).collect();
    (head.to_line().unwrap(), entries)
}

#[test]
fn an_export_is_read_as_it_was_written() {
    let (head, entries) = export(11);
    assert_eq!(Head::parse(&head.to_line().unwrap()).unwrap(), head);
    for entry in &entries {
        assert_eq!(&Entry::parse(&entry.to_line().unwrap()).unwrap(), entry);
    }
    let (head, all) = lines(11);
    assert_eq!(check(&head, &all), Ok(11));
    assert_eq!(check(&head, &all[3..5]), Ok(2), "a selection");
    assert!(head.starts_with("{\"checkpoint\":") && all[0].starts_with("{\"leaf\":"));
}

#[test]
fn whatever_was_changed_is_found() {
    let (head, all) = lines(11);
    let with = |at: usize, line: String| {
        let mut changed = all.clone();
        changed[at] = line;
        check(&head, &changed)
    };
    assert_eq!(with(4, all[4].replace("证书", "证 书")), Err(Error::ProofMismatch));
    assert_eq!(with(4, all[4].replace("\"seq\":4}", "\"seq\":5}")), Err(Error::ProofMismatch));
    assert!(matches!(with(4, all[3].clone()), Err(Error::BadExport(_))), "twice");
    assert!(matches!(with(4, "{}".into()), Err(Error::BadExport(_))));
    let (_, mut entries) = export(11);
    entries[4].proof = None;
    assert!(matches!(with(4, entries[4].to_line().unwrap()), Err(Error::BadExport(_))), "harmed");
    let (other, _) = lines(12);
    assert_eq!(check(&other, &all), Err(Error::ProofMismatch));
}

#[test]
fn first_lines_that_are_none_are_refused() {
    let (head, _) = lines(1);
    for line in [
        "",
        "{}",
        "null",
        &head.replace("export/1", "export/2"),
        &head.replace("{\"checkpoint\"", "{\"more\":1,\"checkpoint\""),
    ] {
        assert!(matches!(Head::parse(line), Err(Error::BadExport(_))), "{line}");
    }
    let unsigned = Head { note: "ca.example.cn/journal\n1\n".into() };
    assert_eq!(unsigned.unverified(), Err(Error::BadNote));
}
