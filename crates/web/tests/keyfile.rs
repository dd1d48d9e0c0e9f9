//! Signing with a key file in the page: the scripts against known answers and OpenSSL
//! (`keyfile/suite.mjs`), against `gm` and `pki`, and how the pages carry them.
//!
//! Needs node and openssl; a real browser is `browser/keyfile.mjs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::world;

use crate::door;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use door::get;
use gm::passphrase::{Stretch, seal};
use gm::sm2::{PrivateKey, verify};
use gm::{OsRandom, Random, Signature, UserId};
use pki::CertificationRequest;
use serde_json::{Value, json};
use world::World;

const PAGE: (&str, &str) = ("accept", "text/html,application/xhtml+xml");
const PASSPHRASE: &str = "山重水复疑无路 2026";

fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/keyfile")
}

/// Without a judge there is no verdict; `./check` installs them all, so there none may be missing.
fn judges_are_here() -> bool {
    for judge in ["node", "openssl"] {
        let version = if judge == "node" { "--version" } else { "version" };
        if Command::new(judge).arg(version).output().is_err() {
            assert!(std::env::var_os("YINXIN_JUDGES_PYTHON").is_none(), "{judge} is missing");
            eprintln!("skipped: no {judge} here");
            return false;
        }
    }
    true
}

#[test]
fn the_scripts_agree_with_the_standards_and_with_openssl() {
    if !judges_are_here() {
        return;
    }
    let output = Command::new("node").arg(scripts().join("suite.mjs")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

fn octets<const N: usize>() -> [u8; N] {
    let mut octets = [0; N];
    OsRandom.fill(&mut octets).unwrap();
    octets
}

/// The key as a file in one of the forms that people have.
fn key_file(key: &PrivateKey, form: usize) -> Vec<u8> {
    let pkcs8 = key.to_pkcs8_der().unwrap();
    let sealed = |stretch| {
        seal(PASSPHRASE.as_bytes(), stretch, "subscriber-key", &pkcs8, &mut OsRandom).unwrap()
    };
    match form {
        0 => sealed(Stretch::STRONG),
        1 => pki::pem::encode("EC PRIVATE KEY", &key.to_sec1_der().unwrap()).unwrap().into(),
        2 | 3 => sealed(Stretch::FAST_FOR_TESTS),
        4 => pkcs8.to_vec(),
        _ => pki::pem::encode("PRIVATE KEY", &pkcs8).unwrap().into(),
    }
}

fn answers(orders: &[Value]) -> Vec<Value> {
    let mut node = Command::new("node")
        .arg(scripts().join("answers.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    node.stdin.take().unwrap().write_all(&serde_json::to_vec(orders).unwrap()).unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_the_page_signs_with_our_key_files_is_what_the_institution_accepts() {
    if !judges_are_here() {
        return;
    }
    let keys: Vec<_> = (0..30).map(|_| PrivateKey::generate(&mut OsRandom).unwrap()).collect();
    let inputs: Vec<_> = (0..30).map(|at| octets::<200>()[..at * 6].to_vec()).collect();
    let text = |at: usize| json!({ "v": "yinxin-act/1", "at": at }).to_string();
    let order = |at: usize| {
        let (file, input) = (hex::encode(key_file(&keys[at], at)), hex::encode(&inputs[at]));
        json!({ "key": file, "passphrase": PASSPHRASE, "text": text(at), "octets": input })
    };
    let answers = answers(&(0..30).map(order).collect::<Vec<_>>());
    assert_eq!(answers.len(), keys.len());
    for (at, answer) in answers.iter().enumerate() {
        let field = |name: &str| answer[name].as_str().unwrap();
        let key = keys[at].public_key();
        assert_eq!(field("key"), hex::encode(key.to_sec1()));
        let der = URL_SAFE_NO_PAD.decode(field("signature")).unwrap();
        let signature = Signature::from_der(&der).unwrap();
        verify(key, &UserId::default(), text(at).as_bytes(), &signature).unwrap();
        let request = CertificationRequest::from_pem_or_der(field("request").as_bytes()).unwrap();
        let proof = request.prove_possession(&UserId::default()).unwrap();
        assert_eq!(proof.public_key(), key);
        assert_eq!(field("sm3"), gm::sm3::hash(&inputs[at]).to_hex());
        assert_eq!(field("hmac"), gm::sm3::hmac(&inputs[at], &inputs[at]).to_hex());
    }
}

/// The address of the script that a page loads.
fn script_of(page: &str) -> String {
    let after = page.split("<script type=\"module\" src=\"").nth(1).unwrap();
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_form_over_a_key_file_is_hidden_until_scripts_show_it_and_sends_nothing() {
    let world = World::new().await;
    let answer = get(&world, "/login/key", &[PAGE]).await;
    let page = String::from_utf8(answer.body.clone()).unwrap();
    let form = page.split("<form class=\"keyfile\"").nth(1).unwrap();
    let (opening, rest) = form.split_once('>').unwrap();
    assert!(opening.contains(" hidden"), "{opening}");
    let inside = rest.split("</form>").next().unwrap();
    assert!(inside.contains("type=\"file\"") && inside.contains("type=\"password\""));
    assert!(!inside.contains(" name="), "a field with a name would be sent");
    let policy = answer.field("content-security-policy");
    assert!(policy.contains("script-src 'self';") && policy.contains("worker-src 'self';"));
    assert!(policy.contains("connect-src 'none'"), "a script could send what it reads");
    assert!(!policy.contains("unsafe"), "{policy}");
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts_are_kept_for_a_year_and_every_one_that_they_load_is_there() {
    let world = World::new().await;
    let page = get(&world, "/login/key", &[PAGE]).await;
    let entry = script_of(&String::from_utf8(page.body).unwrap());
    let (set, _) = entry.rsplit_once('/').unwrap();
    let mut open = vec!["page.js".to_owned(), "worker.js".to_owned()];
    let mut seen = Vec::new();
    while let Some(name) = open.pop() {
        if seen.contains(&name) {
            continue;
        }
        let answer = get(&world, &format!("{set}/{name}"), &[]).await;
        assert_eq!(answer.status.as_u16(), 200, "{name}");
        assert_eq!(answer.field("content-type"), "text/javascript; charset=utf-8");
        assert!(answer.field("cache-control").contains("immutable"), "{name}");
        assert!(answer.field("content-security-policy").contains("connect-src 'none'"));
        let text = String::from_utf8(answer.body).unwrap();
        let loads = text.split(" from './").skip(1).filter_map(|rest| rest.split('\'').next());
        open.extend(loads.map(str::to_owned));
        seen.push(name);
    }
    for file in std::fs::read_dir(scripts().join("../../assets/keyfile")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let served = get(&world, &format!("{set}/{name}"), &[]).await.status.as_u16() == 200;
        assert_eq!(served, name.ends_with(".js"), "{name}");
    }
    for other in ["/assets/keyfile-0000000000000000/page.js", "/assets/x/../page.js"] {
        assert_eq!(get(&world, other, &[]).await.status.as_u16(), 404, "{other}");
    }
}
