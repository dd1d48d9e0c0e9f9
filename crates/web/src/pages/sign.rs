//! A pending act of a person: shown whole, signed by the assistant, posted by a button. Coming back
//! with a signature changes nothing by itself.

use askama::Template;
use axum::extract::{Path, State};

use access::{Action, PendingAct};
use serde_json::{Map, Value};

use super::answer::{Answer, go, page};
use super::assistant::{Ask, CameBack, Signed};
use super::form::Form;
use super::frame::Frame;
use super::guard::Visitor;
use super::sign_object::Head;
use super::wording::{Wording, administrative};
use super::words;
use crate::api::{App, Params};

#[derive(Template)]
#[template(path = "desk/sign.html")]
struct Sign {
    frame: Frame,
    act: PendingAct,
    head: Head,
    /// Name and value, and whether it is for comparing letter by letter.
    members: Vec<(String, String, bool)>,
    until: String,
    ask: Ask,
    came_back: CameBack,
    /// What happened since it was written down, where that stands in the way: said before anybody signs.
    hindrance: Option<String>,
    /// Where the visitor goes to look.
    back: String,
}

/// Whether a value is for comparing letter by letter.
fn is_code(value: &str) -> bool {
    value.len() >= 32 && value.bytes().all(|octet| octet.is_ascii_hexdigit())
}

/// `GET /sign/{id}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    Params(came_back): Params<CameBack>,
) -> Answer {
    let act = app.access().pending_act(visitor.principal(), &id).await?;
    let path = format!("/sign/{}", act.id);
    let ask = Ask::new("act", act.statement.clone(), (frame.site.public_url(), &path));
    let catalogue = app.registration().ok().map(ra::Ra::catalogue);
    let head = Head::of(&app, &visitor, (&act.statement, &act.payload)).await;
    let marked = |(name, value): (String, String)| {
        let is_code = is_code(&value);
        (name, value, is_code)
    };
    let members = members(&act.payload, catalogue, &head).into_iter().map(marked).collect();
    let until = words::minute(act.expires_at);
    let hindrance = app.hindrance(visitor.principal(), &act).await?;
    let hindrance = hindrance.map(|error| crate::problem::Problem::from(error).detail);
    let back = back(&act.statement);
    page(&Sign { frame, head, members, until, ask, came_back, act, hindrance, back })
}

/// The page of what an act is about: where it stands now.
fn back(statement: &str) -> String {
    let statement: Value = serde_json::from_str(statement).unwrap_or_default();
    let text = |name: &str| statement.get(name).and_then(Value::as_str).unwrap_or_default();
    let act = text("act");
    match text("object").split_once(':') {
        Some(("application", id)) => format!("/desk/applications/{id}"),
        Some(("batch", id)) => format!("/desk/batches/{id}"),
        Some(("revocation", id)) => format!("/desk/revocations/{id}"),
        Some(("certificate", serial)) => format!("/admin/certificates/{serial}"),
        Some(("signing-key", "new")) => "/admin/signing".to_owned(),
        Some(("signing-key", number)) => format!("/admin/signing/{number}"),
        Some(("person", id)) => match act.starts_with("credential.") {
            true => "/account".to_owned(),
            false => format!("/admin/people/{id}"),
        },
        Some(("login", _)) => "/admin/people".to_owned(),
        Some(("office", "new")) => "/admin/offices".to_owned(),
        Some(("office", id)) => format!("/admin/offices/{id}"),
        Some(("journal", _)) => "/admin/journal/audits".to_owned(),
        Some(("crl" | "kmc", _)) => "/admin/ca".to_owned(),
        Some(("complaint", id)) => format!("/admin/complaints/{id}"),
        Some(("sample", week)) => format!("/admin/samples/{week}"),
        Some(("rating", _)) => "/admin/ratings".to_owned(),
        Some(("messages", _)) => "/admin/messages".to_owned(),
        _ => "/account".to_owned(),
    }
}

/// The particulars for reading: one line for each member, without the nonce.
fn members(payload: &str, catalogue: Option<&ra::Catalogue>, head: &Head) -> Vec<(String, String)> {
    let value: Value = serde_json::from_str(payload).unwrap_or_default();
    let mut lines = Vec::new();
    if let Some(order) = value.get("payload").and_then(Value::as_object) {
        let wording = Wording::of(catalogue, order).about(head);
        for (member, value) in sorted(order) {
            line((value, member), title(member, value, order), &wording, &mut lines);
        }
    }
    lines
}

fn sorted(members: &Map<String, Value>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = members.iter().filter(|(_, value)| !value.is_null()).collect();
    members.sort_by_key(|(member, _)| place(member));
    members
}

/// A member of the order: one line, but one for each of several that have members of their own.
fn line(
    (value, member): (&Value, &str),
    name: &str,
    wording: &Wording<'_>,
    lines: &mut Vec<(String, String)>,
) {
    match value {
        Value::Array(items) if items.iter().any(Value::is_object) => {
            for (at, item) in items.iter().enumerate() {
                let told = told((item, member), name, wording);
                lines.push((format!("{name} {}", at + 1), told));
            }
        }
        _ => lines.push((name.to_owned(), told((value, member), name, wording))),
    }
}

/// A value in words, its members below each other. What somebody typed stands behind its name to its last
/// line, so that none of it looks like another member.
fn told((value, member): (&Value, &str), name: &str, wording: &Wording<'_>) -> String {
    match value {
        Value::Null => "（无）".to_owned(),
        Value::Object(members) => {
            let one = |(member, value): (&String, &Value)| {
                let title = title(member, value, members);
                let told = told((value, member), title, wording).replace('\n', "\n　　");
                // 审核结论 in an order's member 审核结论 is said once.
                if title == name { told } else { format!("{title}：{told}") }
            };
            sorted(members).into_iter().map(one).collect::<Vec<_>>().join("\n")
        }
        Value::Array(items) if items.is_empty() => "（无）".to_owned(),
        Value::Array(items) => {
            let one = |item| told((item, member), name, wording).replace('\n', "\n　　");
            items.iter().map(one).collect::<Vec<_>>().join("\n")
        }
        Value::String(text) if text.is_empty() => "（无）".to_owned(),
        Value::String(text) => {
            // Only where an order holds a word: a name that looks like one is still a name.
            let word = if holds_word(member) { titled(text) } else { text };
            wording.title(member, text).unwrap_or_else(|| word.to_owned())
        }
        Value::Bool(true) => "是".to_owned(),
        Value::Bool(false) => "否".to_owned(),
        other => other.to_string(),
    }
}

/// The name of a member, where it depends on what stands in it or beside it.
fn title<'m>(member: &'m str, value: &Value, beside: &Map<String, Value>) -> &'m str {
    match (member, value.as_str()) {
        ("decision", Some("confirm" | "reject")) => "复核结论",
        ("name", _) if beside.contains_key("login") => "姓名",
        ("conditions", None) if value.get("premises").is_some() => "应当具备的条件",
        ("step", None) => "动态口令的时间步",
        ("per_day", _) if beside.contains_key("per_second") => "每日限额（次）",
        ("reason", _) if beside.contains_key("per_second") => "用途说明",
        _ => titled(member),
    }
}

/// In which order people read the members: first what was decided or what it is about, then why, at
/// last what only binds the signature to its object.
fn place(member: &str) -> usize {
    const FIRST: [&str; 10] = [
        "first", "last", "verdict", "decision", "order", "target", "element", "matter", "method",
        "ground",
    ];
    const LAST: [&str; 6] = ["article", "basis", "root", "batch", "list_sm3", "version"];
    let middle = FIRST.len();
    match FIRST.iter().position(|one| *one == member) {
        Some(at) => at,
        None => LAST.iter().position(|one| *one == member).map_or(middle, |at| middle + 1 + at),
    }
}

/// Whether a member of an order holds one of its own words.
fn holds_word(member: &str) -> bool {
    matches!(member, "finding" | "decision" | "method" | "order" | "verdict" | "list")
}

/// The words of orders in Chinese; what is no word of theirs stays as it is.
fn titled(word: &str) -> &str {
    match word {
        "version" => "所依据的版本",
        "ground" => "事由",
        "holds" => "解除的暂停",
        "certificates" => "名单项数",
        "certificates_sm3" => "名单的 SM3 杂凑值",
        "recognised" => "怎样确认了申请人的身份",
        "confirm" => "复核通过",
        "reject" => "复核不通过",
        "method" => "核验方式",
        "evidence" => "核验记录",
        "element" | "matter" => "要素",
        "means" => "核验手段",
        "finding" => "结果",
        "matched" => "一致",
        "mismatched" => "不一致",
        "undetermined" => "无法确定",
        "material" => "依据的材料",
        "note" => "核验经过",
        "decision" => "审核结论",
        "approve" => "审核通过",
        "refuse" => "不予签发",
        "ticked" => "已审查的项目",
        "duplicates" => "已查看的其他申请",
        "opinion" => "审核意见",
        "reason" => "理由",
        "document_number" => "来文的文号",
        "account" => "事情经过",
        "answer" => "答复",
        "step" => "办理方式",
        "text" => "答复的内容",
        "outcome" => "对证书状态的影响",
        "serials" => "这些证书的序列号",
        "accept" => "受理",
        "close" => "办结",
        "basis" => "依据",
        "items" => "补正事项",
        "target" => "项目",
        "defect" => "问题",
        "remedy" => "补正方法",
        "article" => "条款",
        "in-person" => "现场核验",
        "unit-letter" => "单位来函核验",
        "remote" => "远程双因素核验",
        "certificate" => "现有证书签名核验",
        "public-data" => "公共数据接口核验",
        "batch" => "批次标识",
        "count" => "申请件数",
        "list_sm3" => "申请清单的 SM3 杂凑值",
        "notices" => "已由全体确认的告知（版本）",
        "conditions" => "证书的使用条件",
        "liability" => "法律责任",
        "information" => "信息保存和使用",
        "responsibility" => "责任范围",
        "first" => "审计自第几号记录",
        "last" => "审计至第几号记录",
        "root" => "截至该记录的日志树根",
        "verdict" => "审计结论",
        "clear" => "未见异常",
        "findings" => "发现问题",
        "report" => "审计情况",
        "list" => "撤销列表",
        "full" => "完整列表",
        "delta" => "增量列表",
        "shard" => "分片",
        "pairs" => "补充的备用密钥（对）",
        other => administrative(other),
    }
}

/// Another check code for an applicant: on this page once, and nowhere else.
#[derive(Template)]
#[template(path = "desk/code_issued.html")]
struct CodeIssued {
    frame: Frame,
    number: String,
    code: String,
    id: String,
}

/// The code of somebody who was created or invited anew: on this page once, and nowhere else.
#[derive(Template)]
#[template(path = "admin/invited.html")]
struct Invited {
    frame: Frame,
    title: &'static str,
    code: String,
    until: String,
}

/// `POST /sign/{id}`: verifies the signature and carries the act out.
pub async fn complete(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let signed = Signed::of(&form)?;
    let signature = signed.signature.to_der();
    let done = app.complete_act(visitor.principal(), (&id, &signature)).await?;
    if let Some(invitation) = &done.invitation {
        return page(&Invited {
            frame,
            title: done.title,
            code: invitation.code.to_string(),
            until: words::minute(invitation.expires_at),
        });
    }
    if let (Some(code), Some((_, id))) = (&done.check_code, done.object.split_once(':')) {
        let read = app.permit(visitor.principal(), Action::ReadApplication)?;
        let application = app.registration()?.application(&read, &id.parse()?).await?;
        return page(&CodeIssued {
            frame,
            number: application.number.to_string(),
            code: words::groups(code),
            id: id.to_owned(),
        });
    }
    match done.object.split_once(':') {
        Some(("certificate", serial)) => go(&format!("/admin/certificates/{serial}?done=yes")),
        Some(("revocation", id)) => go(&format!("/desk/revocations/{id}")),
        _ if done.kind.action() == Action::ManageOwnCredentials => go("/account"),
        Some(("person", id)) => go(&format!("/admin/people/{id}")),
        Some(("login", _)) => go("/admin/people"),
        Some(("journal", _)) => go("/admin/journal/audits"),
        Some(("crl" | "kmc", _)) => go("/admin/ca"),
        Some(("office", id)) if id != "new" => go(&format!("/admin/offices/{id}")),
        Some(("application", id)) => go(&format!("/desk/applications/{id}")),
        Some(("complaint", id)) => go(&format!("/admin/complaints/{id}")),
        Some(("sample", week)) => go(&format!("/admin/samples/{week}")),
        Some(("rating", _)) => go("/admin/ratings"),
        Some(("messages", _)) => go("/admin/messages?state=queued"),
        Some(("batch", id)) => go(&format!("/desk/batches/{id}")),
        Some(("office", _)) => go("/admin/offices"),
        Some(("signing-key", "new")) => go("/admin/signing"),
        Some(("signing-key", number)) => go(&format!("/admin/signing/{number}")),
        _ => go("/account"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_line_by_line_and_nothing_of_it_is_left_out() {
        let payload = r#"{"nonce":"n","payload":{"version":3,"method":"in-person",
            "evidence":[{"element":"phone","finding":"matched","inquiry":null,"note":"<b>"}]}}"#;
        let lines = members(payload, None, &Head::default());
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert!(lines.contains(&line("核验方式", "现场核验")));
        let record = "要素：phone\n结果：一致\n核验经过：<b>";
        assert!(lines.contains(&line("核验记录 1", record)), "{lines:?}");
        assert!(lines.contains(&line("所依据的版本", "3")));
        assert!(!lines.iter().any(|(_, value)| value == "n"));
        assert_eq!(lines.len(), 3);
        assert_eq!(lines.last(), Some(&line("所依据的版本", "3")), "what binds comes last");
    }

    #[test]
    fn a_decision_is_said_once_and_before_its_reasons() {
        let payload = r#"{"nonce":"n","payload":{"version":9,"decision":{"basis":"第二十一条",
            "decision":"refuse","reason":""}}}"#;
        let lines = members(payload, None, &Head::default());
        let names: Vec<_> = lines.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["审核结论", "所依据的版本"]);
        assert_eq!(lines[0].1, "不予签发\n理由：（无）\n依据：第二十一条");
    }

    #[test]
    fn nothing_that_somebody_typed_looks_like_another_member() {
        let payload =
            r#"{"payload":{"items":[{"target":"手机号码","defect":"无法接通\n条款：无"}]}}"#;
        let lines = members(payload, None, &Head::default());
        assert_eq!(lines[0].0, "补正事项 1");
        assert_eq!(lines[0].1, "项目：手机号码\n问题：无法接通\n　　条款：无");
        let free = r#"{"payload":{"reason":"甲\n乙","decision":"reject","login":"a","name":"甲"}}"#;
        let names: Vec<_> =
            members(free, None, &Head::default()).into_iter().map(|l| l.0).collect();
        assert_eq!(names, ["复核结论", "登录名", "姓名", "理由"]);
    }
}
