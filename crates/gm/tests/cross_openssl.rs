//! OpenSSL as a judge, over thousands of random cases: libcrypto through a small script for the
//! volume, the command line for keys and signatures as files.
//!
//! `YINXIN_CROSS_CASES` sets the number of SM2 cases of each kind (1,000 if unset); the seed is
//! printed by a failing case. Needs python3, libcrypto.so.3 and openssl; without them it fails.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Command, Stdio},
    thread,
};

use gm::{
    Ciphertext, Device, KeyKind, KeyLabel, Signature, UserId,
    sm2::{self, PrivateKey},
    sm3, sm4,
};
use testkit::{random::Seeded, scratch::Scratch};

fn cases() -> u64 {
    std::env::var("YINXIN_CROSS_CASES").map_or(1_000, |cases| cases.parse().unwrap())
}

/// One line of a request.
fn request(call: &str, fields: &[&[u8]]) -> String {
    let field = |octets: &&[u8]| match octets.is_empty() {
        true => "-".to_owned(),
        false => hex::encode(octets),
    };
    let fields: Vec<_> = fields.iter().map(field).collect();
    format!("{call} {}\n", fields.join(" "))
}

/// All answers of OpenSSL, in order.
fn ask(requests: Vec<String>) -> Vec<String> {
    let expected = requests.len();
    let mut judge = Command::new("python3")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/openssl/oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is needed for the cross-checks");
    let mut input = judge.stdin.take().unwrap();
    let writer = thread::spawn(move || {
        for line in requests {
            input.write_all(line.as_bytes()).unwrap();
        }
    });
    let output = BufReader::new(judge.stdout.take().unwrap());
    let answers: Vec<_> = output.lines().map(Result::unwrap).collect();
    writer.join().unwrap();
    assert!(judge.wait().unwrap().success());
    assert_eq!(answers.len(), expected);
    answers
}

fn octets(answer: &str) -> Vec<u8> {
    if answer == "-" { Vec::new() } else { hex::decode(answer).unwrap() }
}

/// What a random signature case consists of.
struct SignCase {
    key: PrivateKey,
    id: UserId,
    message: Vec<u8>,
}

fn sign_case(seed: u64) -> SignCase {
    let mut random = Seeded::new(seed);
    let key = PrivateKey::generate(&mut random).unwrap();
    let (id_length, length) = (1 + random.below(40), random.below(700));
    let id = match random.below(2) {
        0 => UserId::default(),
        _ => UserId::new(random.octets(id_length)).unwrap(),
    };
    SignCase { key, id, message: random.octets(length) }
}

#[test]
fn openssl_verifies_our_signatures_and_refuses_changed_ones() {
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for seed in 0..cases() {
        let SignCase { key, id, mut message } = sign_case(seed);
        let signature = key.sign(&id, &message);
        let mut der = signature.to_der();
        let point = key.public_key().to_sec1();
        let good = seed % 4 != 3;
        match seed % 12 {
            3 => message.push(0),
            7 => *der.last_mut().unwrap() ^= 1,
            11 => der[9] ^= 0x10,
            _ => {}
        }
        let ours = Signature::from_der(&der)
            .is_ok_and(|read| sm2::verify(key.public_key(), &id, &message, &read).is_ok());
        assert_eq!(ours, good, "seed {seed}");
        requests.push(request("verify", &[&point, id.as_bytes(), &message, &der]));
        expected.push(if good { "ok" } else { "no" });
    }
    for (seed, (answer, expected)) in ask(requests).iter().zip(expected).enumerate() {
        assert_eq!(answer, expected, "seed {seed}");
    }
}

#[test]
fn openssl_signatures_verify_here() {
    let built: Vec<_> = (0..cases()).map(|seed| sign_case(seed + (1 << 32))).collect();
    let ask_for = |case: &SignCase| {
        let der = case.key.to_pkcs8_der().unwrap();
        request("sign", &[&der, case.id.as_bytes(), &case.message])
    };
    let answers = ask(built.iter().map(ask_for).collect());
    for (seed, (case, answer)) in built.iter().zip(answers).enumerate() {
        let der = octets(&answer);
        let signature = Signature::from_der(&der).unwrap();
        assert_eq!(signature.to_der(), der, "seed {seed}");
        let public = case.key.public_key();
        sm2::verify(public, &case.id, &case.message, &signature)
            .unwrap_or_else(|_| panic!("seed {seed}"));
    }
}

#[test]
fn openssl_decrypts_what_we_encrypt() {
    let mut requests = Vec::new();
    let mut plains = Vec::new();
    for seed in 0..cases() {
        let mut random = Seeded::new(seed + (2 << 32));
        let key = PrivateKey::generate(&mut random).unwrap();
        let length = 1 + random.below(300);
        let plain = random.octets(length);
        let sent = sm2::encrypt(key.public_key(), &plain, &mut random).unwrap();
        requests.push(request("decrypt", &[&key.to_sec1_der().unwrap(), &sent.to_der()]));
        plains.push(plain);
    }
    for (seed, (answer, plain)) in ask(requests).iter().zip(plains).enumerate() {
        assert_eq!(*answer, hex::encode(plain), "seed {seed}");
    }
}

/// What leaves the software device: hedged signatures, and the envelopes of the key centre.
#[test]
fn openssl_accepts_what_the_software_device_makes() {
    let device = Scratch::with_keys(&[("ca", KeyKind::Sm2Sign), ("kek", KeyKind::Sm4)]);
    let mut session = device.session().unwrap();
    let (ca, kek) = (KeyLabel::new("ca").unwrap(), KeyLabel::new("kek").unwrap());
    let public = session.key(&ca).unwrap().public_key.unwrap();
    let id = UserId::default();
    let mut random = Seeded::new(5 << 32);
    let mut requests = Vec::new();
    let mut owners = Vec::new();
    for _ in 0..cases().min(200) {
        let message = random.octets(100);
        let der = session.sign(&ca, &id, &message).unwrap().to_der();
        requests.push(request("verify", &[&public.to_sec1(), id.as_bytes(), &message, &der]));
        let owner = PrivateKey::generate(&mut random).unwrap();
        let wrapped = session.generate_wrapped(&kek).unwrap();
        let envelope = session.envelope_wrapped(&kek, &wrapped, owner.public_key()).unwrap();
        let sent = envelope.key_cipher.to_der();
        requests.push(request("decrypt", &[&owner.to_sec1_der().unwrap(), &sent]));
        owners.push(envelope);
    }
    for (pair, envelope) in ask(requests).chunks(2).zip(owners) {
        assert_eq!(pair[0], "ok");
        let key = octets(&pair[1]).try_into().unwrap();
        let private = sm4::ecb_decrypt(&key, &envelope.encrypted_private_key).unwrap();
        let private = PrivateKey::from_bytes(private.as_slice().try_into().unwrap()).unwrap();
        assert_eq!(*private.public_key(), envelope.public_key);
    }
}

/// From 8 octets on: OpenSSL may send an all-zero key stream, which the standard forbids and we
/// refuse; that happens in one of 256 messages of one octet.
#[test]
fn we_decrypt_what_openssl_encrypts() {
    let mut requests = Vec::new();
    let mut sent = Vec::new();
    for seed in 0..cases() {
        let mut random = Seeded::new(seed + (3 << 32));
        let key = PrivateKey::generate(&mut random).unwrap();
        let length = 8 + random.below(300);
        let plain = random.octets(length);
        requests.push(request("encrypt", &[&key.public_key().to_sec1(), &plain]));
        sent.push((key, plain));
    }
    for (seed, (answer, (key, plain))) in ask(requests).iter().zip(sent).enumerate() {
        let der = octets(answer);
        let received = Ciphertext::from_der(&der).unwrap();
        assert_eq!(received.to_der(), der, "seed {seed}");
        assert_eq!(key.decrypt(&received).unwrap().as_slice(), plain, "seed {seed}");
    }
}

#[test]
fn sm3_and_hmac_agree_at_every_length() {
    let data = Seeded::new(5).octets(301);
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for length in 0..=300 {
        let (head, tail) = data.split_at(length);
        requests.push(request("sm3", &[head]));
        expected.push(sm3::hash(head).to_hex());
        requests.push(request("hmac", &[head, tail]));
        expected.push(sm3::hmac(head, tail).to_hex());
    }
    assert_eq!(ask(requests), expected);
}

#[test]
fn sm4_agrees_at_every_length() {
    let mut random = Seeded::new(6);
    let mut requests = Vec::new();
    let mut expected = Vec::new();
    for length in 0..=300 {
        let key: [u8; 16] = random.octets(16).try_into().unwrap();
        let iv: [u8; 16] = random.octets(16).try_into().unwrap();
        let plain = random.octets(length);
        let cipher = sm4::cbc_encrypt(&key, &iv, &plain);
        assert_eq!(sm4::cbc_decrypt(&key, &iv, &cipher).unwrap().as_slice(), plain);
        requests.push(request("sm4_cbc", &[&key, &iv, &plain]));
        expected.push(hex::encode(cipher));
        let blocks = random.octets(length / 16 * 16 + 16);
        let cipher = sm4::ecb_encrypt(&key, &blocks).unwrap();
        assert_eq!(sm4::ecb_decrypt(&key, &cipher).unwrap().as_slice(), blocks);
        requests.push(request("sm4_ecb", &[&key, &blocks]));
        expected.push(hex::encode(cipher));
    }
    assert_eq!(ask(requests), expected);
}

/// Runs the command line in `folder`; true if it says success.
fn openssl(folder: &Path, arguments: &[&str]) -> bool {
    let output = Command::new("openssl")
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("openssl is needed for the cross-checks");
    output.status.success()
}

const ID: &str = "distid:1234567812345678";

#[test]
fn the_command_line_reads_our_keys_and_signatures() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for seed in 0..20 {
        let SignCase { key, message, .. } = sign_case(seed + (4 << 32));
        fs::write(at("p8.der"), key.to_pkcs8_der().unwrap()).unwrap();
        fs::write(at("sec1.der"), key.to_sec1_der().unwrap()).unwrap();
        fs::write(at("message"), &message).unwrap();
        fs::write(at("signature"), key.sign(&UserId::default(), &message).to_der()).unwrap();
        let run = |arguments: &str| {
            let arguments: Vec<_> = arguments.split(' ').collect();
            openssl(folder.path(), &arguments)
        };
        assert!(run("pkey -inform DER -in p8.der -pubout -out public.pem"));
        assert!(run("ec -inform DER -in sec1.der -pubout -out public2.pem"));
        assert_eq!(fs::read(at("public.pem")).unwrap(), fs::read(at("public2.pem")).unwrap());
        assert!(run("pkey -inform DER -in p8.der -check -noout"));
        let dgst = format!("dgst -sm3 -sigopt {ID}");
        let verify = "-verify public.pem -signature";
        assert!(run(&format!("{dgst} {verify} signature message")), "seed {seed}");
        assert!(!run(&format!("dgst -sm3 {verify} signature message")), "no ID, yet accepted");
        assert!(run(&format!("{dgst} -sign p8.der -keyform DER -out back message")));
        let back = Signature::from_der(&fs::read(at("back")).unwrap()).unwrap();
        sm2::verify(key.public_key(), &UserId::default(), &message, &back).unwrap();
    }
}

#[test]
fn we_read_keys_of_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for _ in 0..20 {
        let run = |arguments: &str| {
            let arguments: Vec<_> = arguments.split(' ').collect();
            assert!(openssl(folder.path(), &arguments), "{arguments:?}");
        };
        run("genpkey -algorithm SM2 -out key.pem");
        run("pkcs8 -topk8 -nocrypt -in key.pem -outform DER -out p8.der");
        run("ec -in key.pem -outform DER -out sec1.der");
        run("pkey -in key.pem -pubout -outform DER -out public.der");
        let p8 = PrivateKey::from_pkcs8_der(&fs::read(at("p8.der")).unwrap()).unwrap();
        let sec1 = PrivateKey::from_sec1_der(&fs::read(at("sec1.der")).unwrap()).unwrap();
        assert_eq!(p8.to_bytes(), sec1.to_bytes());
        assert!(fs::read(at("public.der")).unwrap().ends_with(&p8.public_key().to_sec1()));
    }
}
