//! Searches of the directory for one entry by its name, a certificate or a place with all it holds: some
//! connections, each with one search at a time.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use directory::message::{Frame, ReplyBody, Scope, decode_reply, frame_within, search_request};

use crate::figures::{Figures, Spread, cpu_time, quantile};
use crate::number;
use crate::status::{CONNECTIONS, seconds};

/// Entries that are searched for.
const MOST: usize = 400;

pub fn measure(port: u16, service: u32, engine: &str, figures: &mut Figures) {
    let searches = searches(port);
    let before = cpu_time(service);
    let runs: Vec<Vec<Duration>> =
        (0..=number("YINXIN_BENCH_RUNS", 3)).map(|_| run(port, &searches)).collect();
    let cpu = cpu_time(service).saturating_sub(before).as_secs_f64() * 1e6;
    let count: usize = runs.iter().map(Vec::len).sum();
    let rate = |run: &Vec<Duration>| run.len() as f64 / seconds().as_secs_f64();
    let rates = Spread::of(runs.iter().skip(1).map(rate));
    let mut answers: Vec<_> = runs.into_iter().skip(1).flatten().collect();
    answers.sort();
    let note = format!(
        "{rates}; {CONNECTIONS} connections, p50 {:.2} ms, p99 {:.2} ms; {:.0} µs of processor each",
        quantile(&answers, 0.5),
        quantile(&answers, 0.99),
        cpu / count as f64,
    );
    let name = format!("entries read by name, {engine}");
    figures.add("directory", &name, (rates.median(), "/s"), note);
}

/// Searches for what is there, made beforehand. The bench orders certificates of persons, which nobody
/// finds, and of a few devices: places that are always there are searched for as well.
fn searches(port: u16) -> Vec<Vec<u8>> {
    let mut stream = connect(port);
    let root = exchange(&mut stream, &search_request(1, ("", Scope::Subtree), None));
    let names = root.into_iter().filter_map(|body| match body {
        ReplyBody::Entry { dn, .. } => Some(dn),
        _ => None,
    });
    let searches: Vec<_> =
        names.take(MOST).map(|dn| search_request(2, (&dn, Scope::Base), None)).collect();
    assert!(!searches.is_empty());
    searches
}

fn run(port: u16, searches: &[Vec<u8>]) -> Vec<Duration> {
    let end = Instant::now() + seconds();
    std::thread::scope(|scope| {
        let client = |first: usize| {
            let mut stream = connect(port);
            let mut answers = Vec::new();
            for search in searches.iter().cycle().skip(first) {
                let began = Instant::now();
                if began > end {
                    break;
                }
                let found = exchange(&mut stream, search);
                assert_eq!(found.len(), 2, "one entry and the end: {found:?}");
                answers.push(began.elapsed());
            }
            answers
        };
        let threads: Vec<_> =
            (0..CONNECTIONS).map(|first| scope.spawn(move || client(first))).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Sends a search and reads up to its end.
fn exchange(stream: &mut TcpStream, search: &[u8]) -> Vec<ReplyBody> {
    stream.write_all(search).unwrap();
    let (mut octets, mut found) = (Vec::new(), Vec::new());
    let mut part = [0; 64 << 10];
    loop {
        while let Frame::Whole(whole) = frame_within(&octets, 64 << 20) {
            let reply: Vec<u8> = octets.drain(..whole).collect();
            let body = decode_reply(&reply).unwrap().body;
            let is_end = matches!(body, ReplyBody::Done(_));
            found.push(body);
            if is_end {
                return found;
            }
        }
        let read = stream.read(&mut part).unwrap();
        assert!(read > 0, "connection closed");
        octets.extend_from_slice(&part[..read]);
    }
}
