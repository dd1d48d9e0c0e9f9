//! One suite for every cryptographic device.
//!
//! A device crate calls [`conforms`] with a function that makes a fresh, empty device. Each case
//! gets a device of its own and fails with its name.

mod ceremony;
mod key_centre;
mod keys;
mod load;
mod sm2;
mod symmetric;

use gm::{Device, DeviceError, KeyKind, KeyLabel, RefusedReason, Session};

/// A named case.
pub type Case = (&'static str, fn(&dyn Device));

/// Every case, in the order in which they build on each other.
pub fn cases() -> Vec<Case> {
    [keys::CASES, sm2::CASES, symmetric::CASES, key_centre::CASES, ceremony::CASES, load::CASES]
        .concat()
}

/// Runs every case on a device made for it. Panics with the case's name where one fails.
pub fn conforms(make: impl Fn() -> Box<dyn Device>) {
    for (name, case) in cases() {
        let named = Named(name);
        case(&*make());
        drop(named);
    }
}

/// Tells which case was running when a check fails.
struct Named(&'static str);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("device case failed: {}", self.0);
        }
    }
}

fn label(text: &str) -> KeyLabel {
    KeyLabel::new(text).unwrap()
}

/// A session with one key called `key`.
fn with_key(device: &dyn Device, kind: KeyKind) -> (Box<dyn Session + '_>, KeyLabel) {
    let mut session = device.session().unwrap();
    let key = label("key");
    session.generate(&key, kind).unwrap();
    (session, key)
}

/// The call must be refused for this reason.
#[track_caller]
fn refused<T: std::fmt::Debug>(result: Result<T, DeviceError>, reason: RefusedReason) {
    assert_eq!(result.unwrap_err(), DeviceError::Refused(reason));
}
