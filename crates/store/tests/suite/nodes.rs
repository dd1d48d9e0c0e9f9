//! Several nodes on one journal: two stores with one database and one device.

use store::{Opening, Seq, Standing};

use crate::bench::{Bench, append, halted};

crate::on_both_engines!(
    two_nodes_write_one_contiguous_journal,
    a_node_follows_what_another_wrote_and_checks_it,
    a_node_that_sees_a_forged_extension_halts,
    a_store_knows_whether_another_has_its_database_open,
);

async fn two_nodes_write_one_contiguous_journal(bench: Bench) {
    let (one, two) = (bench.create().await, bench.open().await);
    let mut work = tokio::task::JoinSet::new();
    for n in 0..200 {
        let store = if n % 2 == 0 { one.clone() } else { two.clone() };
        work.spawn(async move { append(&store, n).await.unwrap().0 });
    }
    let mut seqs = work.join_all().await;
    seqs.sort_unstable();
    assert_eq!(seqs, (0..200).collect::<Vec<_>>());
    for store in [&one, &two] {
        assert!(store.verify_journal(store::Scope::Full).await.unwrap().is_sound());
        assert_eq!(store.standing(), Standing::Sound);
    }
    one.checkpoint().await.unwrap();
    append(&two, 200).await.unwrap();
    assert_eq!(two.checkpoint().await.unwrap().checkpoint.size, 201);
    assert_eq!(one.checkpoint().await.unwrap().checkpoint.size, 201);
}

async fn a_node_follows_what_another_wrote_and_checks_it(bench: Bench) {
    let (one, two) = (bench.create().await, bench.open().await);
    for n in 0..5 {
        append(&one, n).await.unwrap();
    }
    assert_eq!(append(&two, 5).await.unwrap(), Seq(5));
    // What the other wrote meanwhile is edited before this node has seen it.
    append(&one, 6).await.unwrap();
    bench.harm(&["UPDATE journal SET actor = 'client:evil' WHERE seq = 6"]).await;
    assert_eq!(append(&two, 7).await.unwrap_err().code(), "store.halted");
    assert!(halted(&two).contains("检索字段"), "{}", halted(&two));
}

async fn a_node_that_sees_a_forged_extension_halts(bench: Bench) {
    let (one, two) = (bench.create().await, bench.open_with(bench.config(Opening::Existing)).await);
    append(&one, 0).await.unwrap();
    bench.harm(&["UPDATE journal_head SET size = 2"]).await;
    assert_eq!(append(&two, 1).await.unwrap_err().code(), "store.halted");
    assert_eq!(append(&one, 1).await.unwrap_err().code(), "store.halted");
}

/// What is unfinished is taken up by a node that starts alone; beside another, that one may be at it.
async fn a_store_knows_whether_another_has_its_database_open(bench: Bench) {
    let one = bench.create().await;
    assert!(one.is_alone().await.unwrap());
    if bench.engine == store::Engine::Sqlite {
        return;
    }
    let two = bench.open().await;
    assert!(!one.is_alone().await.unwrap());
    assert!(!two.is_alone().await.unwrap());
    // Looking takes nothing from either.
    append(&one, 0).await.unwrap();
    append(&two, 1).await.unwrap();
    two.close().await;
    assert!(one.is_alone().await.unwrap());
    // Its lock comes back with its connection.
    bench
        .harm(&["SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()"])
        .await;
    let _ = append(&one, 2).await;
    append(&one, 3).await.unwrap();
    let three = bench.open().await;
    assert!(!three.is_alone().await.unwrap());
}
