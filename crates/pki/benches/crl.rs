//! How fast long revocation lists are made and read.

use std::hint::black_box;
use std::io::{BufWriter, Cursor};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use jiff::Timestamp;
use pki::crl::{Crl, CrlWriter, Kind, Params, Reason, RevokedEntry};
use pki::spki::AlgorithmIdentifier;
use pki::strict::Tag;
use pki::{Name, Serial, oid};

const ENTRIES: u64 = 1_000_000;
/// 2026-11-22 00:00 UTC.
const NOW: i64 = 1_795_305_600;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW + seconds).unwrap_or_default()
}

/// Serials of 128 bits that ascend, revoked a second apart.
fn entry(number: u64) -> Option<RevokedEntry> {
    let mut magnitude = [0x20; 16];
    magnitude[8..].copy_from_slice(&number.to_be_bytes());
    let serial = Serial::from_magnitude(&magnitude).ok()?;
    let at = at(-i64::try_from(number).ok()?);
    Some(RevokedEntry { serial, at, reason: Reason::KeyCompromise, invalid_since: None })
}

/// Writes, signs and assembles a list; the entries are spooled to a file.
fn write(key: &PrivateKey, issuer: &Name, entries: u64) -> Option<Vec<u8>> {
    let params = Params {
        issuer,
        authority_key: &[7; 20],
        this_update: at(0),
        next_update: at(86_400),
        number: 1,
        kind: Kind::Full,
        scope: None,
        freshest: Vec::new(),
        algorithm: AlgorithmIdentifier::bare(oid::SM2_WITH_SM3),
    };
    let mut writer = CrlWriter::new(&params, tempfile::tempfile().ok()?).ok()?;
    for number in 0..entries {
        writer.push(&entry(number)?).ok()?;
    }
    let mut unsigned = writer.finish(key.public_key(), &UserId::default()).ok()?;
    let signature = key.sign_digest(unsigned.digest());
    let mut out = BufWriter::new(Cursor::new(Vec::new()));
    unsigned.assemble(&signature, &mut out).ok()?;
    Some(out.into_inner().ok()?.into_inner())
}

fn lists(c: &mut Criterion) {
    let Ok(key) = PrivateKey::generate(&mut OsRandom) else {
        return;
    };
    let issuer = Name::from_attributes([(oid::COMMON_NAME, Tag::UTF8_STRING, "列表机构")]);
    let Some(der) = write(&key, &issuer, ENTRIES) else {
        return;
    };
    let mut group = c.benchmark_group("crl");
    group.sample_size(10).throughput(Throughput::Elements(ENTRIES));
    group.bench_function("write 1 million entries", |b| {
        b.iter(|| black_box(write(&key, &issuer, ENTRIES)));
    });
    group.bench_function("read 1 million entries", |b| {
        b.iter_with_setup(|| der.clone(), |der| black_box(Crl::from_der(der)));
    });
    if let Ok(crl) = Crl::from_der(der)
        && let Some(last) = entry(ENTRIES - 1)
    {
        group.bench_function("look up the last of 1 million", |b| {
            b.iter(|| black_box(crl.lookup(&last.serial).is_some()));
        });
        group.bench_function("verify 1 million entries", |b| {
            b.iter(|| black_box(crl.verify(key.public_key(), &UserId::default())));
        });
    }
    group.finish();
}

criterion_group!(benches, lists);
criterion_main!(benches);
