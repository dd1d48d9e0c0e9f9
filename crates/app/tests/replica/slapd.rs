//! A `slapd` of OpenLDAP of our own, on a free port, with its data in a folder of its own.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;

pub const WRITER: &str = "cn=writer,c=CN";
pub const SECRET: &str = "slave passphrase";
pub const BASE: &str = "o=测试认证中心,c=CN";

pub struct Slapd {
    child: Option<Child>,
    program: PathBuf,
    folder: tempfile::TempDir,
    port: u16,
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Without a judge there is no verdict; `./check` installs it, so there it may not be missing.
fn program() -> Option<PathBuf> {
    let found = ["/usr/sbin/slapd", "/usr/local/sbin/slapd", "/usr/bin/slapd"];
    let found = found.into_iter().map(PathBuf::from).find(|path| path.exists());
    if found.is_none() {
        assert!(std::env::var_os("YINXIN_JUDGES_PYTHON").is_none(), "slapd is missing");
        eprintln!("skipped: no slapd here");
    }
    found
}

impl Slapd {
    /// Starts one with `core`, `cosine` and `inetorgperson`, and what others have in it.
    pub fn start() -> Option<Self> {
        Self::start_with("")
    }

    pub fn start_with(more: &str) -> Option<Self> {
        let program = program()?;
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut slapd = Self { child: None, program, folder, port };
        slapd.configure(more);
        slapd.resume();
        slapd.load(
            "dn: c=CN\nobjectClass: country\nc: CN\n\n\
             dn: o=别的机构,c=CN\nobjectClass: organization\no: 别的机构\n\n\
             dn: ou=Certificates,o=别的机构,c=CN\nobjectClass: organizationalUnit\nou: Certificates\n",
        );
        Some(slapd)
    }

    fn configure(&self, more: &str) {
        let folder = self.folder.path().display();
        std::fs::create_dir(self.folder.path().join("db")).unwrap();
        let text = format!(
            "include /etc/ldap/schema/core.schema\ninclude /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\npidfile {folder}/slapd.pid\n{more}\n\
             modulepath /usr/lib/ldap\nmoduleload back_mdb\nsockbuf_max_incoming_auth 67108864\n\
             database mdb\nsuffix \"c=CN\"\nrootdn \"{WRITER}\"\nrootpw \"{SECRET}\"\n\
             directory {folder}/db\nindex objectClass eq\nindex serialNumber eq\n"
        );
        std::fs::write(self.folder.path().join("slapd.conf"), text).unwrap();
        std::fs::write(self.folder.path().join("secret"), format!("{SECRET}\n")).unwrap();
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The file with the writer's passphrase.
    pub fn secret(&self) -> String {
        self.folder.path().join("secret").display().to_string()
    }

    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// Starts it, or starts it again over the same data.
    pub fn resume(&mut self) {
        let child = Command::new(&self.program)
            .arg("-f")
            .arg(self.folder.path().join("slapd.conf"))
            .args(["-h", &self.url(), "-d", "0"])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(begin.elapsed() < Duration::from_secs(60), "slapd does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Ends it without a word, as a failing machine does.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Adds entries as somebody else.
    pub fn load(&self, ldif: &str) {
        self.write(&["ldapadd"], ldif);
    }

    /// Changes entries as somebody else.
    pub fn alter(&self, ldif: &str) {
        self.write(&["ldapmodify"], ldif);
    }

    fn write(&self, program: &[&str], ldif: &str) {
        let file = self.folder.path().join("somebody.ldif");
        std::fs::write(&file, ldif).unwrap();
        let done =
            self.tool(program, &["-D", WRITER, "-w", SECRET, "-f", &file.display().to_string()]);
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }

    fn tool(&self, program: &[&str], arguments: &[&str]) -> Output {
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).args(["-x", "-H", &self.url()]).args(arguments);
        command.env("LDAPNOINIT", "1").output().unwrap()
    }

    /// What anybody finds below a name.
    pub fn search(&self, base: &str, arguments: &[&str]) -> Vec<Entry> {
        let mut all = vec!["-LLL", "-o", "ldif-wrap=no", "-b", base];
        all.extend(arguments);
        let done = self.tool(&["ldapsearch"], &all);
        let text = String::from_utf8(done.stdout).unwrap();
        let entry = |block: &str| block.lines().filter_map(line).collect::<Vec<_>>();
        let all = text.split("\n\n").map(entry);
        all.filter(|lines| lines.iter().any(|(name, _)| name == "dn")).map(Entry).collect()
    }

    /// The one entry of a serial number.
    pub fn certificate(&self, serial: &str) -> Option<Entry> {
        let filter = format!("(serialNumber={serial})");
        let mut found = self.search(BASE, &[&filter]);
        assert!(found.len() < 2);
        found.pop()
    }
}

/// An entry as `ldapsearch` printed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry(Vec<(String, Vec<u8>)>);

impl Entry {
    pub fn values(&self, name: &str) -> Vec<Vec<u8>> {
        let own = self.0.iter().filter(|(known, _)| known == name);
        own.map(|(_, value)| value.clone()).collect()
    }

    pub fn texts(&self, name: &str) -> Vec<String> {
        self.values(name).into_iter().map(|value| String::from_utf8(value).unwrap()).collect()
    }

    pub fn status(&self) -> String {
        let facts = self.texts("description");
        let own = facts.iter().find_map(|fact| fact.strip_prefix("certificateStatus="));
        own.unwrap().to_owned()
    }
}

/// `name: value` or `name:: base64`.
fn line(line: &str) -> Option<(String, Vec<u8>)> {
    let (name, value) = line.split_once(':')?;
    let value = match value.strip_prefix(": ") {
        Some(encoded) => base64::engine::general_purpose::STANDARD.decode(encoded).unwrap(),
        None => value.trim_start().as_bytes().to_vec(),
    };
    Some((name.to_owned(), value))
}
