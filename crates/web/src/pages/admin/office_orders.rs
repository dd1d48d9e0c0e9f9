//! Orders about an office: announced, filed, limited, suspended and let go on. Each is signed; a
//! suspension is in force with the signature (Measures Art. 26, Art. 27; T-22).

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
    let office = found(&app, &visitor, &id).await?;
    let order = Ok(OfficeOrder::Announce { version: version(&form)? });
    ordered(&app, (frame, &visitor), (office, form), order).await
}

/// `POST /admin/offices/{id}/takeover`: the institution goes on with what a suspended office left.
pub async fn take_over(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let order = match office.suspended_at {
        Some(_) => Ok(OfficeOrder::TakeOver { version: version(&form)? }),
        None => Err(Mistakes::one("office", "注册机构没有暂停，不需要接管")),
    };
    ordered(&app, (frame, &visitor), (office, form), order).await
}

/// `POST /admin/offices/{id}/filing`.
pub async fn file(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let number = form.text("number").trim().to_owned();
    let on: Option<CivilDate> = form.text("on").trim().parse().ok();
    let today = CivilDate::of(app.clock().now());
    let mut mistakes = Mistakes::none();
    if !(2..=100).contains(&number.chars().count()) || number.contains(char::is_control) {
        mistakes.add("number", "请填写省级密码管理部门给出的备案编号，2 至 100 个字");
    }
    if on.is_none_or(|day| day < office.established_on || today < day) {
        let text = "请按 2026-11-30 的样式填写备案日期，应在设立之日与今天之间";
        mistakes.add("on", text);
    }
    let version = version(&form)?;
    let order = match mistakes.is_empty() {
        true => Ok(OfficeOrder::File { version, number, on }),
        false => Err(mistakes),
    };
    ordered(&app, (frame, &visitor), (office, form), order).await
}

/// `POST /admin/offices/{id}/quota`.
pub async fn limit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let kind = form.text("kind").to_owned();
    let per_day: Option<u32> = form.text("per_day").trim().parse().ok();
    let per_day = per_day.filter(|most| *most <= MOST_A_DAY);
    let is_known = app.registration()?.catalogue().kind(&kind).is_ok();
    let version = version(&form)?;
    let order = match per_day {
        Some(per_day) if is_known => Ok(OfficeOrder::Quota { version, kind, per_day }),
        Some(_) => Err(Mistakes::one("kind", "请选择证书类型")),
        None => {
            let text = format!("请填写每日限额，0 至 {MOST_A_DAY} 的整数；0 表示不再受理此类证书");
            Err(Mistakes::one("per_day", text))
        }
    };
    ordered(&app, (frame, &visitor), (office, form), order).await
}

/// Goes on to the signature, or shows the office again with what is wrong.
async fn ordered(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (office, form): (Office, Form),
    order: Result<OfficeOrder, Mistakes>,
) -> Answer {
    let order = match version(&form)? == office.version {
        true => order,
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
    let reason = form.text("reason").trim().to_owned();
    let suspend = form.text("suspend") == "yes";
    let mut mistakes = Mistakes::none();
    if !(2..=100).contains(&reason.chars().count()) || reason.contains(char::is_control) {
        mistakes.add("reason", "请写明理由，2 至 100 个字");
    }
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
