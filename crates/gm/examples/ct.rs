//! Does the time of signing and decrypting depend on the secret?
//!
//! `cargo run --release -p gm --example ct -- [measurements]` (20,000 if not given), called by
//! `cargo xtask soak`. The method is dudect's (Reparaz, Balasch, Verbauwhede 2017): two classes
//! of secrets, one fixed and one random, measured in random order; Welch's t over all samples and
//! over the fastest 95, 90, 75 and 50 of 100. The largest |t| counts.
//!
//! - `sign`, `decrypt`, `sm4 seal`: |t| > 10 ends with exit code 1.
//! - `control`: an operation that does leak. If its |t| is not above 10 the measurement was too
//!   coarse to show anything, and the exit code is 1 as well.
//!
//! What a small t shows: no difference of mean time between these two classes, on this machine,
//! with this compiler, at this many measurements. What it cannot show: leaks through caches,
//! ports or power; leaks that only certain secrets provoke; code that another compiler emits. It
//! supplements reading the code, it does not replace it.

// A report for a person at a terminal.
#![allow(clippy::print_stdout)]

use std::{hint::black_box, process::ExitCode, time::Instant};

use gm::{
    Ciphertext, DeviceError, Digest, OsRandom, Random,
    sm2::{self, PrivateKey},
    sm3, sm4,
};

const LIMIT: f64 = 10.0;

/// The fixed class: a secret with a single bit, as different from a random one as can be.
const FIXED: [u8; 32] = {
    let mut secret = [0; 32];
    secret[31] = 2;
    secret
};

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool, DeviceError> {
    let measurements = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(20_000);
    println!("{measurements} measurements each; limit |t| = {LIMIT}");
    let sign = report("sign", measure(measurements, signing)?);
    let ciphertext = someone_elses_ciphertext()?;
    let decrypt =
        report("decrypt", measure(measurements, |secret| decrypting(secret, &ciphertext))?);
    let seal = report("sm4 seal", measure(measurements, sealing)?);
    let control = report("control", measure(measurements, leaking)?);
    if control <= LIMIT {
        println!("the control was not noticed: this run shows nothing");
    }
    Ok(sign <= LIMIT && decrypt <= LIMIT && seal <= LIMIT && control > LIMIT)
}

/// Prints and returns the largest |t|.
fn report(name: &str, classes: [Vec<f64>; 2]) -> f64 {
    let [fixed, random] = classes.map(sorted);
    let parts = [1.0, 0.95, 0.9, 0.75, 0.5];
    let values = parts.map(|part| welch(fastest(&fixed, part), fastest(&random, part)));
    let largest = values.iter().fold(0.0, |max: f64, t| max.max(t.abs()));
    let median = |times: &[f64]| times.get(times.len() / 2).copied().unwrap_or_default();
    println!(
        "{name:9} largest |t| {largest:8.2}   t {:8.2} {:8.2} {:8.2} {:8.2} {:8.2}   median {:.0} / {:.0} ns",
        values[0],
        values[1],
        values[2],
        values[3],
        values[4],
        median(&fixed),
        median(&random),
    );
    largest
}

/// Times `prepare(secret)()` for secrets of both classes in random order. Preparing is the same
/// work for both and leaves the same things in the cache; it is not timed.
fn measure<F: FnOnce()>(
    measurements: usize,
    prepare: impl Fn([u8; 32]) -> Option<F>,
) -> Result<[Vec<f64>; 2], DeviceError> {
    let mut times = [Vec::new(), Vec::new()];
    while times.iter().map(Vec::len).sum::<usize>() < measurements {
        let (mut class, mut secret) = ([0; 1], [0; 32]);
        OsRandom.fill(&mut class)?;
        OsRandom.fill(&mut secret)?;
        let [fixed, random] = &mut times;
        let (secret, times) = if class[0] & 1 == 0 { (FIXED, fixed) } else { (secret, random) };
        let Some(operation) = prepare(black_box(secret)) else {
            continue;
        };
        let start = Instant::now();
        operation();
        times.push(start.elapsed().as_secs_f64() * 1e9);
    }
    Ok(times)
}

/// The nonce is a function of the secret here, so k·G is measured along with the rest.
fn signing(secret: [u8; 32]) -> Option<impl FnOnce()> {
    let key = PrivateKey::from_bytes(&secret).ok()?;
    Some(move || {
        black_box(key.sign_digest(&Digest([0x5a; 32])));
    })
}

fn someone_elses_ciphertext() -> Result<Ciphertext, DeviceError> {
    let key = PrivateKey::generate(&mut OsRandom)?;
    sm2::encrypt(key.public_key(), &[0x5a; 64], &mut OsRandom)
}

/// The same ciphertext for all secrets; it opens with none of them.
fn decrypting(secret: [u8; 32], ciphertext: &Ciphertext) -> Option<impl FnOnce()> {
    let key = PrivateKey::from_bytes(&secret).ok()?;
    Some(move || drop(black_box(key.decrypt(ciphertext))))
}

fn sealing(secret: [u8; 32]) -> Option<impl FnOnce()> {
    let key: [u8; 16] = *secret.last_chunk()?;
    Some(move || drop(black_box(sm4::gcm_seal(&key, &[7; 12], b"", &[0x5a; 1024]))))
}

/// Works only for the bits that are set.
fn leaking(secret: [u8; 32]) -> Option<impl FnOnce()> {
    let ones: u32 = secret.iter().map(|octet| octet.count_ones()).sum();
    Some(move || {
        let mut value = [0; 32];
        for _ in 0..ones {
            value = sm3::hash(black_box(&value)).0;
        }
        black_box(value);
    })
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

fn fastest(times: &[f64], part: f64) -> &[f64] {
    let count = (times.len() as f64 * part) as usize;
    times.get(..count).unwrap_or(times)
}

/// Welch's t; zero if a class has hardly any samples.
fn welch(a: &[f64], b: &[f64]) -> f64 {
    if a.len() < 2 || b.len() < 2 {
        return 0.0;
    }
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    let spread = |x: &[f64], mean: f64| {
        let squares: f64 = x.iter().map(|time| (time - mean).powi(2)).sum();
        squares / (x.len() - 1) as f64 / x.len() as f64
    };
    let (mean_a, mean_b) = (mean(a), mean(b));
    (mean_a - mean_b) / (spread(a, mean_a) + spread(b, mean_b)).sqrt()
}
