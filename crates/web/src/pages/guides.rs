//! 办事指南: what can be applied for, by whom, with what, within which time, on which basis. Made
//! from the registration data, so that what is told is what is asked.

use askama::Template;
use axum::extract::{Path, State};
use jiff::Timestamp;
use law::CivilDate;
use ra::Catalogue;
use ra::catalogue::{Kind, Notice, NoticeVersion, Service};

use super::answer::{Answer, page};
use super::frame::Frame;
use super::words;
use crate::api::App;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "hall/guides.html")]
struct Guides<'c> {
    frame: Frame,
    services: &'c [Service],
    kinds: &'c [Kind],
    notices: &'c [Notice],
}

/// `GET /guides`.
pub async fn list(State(app): State<App>, frame: Frame) -> Answer {
    let catalogue = app.registration()?.catalogue();
    page(&Guides {
        frame,
        services: &catalogue.services().list,
        kinds: catalogue.kinds(),
        notices: catalogue.notices(),
    })
}

#[derive(Template)]
#[template(path = "hall/guide.html")]
struct Guide<'c> {
    frame: Frame,
    service: &'c Service,
    kind: &'c Kind,
    kinds: &'c [Kind],
    methods: Vec<&'c ra::catalogue::Method>,
    agreement: Option<&'c str>,
}

/// `GET /guides/{service}/{kind}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    Path((service, kind)): Path<(String, String)>,
) -> Answer {
    let catalogue = app.registration()?.catalogue();
    let service = catalogue.service(&service).map_err(app::Error::from)?;
    let kind = catalogue.kind_for(&kind, &service.name).map_err(app::Error::from)?;
    let agreement = service.issues().then_some(catalogue.agreement().basis.as_str());
    let methods = catalogue.methods_for(kind, &service.name);
    page(&Guide { frame, service, kind, kinds: catalogue.kinds(), methods, agreement })
}

#[derive(Template)]
#[template(path = "hall/notice.html")]
struct NoticePage<'c> {
    frame: Frame,
    notice: &'c Notice,
    version: &'c NoticeVersion,
    effective: String,
    hash: String,
}

/// `GET /notices/{name}`: the version in force.
pub async fn notice(State(app): State<App>, frame: Frame, Path(name): Path<String>) -> Answer {
    let catalogue = app.registration()?.catalogue();
    let (notice, version) = in_force(catalogue, &name, app.clock().now())?;
    let (effective, hash) =
        (version.effective.to_string(), words::groups(&version.hash().to_hex()));
    page(&NoticePage { frame, notice, version, effective, hash })
}

fn in_force<'c>(
    catalogue: &'c Catalogue,
    name: &str,
    now: Timestamp,
) -> Result<(&'c Notice, &'c NoticeVersion), Problem> {
    let notice = catalogue.notice(name).map_err(app::Error::from)?;
    let version = notice.on(CivilDate::of(now));
    Ok((notice, version.ok_or_else(|| Problem::not_found("该告知事项没有现行文本"))?))
}
