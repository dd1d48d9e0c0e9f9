//! The software device in the hands of several processes of one machine: one count for each key, and one set
//! of keys for all. Two openings are to the locks of the system what two processes are.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use gm::{
    Device, DeviceError, Digest, KeyKind, KeyLabel, RefusedReason,
    soft::{SoftDevice, Stretch},
};

const PASSPHRASE: &[u8] = b"shared";

/// A folder with a device, and nobody who has it open.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let device = SoftDevice::create(folder.path(), PASSPHRASE, Stretch::FAST_FOR_TESTS).unwrap();
    device.session().unwrap().generate(&label("ca"), KeyKind::Sm2Sign).unwrap();
    folder
}

fn label(text: &str) -> KeyLabel {
    KeyLabel::new(text).unwrap()
}

fn share(folder: &Path) -> SoftDevice {
    SoftDevice::open_shared(folder, PASSPHRASE).unwrap()
}

fn sign(device: &SoftDevice, key: &str) -> Result<(), DeviceError> {
    device.session()?.sign_digest(&label(key), &Digest([1; 32])).map(drop)
}

fn uses(device: &SoftDevice, key: &str) -> u64 {
    device.session().unwrap().key(&label(key)).unwrap().uses
}

#[test]
fn whoever_shares_a_device_keeps_out_whoever_wants_it_alone_and_the_other_way_round() {
    let folder = folder();
    let (one, two) = (share(folder.path()), share(folder.path()));
    assert_eq!(SoftDevice::open(folder.path(), PASSPHRASE).unwrap_err(), DeviceError::Busy);
    drop(one);
    assert_eq!(SoftDevice::open(folder.path(), PASSPHRASE).unwrap_err(), DeviceError::Busy);
    drop(two);
    let alone = SoftDevice::open(folder.path(), PASSPHRASE).unwrap();
    assert_eq!(SoftDevice::open_shared(folder.path(), PASSPHRASE).unwrap_err(), DeviceError::Busy);
    drop(alone);
    share(folder.path());
}

/// T-06: a count that missed a signature of another process would explain one that nobody recorded.
#[test]
fn signatures_of_all_who_share_a_device_are_counted_together() {
    const EACH: u64 = 200;
    let folder = folder();
    let devices: Vec<SoftDevice> = (0..3).map(|_| share(folder.path())).collect();
    std::thread::scope(|scope| {
        for device in &devices {
            for _ in 0..2 {
                scope.spawn(move || (0..EACH).for_each(|_| sign(device, "ca").unwrap()));
            }
        }
    });
    for device in &devices {
        assert_eq!(uses(device, "ca"), 6 * EACH);
        let listed = device.session().unwrap().keys().unwrap();
        assert!(listed.iter().all(|key| key.uses == 6 * EACH), "{listed:?}");
    }
    drop(devices);
    let alone = SoftDevice::open(folder.path(), PASSPHRASE).unwrap();
    assert_eq!(uses(&alone, "ca"), 6 * EACH);
}

#[test]
fn a_key_that_another_made_is_there_and_one_that_another_destroyed_is_gone() {
    let folder = folder();
    let (one, two) = (share(folder.path()), share(folder.path()));
    let made = one.session().unwrap().generate(&label("ocsp-2"), KeyKind::Sm2Sign).unwrap();
    assert_eq!(two.session().unwrap().key(&label("ocsp-2")).unwrap(), made);
    sign(&two, "ocsp-2").unwrap();
    assert_eq!(uses(&one, "ocsp-2"), 1);
    one.session().unwrap().generate(&label("mac"), KeyKind::Hmac).unwrap();
    let names = |device: &SoftDevice| -> Vec<String> {
        let keys = device.session().unwrap().keys().unwrap();
        keys.into_iter().map(|key| key.label.to_string()).collect()
    };
    assert_eq!(names(&two), ["ca", "mac", "ocsp-2"]);
    // Between the look-up and the use, too: the count belongs to the key that was.
    two.session().unwrap().destroy(&label("ocsp-2")).unwrap();
    let gone = DeviceError::from(RefusedReason::NoSuchKey);
    assert_eq!(sign(&one, "ocsp-2").unwrap_err(), gone);
    assert_eq!(one.session().unwrap().key(&label("ocsp-2")).unwrap_err(), gone);
    assert_eq!(one.session().unwrap().destroy(&label("ocsp-2")).unwrap_err(), gone);
    assert_eq!(names(&one), ["ca", "mac"]);
}

#[test]
fn a_name_is_given_once_and_its_next_key_is_the_same_for_all() {
    let folder = folder();
    let devices: Vec<SoftDevice> = (0..4).map(|_| share(folder.path())).collect();
    let made = std::thread::scope(|scope| {
        let make = |device: &SoftDevice| {
            device.session().unwrap().generate(&label("tsa-1"), KeyKind::Sm2Sign)
        };
        let threads: Vec<_> =
            devices.iter().map(|device| scope.spawn(move || make(device))).collect();
        let made = threads.into_iter().map(|thread| thread.join().unwrap());
        made.filter_map(Result::ok).collect::<Vec<_>>()
    });
    assert_eq!(made.len(), 1, "{made:?}");
    let key_of =
        |device: &SoftDevice| device.session().unwrap().key(&label("tsa-1")).unwrap().public_key;
    for device in &devices {
        assert_eq!(key_of(device), made.first().unwrap().public_key);
    }
    let [first, second, ..] = &devices[..] else { panic!("four devices") };
    sign(second, "tsa-1").unwrap();
    first.session().unwrap().destroy(&label("tsa-1")).unwrap();
    let again = first.session().unwrap().generate(&label("tsa-1"), KeyKind::Sm2Sign).unwrap();
    for device in &devices {
        assert_eq!(key_of(device), again.public_key);
        assert_eq!(uses(device, "tsa-1"), 0, "counts are not inherited");
    }
}

/// What one process has half-written is not swept away by another that starts.
#[test]
fn an_opening_beside_others_leaves_unfinished_files_alone() {
    let folder = folder();
    let one = share(folder.path());
    let half = folder.path().join("half.key.new");
    std::fs::write(&half, b"{").unwrap();
    let two = share(folder.path());
    assert!(half.exists());
    assert_eq!(two.session().unwrap().keys().unwrap().len(), 1);
    drop((one, two));
    SoftDevice::open(folder.path(), PASSPHRASE).unwrap();
    assert!(!half.exists());
}
