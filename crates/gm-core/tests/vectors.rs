//! Published vectors: RFC 8998 Appendix A, and Project Wycheproof's, valid and invalid ones.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gm_core::{
    sm3,
    sm4::{Ccm, Gcm},
};
use serde_json::Value;

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text.replace([' ', '\n'], "")).unwrap()
}

fn field(test: &Value, name: &str) -> Vec<u8> {
    octets(test[name].as_str().unwrap())
}

fn bits(group: &Value, name: &str) -> usize {
    usize::try_from(group[name].as_u64().unwrap()).unwrap()
}

/// Runs `accepts` on every test of a file. Returns how many were accepted and refused.
fn run(file: &str, accepts: impl Fn(&Value, &Value) -> bool) -> [usize; 2] {
    let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
    let suite: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut counts = [0; 2];
    for group in suite["testGroups"].as_array().unwrap() {
        for test in group["tests"].as_array().unwrap() {
            let accepted = accepts(group, test);
            assert_eq!(accepted, test["result"] == "valid", "{test}");
            counts[usize::from(!accepted)] += 1;
        }
    }
    assert_eq!(counts.iter().sum::<usize>(), bits(&suite, "numberOfTests"));
    counts
}

/// Opens, and seals again to the same octets; or refuses.
fn opens(
    test: &Value,
    seal: impl Fn(&[u8], &[u8], &[u8]) -> Result<Vec<u8>, gm_core::Error>,
    open: impl Fn(&[u8], &[u8], &[u8]) -> Option<Vec<u8>>,
) -> bool {
    let (nonce, aad, plain) = (field(test, "iv"), field(test, "aad"), field(test, "msg"));
    let sealed = [field(test, "ct"), field(test, "tag")].concat();
    let opened = open(&nonce, &aad, &sealed);
    let same = seal(&nonce, &aad, &plain).is_ok_and(|made| made == sealed);
    assert_eq!(opened.is_some(), same, "{test}");
    opened.is_some_and(|opened| opened == plain)
}

#[test]
fn wycheproof_sm4_gcm_with_nonces_of_every_length() {
    let counts = run("../gm/tests/data/wycheproof-sm4_gcm_test.json", |group, test| {
        assert_eq!(bits(group, "tagSize"), 128);
        let gcm = Gcm::new(&field(test, "key").try_into().unwrap());
        let open = |nonce: &[u8], aad: &[u8], sealed: &[u8]| {
            gcm.open(nonce, aad, sealed).ok().map(|plain| plain.to_vec())
        };
        opens(test, |nonce, aad, plain| gcm.seal(nonce, aad, plain), open)
    });
    assert_eq!(counts, [75, 29]);
}

#[test]
fn wycheproof_sm4_ccm() {
    let counts = run("tests/data/wycheproof-sm4_ccm_test.json", |group, test| {
        let key = field(test, "key").try_into().unwrap();
        let Ok(ccm) = Ccm::new(&key, bits(group, "tagSize") / 8) else {
            return false;
        };
        let open = |nonce: &[u8], aad: &[u8], sealed: &[u8]| {
            ccm.open(nonce, aad, sealed).ok().map(|plain| plain.to_vec())
        };
        opens(test, |nonce, aad, plain| ccm.seal(nonce, aad, plain), open)
    });
    assert_eq!(counts, [135, 49]);
}

#[test]
fn wycheproof_hmac_sm3() {
    let counts = run("../gm/tests/data/wycheproof-hmac_sm3_test.json", |group, test| {
        let value = sm3::HmacKey::new(&field(test, "key")).mac(&[&field(test, "msg")]);
        value[..bits(group, "tagSize") / 8] == field(test, "tag")
    });
    assert_eq!(counts, [66, 108]);
}

const KEY: &str = "0123456789ABCDEFFEDCBA9876543210";
const NONCE: &str = "00001234567800000000ABCD";
const AAD: &str = "FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2";
const PLAIN: &str = "AAAAAAAAAAAAAAAABBBBBBBBBBBBBBBBCCCCCCCCCCCCCCCCDDDDDDDDDDDDDDDD
    EEEEEEEEEEEEEEEEFFFFFFFFFFFFFFFFEEEEEEEEEEEEEEEEAAAAAAAAAAAAAAAA";

#[test]
fn rfc_8998_a_1_sm4_gcm() {
    let gcm = Gcm::new(&octets(KEY).try_into().unwrap());
    let sealed = octets(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735
        D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D
        83DE3541E4C2B58177E065A9BF7B62EC",
    );
    assert_eq!(gcm.seal(&octets(NONCE), &octets(AAD), &octets(PLAIN)).unwrap(), sealed);
    let opened = gcm.open(&octets(NONCE), &octets(AAD), &sealed).unwrap();
    assert_eq!(opened.as_slice(), octets(PLAIN));
}

#[test]
fn rfc_8998_a_2_sm4_ccm() {
    let ccm = Ccm::new(&octets(KEY).try_into().unwrap(), 16).unwrap();
    let sealed = octets(
        "48AF93501FA62ADBCD414CCE6034D895DDA1BF8F132F042098661572E7483094
        FD12E518CE062C98ACEE28D95DF4416BED31A2F04476C18BB40C84A74B97DC5B
        16842D4FA186F56AB33256971FA110F4",
    );
    assert_eq!(ccm.seal(&octets(NONCE), &octets(AAD), &octets(PLAIN)).unwrap(), sealed);
    let opened = ccm.open(&octets(NONCE), &octets(AAD), &sealed).unwrap();
    assert_eq!(opened.as_slice(), octets(PLAIN));
}
