//! Labels, kinds, listing, destroying.

use gm::{Ciphertext, Device, Digest, KeyKind, RefusedReason, UserId, sm2};

use super::{Case, label, refused, with_key};

pub(super) const CASES: &[Case] = &[
    ("a new device has no keys", new_device_is_empty),
    ("keys are listed by label with kind and public half", keys_are_listed),
    ("a label is given only once", label_is_unique),
    ("an unknown label is refused everywhere", unknown_label_is_refused),
    ("a destroyed key is gone and its label free", destroyed_key_is_gone),
    ("a key of the wrong kind is refused everywhere", wrong_kind_is_refused),
    ("every session sees the same keys", sessions_share_keys),
];

fn new_device_is_empty(device: &dyn Device) {
    assert!(device.session().unwrap().keys().unwrap().is_empty());
    assert!(!device.info().name.is_empty());
}

fn keys_are_listed(device: &dyn Device) {
    let mut session = device.session().unwrap();
    let kinds = [
        ("z-hmac", KeyKind::Hmac),
        ("m.sm4", KeyKind::Sm4),
        ("a_sign", KeyKind::Sm2Sign),
        ("0-decrypt", KeyKind::Sm2Decrypt),
    ];
    for (name, kind) in kinds {
        let made = session.generate(&label(name), kind).unwrap();
        assert_eq!((made.kind, made.uses), (kind, 0));
        assert!(made.created > 1_600_000_000);
        assert_eq!(session.key(&label(name)).unwrap(), made);
        let sm2 = matches!(kind, KeyKind::Sm2Sign | KeyKind::Sm2Decrypt);
        assert_eq!(made.public_key.is_some(), sm2);
    }
    let listed = session.keys().unwrap();
    let names: Vec<_> = listed.iter().map(|key| key.label.as_str()).collect();
    assert_eq!(names, ["0-decrypt", "a_sign", "m.sm4", "z-hmac"]);
    assert_ne!(listed[0].public_key, listed[1].public_key);
}

fn label_is_unique(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let before = session.key(&key).unwrap();
    refused(session.generate(&key, KeyKind::Sm2Sign), RefusedReason::LabelTaken);
    refused(session.generate(&key, KeyKind::Hmac), RefusedReason::LabelTaken);
    assert_eq!(session.key(&key).unwrap(), before);
}

fn unknown_label_is_refused(device: &dyn Device) {
    let mut session = device.session().unwrap();
    let none = label("none");
    let reason = RefusedReason::NoSuchKey;
    refused(session.key(&none), reason);
    refused(session.destroy(&none), reason);
    refused(session.sign_digest(&none, &Digest([1; 32])), reason);
    refused(session.sign(&none, &UserId::default(), b"m"), reason);
    refused(session.hmac(&none, b"m"), reason);
    refused(session.seal(&none, b"", b"m"), reason);
    refused(session.open(&none, b"", &[0; 40]), reason);
    refused(session.generate_wrapped(&none), reason);
    refused(session.split(&none, 2, 3), reason);
}

fn destroyed_key_is_gone(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let first = session.key(&key).unwrap().public_key;
    session.sign_digest(&key, &Digest([1; 32])).unwrap();
    session.destroy(&key).unwrap();
    refused(session.key(&key), RefusedReason::NoSuchKey);
    refused(session.sign_digest(&key, &Digest([1; 32])), RefusedReason::NoSuchKey);
    let again = session.generate(&key, KeyKind::Sm2Sign).unwrap();
    assert_ne!(again.public_key, first);
    assert_eq!(again.uses, 0);
}

fn wrong_kind_is_refused(device: &dyn Device) {
    let mut session = device.session().unwrap();
    let (sign, decrypt, sm4, hmac) = (label("sign"), label("decrypt"), label("sm4"), label("hmac"));
    let signer = session.generate(&sign, KeyKind::Sm2Sign).unwrap().public_key.unwrap();
    session.generate(&decrypt, KeyKind::Sm2Decrypt).unwrap();
    session.generate(&sm4, KeyKind::Sm4).unwrap();
    session.generate(&hmac, KeyKind::Hmac).unwrap();
    let ciphertext: Ciphertext = sm2::encrypt(&signer, b"m", &mut session).unwrap();
    let reason = RefusedReason::WrongKind;
    for wrong in [&decrypt, &sm4, &hmac] {
        refused(session.sign_digest(wrong, &Digest([1; 32])), reason);
        refused(session.sign(wrong, &UserId::default(), b"m"), reason);
        refused(session.split(wrong, 2, 3), reason);
        assert_eq!(session.key(wrong).unwrap().uses, 0);
    }
    for wrong in [&sign, &sm4, &hmac] {
        refused(session.decrypt(wrong, &ciphertext), reason);
    }
    for wrong in [&sign, &decrypt, &hmac] {
        refused(session.seal(wrong, b"", b"m"), reason);
        refused(session.open(wrong, b"", &[0; 40]), reason);
        refused(session.generate_wrapped(wrong), reason);
    }
    for wrong in [&sign, &decrypt, &sm4] {
        refused(session.hmac(wrong, b"m"), reason);
    }
}

fn sessions_share_keys(device: &dyn Device) {
    let (mut one, key) = with_key(device, KeyKind::Sm2Sign);
    let mut two = device.session().unwrap();
    one.sign_digest(&key, &Digest([1; 32])).unwrap();
    assert_eq!(two.key(&key).unwrap().uses, 1);
    two.destroy(&key).unwrap();
    refused(one.key(&key), RefusedReason::NoSuchKey);
}
