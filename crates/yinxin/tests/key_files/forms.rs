//! Key files in the forms that others write, and the program over them.

use std::path::{Path, PathBuf};
use std::process::Command;

use pki::oid::Oid;
use pki::strict::Writer;

use super::openssl::{finished, verifies_request};

pub const PHRASE: &str = "山重水复疑无路 2026";
const CURVE: [&str; 6] =
    ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2", "-out"];

/// A folder with a key in the clear, `plain.pem`, and the passphrase in `phrase`.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        std::fs::write(folder.at("phrase"), format!("{PHRASE}\n")).unwrap();
        finished(Command::new("openssl").args(CURVE).arg(folder.at("plain.pem")));
        folder
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn keep(&self, name: &str, octets: &[u8]) -> PathBuf {
        std::fs::write(self.at(name), octets).unwrap();
        self.at(name)
    }

    fn word(&self) -> String {
        format!("file:{}", self.at("phrase").display())
    }

    /// A new key, sealed by `openssl genpkey`.
    pub fn generated(&self, cipher: &str) -> PathBuf {
        let key = self.at("generated.key.pem");
        let mut command = Command::new("openssl");
        command.args(CURVE).arg(&key).args([cipher, "-pass", &self.word()]);
        finished(&mut command);
        key
    }

    /// The key of `plain.pem`, sealed by `openssl pkcs8`.
    pub fn sealed(&self, how: &[&str]) -> PathBuf {
        self.converted("pkcs8", &[&["-topk8", "-passout", &self.word()], how].concat())
    }

    /// PEM with its own encryption, before PKCS#8.
    pub fn old_pem(&self) -> Vec<u8> {
        let how = ["-aes256", "-passout", &self.word()];
        std::fs::read(self.converted("ec", &how)).unwrap()
    }

    /// A sealed key of P-256.
    pub fn other_curve(&self) -> Vec<u8> {
        let mut command = Command::new("openssl");
        command.args(["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
        command.args(["-aes-256-cbc", "-pass", &self.word(), "-out"]).arg(self.at("p256"));
        finished(&mut command);
        std::fs::read(self.at("p256")).unwrap()
    }

    pub fn plain_der(&self) -> Vec<u8> {
        let how = ["-topk8", "-nocrypt", "-outform", "DER"];
        std::fs::read(self.converted("pkcs8", &how)).unwrap()
    }

    fn converted(&self, tool: &str, how: &[&str]) -> PathBuf {
        let to = self.at("converted");
        let mut command = Command::new("openssl");
        command.arg(tool).args(how).arg("-in").arg(self.at("plain.pem")).arg("-out").arg(&to);
        finished(&mut command);
        to
    }

    /// The public half, says OpenSSL.
    pub fn public(&self, key: &Path) -> String {
        let mut command = Command::new("openssl");
        finished(command.args(["pkey", "-pubout", "-passin", &self.word(), "-in"]).arg(key))
    }

    /// `yinxin subscriber …` with this key and the passphrase.
    pub fn subscriber(&self, what: &str, key: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
        command.args(["subscriber", what, "--key"]).arg(key);
        command.arg("--passphrase-file").arg(self.at("phrase"));
        command
    }

    /// Asks for a certificate with this key; exit code and words.
    pub fn csr(&self, key: &Path, csr: &Path) -> (i32, String) {
        let mut command = self.subscriber("csr", key);
        let done = command.args(["--subject", "C=CN,CN=张三", "--out"]).arg(csr).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.code().unwrap(), String::from_utf8(said).unwrap())
    }

    /// The file opens, and what is in it is the key of `plain.pem`.
    pub fn opens(&self, key: &Path, name: &str) {
        let csr = self.at("csr");
        let (code, said) = self.csr(key, &csr);
        assert_eq!(code, 0, "{name}: {said}");
        verifies_request(&csr);
        let of_request =
            finished(Command::new("openssl").args(["req", "-noout", "-pubkey", "-in"]).arg(&csr));
        assert_eq!(of_request, self.public(&self.at("plain.pem")), "{name}");
        std::fs::remove_file(csr).unwrap();
    }

    /// The file is refused in words that hold the reason, and no part of the passphrase.
    pub fn refuses(&self, key: &Path, name: &str, why: &str) {
        let csr = self.at("csr");
        let (code, said) = self.csr(key, &csr);
        assert!(code == 2 && said.contains(why), "{name}: {code}, {said}");
        let phrase = std::fs::read_to_string(self.at("phrase")).unwrap();
        assert!(!said.contains(phrase.trim()), "{name}: {said}");
        assert!(!csr.exists(), "{name}");
    }
}

/// As GmSSL seals: PBKDF2 with HMAC-SM3 and SM4-CBC. Beyond what is opened, the key is not derived.
pub fn gmssl(plain: &[u8], prf: &str, iterations: u64) -> Vec<u8> {
    let (salt, iv) = ([5; 8], [6; 16]);
    let key = if iterations > 10_000 { [0; 16] } else { pbkdf2_sm3(&salt, iterations) };
    let sealed = gm::sm4::cbc_encrypt(&key, &iv, plain);
    let scheme = |w: &mut Writer| {
        w.oid(&oid("1.2.840.113549.1.5.13"));
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid("1.2.840.113549.1.5.12"));
                w.sequence(|w| {
                    w.octet_string(&salt);
                    w.uint(iterations);
                    w.uint(16);
                    w.sequence(|w| w.oid(&oid(prf)));
                });
            });
            w.sequence(|w| {
                w.oid(&oid("1.2.156.10197.1.104.2"));
                w.octet_string(&iv);
            });
        });
    };
    pem(&Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(scheme);
            w.octet_string(&sealed);
        });
    }))
}

/// RFC 8018 §5.2 for the first 16 octets.
fn pbkdf2_sm3(salt: &[u8], iterations: u64) -> [u8; 16] {
    let mut round = gm::sm3::hmac(PHRASE.as_bytes(), &[salt, &[0, 0, 0, 1]].concat()).0;
    let mut sum = round;
    for _ in 1..iterations {
        round = gm::sm3::hmac(PHRASE.as_bytes(), &round).0;
        sum.iter_mut().zip(round).for_each(|(sum, octet)| *sum ^= octet);
    }
    sum[..16].try_into().unwrap()
}

/// A file under another scheme than PBES2.
pub fn with_scheme(name: &str) -> Vec<u8> {
    pem(&Writer::build(|w| {
        w.sequence(|w| {
            w.sequence(|w| {
                w.oid(&oid(name));
                w.sequence(|w| {
                    w.octet_string(&[1; 8]);
                    w.uint(2048);
                });
            });
            w.octet_string(&[2; 48]);
        });
    }))
}

fn oid(text: &str) -> Oid {
    Oid::parse(text).unwrap()
}

fn pem(der: &[u8]) -> Vec<u8> {
    pki::pem::encode("ENCRYPTED PRIVATE KEY", der).unwrap().into_bytes()
}
