//! Published examples: GB/T 32905 (SM3), GB/T 32907 (SM4), RFC 8998 A.1 (SM4-GCM).

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gm::{sm3, sm4};

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text.replace([' ', '\n'], "")).unwrap()
}

fn block(text: &str) -> [u8; 16] {
    octets(text).try_into().unwrap()
}

const KEY: &str = "0123456789abcdef fedcba9876543210";

#[test]
fn sm3_of_abc_and_of_one_block() {
    assert_eq!(
        sm3::hash(b"abc").to_hex(),
        "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    );
    assert_eq!(
        sm3::hash(&b"abcd".repeat(16)).to_hex(),
        "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"
    );
}

#[test]
fn sm3_in_pieces_is_sm3_of_the_whole() {
    let data: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for cut in 0..data.len() {
        let (head, tail) = data.split_at(cut);
        let mut hasher = sm3::Hasher::new();
        hasher.update(head);
        hasher.update(tail);
        assert_eq!(hasher.finish(), sm3::hash(&data));
        assert_eq!(sm3::hash_parts(&[head, tail]), sm3::hash(&data));
    }
}

#[test]
fn sm4_of_one_block() {
    let cipher = sm4::ecb_encrypt(&block(KEY), &block(KEY)).unwrap();
    assert_eq!(cipher, octets("681edf34d206965e 86b3e94f536e4246"));
    assert_eq!(sm4::ecb_decrypt(&block(KEY), &cipher).unwrap().as_slice(), block(KEY));
}

#[test]
fn sm4_a_million_times() {
    let mut data = octets(KEY);
    for _ in 0..1_000_000 {
        data = sm4::ecb_encrypt(&block(KEY), &data).unwrap();
    }
    assert_eq!(data, octets("595298c7c6fd271f 0402f804c33d3f66"));
}

#[test]
fn sm4_gcm_of_rfc_8998() {
    let key = block(KEY);
    let nonce: [u8; 12] = octets("000012345678 00000000abcd").try_into().unwrap();
    let aad = octets("feedfacedeadbeef feedfacedeadbeef abaddad2");
    let plain = octets(
        "aaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbb cccccccccccccccc dddddddddddddddd
         eeeeeeeeeeeeeeee ffffffffffffffff eeeeeeeeeeeeeeee aaaaaaaaaaaaaaaa",
    );
    let sealed = octets(
        "17f399f08c67d5ee 19d0dc9969c4bb7d 5fd46fd375648906 9157b282bb200735
         d82710ca5c22f0cc fa7cbf93d496ac15 a56834cbcf98c397 b4024a2691233b8d
         83de3541e4c2b581 77e065a9bf7b62ec",
    );
    assert_eq!(sm4::gcm_seal(&key, &nonce, &aad, &plain).unwrap(), sealed);
    assert_eq!(sm4::gcm_open(&key, &nonce, &aad, &sealed).unwrap().as_slice(), plain);
}

#[test]
fn cbc_pads_every_length_and_refuses_what_is_not_padded() {
    let (key, iv) = (block(KEY), [7; 16]);
    for length in 0..50 {
        let plain = vec![0x61; length];
        let cipher = sm4::cbc_encrypt(&key, &iv, &plain);
        assert_eq!(cipher.len(), (length / 16 + 1) * 16);
        assert_eq!(sm4::cbc_decrypt(&key, &iv, &cipher).unwrap().as_slice(), plain);
        sm4::cbc_decrypt(&key, &iv, &cipher[1..]).unwrap_err();
    }
    sm4::cbc_decrypt(&key, &iv, &[]).unwrap_err();
    let unpadded = sm4::ecb_encrypt(&key, &[0; 16]).unwrap();
    sm4::cbc_decrypt(&key, &[0; 16], &unpadded).unwrap_err();
}

#[test]
fn ecb_takes_whole_blocks_only() {
    sm4::ecb_encrypt(&block(KEY), &[0; 17]).unwrap_err();
    sm4::ecb_decrypt(&block(KEY), &[0; 15]).unwrap_err();
    assert!(sm4::ecb_encrypt(&block(KEY), &[]).unwrap().is_empty());
}
