//! Orders about an office: announced, filed, limited, suspended and let go on. Each is signed; a
//! suspension is in force with the signature (Measures Art. 26, Art. 27; T-22; checks C26-1, C27-2).

use access::ActKind;
use askama::Template;
use axum::extract::{Path, State};
use law::CivilDate;
use ra::{Office, OfficeOrder, SuspensionOrder};

use super::office::{found, sheet};
use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::version;

/// Most applications of one kind a day.
const MOST_A_DAY: u32 = 100_000;

/// `POST /admin/offices/{id}/announce`.
pub async fn announce(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let announced = |_: &Office, _: &Form, version| Ok(OfficeOrder::Announce { version });
    ordered(&app, (frame, &visitor), (&id, form), announced).await
}

/// `POST /admin/offices/{id}/takeover`: the institution goes on with what a suspended office left.
pub async fn take_over(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let taken_over = |office: &Office, _: &Form, version| match office.suspended_at {
        Some(_) => Ok(OfficeOrder::TakeOver { version }),
        None => Err(Mistakes::one("office", "注册机构没有暂停，不需要接管")),
    };
    ordered(&app, (frame, &visitor), (&id, form), taken_over).await
}

/// `POST /admin/offices/{id}/filing`.
pub async fn file(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let today = CivilDate::of(app.clock().now());
    let order = |office: &Office, form: &Form, version| filed(office, (form, version), today);
    ordered(&app, (frame, &visitor), (&id, form), order).await
}

fn filed(
    office: &Office,
    (form, version): (&Form, i64),
    today: CivilDate,
) -> Result<OfficeOrder, Mistakes> {
    let mut mistakes = Mistakes::none();
    let number = line(form, "number", "请填写省级密码管理部门给出的备案编号", &mut mistakes);
    let on: Option<CivilDate> = form.text("on").trim().parse().ok();
    if on.is_none_or(|day| day < office.established_on || today < day) {
        let text = "请按 2026-11-30 的样式填写备案日期，应在设立之日与今天之间";
        mistakes.add("on", text);
    }
    match mistakes.is_empty() {
        true => Ok(OfficeOrder::File { version, number, on }),
        false => Err(mistakes),
    }
}

/// `POST /admin/offices/{id}/quota`.
pub async fn limit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let is_known = app.registration()?.catalogue().kind(form.text("kind")).is_ok();
    let limited = |_: &Office, form: &Form, version| {
        let per_day: Option<u32> = form.text("per_day").trim().parse().ok();
        match per_day.filter(|most| *most <= MOST_A_DAY) {
            Some(per_day) if is_known => {
                let kind = form.text("kind").to_owned();
                Ok(OfficeOrder::Quota { version, kind, per_day })
            }
            Some(_) => Err(Mistakes::one("kind", "请选择证书类型")),
            None => {
                let text =
                    format!("请填写每日限额，0 至 {MOST_A_DAY} 的整数；0 表示不再受理此类证书");
                Err(Mistakes::one("per_day", text))
            }
        }
    };
    ordered(&app, (frame, &visitor), (&id, form), limited).await
}

/// A line that people read: 2 to 100 letters.
fn line(form: &Form, field: &str, wanted: &str, mistakes: &mut Mistakes) -> String {
    let text = form.text(field).trim().to_owned();
    mistakes.measure((field, &text), 2..=100, wanted);
    if text.contains(char::is_control) {
        mistakes.add(field, format!("{wanted}，写在一行内"));
    }
    text
}

/// Writes an order about an office and goes on to the signature, or shows the office again with what is wrong.
async fn ordered(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (id, form): (&str, Form),
    order: impl FnOnce(&Office, &Form, i64) -> Result<OfficeOrder, Mistakes>,
) -> Answer {
    let office = found(app, visitor, id).await?;
    let version = version(&form)?;
    let order = match version == office.version {
        true => order(&office, &form, version),
        false => Err(Mistakes::one("office", "注册机构的信息已被他人更改，请核对后再提交")),
    };
    match order {
        Ok(order) => {
            let object = format!("office:{}", office.id);
            to_be_signed(app, visitor, (ActKind::ManageOffice, &object), &order).await
        }
        Err(mistakes) => {
            let again = sheet(app, (frame, visitor), office, (form, mistakes)).await?;
            page_to_correct(&again)
        }
    }
}

#[derive(Template)]
#[template(path = "admin/office_suspension.html")]
struct Suspension {
    frame: Frame,
    office: Office,
    reason: String,
    mistakes: Mistakes,
}

/// `GET /admin/offices/{id}/suspension`: suspends an office that works, lets go on one that is
/// suspended.
pub async fn suspension(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    page(&Suspension { frame, office, reason: String::new(), mistakes: Mistakes::none() })
}

/// `POST /admin/offices/{id}/suspension`.
pub async fn suspend(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let suspend = form.text("suspend") == "yes";
    let mut mistakes = Mistakes::none();
    let reason = line(&form, "reason", "请写明理由", &mut mistakes);
    if suspend == office.suspended_at.is_some() {
        mistakes.add("reason", "注册机构的状态已被他人更改，请核对后再提交");
    }
    if !mistakes.is_empty() {
        return page_to_correct(&Suspension { frame, office, reason, mistakes });
    }
    let order = SuspensionOrder { suspend, reason };
    let object = format!("office:{}", office.id);
    to_be_signed(&app, &visitor, (ActKind::SuspendOffice, &object), &order).await
}
