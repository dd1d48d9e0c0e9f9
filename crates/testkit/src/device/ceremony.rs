//! Splitting a key among custodians and restoring it (GM/T 0034 asks for 3 of 5).

use gm::{Device, Digest, KeyKind, KeyShare, RefusedReason, sm2};

use super::{Case, label, refused, with_key};

pub(super) const CASES: &[Case] = &[
    ("any three of five shares restore the key", any_three_of_five),
    ("two of five shares restore nothing", two_of_five),
    ("shares survive being written down", shares_as_octets),
    ("a changed, doubled or foreign share restores nothing", bad_shares),
    ("impossible thresholds are refused", impossible_thresholds),
    ("restoring needs a free label", restoring_needs_free_label),
];

/// All ways to take `size` of `shares`, in every order of the list.
fn choices(shares: &[KeyShare], size: u32) -> Vec<Vec<KeyShare>> {
    (0u32..1 << shares.len())
        .filter(|mask| mask.count_ones() == size)
        .map(|mask| {
            let chosen = shares.iter().enumerate().rev();
            chosen.filter(|(at, _)| mask >> at & 1 == 1).map(|(_, share)| share.clone()).collect()
        })
        .collect()
}

fn any_three_of_five(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let shares = session.split(&key, 3, 5).unwrap();
    assert_eq!(shares.iter().map(KeyShare::index).collect::<Vec<_>>(), [1, 2, 3, 4, 5]);
    let restored = label("restored");
    let threes = choices(&shares, 3);
    assert_eq!(threes.len(), 10);
    let more = [choices(&shares, 4), choices(&shares, 5)].concat();
    for chosen in threes.into_iter().chain(more) {
        let info = session.combine(&restored, &chosen, &public).unwrap();
        assert_eq!((info.kind, info.public_key), (KeyKind::Sm2Sign, Some(public)));
        let signature = session.sign_digest(&restored, &Digest([9; 32])).unwrap();
        sm2::verify_digest(&public, &Digest([9; 32]), &signature).unwrap();
        session.destroy(&restored).unwrap();
    }
}

fn two_of_five(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let shares = session.split(&key, 3, 5).unwrap();
    let restored = label("restored");
    let few = [choices(&shares, 0), choices(&shares, 1), choices(&shares, 2)].concat();
    assert_eq!(few.len(), 1 + 5 + 10);
    for chosen in few {
        refused(session.combine(&restored, &chosen, &public), RefusedReason::BadInput);
    }
    refused(session.key(&restored), RefusedReason::NoSuchKey);
}

fn shares_as_octets(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let written: Vec<_> =
        session.split(&key, 2, 2).unwrap().iter().map(KeyShare::to_bytes).collect();
    session.destroy(&key).unwrap();
    let read: Vec<_> = written.iter().map(|octets| KeyShare::from_bytes(octets).unwrap()).collect();
    session.combine(&key, &read, &public).unwrap();
    assert_ne!(written[0][2..], written[1][2..]);
}

fn bad_shares(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let shares = session.split(&key, 3, 5).unwrap();
    let foreign = session.split(&key, 3, 5).unwrap();
    let restored = label("restored");
    let mut octets = shares[2].to_bytes();
    octets[20] ^= 1;
    let changed = KeyShare::from_bytes(&octets).unwrap();
    let mut octets = shares[2].to_bytes();
    octets[2..].fill(0xff);
    let above_order = KeyShare::from_bytes(&octets).unwrap();
    for third in [changed, above_order, shares[0].clone(), foreign[2].clone()] {
        let chosen = [shares[0].clone(), shares[1].clone(), third];
        refused(session.combine(&restored, &chosen, &public), RefusedReason::BadInput);
    }
    let other = session.generate(&label("other"), KeyKind::Sm2Sign).unwrap();
    let expect = other.public_key.unwrap();
    refused(session.combine(&restored, &shares[..3], &expect), RefusedReason::BadInput);
    refused(session.key(&restored), RefusedReason::NoSuchKey);
}

fn impossible_thresholds(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    for (threshold, shares) in [(0, 5), (1, 5), (3, 2), (2, 1), (0, 0)] {
        refused(session.split(&key, threshold, shares), RefusedReason::BadInput);
    }
    assert_eq!(session.split(&key, 2, 255).unwrap().len(), 255);
}

fn restoring_needs_free_label(device: &dyn Device) {
    let (mut session, key) = with_key(device, KeyKind::Sm2Sign);
    let public = session.key(&key).unwrap().public_key.unwrap();
    let shares = session.split(&key, 2, 3).unwrap();
    refused(session.combine(&key, &shares, &public), RefusedReason::LabelTaken);
}
