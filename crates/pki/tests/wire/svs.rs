//! Messages of a signature verification server (GM/T 0029): each kind written, read, and held
//! against OpenSSL's reading; and what is no message refused with its reason.

use std::io::Write as _;
use std::process::{Command, Stdio};

use pki::strict::{Tag, Writer};
use pki::svs::{
    Body, Code, Content, Defect, Item, ItemValue, Kind, Options, Reply, Request, SGD_SM3_SM2,
    SignOrder, Signer,
};
use pki::{Certificate, Error};
use proptest::prelude::*;
use zeroize::Zeroizing;

use crate::world::{authority, now, person};

const DATA: &[u8] = "电子公文".as_bytes();

fn certificate() -> Certificate {
    person(&authority("颁发机构"), "某市大数据管理局", 77, &[]).certificate
}

fn order() -> SignOrder {
    SignOrder {
        method: SGD_SM3_SM2,
        key: 1,
        key_value: Zeroizing::new(b"12345678".to_vec()),
        data: DATA.to_vec(),
    }
}

fn bodies() -> Vec<Body> {
    let der = certificate().der().to_vec();
    let options = Options {
        is_hashed: true,
        content: Some(false),
        chain: Some(true),
        list: None,
        attributes: Some(true),
    };
    let verify = |signer| Body::VerifySignedData {
        signer,
        data: DATA.to_vec(),
        signature: vec![7; 70],
        level: 2,
    };
    vec![
        Body::ExportCert { identification: b"0a77".to_vec() },
        Body::ParseCert { item: 0x31, certificate: der.clone() },
        Body::ValidateCert { certificate: der.clone(), status: true },
        Body::ValidateCert { certificate: der.clone(), status: false },
        Body::SignData(order()),
        verify(Signer::Certificate(der)),
        verify(Signer::Serial(vec![0x4d])),
        Body::SignMessage(order(), options),
        Body::SignMessage(order(), Options::default()),
        Body::VerifySignedMessage {
            data: Vec::new(),
            message: vec![0x30, 0],
            options: Options::default(),
        },
    ]
}

/// What OpenSSL makes of the same octets, as one text.
fn openssl(der: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(["asn1parse", "-inform", "DER"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(der).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn every_kind_of_request_is_read_as_it_was_written() {
    for body in bodies() {
        let request = Request { body, at: now() };
        let der = request.to_der();
        assert_eq!(Request::from_der(&der).unwrap(), request);
        assert_eq!(Request::kind_of(&der), Some(request.body.kind()));
    }
}

#[test]
fn every_kind_of_answer_is_read_as_it_was_written() {
    for kind in Kind::ALL {
        let content = match kind {
            Kind::ExportCert => Content::Certificate(certificate().der().to_vec()),
            Kind::ValidateCert => Content::State(1),
            Kind::VerifySignedData
            | Kind::VerifySignedDataFinal
            | Kind::VerifySignedMessage
            | Kind::VerifySignedMessageFinal => Content::Nothing,
            _ => Content::Octets(DATA.to_vec()),
        };
        let good = Reply { kind, code: Code::Success, content, at: now() };
        assert_eq!(Reply::from_der(&good.to_der()).unwrap(), good);
        for code in Code::ALL {
            let refused = Reply::refused(kind, *code, now());
            assert_eq!(Reply::from_der(&refused.to_der()).unwrap(), refused);
        }
    }
}

/// The tags of Annex A, seen by another reader: the choice under the number of its type, a
/// certificate under an implicit tag, choices as primitive octets.
#[test]
fn openssl_sees_the_structure_of_the_standard() {
    let verify = bodies().swap_remove(5);
    let seen = openssl(&Request { body: verify, at: now() }.to_der());
    let lines: Vec<&str> = seen.lines().collect();
    assert!(lines[0].contains("cons: SEQUENCE"), "{seen}");
    assert!(lines[1].contains("INTEGER") && lines[1].ends_with(":04"), "{seen}");
    assert!(lines[2].contains("cons: cont [ 4 ]"), "{seen}");
    assert!(lines[3].contains("INTEGER") && lines[3].ends_with(":01"), "{seen}");
    assert!(lines[4].contains("cons: cont [ 0 ]"), "{seen}");
    assert!(lines.last().unwrap().contains(":20261122040000Z"), "{seen}");
    let sign = openssl(&Request { body: bodies().swap_remove(7), at: now() }.to_der());
    assert!(sign.contains("cons: cont [ 11 ]") && sign.contains(":020201"), "{sign}");
    for choice in ["[ 0 ]", "[ 1 ]", "[ 3 ]"] {
        assert!(sign.contains(&format!("prim: cont {choice}")), "{choice} {sign}");
    }
    assert!(!sign.contains("cont [ 2 ]"), "{sign}");
    let reply = Reply {
        kind: Kind::ValidateCert,
        code: Code::CertRemoved,
        content: Content::State(1),
        at: now(),
    };
    let seen = openssl(&reply.to_der());
    assert!(seen.contains("cont [ 2 ]") && seen.contains(":0400000B"), "{seen}");
}

/// A request out of parts that nobody checked.
fn raw(numbers: &[u64], tag: u8, body: impl FnOnce(&mut Writer)) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            numbers.iter().for_each(|number| w.uint(*number));
            w.explicit(tag, body);
            w.generalized_time(now());
        });
    })
}

#[test]
fn defaults_that_are_written_out_are_read() {
    let der = certificate().der().to_vec();
    let written = raw(&[0, 2], 2, |w| {
        w.raw(&der);
        w.boolean(false);
    });
    let body = Request::from_der(&written).unwrap().body;
    assert_eq!(body, Body::ValidateCert { certificate: der, status: false });
    // 0 alone is a type, not a version.
    let export = raw(&[0], 0, |w| w.octet_string(b"a"));
    assert_eq!(Request::from_der(&export).unwrap().body.kind(), Kind::ExportCert);
}

#[test]
fn what_contradicts_itself_is_refused_with_its_reason() {
    let data = |length: u64| {
        move |w: &mut Writer| {
            w.uint(1);
            w.implicit(1, &[5]);
            w.uint(length);
            w.octet_string(b"abc");
            w.octet_string(&[7; 70]);
            w.uint(2);
        }
    };
    let cases: Vec<(Vec<u8>, Defect)> = vec![
        (raw(&[1, 0], 0, |w| w.octet_string(b"a")), Defect::Version),
        (raw(&[19], 19, |w| w.octet_string(b"a")), Defect::Kind),
        (raw(&[0], 1, |w| w.octet_string(b"a")), Defect::Mismatch),
        (raw(&[4], 4, data(3)), Defect::Signer),
        (
            raw(&[4], 4, |w| {
                w.uint(2);
                w.implicit(1, &[5]);
                w.uint(4);
                w.octet_string(b"abc");
                w.octet_string(&[7; 70]);
                w.uint(2);
            }),
            Defect::Length,
        ),
        (
            raw(&[4], 4, |w| {
                w.uint(2);
                w.implicit(1, &[5]);
                w.uint(3);
                w.octet_string(b"abc");
                w.octet_string(&[7; 70]);
                w.uint(3);
            }),
            Defect::Level,
        ),
    ];
    for (der, defect) in cases {
        assert_eq!(Request::from_der(&der).unwrap_err(), Error::Svs(defect));
    }
}

#[test]
fn trailing_octets_other_times_and_loose_encodings_are_refused() {
    let good = raw(&[0], 0, |w| w.octet_string(b"a"));
    let mut trailing = good.clone();
    trailing.push(0);
    assert!(Request::from_der(&trailing).is_err());
    let more = raw(&[0], 0, |w| {
        w.octet_string(b"a");
        w.octet_string(b"b");
    });
    assert!(Request::from_der(&more).is_err());
    let utc = Writer::build(|w| {
        w.sequence(|w| {
            w.uint(0);
            w.explicit(0, |w| w.octet_string(b"a"));
            w.tlv(Tag::UTC_TIME, b"261122040000Z");
        });
    });
    assert!(Request::from_der(&utc).is_err());
    assert_eq!(Request::kind_of(&utc), Some(Kind::ExportCert), "and still it is told apart");
    assert_eq!(Request::kind_of(b"GET / HTTP/1.1"), None);
    let choice = raw(&[12], 12, |w| {
        w.uint(0);
        w.octet_string(&[]);
        w.octet_string(&[0x30, 0]);
        w.implicit(0, &[1]);
    });
    assert!(Request::from_der(&choice).is_err(), "neither true nor false");
}

#[test]
fn steps_of_messages_in_parts_are_told_apart_and_not_read() {
    for kind in Kind::ALL.into_iter().filter(|kind| {
        kind.name().ends_with("Init")
            || kind.name().ends_with("Update")
            || kind.name().ends_with("Final")
    }) {
        let der = raw(&[u64::from(kind.number())], kind.number(), |w| w.uint(7));
        assert_eq!(Request::from_der(&der).unwrap().body, Body::Parts(kind));
    }
}

#[test]
fn items_have_the_numbers_of_the_table_and_say_what_the_certificate_says() {
    let certificate = certificate();
    let of = |number| Item::of(number).unwrap().of_certificate(&certificate);
    let text = |text: &str| Some(ItemValue::Text(text.to_owned()));
    assert_eq!(of(0x01), text("2"), "v3 has the number 2");
    assert_eq!(of(0x02), text(&certificate.serial().to_hex()));
    assert_eq!(of(0x31), text("某市大数据管理局"));
    assert_eq!(of(0x21), text("颁发机构"));
    assert_eq!(of(0x34), None);
    assert_eq!(of(0x08), Some(ItemValue::Der(certificate.spki().der().to_vec())));
    let Some(ItemValue::Text(period)) = of(0x06) else { panic!("a period") };
    assert!(period.len() == 31 && period.contains("Z|20"), "{period}");
    for number in [0, 3, 4, 0x0a, 0x1c, 0x35, u64::MAX] {
        assert_eq!(Item::of(number), None, "{number:#x}");
    }
}

proptest! {
    #[test]
    fn whatever_comes_is_read_or_refused(octets in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = (Request::from_der(&octets), Reply::from_der(&octets), Request::kind_of(&octets));
    }

    #[test]
    fn a_changed_octet_never_panics_and_never_yields_another_length(at in 0_usize..300, to in any::<u8>()) {
        for body in bodies() {
            let mut der = Request { body, at: now() }.to_der();
            if let Some(octet) = der.get_mut(at) {
                *octet = to;
            }
            if let Ok(request) = Request::from_der(&der)
                && !matches!(request.body, Body::Parts(_))
            {
                prop_assert_eq!(Request::from_der(&request.to_der()).unwrap(), request);
            }
        }
    }
}
