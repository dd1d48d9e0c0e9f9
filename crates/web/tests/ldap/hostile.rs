//! Octets that no client sends by mistake.

use super::client::{Served, message, present, search, tlv};

/// The server still answers others.
async fn is_well(served: &Served) {
    let mut raw = served.connect();
    raw.send(&search(&present(), &[1]));
    let first = tokio::task::spawn_blocking(move || raw.read()).await.unwrap();
    assert!(first.is_some());
}

/// What is answered to these octets: tag and code of each message until the connection ends or a
/// result of the search comes.
async fn ask(served: &Served, octets: Vec<u8>) -> Option<(u8, u8)> {
    let mut raw = served.connect();
    let answer = tokio::task::spawn_blocking(move || {
        raw.send(&octets);
        raw.result()
    });
    answer.await.unwrap()
}

const DONE: u8 = 0x65;
const NOTICE: u8 = 0x78;
const PROTOCOL: u8 = 2;
const ADMIN: u8 = 11;

#[tokio::test(flavor = "multi_thread")]
async fn filters_that_are_bombs_are_answered_and_cost_nothing() {
    let served = Served::new().await;
    let nested = |depth: usize| (0..depth).fold(present(), |inner, _| tlv(0xa2, &inner));
    assert_eq!(ask(&served, search(&nested(5_000), &[0])).await, Some((DONE, ADMIN)));
    let wide = tlv(0xa1, &tlv(0x87, b"cn").repeat(10_000));
    assert_eq!(ask(&served, search(&wide, &[0])).await, Some((DONE, ADMIN)));
    // 10,000 levels and a megabyte are beyond the largest message.
    assert_eq!(ask(&served, search(&nested(20_000), &[0])).await, Some((NOTICE, PROTOCOL)));
    let large = tlv(0xa3, &[tlv(4, b"cn"), tlv(4, &vec![b'a'; 1 << 20])].concat());
    assert_eq!(ask(&served, search(&large, &[0])).await, Some((NOTICE, PROTOCOL)));
    let parts = tlv(0x81, b"a").repeat(5_000);
    let storm = tlv(0xa4, &[tlv(4, b"cn"), tlv(0x30, &parts)].concat());
    assert_eq!(ask(&served, search(&storm, &[0])).await, Some((DONE, ADMIN)));
    is_well(&served).await;
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_ends_the_connection_with_a_word() {
    let served = Served::new().await;
    for octets in [
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![0x30, 0x80, 0, 0],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
        vec![0x16, 3, 1, 0, 5],
        tlv(0x30, &[]),
        tlv(0x30, &tlv(2, &[])),
        tlv(0x30, &[tlv(2, &[0]), tlv(0x63, &[])].concat()),
        tlv(0x30, &[tlv(2, &[0xff]), tlv(0x42, &[])].concat()),
        vec![0x30, 5, 2, 1, 1, 0x63, 9],
        message(&tlv(0x7f, b"x")),
        message(&tlv(0x64, &[])),
    ] {
        assert_eq!(ask(&served, octets.clone()).await, Some((NOTICE, PROTOCOL)), "{octets:x?}");
    }
    is_well(&served).await;
    served.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn operations_that_are_none_are_answered_as_what_they_claim_to_be() {
    let served = Served::new().await;
    for (octets, answer) in [
        (message(&tlv(0x60, b"junk")), (0x61, PROTOCOL)),
        (message(&tlv(0x63, &[])), (DONE, PROTOCOL)),
        (search(&present(), &[0xff]), (DONE, PROTOCOL)),
        (search(&present(), &[0, 0xff, 0xff, 0xff, 0xff]), (DONE, PROTOCOL)),
        (search(&tlv(0x99, b"x"), &[0]), (DONE, PROTOCOL)),
        (message(&tlv(0x6e, &[4, 9])), (0x6f, PROTOCOL)),
        (message(&tlv(0x77, &[0x80, 1, 0xff])), (NOTICE, PROTOCOL)),
        (message(&tlv(0x77, &tlv(0x80, b"1.2.3"))), (NOTICE, PROTOCOL)),
        (message(&tlv(0x66, &[])), (0x67, 53)),
        (message(&tlv(0x68, &[])), (0x69, 53)),
        (message(&tlv(0x4a, b"cn=x")), (0x6b, 53)),
        // Version 2, and SASL.
        (message(&tlv(0x60, &[tlv(2, &[2]), tlv(4, b""), tlv(0x80, b"")].concat())), (0x61, 2)),
        (
            message(&tlv(
                0x60,
                &[tlv(2, &[3]), tlv(4, b""), tlv(0xa3, &tlv(4, b"PLAIN"))].concat(),
            )),
            (0x61, 7),
        ),
        // A name without a password is no sign-in.
        (
            message(&tlv(0x60, &[tlv(2, &[3]), tlv(4, b"cn=a"), tlv(0x80, b"")].concat())),
            (0x61, 53),
        ),
    ] {
        assert_eq!(ask(&served, octets.clone()).await, Some(answer), "{octets:x?}");
    }
    is_well(&served).await;
    served.running.stop().await;
}

/// Halves of messages, many messages at once, and octets drawn from a seed.
#[tokio::test(flavor = "multi_thread")]
async fn no_octets_end_the_service() {
    let served = Served::with(|settings| {
        settings.directory.max_connections = 10_000;
        settings.directory.max_connections_per_address = 10_000;
    })
    .await;
    let whole = search(&present(), &[1]);
    for cut in 0..whole.len() {
        let mut raw = served.connect();
        raw.send(&whole[..cut]);
    }
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for round in 0..300_usize {
        let mut octets = whole.clone();
        for _ in 0..=round % 4 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(state >> 33).unwrap() % octets.len();
            octets[at] = u8::try_from(state >> 24 & 0xff).unwrap();
        }
        let mut raw = served.connect();
        raw.send(&octets);
    }
    let mut raw = served.connect();
    raw.send(&[whole.as_slice(), &whole, &message(&tlv(0x42, &[]))].concat());
    let count = tokio::task::spawn_blocking(move || {
        let mut count = 0;
        while raw.read().is_some() {
            count += 1;
        }
        count
    });
    // One entry and one result for each search, then the end that was asked for.
    assert_eq!(count.await.unwrap(), 4);
    is_well(&served).await;
    served.running.stop().await;
}
