//! The key centre in a process of its own, founded by the commands of the handbook, and killed in
//! the middle of load: orders wait (503 with Retry-After), nothing is half-done, status services go
//! on, a retry gets the same bytes, and no key pair is lost or doubled (GM/T 0014, GM/T 0034 §5).

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

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::Spki;
use serde_json::{Value, json};
use support::{Answer, Client, Server, free_port, request_pem};

const ORDERS: &str = "/api/v1/requests";
/// Clients at the same time.
const CLIENTS: usize = 4;

#[test]
fn a_key_centre_that_dies_under_load_delays_orders_and_loses_nothing() {
    let two = Two::found();
    let mut centre = two.start_centre(None);
    let mut server = two.start_institution();
    let client = two.operator();
    let first = Order::new(0);
    let answer = client.call("POST", ORDERS, &first.body).unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    two.open_answer(&first, &answer);
    let load = Load::default();
    load.keep(&first, &answer);
    // Killed from outside, then at the steps between its journal and its answer.
    let steps = [
        None,
        Some("kmc.13-apply-written:3"),
        Some("kmc.14-apply-committed:3"),
        Some("kmc.50-task-recorded:3"),
        Some("kmc.51-answered:3"),
    ];
    for step in steps {
        if step.is_some() {
            centre = two.start_centre(step);
        }
        load.run(&client, &mut centre, step.is_none());
        two.assert_waiting(&client, &load, &first.serial(&answer));
        centre = two.start_centre(None);
        load.retry(&client);
        if step != steps[4] {
            centre.stop();
        }
    }
    let issued = load.issued();
    let total = client.get("/api/v1/certificates?limit=1")["total"].as_u64().unwrap();
    let pairs = issued * 2 + FOUNDING;
    assert_eq!(total, pairs, "a signing and an encryption certificate for each order");
    server.stop();
    centre.stop();
    two.assert_conserved(issued);
}

/// Certificates that the ceremony makes: none of them is in the list of the issuing CA but the
/// responder's.
const FOUNDING: u64 = 1;

/// One subscriber with its order.
struct Order {
    id: String,
    key: PrivateKey,
    body: Value,
}

impl Order {
    fn new(number: u64) -> Self {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let id = format!("two-{number}");
        let csr = request_pem(&key, &format!("测试{number}"));
        let body = json!({ "request_id": id, "kind": "person", "csr": csr });
        Self { id, key, body }
    }

    fn serial(&self, answer: &Answer) -> String {
        answer.json()["sign_serial"].as_str().unwrap().to_owned()
    }
}

/// What clients were told.
#[derive(Default)]
struct Load {
    next: AtomicU64,
    answered: AtomicU64,
    issued: Mutex<std::collections::HashMap<String, Vec<u8>>>,
    waiting: Mutex<Vec<Order>>,
}

impl Load {
    /// Orders until the centre is dead and each client has been told to come back.
    fn run(&self, client: &Client, centre: &mut Server, kill: bool) {
        let before = self.answered.load(Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| while self.order(client) {});
            }
            if kill {
                while self.answered.load(Ordering::SeqCst) < before + 12 {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                centre.kill();
            }
        });
        // Its sockets close before it can be waited for.
        let mut died = false;
        for _ in 0..200 {
            died = centre.has_died();
            if died {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        assert!(died, "clients were told to wait while the centre lived");
        assert_eq!(self.waiting.lock().unwrap().len(), CLIENTS, "each client was told to wait");
    }

    /// Whether the order was carried out. If not, it says so in the right way.
    fn order(&self, client: &Client) -> bool {
        let order = Order::new(1 + self.next.fetch_add(1, Ordering::SeqCst));
        let answer = client.call("POST", ORDERS, &order.body).unwrap();
        if answer.status == 201 {
            self.keep(&order, &answer);
            return true;
        }
        assert_eq!(answer.status, 503, "{}", answer.text());
        assert!(answer.retry_after.is_some(), "{}", answer.text());
        assert_eq!(answer.json()["code"], "kmc.unreachable", "{}", answer.text());
        self.waiting.lock().unwrap().push(order);
        false
    }

    fn keep(&self, order: &Order, answer: &Answer) {
        let response = answer.json()["response"].as_str().unwrap().as_bytes().to_vec();
        self.answered.fetch_add(1, Ordering::SeqCst);
        let before = self.issued.lock().unwrap().insert(order.id.clone(), response.clone());
        assert!(before.is_none_or(|before| before == response), "{}: other bytes", order.id);
    }

    fn issued(&self) -> u64 {
        self.issued.lock().unwrap().len().try_into().unwrap()
    }

    /// The same orders again, twice, with the centre back.
    fn retry(&self, client: &Client) {
        for order in std::mem::take(&mut *self.waiting.lock().unwrap()) {
            for _ in 0..2 {
                let answer = client.call("POST", ORDERS, &order.body).unwrap();
                assert_eq!(answer.status, 201, "{}: {}", order.id, answer.text());
                self.keep(&order, &answer);
            }
        }
    }
}

/// Two data folders, as two machines would have them.
struct Two {
    dir: tempfile::TempDir,
    port: u16,
    centre_port: u16,
    admin: PrivateKey,
    admin_id: String,
}

impl Two {
    /// What the handbook says, command by command.
    fn found() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (port, centre_port) = (free_port(), free_port());
        let admin = PrivateKey::generate(&mut OsRandom).unwrap();
        let mut two = Self { dir, port, centre_port, admin, admin_id: String::new() };
        two.write("device.txt", "institution passphrase");
        two.write("kmc.txt", "key centre passphrase");
        let der = Spki::of(two.admin.public_key()).der().to_vec();
        two.write("admin.pub.pem", &pki::pem::encode("PUBLIC KEY", &der).unwrap());
        two.write("plan.toml", &two.plan());
        let listen = format!("127.0.0.1:{centre_port}");
        two.run(&[
            "kmc",
            "init",
            "--data",
            "kmc-data",
            "--institution",
            "测试认证中心",
            "--origin",
            "kmc.example.cn/journal",
            "--listen",
            &listen,
            "--standby",
            "20",
            "--public-key",
            "kmc.pub.pem",
        ]);
        let said = two.run(&[
            "ceremony",
            "init",
            "--data",
            "data",
            "--plan",
            "plan.toml",
            "--admin-key",
            "admin.pub.pem",
        ]);
        two.admin_id =
            said.lines().find_map(|l| l.strip_prefix("首个管理员客户端编号：")).unwrap().to_owned();
        two.run(&[
            "kmc",
            "register-ca",
            "--data",
            "kmc-data",
            "--name",
            "issuing",
            "--public-key",
            "data/ceremony/kmc-link.pub.pem",
        ]);
        // The port is the operator's to choose, in the settings.
        let settings = two.path("data/yinxin.toml");
        let text = std::fs::read_to_string(&settings).unwrap();
        let text = text.replacen("127.0.0.1:8440", &format!("127.0.0.1:{port}"), 1);
        std::fs::write(settings, text).unwrap();
        two
    }

    fn plan(&self) -> String {
        let sample = self.run(&["ceremony", "sample"]);
        for at in 1..=5 {
            self.write(&format!("k{at}.txt"), &format!("custodian {at} passphrase"));
        }
        sample
            .replace("# [key_centre]", "[key_centre]")
            .replace("# url =", "url =")
            .replace("# public_key =", "public_key =")
            .replace("http://127.0.0.1:8441", &format!("http://127.0.0.1:{}", self.centre_port))
            .replace("http://127.0.0.1:8440", &self.url())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn yinxin(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
        command
            .args(arguments)
            .current_dir(self.dir.path())
            .env("YINXIN_PASSPHRASE_FILE", self.path("device.txt"))
            .env("YINXIN_KMC_PASSPHRASE_FILE", self.path("kmc.txt"));
        command
    }

    fn run(&self, arguments: &[&str]) -> String {
        let done = self.yinxin(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{arguments:?}: {said}");
        String::from_utf8(done.stdout).unwrap()
    }

    fn start_centre(&self, step: Option<&str>) -> Server {
        let mut command = self.yinxin(&["kmc", "serve", "--data", "kmc-data"]);
        command.envs(step.map(|step| ("YINXIN_CRASH_AT", step)));
        let mut server = Server::spawn(command, &self.path("kmc.log"));
        let health = format!("http://127.0.0.1:{}/healthz", self.centre_port);
        assert!(server.answers(&health), "{}", self.log("kmc.log"));
        server
    }

    fn start_institution(&self) -> Server {
        // Without the key centre's passphrase: it is none of this side's business.
        let mut command = self.yinxin(&["serve", "--data", "data"]);
        command.env_remove("YINXIN_KMC_PASSPHRASE_FILE");
        let mut server = Server::spawn(command, &self.path("server.log"));
        assert!(server.is_ready(&self.url()), "{}", self.log("server.log"));
        server
    }

    fn log(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// The administrator creates a client that may issue.
    fn operator(&self) -> Client {
        let admin = PrivateKey::from_pkcs8_der(&self.admin.to_pkcs8_der().unwrap()).unwrap();
        let admin = Client::new(&self.url(), self.admin_id.parse().unwrap(), admin);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let der = Spki::of(key.public_key()).der().to_vec();
        let public = pki::pem::encode("PUBLIC KEY", &der).unwrap();
        let body = json!({ "name": "业务操作员", "public_key": public, "roles": "operator" });
        let answer = admin.call("POST", "/api/v1/clients", &body).unwrap();
        assert!(answer.status < 300, "{}", answer.text());
        let id = answer.json()["id"].as_str().unwrap().parse().unwrap();
        Client::new(&self.url(), id, key)
    }

    /// The subscriber's tool finds the encryption key in the answer.
    fn open_answer(&self, order: &Order, answer: &Answer) {
        use base64::Engine as _;
        let response = answer.json()["response"].as_str().unwrap().to_owned();
        let der = base64::engine::general_purpose::STANDARD.decode(response).unwrap();
        std::fs::write(self.path("first.der"), der).unwrap();
        let key = order.key.to_pkcs8_der().unwrap();
        self.write("first.key.pem", &pki::pem::encode("PRIVATE KEY", &key).unwrap());
        self.run(&[
            "subscriber",
            "open",
            "--key",
            "first.key.pem",
            "--response",
            "first.der",
            "--out-dir",
            "first",
        ]);
        assert!(self.path("first/enc.key.pem").exists());
    }

    /// Without the key centre: what was asked for waits whole, and relying parties notice nothing.
    fn assert_waiting(&self, client: &Client, load: &Load, serial: &str) {
        let total = client.get("/api/v1/certificates?limit=1")["total"].as_u64().unwrap();
        assert_eq!(total, load.issued() * 2 + FOUNDING, "no certificate without its answer");
        let open = client.get("/api/v1/requests?state=accepted&limit=100");
        assert_eq!(open["items"].as_array().unwrap().len(), CLIENTS, "{open}");
        assert_eq!(get(&format!("{}/crl/issuing.crl", self.url())), 200);
        let said = support::ocsp(self.dir.path(), &self.url(), serial);
        assert!(said.contains(": good"), "{said}");
    }

    /// Both journals verify; every signature is accounted for; a pair in use for each order and not
    /// one more.
    fn assert_conserved(&self, orders: u64) {
        let said = self.run(&["kmc", "verify", "--data", "kmc-data"]);
        assert!(said.contains("守恒") && !said.contains("不守恒"), "{said}");
        assert!(said.contains(&format!("在用 {orders}，历史 0")), "{orders} orders: {said}");
        let said = self.run(&["doctor", "--data", "data", "--full", "--json"]);
        for check in support::checks(&said) {
            let name = check["name"].as_str().unwrap();
            if ["journal", "journal_full", "signatures", "orders"].contains(&name) {
                assert_eq!(check["level"], "good", "{check}");
            }
        }
    }
}

#[test]
fn a_key_centre_is_not_founded_in_the_folder_of_an_institution() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(dir.path().join("data/device")).unwrap();
    std::fs::write(dir.path().join("kmc.txt"), "passphrase").unwrap();
    let done = Command::new(env!("CARGO_BIN_EXE_yinxin"))
        .current_dir(dir.path())
        .args(["kmc", "init", "--data", "data", "--institution", "测试", "--origin", "k.example/j"])
        .args(["--public-key", "kmc.pub.pem", "--kmc-passphrase-file", "kmc.txt"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("另用一个数据目录"), "{said}");
    assert!(!Path::new(&dir.path().join("kmc.pub.pem")).exists());
}

fn get(url: &str) -> u16 {
    support::agent().get(url).call().unwrap().status().as_u16()
}
