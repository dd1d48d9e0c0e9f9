//! One key: what it is, who ordered and decided, its certificates, how often it was used; the second person's
//! decision, stopping it, and another person's word that its certificates are revoked for that.

use std::sync::Arc;

use access::ActKind;
use app::signing::{
    Certified, Confirmation, EndingOrder, KeyOrder, KeyState, KeyView, SigningKey, StopCause,
    StopOrder, UseOfDay, rules,
};
use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use serde::Serialize;

use super::list::{BLOCK, is_full};
use super::tag;
use crate::api::App;
use crate::pages::admin::Names;
use crate::pages::admin::certificates::standing;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::order::to_be_signed;
use crate::pages::{list, words};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/signing_key.html")]
struct Detail {
    frame: Frame,
    tag: &'static str,
    ordered: String,
    decided: Option<String>,
    stopped: Option<String>,
    revoked: Option<String>,
    certificates: Vec<Pair>,
    /// Until when the key may be certified, as long as that matters.
    last_day: Option<String>,
    uses: Vec<UseOfDay>,
    may_decide: bool,
    may_stop: bool,
    ending: Ending,
    form: Form,
    mistakes: Mistakes,
    key: SigningKey,
}

/// A pair of certificates.
struct Pair {
    sign: String,
    enc: String,
    begin: String,
    end: String,
    state: &'static str,
    tag: &'static str,
    is_in_force: bool,
}

/// What is to be done about the certificates of a stopped key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    /// Nothing: it isn't stopped, or all of them are at their end, or it was confirmed.
    Nothing,
    /// Another person than this one has to confirm.
    Waits,
    /// This person may.
    Open,
}

impl Pair {
    fn of(one: &Certified, now: Timestamp) -> Self {
        let (state, tag) = standing(&one.sign, now);
        Self {
            sign: one.sign.serial.to_hex(),
            enc: one.enc.serial.to_hex(),
            begin: words::day(one.sign.not_before),
            end: words::day(one.sign.not_after),
            state,
            tag,
            is_in_force: one.is_in_force,
        }
    }
}

async fn whole(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    number: &str,
    (form, mistakes): (Form, Mistakes),
) -> Result<Detail, Problem> {
    let view = found(app, visitor, number).await?;
    let now = app.clock().now();
    let may = |action| app.permit(visitor.principal(), action).is_ok();
    let key = &view.key;
    let me = visitor.principal().actor();
    let own = me.as_str() == key.ordered_by;
    let actors = [Some(&key.ordered_by), key.decided_by.as_ref(), key.stopped_by.as_ref()];
    let actors = actors.into_iter().chain([key.revoked_by.as_ref()]).flatten();
    let actors: Vec<&str> = actors.map(String::as_str).collect();
    let names = Names::of(app, visitor.principal(), actors.into_iter()).await;
    let told = |by: &Option<String>, at: Option<Timestamp>| {
        let (by, at) = (by.as_ref()?, at?);
        Some(format!("{}，{}", names.who(by), words::minute(at)))
    };
    let others = key.stopped_by.as_deref() != Some(me.as_str());
    let ending = match (view.waits_for_another, others && may(access::Action::ConfirmSigning)) {
        (false, _) => Ending::Nothing,
        (true, true) => Ending::Open,
        (true, false) => Ending::Waits,
    };
    let is_alive = matches!(key.state, KeyState::Making | KeyState::Active);
    Ok(Detail {
        tag: tag(key.state),
        ordered: format!("{}，{}", names.who(&key.ordered_by), words::minute(key.ordered_at)),
        decided: told(&key.decided_by, key.decided_at),
        stopped: told(&key.stopped_by, key.stopped_at),
        revoked: told(&key.revoked_by, key.revoked_at),
        certificates: view.certificates.iter().map(|one| Pair::of(one, now)).collect(),
        last_day: view.last_day.filter(|_| is_alive).map(words::day),
        may_decide: key.state == KeyState::Ordered && !own && may(access::Action::ConfirmSigning),
        may_stop: (is_alive || key.state == KeyState::Ordered) && may(access::Action::StopSigning),
        ending,
        frame,
        form,
        mistakes,
        uses: view.uses,
        key: view.key,
    })
}

/// Read with a permit of its own: the gate's may be for deciding or stopping.
async fn found(app: &App, visitor: &Visitor, number: &str) -> Result<KeyView, Problem> {
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

/// `GET /admin/signing/{number}/uses.csv`: every day and operation, the newest first.
pub async fn uses(State(app): State<App>, visitor: Visitor, Path(number): Path<String>) -> Answer {
    let number = found(&app, &visitor, &number).await?.key.number;
    let looked = Arc::new((app, visitor.permit()?.clone()));
    let headings = ["日期", "用途", "次数"];
    let name = format!("signing-key-{number}-uses");
    Ok(list::file(&name, &headings, None, move |behind: Option<UseOfDay>| {
        let looked = looked.clone();
        async move {
            let (app, permit) = &*looked;
            let uses = app.signing_uses(permit, number, (behind.as_ref(), BLOCK)).await?;
            let next = uses.last().filter(|_| is_full(uses.len())).cloned().map(Some);
            let line = |one: &UseOfDay| {
                vec![one.day.clone(), one.operation.chinese().to_owned(), one.count.to_string()]
            };
            Ok::<_, app::Error>((uses.iter().map(line).collect(), next))
        }
    }))
}

/// A filled form about a key, and who sent it.
type Sent = (Frame, Visitor, Path<String>, Form);

/// Writes down what was filled in, to be signed; or shows the key again with what is wrong.
async fn send<T: Serialize>(
    app: &App,
    (frame, visitor, Path(number), form): Sent,
    kind: ActKind,
    read: impl Fn(&KeyView, (&Form, &Visitor), &mut Mistakes) -> Option<T>,
) -> Answer {
    let view = found(app, &visitor, &number).await?;
    let mut mistakes = Mistakes::none();
    let order = read(&view, (&form, &visitor), &mut mistakes);
    match order.filter(|_| mistakes.is_empty()) {
        Some(order) => to_be_signed(app, &visitor, (kind, &object(&view.key)), &order).await,
        None => {
            let filled = (form, mistakes);
            page_to_correct(&whole(app, (frame, &visitor), &number, filled).await?)
        }
    }
}

/// `POST /admin/signing/{number}/decision`.
pub async fn decide(State(app): State<App>, sent: Sent) -> Answer {
    send(&app, sent, ActKind::ConfirmSigning, decision).await
}

/// `POST /admin/signing/{number}/stop`.
pub async fn stop(State(app): State<App>, sent: Sent) -> Answer {
    send(&app, sent, ActKind::StopSigning, stopping).await
}

/// `POST /admin/signing/{number}/ending`: the certificates of a stopped key are to be revoked for its cause.
pub async fn confirm_ending(State(app): State<App>, sent: Sent) -> Answer {
    send(&app, sent, ActKind::RevokeSigning, ending).await
}

fn decision(
    view: &KeyView,
    (form, visitor): (&Form, &Visitor),
    mistakes: &mut Mistakes,
) -> Option<Confirmation> {
    let decision = form.text("decision").to_owned();
    let reason = form.text("decision-reason").trim().to_owned();
    if !matches!(decision.as_str(), "confirm" | "reject") {
        mistakes.add("decision", "请选择通过或者不通过");
    }
    if decision == "reject" && !rules::is_reason(&reason) {
        mistakes.add("decision-reason", "不通过的，请写明理由，2 至 200 个字");
    }
    if view.key.state != KeyState::Ordered {
        mistakes.add("decision", "已由他人复核；请核对后再办理");
    }
    if visitor.principal().actor().as_str() == view.key.ordered_by {
        mistakes.add("decision", "下达和复核应由两个人完成；请由另一人复核");
    }
    Some(Confirmation { order: order_of(&view.key), decision, reason })
}

fn stopping(
    view: &KeyView,
    (form, _): (&Form, &Visitor),
    mistakes: &mut Mistakes,
) -> Option<StopOrder> {
    let reason = form.text("stop-reason").trim().to_owned();
    let cause = StopCause::of(form.text("cause"));
    if cause.is_none() {
        mistakes.add("cause", "请选择停用原因");
    }
    if !rules::is_reason(&reason) {
        mistakes.add("stop-reason", "请写明理由，2 至 200 个字，不含看不见的字符");
    }
    if matches!(view.key.state, KeyState::Stopped | KeyState::Declined) {
        mistakes.add("stop-reason", "这个密钥已经不能使用，不需要停用");
    }
    Some(StopOrder { cause: cause?, reason })
}

fn ending(
    view: &KeyView,
    (form, visitor): (&Form, &Visitor),
    mistakes: &mut Mistakes,
) -> Option<EndingOrder> {
    let key = &view.key;
    if form.text("read") != "yes" {
        mistakes.add("read", "请核对停用原因，并勾选确认");
    }
    if !view.waits_for_another {
        mistakes.add("read", "没有等待复核的证书；请刷新页面后核对");
    }
    if key.stopped_by.as_deref() == Some(visitor.principal().actor().as_str()) {
        mistakes.add("read", "停用和复核撤销应由两个人完成；请由停用人以外的人复核");
    }
    let reason = key.end_reason.clone().unwrap_or_default();
    Some(EndingOrder { cause: key.stop_cause?, reason })
}

fn object(key: &SigningKey) -> String {
    format!("signing-key:{}", key.number)
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
