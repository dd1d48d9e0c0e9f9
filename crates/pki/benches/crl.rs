//! How fast long revocation lists are made and read, and in how much memory they are made.

use std::hint::black_box;
use std::io::{BufWriter, Cursor, Write};
use std::time::Instant;

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

/// Writes, signs and assembles a list in memory.
fn write(key: &PrivateKey, issuer: &Name, entries: u64) -> Option<Vec<u8>> {
    let mut out = Cursor::new(Vec::new());
    write_into(key, issuer, entries, &mut out)?;
    Some(out.into_inner())
}

/// The same into any output; the entries are spooled to a file.
fn write_into(key: &PrivateKey, issuer: &Name, entries: u64, out: &mut impl Write) -> Option<()> {
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
    let mut out = BufWriter::new(out);
    unsigned.assemble(&signature, &mut out).ok()?;
    out.flush().ok()
}

fn issuer() -> Name {
    Name::from_attributes([(oid::COMMON_NAME, Tag::UTF8_STRING, "列表机构")])
}

/// The most memory that this process has had, in MB (Linux).
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<f64>().ok()? / 1e3)
}

/// Runs first, before anything else in this process has needed memory.
fn memory(_: &mut Criterion) {
    let figures = measure_memory().map(serde_json::Value::from_iter);
    if let (Some(figures), Some(folder)) = (figures, std::env::var_os("YINXIN_BENCH_OUT")) {
        let path = std::path::Path::new(&folder).join("crl.json");
        // Without the file, the page lacks the figures: nothing else depends on it.
        let _ = std::fs::write(path, figures.to_string());
    }
}

fn measure_memory() -> Option<[serde_json::Value; 2]> {
    let key = PrivateKey::generate(&mut OsRandom).ok()?;
    let before = peak_memory()?;
    let began = Instant::now();
    write_into(&key, &issuer(), ENTRIES, &mut tempfile::tempfile().ok()?)?;
    let (took, after) = (began.elapsed().as_secs_f64(), peak_memory()?);
    let figure = |name: &str, value: f64, unit: &str, note: String| serde_json::json!({ "group": "crl", "name": name, "value": value, "unit": unit, "note": note });
    let note = format!("{before:.1} MB before; the list goes to a file");
    Some([
        figure("1 million entries, written, signed, in a file", took, "s", "once".to_owned()),
        figure("most memory of the process meanwhile", after, "MB", note),
    ])
}

fn lists(c: &mut Criterion) {
    let Ok(key) = PrivateKey::generate(&mut OsRandom) else {
        return;
    };
    let issuer = issuer();
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

criterion_group!(benches, memory, lists);
criterion_main!(benches);
