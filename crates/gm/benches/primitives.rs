//! Speed of the primitives on one core: `cargo bench -p gm`.
//!
//! Figures go to docs/benchmarks.md with machine, date and commit (`cargo xtask bench`).

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gm::{
    Device, Digest, KeyKind, KeyLabel, OsRandom, UserId,
    sm2::{self, PrivateKey},
    sm3, sm4,
};
use testkit::scratch::Scratch;

fn sm2_operations(c: &mut Criterion) {
    let mut group = c.benchmark_group("sm2");
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let public = *key.public_key();
    let id = UserId::default();
    let message = [0x61; 500];
    let signature = key.sign(&id, &message);
    let ciphertext = sm2::encrypt(&public, &[7; 16], &mut OsRandom).unwrap();
    group.bench_function("sign 500 B", |b| b.iter(|| key.sign(&id, black_box(&message))));
    group.bench_function("sign e", |b| b.iter(|| key.sign_digest(black_box(&Digest([5; 32])))));
    group.bench_function("verify 500 B", |b| {
        b.iter(|| sm2::verify(&public, &id, black_box(&message), &signature).unwrap());
    });
    group.bench_function("keygen", |b| b.iter(|| PrivateKey::generate(&mut OsRandom).unwrap()));
    group.bench_function("encrypt 16 B", |b| {
        b.iter(|| sm2::encrypt(&public, black_box(&[7; 16]), &mut OsRandom).unwrap());
    });
    group.bench_function("decrypt 16 B", |b| {
        b.iter(|| key.decrypt(black_box(&ciphertext)).unwrap());
    });
    group.finish();
}

/// Through the software device: random octets, counter and key look-up included.
fn soft_device(c: &mut Criterion) {
    let mut group = c.benchmark_group("soft device");
    let device = Scratch::new();
    let mut session = device.session().unwrap();
    let (signer, kek) = (KeyLabel::new("ca").unwrap(), KeyLabel::new("kek").unwrap());
    let to = session.generate(&signer, KeyKind::Sm2Sign).unwrap().public_key.unwrap();
    session.generate(&kek, KeyKind::Sm4).unwrap();
    let wrapped = session.generate_wrapped(&kek).unwrap();
    group.bench_function("sign e", |b| {
        b.iter(|| session.sign_digest(&signer, black_box(&Digest([5; 32]))).unwrap());
    });
    group.bench_function("generate wrapped", |b| {
        b.iter(|| session.generate_wrapped(&kek).unwrap());
    });
    group.bench_function("envelope wrapped", |b| {
        b.iter(|| session.envelope_wrapped(&kek, black_box(&wrapped), &to).unwrap());
    });
    group.finish();
}

fn sm3_hash(c: &mut Criterion) {
    let mut group = c.benchmark_group("sm3");
    for (name, length) in [("64 B", 64), ("1 KiB", 1 << 10), ("1 MiB", 1 << 20)] {
        let data = vec![0x5a; length];
        group.throughput(Throughput::Bytes(length.try_into().unwrap()));
        group.bench_function(name, |b| b.iter(|| sm3::hash(black_box(&data))));
    }
    group.finish();
}

fn sm4_modes(c: &mut Criterion) {
    let mut group = c.benchmark_group("sm4 1 MiB");
    let plain = vec![0x5a; 1 << 20];
    let (key, nonce, iv) = ([1; 16], [2; 12], [3; 16]);
    let sealed = sm4::gcm_seal(&key, &nonce, b"", &plain).unwrap();
    let cipher = sm4::cbc_encrypt(&key, &iv, &plain);
    group.throughput(Throughput::Bytes(plain.len().try_into().unwrap()));
    group.bench_function("gcm seal", |b| {
        b.iter(|| sm4::gcm_seal(&key, &nonce, b"", black_box(&plain)).unwrap());
    });
    group.bench_function("gcm open", |b| {
        b.iter(|| sm4::gcm_open(&key, &nonce, b"", black_box(&sealed)).unwrap());
    });
    group.bench_function("cbc encrypt", |b| {
        b.iter(|| sm4::cbc_encrypt(&key, &iv, black_box(&plain)));
    });
    group.bench_function("cbc decrypt", |b| {
        b.iter(|| sm4::cbc_decrypt(&key, &iv, black_box(&cipher)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, sm2_operations, soft_device, sm3_hash, sm4_modes);
criterion_main!(benches);
