//! Keys made for others: out only sealed, and to their owner only.

use gm::{
    Device, EnvelopedKey, KeyKind, PublicKey, RefusedReason, UserId,
    sm2::{self, PrivateKey},
    sm4,
};

use super::{Case, label, refused, with_key};

pub(super) const CASES: &[Case] = &[
    ("a wrapped key reaches its owner through the envelope", envelope_round_trip),
    ("a wrapped key cannot be opened as data", wrapped_key_is_not_data),
    ("a wrapped key changed or under another key is refused", changed_wrapping_is_refused),
    ("wrapped keys are all different", wrapped_keys_differ),
    ("an enveloped key is taken in by the device of its owner", enveloped_key_is_taken_in),
    ("an enveloped key that is changed or another's is not taken in", hostile_envelope_is_refused),
];

fn owner(device: &dyn Device) -> PrivateKey {
    PrivateKey::generate(&mut device.session().unwrap()).unwrap()
}

/// What the subscriber does (GM/T 0009 §7.4).
fn opened(envelope: &EnvelopedKey, owner: &PrivateKey) -> PrivateKey {
    let key = owner.decrypt(&envelope.key_cipher).unwrap();
    let key: &[u8; 16] = key.as_slice().try_into().unwrap();
    let private = sm4::ecb_decrypt(key, &envelope.encrypted_private_key).unwrap();
    PrivateKey::from_bytes(private.as_slice().try_into().unwrap()).unwrap()
}

fn envelope_round_trip(device: &dyn Device) {
    let (mut session, kek) = with_key(device, KeyKind::Sm4);
    let owner = owner(device);
    let wrapped = session.generate_wrapped(&kek).unwrap();
    let one = session.envelope_wrapped(&kek, &wrapped, owner.public_key()).unwrap();
    let two = session.envelope_wrapped(&kek, &wrapped, owner.public_key()).unwrap();
    assert_eq!(one.public_key, wrapped.public_key);
    assert_ne!(one.encrypted_private_key, two.encrypted_private_key, "the SM4 key repeated");
    for envelope in [one, two] {
        let key = opened(&envelope, &owner);
        assert_eq!(*key.public_key(), wrapped.public_key);
        let signature = key.sign(&UserId::default(), b"m");
        sm2::verify(&wrapped.public_key, &UserId::default(), b"m", &signature).unwrap();
    }
}

fn wrapped_key_is_not_data(device: &dyn Device) {
    let (mut session, kek) = with_key(device, KeyKind::Sm4);
    let wrapped = session.generate_wrapped(&kek).unwrap();
    let sec1 = wrapped.public_key.to_sec1();
    for aad in [&b""[..], &sec1, &sec1[1..]] {
        refused(session.open(&kek, aad, &wrapped.sealed), RefusedReason::BadInput);
    }
}

fn changed_wrapping_is_refused(device: &dyn Device) {
    let (mut session, kek) = with_key(device, KeyKind::Sm4);
    let other = label("other");
    session.generate(&other, KeyKind::Sm4).unwrap();
    let to: PublicKey = *owner(device).public_key();
    let wrapped = session.generate_wrapped(&kek).unwrap();
    let reason = RefusedReason::BadInput;
    refused(session.envelope_wrapped(&other, &wrapped, &to), reason);
    let mut swapped = wrapped.clone();
    swapped.public_key = session.generate_wrapped(&kek).unwrap().public_key;
    refused(session.envelope_wrapped(&kek, &swapped, &to), reason);
    for at in 0..wrapped.sealed.len() {
        let mut changed = wrapped.clone();
        changed.sealed[at] ^= 1;
        refused(session.envelope_wrapped(&kek, &changed, &to), reason);
    }
    let mut data = wrapped.clone();
    data.sealed = session.seal(&kek, &wrapped.public_key.to_sec1(), &[1; 32]).unwrap();
    refused(session.envelope_wrapped(&kek, &data, &to), reason);
}

fn wrapped_keys_differ(device: &dyn Device) {
    let (mut session, kek) = with_key(device, KeyKind::Sm4);
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        assert!(seen.insert(session.generate_wrapped(&kek).unwrap().public_key));
    }
}

fn enveloped_key_is_taken_in(device: &dyn Device) {
    let (mut session, kek) = with_key(device, KeyKind::Sm4);
    let (owner, own) = (label("owner"), label("own-enc"));
    let to = session.generate(&owner, KeyKind::Sm2Sign).unwrap().public_key.unwrap();
    let wrapped = session.generate_wrapped(&kek).unwrap();
    let envelope = session.envelope_wrapped(&kek, &wrapped, &to).unwrap();
    let info = session.import_enveloped(&own, &envelope, &owner).unwrap();
    assert_eq!((info.kind, info.public_key), (KeyKind::Sm2Decrypt, Some(wrapped.public_key)));
    let cipher = sm2::encrypt(&wrapped.public_key, b"m", &mut session).unwrap();
    assert_eq!(session.decrypt(&own, &cipher).unwrap().as_slice(), b"m");
    let reason = RefusedReason::LabelTaken;
    refused(session.import_enveloped(&own, &envelope, &owner), reason);
    // It encrypts; it never signs.
    refused(session.sign(&own, &UserId::default(), b"m"), RefusedReason::WrongKind);
}

fn hostile_envelope_is_refused(device: &dyn Device) {
    let (mut session, kek) = with_key(device, KeyKind::Sm4);
    let (owner, other) = (label("owner"), label("other"));
    let to = session.generate(&owner, KeyKind::Sm2Sign).unwrap().public_key.unwrap();
    session.generate(&other, KeyKind::Sm2Sign).unwrap();
    let wrapped = session.generate_wrapped(&kek).unwrap();
    let envelope = session.envelope_wrapped(&kek, &wrapped, &to).unwrap();
    let (target, reason) = (label("target"), RefusedReason::BadInput);
    refused(session.import_enveloped(&target, &envelope, &other), reason);
    refused(session.import_enveloped(&target, &envelope, &kek), RefusedReason::WrongKind);
    let mut swapped = envelope.clone();
    swapped.public_key = session.generate_wrapped(&kek).unwrap().public_key;
    refused(session.import_enveloped(&target, &swapped, &owner), reason);
    let mut changed = envelope;
    changed.encrypted_private_key[0] ^= 1;
    refused(session.import_enveloped(&target, &changed, &owner), reason);
    refused(session.key(&target), RefusedReason::NoSuchKey);
}
