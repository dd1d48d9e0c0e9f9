//! Weekly sample reports as auditors and compliance officers see them: listed and found, one of them read and searched, as
//! files, and by nobody else (T-20).

use access::Action;
use app::sample::Week;
use jiff::SignedDuration;

use super::office::Office;
use crate::way::Way;

const PATH: &str = "/admin/samples";

/// An institution that issued to one person in a week, and reported two weeks.
async fn reported() -> (Office, Week) {
    let office = Office::new().await;
    let institution = &office.world.institution;
    let week = Week::of(office.world.now()).next();
    let to = |instant: jiff::Timestamp| {
        office.world.pass(instant.duration_since(office.world.now()).as_secs());
    };
    to(week.begin() + SignedDuration::from_hours(1));
    let mut way = Way::begin(institution).await;
    way.fill_and_submit().await;
    way.proof(&office.clerk).await;
    way.approve(&office.reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    to(week.end() + SignedDuration::from_mins(2));
    assert!(institution.make_sample_reports().await.unwrap() >= 2);
    (office, week)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_a_report_reads_it_and_takes_it_along() {
    let (office, week) = reported().await;
    let seat = office.seat(&office.inspector).await;
    let here = format!("{PATH}/{week}");
    let list = seat.page(PATH).await;
    assert!(list.contains(&format!("href=\"{here}\"")), "{list}");
    let found = seat.page(&format!("{PATH}?day={:?}", week.sunday())).await;
    assert!(found.contains(&here) && found.contains("共 1 份"), "{found}");
    assert!(!seat.page(&format!("{PATH}?only=wrong")).await.contains(&here), "nothing is wrong");
    let wrong = seat.get(&format!("{PATH}?day=gestern")).await;
    assert_eq!(wrong.status.as_u16(), 422, "what is no day is told beside its field");

    let shown = seat.page(&here).await;
    assert!(!shown.contains("曾被改动"), "{shown}");
    // The demonstration policies of the profiles are named; the evidence is there all the same.
    assert!(shown.contains("示例策略") && shown.contains("名称（CN）"), "{shown}");
    assert!(shown.contains("甄**") && !shown.contains("甄有印"), "masked");
    assert!(shown.contains("申请人本人") && shown.contains("本机构"), "who entered, and where");
    assert!(shown.contains("reviewer 先生") && shown.contains("clerk 先生"), "{shown}");
    let inspector = office.inspector.permit(office.world.institution.access(), Action::ReadSamples);
    let report = office.world.institution.sample_report(&inspector.await, week).await.unwrap();
    let report = report.unwrap().1;
    let serial = &report.sample[0].serial;
    let one = seat.page(&format!("{here}?q={serial}")).await;
    assert!(one.contains("共 1 张") && one.contains(serial), "{one}");
    assert!(seat.page(&format!("{here}?verdict=faulty")).await.contains("没有符合条件的证书"));

    let lines = seat.file(&format!("{PATH}/export.csv")).await;
    assert!(lines.contains(&format!("\"{week}\"")) && lines.contains(&report.journal.root));
    let drawn = seat.file(&format!("{here}/export.csv")).await;
    assert_eq!(drawn.trim_end().lines().count(), 1 + report.sample.len());
    assert!(drawn.contains("客户端签发、未附核验依据") && !drawn.contains("甄有印"), "{drawn}");
    let file = seat.get(&format!("{here}/report.json")).await;
    assert_eq!(file.field("content-type"), "application/json");
    assert!(file.field("content-disposition").contains(&format!("weekly-sample-{week}.json")));
    let signed = app::sample::SignedReport::from_file(&file.body).unwrap();
    assert!(signed.is_signed_by(&office.world.institution.report_key().await.unwrap()));
    assert_eq!(signed.report().unwrap(), report);
    for missing in [format!("{PATH}/2020-01-06"), format!("{PATH}/2020-01-07"), format!("{PATH}/x")]
    {
        assert_eq!(seat.get(&missing).await.status.as_u16(), 404, "{missing}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clerks_and_administrators_see_no_report() {
    let (office, week) = reported().await;
    let here = format!("{PATH}/{week}");
    for staff in [&office.clerk, &office.reviewer, &office.head, &office.chief] {
        let seat = office.seat(staff).await;
        for path in [PATH, &here, &format!("{here}/report.json"), &format!("{PATH}/export.csv")] {
            assert_eq!(seat.get(path).await.status.as_u16(), 403, "{path}");
        }
    }
    let watch = office.seat(&office.watch).await;
    assert_eq!(watch.get(&here).await.status.as_u16(), 200, "the audit administrator may");
}
