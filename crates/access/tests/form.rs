//! The form of signed requests, held against RFC 9421 by hand and against noise.

#![allow(clippy::unwrap_used)]

use access::signature::{Claim, sign};
use access::{ClientId, Incoming, Outgoing, SignedHeaders};
use base64::Engine as _;
use gm::sm2::{self, PrivateKey};
use gm::{Signature, UserId};
use jiff::Timestamp;
use proptest::prelude::*;
use testkit::random::Seeded;

const NOW: i64 = 1_795_424_400;

fn now() -> Timestamp {
    Timestamp::from_second(NOW).unwrap()
}

fn client() -> ClientId {
    "0123456789abcdef0123456789abcdef".parse().unwrap()
}

fn signed(outgoing: &Outgoing<'_>) -> (SignedHeaders, PrivateKey) {
    let mut random = Seeded::new(1);
    let key = PrivateKey::generate(&mut random).unwrap();
    (sign(outgoing, &client(), &key, (now(), &mut random)).unwrap(), key)
}

/// RFC 9421 §2.5: the signature base, written down here by hand and not by the code.
#[test]
fn golden_signature_base_of_a_request_with_a_body() {
    let body = br#"{"profile":"person-sign"}"#;
    let outgoing =
        Outgoing { method: "POST", path: "/api/v1/requests", query: Some("dry=1"), body };
    let (headers, key) = signed(&outgoing);
    let digest = base64::engine::general_purpose::STANDARD.encode(gm::sm3::hash(body).0);
    let nonce =
        headers.signature_input.split("nonce=\"").nth(1).unwrap().split('"').next().unwrap();
    let parameters = format!(
        "(\"@method\" \"@path\" \"@query\" \"content-digest\");created=1795424400;expires=1795424520;\
         nonce=\"{nonce}\";keyid=\"0123456789abcdef0123456789abcdef\";alg=\"sm2-sm3\""
    );
    assert_eq!(headers.signature_input, format!("sig1={parameters}"));
    assert_eq!(headers.content_digest, Some(format!("sm3=:{digest}:")));
    let base = format!(
        "\"@method\": POST\n\"@path\": /api/v1/requests\n\"@query\": ?dry=1\n\
         \"content-digest\": sm3=:{digest}:\n\"@signature-params\": {parameters}"
    );
    verify(&headers, &key, &base);
}

/// RFC 9421 §2.2.7: without a query the value is a question mark alone.
#[test]
fn golden_signature_base_of_a_request_without_query_and_body() {
    let outgoing = Outgoing { method: "GET", path: "/", query: None, body: b"" };
    let (headers, key) = signed(&outgoing);
    let parameters = headers.signature_input.strip_prefix("sig1=").unwrap();
    let base = format!(
        "\"@method\": GET\n\"@path\": /\n\"@query\": ?\n\"@signature-params\": {parameters}"
    );
    assert_eq!(headers.content_digest, None);
    verify(&headers, &key, &base);
}

fn verify(headers: &SignedHeaders, key: &PrivateKey, base: &str) {
    let text = headers.signature.strip_prefix("sig1=:").unwrap().strip_suffix(':').unwrap();
    let octets = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    let signature = Signature::from_der(&octets).unwrap();
    sm2::verify(key.public_key(), &UserId::default(), base.as_bytes(), &signature).unwrap();
}

fn incoming<'a>(outgoing: &Outgoing<'a>, headers: &'a SignedHeaders) -> Incoming<'a> {
    Incoming {
        method: outgoing.method,
        path: outgoing.path,
        query: outgoing.query,
        body: outgoing.body,
        content_digest: headers.content_digest.as_deref(),
        signature_input: Some(&headers.signature_input),
        signature: Some(&headers.signature),
    }
}

proptest! {
    #[test]
    fn what_is_signed_here_is_read_and_verified_here(
        path in "/[a-z0-9/%._-]{0,40}",
        query in proptest::option::of("[a-z0-9=&%+]{0,40}"),
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let outgoing = Outgoing { method: "POST", path: &path, query: query.as_deref(), body: &body };
        let (headers, key) = signed(&outgoing);
        let claim = Claim::read(&incoming(&outgoing, &headers), now()).unwrap();
        prop_assert_eq!(claim.client(), &client());
        prop_assert!(claim.verify(key.public_key()).is_ok());
    }

    #[test]
    fn one_changed_character_of_the_headers_is_never_accepted(at in 0..400_usize, to in 0x20..0x7f_u8) {
        let outgoing = Outgoing { method: "GET", path: "/", query: None, body: b"" };
        let (good, key) = signed(&outgoing);
        let mut bad = good.clone();
        let (first, rest) = (bad.signature_input.len(), at.saturating_sub(bad.signature_input.len()));
        let (text, at) = if at < first { (&mut bad.signature_input, at) } else { (&mut bad.signature, rest) };
        prop_assume!(at < text.len());
        text.replace_range(at..=at, char::from(to).encode_utf8(&mut [0; 4]));
        prop_assume!(bad != good);
        let accepted = Claim::read(&incoming(&outgoing, &bad), now())
            .is_ok_and(|claim| claim.verify(key.public_key()).is_ok());
        prop_assert!(!accepted, "{bad:?}");
    }

    #[test]
    fn no_header_makes_the_parser_panic(input in ".{0,300}", signature in ".{0,100}", digest in ".{0,100}") {
        let request = Incoming {
            method: "GET", path: "/", query: None, body: b"",
            content_digest: Some(&digest), signature_input: Some(&input), signature: Some(&signature),
        };
        prop_assert!(Claim::read(&request, now()).is_err());
    }

    #[test]
    fn nothing_but_the_regular_parameters_is_read(noise in "[;=\"a-z0-9() @,:-]{1,40}", at in 0..6_usize) {
        let good = "sig1=(\"@method\" \"@path\" \"@query\");created=1795424400;expires=1795424500;\
            nonce=\"0123456789abcdef\";keyid=\"0123456789abcdef0123456789abcdef\";alg=\"sm2-sm3\"";
        let place = good.match_indices(';').nth(at).map_or(good.len(), |(place, _)| place);
        let noisy = format!("{}{noise}{}", &good[..place], &good[place..]);
        let request = Incoming {
            method: "GET", path: "/", query: None, body: b"",
            content_digest: None, signature_input: Some(&noisy), signature: Some("sig1=:MAYCAQECAQE=:"),
        };
        // Digits behind `created=` or `expires=` only make another number, letters behind
        // nothing a component: those are read, and then refused by clock or signature.
        let number = noise.bytes().all(|octet| octet.is_ascii_digit());
        prop_assert!(number || Claim::read(&request, now()).is_err(), "{noisy}");
    }
}
