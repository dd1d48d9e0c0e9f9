//! Certificates that end soon: whom to call, and of what the holders were told (Measures Art. 18 (1)).

use app::notify::Expiring;
use askama::Template;
use axum::extract::State;

use crate::api::App;
use crate::pages::admin::certificates::shown;
use crate::pages::answer::{Answer, page};
use crate::pages::csv;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;

/// Rows on the page; the file has all.
const MOST: usize = 200;

#[derive(Template)]
#[template(path = "batch/expiring.html")]
struct List {
    frame: Frame,
    rows: Vec<Row>,
    total: usize,
}

struct Row {
    serial: String,
    subject: String,
    end: String,
    days: i64,
    class: &'static str,
    told: String,
    application: Option<(String, String)>,
}

fn row(app: &App, one: Expiring) -> Row {
    Row {
        end: words::day(one.not_after),
        class: if one.days <= 7 {
            "clock--over"
        } else if one.days <= 30 {
            "clock--soon"
        } else {
            ""
        },
        told: told(one.told),
        serial: one.serial,
        subject: shown(app, (&one.profile, &one.subject)),
        days: one.days,
        application: one.application,
    }
}

fn told(days: Option<i64>) -> String {
    days.map_or_else(|| "尚未提醒".to_owned(), |days| format!("已按提前 {days} 天提醒"))
}

/// `GET /desk/expiring`.
pub async fn show(State(app): State<App>, frame: Frame, visitor: Visitor) -> Answer {
    let all = app.expiring(visitor.permit()?).await?;
    let total = all.len();
    let rows = all.into_iter().take(MOST).map(|one| row(&app, one)).collect();
    page(&List { frame, rows, total })
}

/// `GET /desk/expiring.csv`.
pub async fn export(State(app): State<App>, visitor: Visitor) -> Answer {
    const HEADINGS: [&str; 7] =
        ["序列号", "证书主体", "模板", "到期时间", "剩余天数", "提醒情况", "申请编号"];
    let all = app.expiring(visitor.permit()?).await?;
    let rows = all.into_iter().map(|one| {
        let number = one.application.map(|(_, number)| number).unwrap_or_default();
        vec![
            one.serial,
            shown(&app, (&one.profile, &one.subject)),
            one.profile,
            words::second(one.not_after),
            one.days.to_string(),
            told(one.told),
            number,
        ]
    });
    Ok(csv::list("expiring", &HEADINGS, rows))
}
