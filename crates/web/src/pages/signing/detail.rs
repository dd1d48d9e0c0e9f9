//! One key: what it is, who ordered and decided, how often it was used; the second person's decision,
//! and stopping it.

use access::ActKind;
use app::signing::{Confirmation, KeyOrder, KeyState, SigningKey, StopOrder, UseOfDay};
use askama::Template;
use axum::extract::{Path, State};

use super::tag;
use crate::api::App;
use crate::pages::admin::Names;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::order::to_be_signed;
use crate::pages::words;
use crate::problem::Problem;

/// Letters of a reason.
const REASON: std::ops::RangeInclusive<usize> = 2..=200;

#[derive(Template)]
#[template(path = "admin/signing_key.html")]
struct Detail {
    frame: Frame,
    tag: &'static str,
    ordered: String,
    decided: Option<String>,
    stopped: Option<String>,
    uses: Vec<UseOfDay>,
    may_decide: bool,
    may_stop: bool,
    form: Form,
    mistakes: Mistakes,
    key: SigningKey,
}

async fn whole(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    number: &str,
    (form, mistakes): (Form, Mistakes),
) -> Result<Detail, Problem> {
    let (key, uses) = found(app, visitor, number).await?;
    let may = |action| app.permit(visitor.principal(), action).is_ok();
    let own = visitor.principal().actor().as_str() == key.ordered_by;
    let actors = [Some(&key.ordered_by), key.decided_by.as_ref(), key.stopped_by.as_ref()];
    let actors: Vec<&str> = actors.into_iter().flatten().map(String::as_str).collect();
    let names = Names::of(app, visitor.principal(), actors.into_iter()).await;
    let told = |by: &Option<String>, at: Option<jiff::Timestamp>| {
        let (by, at) = (by.as_ref()?, at?);
        Some(format!("{}，{}", names.who(by), words::minute(at)))
    };
    Ok(Detail {
        tag: tag(key.state),
        ordered: format!("{}，{}", names.who(&key.ordered_by), words::minute(key.ordered_at)),
        decided: told(&key.decided_by, key.decided_at),
        stopped: told(&key.stopped_by, key.stopped_at),
        uses,
        may_decide: key.state == KeyState::Ordered && !own && may(access::Action::ConfirmSigning),
        may_stop: matches!(key.state, KeyState::Ordered | KeyState::Making | KeyState::Active)
            && may(access::Action::StopSigning),
        frame,
        form,
        mistakes,
        key,
    })
}

/// Read with a permit of its own: the gate's may be for deciding or stopping.
async fn found(
    app: &App,
    visitor: &Visitor,
    number: &str,
) -> Result<(SigningKey, Vec<UseOfDay>), Problem> {
    let permit = app.permit(visitor.principal(), access::Action::ReadSigning)?;
    let missing = || Problem::not_found("没有这个编号的签名密钥；请从列表重新进入");
    let number = number.parse().map_err(|_| missing())?;
    Ok(app.signing_key(&permit, number).await?)
}

/// `GET /admin/signing/{number}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(number): Path<String>,
) -> Answer {
    let empty = (Form::default(), Mistakes::none());
    page(&whole(&app, (frame, &visitor), &number, empty).await?)
}

/// `POST /admin/signing/{number}/decision`.
pub async fn decide(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(number): Path<String>,
    form: Form,
) -> Answer {
    let (key, _) = found(&app, &visitor, &number).await?;
    let decision = form.text("decision").to_owned();
    let reason = form.text("decision-reason").trim().to_owned();
    let mut mistakes = Mistakes::none();
    if !matches!(decision.as_str(), "confirm" | "reject") {
        mistakes.add("decision", "请选择通过或者不通过");
    }
    if decision == "reject" && !REASON.contains(&reason.chars().count()) {
        mistakes.add("decision-reason", "不通过的，请写明理由，2 至 200 个字");
    }
    if key.state != KeyState::Ordered {
        mistakes.add("decision", "已由他人复核；请核对后再办理");
    }
    if visitor.principal().actor().as_str() == key.ordered_by {
        mistakes.add("decision", "下达和复核应由两个人完成；请由另一人复核");
    }
    if !mistakes.is_empty() {
        let again = whole(&app, (frame, &visitor), &number, (form, mistakes)).await?;
        return page_to_correct(&again);
    }
    let order = Confirmation { order: order_of(&key), decision, reason };
    let object = format!("signing-key:{}", key.number);
    to_be_signed(&app, &visitor, (ActKind::ConfirmSigning, &object), &order).await
}

/// `POST /admin/signing/{number}/stop`.
pub async fn stop(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(number): Path<String>,
    form: Form,
) -> Answer {
    let (key, _) = found(&app, &visitor, &number).await?;
    let reason = form.text("stop-reason").trim().to_owned();
    let mut mistakes = Mistakes::none();
    if !REASON.contains(&reason.chars().count()) || reason.contains(char::is_control) {
        mistakes.add("stop-reason", "请写明理由，2 至 200 个字");
    }
    if matches!(key.state, KeyState::Stopped | KeyState::Declined) {
        mistakes.add("stop-reason", "这个密钥已经不能使用，不需要停用");
    }
    if !mistakes.is_empty() {
        let again = whole(&app, (frame, &visitor), &number, (form, mistakes)).await?;
        return page_to_correct(&again);
    }
    let object = format!("signing-key:{}", key.number);
    to_be_signed(&app, &visitor, (ActKind::StopSigning, &object), &StopOrder { reason }).await
}

fn order_of(key: &SigningKey) -> KeyOrder {
    KeyOrder {
        client: key.client.clone(),
        name: key.name.clone(),
        operations: key.operations.iter().map(|one| one.word().to_owned()).collect(),
        per_second: key.quota.per_second,
        per_day: key.quota.per_day,
        reason: key.reason.clone(),
    }
}
