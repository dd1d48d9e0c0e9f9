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

/// What was found is signed by the auditor's own key; the list tells what waits.
#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_signs_what_a_report_came_to_and_the_list_says_so() {
    let (office, week) = reported().await;
    let seat = office.seat(&office.inspector).await;
    let here = format!("{PATH}/{week}");
    assert!(seat.page(&format!("{PATH}?only=open")).await.contains(&here));
    let again = seat.post(&here, &[("finding", "写了一半")]).await;
    let text = String::from_utf8(again.body.clone()).unwrap();
    assert_eq!(again.status.as_u16(), 422);
    assert!(text.contains("请选择核实结论") && text.contains("写了一半"), "{text}");
    let unsaid = seat.post(&here, &[("outcome", "findings"), ("finding", "")]).await;
    let text = String::from_utf8(unsaid.body).unwrap();
    assert!(unsaid.status.as_u16() == 422 && text.contains("请写明是哪些证书"), "{text}");
    let said = [("outcome", "clear"), ("finding", "材料齐全，与档案相符")];
    let to_sign = seat.order(&here, &said).await;
    let asked = seat.page(&to_sign).await;
    for told in ["签发抽查报告", "未见异常", "材料齐全，与档案相符", "报告的 SM3"]
    {
        assert!(asked.contains(told), "{told}: {asked}");
    }
    assert!(seat.page(&here).await.contains("去签名"), "nothing is done before it is signed");
    let done = seat.sign(&to_sign).await;
    assert_eq!((done.status.as_u16(), done.field("location")), (303, &*here));
    let shown = seat.page(&here).await;
    assert!(shown.contains("inspector 先生") && shown.contains("材料齐全"), "{shown}");
    assert!(!shown.contains("去签名"), "once");
    assert!(seat.page(&format!("{PATH}?only=looked")).await.contains(&here));
    assert!(!seat.page(&format!("{PATH}?only=open")).await.contains(&here));
    let lines = seat.file(&format!("{PATH}/export.csv")).await;
    assert!(lines.contains("材料齐全，与档案相符") && lines.contains("inspector 先生"), "{lines}");
    // Who may only read sees who did, and no form.
    let watch = office.seat(&office.watch).await;
    assert!(watch.page(&here).await.contains("inspector 先生"));
    let head = office.seat(&office.head).await;
    assert_eq!(head.post(&here, &said).await.status.as_u16(), 403);
}
