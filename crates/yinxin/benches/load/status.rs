//! Status answers by OCSP, measured with `wrk`: prepared ones by GET, live ones by POST, where
//! every question has a nonce of its own and so every answer a signature of its own.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use gm::{OsRandom, Random as _};
use pki::ocsp::{CertId, HashAlgorithm, Nonce, Reply, Request};
use pki::{Certificate, Serial, Spki};

use crate::figures::{Figures, Spread, cpu_time};
use crate::number;
use crate::support::{World, agent};

/// Certificates that are asked about.
const CERTIFICATES: usize = 400;
/// Questions with different nonces; `wrk` starts over after the last.
const NONCES: usize = 20_000;
pub const CONNECTIONS: usize = 32;

/// What one run of `wrk` told.
struct Run {
    rate: f64,
    p50: String,
    p99: String,
}

pub fn measure(world: &World, service: u32, figures: &mut Figures) {
    install_wrk();
    let ids = questions(world);
    let prepared = script_of_paths(world.dir.path(), &ids);
    let live = script_of_bodies(world.dir.path(), &ids);
    check(world, &ids[0]);
    for (name, script) in [("prepared answers, GET", prepared), ("live answers, nonce", live)] {
        let Some((rates, note)) = ask(world, service, &script) else { return };
        figures.add("ocsp", name, (rates.median(), "/s"), note);
    }
}

/// Several runs of a script against the service: their rates, and what else they tell.
pub fn ask(world: &World, service: u32, script: &Path) -> Option<(Spread, String)> {
    let before = cpu_time(service);
    // The first run warms up.
    let runs: Vec<Run> =
        (0..=number("YINXIN_BENCH_RUNS", 3)).map(|_| wrk(&world.url, script)).collect();
    let cpu = cpu_time(service).saturating_sub(before);
    let (last, measured) = (runs.last()?, runs.get(1..)?);
    let rates = Spread::of(measured.iter().map(|run| run.rate));
    let count = runs.iter().map(|run| run.rate).sum::<f64>() * seconds().as_secs_f64();
    let note = format!(
        "{rates}; {CONNECTIONS} connections, p50 {}, p99 {}; {:.0} µs of processor each",
        last.p50,
        last.p99,
        cpu.as_secs_f64() * 1e6 / count,
    );
    Some((rates, note))
}

pub fn seconds() -> Duration {
    Duration::from_secs(number("YINXIN_BENCH_SECONDS", 4) as u64)
}

fn install_wrk() {
    let needs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/needs");
    assert!(Command::new(needs).arg("wrk").status().unwrap().success());
}

/// Names of certificates, the newest.
pub fn questions(world: &World) -> Vec<CertId> {
    let issuer = agent().get(format!("{}/ca/{}.cer", world.url, app::ISSUER)).call();
    let issuer = issuer.unwrap().body_mut().read_to_vec().unwrap();
    let issuer = Certificate::from_pem_or_der(&issuer).unwrap();
    let key = Spki::of(&issuer.public_key().unwrap());
    let page = world.client.get(&format!("/api/v1/certificates?limit={CERTIFICATES}"));
    let serial = |item: &serde_json::Value| Serial::from_hex(item["serial"].as_str()?).ok();
    let serials = page["items"].as_array().unwrap().iter().filter_map(serial);
    let id = |serial| CertId::of(HashAlgorithm::Sm3, issuer.subject(), &key, serial).unwrap();
    serials.map(id).collect()
}

/// A live answer is what it should be: it says good, for this question.
fn check(world: &World, id: &CertId) {
    let request = with_nonce(id);
    let answer = agent().post(format!("{}/ocsp", world.url)).send(request.der());
    let reply = Reply::from_der(&answer.unwrap().body_mut().read_to_vec().unwrap()).unwrap();
    let Reply::Answered(basic) = reply else { panic!("no answer") };
    assert_eq!(basic.nonce(), request.nonce());
    assert!(basic.find(id).is_some());
}

fn with_nonce(id: &CertId) -> Request {
    let mut nonce = [0; 16];
    OsRandom.fill(&mut nonce).unwrap();
    Request::new(vec![id.clone()], Some(Nonce::new(nonce).unwrap())).unwrap()
}

fn script_of_paths(folder: &Path, ids: &[CertId]) -> PathBuf {
    let mut lua = "local requests, at = {}, 0\nfunction init(args)\n".to_owned();
    for id in ids {
        let request = Request::new(vec![id.clone()], None).unwrap();
        let path = STANDARD.encode(request.der()).replace('+', "%2B").replace('/', "%2F");
        let path = path.replace('=', "%3D");
        let _ = writeln!(lua, "requests[#requests+1] = wrk.format('GET', '/ocsp/{path}')");
    }
    save(folder, "paths.lua", lua)
}

pub fn script_of_bodies(folder: &Path, ids: &[CertId]) -> PathBuf {
    let bodies = ids.iter().cycle().take(NONCES).map(|id| with_nonce(id).der().to_vec());
    script_of_posts(folder, ("bodies", "/ocsp", "application/ocsp-request"), bodies)
}

/// Posts of these bodies, one after the other. They lie in a file beside, in hexadecimal: too
/// many for a program in Lua.
pub fn script_of_posts(
    folder: &Path,
    (name, path, kind): (&str, &str, &str),
    bodies: impl Iterator<Item = Vec<u8>>,
) -> PathBuf {
    let bodies: Vec<_> = bodies.map(hex::encode).collect();
    let file = folder.join(format!("{name}.txt"));
    std::fs::write(&file, bodies.join("\n")).unwrap();
    let lua = format!(
        "local requests, at = {{}}, 0\n\
         local headers = {{ ['Content-Type'] = '{kind}' }}\n\
         function init(args)\n\
         for line in io.lines('{}') do\n\
         local body = line:gsub('..', function(two) return string.char(tonumber(two, 16)) end)\n\
         requests[#requests+1] = wrk.format('POST', '{path}', headers, body)\n\
         end\n",
        file.display()
    );
    save(folder, &format!("{name}.lua"), lua)
}

fn save(folder: &Path, name: &str, lua: String) -> PathBuf {
    let end = "end\nfunction request() at = at % #requests + 1; return requests[at] end\n";
    let path = folder.join(name);
    std::fs::write(&path, lua + end).unwrap();
    path
}

fn wrk(url: &str, script: &Path) -> Run {
    let (duration, connections) = (format!("{}s", seconds().as_secs()), CONNECTIONS.to_string());
    let done = Command::new("wrk")
        .args(["-t1", "-c", &connections, "-d", &duration, "--latency", "-s"])
        .arg(script)
        .arg(url)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&done.stdout).into_owned();
    assert!(
        done.status.success() && !text.contains("Non-2xx") && !text.contains("Socket"),
        "{text}"
    );
    let field = |name: &str| {
        let line = text.lines().find_map(|line| line.trim().strip_prefix(name));
        line.unwrap_or_else(|| panic!("{name}: {text}")).trim().to_owned()
    };
    Run { rate: field("Requests/sec:").parse().unwrap(), p50: field("50%"), p99: field("99%") }
}
