//! Exports of a journal: what is read is written back in its one form, and a walk takes no entry
//! that the checkpoint does not hold.
#![no_main]

use tlog::Hash;
use tlog::export::{Entry, Head, Walk};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let Ok(text) = std::str::from_utf8(octets) else {
        return;
    };
    let mut lines = text.lines();
    let head = lines.next().map(Head::parse);
    let mut walk = None;
    if let Some(Ok(head)) = head {
        let line = head.to_line().expect("a line");
        assert_eq!(Head::parse(&line).as_ref(), Ok(&head));
        walk = head
            .unverified()
            .ok()
            .map(|checkpoint| (checkpoint.size, Walk::new(checkpoint)));
    }
    for line in lines {
        let Ok(entry) = Entry::parse(line) else {
            continue;
        };
        let again = entry.to_line().expect("a line");
        assert_eq!(Entry::parse(&again).as_ref(), Ok(&entry));
        if let Some((size, walk)) = &mut walk {
            let before = walk.entries();
            let taken = walk.take(&entry).is_ok();
            assert_eq!(walk.entries(), before + u64::from(taken));
            assert!(!taken || (entry.seq < *size && entry.proof.is_some()));
            // The same place with another text cannot hold as well.
            let other = Entry {
                leaf: format!("{}.", entry.leaf),
                ..entry.clone()
            };
            assert!(Hash::leaf(other.leaf.as_bytes()) != Hash::leaf(entry.leaf.as_bytes()));
            assert!(walk.take(&other).is_err());
        }
    }
});
