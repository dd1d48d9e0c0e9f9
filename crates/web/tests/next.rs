//! 办理下一件: it leads on to what can be done, and nowhere else (T-22, Invariant 9).

#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use access::{ActKind, Custodians, NewPerson, Role};
use ra::SuspensionOrder;

use crate::fill::{self, text};
use crate::staffed::{Comer, Staffed};
use crate::stages::Side;
use crate::way::{self, Staff};

/// Where the sheet of an application leads on to, and what waits there.
async fn leads(staffed: &Staffed, comer: &Comer, id: &str) -> Option<(String, String)> {
    let sheet = text(&fill::get(staffed, comer, &format!("/desk/applications/{id}")).await);
    assert!(sheet.contains("/desk/applications/"), "{sheet}");
    let (before, rest) = sheet.split_once("\">办理下一件（")?;
    let (_, next) = before.rsplit_once("href=\"/desk/applications/")?;
    let (queue, _) = rest.split_once('）')?;
    Some((next.to_owned(), queue.to_owned()))
}

fn to(id: &str, queue: &str) -> Option<(String, String)> {
    Some((id.to_owned(), queue.to_owned()))
}

async fn suspend(staffed: &Staffed, side: Side) {
    let order = SuspensionOrder { suspend: true, reason: "监督检查发现问题".into() };
    let head = staffed.keys.get(&Role::BusinessAdmin).unwrap();
    let id = &staffed.office(side).id;
    let on = (ActKind::SuspendOffice, &*format!("office:{id}"));
    let payload = serde_json::to_value(order).unwrap();
    let (permit, act) = head.sign(staffed.world.institution.access(), on, &payload).await;
    let ra = staffed.world.institution.registration().unwrap();
    ra.suspend_office(&permit, id, act).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_suspended_office_is_offered_to_its_clerk() {
    let staffed = Staffed::new().await;
    let clerk = staffed.people.get(&Role::EntryClerk).unwrap();
    let here = staffed.at(Side::Own, "draft").await;
    let here = here.application.id.as_str();
    assert_eq!(leads(&staffed, clerk, here).await, to(&staffed.own, "待核验"));
    suspend(&staffed, Side::Foreign).await;
    assert_eq!(leads(&staffed, clerk, here).await, to(&staffed.own, "待核验"));
    suspend(&staffed, Side::Own).await;
    assert_eq!(leads(&staffed, clerk, here).await, None);
}

/// Somebody of the clerks' office who may proof and review.
async fn both(staffed: &Staffed) -> Staff {
    let (access, key) = (staffed.world.institution.access(), way::key());
    let office = Some(staffed.office(Side::Own).id.to_string());
    let new = NewPerson { office, ..way::person("both", "entry_clerk,reviewer", &key) };
    let head = staffed.keys.get(&Role::BusinessAdmin).unwrap();
    let on = (ActKind::CreatePerson, &*new.object());
    let (permit, act) = head.sign(access, on, &new.to_json()).await;
    access.create_person(&permit, act, &Custodians::default()).await.unwrap();
    Staff(key)
}

#[tokio::test(flavor = "multi_thread")]
async fn who_proofed_an_application_is_not_led_to_its_review() {
    let staffed = Staffed::new().await;
    let both = both(&staffed).await;
    let comer = both.session(&staffed.world).await;
    let reviewer = staffed.people.get(&Role::Reviewer).unwrap();
    let here = staffed.at(Side::Own, "draft").await;
    let here = here.application.id.as_str();
    assert_eq!(leads(&staffed, &comer, here).await, to(&staffed.own, "待核验"));
    // More than a page of the queue is their own.
    let mut first = String::new();
    for at in 0..25 {
        let mut way = staffed.at(Side::Own, "acknowledged").await;
        way.proof(&both).await;
        if at == 0 {
            first = way.application.id.to_string();
        }
        staffed.world.pass(1);
    }
    let mut last = staffed.at(Side::Own, "acknowledged").await;
    assert_eq!(leads(&staffed, &comer, here).await, to(&staffed.own, "待核验"));
    last.proof(staffed.staff(Side::Own, Role::EntryClerk)).await;
    let own = staffed.world.institution.registration().unwrap();
    let reads = both.permit(staffed.world.institution.access(), access::Action::ReadApplication);
    let own = own.application(&reads.await, &staffed.own.parse().unwrap()).await.unwrap();
    let mut own =
        way::Way { institution: &staffed.world.institution, application: own, key: way::key() };
    own.proof(&both).await;
    let last = last.application.id.as_str();
    assert_eq!(leads(&staffed, &comer, here).await, to(last, "待审核"));
    assert_eq!(leads(&staffed, reviewer, here).await, to(&first, "待审核"));
    suspend(&staffed, Side::Own).await;
    assert_eq!(leads(&staffed, &comer, here).await, None);
    assert_eq!(leads(&staffed, reviewer, here).await, None);
}
