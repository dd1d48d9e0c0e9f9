//! A pending act of a person: shown whole, signed by the assistant, posted by a button. Coming back
//! with a signature changes nothing by itself.

use askama::Template;
use axum::extract::{Path, State};

use access::PendingAct;
use serde_json::Value;

use super::answer::{Answer, go, page};
use super::assistant::{Ask, CameBack, Signed};
use super::form::Form;
use super::frame::Frame;
use super::guard::Visitor;
use super::wording::Wording;
use super::words;
use crate::api::{App, Params};

#[derive(Template)]
#[template(path = "desk/sign.html")]
struct Sign {
    frame: Frame,
    act: PendingAct,
    members: Vec<(String, String)>,
    until: String,
    ask: Ask,
    came_back: CameBack,
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
    let (members, until) = (members(&act.payload, catalogue), words::minute(act.expires_at));
    page(&Sign { frame, members, until, ask, came_back, act })
}

/// The particulars for reading: one line for each value, without the nonce.
fn members(payload: &str, catalogue: Option<&ra::Catalogue>) -> Vec<(String, String)> {
    let value: Value = serde_json::from_str(payload).unwrap_or_default();
    let mut lines = Vec::new();
    if let Some(order) = value.get("payload") {
        let wording = Wording::of(catalogue, order);
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
            for (member, value) in members {
                flatten((value, member), below(titled(member)), wording, lines);
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                flatten((value, member), below(&format!("{}", at + 1)), wording, lines);
            }
        }
        Value::String(text) => {
            let told = wording.title(member, text);
            lines.push((name, told.unwrap_or_else(|| titled(text).to_owned())));
        }
        other => lines.push((name, other.to_string())),
    }
}

/// The words of orders in Chinese; what is no word of theirs stays as it is.
fn titled(word: &str) -> &str {
    match word {
        "version" => "申请版本",
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
        other => other,
    }
}

/// `POST /sign/{id}`: verifies the signature and carries the act out.
pub async fn complete(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let signed = Signed::of(&form)?;
    let signature = signed.signature.to_der();
    let done = app.complete_act(visitor.principal(), (&id, &signature)).await?;
    match done.object.split_once(':') {
        Some(("application", id)) => go(&format!("/desk/applications/{id}")),
        Some(("office", _)) => go("/admin/offices"),
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
        let lines = members(payload, None);
        let line = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert!(lines.contains(&line("核验方式", "现场核验")));
        assert!(lines.contains(&line("核验记录　1　结果", "一致")));
        assert!(lines.contains(&line("核验记录　1　核验经过", "<b>")));
        assert!(lines.contains(&line("申请版本", "3")));
        assert!(!lines.iter().any(|(_, value)| value == "n"));
        assert_eq!(lines.len(), 5);
    }
}
