//! Revocations as a file: numbers, grounds, states and clocks; nothing of what is sealed.

use axum::extract::State;
use futures_util::stream;
use ra::{RevocationRow, RevocationSelection};

use super::revocations::{Query, decide_by, stop};
use crate::api::{App, Params};
use crate::pages::answer::Answer;
use crate::pages::guard::Visitor;
use crate::pages::{csv, words};
use crate::problem::Problem;

/// Rows read at once.
const BLOCK: u32 = 200;
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
    let (ra, permit) = (app.registration()?.clone(), visitor.permit()?.clone());
    let selection = RevocationSelection { limit: BLOCK, offset: 0, ..query.selection() };
    let begin = Some((app, ra, permit, selection));
    let pages = stream::try_unfold(begin, |place| async move {
        let Some((app, ra, permit, selection)) = place else { return Ok::<_, ra::Error>(None) };
        let found = ra.revocations(&permit, &selection).await?;
        let is_last = found.len() < usize::try_from(BLOCK).unwrap_or(usize::MAX);
        let rows = found.into_iter().map(|one| row(&app, one));
        let rows: Vec<_> =
            rows.collect::<Result<_, Problem>>().map_err(|_| ra::Error::Stored("撤销登记"))?;
        let offset = selection.offset.saturating_add(BLOCK);
        let next = RevocationSelection { offset, ..selection };
        Ok(Some((rows, (!is_last).then_some((app, ra, permit, next)))))
    });
    Ok(csv::streamed("revocations", &HEADINGS, pages))
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
