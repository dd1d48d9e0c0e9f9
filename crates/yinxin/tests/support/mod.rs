//! A real institution for tests: founded by the library, served by the real binary as a process
//! that can be killed, spoken to over HTTP with signed requests.

#![allow(dead_code, reason = "each test takes what it needs")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use access::signature::{Outgoing, sign};
use access::{ClientId, NewClient, Role, Roles};
use app::setup::{Founding, Subjects, found};
use app::{Layout, Secrets, Settings};
use ca::ceremony::{Custodian, Participants, Person};
use gm::passphrase::Stretch;
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::oid;
use pki::strict::Tag;
use pki::{Name, csr};
use serde_json::Value;
use zeroize::Zeroizing;

/// Passphrases of the test devices.
const DEVICE: &[u8] = b"test device passphrase";
const KMC: &[u8] = b"test key centre passphrase";

/// An institution in a folder of its own.
pub struct World {
    /// The data folder.
    pub dir: tempfile::TempDir,
    /// Where it listens.
    pub url: String,
    /// The client that tests act as: administrator and operator.
    pub client: Client,
}

/// A client of the REST door.
#[derive(Clone)]
pub struct Client {
    url: String,
    id: ClientId,
    key: std::sync::Arc<PrivateKey>,
    agent: ureq::Agent,
}

/// An answer of the REST door.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
    /// The header Retry-After.
    pub retry_after: Option<String>,
}

impl Answer {
    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl World {
    /// Founds an institution; `database` empty: SQLite in the folder.
    pub fn found(database: &str) -> Self {
        Self::found_with(|settings| settings.storage.url = database.to_owned())
    }

    /// Founds an institution with these settings.
    pub fn found_with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let port = free_port();
        let url = format!("http://127.0.0.1:{port}");
        let layout = Layout::new(dir.path().join("data"));
        let mut settings = Settings::new("测试认证中心", "test.example/journal");
        settings.server.listen.set_port(port);
        settings.server.public_url = url.clone();
        settings.storage.checkpoint_seconds = 1;
        settings.kmc.standby = 100;
        change(&mut settings);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let founding = Founding {
            layout,
            settings,
            secrets: Secrets {
                device: Zeroizing::new(DEVICE.to_vec()),
                kmc: Some(Zeroizing::new(KMC.to_vec())),
            },
            stretch: Stretch::FAST_FOR_TESTS,
            ceremony: "test".to_owned(),
            subjects: Subjects::of("测试认证中心"),
            participants: participants(),
            shards: 0,
            first_client: Some(NewClient {
                name: "测试".parse().unwrap(),
                public_key: *key.public_key(),
                roles: Roles::new([Role::Admin, Role::Operator]).unwrap(),
            }),
            centre_key: None,
        };
        let founded = runtime().block_on(found(founding)).unwrap();
        let id = founded.client.unwrap().id;
        std::fs::write(dir.path().join("device.txt"), DEVICE).unwrap();
        std::fs::write(dir.path().join("kmc.txt"), KMC).unwrap();
        let client = Client::new(&url, id, key);
        Self { dir, url, client }
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// The program with the passphrases of this world.
    pub fn yinxin(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
        command
            .args(arguments)
            .env("YINXIN_DATA", self.data())
            .env("YINXIN_PASSPHRASE_FILE", self.dir.path().join("device.txt"))
            .env("YINXIN_KMC_PASSPHRASE_FILE", self.dir.path().join("kmc.txt"));
        command
    }

    /// Starts the service and waits until it answers `/readyz` with 200, or has died.
    pub fn serve(&self, env: &[(&str, &str)]) -> Option<Server> {
        let server = self.spawn(env);
        server.wait_ready(&self.url)
    }

    /// Starts the service without waiting.
    pub fn spawn(&self, env: &[(&str, &str)]) -> Server {
        let mut command = self.yinxin(&["serve"]);
        command.envs(env.iter().copied());
        Server::spawn(command, &self.dir.path().join("server.log"))
    }

    /// What the service logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }

    /// Runs a command to its end; its exit code and output.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let done = self.yinxin(arguments).output().unwrap();
        let text = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
    }
}

/// The service as a process.
pub struct Server {
    child: Child,
}

impl Server {
    /// Starts a process whose words go to a file.
    pub fn spawn(mut command: Command, log: &Path) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
        command.stdout(Stdio::null()).stderr(log).stdin(Stdio::null());
        Self { child: command.spawn().unwrap() }
    }

    fn wait_ready(mut self, url: &str) -> Option<Self> {
        self.is_ready(url).then_some(self)
    }

    /// Waits until `/readyz` says 200; false when the process died before.
    pub fn is_ready(&mut self, url: &str) -> bool {
        self.answers(&format!("{url}/readyz"))
    }

    /// Waits until an address answers 200; false when the process died before.
    pub fn answers(&mut self, url: &str) -> bool {
        let start = Instant::now();
        let agent = agent();
        while start.elapsed() < Duration::from_secs(60) {
            if agent.get(url).call().is_ok_and(|a| a.status() == 200) {
                return true;
            }
            if self.has_died() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.kill();
        panic!("{url} does not answer 200 in 60 s");
    }

    /// Whether it ended by `abort`, as at a numbered step, and not by a signal from outside.
    pub fn has_aborted(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        const SIGABRT: i32 = 6;
        self.child.try_wait().unwrap().is_some_and(|status| status.signal() == Some(SIGABRT))
    }

    /// Kills it with SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it has ended by itself.
    pub fn has_died(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it cleanly.
    pub fn stop(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Client {
    /// A client with this key.
    pub fn new(url: &str, id: ClientId, key: PrivateKey) -> Self {
        Self { url: url.to_owned(), id, key: std::sync::Arc::new(key), agent: agent() }
    }

    /// The same client at another door of the same institution.
    pub fn at(&self, url: &str) -> Self {
        Self { url: url.to_owned(), ..self.clone() }
    }

    /// A signed request; an error when no answer came.
    pub fn call(&self, method: &str, target: &str, body: &Value) -> Result<Answer, ureq::Error> {
        let octets = match body {
            Value::Null => Vec::new(),
            body => serde_json::to_vec(body).unwrap(),
        };
        self.call_raw(method, target, &octets)
    }

    /// A signed request with these octets.
    pub fn call_raw(&self, method: &str, target: &str, body: &[u8]) -> Result<Answer, ureq::Error> {
        let headers = self.headers(method, target, body, jiff::Timestamp::now());
        self.send(method, target, body, &headers)
    }

    /// The headers of a request that is signed at this moment.
    pub fn headers(
        &self,
        method: &str,
        target: &str,
        body: &[u8],
        at: jiff::Timestamp,
    ) -> Vec<(&'static str, String)> {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        let outgoing = Outgoing { method, path, query, body };
        let moment = (at, &mut OsRandom as &mut dyn gm::Random);
        let headers = sign(&outgoing, &self.id, &self.key, moment).unwrap();
        headers.pairs().into_iter().map(|(name, value)| (name, value.to_owned())).collect()
    }

    /// A request with these headers and octets, signed or not.
    pub fn send(
        &self,
        method: &str,
        target: &str,
        body: &[u8],
        headers: &[(&'static str, String)],
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{target}", self.url))
            .header("Content-Type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut answer = self.agent.run(request.body(body).unwrap())?;
        let status = answer.status().as_u16();
        let retry_after = answer.headers().get("retry-after");
        let retry_after = retry_after.and_then(|v| v.to_str().ok()).map(str::to_owned);
        let body = answer.body_mut().with_config().limit(1 << 30).read_to_vec()?;
        Ok(Answer { status, body, retry_after })
    }

    /// GET as JSON; panics unless 200.
    pub fn get(&self, target: &str) -> Value {
        let answer = self.call("GET", target, &Value::Null).unwrap();
        assert_eq!(answer.status, 200, "{target}: {}", String::from_utf8_lossy(&answer.body));
        answer.json()
    }
}

/// An HTTP client that gives answers of every status.
pub fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(30)))
        .build();
    config.into()
}

/// A request of a fresh key, PEM.
pub fn request_pem(key: &PrivateKey, common_name: &str) -> String {
    let name = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common_name),
    ]);
    let info = csr::request_info(&name, key.public_key());
    let der = csr::signed_request(&info, &key.sign(&UserId::default(), &info));
    pki::pem::encode("CERTIFICATE REQUEST", &der).unwrap()
}

/// A runtime for the library's own calls.
pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap()
}

/// A port of loopback that nobody listens at and that no client is given: what the system hands to clients begins at
/// 32,768, and a connection that is just closed keeps its port for a minute.
pub fn free_port() -> u16 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    const FIRST: u32 = 12_000;
    const COUNT: u32 = 8_000;
    // Programs that run at the same time begin at different places, and no port is given twice by one.
    let begin = std::process::id().wrapping_mul(97);
    for _ in 0..COUNT {
        let turn = begin.wrapping_add(TURN.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + turn % COUNT).unwrap();
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT)
}

fn participants() -> Participants {
    let custodian = |at: usize| Custodian {
        person: Person::new(format!("K{at}"), format!("保管人{at}"), "保管人"),
        passphrase: Zeroizing::new(format!("custodian passphrase {at}")),
    };
    Participants {
        leader: Person::new("L1", "主持人", "安全管理负责人"),
        witnesses: vec![Person::new("W1", "见证人", "审计管理员")],
        custodians: (1..=5).map(custodian).collect(),
        officers: vec![Person::new("S1", "管理员", "超级管理员")],
    }
}

/// A database of its own on the PostgreSQL server of the test run, dropped at the end.
pub struct TestDatabase {
    admin: String,
    name: String,
}

impl TestDatabase {
    /// None when no server is given by `YINXIN_TEST_PG_URL`.
    pub fn create(name: &str) -> Option<Self> {
        let admin = std::env::var("YINXIN_TEST_PG_URL").ok().filter(|url| !url.is_empty())?;
        let name = format!("yinxin_{name}_{}", std::process::id());
        psql(&admin, &format!("CREATE DATABASE {name}"));
        Some(Self { admin, name })
    }

    /// Its URL.
    pub fn url(&self) -> String {
        let (server, _) = self.admin.rsplit_once('/').unwrap();
        format!("{server}/{}", self.name)
    }

    /// Runs statements in it, past the service.
    pub fn run(&self, statements: &str) {
        psql(&self.url(), statements);
    }

    /// What the database itself answers, past the service: a line for each row, columns between bars.
    pub fn ask(&self, question: &str) -> Vec<String> {
        let done = Command::new("psql").args([&self.url(), "-qAtc", question]).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap().lines().map(str::to_owned).collect()
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        psql(&self.admin, &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

fn psql(url: &str, statement: &str) {
    let done = Command::new("psql").args([url, "-qc", statement]).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// What OpenSSL is told about a serial number by the status service at `url`.
pub fn ocsp(folder: &Path, url: &str, serial: &str) -> String {
    let issuer = folder.join("issuing.pem");
    let mut answer = agent().get(format!("{url}/ca/issuing.pem")).call().unwrap();
    std::fs::write(&issuer, answer.body_mut().read_to_vec().unwrap()).unwrap();
    let done = Command::new("openssl")
        .args(["ocsp", "-noverify", "-sm3", "-issuer"])
        .arg(issuer)
        .args(["-serial", &format!("0x{serial}"), "-url", &format!("{url}/ocsp")])
        .output()
        .unwrap();
    String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()
}

/// Every name that a crash could be asked for, as a trace of a run shows them, with how often each
/// was passed.
pub fn fault_points(trace: &Path) -> std::collections::BTreeMap<String, u64> {
    let mut names = std::collections::BTreeMap::new();
    for name in std::fs::read_to_string(trace).unwrap_or_default().lines() {
        *names.entry(name.to_owned()).or_default() += 1;
    }
    names
}

/// The checks in the output of `yinxin doctor --json`.
pub fn checks(output: &str) -> Vec<Value> {
    let (start, end) = (output.find('[').unwrap(), output.rfind(']').unwrap());
    serde_json::from_str(&output[start..=end]).unwrap()
}
