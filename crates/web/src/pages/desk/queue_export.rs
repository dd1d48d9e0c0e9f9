//! A queue, or what was found, as a file: number, service, kind, state and clock; nothing of a form.

use std::sync::Arc;

use axum::extract::State;
use ra::{Application, ReviewClock, Selection};

use super::queue::{Query, search};
use crate::api::{App, Params};
use crate::pages::answer::Answer;
use crate::pages::guard::Visitor;
use crate::pages::{csv, list, words};

/// Rows read at once.
const BLOCK: u32 = 200;
const HEADINGS: [&str; 8] =
    ["申请编号", "业务", "证书类型", "状态", "进入当前状态", "审核期限", "期限截止日", "期限说明"];

/// `GET /desk/export.csv`.
pub async fn file(
    State(app): State<App>,
    visitor: Visitor,
    Params(query): Params<Query>,
) -> Answer {
    if let Some(asked) = query.search() {
        let found = search(&app, &visitor, asked).await?;
        let rows = found.iter().map(|(one, clock)| row(&app, one, clock.as_ref()));
        let rows: Vec<_> = rows.collect::<Result<_, ra::Error>>()?;
        return Ok(csv::list("applications", &HEADINGS, rows));
    }
    let begin = Selection { limit: BLOCK, ..query.selection(query.here()) };
    let looked = Arc::new((app, visitor.permit()?.clone()));
    Ok(list::file("applications", &HEADINGS, begin, move |selection: Selection| {
        let looked = looked.clone();
        async move {
            let (app, permit) = &*looked;
            let page = app.registration()?.list(permit, &selection).await?;
            let rows = page.applications.iter().map(|(one, clock)| row(app, one, clock.as_ref()));
            let mut rows = rows.collect::<Result<Vec<_>, ra::Error>>()?;
            rows.extend(page.unreadable.iter().map(|number| damaged(number)));
            let next = page.next.map(|mark| Selection { after: Some(mark), ..selection });
            Ok::<_, app::Error>((rows, next))
        }
    }))
}

/// A line for an application whose row can't be read: it is not left out in silence.
fn damaged(number: &str) -> csv::Row {
    let mut line = vec![number.to_owned()];
    line.resize(HEADINGS.len(), "数据有误".to_owned());
    line
}

fn row(
    app: &App,
    application: &Application,
    clock: Option<&ReviewClock>,
) -> Result<csv::Row, ra::Error> {
    let Ok(ra) = app.registration() else {
        return Err(ra::Error::Stored("注册业务"));
    };
    let catalogue = ra.catalogue();
    let clock = clock.map(|clock| words::Clock::of(clock, app.clock().now()));
    let (left, due, note) = match clock {
        None => (String::new(), String::new(), ""),
        Some(clock) => (clock.left, clock.due, if clock.provisional { "暂定" } else { "" }),
    };
    Ok(vec![
        application.number.to_string(),
        catalogue.service(&application.service)?.title.clone(),
        catalogue.kind(&application.kind)?.title.clone(),
        application.state.chinese().to_owned(),
        words::minute(application.since),
        left,
        due,
        note.to_owned(),
    ])
}
