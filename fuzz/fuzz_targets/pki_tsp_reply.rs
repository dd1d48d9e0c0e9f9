//! An answer to a request for a timestamp: what verifies was signed by the authority of the seeds.
#![no_main]

use gm::UserId;
use pki::path::{Options, Revocation};
use pki::tsp::{Reply, Token, Trust};

libfuzzer_sys::fuzz_target!(|octets: &[u8]| {
    let token = match Reply::from_der(octets) {
        Ok(Reply::Granted(token)) => *token,
        _ => match Token::from_der(octets) {
            Ok(token) => token,
            Err(_) => return,
        },
    };
    assert_eq!(Token::from_der(token.der()).unwrap().info(), token.info());
    let options = Options { revocation: Revocation::NotAsked, ..Options::default() };
    let (untrusted, anchors) = ([yinxin_fuzz::ca().clone()], [yinxin_fuzz::root().clone()]);
    let trust = Trust { untrusted: &untrusted, anchors: &anchors, crls: &[], options: &options };
    if let Ok(verified) = token.verify(&trust) {
        assert!(token.verify_signature(&verified.certificate, &UserId::default()).is_ok());
        assert!(pki::tsp::is_time_stamping(&verified.certificate));
    }
});
