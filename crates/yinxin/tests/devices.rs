//! `yinxin device products|check`: the register in plain words, and by the exit code whether an attestation holds
//! (Measures Art. 20 ¶2).

// Helpers outside #[test] functions fail the test by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::process::Command;

use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::{Name, csr};
use testkit::maker::{MAKER, Maker};

/// The exit code and what was said.
fn device(data: &Path, arguments: &[&str]) -> (i32, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_yinxin"));
    let done = command.arg("device").args(arguments).arg("--data").arg(data).output().unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.code().unwrap(), String::from_utf8(said).unwrap())
}

fn register(data: &Path, maker: &Maker, until: &str) {
    let folder = data.join("devices");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("maker.pem"), maker.root.certificate.to_pem().unwrap()).unwrap();
    let text = format!(
        "[attestation]\nunit = \"required\"\n[[product]]\nmaker = \"{MAKER}\"\nmodel = \"KEY-200\"\n\
         certificate = \"GM009900020260001\"\nlevel = 2\nvalid_from = 2020-01-01\n\
         valid_until = {until}\nuses = [\"subscriber\"]\nroot = \"maker.pem\"\n"
    );
    std::fs::write(folder.join("products.toml"), text).unwrap();
}

#[test]
fn products_are_listed_and_attestations_checked_by_files_alone() {
    let (folder, maker) = (tempfile::tempdir().unwrap(), Maker::new());
    let data = folder.path();
    let (code, said) = device(data, &["products"]);
    assert!(code == 0 && said.contains("没有登记密码产品"), "{said}");
    register(data, &maker, "2049-12-31");
    let (code, said) = device(data, &["products"]);
    assert!(code == 0 && said.contains("GM009900020260001") && said.contains("用户密钥"), "{said}");
    assert!(said.contains("机构证书：必须提交设备证明"), "{said}");
    let (code, said) = device(data, &["products", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(code == 0 && listed["products"][0]["product"]["level"] == 2, "{said}");

    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let info = csr::request_info(&Name::from_attributes([]), key.public_key());
    let request = csr::signed_request(&info, &key.sign(&UserId::default(), &info));
    let keep = |name: &str, content: &[u8]| {
        let path = data.join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let csr = keep("my.csr", &request);
    let mine = maker.device("KEY-200", "SN-0001").attest(key.public_key());
    let mine = keep("mine.pem", mine.as_bytes());
    let (code, said) = device(data, &["check", &mine, "--csr", &csr]);
    assert!(code == 0 && said.contains("SN-0001") && said.contains("一致"), "{said}");
    let foreign = Maker::new().device("KEY-200", "SN-0001").attest(key.public_key());
    let foreign = keep("foreign.pem", foreign.as_bytes());
    let (code, said) = device(data, &["check", &foreign, "--csr", &csr]);
    assert!(code == 1 && said.contains("不能追溯到登记的厂商根证书"), "{said}");
    assert!(said.contains("第二十条第二款"), "{said}");
}

#[test]
fn an_ended_certificate_and_a_broken_register_are_told_with_what_to_do() {
    let (folder, maker) = (tempfile::tempdir().unwrap(), Maker::new());
    register(folder.path(), &maker, "2021-12-31");
    let (code, said) = device(folder.path(), &["products"]);
    assert!(code == 1 && said.contains("已于 2021-12-31 到期"), "{said}");
    let path = folder.path().join("devices/products.toml");
    let text = std::fs::read_to_string(&path).unwrap().replace("level = 2", "level = 9");
    std::fs::write(&path, text).unwrap();
    let (code, said) = device(folder.path(), &["products"]);
    assert!(code == 1 && said.contains("第 1 个产品") && said.contains("1 至 4"), "{said}");
}
