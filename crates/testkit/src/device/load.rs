//! Many callers at once.

use gm::{Device, KeyKind, UserId, sm2};

use super::{Case, label};

pub(super) const CASES: &[Case] = &[
    ("concurrent sessions sign, count and draw correctly", concurrent_signing),
    ("concurrent sessions make and destroy keys", concurrent_keys),
];

const THREADS: usize = 8;
const ROUNDS: usize = 50;

fn concurrent_signing(device: &dyn Device) {
    let key = label("key");
    let made = device.session().unwrap().generate(&key, KeyKind::Sm2Sign).unwrap();
    let public = made.public_key.unwrap();
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let key = &key;
            scope.spawn(move || {
                let mut session = device.session().unwrap();
                for round in 0..ROUNDS {
                    let message = format!("{thread} {round}");
                    let id = UserId::default();
                    let signature = session.sign(key, &id, message.as_bytes()).unwrap();
                    sm2::verify(&public, &id, message.as_bytes(), &signature).unwrap();
                }
            });
        }
    });
    let uses = device.session().unwrap().key(&key).unwrap().uses;
    assert_eq!(uses, u64::try_from(THREADS * ROUNDS).unwrap());
}

fn concurrent_keys(device: &dyn Device) {
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            scope.spawn(move || {
                let mut session = device.session().unwrap();
                let (mine, shared) = (label(&format!("key-{thread}")), label("shared"));
                session.generate(&mine, KeyKind::Hmac).unwrap();
                // Exactly one of them gets the shared label.
                session.generate(&shared, KeyKind::Sm4).ok();
                if thread % 2 == 0 {
                    session.destroy(&mine).unwrap();
                }
            });
        }
    });
    let mut session = device.session().unwrap();
    assert_eq!(session.keys().unwrap().len(), THREADS / 2 + 1);
}
