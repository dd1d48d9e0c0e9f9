//! One institution with two data folders on one PostgreSQL, as the handbook says: the second folder has settings of its
//! own, and everything else is that of the first.

use std::path::{Path, PathBuf};
use std::process::Command;

use app::{Layout, Settings};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::Spki;
use serde_json::{Value, json};

use super::support::{Client, Server, TestDatabase, World, checks, free_port};

/// The institution.
pub struct Site {
    // Nodes end before what they stand on.
    centre: Option<Server>,
    folder: PathBuf,
    /// The doors of its nodes.
    pub urls: [String; 2],
    /// Who orders and changes certificates.
    pub operator: Client,
    /// Who reads what the doctor says.
    pub admin: Client,
    /// Its database.
    pub database: TestDatabase,
    // Only for their ends.
    _own_centre: Option<TestDatabase>,
    _folders: Vec<tempfile::TempDir>,
}

impl Site {
    /// Founded by the library, the key centre embedded in a database of its own on the same server.
    pub fn found() -> Option<Self> {
        let (database, of_centre) =
            (TestDatabase::create("nodes")?, TestDatabase::create("nodes_kmc")?);
        let world = World::found_with(|settings| {
            settings.storage.url = database.url();
            settings.kmc.url = of_centre.url();
        });
        let World { dir, url, client } = world;
        let folder = dir.path().to_owned();
        let second = add_node(&folder);
        Some(Self {
            centre: None,
            folder,
            urls: [url, second],
            operator: client.clone(),
            admin: client,
            database,
            _own_centre: Some(of_centre),
            _folders: vec![dir],
        })
    }

    /// Founded by a program through its commands, the key centre in a process of its own.
    pub fn found_by(program: &Path) -> Option<Self> {
        let database = TestDatabase::create("rolling")?;
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().to_owned();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        write("device.txt", "institution passphrase");
        write("kmc.txt", "key centre passphrase");
        (1..=5).for_each(|at| write(&format!("k{at}.txt"), &format!("custodian {at} passphrase")));
        let (port, centre_port) = (free_port(), free_port());
        let url = format!("http://127.0.0.1:{port}");
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        write("admin.pub.pem", &public(&key));
        let sample = run(program, &folder, &["ceremony", "sample"]);
        assert!(sample.contains("# database ="), "this program is from before ADR 17");
        let plan = sample
            .replace("# database =", "database =")
            .replace("postgres://yinxin@127.0.0.1/yinxin", &database.url())
            .replace("# [key_centre]", "[key_centre]")
            .replace("# url =", "url =")
            .replace("# public_key =", "public_key =")
            .replace("http://127.0.0.1:8441", &format!("http://127.0.0.1:{centre_port}"))
            .replace("http://127.0.0.1:8440", &url)
            .replace("shards = 16", "shards = 0");
        write("plan.toml", &plan);
        let listen = format!("127.0.0.1:{centre_port}");
        let init = [
            "kmc",
            "init",
            "--data",
            "kmc-data",
            "--institution",
            "测试",
            "--origin",
            "k.example.cn/j",
        ];
        let rest = ["--listen", &listen, "--standby", "400", "--public-key", "kmc.pub.pem"];
        run(program, &folder, &[&init[..], &rest[..]].concat());
        let ceremony = ["ceremony", "init", "--data", "data", "--plan", "plan.toml"];
        let said =
            run(program, &folder, &[&ceremony[..], &["--admin-key", "admin.pub.pem"]].concat());
        let id = said.lines().find_map(|line| line.strip_prefix("首个管理员客户端编号：")).unwrap();
        let register = ["kmc", "register-ca", "--data", "kmc-data", "--name", "issuing"];
        let link = ["--public-key", "data/ceremony/kmc-link.pub.pem"];
        run(program, &folder, &[&register[..], &link[..]].concat());
        let file = Layout::new(folder.join("data")).settings();
        let text = std::fs::read_to_string(&file).unwrap();
        std::fs::write(&file, text.replacen("127.0.0.1:8440", &format!("127.0.0.1:{port}"), 1))
            .unwrap();
        let second = add_node(&folder);
        let centre = command(program, &folder, &["kmc", "serve", "--data", "kmc-data"]);
        let mut centre = Server::spawn(centre, &folder.join("kmc.log"));
        assert!(centre.answers(&format!("http://127.0.0.1:{centre_port}/healthz")));
        let admin = Client::new(&url, id.parse().unwrap(), key);
        let urls = [url, second];
        let mut site = Self {
            centre: Some(centre),
            folder,
            urls,
            operator: admin.clone(),
            admin,
            database,
            _own_centre: None,
            _folders: vec![dir],
        };
        site.appoint(program);
        Some(site)
    }

    /// The administrator makes a client that may order.
    fn appoint(&mut self, program: &Path) {
        let mut server = self.start(0, program);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let body = json!({ "name": "业务操作员", "public_key": public(&key), "roles": "operator" });
        let answer = self.admin.call("POST", "/api/v1/clients", &body).unwrap();
        assert!(answer.status < 300, "{}", answer.text());
        let id = answer.json()["id"].as_str().unwrap().parse().unwrap();
        self.operator = Client::new(&self.urls[0], id, key);
        server.stop();
    }

    /// The data folder of a node.
    pub fn data(&self, node: usize) -> PathBuf {
        self.folder.join(["data", "node-b"][node])
    }

    /// Where files may be put.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The settings that both nodes have in common.
    pub fn settings(&self) -> Settings {
        Settings::load(&Layout::new(self.data(0)).settings()).unwrap()
    }

    /// Starts a node and waits until it is ready.
    pub fn start(&self, node: usize, program: &Path) -> Server {
        let data = self.data(node);
        let log = self.folder.join(format!("node-{node}.log"));
        let serve = command(program, &self.folder, &["serve", "--data", data.to_str().unwrap()]);
        let mut server = Server::spawn(serve, &log);
        let is_ready = server.is_ready(&self.urls[node]);
        assert!(is_ready, "node {node}: {}", std::fs::read_to_string(log).unwrap_or_default());
        server
    }

    /// With no node there: the whole journal, the tables, and the accounts.
    pub fn check_at_rest(&self, program: &Path) {
        for node in 0..2 {
            let data = self.data(node);
            let data = data.to_str().unwrap();
            run(program, &self.folder, &["journal", "verify", "--data", data]);
            let said = run(program, &self.folder, &["doctor", "--data", data, "--full", "--json"]);
            let wanted = ["journal", "journal_full", "tables", "signatures", "orders", "device"];
            let found: Vec<Value> = checks(&said);
            for name in wanted {
                let check = found.iter().find(|check| check["name"] == name);
                assert_eq!(check.unwrap()["level"], "good", "{check:?}");
            }
        }
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        if let Some(centre) = &mut self.centre {
            centre.stop();
        }
    }
}

/// The second data folder, and the address of its door.
fn add_node(folder: &Path) -> String {
    use std::os::unix::fs::symlink;
    let (first, second) = (folder.join("data"), folder.join("node-b"));
    std::fs::create_dir(&second).unwrap();
    for entry in std::fs::read_dir(&first).unwrap() {
        let name = entry.unwrap().file_name();
        if name != "yinxin.toml" {
            symlink(first.join(&name), second.join(&name)).unwrap();
        }
    }
    let text = std::fs::read_to_string(first.join("yinxin.toml")).unwrap();
    let port = free_port();
    let (before, _) = text.split_once("\nlisten = \"").expect("[server] comes first");
    let after = text[before.len()..].split_once('"').unwrap().1.split_once('"').unwrap().1;
    let changed = format!("{before}\nlisten = \"127.0.0.1:{port}\"{after}");
    std::fs::write(second.join("yinxin.toml"), changed).unwrap();
    format!("http://127.0.0.1:{port}")
}

fn public(key: &PrivateKey) -> String {
    pki::pem::encode("PUBLIC KEY", Spki::of(key.public_key()).der()).unwrap()
}

fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .current_dir(folder)
        .env("YINXIN_PASSPHRASE_FILE", folder.join("device.txt"))
        .env("YINXIN_KMC_PASSPHRASE_FILE", folder.join("kmc.txt"));
    command
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> String {
    let done = command(program, folder, arguments).output().unwrap();
    let said = String::from_utf8_lossy(&[&done.stdout[..], &done.stderr[..]].concat()).into_owned();
    assert!(done.status.success(), "{arguments:?}: {said}");
    String::from_utf8(done.stdout).unwrap()
}
