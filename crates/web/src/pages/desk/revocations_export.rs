//! Revocations as a file, by their numbers: grounds, states and clocks; nothing of what is sealed.

use std::sync::Arc;

use axum::extract::State;
use ra::RevocationRow;

use super::revocations::{Query, decide_by, stop};
use crate::api::{App, Params};
use crate::pages::answer::Answer;
use crate::pages::guard::Visitor;
use crate::pages::{csv, list, words};
use crate::problem::Problem;

const HEADINGS: [&str; 10] = [
    "撤销登记编号",
    "提出人",
    "事由",
    "撤销原因",
    "证书张数",
    "状态",
    "进入当前状态",
    "复核期限",
    "先行暂停",
    "依据",
];

/// `GET /desk/revocations/export.csv`.
pub async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    let looked = Arc::new((app, visitor.permit()?.clone(), query.selection()));
    Ok(list::file("revocations", &HEADINGS, String::new(), move |behind: String| {
        let looked = looked.clone();
        async move {
            let (app, permit, selection) = &*looked;
            let ra = app.registration()?;
            let found = ra.revocations_behind(permit, selection, &behind).await?;
            let next = found.last().map(|last| last.revocation.number.to_string());
            let rows = found.into_iter().map(|one| row(app, one)).collect::<Result<_, Problem>>();
            Ok::<_, app::Error>((rows.map_err(|_| app::Error::Stored("撤销登记"))?, next))
        }
    }))
}

fn row(
    app: &App,
    RevocationRow { revocation, certificates }: RevocationRow,
) -> Result<csv::Row, Problem> {
    Ok(vec![
        revocation.number.to_string(),
        revocation.ground.source.chinese().to_owned(),
        revocation.ground.title.clone(),
        revocation.ground.reason.chinese().to_owned(),
        certificates.to_string(),
        revocation.state.chinese().to_owned(),
        words::minute(revocation.since),
        decide_by(app, &revocation)?.unwrap_or_default(),
        stop(&revocation).unwrap_or_default().to_owned(),
        revocation.ground.basis.clone(),
    ])
}
