//! Project Wycheproof's vectors for SM4-GCM and HMAC-SM3, valid and invalid ones.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gm::{sm3, sm4};
use serde_json::Value;

fn octets(test: &Value, field: &str) -> Vec<u8> {
    hex::decode(test[field].as_str().unwrap()).unwrap()
}

/// Runs `check` on every test; it answers whether the vector was accepted, or nothing where the
/// interface cannot express it. Returns accepted, refused, not expressible.
fn run(file: &str, check: impl Fn(&Value, &Value) -> Option<bool>) -> [usize; 3] {
    let path = format!("{}/tests/data/{file}", env!("CARGO_MANIFEST_DIR"));
    let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut counts = [0; 3];
    for group in suite["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let accepted = check(group, test);
            if let Some(accepted) = accepted {
                assert_eq!(accepted, test["result"] == "valid", "{test}");
            }
            counts[accepted.map_or(2, |accepted| usize::from(!accepted))] += 1;
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), suite["numberOfTests"].as_u64().unwrap() as usize);
    counts
}

#[test]
fn sm4_gcm() {
    let counts = run("wycheproof-sm4_gcm_test.json", |group, test| {
        if group["ivSize"] != 96 || group["tagSize"] != 128 {
            return None;
        }
        let key = octets(test, "key").try_into().unwrap();
        let nonce = octets(test, "iv").try_into().unwrap();
        let (aad, plain) = (octets(test, "aad"), octets(test, "msg"));
        let sealed = [octets(test, "ct"), octets(test, "tag")].concat();
        let opened = sm4::gcm_open(&key, &nonce, &aad, &sealed);
        let same = sm4::gcm_seal(&key, &nonce, &aad, &plain).unwrap() == sealed;
        assert_eq!(opened.is_ok(), same);
        Some(opened.is_ok_and(|opened| opened.as_slice() == plain))
    });
    // Nonces of other than 12 octets cannot be asked for here.
    assert_eq!(counts, [38, 27, 39]);
}

#[test]
fn hmac_sm3() {
    let counts = run("wycheproof-hmac_sm3_test.json", |group, test| {
        let value = sm3::hmac(&octets(test, "key"), &octets(test, "msg"));
        let length = usize::try_from(group["tagSize"].as_u64().unwrap()).unwrap() / 8;
        Some(value.0[..length] == octets(test, "tag"))
    });
    assert_eq!(counts, [66, 108, 0]);
}
