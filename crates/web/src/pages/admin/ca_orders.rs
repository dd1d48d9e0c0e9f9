//! Orders on the page of the CA: a revocation list out of turn, more standby keys. Both are signed.

use access::ActKind;
use app::console::{CRL_OBJECT, CrlOrder, MOST_PAIRS, RefillOrder, STANDBY_OBJECT};
use axum::extract::State;

use super::ca::whole;
use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;

/// A reason that says something and is read whole.
const REASON_LETTERS: std::ops::RangeInclusive<usize> = 4..=500;

/// `POST /admin/ca/publish`.
pub async fn publish(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let (list, shard) = match form.text("kind").split_once('-') {
        Some((list, shard)) => (list, shard.parse().ok()),
        None => (form.text("kind"), None),
    };
    let reason = form.text("publish-reason").trim().to_owned();
    let order = CrlOrder { list: list.to_owned(), shard, reason };
    let shown = whole(&app, (frame, &visitor), form.clone()).await?;
    let mut mistakes = Mistakes::none();
    if order.kind().is_none() || !shown.offers(form.text("kind")) {
        mistakes.add("kind", "请选择要发布的列表");
    }
    check_reason(("publish-reason", &order.reason), &mut mistakes);
    if !mistakes.is_empty() {
        return page_to_correct(&shown.with(mistakes));
    }
    to_be_signed(&app, &visitor, (ActKind::PublishCrl, CRL_OBJECT), &order).await
}

/// `POST /admin/ca/refill`.
pub async fn refill(State(app): State<App>, frame: Frame, visitor: Visitor, form: Form) -> Answer {
    let pairs = form.text("pairs").trim().parse::<u32>().ok();
    let pairs = pairs.filter(|pairs| (1..=MOST_PAIRS).contains(pairs));
    let reason = form.text("refill-reason").trim().to_owned();
    let mut mistakes = Mistakes::none();
    if pairs.is_none() {
        mistakes.add("pairs", format!("请填写 1 至 {MOST_PAIRS} 之间的数字"));
    }
    check_reason(("refill-reason", &reason), &mut mistakes);
    match pairs.filter(|_| mistakes.is_empty()) {
        Some(pairs) => {
            let order = RefillOrder { pairs, reason };
            to_be_signed(&app, &visitor, (ActKind::RefillKmc, STANDBY_OBJECT), &order).await
        }
        None => {
            let shown = whole(&app, (frame, &visitor), form).await?;
            page_to_correct(&shown.with(mistakes))
        }
    }
}

fn check_reason((field, reason): (&str, &str), mistakes: &mut Mistakes) {
    mistakes.measure((field, reason), REASON_LETTERS, "请写明理由");
}
