//! An order is written down, and its person goes on to the page where it is signed (GM/T 0034 §6).

use access::ActKind;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::Value;

use super::answer::{Answer, go};
use super::guard::Visitor;
use crate::api::App;
use crate::problem::Problem;

/// The longest text of an order: who signs it reads it on the page. Pages say so beside the field before.
pub const MOST_TEXT: usize = 2_000;

/// Prepares the act and leads to its signature.
pub async fn to_be_signed(
    app: &App,
    visitor: &Visitor,
    (kind, object): (ActKind, &str),
    order: &impl Serialize,
) -> Answer {
    let payload = serde_json::to_value(order).map_err(|_| app::Error::Stored("签名事项"))?;
    if !is_readable(&payload) {
        let text = format!(
            "填写的文字超过 {MOST_TEXT} 字，签名人无法逐字核对；请返回上一页，删减后重新提交"
        );
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "web.too_long", text));
    }
    let act = app.access().prepare_act(visitor.principal(), kind, object, &payload).await?;
    go(&format!("/sign/{}", act.id))
}

fn is_readable(value: &Value) -> bool {
    match value {
        Value::String(text) => text.chars().count() <= MOST_TEXT,
        Value::Array(items) => items.iter().all(is_readable),
        Value::Object(members) => members.values().all(is_readable),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_text_that_nobody_reads_whole_is_not_signed() {
        let order = |length| json!({ "items": [{ "defect": "长".repeat(length) }], "version": 1 });
        assert!(is_readable(&order(MOST_TEXT)));
        assert!(!is_readable(&order(MOST_TEXT + 1)));
    }
}
