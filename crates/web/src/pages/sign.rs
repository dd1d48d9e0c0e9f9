//! A pending act of a person: shown whole, signed by the assistant, posted by a button. Coming back
//! with a signature changes nothing by itself.

use askama::Template;
use axum::extract::{Path, State};

use access::{Action, PendingAct};
use serde_json::Value;

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
    members: Vec<(String, String)>,
    until: String,
    ask: Ask,
    came_back: CameBack,
    /// What happened since it was written down, where that stands in the way: said before anybody signs.
    hindrance: Option<String>,
    /// Where the visitor goes to look.
    back: String,
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
    let members = members(&act.payload, catalogue, &head);
    let until = words::minute(act.expires_at);
    let hindrance = app.hindrance(visitor.principal(), &act).await?;
    let hindrance = hindrance.map(|error| crate::problem::Problem::from(error).detail);
    let back = back(&act.statement);
    page(&Sign { frame, head, members, until, ask, came_back, act, hindrance, back })
}

/// The page of what an act is about: where it stands now.
fn back(statement: &str) -> String {
    let statement: Value = serde_json::from_str(statement).unwrap_or_default();
    let object = statement.get("object").and_then(Value::as_str).unwrap_or_default();
    match object.split_once(':') {
        Some(("application", id)) => format!("/desk/applications/{id}"),
        Some(("batch", id)) => format!("/desk/batches/{id}"),
        Some(("revocation", id)) => format!("/desk/revocations/{id}"),
        Some(("certificate", serial)) => format!("/admin/certificates/{serial}"),
        Some(("signing-key", "new")) => "/admin/signing".to_owned(),
        Some(("signing-key", number)) => format!("/admin/signing/{number}"),
        _ => "/account".to_owned(),
    }
}

/// The particulars for reading: one line for each value, without the nonce.
fn members(payload: &str, catalogue: Option<&ra::Catalogue>, head: &Head) -> Vec<(String, String)> {
    let value: Value = serde_json::from_str(payload).unwrap_or_default();
    let mut lines = Vec::new();
    if let Some(order) = value.get("payload") {
        let wording = Wording::of(catalogue, order).about(head);
        flatten((order, ""), String::new(), &wording, &mut lines);
    }
    lines
}

/// `member` is the member of the order in which the value stands.
fn flatten(
    (value, member): (&Value, &str),
    name: String,
    wording: &Wording<'_>,
    lines: &mut Vec<(String, String)>,
) {
    let below = |part: &str| match name.is_empty() {
        true => part.to_owned(),
        false => format!("{name}　{part}"),
    };
    match value {
        Value::Null => {}
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(member, _)| place(member));
            for (member, value) in members {
                // 审核结论 in an order's member 审核结论 is said once.
                let title = titled(member);
                let name = if name == title { name.clone() } else { below(title) };
                flatten((value, member), name, wording, lines);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten((value, member), below(&format!("{}", at + 1)), wording, lines);
            }
        }
        Value::String(text) if text.is_empty() => lines.push((name, "（无）".to_owned())),
        Value::String(text) => {
            // Only where an order holds a word: a name that looks like one is still a name.
            let word = if holds_word(member) { titled(text) } else { text };
            let told = wording.title(member, text);
            lines.push((name, told.unwrap_or_else(|| word.to_owned())));
        }
        Value::Bool(yes) => lines.push((name, if *yes { "是" } else { "否" }.to_owned())),
        other => lines.push((name, other.to_string())),
    }
}

/// In which order people read the members: first what was decided or what it is about, then why, at
/// last what only binds the signature to its object.
fn place(member: &str) -> usize {
    const FIRST: [&str; 7] =
        ["decision", "order", "target", "element", "matter", "method", "ground"];
    const LAST: [&str; 5] = ["article", "basis", "batch", "list_sm3", "version"];
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
        "element" => "要素",
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
        "account" => "依据的事实",
        "answer" => "答复",
        "step" => "办理方式",
        "text" => "给投诉人的话",
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
        "matter" => "要素",
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
        assert!(lines.contains(&line("核验记录　1　结果", "一致")));
        assert!(lines.contains(&line("核验记录　1　核验经过", "<b>")));
        assert!(lines.contains(&line("所依据的版本", "3")));
        assert!(!lines.iter().any(|(_, value)| value == "n"));
        assert_eq!(lines.len(), 5);
        assert_eq!(lines.last(), Some(&line("所依据的版本", "3")), "what binds comes last");
    }

    #[test]
    fn a_decision_is_said_once_and_before_its_reasons() {
        let payload = r#"{"nonce":"n","payload":{"version":9,"decision":{"basis":"第二十一条",
            "decision":"refuse","reason":""}}}"#;
        let lines = members(payload, None, &Head::default());
        let names: Vec<_> = lines.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["审核结论", "审核结论　理由", "审核结论　依据", "所依据的版本"]);
        assert_eq!(lines[0].1, "不予签发");
        assert_eq!(lines[1].1, "（无）", "an empty text is no empty line");
    }
}
