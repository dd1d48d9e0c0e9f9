//! SM3 and HMAC-SM3: published values, RustCrypto, and the lanes against the single stream.

use ::sm3::Digest;
use proptest::prelude::*;

use super::*;
use crate::testing::cases;

fn hex_of(octets: [u8; 32]) -> String {
    hex::encode(octets)
}

#[test]
fn the_examples_of_the_standard() {
    assert_eq!(
        hex_of(hash(b"abc")),
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    );
    assert_eq!(
        hex_of(hash(&b"abcd".repeat(16))),
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    );
}

#[test]
fn every_length_around_a_block_is_hashed_as_others_do() {
    let data: Vec<u8> = (0..=255).cycle().take(300).collect();
    let messages: Vec<&[u8]> = (0..300).map(|length| &data[..length]).collect();
    let together = hash_many(&messages);
    for (message, lane) in messages.iter().zip(together) {
        let theirs: [u8; 32] = ::sm3::Sm3::digest(message).into();
        assert_eq!(hash(message), theirs);
        assert_eq!(lane, theirs);
    }
}

#[test]
fn portable_lanes_are_the_same() {
    let mut state: State8 = std::array::from_fn(|at| [1, 2, 3, 4, 5, 6, 7, at as u32]);
    let mut portable = state;
    let blocks: BlocksOf8 = std::array::from_fn(|lane| [lane as u8 * 31; BLOCK]);
    crate::cpu::sm3_compress8(&mut state, &blocks);
    lanes_portable::compress8(&mut portable, &blocks);
    assert_eq!(state, portable);
}

#[test]
fn a_tag_is_verified_as_a_whole() {
    let key = HmacKey::new(b"key");
    let tag = key.mac(&[b"message"]);
    assert!(key.verify(&[b"mess", b"age"], &tag));
    assert!(!key.verify(&[b"message"], &tag[..31]));
    assert!(!key.verify(&[b"message"], &[]));
    for at in 0..32 {
        let mut wrong = tag;
        wrong[at] ^= 1;
        assert!(!key.verify(&[b"message"], &wrong));
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn pieces_are_the_whole(
        pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..150), 0..6),
    ) {
        let whole = pieces.concat();
        let parts: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
        let theirs: [u8; 32] = ::sm3::Sm3::digest(&whole).into();
        prop_assert_eq!(hash_parts(&parts), theirs);
    }

    #[test]
    fn lanes_of_any_lengths_are_single_streams(
        messages in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..20),
    ) {
        let single: Vec<_> = messages.iter().map(|message| hash(message)).collect();
        prop_assert_eq!(hash_many(&messages), single);
    }
}
