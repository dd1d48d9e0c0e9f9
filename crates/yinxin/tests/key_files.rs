//! Key files under a passphrase as OpenSSL, GmSSL and our pages write them (PBES2): the real
//! program signs and opens with them, at the command line and as signing assistant; what it does
//! not open, it refuses with the reason.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

#[path = "judges/openssl.rs"]
#[allow(dead_code, reason = "each test takes what it needs")]
mod openssl;

#[path = "key_files/forms.rs"]
mod forms;

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use forms::{Folder, PHRASE, gmssl, with_scheme};
use gm::{PublicKey, Signature, UserId};
use serde_json::json;
use support::{Server, World, agent, free_port};

#[test]
fn a_key_file_of_openssl_asks_for_a_certificate_opens_the_answer_and_speaks_at_the_door() {
    let world = World::found("");
    let mut server = world.serve(&[]).unwrap();
    let folder = Folder::new();
    let key = folder.generated("-aes-256-cbc");
    let (csr, der) = (folder.at("a.csr"), folder.at("a.der"));
    let said = folder.csr(&key, &csr);
    assert!(said.0 == 0, "{}", said.1);
    openssl::verifies_request(&csr);
    let order = json!({
        "request_id": "sealed", "kind": "person", "csr": std::fs::read_to_string(&csr).unwrap(),
    });
    let made = world.client.call("POST", "/api/v1/requests", &order).unwrap().json();
    std::fs::write(&der, STANDARD.decode(made["response"].as_str().unwrap()).unwrap()).unwrap();
    let out = folder.at("out");
    let mut open = folder.subscriber("open", &key);
    openssl::finished(open.arg("--response").arg(&der).arg("--out-dir").arg(&out));
    assert!(out.join("enc.key.pem").exists());
    let public = folder.public(&key);
    let body = json!({ "name": "密钥文件", "public_key": public, "roles": "reader" });
    let client = world.client.call("POST", "/api/v1/clients", &body).unwrap().json();
    let mut show = Command::new(env!("CARGO_BIN_EXE_yinxin"));
    show.args(["cert", "show", "--url", &world.url, "--client", client["id"].as_str().unwrap()]);
    show.arg("--client-key").arg(&key).arg("--client-passphrase-file").arg(folder.at("phrase"));
    let shown = openssl::finished(show.args([made["sign_serial"].as_str().unwrap(), "--pem"]));
    assert_eq!(shown.trim(), std::fs::read_to_string(out.join("sign.pem")).unwrap().trim());
    server.stop();
}

#[test]
fn every_cipher_and_function_that_openssl_and_gmssl_seal_with_is_opened() {
    let folder = Folder::new();
    for cipher in ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "sm4-cbc"] {
        for prf in ["hmacWithSHA256", "hmacWithSHA384", "hmacWithSHA512"] {
            let how = ["-v2", cipher, "-v2prf", prf, "-iter", "3000"];
            folder.opens(&folder.sealed(&how), &format!("{cipher}, {prf}"));
        }
    }
    folder.opens(&folder.sealed(&["-v2", "aes-256-cbc", "-outform", "DER"]), "DER");
    for prf in ["1.2.156.10197.1.401.2", "1.2.156.10197.1.401.3.1"] {
        let plain = folder.plain_der();
        folder.opens(&folder.keep("gmssl", &gmssl(&plain, prf, 3000)), prf);
    }
}

#[test]
fn a_file_that_is_not_opened_is_refused_with_the_reason_and_nothing_of_the_passphrase() {
    let folder = Folder::new();
    let sealed = |how: &[&str]| std::fs::read(folder.sealed(how)).unwrap();
    let usual = sealed(&["-v2", "aes-256-cbc", "-iter", "3000"]);
    let der = pki::pem::blocks(&usual, "ENCRYPTED PRIVATE KEY").unwrap().remove(0);
    let cut = pki::pem::encode("ENCRYPTED PRIVATE KEY", &der[..der.len() - 9]).unwrap();
    let half = usual[..usual.len() / 2].to_vec();
    let endless = gmssl(&folder.plain_der(), "1.2.156.10197.1.401.2", 10_000_001);
    let cases = [
        ("cut DER", cut.into_bytes(), "已损坏或不完整"),
        ("half a file", half, "已损坏或不完整"),
        ("too many iterations", endless, "迭代次数超过 1000 万"),
        ("3DES", sealed(&["-v2", "des3"]), "不受支持（3DES）"),
        (
            "SHA-1",
            sealed(&["-v2", "aes-256-cbc", "-v2prf", "hmacWithSHA1"]),
            "（PBKDF2 的 HMAC-SHA-1）",
        ),
        ("scrypt", sealed(&["-scrypt", "-scrypt_N", "1024"]), "（scrypt）"),
        ("PKCS#12", sealed(&["-v1", "PBE-SHA1-3DES"]), "（PKCS#12 的 3DES）"),
        ("PBES1", with_scheme("1.2.840.113549.1.5.3"), "（PBES1（MD5、DES））"),
        ("unknown", with_scheme("1.2.3.4"), "（1.2.3.4）"),
        ("PEM's own", folder.old_pem(), "（PEM 自带的加密）"),
        ("another curve", folder.other_curve(), "不是 SM2 私钥"),
        ("a public key", folder.public(&folder.at("plain.pem")).into_bytes(), "不是 SM2 私钥"),
    ];
    for (name, octets, why) in cases {
        folder.refuses(&folder.keep("case", &octets), name, why);
    }
    let key = folder.keep("usual", &usual);
    std::fs::write(folder.at("phrase"), "another passphrase\n").unwrap();
    folder.refuses(&key, "wrong passphrase", "口令不对");
    let mut without = Command::new(env!("CARGO_BIN_EXE_yinxin"));
    without.args(["subscriber", "csr", "--subject", "CN=a", "--key"]).arg(&key);
    let said = String::from_utf8(without.output().unwrap().stderr).unwrap();
    assert!(said.contains("--passphrase-file"), "{said}");
}

const SITE: &str = "https://ca.example.cn";
const TEXT: &str =
    "印信登录 yinxin-sign-in/1 origin=https://ca.example.cn nonce=00ff time=2026-11-29T09:00:00Z";

#[test]
fn the_assistant_signs_with_a_key_file_of_openssl_and_its_passphrase_alone() {
    let folder = Folder::new();
    let key = folder.generated("-aes-256-cbc");
    let assistant = Assistant::start(&folder, &key);
    let ask = [("purpose", "sign-in"), ("text", TEXT), ("return", "https://ca.example.cn/login")];
    let (_, page) = assistant.post("/sign", SITE, &ask);
    assert!(page.contains("type=\"password\""), "the passphrase is asked for: {page}");
    let token = page.split("name=\"token\" value=\"").nth(1).unwrap()[..32].to_owned();
    let confirm = |phrase| {
        let form = [("token", &*token), ("key", "0"), ("passphrase", phrase)];
        assistant.post("/confirm", &assistant.origin, &form)
    };
    let (place, page) = confirm("another passphrase");
    assert!(place.is_none() && page.contains("口令不对"), "{page}");
    let place = confirm(PHRASE).0.unwrap();
    let (signature, public) =
        place.split_once("?signature=").unwrap().1.split_once("&key=").unwrap();
    let public = PublicKey::from_sec1(&hex::decode(public).unwrap()).unwrap();
    let signature = Signature::from_der(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    gm::sm2::verify(&public, &UserId::default(), TEXT.as_bytes(), &signature).unwrap();
    assert_eq!(
        pki::pem::encode("PUBLIC KEY", pki::Spki::of(&public).der()).unwrap(),
        folder.public(&key)
    );
    let log = std::fs::read_to_string(folder.at("agent.log")).unwrap();
    assert!(!log.contains(PHRASE) && !log.contains("another passphrase"), "{log}");
}

#[test]
fn the_assistant_does_not_start_with_a_file_that_no_passphrase_opens() {
    let folder = Folder::new();
    let key = folder.sealed(&["-v2", "des3"]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
    let done = command.args(["agent", "--origin", SITE, "--key"]).arg(&key).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(done.status.code() == Some(2) && said.contains("不受支持（3DES）"), "{said}");
}

/// `yinxin agent` as a process.
struct Assistant {
    origin: String,
    _process: Server,
}

impl Assistant {
    fn start(folder: &Folder, key: &Path) -> Self {
        let port = free_port().to_string();
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
        command.args(["agent", "--origin", SITE, "--port", &port, "--key"]).arg(key);
        let mut process = Server::spawn(command, &folder.at("agent.log"));
        let origin = format!("http://127.0.0.1:{port}");
        assert!(process.answers(&format!("{origin}/")), "the assistant died");
        Self { origin, _process: process }
    }

    /// Where the answer leads, and its page.
    fn post(&self, path: &str, origin: &str, form: &[(&str, &str)]) -> (Option<String>, String) {
        let request = agent().post(format!("{}{path}", self.origin)).header("Origin", origin);
        let request = request.config().max_redirects(0).max_redirects_will_error(false).build();
        let mut answer = request.send_form(form.iter().copied()).unwrap();
        let place = answer.headers().get("location").map(|v| v.to_str().unwrap().to_owned());
        (place, answer.body_mut().read_to_string().unwrap())
    }
}
