//! The world of the demonstration. Every person and unit is made up; their numbers have valid
//! check digits and belong to nobody.

use std::path::{Path, PathBuf};

use access::{NewClient, Role, Roles};
use anyhow::Context;
use app::setup::{Founding, Subjects, found};
use app::{Layout, Secrets, Settings};
use ca::ceremony::{Custodian, Participants, Person};
use gm::OsRandom;
use gm::passphrase::Stretch;
use gm::sm2::PrivateKey;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::operate::ceremony;
use crate::operate::demo::{sandbox, staff};
use crate::out;
use crate::remote::{Door, DoorArgs, client::public_pem, field, text};
use crate::secret;
use crate::subscriber;

const INSTITUTION: &str = "演示电子认证服务中心";

/// Who keeps a share of the root key; they hold no role (GM/T 0034 §6).
const CUSTODIANS: [&str; 5] = ["钟守一", "钟守二", "钟守三", "钟守四", "钟守五"];

/// The institution's 统一社会信用代码, made up like everything here.
const CREDIT_CODE: &str = "12110101YX0000016B";

/// Founds the institution.
pub async fn create(layout: &Layout, (port, is_sandbox): (u16, bool)) -> anyhow::Result<()> {
    let folder = layout.demo_secrets();
    private_folder_anew(&folder)?;
    private_folder(layout.root())?;
    let mut settings = Settings::new(INSTITUTION, "demo.yinxin.example/journal");
    if is_sandbox {
        private_folder_anew(&layout.sandbox())?;
        sandbox::relax(&mut settings);
    }
    let subjects = Subjects::of(&settings.institution.name);
    settings.institution.credit_code = CREDIT_CODE.to_owned();
    disclose(&mut settings);
    settings.timestamp.enabled = true;
    settings.server.listen.set_port(port);
    settings.server.public_url = format!("http://127.0.0.1:{port}");
    settings.kmc.listen.set_port(port.saturating_add(1));
    settings.directory.listen = format!("127.0.0.1:{}", port.saturating_add(2));
    let phrase = |name: &str| passphrase(&folder.join(name));
    let secrets = Secrets { device: phrase("device")?, kmc: Some(phrase("kmc")?) };
    let admin = key(&folder.join("admin.key.pem"))?;
    let again = Secrets { device: phrase("device")?, kmc: Some(phrase("kmc")?) };
    let founding = Founding {
        layout: layout.clone(),
        settings,
        secrets,
        stretch: Stretch::STRONG,
        ceremony: "demo".to_owned(),
        subjects,
        participants: participants(&folder)?,
        shards: 0,
        first_client: Some(NewClient {
            name: "演示管理员".parse()?,
            public_key: *admin.public_key(),
            roles: Roles::new([Role::Admin])?,
        }),
        centre_key: None,
    };
    let founded = found(founding).await?;
    ceremony::report(&founded);
    if let Some(client) = &founded.client {
        std::fs::write(folder.join("admin.id"), client.id.as_str())?;
    }
    staff::appoint(layout, &again, &CUSTODIANS).await
}

/// What a real institution tells the public; all of it made up.
fn disclose(settings: &mut Settings) {
    let contact = &mut settings.contact;
    contact.phone = "010-00000000（演示）".to_owned();
    contact.hours = "工作日 9:00—17:00".to_owned();
    contact.email = "service@demo.yinxin.example".to_owned();
    contact.address = "云中市示例大道 1 号".to_owned();
    let public = &mut settings.disclosure;
    public.licence_number = "演示-0000".to_owned();
    public.licence_term = "2026年1月1日至2030年12月31日（演示）".to_owned();
    public.licence_issuer = "演示密码管理部门".to_owned();
    public.licence_date = "2026年1月1日".to_owned();
    public.scope = "电子政务电子认证服务（演示）".to_owned();
    public.fees = vec!["演示系统不收费".to_owned()];
    public.supervision_phone = "010-00000001（演示）".to_owned();
}

fn private_folder_anew(path: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(path).with_context(|| format!("无法新建 {}", path.display()))?;
    private_folder(path)
}

fn private_folder(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))?;
    Ok(())
}

/// A random passphrase in a file, or the one that is there.
fn passphrase(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    if !path.exists() {
        secret::write_private(path, secret::random()?.as_bytes())?;
    }
    secret::read(path)
}

/// A key in a file, or the one that is there.
pub(super) fn key(path: &Path) -> anyhow::Result<PrivateKey> {
    if !path.exists() {
        subscriber::save(path, &PrivateKey::generate(&mut OsRandom)?, None)?;
    }
    subscriber::load(path, None)
}

fn participants(folder: &Path) -> anyhow::Result<Participants> {
    let custodian = |(at, name): (usize, &&str)| {
        let id = format!("K{:03}", at + 1);
        let phrase = passphrase(&folder.join(format!("custodian-{id}")))?;
        let passphrase = Zeroizing::new(String::from_utf8(phrase.to_vec())?);
        anyhow::Ok(Custodian { person: Person::new(id, *name, "保管人"), passphrase })
    };
    Ok(Participants {
        leader: Person::new("L001", "安明远", "安全管理负责人"),
        witnesses: vec![Person::new("A001", "沈以鉴", "审计管理员")],
        custodians: CUSTODIANS.iter().enumerate().map(custodian).collect::<Result<_, _>>()?,
        officers: vec![
            Person::new("S001", "程总揽", "超级管理员"),
            Person::new("A001", "沈以鉴", "审计管理员"),
        ],
    })
}

/// The REST door for the client of this name, whose identifier and key are in a folder.
pub(super) fn door(folder: &Path, url: &str, name: &str) -> anyhow::Result<Door> {
    let client = std::fs::read_to_string(folder.join(format!("{name}.id")))?;
    Door::open(&DoorArgs {
        url: url.to_owned(),
        client,
        client_key: folder.join(format!("{name}.key.pem")),
        client_passphrase_file: None,
    })
}

/// Creates the other clients and issues a few certificates, through the REST door. Doing it again
/// changes nothing: the request ids are the same.
pub fn issue(layout: &Layout, url: &str) -> anyhow::Result<()> {
    client(layout, url, "operator", "演示业务操作员")?;
    client(layout, url, "auditor", "演示审计员")?;
    let operator = door(&layout.demo_secrets(), url, "operator")?;
    for (at, (kind, subject)) in subjects().into_iter().enumerate() {
        let id = format!("demo-{kind}-{}", at + 1);
        if operator.get(&format!("/api/v1/requests/{id}")).is_ok() {
            continue;
        }
        let path = layout.demo_secrets().join(format!("{id}.key.pem"));
        let csr = subscriber::request(&key(&path)?, "C=CN,CN=demo")?;
        let body = json!({ "request_id": id, "kind": kind, "csr": csr, "subject": subject });
        let order = operator.post("/api/v1/requests", &body)?;
        let serial = text(&order, "sign_serial").to_owned();
        out::note(format!("已签发 {kind}：{serial}"));
        change(&operator, at, &serial)?;
    }
    Ok(())
}

/// One certificate on hold and one revoked, to see what that looks like.
fn change(operator: &Door, at: usize, serial: &str) -> anyhow::Result<()> {
    let path = format!("/api/v1/certificates/{serial}");
    match at {
        5 => operator.post(&format!("{path}/suspend"), &Value::Null).map(drop),
        6 => {
            let body = json!({ "reason": "cessationOfOperation" });
            operator.post(&format!("{path}/revoke"), &body).map(drop)
        }
        _ => Ok(()),
    }
}

fn client(layout: &Layout, url: &str, role: &str, name: &str) -> anyhow::Result<()> {
    let folder = layout.demo_secrets();
    let id = folder.join(format!("{role}.id"));
    if id.exists() {
        return Ok(());
    }
    let key = key(&folder.join(format!("{role}.key.pem")))?;
    let body = json!({ "name": name, "public_key": public_pem(&key)?, "roles": role });
    let created = door(&folder, url, "admin")?.post("/api/v1/clients", &body)?;
    std::fs::write(id, text(&created, "id"))?;
    Ok(())
}

/// Made-up subjects, one of each kind and two more.
fn subjects() -> Vec<(&'static str, Value)> {
    let unit = "演示市虚构事务局";
    let code = json!({ "kind": "credit_code", "value": "11110000MB99000135" });
    let id = json!({ "kind": "id_number", "value": "110000190001010012" });
    vec![
        ("person", json!({ "common_name": "甄演示", "identifiers": [id] })),
        ("staff", json!({ "common_name": "贾示例", "organization": unit, "units": ["综合科"] })),
        ("unit", json!({ "common_name": unit, "organization": unit, "identifiers": [code] })),
        ("device", json!({ "common_name": "签章服务器01", "organization": unit })),
        (
            "server",
            json!({
                "common_name": "portal.demo.example", "organization": unit,
                "dns_names": ["portal.demo.example"],
            }),
        ),
        ("person", json!({ "common_name": "甄暂停" })),
        ("person", json!({ "common_name": "甄撤销" })),
    ]
}

/// Says what there is and what to try next.
pub fn tell(layout: &Layout, url: &str) -> anyhow::Result<()> {
    let operator = door(&layout.demo_secrets(), url, "operator")?;
    let page = operator.get("/api/v1/certificates?limit=1")?;
    let secrets = layout.demo_secrets();
    let id = std::fs::read_to_string(secrets.join("operator.id"))?;
    let program = std::env::current_exe()?;
    let program = program.display();
    let key: PathBuf = secrets.join("operator.key.pem");
    out::line("");
    let name = Settings::load(&layout.settings())?.institution.name;
    out::line(format!("{name}已就绪，数据在 {}", layout.root().display()));
    out::line(format!("  已签发证书   {} 张", field(&page, "total")));
    out::line(format!("  服务地址     {url}"));
    out::line(format!("  接口说明     {url}/api/openapi.json"));
    out::line(format!("  状态查询     {url}/ocsp（OCSP）  {url}/crl/{}.crl", app::ISSUER));
    out::line(format!("  CA 证书      {url}/ca/{}.pem  {url}/ca/root.pem", app::ISSUER));
    let directory = Settings::load(&layout.settings())?.directory.listen;
    if !directory.is_empty() {
        out::line(format!("  证书目录     ldap://{directory}（docs/integrate/ldap.md）"));
    }
    out::line("");
    out::line("接下来可以试试（在本目录执行）：");
    out::line("1. 用 OpenSSL 生成 SM2 密钥和证书申请：");
    out::line("   openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:SM2 -out my.key.pem");
    out::line(
        "   openssl req -new -key my.key.pem -sm3 -sigopt distid:1234567812345678 -utf8 -subj '/C=CN/CN=试用者' -out my.csr.pem",
    );
    out::line("2. 签发双证书：");
    out::line(format!(
        "   {program} cert issue --kind person --csr my.csr.pem --out my.response --url {url} --client {id} --client-key {}",
        key.display()
    ));
    out::line("3. 打开签发结果，取出签名证书、加密证书和加密私钥：");
    out::line(format!(
        "   {program} subscriber open --key my.key.pem --response my.response --out-dir my-certs"
    ));
    staff::tell(layout, url, &std::env::current_exe()?)?;
    out::line("");
    out::line("停止服务：./yinxin-up --stop");
    Ok(())
}
