//! Path validation over a leaf of any content, which the CA really signed: the input is what
//! would be signed, so that the checks behind the signature are reached.
#![no_main]

use gm::UserId;
use pki::path::{Kind, Options, Request, Validity, validate};
use pki::spki::AlgorithmIdentifier;
use pki::strict::Writer;
use pki::{Certificate, oid};

libfuzzer_sys::fuzz_target!(|tbs: &[u8]| {
    let signature = yinxin_fuzz::key().sign(&UserId::default(), tbs);
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.raw(tbs);
            AlgorithmIdentifier::bare(oid::SM2_WITH_SM3).write(w);
            w.bit_string(&signature.to_der());
        });
    });
    let Ok(leaf) = Certificate::from_der(&der) else {
        return;
    };
    let (root, ca, crls) = (yinxin_fuzz::root(), yinxin_fuzz::ca(), yinxin_fuzz::crls());
    let (at, options) = (yinxin_fuzz::now(), Options::default());
    let (untrusted, anchors) = (std::slice::from_ref(ca), std::slice::from_ref(root));
    let request = Request {
        leaf: &leaf,
        untrusted,
        anchors,
        crls,
        at,
        options: &options,
    };
    let verdict = validate(&request);
    assert_eq!(verdict.checks.len(), Kind::ALL.len());
    if verdict.valid == Validity::Valid {
        assert!(leaf.issuer().matches(ca.subject()) && leaf.is_valid_at(at));
        assert!(
            crls.iter().all(|crl| {
                crl.issuer() != leaf.issuer() || crl.lookup(&leaf.serial()).is_none()
            })
        );
    }
});
