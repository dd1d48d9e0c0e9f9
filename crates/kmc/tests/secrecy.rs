//! T-32 and T-33: private keys are nowhere in the clear, and come back exactly.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod common;

use std::path::Path;

use common::{World, opened, order, person, restore, serial};

const KEYS: u32 = 12;

/// T-32 (Trustico 2018: private keys in mails): of every key that ever went through, neither the
/// octets nor their hexadecimal digits are in any file of the centre.
#[tokio::test(flavor = "multi_thread")]
async fn t_32_no_file_of_the_centre_holds_a_private_key() {
    let world = World::sqlite().await;
    let (ca, _) = world.ca("甲机构").await;
    world.kmc.refill().await.unwrap();
    let mut secrets = Vec::new();
    for number in 1..=KEYS {
        let (old, new) = (person(), person());
        let issued = world.kmc.apply(&ca, order(number, old.public_key())).await.unwrap();
        secrets.push(opened(&issued, &old).to_bytes().to_vec());
        world.kmc.restore(&ca, restore(number, new.public_key())).await.unwrap();
        if number % 3 == 0 {
            world.kmc.revoke(&ca, serial(number)).await.unwrap();
        }
    }
    world.kmc.store().checkpoint().await.unwrap();
    let files = all_files(&world.folder);
    assert!(files.iter().any(|(name, _)| name.ends_with("kmc.db")));
    assert!(files.iter().any(|(name, _)| name.contains("wal")), "the WAL is looked at too");
    for (name, content) in &files {
        for secret in &secrets {
            let digits = hex::encode(secret);
            for needle in [secret.as_slice(), digits.as_bytes()] {
                assert!(!contains(content, needle), "a private key is in {name}");
            }
        }
        assert!(!contains(content, "张三".as_bytes()), "a subscriber's name is in {name}");
    }
    let public = world.kmc.apply(&ca, order(99, person().public_key())).await.unwrap();
    let planted = public.public_key.to_sec1();
    let seen = all_files(&world.folder).iter().any(|(_, content)| contains(content, &planted));
    assert!(seen, "the search finds what is there");
}

fn all_files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(all_files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

fn contains(content: &[u8], needle: &[u8]) -> bool {
    content.windows(needle.len()).any(|window| window == needle)
}

/// T-33 (lost or wrong escrow): what is restored is exactly what was archived, time after time,
/// across restarts. `YINXIN_KMC_ROUND_TRIPS` raises the number for the soak.
#[tokio::test(flavor = "multi_thread")]
async fn t_33_restoration_returns_exactly_the_archived_key() {
    let trips: u32 = std::env::var("YINXIN_KMC_ROUND_TRIPS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(60);
    let mut world = World::sqlite().await;
    let (mut ca, _) = world.ca("甲机构").await;
    let first = person();
    let issued = world.kmc.apply(&ca, order(1, first.public_key())).await.unwrap();
    let archived = opened(&issued, &first);
    for trip in 1..=trips {
        let new = person();
        let again = world.kmc.restore(&ca, restore(1, new.public_key())).await.unwrap();
        assert_eq!(*opened(&again, &new).to_bytes(), *archived.to_bytes(), "trip {trip}");
        if trip % 20 == 0 {
            world = world.restarted().await;
            ca = world.kmc.ca("甲机构").await.unwrap();
        }
    }
    assert_eq!(world.records("key.restored").await, u64::from(trips));
    world.assert_sound().await;
}
