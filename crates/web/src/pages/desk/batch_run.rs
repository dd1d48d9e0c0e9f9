//! The unit's agreement on paper, and the run: started, paused, gone on with, cancelled.

use axum::extract::{Path, State};
use ra::BatchState;

use super::batch::wrong_paper;
use crate::api::App;
use crate::pages::answer::{Answer, go};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// Letters of the name of a witness.
pub(in crate::pages) const WITNESS: std::ops::RangeInclusive<usize> = 2..=32;

/// `POST /desk/batches/{id}/agreement`: scan and two witnesses (Measures Art. 21 ¶4).
pub async fn agreement(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let witnesses = ["witness_1", "witness_2"].map(|name| form.text(name).trim().to_owned());
    let mut mistakes = Mistakes::none();
    for (field, name) in ["witness_1", "witness_2"].into_iter().zip(&witnesses) {
        mistakes.measure((field, name), WITNESS, "请填写见证人姓名");
    }
    let file = form.file("scan");
    if file.is_none() {
        mistakes.add("scan", "请先选择签署后的协议扫描件");
    }
    let Some(file) = file.filter(|_| mistakes.is_empty()) else {
        return wrong_paper(&app, (frame, &visitor), &id, (witnesses, mistakes)).await;
    };
    let paper = (file.content.to_vec(), witnesses.clone());
    let of = id.parse()?;
    let refused =
        match app.registration()?.keep_batch_agreement(visitor.permit()?, &of, paper).await {
            Ok(_) => return go(&format!("/desk/batches/{id}")),
            Err(error @ ra::Error::Material(_)) => Mistakes::one("scan", error.to_string()),
            Err(error @ ra::Error::Refused { refusal: ra::Refusal::Witnesses, .. }) => {
                Mistakes::one("witness_1", error.to_string())
            }
            Err(error) => return Err(error.into()),
        };
    wrong_paper(&app, (frame, &visitor), &id, (witnesses, refused)).await
}

/// `POST /desk/batches/{id}/run`.
pub async fn steer(
    State(app): State<App>,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let to = BatchState::ALL.into_iter().find(|state| state.word() == form.text("to"));
    let allowed = to.filter(|to| !matches!(to, BatchState::Open | BatchState::Done));
    let to = allowed
        .ok_or_else(|| Problem::bad_request("web.form", "页面内容不完整；请刷新页面后重试"))?;
    let version = crate::pages::version(&form)?;
    let batch = id.parse()?;
    let of = (&batch, version);
    app.registration()?.steer_batch(visitor.permit()?, of, to).await?;
    go(&format!("/desk/batches/{id}"))
}
