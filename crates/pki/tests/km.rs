//! GM/T 0014 messages: they come back as they went, other makers' habits are read, and nothing else.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::io::Write as _;
use std::process::{Command, Stdio};

use gm::sm2::PrivateKey;
use gm::{Ciphertext, EnvelopedKey, OsRandom, PublicKey, Signature, UserId};
use jiff::Timestamp;
use pki::km::{
    ApplyKey, ApplyUser, CaRequest, EntityName, ErrorPackage, Holder, KmRespond, KsRequest,
    KsRespond, PrivateKeyEnvelope, ReplyAlgorithms, Request, Respond, RestoreKey, RetKey,
    RevokeKey, TaskNumber, UnsignedEnvelope,
};
use pki::strict::{Reader, Tag, Writer};
use pki::{Error, Serial, Spki, oid};
use proptest::prelude::*;

/// The key of the example in GB/T 32918.5.
fn example_key() -> PrivateKey {
    let scalar = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8";
    PrivateKey::from_bytes(&hex::decode(scalar).unwrap().try_into().unwrap()).unwrap()
}

/// The signature of the same example.
fn example_signature() -> Signature {
    let raw = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3\
               b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa";
    Signature::from_raw(&hex::decode(raw).unwrap().try_into().unwrap()).unwrap()
}

fn name_der() -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.nested(Tag::SET, |w| {
                w.sequence(|w| {
                    w.oid(&oid::COMMON_NAME);
                    w.utf8_string("测试电子认证");
                });
            });
        });
    })
}

fn serial(hex: &str) -> Serial {
    Serial::from_hex(hex).unwrap()
}

fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn entity() -> EntityName {
    EntityName::new(&name_der(), example_key().public_key(), serial("01"))
}

fn apply(user_name: Option<&str>) -> Request {
    Request::Apply(ApplyKey::sm2(ApplyUser {
        cert_serial: serial("8899aabbccddeeff0011223344556677"),
        signing_key: Spki::of(example_key().public_key()),
        not_before: instant("2026-11-22T00:00:00Z"),
        not_after: instant("2051-11-22T00:00:00Z"),
        user_name: user_name.map(|name| name.as_bytes().to_vec()),
        ds_code: Some(b"110000".to_vec()),
        extend_info: Some("附注".as_bytes().to_vec()),
    }))
}

fn request(requests: Vec<Request>) -> KsRequest {
    KsRequest {
        ca: entity(),
        requests,
        time: instant("2026-11-22T04:00:00Z"),
        task: TaskNumber::from_magnitude(&[0x01, 0x02]).unwrap(),
    }
}

fn signed(body: KsRequest) -> CaRequest {
    let key = example_key();
    CaRequest::sign(body, |der| Ok::<_, Error>(key.sign(&UserId::default(), der))).unwrap()
}

fn enveloped() -> EnvelopedKey {
    let key = example_key();
    let to = *key.public_key();
    EnvelopedKey {
        key_cipher: gm::sm2::encrypt(&to, &[7; 16], &mut OsRandom).unwrap(),
        public_key: to,
        encrypted_private_key: [0x5a; 32],
    }
}

fn holder(hex: &str) -> Holder {
    Holder { issuer: name_der(), serial: serial(hex) }
}

fn envelope_der(key: &EnvelopedKey) -> Vec<u8> {
    let envelope = UnsignedEnvelope::new(key, &holder("02"));
    let signature = example_key().sign(&UserId::default(), envelope.signed_bytes());
    envelope.finish(&holder("03"), &signature)
}

/// OpenSSL as a second reader: it must walk the whole structure.
fn openssl_reads(der: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(["asn1parse", "-inform", "DER"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(der).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "openssl cannot read {}", hex::encode(der));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_request_comes_back_as_it_was_signed() {
    let restore = Request::Restore(RestoreKey {
        reply: ReplyAlgorithms::SM,
        cert_serial: serial("7f"),
        signing_key: Spki::of(example_key().public_key()),
    });
    let revoke = Request::Revoke(RevokeKey { cert_serial: serial("80") });
    let sent = signed(request(vec![apply(Some("张三")), restore, revoke]));
    let read = CaRequest::from_der(&sent.to_der()).unwrap();
    assert_eq!(read, sent);
    let body = read.verify(example_key().public_key(), &UserId::default()).unwrap();
    assert_eq!(body, sent.body());
    assert_eq!(body.ca.directory_name(), Some(name_der().as_slice()));
}

#[test]
fn openssl_reads_what_we_write() {
    let text = openssl_reads(&signed(request(vec![apply(Some("张三"))])).to_der());
    for expected in ["SM2-with-SM3", "20261122040000Z", "20511122000000Z", "sm3", "110000"] {
        assert!(text.contains(expected), "{expected} is missing in\n{text}");
    }
    openssl_reads(&envelope_der(&enveloped()));
}

#[test]
fn the_encoding_of_a_request_does_not_change_by_accident() {
    let body = request(vec![Request::Revoke(RevokeKey { cert_serial: serial("80") })]);
    let fixed = CaRequest::sign(body, |_| Ok::<_, Error>(example_signature())).unwrap();
    let golden = concat!(
        "3081cc",
        "3074020101", // KSRequest, version v2
        "3052300a06082a811ccf55018311",
        "a41f301d311b301906035504030c12e6b58be8af95e794b5e5ad90e8aea4e8af81",
        "0420e6a4f9765fca89e8b7d64019b900d57cd86b4677fa5dc70284c90de05fa77f9c", // SM3 of the point
        "020101",
        "3006a20402020080", // RevokeKeyReq: its SEQUENCE under the implicit tag [2]
        "180f32303236313132323034303030305a",
        "02020102",
        "300a06082a811ccf55018375",
        "04483046",
        "022100f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3",
        "022100b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa",
    );
    assert_eq!(hex::encode(fixed.to_der()), golden);
}

#[test]
fn an_answer_with_keys_and_errors_comes_back() {
    let ret_key = RetKey {
        cert_serial: serial("0a"),
        public_key: Spki::of(example_key().public_key()),
        private_key: envelope_der(&enveloped()),
    };
    let error = ErrorPackage { number: 11, text: Some("序列号重复".to_owned()) };
    let silent = ErrorPackage { number: 99, text: None };
    let body = KsRespond {
        km: entity(),
        responds: vec![
            Respond::Apply(ret_key.clone()),
            Respond::Restore(ret_key),
            Respond::Revoke(serial("0b")),
            Respond::Error(error),
            Respond::Error(silent),
        ],
        time: instant("2026-11-22T04:00:01Z"),
        task: TaskNumber::from_magnitude(&[0]).unwrap(),
    };
    let key = example_key();
    let sign = |der: &[u8]| Ok::<_, Error>(key.sign(&UserId::default(), der));
    let sent = KmRespond::sign(body, sign).unwrap();
    let read = KmRespond::from_der(&sent.to_der()).unwrap();
    assert_eq!(read, sent);
    read.verify(key.public_key(), &UserId::default()).unwrap();
    openssl_reads(&sent.to_der());
}

#[test]
fn a_changed_octet_of_the_body_breaks_the_signature() {
    let sent = signed(request(vec![apply(None)])).to_der();
    let position = sent.windows(15).position(|w| w == b"20261122040000Z").unwrap();
    let mut changed = sent;
    changed[position + 13] = b'1';
    let read = CaRequest::from_der(&changed).unwrap();
    let refused = read.verify(example_key().public_key(), &UserId::default());
    assert!(matches!(refused, Err(Error::Signature { .. })));
}

#[test]
fn trailing_octets_and_other_versions_are_refused() {
    let mut long = signed(request(vec![apply(None)])).to_der();
    long.push(0);
    assert!(CaRequest::from_der(&long).is_err());
    let body = |version: u64| {
        Writer::build(|w| {
            w.sequence(|w| {
                let mut body = Reader::new(signed_body());
                let mut fields = body.sequence().unwrap();
                fields.uint().unwrap();
                w.uint(version);
                w.raw(fields.remaining());
            });
        })
    };
    assert!(CaRequest::from_der(&frame(&body(1))).is_ok());
    assert!(CaRequest::from_der(&frame(&body(0))).is_err());
    assert!(CaRequest::from_der(&frame(&body(2))).is_err());
}

fn signed_body() -> &'static [u8] {
    Box::leak(signed(request(vec![apply(None)])).body_der().to_vec().into_boxed_slice())
}

fn frame(body: &[u8]) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.raw(body);
            w.sequence(|w| {
                w.oid(&oid::SM2_WITH_SM3);
                w.null();
            });
            w.octet_string(&example_signature().to_der());
        });
    })
}

/// A request list written by hand, in the frame of a whole request.
fn with_list(list: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut body = Reader::new(signed_body());
    let mut fields = body.sequence().unwrap();
    let (version, ca) = (fields.read().unwrap().raw(), fields.read().unwrap().raw());
    fields.read().unwrap();
    let rest = fields.remaining();
    frame(&Writer::build(|w| {
        w.sequence(|w| {
            w.raw(version);
            w.raw(ca);
            w.sequence(list);
            w.raw(rest);
        });
    }))
}

#[test]
fn explicit_choice_tags_of_another_maker_are_read() {
    let der = with_list(|w| w.explicit(2, |w| w.sequence(|w| w.uint(300))));
    let read = CaRequest::from_der(&der).unwrap();
    let expected = [Request::Revoke(RevokeKey { cert_serial: serial("012c") })];
    assert_eq!(read.body().requests, expected);
    assert!(CaRequest::from_der(&with_list(|w| w.explicit(3, |w| w.uint(300)))).is_err());
    assert!(CaRequest::from_der(&with_list(|w| w.implicit(2, &[1]))).is_err());
}

#[test]
fn the_string_types_of_all_makers_are_read() {
    let tags = [Tag::OCTET_STRING, Tag::UTF8_STRING, Tag::IA5_STRING, Tag::PRINTABLE_STRING];
    for tag in tags {
        let der = with_list(|w| w.explicit(0, |w| write_apply(w, tag)));
        let read = CaRequest::from_der(&der).unwrap();
        let [Request::Apply(apply)] = read.body().requests.as_slice() else { panic!("{tag:?}") };
        assert!(apply.is_sm2());
        assert_eq!(apply.user.ds_code.as_deref(), Some(b"4403".as_slice()));
    }
    let der = with_list(|w| w.explicit(0, |w| write_apply(w, Tag::BIT_STRING)));
    assert!(CaRequest::from_der(&der).is_err());
}

fn write_apply(w: &mut Writer, text: Tag) {
    let algorithm = |w: &mut Writer, oid: &pki::Oid| {
        w.sequence(|w| {
            w.oid(oid);
            w.null();
        });
    };
    algorithm(w, &oid::SM2);
    w.uint(256);
    [oid::SM2_ENCRYPT, oid::SM4, oid::SM3].iter().for_each(|oid| algorithm(w, oid));
    w.sequence(|w| {
        w.uint(9);
        w.raw(Spki::of(example_key().public_key()).der());
        w.generalized_time(instant("2026-01-01T00:00:00Z"));
        w.generalized_time(instant("2027-01-01T00:00:00Z"));
        w.explicit(1, |w| w.tlv(text, b"4403"));
    });
}

#[test]
fn other_algorithms_and_sizes_are_told_apart() {
    let Request::Apply(good) = apply(None) else { unreachable!() };
    assert!(good.is_sm2());
    let short = ApplyKey { key_bits: 192, ..good.clone() };
    let rsa = ApplyKey { key_type: oid::RSA, ..good.clone() };
    let cbc = ReplyAlgorithms { symmetric: oid::SM4_CBC, ..ReplyAlgorithms::SM };
    let other = ApplyKey { reply: cbc, ..good };
    assert!(![short, rsa, other].iter().any(ApplyKey::is_sm2));
}

#[test]
fn task_numbers_have_at_most_twenty_octets() {
    assert!(TaskNumber::from_magnitude(&[0x7f; 20]).is_ok());
    assert!(TaskNumber::from_magnitude(&[0xff; 20]).is_err());
    assert!(TaskNumber::from_magnitude(&[1; 21]).is_err());
    assert_eq!(TaskNumber::from_magnitude(&[0, 0, 5]).unwrap().to_hex(), "05");
}

#[test]
fn a_private_key_keeps_its_envelope_and_its_signature() {
    let key = enveloped();
    let der = envelope_der(&key);
    let read = PrivateKeyEnvelope::from_der(&der).unwrap();
    read.verify(example_key().public_key(), &UserId::default()).unwrap();
    assert_eq!(read.into_enveloped(key.public_key), key);
}

#[test]
fn a_changed_ciphertext_is_found_by_the_envelope_signature() {
    let mut der = envelope_der(&enveloped());
    let position = der.windows(32).position(|w| w == [0x5a; 32]).unwrap();
    der[position] ^= 1;
    let read = PrivateKeyEnvelope::from_der(&der).unwrap();
    assert!(read.verify(example_key().public_key(), &UserId::default()).is_err());
}

/// An operating KM writes recipient version 0, a length of SM2Cipher that is not the shortest, SM4
/// without mode, and the key in the right half of the 64-octet field of GM/T 0016.
#[test]
fn the_64_octet_field_of_gmt_0016_is_read() {
    let key = enveloped();
    let field = [[0xee; 32], key.encrypted_private_key].concat();
    let der = foreign_envelope(&key.key_cipher, &field);
    let read = PrivateKeyEnvelope::from_der(&der).unwrap();
    assert_eq!(read.into_enveloped(key.public_key).encrypted_private_key, [0x5a; 32]);
    for length in [0, 16, 31, 33, 48, 63, 65] {
        let der = foreign_envelope(&key.key_cipher, &vec![0; length]);
        assert!(PrivateKeyEnvelope::from_der(&der).is_err(), "{length} octets");
    }
}

fn foreign_envelope(cipher: &Ciphertext, content: &[u8]) -> Vec<u8> {
    let mut cipher = cipher.to_der();
    cipher.insert(1, 0x81);
    let algorithm = |w: &mut Writer, oid: &pki::Oid| w.sequence(|w| w.oid(oid));
    let holder = |w: &mut Writer| {
        w.sequence(|w| {
            w.raw(&name_der());
            w.uint(5);
        });
    };
    let recipient = Writer::build(|w| {
        w.sequence(|w| {
            w.uint(0);
            holder(w);
            algorithm(w, &oid::SM2_ENCRYPT);
            w.octet_string(&cipher);
        });
    });
    let signer = Writer::build(|w| {
        w.sequence(|w| {
            w.uint(1);
            holder(w);
            algorithm(w, &oid::SM3);
            algorithm(w, &oid::SM2_SIGN);
            w.octet_string(&example_signature().to_der());
        });
    });
    Writer::build(|w| {
        w.sequence(|w| {
            w.uint(1);
            w.set_of(vec![recipient]);
            w.set_of(vec![Writer::build(|w| algorithm(w, &oid::SM3))]);
            w.sequence(|w| {
                w.oid(&oid::GM_DATA);
                algorithm(w, &oid::SM4);
                w.implicit(0, content);
            });
            w.explicit(0, |w| w.sequence(|w| w.uint(1)));
            w.set_of(vec![signer]);
        });
    })
}

fn any_serial() -> impl Strategy<Value = Serial> {
    proptest::collection::vec(any::<u8>(), 1..=19)
        .prop_filter_map("zero", |octets| Serial::from_magnitude(&octets).ok())
}

fn any_instant() -> impl Strategy<Value = Timestamp> {
    (0_i64..4_102_444_800).prop_map(|second| Timestamp::from_second(second).unwrap())
}

fn any_text() -> impl Strategy<Value = Option<Vec<u8>>> {
    proptest::option::of(proptest::collection::vec(any::<u8>(), 0..200))
}

fn any_request() -> impl Strategy<Value = Request> {
    let texts = (any_text(), any_text(), any_text());
    let key: PublicKey = *example_key().public_key();
    prop_oneof![
        (any_serial(), any_instant(), any_instant(), texts).prop_map(move |(s, b, a, t)| {
            Request::Apply(ApplyKey::sm2(ApplyUser {
                cert_serial: s,
                signing_key: Spki::of(&key),
                not_before: b,
                not_after: a,
                user_name: t.0,
                ds_code: t.1,
                extend_info: t.2,
            }))
        }),
        any_serial().prop_map(move |cert_serial| Request::Restore(RestoreKey {
            reply: ReplyAlgorithms::SM,
            cert_serial,
            signing_key: Spki::of(&key),
        })),
        any_serial().prop_map(|cert_serial| Request::Revoke(RevokeKey { cert_serial })),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_request_round_trips(
        requests in proptest::collection::vec(any_request(), 0..6),
        time in any_instant(),
        task in proptest::collection::vec(any::<u8>(), 0..=19),
        serial in any_serial(),
    ) {
        let ca = EntityName::new(&name_der(), example_key().public_key(), serial);
        let task = TaskNumber::from_magnitude(&task).unwrap();
        let body = KsRequest { ca, requests, time, task };
        let sent = CaRequest::sign(body, |_| Ok::<_, Error>(example_signature())).unwrap();
        let read = CaRequest::from_der(&sent.to_der()).unwrap();
        prop_assert_eq!(&read, &sent);
        prop_assert_eq!(read.to_der(), sent.to_der());
    }

    #[test]
    fn no_mutation_of_a_request_panics(position in 0_usize..700, octet in any::<u8>()) {
        let mut der = frame(signed_body());
        let length = der.len();
        der[position % length] = octet;
        if let Ok(read) = CaRequest::from_der(&der) {
            prop_assert!(CaRequest::from_der(&read.to_der()).is_ok());
        }
    }
}
