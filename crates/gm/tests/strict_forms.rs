//! One value, one encoding: what is refused at the door, by name.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use gm::{Ciphertext, FormatError, KeyError, KeyLabel, PublicKey, Signature, UserId};

const N: &str = "fffffffeffffffffffffffffffffffff7203df6b21c6052b53bbf40939d54123";
const P: &str = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";
const GX: &str = "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7";
const GY: &str = "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0";

fn octets(text: &str) -> Vec<u8> {
    hex::decode(text.replace(' ', "")).unwrap()
}

fn signature(text: &str) -> Result<Signature, FormatError> {
    Signature::from_der(&octets(text))
}

#[test]
fn the_shortest_signature_is_accepted() {
    let one_and_two = signature("3006 020101 020102").unwrap();
    assert_eq!(one_and_two.to_der(), octets("3006020101020102"));
    assert_eq!(Signature::from_raw(&one_and_two.to_raw()).unwrap(), one_and_two);
    let high_bits = signature("3008 02020080 020200ff").unwrap();
    assert_eq!(high_bits.to_der(), octets("3008020200800202 00ff"));
}

#[test]
fn signatures_in_any_other_form_are_refused() {
    let cases = [
        ("empty", ""),
        ("tag only", "30"),
        ("not a sequence", "3106 020101 020102"),
        ("constructed integer", "3006 220101 020102"),
        ("one integer", "3003 020101"),
        ("three integers", "3009 020101 020102 020103"),
        ("octets after the sequence", "3006 020101 020102 00"),
        ("octets inside the sequence", "3007 020101 020102 00"),
        ("length too long", "3007 020101 020102"),
        ("length too short", "3005 020101 020102"),
        ("long-form length", "308106 020101 020102"),
        ("padded long-form length", "30820006 020101 020102"),
        ("indefinite length", "3080 020101 020102 0000"),
        ("length of nine octets", "3089000000000000000006 020101 020102"),
        ("leading zero", "3007 02020001 020102"),
        ("negative", "3006 0201ff 020102"),
        // The example of GB/T 20518-2018 annex D: `02 20 B5…` must be `02 21 00 B5…`.
        ("missing zero before a high bit", &format!("3025 0220b5{} 020102", "70".repeat(31))),
        ("integer without content", "3005 0200 020102"),
        ("integer of 33 octets", &format!("3026 022101{} 020102", "00".repeat(32))),
    ];
    for (name, text) in cases {
        signature(text).expect_err(name);
    }
}

#[test]
fn r_and_s_lie_between_one_and_n_minus_one() {
    let below_n = format!("{}22", &N[..62]);
    let pair = |r: &str, s: &str| octets(&format!("{r}{s}")).try_into().unwrap();
    let one = format!("{:064x}", 1);
    Signature::from_raw(&pair(&one, &below_n)).unwrap();
    Signature::from_raw(&pair(&below_n, &one)).unwrap();
    for bad in ["00".repeat(32), N.to_owned(), "ff".repeat(32)] {
        for raw in [pair(&one, &bad), pair(&bad, &one)] {
            assert_eq!(Signature::from_raw(&raw), Err(FormatError::Range));
        }
    }
    assert_eq!(signature("3006 020100 020102"), Err(FormatError::Range));
}

#[test]
fn public_keys_are_uncompressed_points_of_the_curve() {
    let key = PublicKey::from_sec1(&octets(&format!("04{GX}{GY}"))).unwrap();
    assert_eq!(hex::encode(key.to_sec1()), format!("04{GX}{GY}"));
    let form = [
        ("infinity", "00".to_owned()),
        ("infinity in 65 octets", "00".repeat(65)),
        ("compressed", format!("02{GX}")),
        ("hybrid", format!("06{GX}{GY}")),
        ("one octet short", format!("04{GX}{}", &GY[2..])),
        ("one octet long", format!("04{GX}{GY}00")),
        ("empty", String::new()),
    ];
    for (name, text) in form {
        assert_eq!(PublicKey::from_sec1(&octets(&text)), Err(KeyError::PointForm), "{name}");
    }
    let off = [
        ("another ordinate", format!("04{GX}{}a1", &GY[..62])),
        ("coordinates swapped", format!("04{GY}{GX}")),
        ("zero", format!("04{}", "00".repeat(64))),
        ("x = p", format!("04{P}{GY}")),
        ("y = p", format!("04{GX}{P}")),
        ("all ones", format!("04{}", "ff".repeat(64))),
    ];
    for (name, text) in off {
        assert_eq!(PublicKey::from_sec1(&octets(&text)), Err(KeyError::OffCurve), "{name}");
    }
}

/// (0, √b) is on the curve. x = p names the same residue, and must not pass for it.
#[test]
fn a_coordinate_of_p_is_not_reduced() {
    let root = "fd4511e81736a60f07e88a83d6cf5a167fae6d1a9c9330e76e232e00f5cdc154";
    let with_x = |x: &str| PublicKey::from_sec1(&octets(&format!("04{x}{root}")));
    with_x(&"00".repeat(32)).unwrap();
    assert_eq!(with_x(P), Err(KeyError::OffCurve));
}

#[test]
fn ciphertexts_in_any_other_form_are_refused() {
    let hash = "11".repeat(32);
    let build = |x: &str, y: &str, hash: &str, cipher: &str| {
        let hash = format!("04{:02x}{hash}", hash.len() / 2);
        let cipher = format!("04{:02x}{cipher}", cipher.len() / 2);
        let body = format!("{x}{y}{hash}{cipher}");
        let length = body.len() / 2;
        let long = if length < 0x80 { "" } else { "81" };
        octets(&format!("30{long}{length:02x}{body}"))
    };
    let (x, y) = (format!("0220{GX}"), format!("022100{GY}"));
    let good = build(&x, &y, &hash, &"22".repeat(20));
    let read = Ciphertext::from_der(&good).unwrap();
    assert_eq!(read.to_der(), good);
    assert_eq!(Ciphertext::from_raw(&read.to_raw()).unwrap(), read);
    assert_eq!((hex::encode(read.x()), hex::encode(read.y())), (GX.into(), GY.into()));
    let cipher = "22".repeat(20);
    let bad = [
        ("off the curve", build(&format!("0220{GX}"), &format!("0220{GX}"), &hash, &cipher)),
        ("hash of 31 octets", build(&x, &y, &hash[2..], &cipher)),
        ("hash of 33 octets", build(&x, &y, &format!("{hash}00"), &cipher)),
        ("no ciphertext", build(&x, &y, &hash, "")),
        ("leading zero", build(&format!("022100{GX}"), &y, &hash, &cipher)),
        ("missing zero", build(&x, &format!("0220{GY}"), &hash, &cipher)),
        ("octets after it", [&good[..], &[0]].concat()),
        ("cut", good[..good.len() - 1].to_vec()),
    ];
    for (name, der) in bad {
        Ciphertext::from_der(&der).expect_err(name);
    }
    for length in [0, 1, 64, 65, 96, 97] {
        Ciphertext::from_raw(&read.to_raw()[..length]).unwrap_err();
    }
}

#[test]
fn labels_are_file_names_of_one_kind() {
    for good in ["a", "0", "ca", "store-seal", "a.b_c-d", &"x".repeat(63)] {
        assert_eq!(KeyLabel::new(good).unwrap().as_str(), good);
    }
    let long = "x".repeat(64);
    for bad in ["", ".", "-a", "_a", "A", "a/b", "..", "a b", "根", "a\n", "a\0", &long] {
        assert_eq!(KeyLabel::new(bad), Err(KeyError::Label), "{bad:?}");
    }
}

#[test]
fn user_ids_have_at_most_8191_octets() {
    let longest = UserId::new(vec![1; 8191]).unwrap();
    assert_eq!(UserId::new(vec![1; 8192]), Err(KeyError::UserId));
    let key = PublicKey::from_sec1(&octets(&format!("04{GX}{GY}"))).unwrap();
    assert_ne!(key.z(&longest), key.z(&UserId::default()));
    assert_eq!(UserId::default().as_bytes(), b"1234567812345678");
}
