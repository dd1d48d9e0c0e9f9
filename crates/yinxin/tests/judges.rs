//! Programs that we did not write judge what the institution makes: OpenSSL as subscriber and
//! as relying party, and `judges/judge.py` (asn1crypto, pyasn1, pkilint, OpenSSL) over
//! certificates, lists, status answers and answers to requests.
//!
//! Needs openssl, and the Python of `scripts/judges-python` in `YINXIN_JUDGES_PYTHON`; without
//! the latter, the Python judges are left out and the test says so.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout
)]

mod support;

#[path = "judges/openssl.rs"]
mod openssl;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pki::Certificate;
use pki::ocsp::Reply;
use serde_json::{Value, json};
use support::{World, agent};

/// A world with the folder of what is judged (see `judges/judge.py`).
struct Court {
    world: World,
    folder: PathBuf,
}

/// A subscriber with the answer that it got.
struct Subscriber {
    name: &'static str,
    sign: Certificate,
    serial: String,
}

#[test]
fn programs_that_we_did_not_write_agree_with_everything_made() {
    let court = Court::new("agree");
    let mut server = court.world.serve(&[]).expect("service starts");
    let subscribers = court.enrol_every_kind();
    let [good, held, revoked, ..] = subscribers.as_slice() else { panic!("five kinds") };
    court.change(held, "suspend", &Value::Null);
    court.change(revoked, "revoke", &json!({ "reason": "keyCompromise" }));
    court.keep_authorities();
    court.keep_lists();
    court.keep_answers(good, held, revoked);
    court.our_own_tools_agree(&subscribers);
    server.stop();
    court.judge();
}

#[test]
fn judges_find_what_is_wrong() {
    let Some(python) = python() else { return };
    let court = Court::new("wrong");
    let mut server = court.world.serve(&[]).expect("service starts");
    court.enrol("person", "openssl", &person());
    court.keep_authorities();
    server.stop();
    // One octet of the signature of each certificate of the subscriber.
    for file in files(&court.folder.join("certs")) {
        let mut der = std::fs::read(&file).unwrap();
        *der.last_mut().unwrap() ^= 1;
        std::fs::write(&file, der).unwrap();
    }
    let judged = judge(&python, &court.folder);
    let text = String::from_utf8_lossy(&judged.stdout);
    assert!(!judged.status.success(), "{text}");
    assert!(text.contains("its issuer signed it: Wrong"), "{text}");
}

impl Court {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("judges").join(name);
        let _ = std::fs::remove_dir_all(&folder);
        for kind in ["certs", "crls", "ocsp", "responses", "work"] {
            std::fs::create_dir_all(folder.join(kind)).unwrap();
        }
        Self { world: World::found(""), folder }
    }

    fn work(&self, name: &str) -> PathBuf {
        self.folder.join("work").join(name)
    }

    /// One certificate pair of each kind; the first by OpenSSL's key and request.
    fn enrol_every_kind(&self) -> Vec<Subscriber> {
        let by = ["openssl", "own", "own", "openssl", "own"];
        let kinds = subjects().into_iter().zip(by);
        kinds.map(|((kind, subject), by)| self.enrol(kind, by, &subject)).collect()
    }

    /// A key and a request by `by`, the order, and what came of it on disk.
    fn enrol(&self, kind: &'static str, by: &str, subject: &Value) -> Subscriber {
        let key = self.folder.join("responses").join(format!("{kind}.key.pem"));
        let csr = self.work(&format!("{kind}.csr"));
        match by {
            "openssl" => openssl::request(&key, &csr),
            _ => self.own_request(&key, &csr),
        }
        let csr = std::fs::read_to_string(&csr).unwrap();
        let order = json!({ "request_id": kind, "kind": kind, "csr": csr, "subject": subject });
        let answer = self.world.client.call("POST", "/api/v1/requests", &order).unwrap();
        assert_eq!(answer.status, 201, "{kind}: {}", String::from_utf8_lossy(&answer.body));
        let made = answer.json();
        let response = STANDARD.decode(made["response"].as_str().unwrap()).unwrap();
        std::fs::write(self.folder.join("responses").join(format!("{kind}.der")), response)
            .unwrap();
        let serial = made["sign_serial"].as_str().unwrap().to_owned();
        let sign = self.keep_certificate(&format!("{kind}-sign"), &serial);
        self.keep_certificate(&format!("{kind}-enc"), made["enc_serial"].as_str().unwrap());
        Subscriber { name: kind, sign, serial }
    }

    /// A key and a request by our own tool for subscribers.
    fn own_request(&self, key: &Path, csr: &Path) {
        let (key, csr) = (key.to_str().unwrap(), csr.to_str().unwrap());
        self.run(&["subscriber", "new", "--key", key]);
        let subject = ["--subject", "C=CN,CN=待定", "--out", csr];
        self.run(&[&["subscriber", "csr", "--key", key][..], &subject].concat());
        openssl::verifies_request(Path::new(csr));
    }

    fn keep_certificate(&self, name: &str, serial: &str) -> Certificate {
        let target = format!("/api/v1/certificates/{serial}/der");
        let answer = self.world.client.call("GET", &target, &Value::Null).unwrap();
        assert_eq!(answer.status, 200, "{target}");
        let certificate = Certificate::from_der(&answer.body).unwrap();
        assert_eq!(certificate.serial().to_hex(), serial);
        self.keep("certs", name, &answer.body);
        certificate
    }

    fn keep(&self, kind: &str, name: &str, der: &[u8]) {
        std::fs::write(self.folder.join(kind).join(format!("{name}.der")), der).unwrap();
    }

    fn change(&self, whose: &Subscriber, act: &str, body: &Value) {
        let target = format!("/api/v1/certificates/{}/{act}", whose.serial);
        let answer = self.world.client.call("POST", &target, body).unwrap();
        assert_eq!(answer.status, 200, "{act}: {}", String::from_utf8_lossy(&answer.body));
        assert_eq!(answer.json().as_array().unwrap().len(), 2, "the pair goes together");
    }

    /// The certificates of root and issuing CA, from where the certificates say they are.
    fn keep_authorities(&self) {
        for name in ["root", "issuing"] {
            let der = self.download(&format!("/ca/{name}.cer"));
            let certificate = Certificate::from_der(&der).unwrap();
            std::fs::write(self.work(&format!("{name}.pem")), certificate.to_pem().unwrap())
                .unwrap();
            self.keep("certs", name, &der);
        }
    }

    /// The full and the delta list, published now, downloaded as anyone would.
    fn keep_lists(&self) {
        for kind in ["full", "delta"] {
            let body = json!({ "kind": kind });
            let answer = self.world.client.call("POST", "/api/v1/crls", &body).unwrap();
            assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
        }
        for name in ["issuing", "issuing-delta", "root"] {
            self.keep("crls", name, &self.download(&format!("/crl/{name}.crl")));
        }
    }

    fn download(&self, path: &str) -> Vec<u8> {
        let mut answer = agent().get(format!("{}{path}", self.world.url)).call().unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.body_mut().read_to_vec().unwrap()
    }

    /// `openssl ocsp` asks about each, by POST; the same question goes by GET too.
    fn keep_answers(&self, good: &Subscriber, held: &Subscriber, revoked: &Subscriber) {
        let questions = [
            ("good", good.serial.as_str(), "good"),
            ("hold", &held.serial, "revoked"),
            ("revoked", &revoked.serial, "revoked"),
            ("unknown", "7f0102030405060708", "unknown"),
        ];
        for (status, serial, said) in questions {
            for (digest, nonce) in [("-sm3", "-nonce"), ("-sha1", "-no_nonce")] {
                let name = format!("{status}-post{digest}{nonce}");
                self.ask(&name, serial, (digest, nonce), said);
            }
            let question = std::fs::read(self.work(&format!("{status}-post-sha1-no_nonce.req")));
            let path = STANDARD.encode(question.unwrap());
            let path = path.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
            self.keep("ocsp", &format!("{status}-get"), &self.download(&format!("/ocsp/{path}")));
        }
        self.ask_about_all([good, held, revoked]);
        self.ask_whether_new();
        let answer = std::fs::read(self.folder.join("ocsp/good-get.der")).unwrap();
        let Reply::Answered(answer) = Reply::from_der(&answer).unwrap() else {
            panic!("no answer")
        };
        let [responder] = answer.certificates() else { panic!("one responder") };
        self.keep("certs", "responder", responder.der());
    }

    fn ask(&self, name: &str, serial: &str, (digest, nonce): (&str, &str), said: &str) {
        let mut command = Command::new("openssl");
        command.args(["ocsp", "-noverify", digest, nonce, "-issuer"]);
        command.arg(self.work("issuing.pem")).args(["-serial", &format!("0x{serial}")]);
        command.args(["-url", &format!("{}/ocsp", self.world.url)]);
        command.arg("-reqout").arg(self.work(&format!("{name}.req")));
        command.arg("-respout").arg(self.folder.join("ocsp").join(format!("{name}.der")));
        let text = openssl::finished(&mut command);
        assert!(text.contains(&format!(": {said}")), "{name}: {text}");
    }

    /// Several certificates in one question, files and numbers mixed, as `openssl ocsp` sends it.
    fn ask_about_all(&self, [good, held, revoked]: [&Subscriber; 3]) {
        let file = self.work("good-sign.pem");
        std::fs::write(&file, good.sign.to_pem().unwrap()).unwrap();
        let mut command = Command::new("openssl");
        command.args(["ocsp", "-noverify", "-sm3", "-nonce", "-issuer"]);
        command.arg(self.work("issuing.pem")).arg("-cert").arg(file);
        for serial in [&held.serial, &revoked.serial, "7f0102030405060708"] {
            command.args(["-serial", &format!("0x{serial}")]);
        }
        let said = openssl::finished(command.args(["-url", &format!("{}/ocsp", self.world.url)]));
        let words = [": good", ": revoked", ": revoked", ": unknown"];
        let mut rest = said.as_str();
        for word in words {
            let at = rest.find(word).unwrap_or_else(|| panic!("{word}: {said}"));
            rest = &rest[at + word.len()..];
        }
        assert!(said.contains("certificateHold") && said.contains("keyCompromise"), "{said}");
    }

    /// A cache, played by curl: it keeps what it got and asks whether that still holds.
    fn ask_whether_new(&self) {
        let question = std::fs::read(self.work("good-post-sha1-no_nonce.req")).unwrap();
        let path = STANDARD.encode(question);
        let path = path.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let url = format!("{}/ocsp/{path}", self.world.url);
        let (fields, kept) = (self.work("ocsp.fields"), self.work("ocsp.kept"));
        let mut first = Command::new("curl");
        first.args(["-sS", "-D"]).arg(&fields).arg("-o").arg(&kept).arg(&url);
        openssl::finished(&mut first);
        let fields = std::fs::read_to_string(&fields).unwrap().to_ascii_lowercase();
        let field = |name: &str| {
            let line = fields.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
            line.unwrap_or_else(|| panic!("{name}: {fields}")).trim().to_owned()
        };
        assert!(field("cache-control").starts_with("max-age="), "{fields}");
        assert!(!field("expires").is_empty() && !field("last-modified").is_empty());
        let ask = |tag: &str| {
            let mut again = Command::new("curl");
            again.args(["-sS", "-o", "/dev/null", "-w", "%{http_code}"]);
            openssl::finished(again.arg("-H").arg(format!("If-None-Match: {tag}")).arg(&url))
        };
        assert_eq!(ask(&field("etag")), "304");
        assert_eq!(ask("\"another\""), "200");
    }

    /// What `yinxin` itself tells subscribers and relying parties about the same files.
    fn our_own_tools_agree(&self, subscribers: &[Subscriber]) {
        for whose in subscribers {
            let out = self.work(whose.name);
            let response = self.folder.join("responses").join(whose.name);
            let (key, der) = (response.with_extension("key.pem"), response.with_extension("der"));
            let files = ["--key", text(&key), "--response", text(&der), "--out-dir", text(&out)];
            self.run(&[&["subscriber", "open"][..], &files].concat());
            let (sign, enc) = (out.join("sign.pem"), out.join("enc.pem"));
            self.lint(&[text(&sign), text(&enc)]);
            for file in [&sign, &enc] {
                self.verify(whose, file);
            }
            assert_eq!(
                Certificate::from_pem_or_der(&std::fs::read(&sign).unwrap()).unwrap().der(),
                whose.sign.der()
            );
            openssl::fits(&out.join("enc.key.pem"), &enc);
        }
    }

    /// `yinxin cert lint`: nothing but the remark that this world is reachable on loopback only.
    fn lint(&self, files: &[&str]) {
        let (_, said) = self.world.run(&[&["cert", "lint", "--json"], files].concat());
        let reports: Value = serde_json::from_str(&said).expect(&said);
        assert_eq!(reports.as_array().map(Vec::len), Some(files.len()), "{said}");
        for finding in reports.as_array().unwrap().iter().flat_map(|r| r["findings"].as_array()) {
            let lints: Vec<_> = finding.iter().map(|finding| &finding["lint"]).collect();
            assert!(lints.iter().all(|lint| *lint == "incident/private-addresses"), "{said}");
        }
    }

    /// `yinxin cert verify` with both lists: only what is neither held nor revoked is valid.
    fn verify(&self, whose: &Subscriber, file: &Path) {
        let (root, issuing) = (self.work("root.pem"), self.work("issuing.pem"));
        let lists = ["root", "issuing"].map(|name| self.folder.join(format!("crls/{name}.der")));
        let (code, said) = self.world.run(&[
            "cert",
            "verify",
            "--anchor",
            text(&root),
            "--untrusted",
            text(&issuing),
            "--crl",
            text(&lists[0]),
            "--crl",
            text(&lists[1]),
            text(file),
        ]);
        let expected = if ["staff", "unit"].contains(&whose.name) { 1 } else { 0 };
        assert_eq!(code, expected, "{}: {said}", whose.name);
    }

    fn run(&self, arguments: &[&str]) {
        let (code, said) = self.world.run(arguments);
        assert_eq!(code, 0, "{arguments:?}: {said}");
    }

    fn judge(&self) {
        let Some(python) = python() else { return };
        let judged = judge(&python, &self.folder);
        let said = String::from_utf8_lossy(&judged.stdout);
        let error = String::from_utf8_lossy(&judged.stderr);
        assert!(judged.status.success(), "{}\n{said}{error}", self.folder.display());
        println!("judges: {}", said.lines().last().unwrap_or_default());
    }
}

/// The Python of the judges, or a word that there is none.
fn python() -> Option<String> {
    let python = std::env::var("YINXIN_JUDGES_PYTHON").ok().filter(|path| !path.is_empty());
    if python.is_none() {
        println!("skipped: the Python judges; set YINXIN_JUDGES_PYTHON=$(scripts/judges-python)");
    }
    python
}

fn judge(python: &str, folder: &Path) -> Output {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../judges/judge.py");
    Command::new(python).arg(program).arg("--quiet").arg(folder).output().unwrap()
}

/// Kinds in the order of their use: good, to be held, to be revoked, and more.
fn subjects() -> Vec<(&'static str, Value)> {
    let unit = "某市大数据管理局";
    vec![
        ("person", person()),
        ("staff", json!({ "organization": unit, "units": ["信息中心"], "common_name": "李四" })),
        (
            "unit",
            json!({
                "state": "北京市", "organization": unit, "common_name": unit,
                "identifiers": [{ "kind": "credit_code", "value": "91110000600037341L" }],
            }),
        ),
        ("device", json!({ "organization": unit, "common_name": "签章服务器 01" })),
        (
            "server",
            json!({
                "organization": unit, "common_name": "zwfw.example.gov.cn",
                "dns_names": ["zwfw.example.gov.cn", "*.zwfw.example.gov.cn"],
            }),
        ),
    ]
}

fn person() -> Value {
    json!({
        "common_name": "张三", "email": "zhang.san@example.gov.cn",
        "identifiers": [{ "kind": "id_number", "value": "11010519491231002X" }],
    })
}

fn files(folder: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
