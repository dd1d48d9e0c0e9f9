//! Reading the journal: filters, pages, proofs, tiles, checkpoints, export.

use gm::{Signature, UserId};
use jiff::SignedDuration;
use serde_json::Value;
use store::{Error, Filter, Page, Scope, Seq, Stored};
use tlog::note::SignedNote;
use tlog::tile::{Tile, unbundle};
use tlog::{Checkpoint, Hash};

use crate::bench::{Bench, append, fill};

crate::on_both_engines!(
    every_combination_of_filters_finds_what_a_plain_search_finds,
    pages_cover_everything_once_in_both_directions,
    every_record_is_proven_in_every_checkpointed_size,
    the_journal_only_grew_between_any_two_sizes,
    a_checkpoint_verifies_with_the_public_key_alone,
    an_unchanged_journal_keeps_its_checkpoint,
    a_stranger_can_check_an_export_line_by_line,
    a_harmed_record_is_shown_as_harmed_and_exported_without_proof,
    tiles_and_entries_rebuild_the_root,
    verification_tells_how_far_it_is,
    checkpoints_beside_commits_never_move_the_anchor_back,
);

async fn checkpoints_beside_commits_never_move_the_anchor_back(bench: Bench) {
    let store = bench.create().await;
    append(&store, 0).await.unwrap();
    let signer = store.clone();
    let checkpoints = tokio::spawn(async move {
        for _ in 0..200 {
            signer.checkpoint().await.unwrap();
        }
    });
    for n in 1..300 {
        append(&store, n).await.unwrap();
    }
    checkpoints.await.unwrap();
    assert_eq!(store.standing(), store::Standing::Sound);
    append(&store, 300).await.unwrap();
}

async fn all(store: &store::Store) -> Vec<Stored> {
    let page = Page { limit: 1000, ..Page::default() };
    store.records(&Filter::default(), page).await.unwrap()
}

async fn every_combination_of_filters_finds_what_a_plain_search_finds(bench: Bench) {
    let store = bench.create().await;
    for n in 0..30 {
        append(&store, n).await.unwrap();
        bench.clock.advance(SignedDuration::from_secs(60));
    }
    let all = all(&store).await;
    let cut = |n: usize| all[n].at;
    for choice in 0u32..128 {
        let on = |bit: u32| choice >> bit & 1 == 1;
        let filter = Filter {
            from: on(0).then(|| cut(5)),
            until: on(1).then(|| cut(22)),
            kind: on(2).then(|| "certificate.revoked".into()),
            actor: on(3).then(|| "client:ra-1".into()),
            subject: on(4).then(|| "certificate:2".into()),
            first: on(5).then_some(Seq(3)),
            last: on(6).then_some(Seq(24)),
        };
        let fits = |r: &&Stored| {
            filter.from.is_none_or(|t| r.at >= t)
                && filter.until.is_none_or(|t| r.at < t)
                && filter.kind.as_ref().is_none_or(|k| *k == r.kind)
                && filter.actor.as_ref().is_none_or(|a| *a == r.actor)
                && filter.subject.as_ref().is_none_or(|s| *s == r.subject)
                && filter.first.is_none_or(|seq| r.seq >= seq)
                && filter.last.is_none_or(|seq| r.seq <= seq)
        };
        let expected: Vec<_> = all.iter().filter(fits).cloned().collect();
        assert!(!expected.is_empty(), "{filter:?}");
        let found = store.records(&filter, Page::default()).await.unwrap();
        assert_eq!(found, expected, "{filter:?}");
        assert_eq!(store.count(&filter).await.unwrap(), expected.len() as u64);
    }
}

async fn pages_cover_everything_once_in_both_directions(bench: Bench) {
    let store = bench.filled(25).await;
    let filter = Filter { kind: Some("crl.published".into()), ..Filter::default() };
    let whole = store.records(&filter, Page::default()).await.unwrap();
    assert!(whole.len() > 4);
    for newest_first in [false, true] {
        let mut page = Page { after: None, limit: 3, newest_first };
        let mut seen = Vec::new();
        loop {
            let found = store.records(&filter, page).await.unwrap();
            let Some(last) = found.last() else { break };
            assert!(found.len() <= 3);
            page.after = Some(last.seq);
            seen.extend(found);
        }
        if newest_first {
            seen.reverse();
        }
        assert_eq!(seen, whole);
    }
}

async fn every_record_is_proven_in_every_checkpointed_size(bench: Bench) {
    let store = bench.filled(600).await;
    let all = all(&store).await;
    for size in [1, 2, 255, 256, 257, 511, 512, 600] {
        for index in [0, 1, size / 2, size - 1].into_iter().filter(|i| *i < size) {
            let found = store.prove_inclusion_at(Seq(index), size).await.unwrap();
            let leaf = Hash::leaf(all[index as usize].leaf.as_bytes());
            tlog::verify_inclusion(&leaf, index, size, &found.proof, &found.root).unwrap();
        }
    }
    let found = store.prove_inclusion(Seq(599)).await.unwrap();
    assert_eq!((found.size, found.leaf), (600, all[599].leaf_hash));
    for (seq, size) in [(600, 600), (0, 601), (0, u64::MAX), (u64::MAX, u64::MAX)] {
        assert!(store.prove_inclusion_at(Seq(seq), size).await.is_err(), "{seq} in {size}");
    }
}

async fn the_journal_only_grew_between_any_two_sizes(bench: Bench) {
    let store = bench.filled(520).await;
    for (old, new) in [(0, 520), (1, 2), (255, 520), (256, 257), (256, 512), (300, 513), (520, 520)]
    {
        let found = store.prove_consistency(old, new).await.unwrap();
        let (a, b) = (&found.roots.0, &found.roots.1);
        tlog::verify_consistency((old, a), (new, b), &found.proof).unwrap();
    }
    assert!(store.prove_consistency(2, 1).await.is_err());
    // A size that is not reached yet is the asker's mistake, no damage of ours.
    for beyond in [521, 1_009_785] {
        let error = store.prove_consistency(1, beyond).await.unwrap_err();
        assert_eq!(error.kind(), store::ErrorKind::Invalid, "{beyond}: {error}");
    }
}

fn check_note(store: &store::Store, note: &str) -> Checkpoint {
    let (public, key) = store.checkpoint_key();
    let parsed = SignedNote::parse(note).unwrap();
    let verify = |text: &[u8], raw: &[u8; 64]| {
        let signature = Signature::from_raw(raw).unwrap();
        gm::sm2::verify(&public, &UserId::default(), text, &signature).is_ok()
    };
    Checkpoint::parse(parsed.verify(&key, verify).unwrap()).unwrap()
}

async fn a_checkpoint_verifies_with_the_public_key_alone(bench: Bench) {
    let store = bench.filled(7).await;
    let signed = store.checkpoint().await.unwrap();
    let checkpoint = check_note(&store, &signed.note);
    assert_eq!(checkpoint, signed.checkpoint);
    assert_eq!((checkpoint.size, &*checkpoint.origin), (7, "test.example.cn/journal"));
    let anchored = std::fs::read_to_string(bench.anchor().join("institution.checkpoint")).unwrap();
    assert_eq!(anchored, signed.note);
    assert_eq!(store.latest_checkpoint().await.unwrap().unwrap(), signed);
}

async fn an_unchanged_journal_keeps_its_checkpoint(bench: Bench) {
    let store = bench.filled(7).await;
    let uses = || {
        let label = gm::KeyLabel::new(store::JOURNAL).unwrap();
        gm::Device::session(&*bench.device).unwrap().key(&label).unwrap().uses
    };
    let first = store.checkpoint().await.unwrap();
    let before = uses();
    assert_eq!(store.checkpoint().await.unwrap(), first);
    assert_eq!(uses(), before);
    append(&store, 7).await.unwrap();
    assert_eq!(store.checkpoint().await.unwrap().checkpoint.size, 8);
    assert_eq!(uses(), before + 1);
}

async fn a_stranger_can_check_an_export_line_by_line(bench: Bench) {
    let store = bench.filled(530).await;
    let mut out = Vec::new();
    let filter = Filter { actor: Some("system".into()), ..Filter::default() };
    let summary = store.export(&filter, &mut out).await.unwrap();
    let text = String::from_utf8(out).unwrap();
    let mut lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let first = lines.next().unwrap();
    assert_eq!(first["form"], "yinxin-journal-export/1");
    let checkpoint = check_note(&store, first["checkpoint"].as_str().unwrap());
    let mut records = 0;
    for line in lines {
        let leaf = line["leaf"].as_str().unwrap();
        let proof: Vec<Hash> = line["proof"]
            .as_array()
            .unwrap()
            .iter()
            .map(|hash| Hash::from_base64(hash.as_str().unwrap()).unwrap())
            .collect();
        let (seq, hash) = (line["seq"].as_u64().unwrap(), Hash::leaf(leaf.as_bytes()));
        tlog::verify_inclusion(&hash, seq, checkpoint.size, &proof, &checkpoint.root).unwrap();
        let body: Value = serde_json::from_str(leaf).unwrap();
        assert_eq!((body["seq"].as_u64(), body["actor"].as_str()), (Some(seq), Some("system")));
        records += 1;
    }
    assert_eq!((summary.records, summary.size), (records, 530));
    assert_eq!(records, store.count(&filter).await.unwrap());
}

async fn a_harmed_record_is_shown_as_harmed_and_exported_without_proof(bench: Bench) {
    let store = bench.filled(6).await;
    store.checkpoint().await.unwrap();
    bench
        .harm(&[
            "UPDATE journal SET leaf = leaf_hash WHERE seq = 2",
            "UPDATE journal SET actor = 'client:evil' WHERE seq = 4",
        ])
        .await;
    assert!(!store.verify_journal(Scope::Full).await.unwrap().is_sound());
    let harmed: Vec<_> = all(&store).await.iter().filter(|r| !r.intact).map(|r| r.seq.0).collect();
    assert_eq!(harmed, [2, 4]);
    let mut out = Vec::new();
    let summary = store.export(&Filter::default(), &mut out).await.unwrap();
    // The leaf of number 4 is whole; only its column lies.
    assert_eq!((summary.records, summary.unproven), (6, 1));
    let text = String::from_utf8(out).unwrap();
    let line: Value = serde_json::from_str(text.lines().nth(3).unwrap()).unwrap();
    assert_eq!((line["seq"].as_u64(), &line["proof"]), (Some(2), &Value::Null));
}

async fn tiles_and_entries_rebuild_the_root(bench: Bench) {
    let store = bench.filled(600).await;
    let root = store.checkpoint().await.unwrap().checkpoint.root;
    let mut range = tlog::CompactRange::new();
    for tile in [Tile::new(0, 0, 256), Tile::new(0, 1, 256), Tile::new(0, 2, 88)] {
        let tile = tile.unwrap();
        let hashes = store.tile(&tile).await.unwrap();
        let hashes = tlog::tile::from_bytes(&hashes, tile.width()).unwrap();
        let entries = store.entries(&tile).await.unwrap();
        let leaves = unbundle(&entries).unwrap();
        assert_eq!(leaves.len(), hashes.len());
        for (leaf, hash) in leaves.into_iter().zip(hashes) {
            assert_eq!(Hash::leaf(leaf), hash);
            range.append(hash);
        }
    }
    assert_eq!(range.root(), root);
    assert_eq!(store.tile(&Tile::new(1, 0, 2).unwrap()).await.unwrap().len(), 64);
    for missing in [Tile::new(0, 2, 89), Tile::new(0, 3, 1), Tile::new(1, 0, 3)] {
        let error = store.tile(&missing.unwrap()).await.unwrap_err();
        assert_eq!(error.code(), "store.not_found");
    }
    let missing = store.entries(&Tile::new(0, 9, 1).unwrap()).await;
    assert!(matches!(missing, Err(Error::NotFound(_))));
}

async fn verification_tells_how_far_it_is(bench: Bench) {
    let store = bench.create().await;
    fill(&store, 2100).await;
    let mut told = Vec::new();
    let report = store.verify_journal_with(Scope::Full, &mut |p| told.push(p)).await.unwrap();
    assert!(report.is_sound() && report.checked == 2100);
    assert!(told.len() > 1 && told.iter().all(|p| p.total == 2100));
    assert_eq!(told.last().unwrap().done, 2100);
    assert!(told.is_sorted_by_key(|p| p.done));
}
