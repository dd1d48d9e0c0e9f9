//! The unit signs the agreement for all its applications with its own certificate: at the counter through
//! the signing assistant, or elsewhere, and what it signed is entered here (Measures Art. 21 ¶4; check
//! C21-4).

use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use law::CivilDate;
use ra::{Batch, BatchAgreementText};

use crate::api::{App, Params};
use crate::pages::answer::{Answer, go, page, page_to_correct};
use crate::pages::assistant::{Ask, CameBack, Signed};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "batch/consent.html")]
struct Consent {
    frame: Frame,
    batch: Batch,
    text: BatchAgreementText,
    base: String,
    ask: Ask,
    came_back: CameBack,
    mistakes: Mistakes,
}

/// `GET /desk/batches/{id}/agreement`: today's text.
pub async fn today(State(app): State<App>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let of = id.parse()?;
    let text = app.registration()?.draw_batch_agreement(visitor.permit()?, &of, None).await?;
    go(&format!("/desk/batches/{id}/agreement/{:?}", text.day))
}

/// `GET /desk/batches/{id}/agreement/{day}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(place): Path<(String, String)>,
    Params(came_back): Params<CameBack>,
) -> Answer {
    page(&consent(&app, (frame, &visitor), &place, (came_back, Mistakes::none())).await?)
}

async fn consent(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (id, day): &(String, String),
    (came_back, mistakes): (CameBack, Mistakes),
) -> Result<Consent, Problem> {
    let (ra, of) = (app.registration()?, id.parse()?);
    let text = ra.draw_batch_agreement(visitor.permit()?, &of, Some(date(day)?)).await?;
    let read = app.permit(visitor.principal(), access::Action::ReadApplication)?;
    let batch = ra.batch(&read, &of).await?;
    let base = format!("/desk/batches/{id}/agreement/{day}");
    let ask = Ask::new("agreement", text.statement(), (frame.site.public_url(), &base));
    Ok(Consent { frame, batch, text, base, ask, came_back, mistakes })
}

fn date(day: &str) -> Result<CivilDate, Problem> {
    day.parse().map_err(|_| Problem::not_found("没有这一天的协议文本"))
}

/// `GET /desk/batches/{id}/agreement/{day}/text`: statement, text and list, for a unit that signs
/// elsewhere.
pub async fn text(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, day)): Path<(String, String)>,
) -> Answer {
    let ra = app.registration()?;
    let text = ra.draw_batch_agreement(visitor.permit()?, &id.parse()?, Some(date(&day)?)).await?;
    let content = format!(
        "{}\n\n{}\n\n附表（每行为一份申请：内部编号、申请表版本、申请版本；SM3 杂凑值 {}）\n{}",
        text.statement(),
        text.text(),
        text.list_sm3,
        text.list()
    );
    let headers = [
        (header::CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.txt\"", text.number)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, content).into_response())
}

/// `POST /desk/batches/{id}/agreement/{day}`: the unit's signature.
pub async fn sign(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(place): Path<(String, String)>,
    form: Form,
) -> Answer {
    let typed = CameBack {
        signature: form.text("signature").trim().to_owned(),
        key: form.text("key").trim().to_owned(),
        cancelled: String::new(),
    };
    let pair = [("signature", &typed.signature), ("key", &typed.key)];
    let pair = pair.map(|(name, value)| (name.to_owned(), value.clone()));
    let Ok(Signed { key, signature }) = Signed::of(&Form::of(pair.to_vec())) else {
        let text = "签名或者公钥不完整：请把签名助手给出的两项原样填入";
        let wanted = (typed, Mistakes::one("signature", text));
        return page_to_correct(&consent(&app, (frame, &visitor), &place, wanted).await?);
    };
    let version = crate::pages::version(&form)?;
    let (id, day) = (place.0.parse()?, date(&place.1)?);
    let of = (&id, version, day);
    match app.conclude_batch_agreement(visitor.permit()?, of, (key, signature)).await {
        Ok(_) => go(&format!("/desk/batches/{id}")),
        Err(error @ app::Error::Ra(ra::Error::Refused { .. })) => {
            let wanted = (CameBack::default(), Mistakes::one("signature", error.to_string()));
            page_to_correct(&consent(&app, (frame, &visitor), &place, wanted).await?)
        }
        Err(error) => Err(error.into()),
    }
}
