//! Registration offices: filed, limited, suspended (Measures Art. 25 to 27; T-22).

use access::{ActKind, Action};
use jiff::SignedDuration;
use law::CivilDate;
use ra::{Conditions, Filing, Office, OfficeId, OfficeOrder, OfficeRecordKind, SuspensionOrder};

use super::services::about_at;
use super::way::Way;
use super::world::{World, new_key, on_each_engine};

pub async fn manage(
    world: &World,
    id: Option<&OfficeId>,
    order: &OfficeOrder,
) -> Result<Office, ra::Error> {
    let object = format!("office:{}", id.map_or("new", OfficeId::as_str));
    let (permit, act) = world.signed(&world.biz, (ActKind::ManageOffice, &object), order).await;
    world.ra.manage_office(&permit, id, act).await
}

fn conditions() -> Conditions {
    let text = |what: &str| format!("{what}：见备案材料第一册");
    Conditions {
        premises: text("场所"),
        equipment: text("设备设施"),
        staff: text("专业人员"),
        ability: text("专业能力"),
        rules: text("管理制度"),
    }
}

pub async fn establish(world: &World, name: &str) -> Office {
    let order = OfficeOrder::Establish {
        name: name.into(),
        address: "云中市示例路 1 号".into(),
        province: "北京市".into(),
        established_on: CivilDate::new(2026, 11, 2).unwrap(),
        conditions: conditions(),
    };
    manage(world, None, &order).await.unwrap()
}

pub async fn filed(world: &World, name: &str, per_day: u32) -> Office {
    let office = establish(world, name).await;
    let file =
        OfficeOrder::File { version: office.version, number: "京备 2026-001".into(), on: None };
    let office = manage(world, Some(&office.id), &file).await.unwrap();
    let quota = OfficeOrder::Quota { version: office.version, kind: "person".into(), per_day };
    manage(world, Some(&office.id), &quota).await.unwrap()
}

async fn suspend(world: &World, office: &Office, suspend: bool) -> Office {
    let order = SuspensionOrder { suspend, reason: "监督检查发现问题".into() };
    let object = format!("office:{}", office.id);
    let (permit, act) = world.signed(&world.biz, (ActKind::SuspendOffice, &object), &order).await;
    world.ra.suspend_office(&permit, &office.id, act).await.unwrap()
}

#[tokio::test]
async fn an_office_takes_nothing_before_its_filing_is_opened() {
    on_each_engine(|world| async move {
        let office = establish(&world, "云中市受理点").await;
        assert_eq!(office.filing, Filing::NotOpened);
        let clock = world.ra.filing_clock(&office).unwrap();
        assert_eq!(clock.term.nominal, CivilDate::new(2026, 12, 2).unwrap());
        assert!(clock.basis.contains("第二十六条"));
        let begun = Way::begin_at(&world, "person", Some(office.id.clone())).await;
        let error = begun.err().unwrap();
        assert_eq!(error.code(), "ra.office_not_filed");
        assert!(error.to_string().contains("第二十六条"), "{error}");
        assert!(world.ra.open_offices().await.unwrap().is_empty());
        let file =
            OfficeOrder::File { version: office.version, number: "京备 1".into(), on: None };
        let office = manage(&world, Some(&office.id), &file).await.unwrap();
        assert_eq!(world.ra.filing_clock(&office), None);
        let begun = Way::begin_at(&world, "person", Some(office.id.clone())).await;
        assert_eq!(begun.err().unwrap().code(), "ra.office_scope");
    })
    .await;
}

#[tokio::test]
async fn a_suspended_office_does_nothing_from_that_unit_on_and_a_stolen_quota_is_bounded() {
    on_each_engine(|world| async move {
        let office = filed(&world, "云中市受理点", 2).await;
        let clerk = world.appoint("oclerk", "entry_clerk", &office.id).await;
        let at = || Some(office.id.clone());
        let mut first = Way::begin_at(&world, "person", at()).await.unwrap();
        first.submitted().await;
        let mut second = Way::begin_at(&world, "person", at()).await.unwrap();
        second.submitted().await;
        let mut third = Way::begin_at(&world, "person", at()).await.unwrap();
        third.fill(third.sample()).await.unwrap();
        third.attach_all().await.unwrap();
        let error = third.submit().await.unwrap_err();
        assert_eq!(error.code(), "ra.office_quota");
        assert!(error.to_string().contains("每日 2 件"), "{error}");
        suspend(&world, &office, true).await;
        let error = first.proof(&clerk).await.unwrap_err();
        assert_eq!(error.code(), "ra.office_suspended");
        assert_eq!(
            Way::begin_at(&world, "person", at()).await.err().unwrap().code(),
            "ra.office_suspended"
        );
        // Whoever applied there can still withdraw.
        let permit = second.own(Action::WithdrawApplication).await;
        world.ra.withdraw(&permit, &second.application.at()).await.unwrap();
        suspend(&world, &office, false).await;
        first.proof(&clerk).await.unwrap();
        world.clock.advance(SignedDuration::from_hours(24));
        third.submit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_institution_takes_over_what_a_suspended_office_left_unfinished() {
    on_each_engine(|world| async move {
        let office = filed(&world, "云中市受理点", 5).await;
        let at = || Some(office.id.clone());
        let mut waits = Way::begin_at(&world, "person", at()).await.unwrap();
        waits.submitted().await;
        let mut gone = Way::begin_at(&world, "person", at()).await.unwrap();
        gone.submitted().await;
        let withdraw = gone.own(Action::WithdrawApplication).await;
        world.ra.withdraw(&withdraw, &gone.application.at()).await.unwrap();
        let order = |office: &Office| OfficeOrder::TakeOver { version: office.version };
        assert!(manage(&world, Some(&office.id), &order(&office)).await.is_err(), "it works");
        let office = suspend(&world, &office, true).await;
        let own = waits.own(Action::ReadApplication).await;
        let read = async || world.ra.application(&own, &waits.application.id).await.unwrap();
        let name = world.ra.suspended_office_of(&read().await).await.unwrap();
        assert_eq!(name.as_deref(), Some("云中市受理点"));
        let offices = world.permit(&world.biz, Action::ReadOffices).await;
        assert_eq!(world.ra.unfinished_of(&offices, &office.id).await.unwrap(), 1);
        manage(&world, Some(&office.id), &order(&office)).await.unwrap();
        assert_eq!(world.ra.unfinished_of(&offices, &office.id).await.unwrap(), 0);
        let mine = read().await;
        assert_eq!((&mine.office, mine.state.word()), (&None, "acknowledged"));
        assert_eq!(world.ra.suspended_office_of(&mine).await.unwrap(), None);
        waits.application = mine;
        waits.proof(&world.clerk).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_suspended_office_orders_no_certificate() {
    let world = World::new().await;
    let office = filed(&world, "云中市受理点", 5).await;
    let clerk = world.appoint("oclerk", "entry_clerk", &office.id).await;
    let reviewer = world.appoint("oreview", "reviewer", &office.id).await;
    let mut way = Way::begin_at(&world, "person", Some(office.id.clone())).await.unwrap();
    way.submitted().await;
    way.proof(&clerk).await.unwrap();
    way.approve(&reviewer).await.unwrap();
    let agreement = way.agree().await.unwrap();
    way.request().await.unwrap();
    let ready = way.ready().await.unwrap();
    assert_eq!(ready.agreement(), &agreement);
    suspend(&world, &office, true).await;
    assert_eq!(way.ready().await.unwrap_err().code(), "ra.office_suspended");
    // The party of the agreement is the institution, never the office (Measures Art. 27).
    let permit = way.own(Action::ReadApplication).await;
    let text = world.ra.agreement_text(&permit, &way.application.id).await.unwrap().unwrap();
    assert!(text.text().contains("示例电子认证服务有限公司"));
    assert!(!text.text().contains("云中市受理点"));
    // The institution takes it over, and the applicant goes on where the office stopped.
    let permit = world.permit(&world.biz, Action::ManageOffices).await;
    way.application = world.ra.transfer(&permit, &way.application.at(), None).await.unwrap();
    way.issue().await.unwrap();
}

/// A certificate whose key was stolen is stopped, whatever becomes of the office that took the application; resuming one
/// waits until somebody takes it over (Measures Art. 18; T-22).
#[tokio::test]
async fn what_two_people_decided_to_stop_is_stopped_while_its_office_is_suspended() {
    on_each_engine(|world| async move {
        let office = filed(&world, "云中市受理点", 5).await;
        let clerk = world.appoint("oclerk", "entry_clerk", &office.id).await;
        let reviewer = world.appoint("oreview", "reviewer", &office.id).await;
        let mut ways = Vec::new();
        for service in ["revoke", "suspend", "resume"] {
            let at = Some(office.id.clone());
            let mut way = about_at(&world, service, (new_key(), at)).await;
            way.fill(way.sample()).await.unwrap();
            way.attach_all().await.unwrap();
            way.submit().await.unwrap();
            way.proof(&clerk).await.unwrap();
            way.approve(&reviewer).await.unwrap();
            ways.push(way);
        }
        suspend(&world, &office, true).await;
        let unfit = world.ra.unfit_changes().await.unwrap();
        let resume = ways.pop().unwrap();
        let waits = world.ra.ready_to_carry_out(&resume.application.at()).await.unwrap_err();
        assert_eq!(waits.code(), "ra.office_suspended");
        let named: Vec<_> = unfit.iter().map(|(number, _)| number.as_str()).collect();
        assert_eq!(named, [resume.application.number.as_str()]);
        for way in ways {
            let ready = world.ra.ready_to_carry_out(&way.application.at()).await.unwrap();
            let done = world.ra.carried_out(ready, false).await.unwrap();
            assert!(matches!(done.state, ra::State::CarriedOut { .. }));
        }
    })
    .await;
}

#[tokio::test]
async fn people_of_an_office_reach_its_applications_only() {
    on_each_engine(|world| async move {
        let office = filed(&world, "云中市受理点", 5).await;
        let stranger = world.appoint("oclerk", "entry_clerk", &office.id).await;
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        let error = way.proof(&stranger).await.unwrap_err();
        assert_eq!(error.code(), "access.out-of-reach");
        let permit = world.permit(&stranger, Action::ReadApplication).await;
        assert!(world.ra.application(&permit, &way.application.id).await.is_err());
        let permit = world.permit(&stranger, Action::ListApplications).await;
        let listed = world.ra.list(&permit, &ra::Selection::default()).await.unwrap();
        assert!(listed.applications.is_empty());
        let name = (ra::SearchField::Name, "甄有印");
        assert!(world.ra.search(&permit, name).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_change_of_an_office_starts_its_thirty_days_and_orders_are_for_one_version() {
    on_each_engine(|world| async move {
        let office = filed(&world, "云中市受理点", 5).await;
        let amend = |version| OfficeOrder::Amend {
            version,
            name: "云中市第一受理点".into(),
            address: "云中市示例路 2 号".into(),
            conditions: conditions(),
        };
        let stale = manage(&world, Some(&office.id), &amend(office.version - 1)).await;
        assert_eq!(stale.unwrap_err().code(), "ra.changed");
        let mut hidden = amend(office.version);
        if let OfficeOrder::Amend { name, .. } = &mut hidden {
            name.insert(3, '\u{200b}');
        }
        let refused = manage(&world, Some(&office.id), &hidden).await.unwrap_err();
        assert!(refused.to_string().contains("看不见的字符"), "{refused}");
        let office = manage(&world, Some(&office.id), &amend(office.version)).await.unwrap();
        let clock = world.ra.filing_clock(&office).unwrap();
        assert!(clock.change);
        assert_eq!(clock.term.nominal, CivilDate::new(2026, 12, 22).unwrap());
        let file =
            OfficeOrder::File {
                version: office.version, number: "京备 2026-002".into(), on: None
            };
        let office = manage(&world, Some(&office.id), &file).await.unwrap();
        assert_eq!(world.ra.filing_clock(&office), None);
        let photo =
            (OfficeRecordKind::Display, b"\xff\xd8\xff\xc0\0\x0b\x08\0\x10\0\x10 display".to_vec());
        let permit = world.permit(&world.biz, Action::ManageOffices).await;
        let record = world.ra.record_office(&permit, &office.id, photo).await.unwrap();
        let permit = world.permit(&world.biz, Action::ReadOffices).await;
        let opened = world.ra.open_office_record(&permit, &office.id, &record.blob).await.unwrap();
        let (media, content) = opened;
        assert_eq!(media, ra::Media::Jpeg);
        assert!(content.starts_with(b"\xff\xd8\xff"));
    })
    .await;
}
