//! The order for a new key: written down here, signed, and confirmed by somebody else.

use access::ActKind;
use app::signing::{KeyOrder, Operation, Refusal, rules};
use askama::Template;
use axum::extract::State;

use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::order::to_be_signed;

/// The object of the act.
const NEW: &str = "signing-key:new";

#[derive(Template)]
#[template(path = "admin/signing_order.html")]
struct Sheet {
    frame: Frame,
    form: Form,
    operations: Vec<Choice>,
    mistakes: Mistakes,
}

struct Choice {
    word: &'static str,
    title: &'static str,
    is_chosen: bool,
}

impl Sheet {
    fn of(frame: Frame, form: Form, mistakes: Mistakes) -> Self {
        let choice = |one: Operation| Choice {
            word: one.word(),
            title: one.chinese(),
            is_chosen: form.all("operations").any(|word| word == one.word()),
        };
        let operations = Operation::ALL.map(choice).into_iter().collect();
        Self { frame, operations, form, mistakes }
    }
}

/// `GET /admin/signing/new`.
pub async fn new(frame: Frame, _: Visitor) -> Answer {
    let fields = [("per_second", "10"), ("per_day", "10000"), ("operations", "data")];
    let form = Form::of(fields.map(|(name, value)| (name.to_owned(), value.to_owned())).into());
    page(&Sheet::of(frame, form, Mistakes::none()))
}

/// `POST /admin/signing/new`: written down, to be signed.
pub async fn submit(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let text = |name: &str| form.text(name).trim().to_owned();
    let number = |name: &str| text(name).parse::<u32>().unwrap_or_default();
    let order = KeyOrder {
        client: text("client"),
        name: text("name"),
        operations: form.all("operations").map(str::to_owned).collect(),
        per_second: number("per_second"),
        per_day: number("per_day"),
        reason: text("reason"),
    };
    let mut mistakes = Mistakes::none();
    if !order.client.is_empty() && !app.is_signing_client(&order.client).await? {
        mistakes.add(
            "client",
            "没有这个编号的、角色为“应用系统”（application）的接口客户端；请先建立客户端，再填写其编号",
        );
    }
    if let Err(error) = app.may_make_signing_keys() {
        mistakes.add("client", error.to_string());
    }
    for mistake in wrong(&order).all() {
        mistakes.add(&mistake.field, mistake.text.clone());
    }
    if !mistakes.is_empty() {
        return page_to_correct(&Sheet::of(frame, form, mistakes));
    }
    to_be_signed(&app, &visitor, (ActKind::OrderSigning, NEW), &order).await
}

/// All that is wrong, at once: the rules are asked with one field at a time being that of the order.
fn wrong(order: &KeyOrder) -> Mistakes {
    let good = KeyOrder {
        client: order.client.clone(),
        name: "应用".to_owned(),
        operations: vec![Operation::Data.word().to_owned()],
        per_second: 1,
        per_day: 1,
        reason: "用途".to_owned(),
    };
    let cases = [
        ("name", KeyOrder { name: order.name.clone(), ..good.clone() }),
        ("operations", KeyOrder { operations: order.operations.clone(), ..good.clone() }),
        ("per_second", KeyOrder { per_second: order.per_second, ..good.clone() }),
        ("per_day", KeyOrder { per_day: order.per_day, ..good.clone() }),
        ("reason", KeyOrder { reason: order.reason.clone(), ..good }),
    ];
    let mut mistakes = Mistakes::none();
    if order.client.is_empty() {
        mistakes.add("client", "请填写接口客户端的编号");
    }
    for (field, case) in cases {
        if let Err(Refusal::Order(text)) = rules::check(&case) {
            mistakes.add(field, text);
        }
    }
    mistakes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_mistake_stands_beside_its_field() {
        let order = KeyOrder {
            client: String::new(),
            name: "x".into(),
            operations: Vec::new(),
            per_second: 0,
            per_day: 0,
            reason: String::new(),
        };
        let mistakes = wrong(&order);
        for field in ["client", "name", "operations", "per_second", "per_day", "reason"] {
            assert!(mistakes.of(field).is_some(), "{field}");
        }
    }
}
