//! How long what came with a complaint is kept, on its page, and the form in which people decide about it: a hold, its
//! end, or what a closed report came to for the status of certificates. Signed like every step.

use access::{ActKind, Action, Permit};
use app::voice::{
    Complaint, ComplaintState, KeepOrder, KeepStep, MOST_REASON, Outcome, outcome_mistake,
};
use axum::extract::{Path, State};

use super::desk::shown;
use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::words;
use crate::problem::Problem;

/// What the page says of the term, and what may be decided.
#[derive(Debug, Default)]
pub(super) struct Keep {
    /// Until when, in sentences.
    pub said: Vec<String>,
    pub outcome: Option<&'static str>,
    pub serials: Vec<String>,
    /// What people decided about it: what, why and when.
    pub decided: Vec<(&'static str, String, String)>,
    /// What may be decided now: word and title.
    pub choices: Vec<(&'static str, &'static str)>,
    /// What was typed, to be corrected.
    pub form: Form,
}

impl Keep {
    /// `has_evidence`: whether a piece of evidence is kept still.
    pub async fn of(
        app: &App,
        (permit, may): (&Permit, bool),
        (complaint, has_evidence): (&Complaint, bool),
    ) -> Result<Self, Problem> {
        let keeping = app.keeping(permit, complaint).await?;
        let is_over = complaint.words_erased_at.is_some();
        // Of others nobody says what they came to.
        let is_told =
            complaint.state == ComplaintState::Closed && complaint.category.is_about_certificates();
        let mut choices = Vec::new();
        if may && !is_over {
            choices.push(match keeping.is_held {
                false => ("hold", "暂缓销毁（诉讼、调查、异议需要，解除之前不销毁）"),
                true => ("free", "解除暂缓销毁（此后按保存期限销毁）"),
            });
            if is_told {
                choices.push((
                    "mark",
                    "补写有没有证书因此暂停或者撤销（已经写明“有”的，可以再加证书）",
                ));
            }
        }
        let decided = keeping
            .decided
            .iter()
            .map(|(step, reason, at)| (step.chinese(), reason.clone(), words::minute(*at)));
        Ok(Self {
            said: said(app, (complaint, has_evidence), &keeping),
            outcome: keeping.outcome.filter(|_| is_told).map(Outcome::chinese),
            decided: decided.collect(),
            serials: keeping.serials,
            choices,
            form: Form::default(),
        })
    }

    pub fn is_chosen(&self, field: &str, word: &str) -> bool {
        self.form.text(field) == word
    }

    pub fn may_mark(&self) -> bool {
        self.choices.iter().any(|(word, _)| *word == "mark")
    }
}

/// Until when something is kept, as people read it. Evidence that never came, or is gone, is not spoken of.
fn said(
    app: &App,
    (complaint, has_evidence): (&Complaint, bool),
    keeping: &app::voice::Keeping,
) -> Vec<String> {
    if let Some(at) = complaint.words_erased_at {
        return vec![format!("内容和答复已于 {} 按保存期限销毁。", words::minute(at))];
    }
    let what = if has_evidence { "内容和证据" } else { "内容和答复" };
    let held = keeping
        .is_held
        .then(|| format!("已暂缓销毁：解除之前，{what}都不销毁，也不受下面期限的限制。"));
    let term = match (complaint.closed_at, keeping.evidence_until.zip(keeping.words_until)) {
        (Some(_), Some((evidence, words))) => {
            let evidence = match has_evidence {
                true => format!("证据保存到 {}，", words::minute(evidence)),
                false => String::new(),
            };
            format!("{evidence}内容和答复保存到 {}，届时自动销毁。", words::minute(words))
        }
        (Some(_), None) if keeping.is_held => "解除之后，期限在这里写明。".to_owned(),
        (Some(_), None) if keeping.outcome.is_none() => {
            "办结时没有写明有没有证书因此暂停或者撤销，不能计算保存期限，不会销毁；请在下面补写。"
                .to_owned()
        }
        (Some(_), None) => {
            "所涉及的证书没有找到，不能计算保存期限，不会销毁；请核对数据库和日志。".to_owned()
        }
        (None, _) => before_closing(app, complaint, (what, has_evidence)),
    };
    held.into_iter().chain([term]).collect()
}

/// What decides about the term of one that is open.
fn before_closing(app: &App, complaint: &Complaint, (what, has_evidence): (&str, bool)) -> String {
    let days = app.settings().voice;
    if !complaint.category.is_about_certificates() {
        return format!("内容和答复在办结后保存 {} 天，届时自动销毁。", days.complaint_days);
    }
    let evidence = match has_evidence {
        true => format!("证据在办结后保存 {} 天，", days.evidence_days),
        false => String::new(),
    };
    format!(
        "有证书因此暂停或者撤销的，{what}保存到其中最后一张证书失效后满五年（电子签名法第二十四条）；没有的，{evidence}内容和答复在办结后保存 {} 天。届时自动销毁。",
        days.complaint_days
    )
}

/// What a form says of the status of certificates.
#[derive(Default)]
pub(super) struct Concerned {
    pub outcome: Option<Outcome>,
    pub serials: Vec<String>,
}

impl Concerned {
    /// Reads two fields, and says beside them what is wrong.
    pub async fn read(
        app: &App,
        permit: &Permit,
        (form, (outcome_field, serials_field)): (&Form, (&str, &str)),
        mistakes: &mut Mistakes,
    ) -> Result<Self, Problem> {
        let outcome = Outcome::of(form.text(outcome_field));
        let serials = serials(form.text(serials_field));
        if outcome.is_none() {
            mistakes.add(outcome_field, "请选择有没有证书因此暂停或者撤销");
        } else if let Some(why) = outcome_mistake(outcome, &serials) {
            mistakes.add(serials_field, why);
        } else {
            match app.check_concerned(permit, (outcome, &serials)).await {
                Ok(()) => {}
                Err(app::Error::NotApplicable(why)) => mistakes.add(serials_field, why),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Self { outcome, serials })
    }
}

/// Serial numbers as people write them: one on a line, in groups or not.
fn serials(text: &str) -> Vec<String> {
    let lines = text.split(['\n', '\r', ',', '，', ';', '；', '、']);
    let plain = lines.map(|line| line.chars().filter(|sign| !sign.is_whitespace()).collect());
    plain.filter(|line: &String| !line.is_empty()).collect()
}

/// `POST /admin/complaints/{id}/keep`: written down, to be signed.
pub async fn keep(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(id): Path<String>,
    form: Form,
) -> Answer {
    let permit = app.permit(visitor.principal(), Action::ReadVoice)?;
    let step = KeepStep::of(form.text("keep"));
    let reason = form.text("reason").trim().to_owned();
    let mut mistakes = Mistakes::none();
    if step.is_none() {
        mistakes.add("keep", "请选择怎样办理");
    }
    let mut concerned = Concerned::default();
    if step == Some(KeepStep::Mark) {
        let fields = ("keep_outcome", "keep_serials");
        concerned = Concerned::read(&app, &permit, (&form, fields), &mut mistakes).await?;
    }
    if !(4..=MOST_REASON).contains(&reason.chars().count()) {
        mistakes.add("reason", format!("请写明理由，4 至 {MOST_REASON} 字"));
    }
    let (Some(step), true) = (step, mistakes.is_empty()) else {
        let before = shown(&app, frame, &visitor, &id).await?;
        return page_to_correct(&before.with_keep((form, mistakes)));
    };
    let (version, Concerned { outcome, serials }) = (crate::pages::version(&form)?, concerned);
    let order = KeepOrder { version, step, outcome, serials, reason };
    let object = format!("complaint:{id}");
    to_be_signed(&app, &visitor, (ActKind::HandleComplaint, &object), &order).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_read_in_groups_and_line_by_line() {
        assert_eq!(serials("5F0C 1A2B\r\n\n0a1b，0c"), ["5F0C1A2B", "0a1b", "0c"]);
        assert!(serials(" \r\n ").is_empty());
    }
}
