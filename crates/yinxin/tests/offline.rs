//! `yinxin cert lint` and `yinxin cert verify` on files: exit codes and JSON, as scripts use them.
//! 0: nothing wrong; 1: findings, or not valid; 2: the call cannot be carried out.

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::path::{Path, PathBuf};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};
use support::{World, agent, request_pem};

#[test]
fn lint_and_verify_say_by_their_exit_code_whether_something_is_wrong() {
    let files = Files::new();
    files.lint();
    files.verify();
}

/// Files of an institution that serves on loopback, so that its certificates earn a notice.
struct Files {
    world: World,
    good: PathBuf,
    revoked: PathBuf,
    root: PathBuf,
    issuing: PathBuf,
    lists: [PathBuf; 2],
}

impl Files {
    fn new() -> Self {
        let world = World::found("");
        let mut server = world.serve(&[]).unwrap();
        let serials = ["good", "revoked"].map(|id| issue(&world, id));
        let body = json!({ "reason": "keyCompromise" });
        post(&world, &format!("/api/v1/certificates/{}/revoke", serials[1]), &body);
        post(&world, "/api/v1/crls", &json!({ "kind": "full" }));
        let keep = |name: &str, octets: Vec<u8>| {
            let path = world.dir.path().join(name);
            std::fs::write(&path, octets).unwrap();
            path
        };
        let der = |serial: &str| {
            let target = format!("/api/v1/certificates/{serial}/der");
            world.client.call("GET", &target, &Value::Null).unwrap().body
        };
        let get = |path: &str| {
            let mut answer = agent().get(format!("{}{path}", world.url)).call().unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.body_mut().read_to_vec().unwrap()
        };
        let files = Self {
            good: keep("good.der", der(&serials[0])),
            revoked: keep("revoked.der", der(&serials[1])),
            root: keep("root.pem", get("/ca/root.pem")),
            issuing: keep("issuing.pem", get("/ca/issuing.pem")),
            lists: ["root", "issuing"]
                .map(|name| keep(&format!("{name}.crl"), get(&format!("/crl/{name}.crl")))),
            world,
        };
        server.stop();
        files
    }

    /// A notice informs and is printed; only a warning or an error counts.
    fn lint(&self) {
        let (code, said) = self.run(&["lint"], &[&self.good]);
        assert!(said.contains("[提示]") && said.contains("只在内部网络可达"), "{said}");
        assert_eq!(code, 0, "a notice is nothing wrong: {said}");
        let (code, said) = self.run(&["lint", "--json"], &[&self.good]);
        let view: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((code, &view[0]["findings"][0]["severity"]), (0, &json!("notice")), "{said}");
        let mut der = std::fs::read(&self.good).unwrap();
        // Version 3 becomes version 2: extensions have no place in it.
        let at = der.windows(5).position(|w| w == [0xa0, 3, 2, 1, 2]).unwrap();
        der[at + 4] = 1;
        let bent = self.world.dir.path().join("bent.der");
        std::fs::write(&bent, der).unwrap();
        let (code, said) = self.run(&["lint"], &[&self.good, &bent]);
        assert!(code == 1 && said.contains("[错误]"), "{said}");
        assert_eq!(self.run(&["lint"], &[Path::new("no-such-file")]).0, 2);
        assert_eq!(self.run(&["lint"], &[]).0, 2);
        let (code, said) = self.run(&["lint", "--help"], &[]);
        assert!(code == 0 && said.contains("退出码"), "{said}");
    }

    fn verify(&self) {
        let text = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let [root, issuing] = [text(&self.root), text(&self.issuing)];
        let lists = self.lists.each_ref().map(text);
        let chain = ["verify", "--anchor", &root, "--untrusted", &issuing];
        let with_lists = [&chain[..], &["--crl", &lists[0], &lists[1]]].concat();
        let cases = [
            (&chain[..], &self.good, 0, "valid"),
            (&with_lists[..], &self.good, 0, "valid"),
            (&with_lists[..], &self.revoked, 1, "invalid"),
            // The lists of the root are missing: not determined is not valid.
            (&[&chain[..], &["--crl", &lists[1]]].concat()[..], &self.good, 1, "unknown"),
            (&["verify", "--anchor", &root], &self.good, 1, "unknown"),
            (
                &[&chain[..], &["--at", "2001-01-01T00:00:00Z"]].concat()[..],
                &self.good,
                1,
                "invalid",
            ),
            (&[&chain[..], &["--sm2-id", "somebody"]].concat()[..], &self.good, 1, "invalid"),
        ];
        for (arguments, file, wanted, valid) in cases {
            let (code, said) = self.run(&[arguments, &["--json"]].concat(), &[file]);
            assert_eq!(code, wanted, "{arguments:?}: {said}");
            let verdict: Value = serde_json::from_str(&said).unwrap();
            assert_eq!(verdict["valid"], valid, "{arguments:?}: {said}");
            assert!(!verdict["checks"].as_array().unwrap().is_empty(), "{said}");
        }
        assert_eq!(self.run(&["verify"], &[&self.good]).0, 2, "no anchor");
        assert_eq!(self.run(&chain, &[Path::new("no-such-file")]).0, 2);
        assert_eq!(self.run(&[&chain[..], &["--at", "yesterday"]].concat(), &[&self.good]).0, 2);
    }

    fn run(&self, arguments: &[&str], files: &[&Path]) -> (i32, String) {
        let mut command = self.world.yinxin(&["cert"]);
        let done = command.args(arguments).args(files).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap())
    }
}

fn issue(world: &World, id: &str) -> String {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = json!({ "request_id": id, "kind": "person", "csr": request_pem(&key, "张三") });
    post(world, "/api/v1/requests", &order)["sign_serial"].as_str().unwrap().to_owned()
}

fn post(world: &World, target: &str, body: &Value) -> Value {
    let answer = world.client.call("POST", target, body).unwrap();
    assert!(answer.status < 300, "{target}: {}", answer.text());
    answer.json()
}
