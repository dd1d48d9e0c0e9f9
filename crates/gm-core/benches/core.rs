//! Speed on one core, side by side with RustCrypto: `cargo bench -p gm-core`.

// Helpers outside #[test] functions fail by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gm_core::{sm2, sm3, sm4};
use sm3_crate::Digest as _;

// The oracles under names of their own.
use ::sm2 as sm2_crate;
use ::sm3 as sm3_crate;
use ::sm4 as sm4_crate;

const ID: &str = "1234567812345678";

fn random() -> [u8; 32] {
    let mut octets = [0; 32];
    getrandom::fill(&mut octets).unwrap();
    octets
}

fn signing(c: &mut Criterion) {
    use sm2_crate::dsa::{SigningKey, signature::hazmat::PrehashSigner};
    let mut group = c.benchmark_group("sm2 sign");
    let key = sm2::PrivateKey::from_bytes(&[7; 32]).unwrap();
    let theirs = SigningKey::from_slice(ID, &[7; 32]).unwrap();
    let fresh = random();
    group.bench_function("gm-core", |b| b.iter(|| key.sign(black_box(&[5; 32]), &fresh)));
    group.bench_function("gm-core checked", |b| {
        b.iter(|| key.sign_checked(black_box(&[5; 32]), &fresh).unwrap());
    });
    group.bench_function("RustCrypto", |b| {
        b.iter(|| theirs.sign_prehash(black_box(&[5; 32])).unwrap());
    });
    let digests: Vec<[u8; 32]> = (0..64).map(|_| random()).collect();
    group.throughput(Throughput::Elements(64));
    group.bench_function("gm-core, 64 at a time", |b| {
        b.iter(|| key.sign_batch(black_box(&digests), &fresh));
    });
    group.finish();
}

fn verifying(c: &mut Criterion) {
    use sm2_crate::dsa::{Signature, SigningKey, signature::hazmat::PrehashVerifier};
    let mut group = c.benchmark_group("sm2 verify");
    let key = sm2::PrivateKey::from_bytes(&[7; 32]).unwrap();
    let signature = key.sign(&[5; 32], &[]);
    let prepared = sm2::PreparedKey::new(key.public_key());
    group.bench_function("gm-core", |b| {
        b.iter(|| sm2::verify(key.public_key(), black_box(&[5; 32]), &signature).unwrap());
    });
    group.bench_function("gm-core, prepared key", |b| {
        b.iter(|| prepared.verify(black_box(&[5; 32]), &signature).unwrap());
    });
    group.bench_function("gm-core, preparing a key", |b| {
        b.iter(|| sm2::PreparedKey::new(black_box(key.public_key())));
    });
    let theirs = SigningKey::from_slice(ID, &[7; 32]).unwrap();
    let their_signature = Signature::from_slice(&signature.to_raw()).unwrap();
    let verifying = theirs.verifying_key();
    group.bench_function("RustCrypto", |b| {
        b.iter(|| verifying.verify_prehash(black_box(&[5; 32]), &their_signature).unwrap());
    });
    group.finish();
}

fn keys_and_encryption(c: &mut Criterion) {
    use sm2_crate::{SecretKey, pke::DecryptingKey};
    let mut group = c.benchmark_group("sm2");
    let key = sm2::PrivateKey::from_bytes(&[7; 32]).unwrap();
    let ciphertext = sm2::encrypt(key.public_key(), &[9; 16], &random()).unwrap();
    group.bench_function("keygen, gm-core", |b| {
        b.iter(|| sm2::PrivateKey::from_bytes(black_box(&[7; 32])).unwrap());
    });
    group.bench_function("ephemeral, gm-core", |b| {
        b.iter(|| sm2::Ephemeral::from_bytes(black_box(&[7; 32])).unwrap());
    });
    group.bench_function("keygen, RustCrypto", |b| {
        b.iter(|| SecretKey::from_slice(black_box(&[7; 32])).unwrap().public_key());
    });
    group.bench_function("encrypt 16 B, gm-core", |b| {
        b.iter(|| sm2::encrypt(key.public_key(), black_box(&[9; 16]), &[1; 32]).unwrap());
    });
    group.bench_function("decrypt 16 B, gm-core", |b| {
        b.iter(|| key.decrypt(black_box(&ciphertext)).unwrap());
    });
    let theirs = DecryptingKey::new(SecretKey::from_slice(&[7; 32]).unwrap());
    let raw = ciphertext.to_raw();
    group.bench_function("decrypt 16 B, RustCrypto", |b| {
        b.iter(|| theirs.decrypt(black_box(&raw)).unwrap());
    });
    group.finish();
}

fn hashing(c: &mut Criterion) {
    let mut group = c.benchmark_group("sm3");
    for (name, length) in [("64 B", 64), ("1 KiB", 1 << 10), ("1 MiB", 1 << 20)] {
        let data = vec![0x5a; length];
        group.throughput(Throughput::Bytes(length.try_into().unwrap()));
        group.bench_function(format!("gm-core {name}"), |b| b.iter(|| sm3::hash(black_box(&data))));
        group.bench_function(format!("RustCrypto {name}"), |b| {
            b.iter(|| sm3_crate::Sm3::digest(black_box(&data)));
        });
    }
    for length in [65, 1 << 10, 1 << 16] {
        let messages: Vec<Vec<u8>> = (0..8).map(|at| vec![at; length]).collect();
        group.throughput(Throughput::Bytes((8 * length).try_into().unwrap()));
        group.bench_function(format!("gm-core, 8 of {length} B"), |b| {
            b.iter(|| sm3::hash_many(black_box(&messages)));
        });
    }
    group.finish();
}

fn sealing(c: &mut Criterion) {
    use aes_gcm::{AesGcm, KeyInit, aead::Aead};
    let mut group = c.benchmark_group("sm4");
    let gcm = sm4::Gcm::new(&[1; 16]);
    let key = sm4::Key::new(&[1; 16]);
    let theirs = AesGcm::<sm4_crate::Sm4, sm4_crate::cipher::consts::U12>::new(&[1; 16].into());
    for (name, length) in [("64 B", 64), ("1 KiB", 1 << 10), ("1 MiB", 1 << 20)] {
        let plain = vec![0x5a; length];
        group.throughput(Throughput::Bytes(length.try_into().unwrap()));
        group.bench_function(format!("gcm seal {name}, gm-core"), |b| {
            b.iter(|| gcm.seal(&[2; 12], b"", black_box(&plain)).unwrap());
        });
        group.bench_function(format!("gcm seal {name}, RustCrypto"), |b| {
            b.iter(|| theirs.encrypt(&[2; 12].into(), black_box(&plain[..])).unwrap());
        });
    }
    let plain = vec![0x5a; 1 << 20];
    let sealed = gcm.seal(&[2; 12], b"", &plain).unwrap();
    let cipher = key.cbc_encrypt(&[3; 16], &plain);
    group.bench_function("gcm open 1 MiB, gm-core", |b| {
        b.iter(|| gcm.open(&[2; 12], b"", black_box(&sealed)).unwrap());
    });
    group.bench_function("cbc encrypt 1 MiB, gm-core", |b| {
        b.iter(|| key.cbc_encrypt(&[3; 16], black_box(&plain)));
    });
    group.bench_function("cbc decrypt 1 MiB, gm-core", |b| {
        b.iter(|| key.cbc_decrypt(&[3; 16], black_box(&cipher)).unwrap());
    });
    let mut blocks = vec![[0x5a; 16]; 1 << 16];
    group.bench_function("blocks 1 MiB, gm-core", |b| {
        b.iter(|| key.encrypt_blocks(black_box(&mut blocks)));
    });
    group.bench_function("key, gm-core", |b| b.iter(|| sm4::Gcm::new(black_box(&[1; 16]))));
    group.finish();
}

criterion_group!(benches, signing, verifying, keys_and_encryption, hashing, sealing);
criterion_main!(benches);
