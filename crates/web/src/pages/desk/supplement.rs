//! 补正通知: everything that is to be mended, at once (Licensing Law Art. 32).

use access::{ActKind, Action};
use askama::Template;
use axum::extract::{Path, State};
use ra::{Application, ReturnOrder, SupplementItem};

use super::{found, to_be_signed};
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// The article that most defects break.
const USUAL_BASIS: &str = "《电子政务电子认证服务管理办法》第二十一条第一款";

#[derive(Template)]
#[template(path = "desk/supplement.html")]
struct Supplement {
    frame: Frame,
    application: Application,
    targets: Vec<Target>,
    mistakes: Mistakes,
}

/// What can be returned: each field and each material once.
struct Target {
    name: String,
    label: String,
    defect: String,
    article: String,
    remedy: String,
}

/// `GET /desk/applications/{id}/return`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let targets = targets(&app, (&visitor, &application), &Form::default()).await?;
    page(&Supplement { frame, application, targets, mistakes: Mistakes::none() })
}

async fn targets(
    app: &App,
    (visitor, application): (&Visitor, &Application),
    form: &Form,
) -> Result<Vec<Target>, Problem> {
    let ra = app.registration()?;
    let kind = ra.catalogue().kind_for(&application.kind, &application.service)?;
    let read = app.permit(visitor.principal(), Action::ReadApplication)?;
    let view = ra.form(&read, &application.id).await?;
    // What depends on a choice that was not made has nothing to be mended.
    let filled = |name: &str| view.rows.iter().any(|row| row.name == name && !row.shown.is_empty());
    let fields = kind.fields.iter().filter(|field| field.when.is_none() || filled(&field.name));
    let fields = fields.map(|field| (field.name.clone(), field.label.clone()));
    let materials = kind.materials.iter();
    let materials = materials.map(|one| (format!("material:{}", one.name), one.title.clone()));
    let target = |(name, label): (String, String)| {
        let text = |part: &str| form.text(&format!("{part}.{name}")).trim().to_owned();
        let article = Some(text("article")).filter(|text| !text.is_empty());
        Target {
            defect: text("defect"),
            remedy: text("remedy"),
            article: article.unwrap_or_else(|| USUAL_BASIS.to_owned()),
            name,
            label,
        }
    };
    Ok(fields.chain(materials).map(target).collect())
}

/// `POST /desk/applications/{id}/return`: written down, to be signed.
pub async fn submit(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let application = found(&app, &visitor, &id).await?;
    let version = crate::pages::version(&form)?;
    let targets = targets(&app, (&visitor, &application), &form).await?;
    let mut mistakes = Mistakes::none();
    let named = targets.iter().filter(|one| !(one.defect.is_empty() && one.remedy.is_empty()));
    let items: Vec<SupplementItem> = named.map(item).collect();
    if items.is_empty() {
        mistakes.add("targets", "请至少写明一处需要补正的内容");
    }
    let fits = |text: &str| (2..=500).contains(&text.chars().count());
    for one in items.iter() {
        if ![&one.defect, &one.remedy, &one.article].into_iter().all(|text| fits(text)) {
            let text = "问题、补正方法和依据都要写明，使申请人知道改什么、怎么改；每项 2 至 500 字";
            mistakes.add(&one.target, text);
        }
    }
    if !mistakes.is_empty() {
        return page_to_correct(&Supplement { frame, application, targets, mistakes });
    }
    let order = ReturnOrder { version, items };
    to_be_signed(&app, &visitor, (ActKind::ReturnApplication, &id), &order).await
}

fn item(target: &Target) -> SupplementItem {
    SupplementItem {
        target: target.name.clone(),
        defect: target.defect.clone(),
        article: target.article.clone(),
        remedy: target.remedy.clone(),
    }
}
