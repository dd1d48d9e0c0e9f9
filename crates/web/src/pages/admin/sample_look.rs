//! That an auditor went through a report of 签发抽查: who did and what they found, or the form for it. Signed by the own key.

use access::{ActKind, Action};
use app::sample::{Looked, MOST_FINDING, SampleSummary};
use axum::extract::{Path, State};
use store::Verdict;

use super::Names;
use super::sample::{Query, named, shown};
use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;

/// What the page of a report says of who went through it.
pub(super) struct Look {
    pub done: Option<Done>,
    pub may: bool,
    /// Whether what was found is to be written, whatever it came to.
    pub names_something: bool,
    pub form: Form,
}

/// Who went through a report.
pub(super) struct Done {
    pub looked: Looked,
    pub who: String,
    pub at: String,
}

impl Look {
    pub async fn of(app: &App, visitor: &Visitor, (summary, form): (&SampleSummary, Form)) -> Self {
        let done = match summary.looked.clone() {
            None => None,
            Some(looked) => {
                let actors = std::iter::once(&*looked.actor);
                let names = Names::of(app, visitor.principal(), actors).await;
                let (who, at) = (names.who(&looked.actor), words::minute(looked.at));
                Some(Done { looked, who, at })
            }
        };
        Self {
            done,
            may: app.permit(visitor.principal(), Action::ReviewSamples).is_ok(),
            names_something: summary.faulty > 0 || summary.unjudged > 0,
            form,
        }
    }

    pub fn is_outcome(&self, word: &str) -> bool {
        self.form.text("outcome") == word
    }
}

/// `POST /admin/samples/{week}`: written down over the report as it stands, to be signed.
pub async fn review(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(week): Path<String>,
    form: Form,
) -> Answer {
    let week = named(&week)?;
    let finding = form.text("finding").trim().to_owned();
    let mut mistakes = Mistakes::none();
    if finding.chars().count() > MOST_FINDING {
        let text = format!("核实情况最多 {MOST_FINDING} 字，更长的请写成审计报告");
        mistakes.add("finding", text);
    }
    match Verdict::from_word(form.text("outcome")) {
        Err(_) => mistakes.add("outcome", "请选择核实结论"),
        Ok(verdict) if mistakes.is_empty() => {
            let order = app.sample_review_order(visitor.permit()?, week, (verdict, &finding));
            match order.await {
                Ok(order) => {
                    let object = format!("sample:{week}");
                    let act = (ActKind::ReviewSample, &*object);
                    return to_be_signed(&app, &visitor, act, &order).await;
                }
                Err(app::Error::NotApplicable(why)) => mistakes.add("finding", why),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(_) => {}
    }
    let mut again = shown(&app, (frame, &visitor), week, (Query::default(), form)).await?;
    again.mistakes = mistakes;
    page_to_correct(&again)
}
