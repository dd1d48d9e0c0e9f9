//! What a pending act is about, in words that people know it by: a signature under 暂停业务 without
//! the name of the office would be one under anything.

use access::{Action, Permit};
use serde_json::Value;

use super::desk::batch_messages;
use super::guard::Visitor;
use super::holds;
use crate::api::App;

/// What the statement of an act says of itself.
#[derive(Debug, Default)]
pub struct Head {
    /// What is done.
    pub title: String,
    /// What it is done to: what sort of thing, and which.
    pub object: Option<(&'static str, String)>,
    /// The kind of certificate that it is about.
    pub kind: Option<String>,
    /// The materials of the application that it is about.
    pub materials: Vec<ra::Material>,
    /// The messages that it names, each with its words.
    pub messages: Vec<(String, String)>,
    /// The holds on the certificate that it is about, each with its words.
    pub holds: Vec<(String, String)>,
}

impl Head {
    /// Of a statement and what it orders, as far as the visitor may see what it is about.
    pub async fn of(app: &App, visitor: &Visitor, (statement, payload): (&str, &str)) -> Self {
        let statement: Value = serde_json::from_str(statement).unwrap_or_default();
        let text = |name: &str| statement.get(name).and_then(Value::as_str).unwrap_or_default();
        let (sort, id) = text("object").split_once(':').unwrap_or_default();
        let head = match sort {
            "application" => application(app, visitor, id).await,
            "batch" => batch(app, visitor, id).await,
            "revocation" => revocation(app, visitor, id).await,
            "certificate" => certificate(app, visitor, id).await,
            "office" => office(app, visitor, id).await,
            "person" => person(app, visitor, id).await,
            "signing-key" => Some(signing_key(id)),
            "sample" => Some(sample(id)),
            "complaint" => complaint(app, visitor, id).await,
            "messages" => messages(app, visitor, payload).await,
            _ => None,
        };
        Self { title: text("title").to_owned(), ..head.unwrap_or_default() }
    }
}

fn may(app: &App, visitor: &Visitor, action: Action) -> Option<Permit> {
    app.permit(visitor.principal(), action).ok()
}

async fn application(app: &App, visitor: &Visitor, id: &str) -> Option<Head> {
    let (ra, permit) = (app.registration().ok()?, may(app, visitor, Action::ReadApplication)?);
    let found = ra.application(&permit, &id.parse().ok()?).await.ok()?;
    let service = ra.catalogue().service(&found.service).ok()?.title.clone();
    let kind = ra.catalogue().kind(&found.kind).ok()?.title.clone();
    Some(Head {
        object: Some(("申请", format!("{} {service}（{kind}）", found.number))),
        materials: ra.materials(&permit, &found.id).await.unwrap_or_default(),
        kind: Some(found.kind),
        ..Head::default()
    })
}

async fn batch(app: &App, visitor: &Visitor, id: &str) -> Option<Head> {
    let (ra, permit) = (app.registration().ok()?, may(app, visitor, Action::ReadApplication)?);
    let found = ra.batch(&permit, &id.parse().ok()?).await.ok()?;
    let unit = ra.batch_party(&permit, &found.id).await.ok()?.unit_name;
    let object = Some(("批次", format!("{} {unit}", found.number)));
    Some(Head { object, kind: Some(found.kind), ..Head::default() })
}

async fn revocation(app: &App, visitor: &Visitor, id: &str) -> Option<Head> {
    let (ra, permit) = (app.registration().ok()?, may(app, visitor, Action::ReadRevocations)?);
    let found = ra.revocation(&permit, &id.parse().ok()?).await.ok()?;
    let requester = found.particulars.requester;
    let sort = if found.revocation.is_lifting() { "解除暂停登记" } else { "撤销登记" };
    let object = Some((sort, format!("{}（{requester}提出）", found.revocation.number)));
    Some(Head { object, ..Head::default() })
}

async fn certificate(app: &App, visitor: &Visitor, serial: &str) -> Option<Head> {
    let permit = may(app, visitor, Action::ReadCertificate)?;
    let held = app.registration().ok()?.certificate(serial).await.ok()?;
    let standing = app.registration().ok()?.holds(&permit, serial).await.ok()?;
    let catalogue = app.registration().ok()?.catalogue();
    let holds = holds::lines(&standing, catalogue).into_iter();
    let holds = holds.map(|one| (one.id, format!("{}（自 {}）", one.title, one.since))).collect();
    let kind = app.registration().ok()?.catalogue().kind(&held.kind).ok()?.title.clone();
    let (serial, standing) = (super::words::groups(serial), held.standing.chinese());
    let object = Some(("证书", format!("{serial}（{kind}，{standing}）")));
    Some(Head { object, kind: Some(held.kind), holds, ..Head::default() })
}

async fn office(app: &App, visitor: &Visitor, id: &str) -> Option<Head> {
    let (ra, permit) = (app.registration().ok()?, may(app, visitor, Action::ReadOffices)?);
    let found = ra.office(&permit, &id.parse().ok()?).await.ok()?;
    Some(Head { object: Some(("注册机构", found.name)), ..Head::default() })
}

async fn person(app: &App, visitor: &Visitor, id: &str) -> Option<Head> {
    let permit = may(app, visitor, Action::ReadPeople)?;
    let found = app.access().person(&permit, &id.parse().ok()?).await.ok()?;
    let object = Some(("人员", format!("{}（{}）", found.name, found.login.as_str())));
    Some(Head { object, ..Head::default() })
}

async fn complaint(app: &App, visitor: &Visitor, id: &str) -> Option<Head> {
    let permit = may(app, visitor, Action::ReadVoice)?;
    let (number, category) = app.complaint_named(&permit, id).await.ok()?;
    let sort = if category == app::voice::Category::Misuse { "问题报告" } else { "投诉" };
    Some(Head { object: Some((sort, number)), ..Head::default() })
}

/// The order itself says the rest.
fn signing_key(number: &str) -> Head {
    let which = if number == "new" { "新设".to_owned() } else { format!("编号 {number}") };
    Head { object: Some(("应用签名密钥", which)), ..Head::default() }
}

/// A weekly report, by its Monday.
fn sample(week: &str) -> Head {
    Head { object: Some(("签发抽查报告", format!("{week} 起一周"))), ..Head::default() }
}

/// `申请 202611… 的签发通知（邮件，收件人 z***@example.cn）`: nobody signs for a row of digits.
async fn messages(app: &App, visitor: &Visitor, payload: &str) -> Option<Head> {
    let permit = may(app, visitor, Action::RequeueMessages)?;
    let order: Value = serde_json::from_str(payload).ok()?;
    let chosen = order.get("payload")?.get("chosen")?.as_array()?;
    let chosen: Vec<_> = chosen.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let reads = may(app, visitor, Action::ReadApplication);
    let mut messages = Vec::new();
    for one in app.messages_told(&permit, &chosen).await.ok()? {
        let about = batch_messages::about(app, reads.as_ref(), &one.subject).await;
        let (kind, channel) = (batch_messages::kind(&one.kind), one.channel.chinese());
        let to = one.to.unwrap_or_else(|| "收件人已不再保存".to_owned());
        messages.push((one.id, format!("{about} 的{kind}（{channel}，发给 {to}）")));
    }
    Some(Head { messages, ..Head::default() })
}
