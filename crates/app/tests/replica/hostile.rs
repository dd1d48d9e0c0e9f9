//! Servers that aren't what they should be: whatever they say, it is a trouble and no more.

use std::io::{Read, Write};
use std::net::TcpListener;

use app::Settings;
use bytes::Bytes;
use directory::message::{Outcome, ResultCode, bind_done, disconnection, done, entry, search_done};

use super::{enrol, health, publish};
use crate::world::World;

/// Listens, answers the first message with these octets and each further one with those, until the
/// client goes.
fn serve(first: Vec<u8>, then: Vec<u8>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (first, then) = (first.clone(), then.clone());
            std::thread::spawn(move || {
                let mut octets = [0; 4096];
                let mut answer = &first;
                while stream.read(&mut octets).is_ok_and(|read| read > 0) {
                    if stream.write_all(answer).is_err() {
                        return;
                    }
                    answer = &then;
                }
            });
        }
    });
    port
}

fn into(port: u16, secret: String) -> impl FnOnce(&mut Settings) {
    move |settings| {
        let replica = &mut settings.directory.replica;
        replica.url = format!("ldap://127.0.0.1:{port}");
        replica.bind = "cn=writer,c=CN".to_owned();
        replica.passphrase_file = secret;
        replica.start_tls = false;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_a_trouble_and_nothing_counts_as_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "passphrase").unwrap();
    let fine = bind_done(1, &Outcome::success());
    let refused = Outcome::new(ResultCode::InvalidCredentials, "no");
    let busy = Outcome::new(ResultCode::Busy, "later\r\n\x1b[31m");
    let many = entry(2, "cn=a", &[("cn".to_owned(), vec![Bytes::from_static(b"a")])]).repeat(9);
    for (first, then, word) in [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(), Vec::new(), "应答"),
        (vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff], Vec::new(), "应答"),
        (bind_done(9, &Outcome::success()), Vec::new(), "编号"),
        (search_done(1, &Outcome::success(), None), Vec::new(), "种类"),
        (bind_done(1, &refused), Vec::new(), "49"),
        (fine.clone(), b"junk".to_vec(), "应答"),
        (fine.clone(), done(2, 0x69, &busy), "51"),
        (fine.clone(), disconnection(&busy), "结束连接"),
        (fine.clone(), many, "数量"),
        (fine.clone(), done(3, 0x69, &Outcome::success()), "编号"),
    ] {
        let port = serve(first, then);
        let world = World::with(into(port, secret.display().to_string())).await;
        enrol(&world, "unit-1", "unit").await;
        publish(&world).await;
        let health = health(&world).await;
        let trouble = health.trouble.unwrap();
        assert!(trouble.contains(word), "{word}: {trouble}");
        assert!(!trouble.contains(char::is_control), "{trouble:?}");
        assert_eq!(health.sent, 0);
        assert!(health.waiting_since.is_some());
    }
}
