//! OpenSSL reads our lists and verifies their signatures.

use pki::crl::{Kind, Params, Reason, RevokedEntry, Scope};

use crate::crl::{entry, list, params};
use crate::openssl::{Desk, run};
use crate::world::{self, hours};

/// T-10: a second implementation verifies the list before anyone relies on it.
#[test]
fn openssl_verifies_the_signature_of_small_and_large_lists() {
    let authority = world::authority("列表机构");
    let desk = Desk::new();
    for count in [0, 1, 30_000] {
        let entries = (1..=count).map(|n| entry(n, Reason::KeyCompromise));
        let crl = list(&authority, &params(&authority), entries);
        let (signed, signature) = (crl.tbs_der(), crl.signature());
        assert!(desk.judge_signature(authority.public(), signed, signature), "{count}");
        let other = world::authority("别的机构");
        assert!(!desk.judge_signature(other.public(), signed, signature), "{count}");
    }
}

#[test]
fn openssl_reads_what_a_full_list_says() {
    let authority = world::authority("列表机构");
    let mut params = params(&authority);
    params.scope = Some(Scope::shard("http://crl.example.cn/3.crl"));
    params.freshest = vec!["http://crl.example.cn/delta.crl".into()];
    let dated = RevokedEntry { invalid_since: Some(hours(-9)), ..entry(9, Reason::Superseded) };
    let crl = list(&authority, &params, [entry(8, Reason::CertificateHold), dated]);
    let desk = Desk::new();
    let file = desk.put("list.crl", crl.der());
    let text = run(&["crl", "-inform", "DER", "-noout", "-text", "-in"], &file);
    for expected in [
        "Version 2 (0x1)",
        "SM2-with-SM3",
        "X509v3 CRL Number",
        "X509v3 Issuing Distribution Point: critical",
        "Only User Certificates",
        "URI:http://crl.example.cn/3.crl",
        "X509v3 Freshest CRL",
        "Certificate Hold",
        "Invalidity Date",
        "Superseded",
        "Last Update: Nov 22 04:00:00 2026 GMT",
        "Next Update: Nov 23 04:00:00 2026 GMT",
    ] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
}

#[test]
fn openssl_reads_a_delta_and_an_empty_list() {
    let authority = world::authority("列表机构");
    let desk = Desk::new();
    let delta = Params { kind: Kind::Delta { base: 5 }, ..params(&authority) };
    let crl = list(&authority, &delta, [entry(1, Reason::RemoveFromCrl)]);
    let file = desk.put("delta.crl", crl.der());
    let text = run(&["crl", "-inform", "DER", "-noout", "-text", "-in"], &file);
    assert!(text.contains("X509v3 Delta CRL Indicator: critical"), "{text}");
    assert!(text.contains("Remove From CRL"), "{text}");
    let empty = list(&authority, &params(&authority), []);
    let file = desk.put("empty.crl", empty.der());
    let text = run(&["crl", "-inform", "DER", "-noout", "-text", "-in"], &file);
    assert!(text.contains("No Revoked Certificates"), "{text}");
    run(&["asn1parse", "-inform", "DER", "-in"], &file);
}
