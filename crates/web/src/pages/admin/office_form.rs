//! Setting an office up, and changing it: name, address, and the five conditions of Measures Art. 25,
//! each in words. A change has to be filed within 30 days (Art. 26).

use access::ActKind;
use askama::Template;
use axum::extract::{Path, State};
use law::CivilDate;
use ra::{Conditions, Office, OfficeOrder};

use super::office::found;
use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::version;

/// Field, name, and what to write.
const CONDITIONS: [(&str, &str, &str); 5] = [
    (
        "premises",
        "场所",
        "位置、面积、分区和安全防护，如“固定场所 120 平方米，受理区和档案区分开，有门禁和监控”。",
    ),
    ("equipment", "设备设施", "计算机、身份核验设备、密码设备、网络和备份。"),
    ("staff", "专业人员", "人数、岗位和培训考核情况。"),
    ("ability", "专业能力", "开展受理、核验所需的能力和以往情况。"),
    ("rules", "管理制度", "人员、档案、安全、保密和应急等制度。"),
];

/// Characters of one condition, as the rules of registration have it.
const CONDITION: std::ops::RangeInclusive<usize> = 4..=1000;

#[derive(Template)]
#[template(path = "admin/office_form.html")]
struct Sheet {
    frame: Frame,
    /// The one that is changed; none when one is set up.
    office: Option<Office>,
    form: Form,
    conditions: [(&'static str, &'static str, &'static str); 5],
    mistakes: Mistakes,
}

impl Sheet {
    fn of(frame: Frame, office: Option<Office>, form: Form, mistakes: Mistakes) -> Self {
        Self { frame, office, form, conditions: CONDITIONS, mistakes }
    }
}

/// `GET /admin/offices/new`.
pub async fn new(State(app): State<App>, frame: Frame, _: Visitor) -> Answer {
    app.registration()?;
    let today = CivilDate::of(app.clock().now());
    let form = Form::of(vec![("established_on".to_owned(), format!("{today:?}"))]);
    page(&Sheet::of(frame, None, form, Mistakes::none()))
}

/// `POST /admin/offices/new`: written down, to be signed.
pub async fn establish(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    form: Form,
) -> Answer {
    let mut mistakes = checked(&form);
    let province = form.text("province").trim().to_owned();
    if !(2..=100).contains(&province.chars().count()) {
        mistakes.add("province", "请填写所在省、自治区、直辖市，如“北京市”");
    }
    let established_on: Option<CivilDate> = form.text("established_on").trim().parse().ok();
    let today = CivilDate::of(app.clock().now());
    if established_on.is_none_or(|day| today < day) {
        mistakes.add("established_on", "请按 2026-11-30 的样式填写设立日期，不能晚于今天");
    }
    let taken = name_is_taken(&app, &visitor, form.text("name"), None).await?;
    if taken {
        mistakes.add("name", "已有同名的注册机构，请换用其他名称");
    }
    let (Some(established_on), true) = (established_on, mistakes.is_empty()) else {
        return page_to_correct(&Sheet::of(frame, None, form, mistakes));
    };
    let text = |name: &str| form.text(name).trim().to_owned();
    let order = OfficeOrder::Establish {
        name: text("name"),
        address: text("address"),
        province,
        established_on,
        conditions: conditions(&form),
    };
    to_be_signed(&app, &visitor, (ActKind::ManageOffice, "office:new"), &order).await
}

/// `GET /admin/offices/{id}/change`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let Conditions { premises, equipment, staff, ability, rules } = office.conditions.clone();
    let fields = [
        ("name", office.name.clone()),
        ("address", office.address.clone()),
        ("premises", premises),
        ("equipment", equipment),
        ("staff", staff),
        ("ability", ability),
        ("rules", rules),
    ];
    let form = Form::of(fields.map(|(name, value)| (name.to_owned(), value)).into());
    page(&Sheet::of(frame, Some(office), form, Mistakes::none()))
}

/// `POST /admin/offices/{id}/change`: written down, to be signed.
pub async fn amend(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let office = found(&app, &visitor, &id).await?;
    let mut mistakes = checked(&form);
    if name_is_taken(&app, &visitor, form.text("name"), Some(&office)).await? {
        mistakes.add("name", "已有同名的注册机构，请换用其他名称");
    }
    if version(&form)? != office.version {
        mistakes
            .add("name", "注册机构的信息已被他人更改；下面是您填写的内容，请对照最新信息后再提交");
    }
    if !mistakes.is_empty() {
        return page_to_correct(&Sheet::of(frame, Some(office), form, mistakes));
    }
    let text = |name: &str| form.text(name).trim().to_owned();
    let order = OfficeOrder::Amend {
        version: office.version,
        name: text("name"),
        address: text("address"),
        conditions: conditions(&form),
    };
    let object = format!("office:{}", office.id);
    to_be_signed(&app, &visitor, (ActKind::ManageOffice, &object), &order).await
}

/// All that is wrong with what both forms have, at once.
fn checked(form: &Form) -> Mistakes {
    let mut mistakes = Mistakes::none();
    let count = |name: &str| form.text(name).trim().chars().count();
    for (name, title) in [("name", "名称"), ("address", "地址")] {
        if !pki::name::is_line(form.text(name).trim(), 2..=100) {
            mistakes.add(name, format!("请填写{title}，2 至 100 个字，不含看不见的字符"));
        }
    }
    for (name, title, _) in CONDITIONS {
        if !CONDITION.contains(&count(name)) {
            mistakes.add(
                name,
                format!("请写明{title}，4 至 1000 个字；五项条件缺一不可（第二十五条）"),
            );
        }
    }
    mistakes
}

fn conditions(form: &Form) -> Conditions {
    let text = |name: &str| form.text(name).trim().to_owned();
    Conditions {
        premises: text("premises"),
        equipment: text("equipment"),
        staff: text("staff"),
        ability: text("ability"),
        rules: text("rules"),
    }
}

async fn name_is_taken(
    app: &App,
    visitor: &Visitor,
    name: &str,
    own: Option<&Office>,
) -> Result<bool, crate::problem::Problem> {
    let own = own.map(|office| office.id.to_string());
    let offices = super::offices(app, visitor).await?;
    let is_other = |id: &String| own.as_ref() != Some(id);
    Ok(offices.iter().any(|(id, other)| is_other(id) && other == name.trim()))
}
