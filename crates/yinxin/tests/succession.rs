//! The next key of the issuing CA by the commands that people give, judged from outside: OpenSSL holds each
//! certificate against its issuer and asks the status service, before and after.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use gm::OsRandom;
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::Certificate;
use pki::crl::Crl;
use serde_json::{Value, json};
use support::{World, agent, request_pem};

/// A plan for the custodians 1, 2 and 4, who bring their files.
fn plan(world: &World, holders: &[usize]) -> PathBuf {
    plan_of(world, holders, "name = \"issuing-2\"\n")
}

/// The same with other first lines.
fn plan_of(world: &World, holders: &[usize], first: &str) -> PathBuf {
    let folder = world.dir.path();
    let mut text = format!(
        "{first}[leader]\nid = \"L1\"\nname = \"主持人\"\noffice = \"负责人\"\n\
         [[witnesses]]\nid = \"W1\"\nname = \"见证人\"\noffice = \"审计\"\n",
    );
    for at in holders {
        let phrase = folder.join(format!("k{at}.txt"));
        std::fs::write(&phrase, format!("custodian passphrase {at}")).unwrap();
        let share = world.data().join(format!("ceremony/shares/share-{at}.json"));
        write!(
            text,
            "[[custodians]]\nid = \"K{at}\"\nname = \"保管人{at}\"\noffice = \"保管人\"\n\
             share = \"{}\"\npassphrase_file = \"{}\"\n",
            share.display(),
            phrase.display()
        )
        .unwrap();
    }
    let path = folder.join("succession.toml");
    std::fs::write(&path, text).unwrap();
    path
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

fn issued(world: &World, serial: &str) -> (PathBuf, Certificate) {
    let target = format!("/api/v1/certificates/{serial}/der");
    keep(world, serial, &world.client.call("GET", &target, &Value::Null).unwrap().body)
}

/// OpenSSL holds one certificate against its issuer (it takes the SM2 ID for the lowest one only).
fn openssl_verifies(issuer: &Path, certificate: &Path) -> bool {
    let mut command = Command::new("openssl");
    command.args(["verify", "-partial_chain", "-vfyopt", "distid:1234567812345678", "-CAfile"]);
    command.arg(issuer).arg(certificate).output().unwrap().status.success()
}

/// What OpenSSL is told about a certificate of this issuer.
fn openssl_asks(world: &World, issuer: &Path, serial: &str) -> String {
    let done = Command::new("openssl")
        .args(["ocsp", "-noverify", "-sm3", "-issuer"])
        .arg(issuer)
        .args(["-serial", &format!("0x{serial}"), "-url", &format!("{}/ocsp", world.url)])
        .output()
        .unwrap();
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

fn the_doctor_finds_all_good(world: &World) {
    let (_, said) = world.run(&["doctor", "--full", "--json"]);
    for check in support::checks(&said) {
        let name = check["name"].as_str().unwrap();
        if ["journal", "journal_full", "signatures", "device", "tables", "ocsp", "crl", "root_list"]
            .contains(&name)
        {
            assert_eq!(check["level"], "good", "{check}");
        }
    }
}

#[test]
fn the_next_key_of_the_issuing_ca_is_made_by_command_and_judged_by_openssl() {
    let world = World::found("");
    let mut server = world.serve(&[]).expect("service starts");
    let old = issue(&world, "before");
    server.stop();

    let (code, sample) = world.run(&["ceremony", "succession-sample"]);
    assert!(code == 0 && sample.contains("[[custodians]]"), "{sample}");
    let two = plan(&world, &[1, 2]);
    let (code, said) = world.run(&["ceremony", "succeed", "--plan", two.to_str().unwrap()]);
    assert!(code != 0 && said.contains("三名以上保管人"), "{said}");
    let three = plan(&world, &[1, 2, 4]);
    let command = ["ceremony", "succeed", "--plan", three.to_str().unwrap()];
    let (code, said) = world.run(&command);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("SM2 CA G2") && said.contains("issuing2"), "{said}");
    let (code, again) = world.run(&command);
    assert!(code == 0 && again.contains("issuing2"), "held again it changes nothing: {again}");

    let mut server = world.serve(&[]).expect("service starts");
    let new = issue(&world, "after");
    let root = keep(&world, "root", &download(&world, "/ca/root.cer"));
    let first = keep(&world, "issuing", &download(&world, "/ca/issuing.cer"));
    let second = keep(&world, "issuing2", &download(&world, "/ca/issuing2.cer"));
    let (old_file, _) = issued(&world, &old);
    let (new_file, new_certificate) = issued(&world, &new);
    for (issuer, certificate) in
        [(&root.0, &first.0), (&root.0, &second.0), (&first.0, &old_file), (&second.0, &new_file)]
    {
        assert!(openssl_verifies(issuer, certificate), "{issuer:?} {certificate:?}");
    }
    assert!(!openssl_verifies(&first.0, &new_file) && !openssl_verifies(&second.0, &old_file));
    assert_eq!(new_certificate.issuer(), second.1.subject());
    for (issuer, serial, other) in [(&first.0, &old, &new), (&second.0, &new, &old)] {
        let said = openssl_asks(&world, issuer, serial);
        assert!(said.contains("good"), "{said}");
        assert!(openssl_asks(&world, issuer, other).contains("unknown"), "each for its own");
    }
    for (name, certificate) in [("issuing", &first.1), ("issuing2", &second.1), ("root", &root.1)] {
        let list = Crl::from_der(download(&world, &format!("/crl/{name}.crl"))).unwrap();
        list.verify(&certificate.public_key().unwrap(), &UserId::default()).unwrap();
        assert_eq!(list.issuer(), certificate.subject());
    }
    let page = String::from_utf8(download(&world, "/downloads")).unwrap();
    for told in ["第 2 代签发证书", "issuing2.cer", "issuing2.crl", "不再签发新证书", "只需安装"]
    {
        assert!(page.contains(told), "{told}");
    }
    server.stop();

    let protocol = world.data().join("ceremony/succession-issuing-2/ceremony.json");
    let signature = protocol.with_extension("json.sig");
    let verify = ["ceremony", "verify", protocol.to_str().unwrap(), "--signature"];
    let certificate = ["--certificate", second.0.to_str().unwrap()];
    let (code, said) =
        world.run(&[&verify[..], &[signature.to_str().unwrap()], &certificate].concat());
    assert_eq!(code, 0, "{said}");
    let destroy = ["ceremony", "destroy-issuing-key", "--generation", "issuing"];
    let people = ["--officer", "S001", "--witness", "A001", "--reason", "第一代证书已全部到期"];
    let (code, said) = world.run(&[&destroy[..], &people].concat());
    assert!(code == 1 && said.contains("还不能销毁"), "{said}");
    the_doctor_finds_all_good(&world);
}

/// The command, its people, and perhaps the phrase that they confirm.
fn appoint_now(world: &World, generation: &str, confirm: Option<&str>) -> (i32, String) {
    let mut command = vec!["ceremony", "appoint-now", "--generation", generation];
    command.extend(["--officer", "S001", "--witness", "A001", "--reason", "签发机构证书已撤销"]);
    command.extend(confirm.into_iter().flat_map(|phrase| ["--confirm", phrase]));
    world.run(&command)
}

/// The next generation, made for the day after tomorrow.
fn made_for_later(world: &World, name: &str) {
    let from = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(48);
    let first = format!("name = \"{name}\"\nfrom = \"{from}\"\n");
    let plan = plan_of(world, &[1, 2, 4], &first);
    let (code, said) = world.run(&["ceremony", "succeed", "--plan", plan.to_str().unwrap()]);
    assert_eq!(code, 0, "{said}");
}

fn revoke(world: &World, certificate: &Certificate) {
    let serial = certificate.serial().to_hex();
    let phrase = format!("撤销 {serial}");
    let revoke = ["ceremony", "revoke-authority", "--serial", &serial];
    let why = ["--code", "cessationOfOperation", "--reason", "签发密钥不再可靠"];
    let people = ["--officer", "S001", "--witness", "A001", "--confirm", &phrase];
    let (code, said) = world.run(&[&revoke[..], &why, &people].concat());
    assert_eq!(code, 0, "{said}");
}

#[test]
fn a_generation_that_waits_is_taken_into_office_by_command_where_the_one_before_is_revoked() {
    let world = World::found("");
    let published = |name: &str| {
        let mut server = world.serve(&[]).expect("service starts");
        let found = keep(&world, name, &download(&world, &format!("/ca/{name}.cer")));
        server.stop();
        found
    };
    let first = published("issuing");
    let unchanged = |generation: &str, why: &str| {
        // Nobody is asked to confirm what can't be done, and a phrase changes nothing of it.
        for confirm in [None, Some(format!("立即启用 {generation}"))] {
            let (code, said) = appoint_now(&world, generation, confirm.as_deref());
            assert!(code == 1 && said.contains(why) && said.contains("未作任何更改"), "{said}");
            assert!(!said.contains("--confirm"), "{said}");
        }
    };
    let (code, said) = appoint_now(&world, "issuing2", None);
    assert!(code != 0 && said.contains("没有名为“issuing2”的一代"), "{said}");
    unchanged("issuing", "没有在等待启用时刻");
    made_for_later(&world, "issuing-2");
    unchanged("issuing2", "证书有效，不能提前启用");
    revoke(&world, &first.1);
    for wrong in [None, Some("立即启用 issuing"), Some("销毁签发密钥 issuing2")] {
        let (code, said) = appoint_now(&world, "issuing2", wrong);
        assert!(code == 1 && said.contains("将立即启用第 2 代签发密钥"), "{said}");
        assert!(said.contains("--confirm '立即启用 issuing2'"), "{said}");
        assert_eq!(said.contains("确认语不符"), wrong.is_some(), "{said}");
    }
    let (code, said) = appoint_now(&world, "issuing2", Some("立即启用 issuing2"));
    assert!(code == 0 && said.contains("已启用"), "{said}");
    unchanged("issuing2", "没有在等待启用时刻");

    let mut server = world.serve(&[]).expect("service starts");
    let second = keep(&world, "issuing2", &download(&world, "/ca/issuing2.cer"));
    let (file, _) = issued(&world, &issue(&world, "after"));
    assert!(openssl_verifies(&second.0, &file) && !openssl_verifies(&first.0, &file));
    server.stop();
    // One that was revoked while it waited is never appointed.
    made_for_later(&world, "issuing-3");
    revoke(&world, &published("issuing3").1);
    unchanged("issuing3", "这一代的证书已撤销，不能启用");
}
