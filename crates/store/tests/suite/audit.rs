//! Audit marks: ranges without gaps, the tree that was signed, and the copy that is held against its
//! record.

use serde_json::json;
use store::{Actor, Error, Filter, NewAuditMark, Page, Seq, Store, Verdict};
use testkit::together::{at_once, call};
use tlog::Hash;

use crate::bench::Bench;

crate::on_both_engines!(
    ranges_join_and_a_gap_or_an_overlap_is_refused,
    of_two_marks_at_once_only_one_is_made,
    a_mark_of_another_tree_is_refused,
    a_mark_that_was_edited_no_longer_agrees_with_its_record,
    days_and_kinds_are_counted_as_a_plain_count_finds_them,
);

fn mark(first: u64, last: u64, root: Hash) -> NewAuditMark {
    let (first, last) = (Seq(first), Seq(last));
    NewAuditMark { first, last, root, verdict: Verdict::Clear, finding: String::new() }
}

async fn make(store: &Store, mark: NewAuditMark) -> Result<Seq, Error> {
    let maker = store.clone();
    store
        .commit(move |tx| {
            Box::pin(async move {
                let signed = (Actor::new("person:p1"), json!({ "signature": "x" }));
                maker.mark_audited(tx, mark, signed).await
            })
        })
        .await
}

async fn through(store: &Store, first: u64, last: u64) -> Result<Seq, Error> {
    let root = store.root_through(Seq(last)).await.unwrap();
    make(store, mark(first, last, root)).await
}

async fn ranges_join_and_a_gap_or_an_overlap_is_refused(bench: Bench) {
    let store = bench.filled(20).await;
    assert_eq!(store.next_audit().await.unwrap(), Seq(0));
    through(&store, 0, 4).await.unwrap();
    assert_eq!(store.next_audit().await.unwrap(), Seq(5));
    for (first, last) in [(6, 9), (4, 9), (0, 9)] {
        let refused = through(&store, first, last).await.unwrap_err();
        assert_eq!(refused.code(), "store.audit_range", "{first} to {last}");
    }
    let own = through(&store, 5, 19).await.unwrap();
    // The mark is a record too: the next range begins with those of the marks themselves.
    let size = store.size().await.unwrap();
    assert!(store.next_audit().await.unwrap().0 < size && own.0 == size - 1);
    let marks = store.audit_marks(None, 10).await.unwrap();
    let ranges: Vec<_> = marks.iter().map(|one| (one.mark.first.0, one.mark.last.0)).collect();
    assert_eq!(ranges, [(5, 19), (0, 4)]);
    let over = store.audit_marks_over(Seq(4), Seq(6)).await.unwrap();
    assert_eq!(over.len(), 2);
    assert_eq!(store.audit_marks(Some(Seq(5)), 10).await.unwrap().len(), 1);
    assert!(make(&store, mark(20, size + 5, Hash::empty_root())).await.is_err(), "beyond the end");
}

async fn of_two_marks_at_once_only_one_is_made(bench: Bench) {
    let store = bench.filled(12).await;
    let done = at_once([5, 9].map(|last| call(through(&store, 0, last))).into());
    let [one, other] = &done[..] else { panic!("two marks") };
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    let audited = Filter { kind: Some(store::AUDITED.into()), ..Filter::default() };
    assert_eq!(store.count(&audited).await.unwrap(), 1);
}

async fn a_mark_of_another_tree_is_refused(bench: Bench) {
    let store = bench.filled(8).await;
    let other = store.root_through(Seq(3)).await.unwrap();
    let refused = make(&store, mark(0, 4, other)).await.unwrap_err();
    assert_eq!(refused.code(), "store.audit_root");
    assert_eq!(store.next_audit().await.unwrap(), Seq(0), "nothing is marked");
}

async fn a_mark_that_was_edited_no_longer_agrees_with_its_record(bench: Bench) {
    let store = bench.filled(8).await;
    let seq = through(&store, 0, 4).await.unwrap();
    let record = Filter { first: Some(seq), last: Some(seq), ..Filter::default() };
    let record = store.records(&record, Page::default()).await.unwrap().remove(0);
    assert!(store.audit_marks(None, 1).await.unwrap()[0].agrees(&record));
    bench.harm(&["UPDATE audit_mark SET finding = '已核对'"]).await;
    assert!(!store.audit_marks(None, 1).await.unwrap()[0].agrees(&record));
}

async fn days_and_kinds_are_counted_as_a_plain_count_finds_them(bench: Bench) {
    let store = bench.create().await;
    for n in 0..10 {
        crate::bench::append(&store, n).await.unwrap();
        bench.clock.advance(jiff::SignedDuration::from_hours(5));
    }
    let page = Page { limit: 1000, ..Page::default() };
    let all = store.records(&Filter::default(), page).await.unwrap();
    let part = Filter { first: Some(Seq(2)), last: Some(Seq(8)), ..Filter::default() };
    let within: Vec<_> = all.iter().filter(|one| (2..=8).contains(&one.seq.0)).collect();
    assert_eq!(store.count(&part).await.unwrap(), 7);
    for day in store.count_by_day(&part, 28_800).await.unwrap() {
        let same = |at: i64| (at + 28_800).div_euclid(86_400) == day.day;
        let plain = within.iter().filter(|one| same(one.at.as_second())).count();
        assert_eq!(u64::try_from(plain).unwrap(), day.total);
    }
    for (kind, total) in store.count_by_kind(&part).await.unwrap() {
        let plain = within.iter().filter(|one| one.kind == kind).count();
        assert_eq!(u64::try_from(plain).unwrap(), total, "{kind}");
    }
    let signed = store.checkpoint().await.unwrap();
    let size = signed.checkpoint.size;
    assert_eq!(store.checkpoints(5).await.unwrap()[0].0, size);
    assert_eq!(store.checkpoint_at(size).await.unwrap(), Some(signed));
    assert_eq!(store.checkpoint_at(size + 1).await.unwrap(), None);
}
