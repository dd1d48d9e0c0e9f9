//! The unit's agreement on paper, and the run: started, paused, gone on with, cancelled.

use axum::extract::{Path, State};
use ra::BatchState;

use super::batch::wrong;
use crate::api::App;
use crate::pages::answer::{Answer, go};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

/// `POST /desk/batches/{id}/agreement`: scan and two witnesses (Measures Art. 21 ¶4).
pub async fn agreement(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let witnesses = ["witness_1", "witness_2"].map(|name| form.text(name).trim().to_owned());
    let Some(file) = form.file("scan") else {
        let mistakes = Mistakes::one("scan", "请先选择签署后的协议扫描件");
        return wrong(&app, (frame, &visitor), &id, mistakes).await;
    };
    let paper = (file.content.to_vec(), witnesses);
    let of = id.parse()?;
    match app.registration()?.keep_batch_agreement(visitor.permit()?, &of, paper).await {
        Ok(_) => go(&format!("/desk/batches/{id}")),
        Err(error @ ra::Error::Material(_)) => {
            wrong(&app, (frame, &visitor), &id, Mistakes::one("scan", error.to_string())).await
        }
        Err(error @ ra::Error::Refused { refusal: ra::Refusal::Witnesses, .. }) => {
            wrong(&app, (frame, &visitor), &id, Mistakes::one("witness_1", error.to_string())).await
        }
        Err(error) => Err(error.into()),
    }
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
