//! The sandbox: the demonstration as developers need it who connect an application. Every certificate comes from an
//! issuer whose name says 测试 and under a policy of the documentation arc (RFC 5612); every page says 测试环境.
//!
//! What is made here goes the ways of the real services: clients and the key of the application by people who are
//! signed in and sign, certificates by orders. One is ordered for a minute, so that it is over soon; one for the day
//! after tomorrow, in this process, since the REST door takes no starts to come. Nothing is written into a table.

use std::path::{Path, PathBuf};

use access::{ActKind, Action, NewClient};
use anyhow::Context;
use app::signing::rules::fits;
use app::signing::{Confirmation, KeyFilter, KeyOrder, KeyState};
use app::{Act, EnrolOrder, Institution, Layout, Parts, Secrets, Settings};
use ca::{RequestId, Validity};
use gm::UserId;
use jiff::{SignedDuration, Timestamp};
use pki::attestation::{Judged, Verdict};
use pki::{Certificate, CertificationRequest, SubjectInput};
use serde_json::{Value, json};
use store::Actor;

use super::desk::Desk;
use super::stranger;
use super::world::{door, key};
use crate::out;
use crate::remote::{Door, text};
use crate::{secret, subscriber};

/// The institution's name: it stands in each certificate that it issues.
pub const INSTITUTION: &str = "沙箱测试电子认证服务中心";

/// How long the certificate counts that is to be over, in seconds.
const SHORT: i64 = 60;
/// How far ahead the certificate begins that is not valid yet; the CA allows 48 hours.
const AHEAD: SignedDuration = SignedDuration::from_hours(47);

/// API clients: file, name, roles.
const CLIENTS: [(&str, &str, &str); 3] = [
    ("application", "沙箱应用系统", "application"),
    ("operator", "沙箱业务操作员", "operator"),
    ("reader", "沙箱只读客户端", "reader"),
];

/// Certificates that are ordered at the REST door: file, holder.
const ORDERED: [(&str, &str); 4] = [
    ("good", "沙箱有效"),
    ("suspended", "沙箱暂停"),
    ("revoked", "沙箱撤销"),
    ("expired", "沙箱过期"),
];

/// Whether a data folder is a sandbox.
pub fn is(layout: &Layout) -> bool {
    layout.sandbox().exists()
}

/// What a sandbox allows beyond a demonstration: programs that are being tried out ask often.
pub fn relax(settings: &mut Settings) {
    settings.institution.name = INSTITUTION.to_owned();
    settings.verification.per_minute = 60_000;
    settings.server.forms_per_minute = 6_000;
}

/// Makes what only this process can, before the service starts; what is there stays.
pub async fn prepare(layout: &Layout) -> anyhow::Result<()> {
    for folder in [clients(layout), certificates(layout)] {
        std::fs::create_dir_all(&folder)
            .with_context(|| format!("无法新建 {}", folder.display()))?;
    }
    let phrases = layout.demo_secrets();
    let kmc = Some(secret::read(&phrases.join("kmc"))?);
    let secrets = Secrets { device: secret::read(&phrases.join("device"))?, kmc };
    let institution = Institution::open(Parts::of(layout.clone(), &secrets)?).await?;
    let made = inside(&institution, layout).await;
    institution.close().await;
    made
}

async fn inside(institution: &Institution, layout: &Layout) -> anyhow::Result<()> {
    let desk = Desk::new(institution, layout);
    for (file, name, roles) in CLIENTS {
        client(&desk, &clients(layout).join(file), (name, roles)).await?;
    }
    application_key(&desk, &clients(layout).join("application.id")).await?;
    early(institution, layout).await?;
    foreign(&certificates(layout))
}

fn clients(layout: &Layout) -> PathBuf {
    layout.sandbox().join("clients")
}

fn certificates(layout: &Layout) -> PathBuf {
    layout.sandbox().join("certificates")
}

/// A client, created by the super administrator.
async fn client(desk: &Desk<'_>, file: &Path, (name, roles): (&str, &str)) -> anyhow::Result<()> {
    let id = file.with_extension("id");
    if id.exists() {
        return Ok(());
    }
    let (by, _) = desk.sign_in("cheng").await?;
    let permit = desk.institution.permit(&by, Action::ManageClients)?;
    let public_key = *key(&file.with_extension("key.pem"))?.public_key();
    let reads = desk.institution.permit(&by, Action::ReadClients)?;
    // Created, and cut off before its identifier was written down.
    let known = desk.access().clients(&reads).await?;
    let known = known.into_iter().find(|one| one.public_key == public_key);
    let client = match known {
        Some(known) => known,
        None => {
            let new = NewClient { name: name.parse()?, public_key, roles: roles.parse()? };
            desk.access().create_client(&permit, new).await?
        }
    };
    std::fs::write(id, client.id.as_str())?;
    Ok(())
}

/// A signing key of the application: ordered by one, confirmed by another.
async fn application_key(desk: &Desk<'_>, id: &Path) -> anyhow::Result<()> {
    let order = KeyOrder {
        client: std::fs::read_to_string(id)?,
        name: "沙箱应用".to_owned(),
        operations: ["data", "message", "envelope", "open"].map(str::to_owned).to_vec(),
        per_second: 100,
        per_day: 1_000_000,
        reason: "供接入调试".to_owned(),
    };
    let (head, _) = desk.sign_in("yejb").await?;
    let permit = desk.institution.permit(&head, Action::ReadSigning)?;
    let filter = KeyFilter { text: String::new(), state: None, below: None, limit: 10 };
    let known = desk.institution.signing_keys(&permit, &filter).await?;
    if known.is_empty() {
        desk.act("yejb", (ActKind::OrderSigning, "signing-key:new"), &order).await?;
    }
    let waiting = KeyFilter { state: Some(KeyState::Ordered), ..filter };
    let waiting = desk.institution.signing_keys(&permit, &waiting).await?;
    // What developers ordered themselves waits for whom they choose.
    for waiting in waiting.iter().filter(|one| fits(one, &order)) {
        let object = format!("signing-key:{}", waiting.number);
        let (decision, reason) = ("confirm".to_owned(), String::new());
        let confirmation = Confirmation { order: order.clone(), decision, reason };
        desk.act("anqp", (ActKind::ConfirmSigning, &object), &confirmation).await?;
    }
    Ok(())
}

/// A certificate that begins in two days; once it has begun, the next start makes another.
async fn early(institution: &Institution, layout: &Layout) -> anyhow::Result<()> {
    let (path, now) = (certificates(layout).join("early.pem"), institution.clock().now());
    let known = std::fs::read(&path).ok().and_then(|pem| Certificate::from_pem_or_der(&pem).ok());
    if known.is_some_and(|one| one.not_before() > now) {
        return Ok(());
    }
    let key_file = path.with_extension("key.pem");
    // No two certificates of different orders share a key (T-31).
    if key_file.exists() {
        std::fs::remove_file(&key_file)?;
    }
    let private = key(&key_file)?;
    let request = subscriber::request(&private, "C=CN,CN=沙箱未生效")?;
    let request = CertificationRequest::from_pem_or_der(request.as_bytes())?;
    let not_before = Some(now.checked_add(AHEAD)?);
    let admin = std::fs::read_to_string(layout.demo_secrets().join("admin.id"))?;
    let order = EnrolOrder {
        request_id: RequestId::new(format!("sandbox-early-{}", now.as_second()))?,
        kind: "person".to_owned(),
        subject: SubjectInput::from_name(request.subject()),
        proof: request.prove_possession(&UserId::default())?,
        attestation: Judged::kept(Verdict::Absent, None),
        validity: Validity { not_before, not_after: None },
        act: Act::New,
        actor: Actor::client(admin.trim()),
    };
    let enrolled = institution.enrol(order).await?;
    std::fs::write(path, enrolled.sign.certificate.to_pem()?)?;
    Ok(())
}

/// A certificate of nobody whom anybody here knows.
fn foreign(folder: &Path) -> anyhow::Result<()> {
    let path = folder.join("stranger.pem");
    if path.exists() {
        return Ok(());
    }
    let holder = key(&folder.join("stranger.key.pem"))?;
    let certificate = stranger::certificate(holder.public_key(), Timestamp::now())?;
    std::fs::write(path, certificate.to_pem()?)?;
    Ok(())
}

/// Orders the other certificates at the REST door of the running service; what is there stays.
pub fn issue(layout: &Layout, url: &str) -> anyhow::Result<()> {
    let operator = door(&clients(layout), url, "operator")?;
    for (file, holder) in ORDERED {
        let path = certificates(layout).join(format!("{file}.pem"));
        if !path.exists() {
            let serial = order(&operator, &path, (file, holder))?;
            let der = operator.download(&format!("/api/v1/certificates/{serial}/der"))?;
            change(&operator, file, &serial)?;
            std::fs::write(&path, Certificate::from_der(&der)?.to_pem()?)?;
        }
    }
    for name in [app::ISSUER, "root"] {
        let pem = operator.download(&format!("/ca/{name}.pem"))?;
        std::fs::write(layout.sandbox().join(format!("{name}.pem")), pem)?;
    }
    Ok(())
}

/// Orders one certificate, or finds the one that was; its serial number.
fn order(operator: &Door, path: &Path, (file, holder): (&str, &str)) -> anyhow::Result<String> {
    let id = format!("sandbox-{file}");
    if let Ok(known) = operator.get(&format!("/api/v1/requests/{id}")) {
        return Ok(text(&known, "sign_serial").to_owned());
    }
    let csr = subscriber::request(&key(&path.with_extension("key.pem"))?, "C=CN,CN=sandbox")?;
    let subject = json!({ "common_name": holder });
    let mut body = json!({ "request_id": id, "kind": "person", "csr": csr, "subject": subject });
    if file == "expired" {
        let end = Timestamp::now().checked_add(SignedDuration::from_secs(SHORT))?;
        let end = Timestamp::from_second(end.as_second())?;
        body.as_object_mut().context("无法编写申请")?.insert("not_after".into(), json!(end));
    }
    let made = operator.post("/api/v1/requests", &body)?;
    Ok(text(&made, "sign_serial").to_owned())
}

fn change(operator: &Door, file: &str, serial: &str) -> anyhow::Result<()> {
    let path = format!("/api/v1/certificates/{serial}");
    // Done before, and cut off.
    if text(&operator.get(&path)?, "status") != "good" {
        return Ok(());
    }
    match file {
        "suspended" => operator.post(&format!("{path}/suspend"), &Value::Null).map(drop),
        "revoked" => {
            let body = json!({ "reason": "cessationOfOperation" });
            operator.post(&format!("{path}/revoke"), &body).map(drop)
        }
        _ => Ok(()),
    }
}

/// Says what there is.
pub fn tell(layout: &Layout, url: &str) {
    let folder = layout.sandbox();
    out::line("");
    out::line(format!(
        "沙箱（测试环境）：{url}/sandbox 写明各接口、各测试证书的应有答复和可以照抄的命令"
    ));
    out::line(format!("  接口客户端   {}（编号和密钥）", clients(layout).display()));
    out::line(format!("  测试证书     {}（证书和密钥）", certificates(layout).display()));
    out::line(format!("  CA 证书      {}/{}.pem、root.pem", folder.display(), app::ISSUER));
    out::line(format!(
        "  说明         docs/integrate/sandbox.md；“过期”证书在首次建立约 {SHORT} 秒后过期"
    ));
}
