//! Certification requests, each wrong in one way.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::sm2::PrivateKey;
use gm::{OsRandom, PublicKey, UserId};
use pki::ext::{BasicConstraints, TypedExtension};
use pki::spki::AlgorithmIdentifier;
use pki::strict::{Tag, Writer};
use pki::{Name, Spki, oid};

/// What must come back: HTTP status and code.
pub type Refusal = (u16, &'static str);

/// A fresh key.
pub fn new_key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

fn name(common_name: &str) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common_name),
    ])
}

/// A request with these parts, signed by `signer`; DER.
fn request(signer: &PrivateKey, name: &Name, spki: &[u8], attributes: &[u8]) -> Vec<u8> {
    let info = Writer::build(|w| {
        w.sequence(|w| {
            w.uint(0);
            w.raw(name.der());
            w.raw(spki);
            w.tlv(Tag::context_constructed(0), attributes);
        });
    });
    let signature = signer.sign(&UserId::default(), &info);
    Writer::build(|w| {
        w.sequence(|w| {
            w.raw(&info);
            AlgorithmIdentifier::bare(oid::SM2_WITH_SM3).write(w);
            w.bit_string(&signature.to_der());
        });
    })
}

/// Every request that cannot prove that somebody holds a good key, or asks for too much: what
/// is wrong, how it stands in an order, and what must come back.
pub fn bad_requests() -> Vec<(&'static str, String, Refusal)> {
    let key = new_key();
    let good = request(&key, &name("张三"), &spki(key.public_key()), &[]);
    let readable = unproven(&key, &good).into_iter();
    let unreadable = malformed(&good).into_iter();
    let mut all: Vec<_> = readable
        .chain(unreadable)
        .map(|(name, der, refusal)| (name, STANDARD.encode(der), refusal))
        .collect();
    let label = pki::pem::encode("CERTIFICATE", &good).unwrap();
    all.push(("no base64", "这不是申请".to_owned(), (400, "web.csr")));
    all.push(("another armour", label, (400, "pem.malformed")));
    all
}

/// Requests in good DER.
fn unproven(key: &PrivateKey, good: &[u8]) -> Vec<(&'static str, Vec<u8>, Refusal)> {
    let (holder, own) = (name("张三"), spki(key.public_key()));
    let by = |signer: &PrivateKey, spki: &[u8]| request(signer, &holder, spki, &[]);
    let [base_point, its_negative] = base_points().map(|point| spki(&point));
    let long = request(key, &name(&"长".repeat(65)), &own, &[]);
    let ca = request(key, &holder, &own, &ca_wish());
    vec![
        ("another signer", by(&new_key(), &own), (422, "csr.signature")),
        ("changed afterwards", changed_name(good), (422, "csr.signature")),
        ("the base point", by(key, &base_point), (422, "csr.weak-key")),
        ("its negative", by(key, &its_negative), (422, "csr.weak-key")),
        ("off the curve", by(key, &off_curve(&own)), (400, "key.off-curve")),
        ("a long name", long, (400, "name.attribute-too-long")),
        ("CA:TRUE", ca, (422, "csr.ca-requested")),
    ]
}

/// What is no DER of a request.
fn malformed(good: &[u8]) -> Vec<(&'static str, Vec<u8>, Refusal)> {
    let trailing = [good, b"\0\0"].concat();
    let half = good[..good.len() / 2].to_vec();
    vec![
        ("trailing octets", trailing, (400, "der.trailing")),
        ("half of it", half, (400, "der.truncated")),
        ("open length", indefinite(good), (400, "der.length-indefinite")),
        ("long length", long_length(good), (400, "der.length-not-minimal")),
        ("500 kB of zeros", vec![0; 500_000], (400, "input.too-large")),
        ("nothing", Vec::new(), (400, "der.truncated")),
    ]
}

fn spki(key: &PublicKey) -> Vec<u8> {
    Spki::of(key).der().to_vec()
}

/// G, whose private key is one, and −G.
fn base_points() -> [PublicKey; 2] {
    let mut one = [0; 32];
    one[31] = 1;
    let base = PrivateKey::from_bytes(&one).unwrap().public_key().to_sec1();
    let p = "fffffffeffffffffffffffffffffffffffffffff00000000ffffffffffffffff";
    let p = hex::decode(p).unwrap();
    let mut negative = base;
    let mut borrow = 0;
    for at in (0..32).rev() {
        let difference = i16::from(p[at]) - i16::from(base[33 + at]) - borrow;
        borrow = i16::from(difference < 0);
        negative[33 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    [base, negative].map(|point| PublicKey::from_sec1(&point).unwrap())
}

/// The last bit of the point is turned.
fn off_curve(spki: &[u8]) -> Vec<u8> {
    let mut spki = spki.to_vec();
    *spki.last_mut().unwrap() ^= 1;
    spki
}

/// `extensionRequest` with `basicConstraints` CA:TRUE.
fn ca_wish() -> Vec<u8> {
    let wish = BasicConstraints { ca: true, path_len: None }.to_extension(true);
    let list = Writer::build(|w| w.sequence(|w| wish.write(w)));
    Writer::build(|w| {
        w.sequence(|w| {
            w.oid(&oid::EXTENSION_REQUEST);
            w.set_of(vec![list]);
        });
    })
}

/// 张三 becomes 张丈.
fn changed_name(der: &[u8]) -> Vec<u8> {
    let text = "张三".as_bytes();
    let at = der.windows(text.len()).position(|window| window == text).unwrap();
    let mut changed = der.to_vec();
    changed[at + text.len() - 1] ^= 1;
    changed
}

/// The outer length is left open, as BER allows.
fn indefinite(der: &[u8]) -> Vec<u8> {
    [&[0x30, 0x80], content(der), &[0, 0]].concat()
}

/// The outer length with an octet too many, as BER allows.
fn long_length(der: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content(der).len()).unwrap().to_be_bytes();
    [&[0x30, 0x83, 0, length[0], length[1]], content(der)].concat()
}

/// What stands behind the header, whose length takes one octet after 0x81 or two after 0x82.
fn content(der: &[u8]) -> &[u8] {
    &der[2 + usize::from(der[1] & 0x7f)..]
}
