//! Encryption keys on their way to their owners.

use std::process::Command;

use gm::sm2::PrivateKey;
use gm::{EnvelopedKey, OsRandom, Random, sm2, sm4};
use pki::response::{CsrResponse, Encryption};
use pki::strict::{Reader, Tag, Writer};
use pki::{envelope, skf};

use crate::openssl::{Desk, run, text_of};
use crate::world::{self, new_key};

/// What a key centre's device does.
fn seal(private: &PrivateKey, to: &PrivateKey) -> EnvelopedKey {
    let mut symmetric = [0; 16];
    OsRandom.fill(&mut symmetric).unwrap();
    let encrypted = sm4::ecb_encrypt(&symmetric, &*private.to_bytes()).unwrap();
    EnvelopedKey {
        key_cipher: sm2::encrypt(to.public_key(), &symmetric, &mut OsRandom).unwrap(),
        public_key: *private.public_key(),
        encrypted_private_key: encrypted.try_into().unwrap(),
    }
}

#[test]
fn the_owner_of_the_signing_key_opens_the_envelope_and_nobody_else() {
    let (owner, pair) = (new_key(), new_key());
    let der = envelope::encode(&seal(&pair, &owner));
    let opened = envelope::open(&der, &owner).unwrap();
    assert_eq!(opened.to_bytes(), pair.to_bytes());
    assert!(envelope::open(&der, &new_key()).is_err());
}

#[test]
fn what_was_encoded_is_decoded_and_encodes_the_same() {
    let key = seal(&new_key(), &new_key());
    let der = envelope::encode(&key);
    assert_eq!(envelope::decode(&der).unwrap(), key);
    let blob = skf::encode(&key);
    assert_eq!(skf::decode(&blob).unwrap(), key);
    assert_eq!(skf::encode(&skf::decode(&blob).unwrap()), blob);
}

/// GM/T 0009 §7.4: SM4-ECB with NULL, the cipher, the point, 32 octets.
#[test]
fn an_envelope_has_the_expected_form() {
    let key = seal(&new_key(), &new_key());
    let der = envelope::encode(&key);
    let mut fields = Reader::sequence_of(&der).unwrap();
    let algorithm = fields.read().unwrap();
    assert_eq!(hex::encode(algorithm.raw()), "300c06082a811ccf550168010500");
    assert_eq!(fields.read().unwrap().raw(), key.key_cipher.to_der());
    assert_eq!(fields.octet_bits().unwrap(), key.public_key.to_sec1());
    assert_eq!(fields.octet_bits().unwrap(), key.encrypted_private_key);
    assert!(fields.is_empty());
}

#[test]
fn sm4_without_a_mode_is_read_and_other_algorithms_are_refused() {
    let (owner, pair) = (new_key(), new_key());
    let der = envelope::encode(&seal(&pair, &owner));
    let with = |algorithm: &[u8]| {
        let mut fields = Reader::sequence_of(&der).unwrap();
        fields.read().unwrap();
        Writer::build(|w| {
            w.sequence(|w| {
                w.raw(algorithm);
                w.raw(fields.remaining());
            });
        })
    };
    let bare = with(&hex::decode("3009 0607 2a811ccf550168".replace(' ', "")).unwrap());
    assert!(envelope::open(&bare, &owner).is_ok());
    let cbc = with(&hex::decode("300c 0608 2a811ccf55016802 0500".replace(' ', "")).unwrap());
    assert_eq!(envelope::open(&cbc, &owner).unwrap_err().code(), "algorithm.unsupported");
}

#[test]
fn a_key_that_does_not_fit_its_public_half_is_refused() {
    let (owner, pair) = (new_key(), new_key());
    let key = EnvelopedKey { public_key: *new_key().public_key(), ..seal(&pair, &owner) };
    let error = envelope::open(&envelope::encode(&key), &owner).unwrap_err();
    assert!(error.to_string().contains("不成对"), "{error}");
}

/// OpenSSL decrypts the symmetric key; with it the private key comes out.
#[test]
fn openssl_decrypts_the_symmetric_key() {
    let (owner, pair) = (new_key(), new_key());
    let der = envelope::encode(&seal(&pair, &owner));
    let key = envelope::decode(&der).unwrap();
    let desk = Desk::new();
    let private = desk.private_key(&owner);
    let cipher = desk.put("cipher.der", &key.key_cipher.to_der());
    let output = Command::new("openssl")
        .args(["pkeyutl", "-decrypt", "-inkey"])
        .arg(private)
        .arg("-in")
        .arg(cipher)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let symmetric: [u8; 16] = output.stdout.try_into().unwrap();
    let ecb = Command::new("openssl")
        .args(["enc", "-d", "-sm4-ecb", "-nopad", "-K", &hex::encode(symmetric), "-in"])
        .arg(desk.put("private.enc", &key.encrypted_private_key))
        .output()
        .unwrap();
    assert_eq!(ecb.stdout, pair.to_bytes().as_slice());
    let text = run(&["asn1parse", "-inform", "DER", "-in"], &desk.put("envelope.der", &der));
    assert!(text.contains("sm4-ecb"), "{text}");
}

/// GM/T 0016 §6.4.10: packed, little-endian, values right-aligned.
#[test]
fn a_token_blob_has_the_expected_layout() {
    let key = seal(&new_key(), &new_key());
    let blob = skf::encode(&key);
    assert_eq!(blob.len(), 4 + 4 + 4 + 64 + (4 + 64 + 64) + (64 + 64 + 32 + 4 + 16));
    assert_eq!(blob[..12], [1, 0, 0, 0, 1, 4, 0, 0, 0, 1, 0, 0]);
    assert_eq!(blob[12..44], [0; 32]);
    assert_eq!(blob[44..76], key.encrypted_private_key);
    assert_eq!(blob[76..80], [0, 1, 0, 0]);
    let point = key.public_key.to_sec1();
    assert_eq!((&blob[112..144], &blob[176..208]), (&point[1..33], &point[33..]));
    assert_eq!(
        (&blob[240..272], &blob[304..336]),
        (&key.key_cipher.x()[..], &key.key_cipher.y()[..])
    );
    assert_eq!(&blob[336..368], key.key_cipher.hash().as_bytes());
    assert_eq!(blob[368..372], [16, 0, 0, 0]);
    assert_eq!(&blob[372..], key.key_cipher.cipher());
}

#[test]
fn a_token_blob_with_any_octet_of_its_frame_changed_is_refused() {
    let blob = skf::encode(&seal(&new_key(), &new_key()));
    let frame =
        (0..44).chain(76..112).chain(144..176).chain(208..240).chain(272..304).chain(368..372);
    for at in frame {
        let mut changed = blob.clone();
        changed[at] ^= 1;
        assert!(skf::decode(&changed).is_err(), "octet {at}");
    }
    assert!(skf::decode(&blob[..blob.len() - 1]).is_err());
    assert!(skf::decode(&[&blob[..], &[0]].concat()).is_err());
}

/// A response for a fresh applicant, and the applicant's two keys.
fn response() -> (CsrResponse, PrivateKey, PrivateKey) {
    let authority = world::authority("颁发者");
    let sign = world::person(&authority, "张三", 5, &[]);
    let encrypt = world::person(&authority, "张三", 6, &[]);
    let key = seal(&encrypt.key, &sign.key);
    let encryption = Encryption { certificates: vec![encrypt.certificate], key };
    let sign_certificates = vec![authority.certificate, sign.certificate];
    (CsrResponse { sign_certificates, encryption: Some(encryption) }, sign.key, encrypt.key)
}

#[test]
fn an_applicant_opens_the_response_and_finds_both_certificates() {
    let (response, sign, encrypt) = response();
    let der = response.encode();
    let opened = CsrResponse::decode(&der).unwrap().open(&sign).unwrap();
    assert_eq!(opened.sign_certificate.public_key().unwrap(), *sign.public_key());
    let (certificate, private) = opened.encryption.unwrap();
    assert_eq!(certificate.public_key().unwrap(), *encrypt.public_key());
    assert_eq!(private.to_bytes(), encrypt.to_bytes());
    assert_eq!(CsrResponse::decode(&der).unwrap().encode(), der);
    let desk = Desk::new();
    let output = Command::new("openssl")
        .args(["asn1parse", "-inform", "DER", "-in"])
        .arg(desk.put("response.der", &der))
        .output()
        .unwrap();
    text_of(&output);
}

#[test]
fn a_response_with_an_explicit_tag_around_the_envelope_is_read_too() {
    let (response, sign, _) = response();
    let der = response.encode();
    let mut fields = Reader::sequence_of(&der).unwrap();
    let first = fields.read().unwrap().raw();
    let envelope = fields.expect(Tag::context_constructed(0)).unwrap().value();
    let nested = Writer::build(|w| {
        w.sequence(|w| {
            w.raw(first);
            w.explicit(0, |w| w.sequence(|w| w.raw(envelope)));
            w.raw(fields.remaining());
        });
    });
    let read = CsrResponse::decode(&nested).unwrap();
    assert_eq!(read.encode(), der);
    assert!(read.open(&sign).is_ok());
}

#[test]
fn a_response_for_someone_else_or_with_foreign_parts_does_not_open() {
    let (response, sign, _) = response();
    let (other, other_sign, _) = self::response();
    assert!(response.open(&other_sign).unwrap_err().to_string().contains("申请人的公钥"));
    // The envelope of another pair, rightly sealed to this applicant.
    let mut mixed = response.clone();
    let foreign = seal(&new_key(), &sign);
    mixed.encryption =
        response.encryption.map(|encryption| Encryption { key: foreign, ..encryption });
    assert!(mixed.open(&sign).unwrap_err().to_string().contains("不成对"));
    // The encryption half of another applicant.
    mixed.encryption = other.encryption;
    assert!(mixed.open(&sign).is_err());
}

#[test]
fn a_response_for_a_signing_certificate_alone_has_no_encryption_half() {
    let (mut response, sign, _) = response();
    response.encryption = None;
    let opened = CsrResponse::decode(&response.encode()).unwrap().open(&sign).unwrap();
    assert!(opened.encryption.is_none());
}
