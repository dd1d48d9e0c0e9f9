//! Ratings and complaints: who may, when, and what is on record (Measures Art. 29).

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

mod evidence;

use crate::way;
use crate::world;

use access::{ActKind, Action};
use app::voice::{
    Category, ComplaintFilter, ComplaintOrder, ComplaintState, ComplaintWords, Level, NewComplaint,
    RatingAnswer, RatingFilter, Step,
};
use way::{Staff, Way};
use world::World;

const DAY: i64 = 24 * 3600;

async fn staffed() -> (World, Staff) {
    let code = "12110101YX0000016B";
    let world = World::with(|settings| settings.institution.credit_code = code.into()).await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), way::key());
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    (world, head)
}

async fn act(
    world: &World,
    staff: &Staff,
    (kind, object): (ActKind, &str),
    order: &impl serde::Serialize,
) -> Result<(), app::Error> {
    let access = world.institution.access();
    let principal = staff.principal(access).await;
    let payload = serde_json::to_value(order).unwrap();
    let pending = access.prepare_act(&principal, kind, object, &payload).await.unwrap();
    let signature = staff.0.sign(&gm::UserId::default(), pending.statement.as_bytes()).to_der();
    world.institution.complete_act(&principal, (&pending.id, &signature)).await.map(drop)
}

async fn ended(world: &World) -> Way<'_> {
    let mut way = Way::begin(&world.institution).await;
    let permit = way.own(Action::WithdrawApplication).await;
    way.application = way.ra().withdraw(&permit, &way.application.at()).await.unwrap();
    way
}

fn level(number: u8) -> Level {
    Level::new(number).unwrap()
}

#[tokio::test]
async fn an_ended_application_is_rated_once_and_may_be_changed_for_seven_days() {
    let (world, _) = staffed().await;
    let open = Way::begin(&world.institution).await;
    let permit = open.own(Action::RateService).await;
    let early = world.institution.rate(&permit, &open.application, (level(5), "")).await;
    assert_eq!(early.unwrap_err().code(), "app.not_applicable");

    let way = ended(&world).await;
    let permit = way.own(Action::RateService).await;
    let rate = |number, remark| {
        let (institution, application) = (&world.institution, &way.application);
        let permit = permit.clone();
        async move { institution.rate(&permit, application, (level(number), remark)).await }
    };
    rate(5, "很快").await.unwrap();
    rate(4, "").await.unwrap();
    let rating = world.institution.rating(&permit, &way.application).await.unwrap().unwrap();
    assert_eq!((rating.level.number(), rating.remark), (4, None));
    let (figures, _) = world.institution.rating_figures().await.unwrap();
    assert_eq!(figures.levels, [0, 1, 0, 0, 0], "one application, one rating");

    world.pass(7 * DAY - 1);
    rate(2, "想了想").await.unwrap();
    world.pass(1);
    assert!(rate(5, "").await.is_err(), "seven days are over");
    let about = format!("rating:{}", way.application.id);
    let records = world.records("rating.given", &about).await;
    assert_eq!(records.len(), 3);
    assert!(!format!("{records:?}").contains("想了想"), "what was written is sealed");
    let stranger = Way::begin(&world.institution).await.own(Action::RateService).await;
    assert!(world.institution.rate(&stranger, &way.application, (level(1), "")).await.is_err());
}

#[tokio::test]
async fn a_bad_rating_is_answered_by_a_signed_act_and_then_stays() {
    let (world, head) = staffed().await;
    let way = ended(&world).await;
    let permit = way.own(Action::RateService).await;
    world.institution.rate(&permit, &way.application, (level(1), "没人接电话")).await.unwrap();
    let reads = head.permit(world.institution.access(), Action::ReadVoice).await;
    let open = RatingFilter { answered: Some(false), ..RatingFilter::default() };
    let waiting = world.institution.ratings(&reads, &open, (0, 20)).await.unwrap().ratings;
    assert_eq!(waiting.len(), 1);
    assert_eq!(waiting[0].remark.as_deref(), Some("没人接电话"));

    let object = format!("rating:{}", way.application.id);
    let on = (ActKind::AnswerRating, &*object);
    let answer = |version| RatingAnswer {
        version, answer: "已增加值守人员，向您致歉。".into()
    };
    assert!(act(&world, &head, on, &answer(9)).await.is_err(), "another version");
    act(&world, &head, on, &answer(waiting[0].version)).await.unwrap();
    let again = act(&world, &head, on, &answer(waiting[0].version + 1)).await;
    assert!(again.is_err(), "answered once");
    assert_eq!(world.institution.ratings(&reads, &open, (0, 20)).await.unwrap().total, 0);
    let mine = world.institution.rating(&permit, &way.application).await.unwrap().unwrap();
    assert!(mine.answer.unwrap().0.contains("致歉"));
    let change = world.institution.rate(&permit, &way.application, (level(5), "")).await;
    assert!(change.is_err(), "what was answered is not changed");
    let record = &world.records("rating.answered", &object).await[0];
    assert!(record.actor.starts_with("person:") && record.body.get("act").is_some());
}

fn complaint(text: &str) -> NewComplaint {
    let words = ComplaintWords { text: text.into(), ..ComplaintWords::default() };
    NewComplaint { category: Category::Service, words }
}

#[tokio::test]
async fn a_complaint_goes_its_way_in_signed_steps_and_its_number_and_code_tell_of_it() {
    let (world, head) = staffed().await;
    let institution = &world.institution;
    assert!(institution.lodge_complaint(complaint("太短")).await.is_err());
    let lodged =
        institution.lodge_complaint(complaint("窗口工作人员没有一次告知需要的材料。")).await;
    let lodged = lodged.unwrap();
    for (number, code) in [
        (lodged.number.as_str(), "0000 0000 0000"),
        (lodged.number.as_str(), ""),
        ("TS2026010100001", lodged.check_code.as_str()),
    ] {
        let error = institution.complaint_progress((number, code)).await.unwrap_err();
        assert_eq!(error.code(), "app.no_complaint");
    }
    let progress = || async {
        let typed = lodged.check_code.replace(' ', "");
        institution.complaint_progress((&lodged.number.to_lowercase(), &typed)).await.unwrap()
    };
    let (found, steps) = progress().await;
    assert_eq!((found.state, steps.len()), (ComplaintState::Received, 0));
    assert_eq!(found.clock.unwrap().step, Step::Accept);

    let reads = head.permit(institution.access(), Action::ReadVoice).await;
    let (listed, words, _) = institution.open_complaint(&reads, &found.id).await.unwrap();
    assert!(words.text.contains("一次告知"));
    let object = format!("complaint:{}", found.id);
    assert_eq!(world.records("complaint.opened", &object).await.len(), 1);

    let on = (ActKind::HandleComplaint, &*object);
    let order = |version, step, text: &str| ComplaintOrder {
        version,
        step,
        text: text.into(),
        outcome: None,
        serials: Vec::new(),
    };
    let skipped =
        act(&world, &head, on, &order(listed.version, Step::Answer, "尚未受理就答复")).await;
    assert!(skipped.is_err(), "first taken up, then answered");
    act(&world, &head, on, &order(1, Step::Accept, "已受理，正在核实。")).await.unwrap();
    let stale = act(&world, &head, on, &order(1, Step::Answer, "按旧页面办理。")).await;
    assert!(stale.is_err(), "another version");
    act(&world, &head, on, &order(2, Step::Answer, "情况属实，已补充告知并培训。")).await.unwrap();
    act(&world, &head, on, &order(3, Step::Close, "投诉人没有其他意见。")).await.unwrap();
    assert!(act(&world, &head, on, &order(4, Step::Answer, "再说一句。")).await.is_err());
    let (found, steps) = progress().await;
    assert_eq!((found.state, found.clock), (ComplaintState::Closed, None));
    assert_eq!(
        steps.iter().map(|one| one.step).collect::<Vec<_>>(),
        [Step::Accept, Step::Answer, Step::Close]
    );
    for kind in
        ["complaint.received", "complaint.accepted", "complaint.answered", "complaint.closed"]
    {
        let records = world.records(kind, &object).await;
        assert_eq!(records.len(), 1, "{kind}");
        assert!(!format!("{records:?}").contains("核实"), "what was said is sealed");
    }
}

#[tokio::test]
async fn numbers_of_complaints_count_up_within_a_day_and_lists_are_oldest_first() {
    let (world, head) = staffed().await;
    let institution = &world.institution;
    let mut numbers = Vec::new();
    for _ in 0..3 {
        let lodged = institution.lodge_complaint(complaint("下载页面打不开，已经试过三次。")).await;
        numbers.push(lodged.unwrap().number);
    }
    assert!(numbers.is_sorted() && numbers[0].ends_with("00001") && numbers[2].ends_with("00003"));
    let permit = head.permit(institution.access(), Action::ReadVoice).await;
    let all = ComplaintFilter::default();
    let page = institution.complaints(&permit, &all, (0, 2)).await.unwrap();
    assert_eq!((page.total, &page.complaints[1].number), (3, &numbers[1]));
    let rest = institution.complaints(&permit, &all, (1, 2)).await.unwrap();
    assert_eq!((rest.complaints.len(), &rest.complaints[0].number), (1, &numbers[2]));
    let counts = institution.complaint_counts(&permit).await.unwrap();
    assert_eq!(counts, [(ComplaintState::Received, 3)]);
}
