//! An institution with a directory and a few certificates, OpenLDAP's programs, and raw octets.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use app::{Act, Enrolled, Settings};
use base64::Engine as _;
use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::{Identifier, SubjectInput};
use web::ldap::Running;

use crate::world::World;

pub const BASE: &str = "o=测试认证中心,c=CN";
pub const FOLDER: &str = "ou=Certificates,o=测试认证中心,c=CN";

/// A served institution.
pub struct Served {
    pub world: World,
    pub running: Running,
    pub unit: Enrolled,
    pub device: Enrolled,
    pub person: Enrolled,
}

impl Served {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let world = World::with(|settings| {
            settings.directory.listen = "127.0.0.1:0".to_owned();
            change(settings);
        })
        .await;
        let code = pki::ident::CreditCode::parse("11110000MB99000135").unwrap();
        let unit = SubjectInput {
            organization: Some("示例局".into()),
            units: vec!["办公室".into(), "信息处".into()],
            identifiers: vec![Identifier::CreditCode(code)],
            ..SubjectInput::named("示例局")
        };
        let unit = enrol(&world, ("unit-1", "unit"), unit).await;
        let device = SubjectInput {
            organization: Some("示例局".into()),
            ..SubjectInput::named("Gateway One")
        };
        let device = enrol(&world, ("device-1", "device"), device).await;
        let person = enrol(&world, ("person-1", "person"), SubjectInput::named("甄演示")).await;
        world.institution.directory().follow().await.unwrap();
        let running = web::ldap::serve(&world.institution).await.unwrap().unwrap();
        Self { world, running, unit, device, person }
    }

    pub fn address(&self) -> SocketAddr {
        self.running.address().unwrap()
    }

    pub fn url(&self) -> String {
        format!("ldap://{}", self.address())
    }

    /// Runs `ldapsearch` below the base; `None` where there is none.
    pub async fn search(&self, arguments: &[&str]) -> Option<Answer> {
        let url = self.url();
        let mut all = vec!["-LLL", "-o", "ldif-wrap=no", "-x", "-H", &url];
        if !arguments.contains(&"-b") {
            all.extend(["-b", BASE]);
        }
        all.extend(arguments);
        tool("ldapsearch", &all).await.map(Answer::of)
    }

    pub fn connect(&self) -> Raw {
        Raw::to(self.address())
    }
}

async fn enrol(world: &World, (id, kind): (&str, &str), subject: SubjectInput) -> Enrolled {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let mut order = world.order(id, kind, Act::New, &key);
    order.subject = subject;
    world.institution.enrol(order).await.unwrap()
}

/// Runs a program of ldap-utils, beside the server. Under `./check` it has to be there.
pub async fn tool(name: &str, arguments: &[&str]) -> Option<Output> {
    tool_with(name, arguments, &[]).await
}

pub async fn tool_with(
    name: &str,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Option<Output> {
    let mut command = Command::new(name);
    command.args(arguments).env("LDAPNOINIT", "1").env("LDAPTIMEOUT", "30");
    if !environment.is_empty() {
        command.env_remove("LDAPNOINIT");
    }
    command.envs(environment.iter().copied());
    match tokio::task::spawn_blocking(move || command.output()).await.unwrap() {
        Ok(output) => Some(output),
        Err(_) => {
            assert!(std::env::var_os("YINXIN_JUDGES_PYTHON").is_none(), "{name} is missing");
            eprintln!("skipped: no {name} here");
            None
        }
    }
}

/// What `ldapsearch` printed.
#[derive(Debug)]
pub struct Answer {
    /// The result code.
    pub code: i32,
    pub entries: Vec<Vec<(String, Vec<u8>)>>,
    pub errors: String,
    pub text: String,
}

impl Answer {
    fn of(output: Output) -> Self {
        let text = String::from_utf8(output.stdout).unwrap();
        let entry = |block: &str| block.lines().filter_map(line).collect::<Vec<_>>();
        let entries = text
            .split("\n\n")
            .map(entry)
            .filter(|lines| lines.iter().any(|(name, _)| name == "dn"));
        Self {
            code: output.status.code().unwrap(),
            entries: entries.collect(),
            errors: String::from_utf8_lossy(&output.stderr).into_owned(),
            text,
        }
    }

    /// The values of an attribute over all entries, sorted.
    pub fn values(&self, name: &str) -> Vec<Vec<u8>> {
        let lines = self.entries.iter().flatten().filter(|(known, _)| known == name);
        let mut values: Vec<_> = lines.map(|(_, value)| value.clone()).collect();
        values.sort();
        values
    }
}

/// `name: value` or `name:: base64`.
fn line(line: &str) -> Option<(String, Vec<u8>)> {
    if line.starts_with('#') {
        return None;
    }
    let (name, value) = line.split_once(':')?;
    let value = match value.strip_prefix(": ") {
        Some(encoded) => base64::engine::general_purpose::STANDARD.decode(encoded).unwrap(),
        None => value.trim_start().as_bytes().to_vec(),
    };
    Some((name.to_owned(), value))
}

/// A connection for octets of one's own.
pub struct Raw(TcpStream);

impl Raw {
    pub fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        Self(stream)
    }

    pub fn send(&mut self, octets: &[u8]) {
        // The server may have closed already; what it said is read all the same.
        let _ = self.0.write_all(octets);
    }

    /// Sends the same again and again and reads nothing; whether the other side closed within a minute.
    pub fn send_until_closed(&mut self, octets: &[u8]) -> bool {
        self.0.set_write_timeout(Some(Duration::from_millis(50))).unwrap();
        let (begin, mut at) = (Instant::now(), 0);
        while begin.elapsed() < Duration::from_secs(60) {
            match self.0.write(&octets[at..]) {
                Ok(wrote) => at = (at + wrote) % octets.len(),
                Err(error)
                    if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => return true,
            }
        }
        false
    }

    /// The next message, or nothing when the connection has ended.
    pub fn read(&mut self) -> Option<Vec<u8>> {
        let mut octets = Vec::new();
        loop {
            if let directory::message::Frame::Whole(whole) = directory::message::frame(&octets)
                && whole == octets.len()
            {
                return Some(octets);
            }
            let mut one = [0];
            match self.0.read(&mut one) {
                Ok(1) => octets.push(one[0]),
                _ => return None,
            }
        }
    }

    /// Tag and result code of the next message.
    pub fn result(&mut self) -> Option<(u8, u8)> {
        let message = self.read()?;
        let start = if message[1] < 0x80 { 2 } else { 2 + usize::from(message[1] & 0x7f) };
        let operation = &message[start + 2 + usize::from(message[start + 1])..];
        let head = if operation[1] < 0x80 { 2 } else { 2 + usize::from(operation[1] & 0x7f) };
        Some((operation[0], operation[head + 2]))
    }
}

/// An element of BER.
pub fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).unwrap().to_be_bytes();
    let mut out = vec![tag];
    match content.len() {
        short @ 0..=0x7f => out.push(u8::try_from(short).unwrap()),
        _ => {
            out.push(0x84);
            out.extend(length);
        }
    }
    out.extend(content);
    out
}

/// A search of all below the base by this filter, with this limit.
pub fn search(filter: &[u8], limit: &[u8]) -> Vec<u8> {
    let parts = [
        tlv(4, BASE.as_bytes()),
        tlv(10, &[2]),
        tlv(10, &[0]),
        tlv(2, limit),
        tlv(2, &[0]),
        tlv(1, &[0]),
        filter.to_vec(),
        tlv(0x30, &tlv(4, b"1.1")),
    ];
    message(&tlv(0x63, &parts.concat()))
}

pub fn message(operation: &[u8]) -> Vec<u8> {
    tlv(0x30, &[tlv(2, &[5]), operation.to_vec()].concat())
}

/// `(objectClass=*)`.
pub fn present() -> Vec<u8> {
    tlv(0x87, b"objectClass")
}
