//! The index follows what is issued, and is derived.

use directory::AttributeType as A;
use directory::rules::index::{Key, sha1};
use testkit::together::{at_once, call};

use crate::world::{certificates, eq, hex, on_every_database, unit};

#[tokio::test(flavor = "multi_thread")]
async fn following_again_does_nothing_and_a_second_node_finds_it_done() {
    on_every_database(async |world| {
        for number in 60..70 {
            world.issue(number, "device-sign", &unit("某设备")).await;
        }
        let other = world.with(|_| ());
        let both = [&world.directory, &other].map(|one| call(one.follow()));
        let taken: Vec<_> = at_once(both.into()).into_iter().map(Result::unwrap).collect();
        assert!(taken.iter().sum::<usize>() >= 10);
        assert_eq!(world.directory.follow().await.unwrap(), 0);
        assert_eq!(world.directory.size().await.unwrap(), 10);
        world.issue(70, "device-sign", &unit("某设备")).await;
        assert_eq!(other.follow().await.unwrap(), 1);
        assert_eq!(world.serials(eq(A::CommonName, "某设备")).await.len(), 11);
        assert!(world.directory.verify().await.unwrap().is_sound());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_in_the_index_or_too_much_is_repaired() {
    on_every_database(async |world| {
        for number in 80..85 {
            world.issue(number, "unit-sign", &unit(&format!("单位{number}"))).await;
        }
        world.directory.follow().await.unwrap();
        world.tamper("DELETE FROM directory_index WHERE attribute = 'cn'").await;
        world.tamper("UPDATE directory_index SET attribute = 'o2' WHERE attribute = 'o'").await;
        assert!(world.serials(eq(A::CommonName, "单位82")).await.is_empty());
        let report = world.directory.verify().await.unwrap();
        assert_eq!((report.certificates, report.missing, report.surplus), (5, 10, 5));
        assert_eq!(world.serials(eq(A::CommonName, "单位82")).await, [hex(82)]);
        assert_eq!(world.serials(eq(A::Organization, "单位82")).await, [hex(82)]);
        assert!(world.directory.verify().await.unwrap().is_sound());
        // Lost as a whole, it is made anew.
        world.tamper("DELETE FROM directory_index").await;
        world.tamper("DELETE FROM directory_progress").await;
        assert_eq!(world.serials(certificates()).await.len(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_choice_of_kinds_makes_the_index_anew() {
    on_every_database(async |world| {
        world.issue(90, "unit-sign", &unit("某局")).await;
        world.issue(91, "device-sign", &unit("某设备")).await;
        world.directory.follow().await.unwrap();
        let kinds = ["unit".to_owned()];
        let policy = directory::Policy::new(&kinds, &["cn".to_owned()]).unwrap();
        let narrower = world.with(|config| config.policy = policy);
        narrower.follow().await.unwrap();
        assert_eq!(narrower.size().await.unwrap(), 1);
        assert!(narrower.verify().await.unwrap().is_sound());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_and_lists_are_found_by_the_keys_of_http() {
    on_every_database(async |world| {
        let sign = world.issue(95, "server-sign", &unit("某网站")).await;
        let enc = world.issue(96, "server-enc", &unit("某网站")).await;
        world.directory.follow().await.unwrap();
        let find = async |key, value: &[u8]| {
            let found = world.directory.certificates(key, value).await.unwrap();
            found.iter().map(|der| der.to_vec()).collect::<Vec<_>>()
        };
        let both = [sign.der().to_vec(), enc.der().to_vec()];
        assert_eq!(find(Key::CertificateHash, &sha1(sign.der())).await, both[..1]);
        assert_eq!(find(Key::SubjectHash, &sha1(sign.subject().der())).await, both);
        assert_eq!(find(Key::CommonName, "某网站".as_bytes()).await, both);
        assert_eq!(find(Key::Uri, b"host96.example").await, both[1..]);
        let id = sha1(&sign.ski().unwrap().0);
        assert_eq!(find(Key::KeyIdHash, &id).await, both[..1]);
        world.change(96, "revoked", Some(1)).await;
        assert_eq!(find(Key::CommonName, "某网站".as_bytes()).await, both[..1]);
        let list = bytes::Bytes::from_static(b"list");
        world.lists.put(("issuing", directory::port::List::Full), b"list");
        let by = directory::ListKey::Issuer;
        let issuer = sha1(sign.issuer().der());
        assert_eq!(world.directory.list(by, &issuer).await.unwrap(), Some(list));
        assert_eq!(world.directory.list(by, &[0; 20]).await.unwrap(), None);
    })
    .await;
}

/// A list of a million entries is not read to answer a question that anybody may ask: what these octets are, and whether
/// they are a list at all, is nobody's concern here.
#[tokio::test(flavor = "multi_thread")]
async fn of_keys_that_share_a_name_the_list_that_still_counts_is_found_unread() {
    on_every_database(async |world| {
        let other = world.issuer_called(("other", "issuing"), 0).await;
        let (full, now) = (directory::port::List::Full, world.now());
        let hour = jiff::SignedDuration::from_hours(1);
        world.lists.put_until(("issuing", full), b"ended", now - hour);
        world.lists.put_until(("other", full), b"counts", now + hour);
        let name = sha1(other.subject().der());
        let by_name = async || {
            let list = world.directory.list(directory::ListKey::Issuer, &name).await.unwrap();
            list.unwrap().to_vec()
        };
        assert_eq!(by_name().await, b"counts");
        world.lists.put_until(("issuing", full), b"ended", now);
        assert_eq!(by_name().await, b"ended", "its last second belongs to it");
        world.lists.put_until(("issuing", full), b"ended", now - hour);
        world.lists.put_until(("other", full), b"counts", now - hour);
        assert_eq!(by_name().await, b"counts", "the newest of what has ended");
    })
    .await;
}
