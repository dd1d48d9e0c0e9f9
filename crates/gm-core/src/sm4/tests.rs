//! SM4: published values, RustCrypto, and every way of this CPU against the circuit.

use ::sm4::cipher::{BlockCipherEncrypt, KeyInit};
use proptest::prelude::*;

use super::ghash::Ghash;
use super::*;
use crate::testing::cases;

fn block(text: &str) -> Block {
    hex::decode(text).unwrap().try_into().unwrap()
}

const KEY: &str = "0123456789abcdeffedcba9876543210";

fn theirs(key: &Block, block: &Block) -> Block {
    let mut out = (*block).into();
    ::sm4::Sm4::new(&(*key).into()).encrypt_block(&mut out);
    out.into()
}

/// GB/T 32907 Appendix A.1, A.2.
#[test]
fn the_examples_of_the_standard() {
    let key = Key::new(&block(KEY));
    let mut blocks = [block(KEY)];
    key.encrypt_blocks(&mut blocks);
    assert_eq!(hex::encode(blocks[0]), "681edf34d206965e86b3e94f536e4246");
    key.decrypt_blocks(&mut blocks);
    assert_eq!(blocks, [block(KEY)]);
    for _ in 0..1_000_000 {
        key.encrypt_blocks(&mut blocks);
    }
    assert_eq!(hex::encode(blocks[0]), "595298c7c6fd271f0402f804c33d3f66");
}

/// The first values and the last of the standard's table; the others are seen through the
/// cipher, below.
#[test]
fn the_circuit_has_the_values_of_the_table() {
    let values: Vec<u8> = (0..=255).map(|octet| bitslice::sbox_word(octet) as u8).collect();
    assert_eq!(values[..8], [0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7]);
    assert_eq!(values[255], 0x48);
    let mut sorted = values.clone();
    sorted.sort_unstable();
    assert!(sorted.iter().copied().eq(0..=255));
    for octet in 0..=255u32 {
        let everywhere = bitslice::sbox_word(octet * 0x0101_0101);
        assert_eq!(everywhere, u32::from(values[octet as usize]) * 0x0101_0101);
    }
}

/// All counts of blocks around the groups of every vector.
#[test]
fn every_number_of_blocks_takes_the_right_way() {
    let secret = block(KEY);
    let key = Key::new(&secret);
    for count in 0..150usize {
        let plain: Vec<Block> =
            (0..count).map(|at| std::array::from_fn(|j| (at * 37 + j * 11) as u8)).collect();
        let mut cipher = plain.clone();
        key.encrypt_blocks(&mut cipher);
        for (plain, cipher) in plain.iter().zip(&cipher) {
            assert_eq!(*cipher, theirs(&secret, plain));
        }
        key.decrypt_blocks(&mut cipher);
        assert_eq!(cipher, plain);
    }
}

#[test]
fn cbc_pads_every_length_and_refuses_what_is_not_padded() {
    let (key, iv) = (Key::new(&block(KEY)), [7; BLOCK]);
    for length in 0..1100 {
        let plain: Vec<u8> = (0..length).map(|at| at as u8).collect();
        let cipher = key.cbc_encrypt(&iv, &plain);
        assert_eq!(cipher.len(), (length / 16 + 1) * 16);
        assert_eq!(key.cbc_decrypt(&iv, &cipher).unwrap().as_slice(), plain);
        key.cbc_decrypt(&iv, &cipher[1..]).unwrap_err();
    }
    key.cbc_decrypt(&iv, &[]).unwrap_err();
    for (last, right) in [
        ([0; 16], false),
        ([17; 16], false),
        ([16; 16], true),
        ([1; 16], true),
        (block("00000000000000000000000000000203"), false),
        (block("00000000000000000000000000030303"), true),
        (block("00000000000000000000000000020303"), false),
        (block("0f101010101010101010101010101010"), false),
    ] {
        let mut cipher = [last];
        key.encrypt_blocks(&mut cipher);
        let opened = key.cbc_decrypt(&[0; 16], cipher.as_flattened());
        assert_eq!(opened.is_ok(), right, "{last:?}");
    }
}

#[test]
fn the_counter_of_ctr_is_the_whole_block() {
    let key = Key::new(&block(KEY));
    let mut stream = [0; 40];
    key.ctr(&[0xff; 16], &mut stream);
    let mut blocks = [[0xff; 16], [0; 16], block("00000000000000000000000000000001")];
    key.encrypt_blocks(&mut blocks);
    assert_eq!(stream[..], blocks.as_flattened()[..40]);
    let mut wrapped = [0; 32];
    let next = key.ctr32(&[0xff; 16], &mut wrapped, &mut [[0; 16]; 1]);
    let mut second = [0xff; 16];
    second[12..].fill(0);
    let mut blocks = [[0xff; 16], second];
    key.encrypt_blocks(&mut blocks);
    assert_eq!(wrapped[..], *blocks.as_flattened());
    assert_eq!(next, block("ffffffffffffffffffffffff00000001"));
}

#[test]
fn gcm_opens_only_what_was_sealed() {
    let gcm = Gcm::new(&block(KEY));
    let sealed = gcm.seal(&[1; 12], b"beside", b"plain").unwrap();
    assert_eq!(gcm.open(&[1; 12], b"beside", &sealed).unwrap().as_slice(), b"plain");
    for at in 0..sealed.len() {
        let mut wrong = sealed.clone();
        wrong[at] ^= 0x80;
        assert_eq!(gcm.open(&[1; 12], b"beside", &wrong), Err(crate::Error::Decrypt));
    }
    gcm.open(&[1; 12], b"besidf", &sealed).unwrap_err();
    gcm.open(&[2; 12], b"beside", &sealed).unwrap_err();
    gcm.open(&[1; 12], b"beside", &sealed[..15]).unwrap_err();
    assert_eq!(gcm.seal(&[], b"", b""), Err(crate::Error::Length));
}

#[test]
fn ccm_refuses_lengths_it_does_not_have() {
    for tag in [0, 2, 5, 15, 18] {
        Ccm::new(&block(KEY), tag).unwrap_err();
    }
    let ccm = Ccm::new(&block(KEY), 16).unwrap();
    ccm.seal(&[0; 6], b"", b"").unwrap_err();
    ccm.seal(&[0; 14], b"", b"").unwrap_err();
    ccm.seal(&[0; 13], b"", &[0; 65535]).unwrap();
    ccm.seal(&[0; 13], b"", &[0; 65536]).unwrap_err();
    // Data beside that is long enough to be counted in four octets.
    let long = vec![7; 70_000];
    let sealed = ccm.seal(&[0; 12], &long, b"plain").unwrap();
    assert_eq!(ccm.open(&[0; 12], &long, &sealed).unwrap().as_slice(), b"plain");
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn the_circuit_is_the_cipher(
        secret in any::<Block>(),
        blocks in prop::collection::vec(any::<Block>(), 0..70),
    ) {
        let mut circuit = blocks.clone();
        let mut fast = blocks.clone();
        let key = Key::new(&secret);
        portable(key.rounds(), &mut circuit);
        key.encrypt_blocks(&mut fast);
        let expected: Vec<Block> = blocks.iter().map(|block| theirs(&secret, block)).collect();
        prop_assert_eq!(&circuit, &expected);
        prop_assert_eq!(&fast, &expected);
    }

    /// The wider vectors are not asked where a narrower one does.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_vector_is_the_cipher(
        secret in any::<Block>(),
        blocks in prop::collection::vec(any::<Block>(), 0..140),
    ) {
        let key = Key::new(&secret);
        let mut expected = blocks.clone();
        portable(key.rounds(), &mut expected);
        for way in crate::cpu::sm4_ways() {
            let mut out = blocks.clone();
            way(key.rounds(), &mut out);
            prop_assert_eq!(&out, &expected);
        }
    }

    #[test]
    fn both_products_hash_the_same(
        h in any::<Block>(),
        sum in any::<u128>(),
        blocks in prop::collection::vec(any::<Block>(), 0..40),
    ) {
        let ghash = Ghash::new(&h);
        let fast = crate::cpu::ghash(sum, ghash.powers(), &blocks);
        let slow = ghash::portable::ghash(sum, ghash.powers(), &blocks);
        prop_assert_eq!(fast, slow);
    }

    #[test]
    fn gcm_is_that_of_others(
        secret in any::<Block>(),
        nonce in any::<[u8; 12]>(),
        aad in prop::collection::vec(any::<u8>(), 0..100),
        plain in prop::collection::vec(any::<u8>(), 0..2500),
    ) {
        use aes_gcm::{AesGcm, aead::{Aead, Payload}};
        let theirs = AesGcm::<::sm4::Sm4, ::sm4::cipher::consts::U12>::new(&secret.into());
        let payload = Payload { msg: &plain, aad: &aad };
        let expected = theirs.encrypt(&nonce.into(), payload).unwrap();
        let gcm = Gcm::new(&secret);
        let sealed = gcm.seal(&nonce, &aad, &plain).unwrap();
        prop_assert_eq!(&sealed, &expected);
        let opened = gcm.open(&nonce, &aad, &sealed).unwrap();
        prop_assert_eq!(opened.as_slice(), plain);
    }
}
