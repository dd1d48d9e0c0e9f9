//! Connections beyond the limits, silent ones, and slow ones.

use super::client::{BASE, Served, message, present, search, tlv};

#[tokio::test(flavor = "multi_thread")]
async fn more_connections_than_allowed_are_told_and_a_closed_one_makes_room() {
    let served = Served::with(|settings| settings.directory.max_connections_per_address = 2).await;
    let mut kept: Vec<_> = (0..2).map(|_| served.connect()).collect();
    for raw in &mut kept {
        raw.send(&search(&present(), &[1]));
        assert!(raw.read().is_some());
    }
    let mut refused = served.connect();
    // busy
    assert_eq!(refused.result(), Some((0x78, 51)));
    assert_eq!(refused.read(), None);
    kept.pop();
    let begin = std::time::Instant::now();
    loop {
        let mut raw = served.connect();
        raw.send(&search(&present(), &[1]));
        if raw.read().is_some_and(|first| first.contains(&0x64)) {
            break;
        }
        assert!(begin.elapsed().as_secs() < 60);
    }
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_and_slow_connections_are_closed() {
    let served = Served::with(|settings| settings.directory.idle_seconds = 1).await;
    let (mut silent, mut slow) = (served.connect(), served.connect());
    slow.send(&search(&present(), &[1])[..9]);
    let ends = tokio::task::spawn_blocking(move || (silent.result(), slow.result()));
    // unavailable
    assert_eq!(ends.await.unwrap(), (Some((0x78, 52)), Some((0x78, 52))));
    served.running.stop().await;
}

/// Entries with all that they have, asked for again and again and never read.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_its_answers_is_let_go() {
    let served = Served::with(|settings| settings.directory.stalled_seconds = 1).await;
    let parts = [
        tlv(4, BASE.as_bytes()),
        tlv(10, &[2]),
        tlv(10, &[0]),
        tlv(2, &[0]),
        tlv(2, &[0]),
        tlv(1, &[0]),
        present(),
        tlv(0x30, &[]),
    ];
    let request = message(&tlv(0x63, &parts.concat()));
    let mut greedy = served.connect();
    let let_go = tokio::task::spawn_blocking(move || greedy.send_until_closed(&request));
    assert!(let_go.await.unwrap(), "it still holds its connection");
    let mut raw = served.connect();
    raw.send(&search(&present(), &[1]));
    let answer = tokio::task::spawn_blocking(move || raw.read());
    assert!(answer.await.unwrap().is_some_and(|first| first.contains(&0x64)));
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stops_says_so_to_those_who_wait() {
    let served = Served::new().await;
    let mut raw = served.connect();
    raw.send(&search(&present(), &[1]));
    assert!(raw.read().is_some());
    let address = served.address();
    served.running.stop().await;
    let last = tokio::task::spawn_blocking(move || {
        let mut last = None;
        while let Some(result) = raw.result() {
            last = Some(result);
        }
        last
    });
    assert_eq!(last.await.unwrap(), Some((0x78, 52)));
    assert!(std::net::TcpStream::connect(address).is_err());
}

/// This machine is not limited, so only that others would be is told by the unit tests of the buckets;
/// here, that a flood from this machine is answered in full.
#[tokio::test(flavor = "multi_thread")]
async fn hundreds_of_idle_connections_hold_up_nobody() {
    let served = Served::with(|settings| {
        settings.directory.max_connections = 600;
        settings.directory.max_connections_per_address = 600;
    })
    .await;
    let idle: Vec<_> = (0..400).map(|_| served.connect()).collect();
    let half = search(&present(), &[1]);
    let mut slow: Vec<_> = (0..100).map(|_| served.connect()).collect();
    for raw in &mut slow {
        raw.send(&half[..half.len() / 2]);
    }
    let mut raw = served.connect();
    raw.send(&search(&present(), &[1]));
    let answer = tokio::task::spawn_blocking(move || raw.read());
    assert!(answer.await.unwrap().is_some_and(|first| first.contains(&0x64)));
    drop((idle, slow));
    served.running.stop().await;
}
