//! 投诉: anybody may, without saying who they are; number and check code lead to what came of it.

use app::voice::{
    Category, Complaint, ComplaintState, ComplaintStep, ComplaintWords, NewComplaint,
};
use askama::Template;
use axum::extract::State;
use jiff::SignedDuration;

use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::words;

#[derive(Template)]
#[template(path = "voice/complain.html")]
struct Complain {
    frame: Frame,
    categories: [Category; 8],
    category: String,
    words: ComplaintWords,
    mistakes: Mistakes,
    days: (u16, u16),
    supervision: String,
}

fn blank(app: &App, frame: Frame) -> Complain {
    let disclosed = &app.settings().disclosure;
    Complain {
        frame,
        categories: Category::ALL,
        category: String::new(),
        words: ComplaintWords::default(),
        mistakes: Mistakes::none(),
        days: (disclosed.complaint_accept_days, disclosed.complaint_answer_days),
        supervision: disclosed.supervision_phone.trim().to_owned(),
    }
}

/// `GET /complaints`.
pub async fn ask(State(app): State<App>, frame: Frame) -> Answer {
    page(&blank(&app, frame))
}

#[derive(Template)]
#[template(path = "voice/lodged.html")]
struct Lodged {
    frame: Frame,
    number: String,
    check_code: String,
    days: (u16, u16),
}

/// `POST /complaints`. The answer is this page itself: the check code is shown once and kept nowhere.
pub async fn lodge(State(app): State<App>, frame: Frame, form: Form) -> Answer {
    let text = |name: &str| form.text(name).trim().to_owned();
    let words = ComplaintWords {
        text: text("text"),
        about: text("about"),
        name: text("name"),
        contact: text("contact"),
        ..ComplaintWords::default()
    };
    let category = Category::of(form.text("category"));
    let mut mistakes = Mistakes::none();
    if category.is_none() {
        mistakes.add("category", "请选择投诉的类别");
    }
    for (field, why) in app.complaint_mistakes(&words) {
        mistakes.add(field, why);
    }
    let (Some(category), true) = (category, mistakes.is_empty()) else {
        let category = form.text("category").to_owned();
        return page_to_correct(&Complain { category, words, mistakes, ..blank(&app, frame) });
    };
    let lodged = app.lodge_complaint(NewComplaint { category, words }).await?;
    let disclosed = &app.settings().disclosure;
    page(&Lodged {
        frame,
        number: lodged.number,
        check_code: lodged.check_code,
        days: (disclosed.complaint_accept_days, disclosed.complaint_answer_days),
    })
}

#[derive(Template)]
#[template(path = "voice/complaint_progress.html")]
struct Progress {
    frame: Frame,
    number: String,
    mistakes: Mistakes,
    found: Option<Found>,
}

struct Found {
    state: &'static str,
    tag: &'static str,
    category: &'static str,
    received_at: String,
    clock: Option<words::Clock>,
    steps: Vec<(&'static str, String, String)>,
}

/// `GET /complaints/progress`.
pub async fn progress(frame: Frame) -> Answer {
    page(&Progress { frame, number: String::new(), mistakes: Mistakes::none(), found: None })
}

/// `POST /complaints/progress`: shows and changes nothing.
pub async fn show(State(app): State<App>, frame: Frame, form: Form) -> Answer {
    let number = form.text("number").trim().to_owned();
    match app.complaint_progress((&number, form.text("code"))).await {
        Ok((complaint, steps)) => {
            let found = Some(found(&app, &complaint, steps));
            page(&Progress { frame, number, mistakes: Mistakes::none(), found })
        }
        Err(app::Error::NoComplaint) => {
            let mistakes = Mistakes::one("number", app::Error::NoComplaint.to_string());
            page_to_correct(&Progress { frame, number, mistakes, found: None })
        }
        Err(error) => Err(error.into()),
    }
}

fn found(app: &App, complaint: &Complaint, steps: Vec<ComplaintStep>) -> Found {
    Found {
        state: complaint.state.chinese(),
        tag: tag(complaint.state),
        category: complaint.category.chinese(),
        received_at: words::minute(complaint.received_at),
        clock: clock(app, complaint),
        steps: steps
            .into_iter()
            .map(|step| (step.step.chinese(), step.text, words::minute(step.at)))
            .collect(),
    }
}

/// How long a report of a leaked key may wait, as its page says.
const REPORTS_TAKEN_UP: SignedDuration = SignedDuration::from_hours(24);

/// The clock of a complaint in the words of all clocks.
pub(super) fn clock(app: &App, complaint: &Complaint) -> Option<words::Clock> {
    let clock = complaint.clock?;
    let basis =
        "本机构公布的投诉办理期限（《电子政务电子认证服务管理办法》第二十九条：及时受理并处理）";
    let as_shown = ra::ReviewClock {
        from: complaint.received_at,
        due: clock.due,
        overdue: clock.overdue,
        provisional: clock.due.is_provisional(),
        basis,
    };
    let shown = words::Clock::of(&as_shown, app.clock().now());
    // Hours, whatever day it is: T-16.
    let is_report = complaint.category == Category::Misuse;
    if is_report && complaint.state == ComplaintState::Received {
        let end = complaint.received_at.saturating_add(REPORTS_TAKEN_UP);
        return Some(words::Clock {
            left: if clock.overdue { shown.left } else { "须在 24 小时内受理".to_owned() },
            due: end.map_or(shown.due, words::minute),
            provisional: false,
            basis: "本机构公布的问题报告受理时限，节假日也一样",
            ..shown
        });
    }
    Some(shown)
}

/// The class of a state's tag.
pub(super) fn tag(state: ComplaintState) -> &'static str {
    match state {
        ComplaintState::Received => "tag--wait",
        ComplaintState::Accepted => "tag--going",
        ComplaintState::Answered | ComplaintState::Closed => "tag--good",
    }
}
