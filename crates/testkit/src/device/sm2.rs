//! Signing, counting, decrypting.

use gm::{Ciphertext, Device, Digest, KeyKind, RefusedReason, Signature, UserId, sm2};

use super::{Case, label, refused, with_key};

pub(super) const CASES: &[Case] = &[
    ("a signature verifies under its key, ID and message only", signature_verifies),
    ("signing e equals signing the message", signing_digest_equals_message),
    ("every signature is counted, nothing else is", signatures_are_counted),
    ("what is encrypted to a key decrypts with it only", encryption_round_trip),
    ("a changed ciphertext is refused", changed_ciphertext_is_refused),
];

fn signature_verifies(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let other = session.generate(&label("other"), KeyKind::Sm2Sign).unwrap();
    let ids =
        [UserId::default(), UserId::new("甲").unwrap(), UserId::new(vec![0xff; 300]).unwrap()];
    for id in &ids {
        for message in [&b""[..], b"m", &[0xa5; 5000]] {
            let signature = session.sign(&key, id, message).unwrap();
            sm2::verify(&public, id, message, &signature).unwrap();
            assert_eq!(Signature::from_der(&signature.to_der()).unwrap(), signature);
            let longer = [message, b"+"].concat();
            sm2::verify(&public, id, &longer, &signature).unwrap_err();
            sm2::verify(&other.public_key.unwrap(), id, message, &signature).unwrap_err();
            sm2::verify(&public, &UserId::new("乙").unwrap(), message, &signature).unwrap_err();
        }
    }
}

fn signing_digest_equals_message(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let e = sm2::digest(&public, &UserId::default(), b"message");
    let signature = session.sign_digest(&key, &e).unwrap();
    sm2::verify(&public, &UserId::default(), b"message", &signature).unwrap();
    // The extremes of e, above n included.
    for e in [Digest([0; 32]), Digest([0xff; 32])] {
        let signature = session.sign_digest(&key, &e).unwrap();
        sm2::verify_digest(&public, &e, &signature).unwrap();
    }
}

fn signatures_are_counted(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let other = session.generate(&label("other"), KeyKind::Sm2Sign).unwrap();
    for count in 1..=20 {
        session.sign(&key, &UserId::default(), b"m").unwrap();
        assert_eq!(session.key(&key).unwrap().uses, count);
    }
    session.split(&key, 2, 3).unwrap();
    session.keys().unwrap();
    assert_eq!(session.key(&key).unwrap().uses, 20);
    assert_eq!(session.key(&other.label).unwrap().uses, 0);
}

fn encryption_round_trip(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Decrypt);
    let other = label("other");
    session.generate(&other, KeyKind::Sm2Decrypt).unwrap();
    let public = session.key(&key).unwrap().public_key.unwrap();
    for length in [1, 2, 16, 31, 32, 33, 64, 1000] {
        let plain = vec![0x5a; length];
        let sent = sm2::encrypt(&public, &plain, &mut session).unwrap();
        let received = Ciphertext::from_der(&sent.to_der()).unwrap();
        assert_eq!(session.decrypt(&key, &received).unwrap().as_slice(), plain);
        refused(session.decrypt(&other, &received), RefusedReason::BadInput);
    }
    assert_eq!(session.key(&key).unwrap().uses, 0);
}

fn changed_ciphertext_is_refused(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Decrypt);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let sent = sm2::encrypt(&public, b"sixteen octets !", &mut session).unwrap().to_raw();
    // Behind the point every bit matters; a changed point is off the curve already.
    for at in 65..sent.len() {
        let mut changed = sent.clone();
        changed[at] ^= 0x80;
        let changed = Ciphertext::from_raw(&changed).unwrap();
        refused(session.decrypt(&key, &changed), RefusedReason::BadInput);
    }
    for at in 1..65 {
        let mut changed = sent.clone();
        changed[at] ^= 1;
        Ciphertext::from_raw(&changed).unwrap_err();
    }
}
