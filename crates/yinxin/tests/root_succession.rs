//! The next key of the root by the commands that people give, judged from outside: OpenSSL verifies whole chains for
//! clients that have only the old root or only the new one, before and after the issuing CA was followed by another.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::Certificate;
use pki::crl::Crl;
use serde_json::{Value, json};
use support::{World, agent, request_pem};

const PEOPLE: &str = "[leader]\nid = \"L1\"\nname = \"主持人\"\noffice = \"负责人\"\n\
     [[witnesses]]\nid = \"W1\"\nname = \"见证人\"\noffice = \"审计\"\n";

/// Somebody with a passphrase file, and with a share if one is brought.
fn person(world: &World, table: &str, at: usize, (phrase, share): (&str, Option<&Path>)) -> String {
    let file = world.dir.path().join(format!("{table}-{}-{at}.txt", phrase.len()));
    std::fs::write(&file, format!("{phrase} {at}")).unwrap();
    let mut text = format!(
        "[[{table}]]\nid = \"K{at}\"\nname = \"保管人{at}\"\noffice = \"保管人\"\npassphrase_file = \"{}\"\n",
        file.display()
    );
    if let Some(folder) = share {
        let share = folder.join(format!("share-{at}.json"));
        writeln!(text, "share = \"{}\"", share.display()).unwrap();
    }
    text
}

fn write_plan(world: &World, name: &str, people: &[String]) -> String {
    let path = world.dir.path().join(format!("{name}.toml"));
    let text = format!("name = \"{name}\"\n{PEOPLE}{}", people.concat());
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

const OLD: &str = "custodian passphrase";
const NEW: &str = "next custodian passphrase";

fn root_plan(world: &World, holders: &[usize]) -> String {
    let shares = world.data().join("ceremony/shares");
    let old = holders.iter().map(|at| person(world, "holders", *at, (OLD, Some(&shares))));
    let new = (1..=5).map(|at| person(world, "custodians", at, (NEW, None)));
    write_plan(world, "root-2", &old.chain(new).collect::<Vec<_>>())
}

/// Where the shares of the new key are.
fn next_shares(world: &World) -> PathBuf {
    world.data().join("ceremony/root-succession-root-2/shares")
}

fn issuing_plan(world: &World) -> String {
    let shares = next_shares(world);
    let holders = [2, 3, 5].map(|at| person(world, "custodians", at, (NEW, Some(&shares))));
    write_plan(world, "issuing-2", &holders)
}

fn done(world: &World, arguments: &[&str]) -> String {
    let (code, said) = world.run(arguments);
    assert_eq!(code, 0, "{arguments:?}: {said}");
    said
}

fn issue(world: &World, id: &str) -> String {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = json!({ "request_id": id, "kind": "person", "csr": request_pem(&key, "张三") });
    let answer = world.client.call("POST", "/api/v1/requests", &order).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["sign_serial"].as_str().unwrap().to_owned()
}

fn download(world: &World, path: &str) -> Vec<u8> {
    let mut answer = agent().get(format!("{}{path}", world.url)).call().unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.body_mut().read_to_vec().unwrap()
}

/// A certificate as a file for OpenSSL.
fn keep(world: &World, name: &str, der: &[u8]) -> (PathBuf, Certificate) {
    let certificate = Certificate::from_der(der).unwrap();
    let path = world.dir.path().join(format!("{name}.pem"));
    std::fs::write(&path, certificate.to_pem().unwrap()).unwrap();
    (path, certificate)
}

fn published(world: &World, name: &str) -> (PathBuf, Certificate) {
    keep(world, name, &download(world, &format!("/ca/{name}.cer")))
}

fn issued(world: &World, serial: &str) -> PathBuf {
    let target = format!("/api/v1/certificates/{serial}/der");
    keep(world, serial, &world.client.call("GET", &target, &Value::Null).unwrap().body).0
}

/// OpenSSL's library verifies the whole chain.
fn openssl_finds(anchor: &Path, via: &[&Path], leaf: &Path) -> Result<(), String> {
    let judge = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/chain.py");
    let python = std::env::var("YINXIN_JUDGES_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.arg(judge).arg("--anchor").arg(anchor);
    via.iter().for_each(|one| {
        command.arg("--via").arg(one);
    });
    let done = command.arg(leaf).output().unwrap();
    let said = String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned();
    if done.status.success() { Ok(()) } else { Err(said) }
}

/// `openssl verify` holds one certificate against its issuer.
fn openssl_verifies(issuer: &Path, certificate: &Path) -> bool {
    let mut command = Command::new("openssl");
    command.args(["verify", "-partial_chain", "-vfyopt", "distid:1234567812345678", "-CAfile"]);
    command.arg(issuer).arg(certificate).output().unwrap().status.success()
}

fn lists_are_signed_by_their_own_keys(world: &World, roots: [(&str, &Certificate); 2]) {
    for (name, certificate) in roots {
        let list = Crl::from_der(download(world, &format!("/crl/{name}.crl"))).unwrap();
        list.verify(&certificate.public_key().unwrap(), &UserId::default()).unwrap();
        assert_eq!(list.issuer(), certificate.subject());
        assert_eq!(list.authority_key(), certificate.ski().map(|ski| ski.0).as_deref());
    }
}

fn the_doctor_finds_all_good(world: &World) {
    let (_, said) = world.run(&["doctor", "--full", "--json"]);
    let named = [
        "journal",
        "journal_full",
        "signatures",
        "device",
        "tables",
        "ocsp",
        "crl",
        "root_list",
        "root_generations",
        "ends",
        "trust",
    ];
    let checks = support::checks(&said);
    for name in named {
        let found: Vec<_> = checks.iter().filter(|check| check["name"] == name).collect();
        assert!(!found.is_empty(), "{name}: {said}");
        assert!(found.iter().all(|check| check["level"] == "good"), "{found:?}");
    }
}

/// Three of each bring their keys back.
fn the_year_after_both_lists_are_made(world: &World) {
    let phrase = |name: &str| world.dir.path().join(name).display().to_string();
    let share = |folder: PathBuf, at: usize, phrase: String| {
        format!("{}={phrase}", folder.join(format!("share-{at}.json")).display())
    };
    for (folder, table, length) in [
        (world.data().join("ceremony/shares"), "holders", OLD.len()),
        (next_shares(world), "custodians", NEW.len()),
    ] {
        let own = [1, 2, 4]
            .map(|at| share(folder.clone(), at, phrase(&format!("{table}-{length}-{at}.txt"))));
        let [a, b, c] = own.each_ref().map(String::as_str);
        let shown = ["--share", a, "--share", b, "--share", c];
        let command = [&["ceremony", "restore-root", "--leader", "L1"][..], &shown].concat();
        done(world, &command);
    }
    let said = done(world, &["ceremony", "publish-root-list"]);
    assert!(said.contains("root.crl") && said.contains("root2.crl"), "{said}");
    done(world, &["ceremony", "destroy-root", "--leader", "L1"]);
}

/// Three of the old key's custodians, not all of whom were there before.
fn abandon_plan(world: &World) -> String {
    let shares = world.data().join("ceremony/shares");
    let path = world.dir.path().join("over.toml");
    let holders = [2, 3, 5].map(|at| person(world, "custodians", at, (OLD, Some(&shares))));
    let head =
        "name = \"over\"\ngives_up = \"root-2\"\nreason = \"第四名保管人离职，没有交出分量\"\n";
    std::fs::write(&path, format!("{head}{PEOPLE}{}", holders.concat())).unwrap();
    path.to_str().unwrap().to_owned()
}

/// The serial numbers that a list revokes, by OpenSSL, which verifies its signature as well.
fn openssl_lists(world: &World, name: &str, issuer: &Path) -> String {
    let path = world.dir.path().join(format!("{name}.crl"));
    std::fs::write(&path, download(world, &format!("/crl/{name}.crl"))).unwrap();
    let mut command = Command::new("openssl");
    command.args(["crl", "-inform", "DER", "-noout", "-text", "-in"]).arg(&path);
    let done = command.arg("-CAfile").arg(issuer).output().unwrap();
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).to_lowercase()
}

#[test]
fn a_succession_that_nobody_can_go_on_with_is_given_up_and_the_next_is_judged_by_openssl() {
    let world = World::found("");
    // Served once, so that every list is out.
    let mut server = world.serve(&[]).expect("service starts");
    issue(&world, "before");
    server.stop();
    let plan = root_plan(&world, &[1, 2, 4]);
    let mut cut = world.yinxin(&["ceremony", "root-succeed", "--plan", &plan]);
    let cut = cut.env("YINXIN_CRASH_AT", "ca.55-crl-published:2").output().unwrap();
    assert!(!cut.status.success(), "it dies behind both links");
    let text = std::fs::read_to_string(&plan).unwrap();
    let next = world.dir.path().join("root-3.toml");
    std::fs::write(&next, text.replace("name = \"root-2\"", "name = \"root-3\"")).unwrap();
    let next = next.to_str().unwrap();
    let (code, said) = world.run(&["ceremony", "root-succeed", "--plan", next]);
    assert!(code != 0 && said.contains("ceremony abandon"), "{said}");
    assert!(done(&world, &["ceremony", "abandon-sample"]).contains("gives_up"));
    let over = abandon_plan(&world);
    let said = done(&world, &["ceremony", "abandon", "--plan", &over]);
    let revoked: Vec<_> = said.lines().filter_map(|line| line.split_once("序列号 ")).collect();
    assert!(revoked.len() == 2 && said.contains("root2"), "{said}");
    assert!(!next_shares(&world).join("share-1.json").exists(), "{said}");
    let (code, said) = world.run(&["ceremony", "root-succeed", "--plan", &plan]);
    assert!(code != 0 && said.contains("已放弃"), "{said}");
    the_doctor_finds_all_good(&world);
    let said = done(&world, &["ceremony", "root-succeed", "--plan", next]);
    assert!(said.contains("root3.cer"), "{said}");
    the_doctor_finds_all_good(&world);
    let mut server = world.serve(&[]).expect("service starts");
    let leaf = issued(&world, &issue(&world, "after"));
    let [old, new, first, forward, back] =
        ["root", "root3", "issuing", "root3-by-root", "root-by-root3"]
            .map(|name| published(&world, name).0);
    for (issuer, certificate) in [(&old, &forward), (&new, &back), (&old, &first)] {
        assert!(openssl_verifies(issuer, certificate), "{issuer:?} {certificate:?}");
    }
    for anchor in [&old, &new] {
        openssl_finds(anchor, &[&first, &forward, &back], &leaf)
            .unwrap_or_else(|said| panic!("{anchor:?}: {said}"));
    }
    for (name, issuer) in [("root", &old), ("root3", &new)] {
        let listed = openssl_lists(&world, name, issuer);
        for (_, serial) in &revoked {
            assert!(listed.contains(&serial.to_lowercase()), "{name} {serial}: {listed}");
        }
    }
    server.stop();
    let protocol = world.data().join("ceremony/abandonment-over/ceremony.json");
    let signature = protocol.with_extension("json.sig");
    let by = ["--signature", signature.to_str().unwrap(), "--certificate", first.to_str().unwrap()];
    done(&world, &[&["ceremony", "verify", protocol.to_str().unwrap()][..], &by].concat());
}

#[test]
fn old_and_new_clients_verify_what_either_root_key_certified_says_openssl() {
    let world = World::found("");
    let mut server = world.serve(&[]).expect("service starts");
    let old_leaf = issue(&world, "before");
    server.stop();

    assert!(done(&world, &["ceremony", "root-succession-sample"]).contains("[[holders]]"));
    let two = root_plan(&world, &[1, 2]);
    let (code, said) = world.run(&["ceremony", "root-succeed", "--plan", &two]);
    assert!(code != 0 && said.contains("三名以上保管人"), "{said}");
    let plan = root_plan(&world, &[1, 2, 4]);
    let said = done(&world, &["ceremony", "root-succeed", "--plan", &plan]);
    assert!(said.contains("root2.cer") && said.contains("分量"), "{said}");
    done(&world, &["ceremony", "root-succeed", "--plan", &plan]);
    the_doctor_finds_all_good(&world);
    done(&world, &["ceremony", "succeed", "--plan", &issuing_plan(&world)]);

    let mut server = world.serve(&[]).expect("service starts");
    let (old_leaf, new_leaf) = (issued(&world, &old_leaf), issued(&world, &issue(&world, "after")));
    let [old, new, first, second, forward, back] =
        ["root", "root2", "issuing", "issuing2", "root2-by-root", "root-by-root2"]
            .map(|name| published(&world, name));
    // Each link alone, by the command.
    for (issuer, certificate) in
        [(&old.0, &forward.0), (&new.0, &back.0), (&new.0, &second.0), (&old.0, &first.0)]
    {
        assert!(openssl_verifies(issuer, certificate), "{issuer:?} {certificate:?}");
    }
    assert!(!openssl_verifies(&old.0, &second.0) && !openssl_verifies(&new.0, &first.0));
    // Whole chains, by the library: who has the old root only, and who has the new one only.
    let all = [&first.0, &second.0, &forward.0, &back.0].map(PathBuf::as_path);
    for (anchor, leaf) in
        [(&old.0, &old_leaf), (&old.0, &new_leaf), (&new.0, &old_leaf), (&new.0, &new_leaf)]
    {
        openssl_finds(anchor, &all, leaf)
            .unwrap_or_else(|said| panic!("{anchor:?} {leaf:?}: {said}"));
    }
    let without = [&first.0, &second.0].map(PathBuf::as_path);
    assert!(openssl_finds(&old.0, &without, &new_leaf).is_err(), "nothing without the link");
    assert!(openssl_finds(&new.0, &without, &old_leaf).is_err());
    lists_are_signed_by_their_own_keys(&world, [("root", &old.1), ("root2", &new.1)]);
    let page = String::from_utf8(download(&world, "/downloads")).unwrap();
    for told in
        ["第 2 代根证书", "root2.cer", "root2-by-root.cer", "root-by-root2.cer", "root2.crl"]
    {
        assert!(page.contains(told), "{told}");
    }
    server.stop();

    let protocol = world.data().join("ceremony/root-succession-root-2/ceremony.json");
    let signature = protocol.with_extension("json.sig");
    let (protocol, signature) = (protocol.to_str().unwrap(), signature.to_str().unwrap());
    let by = ["--signature", signature, "--certificate", first.0.to_str().unwrap()];
    done(&world, &[&["ceremony", "verify", protocol][..], &by].concat());
    the_year_after_both_lists_are_made(&world);
    let people = ["--officer", "S001", "--witness", "A001", "--reason", "旧根之下的证书全部到期"];
    let destroy = ["ceremony", "destroy-root-shares", "--generation", "root"];
    let shares = ["--share", "1", "--share", "2", "--share", "3"];
    let (code, said) = world.run(&[&destroy[..], &shares, &people].concat());
    assert!(code == 1 && said.contains("还不能销毁"), "{said}");
    the_doctor_finds_all_good(&world);
}
