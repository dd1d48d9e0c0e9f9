//! Orders about one certificate, and the list of revocations: what is signed, by whom, and what it came to.

use store::ErrorKind;

use super::office::{Office, Seat};
use crate::way::Way;

async fn certificate(office: &Office) -> String {
    let mut way = Way::begin(&office.world.institution).await;
    way.fill_and_submit().await;
    way.proof(&office.clerk).await;
    way.approve(&office.reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    way.application.state.serials().unwrap().sign.clone()
}

fn text(answer: crate::door::Answer) -> String {
    String::from_utf8(answer.body).unwrap()
}

/// Files of a form as a browser sends them.
async fn upload(seat: &Seat<'_>, path: &str, fields: &[(&str, &str)], file: &str) -> String {
    let answer = seat.upload(path, (fields, file)).await;
    assert_eq!(answer.status.as_u16(), 303, "{path}: {}", text(answer));
    answer.field("location").to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrator_suspends_and_resumes_by_one_signature_and_hears_the_effect() {
    let office = Office::new().await;
    let serial = certificate(&office).await;
    let seat = office.seat(&office.head).await;
    let page = format!("/admin/certificates/{serial}");
    let shown = seat.page(&page).await;
    assert!(
        shown.contains(&format!("{page}/suspend")) && shown.contains(&format!("{page}/revoke"))
    );
    assert!(!shown.contains(&format!("{page}/resume")), "nothing to resume");
    let path = format!("{page}/suspend");
    let offered = seat.page(&path).await;
    assert!(offered.contains("有权机关依法要求暂停") && !offered.contains("复核前先行暂停"));
    // What was typed stays, and what is missing is said beside its field.
    let typed = "法院送达协助执行通知书，编号另附";
    let fields = [("ground", "ordered-hold"), ("account", typed)];
    let again = seat.post(&path, &fields).await;
    assert_eq!(again.status.as_u16(), 422);
    let again = text(again);
    assert!(again.contains("请填写来函或法律文书的文号") && again.contains(typed), "{again}");
    let fields = [fields[0], fields[1], ("document_number", "（2026）云01执协1号")];
    let to_sign = seat.order(&path, &fields).await;
    let asked = seat.page(&to_sign).await;
    for told in ["暂停证书", "有权机关依法要求暂停", "（2026）云01执协1号", typed, "个人证书"]
    {
        assert!(asked.contains(told), "{told}: {asked}");
    }
    assert!(seat.page(&page).await.contains("有效"), "nothing is done before it is signed");
    let done = seat.sign(&to_sign).await;
    assert_eq!(done.field("location"), format!("{page}?done=yes"));
    let back = seat.page(done.field("location")).await;
    for told in ["已经办理", "已暂停", "revoked（已撤销或暂停）", typed, "下达证书状态变更指令"]
    {
        assert!(back.contains(told), "{told}: {back}");
    }
    let clerk = office.seat(&office.clerk).await;
    let plain = clerk.page(&page).await;
    assert!(!plain.contains(typed) && !plain.contains(&format!("{page}/resume")), "{plain}");

    // The hold is on the page, with who lifts it; the facts are for those who read revocations.
    for told in ["现在的暂停（1 项）", "由作出决定的机关出具解除文书", "/resume?hold="]
    {
        assert!(back.contains(told), "{told}: {back}");
    }
    assert!(plain.contains("由作出决定的机关出具解除文书"), "a clerk answers who asks: {plain}");
    // Another one beside it: by the institution.
    let fields = [("ground", "inquiry"), ("account", "核查发现材料存疑，暂停待查")];
    let to_sign = seat.order(&path, &fields).await;
    assert_eq!(seat.sign(&to_sign).await.status.as_u16(), 303);
    let both = seat.page(&page).await;
    assert!(both.contains("现在的暂停（2 项）") && both.contains("各项暂停全部解除后"), "{both}");
    // Who set the institution's own does not lift it, and is told so before anything is signed.
    let own = hold(&both, "本机构正在核查");
    let refused = seat.page(&format!("{page}/resume?hold={own}")).await;
    assert!(refused.contains("由另一名业务管理员办理") && !refused.contains("去签名"), "{refused}");
    let fields = [("hold", own.as_str()), ("account", "核查完毕，没有发现问题")];
    assert_eq!(seat.post(&format!("{page}/resume"), &fields).await.status.as_u16(), 422);
    let other = office.seat(&office.second).await;
    let to_sign = other.order(&format!("{page}/resume"), &fields).await;
    let asked = other.page(&to_sign).await;
    assert!(asked.contains("解除的暂停") && asked.contains("本机构正在核查"), "{asked}");
    assert_eq!(other.sign(&to_sign).await.status.as_u16(), 303);
    let left = seat.page(&page).await;
    assert!(left.contains("现在的暂停（1 项）") && left.contains("已暂停"), "{left}");
}

/// What a court holds: registered with the document that lifts, reviewed by another person.
#[tokio::test(flavor = "multi_thread")]
async fn two_people_lift_what_a_court_holds_and_the_pages_say_so() {
    let office = Office::new().await;
    let serial = certificate(&office).await;
    let seat = office.seat(&office.head).await;
    let page = format!("/admin/certificates/{serial}");
    let fields = [
        ("ground", "ordered-hold"),
        ("account", "法院送达协助执行通知书"),
        ("document_number", "（2026）云01执协1号"),
    ];
    let to_sign = seat.order(&format!("{page}/suspend"), &fields).await;
    assert_eq!(seat.sign(&to_sign).await.status.as_u16(), 303);
    let court = hold(&seat.page(&page).await, "有权机关依法要求暂停");
    let path = format!("{page}/resume");
    let offered = seat.page(&format!("{path}?hold={court}")).await;
    assert!(offered.contains("解除文书（裁定书") && offered.contains("另一人复核"), "{offered}");
    let typed = "法院送达解除通知，编号另附";
    let fields = [("hold", court.as_str()), ("ground", "order-lifted"), ("account", typed)];
    let again = seat.post(&path, &fields).await;
    assert_eq!(again.status.as_u16(), 422);
    let again = text(again);
    for told in ["请上传：解除文书", "请写明由谁提出", "请填写来函或法律文书的文号", typed]
    {
        assert!(again.contains(told), "{told}: {again}");
    }
    let fields = [
        fields[0],
        fields[1],
        fields[2],
        ("requester", "云中市人民法院"),
        ("document_number", "（2026）云01执协2号"),
    ];
    let files = ["evidence-order", "evidence-officer"];
    let answer = seat.upload_all(&path, (&fields, &files)).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", text(answer));
    let done = seat.sign(answer.field("location")).await;
    let entered = done.field("location").to_owned();
    let waits = seat.page(&entered).await;
    assert!(waits.contains("解除暂停登记") && waits.contains("等待另一人复核"), "{waits}");
    assert!(!waits.contains("撤销原因") && seat.page(&page).await.contains("已暂停"), "{waits}");
    let reviewer = office.seat(&office.reviewer).await;
    let fields = [("version", "2"), ("decision", "confirm")];
    let to_sign = reviewer.order(&format!("{entered}/review"), &fields).await;
    assert!(reviewer.page(&to_sign).await.contains("复核解除暂停"));
    assert_eq!(reviewer.sign(&to_sign).await.status.as_u16(), 303);
    assert!(seat.page(&entered).await.contains("已解除"));
    assert!(seat.page(&page).await.contains("good（有效）"));
    let late = seat.page(&path).await;
    assert!(late.contains("证书现在的状态不能办理此项") && !late.contains("去签名"), "{late}");
}

/// The name of the hold that a page tells of in these words.
fn hold(page: &str, words: &str) -> String {
    let line = page.split("<li>").find(|line| line.contains(words) && line.contains("?hold="));
    line.unwrap().split("?hold=").nth(1).unwrap().split('"').next().unwrap().to_owned()
}

/// What is out of turn by the time its page opens is said there: nobody signs for nothing.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_was_faster_at_is_said_before_it_is_signed() {
    let office = Office::new().await;
    let serial = certificate(&office).await;
    let seat = office.seat(&office.head).await;
    let page = format!("/admin/certificates/{serial}");
    let fields = [("ground", "inquiry"), ("account", "核查发现材料存疑，暂停待查")];
    let to_sign = seat.order(&format!("{page}/suspend"), &fields).await;
    assert_eq!(seat.sign(&to_sign).await.status.as_u16(), 303);
    let own = hold(&seat.page(&page).await, "本机构正在核查");
    let lifts = [("hold", own.as_str()), ("account", "核查完毕，没有发现问题")];
    let other = office.seat(&office.second).await;
    let first = other.order(&format!("{page}/resume"), &lifts).await;
    let second = other.order(&format!("{page}/resume"), &lifts).await;
    assert!(other.page(&second).await.contains("去签名"));
    assert_eq!(other.sign(&first).await.status.as_u16(), 303);
    let late = other.page(&second).await;
    assert!(late.contains("现在不能办理") && !late.contains("去签名"), "{late}");
    assert!(late.contains(&format!("href=\"{page}\"")), "and leads back: {late}");
    let refused = other.sign(&second).await;
    assert!(refused.status.is_client_error(), "the unit asks again: {}", refused.status);
    // A decision on a registration.
    let path = format!("{page}/revoke");
    let fields = [
        ("ground", "false-materials"),
        ("requester", "审核部门"),
        ("account", "核查发现身份证件系伪造"),
    ];
    let to_sign = upload(&seat, &path, &fields, "evidence-finding").await;
    let entered = seat.sign(&to_sign).await.field("location").to_owned();
    let reviewer = office.seat(&office.reviewer).await;
    let review = format!("{entered}/review");
    let confirm = reviewer.order(&review, &[("version", "2"), ("decision", "confirm")]).await;
    let reject = [("version", "2"), ("decision", "reject"), ("reason", "证据不足，请补充")];
    let reject_it = reviewer.order(&review, &reject).await;
    assert_eq!(reviewer.sign(&reject_it).await.status.as_u16(), 303);
    let late = reviewer.page(&confirm).await;
    assert!(late.contains("复核未通过") && late.contains("第十八条"), "{late}");
    assert!(!late.contains("去签名") && late.contains(&format!("href=\"{entered}\"")), "{late}");
    // And at the registration: what was typed stays on the page, with how it stands now.
    let again = reviewer.post(&review, &reject).await;
    assert_eq!(again.status.as_u16(), 422);
    let again = text(again);
    for told in ["证据不足，请补充", "目前“复核未通过”", "GM/T 0034"] {
        assert!(again.contains(told), "{told}: {again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_administrators_revocation_waits_for_another_person() {
    let office = Office::new().await;
    let serial = certificate(&office).await;
    let seat = office.seat(&office.head).await;
    let page = format!("/admin/certificates/{serial}");
    let path = format!("{page}/revoke");
    let fields = [
        ("ground", "false-materials"),
        ("requester", "审核部门"),
        ("account", "核查发现身份证件系伪造"),
    ];
    let bare = seat.post(&path, &fields).await;
    assert_eq!(bare.status.as_u16(), 422);
    assert!(text(bare).contains("请上传：核查记录"));
    let to_sign = upload(&seat, &path, &fields, "evidence-finding").await;
    let done = seat.sign(&to_sign).await;
    let entered = done.field("location").to_owned();
    assert!(entered.starts_with("/desk/revocations/"), "{entered}");
    let waits = seat.page(&entered).await;
    assert!(waits.contains("等待另一人复核") && waits.contains("待复核"), "{waits}");
    assert!(seat.page(&page).await.contains("good（有效）"), "one person revokes nothing");
    // Meanwhile nobody resumes what waits, and the author does not confirm.
    let fields = [("version", "2"), ("decision", "confirm")];
    let own = seat.post(&format!("{entered}/review"), &fields).await;
    assert_eq!(own.status.as_u16(), 403, "{}", text(own));
    let other = office.seat(&office.reviewer).await;
    let to_sign = other.order(&format!("{entered}/review"), &fields).await;
    assert_eq!(other.sign(&to_sign).await.status.as_u16(), 303);
    let done = seat.page(&page).await;
    assert!(done.contains("已撤销") && done.contains("权限撤回"), "{done}");
    let asked = seat.page(&format!("/query?serial={serial}")).await;
    assert!(asked.contains("权限撤回"), "the same words for everybody: {asked}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_order_finds_no_page_for_it() {
    let office = Office::new().await;
    let serial = certificate(&office).await;
    for staff in [&office.clerk, &office.reviewer, &office.inspector, &office.chief] {
        let seat = office.seat(staff).await;
        for order in ["suspend", "resume", "revoke"] {
            let path = format!("/admin/certificates/{serial}/{order}");
            assert_eq!(seat.get(&path).await.status.as_u16(), 403, "{path}");
            let fields = [("ground", "inquiry"), ("account", "正在核查申请材料")];
            assert_eq!(seat.post(&path, &fields).await.status.as_u16(), 403, "{path}");
        }
    }
    let access = office.world.institution.access();
    let refused = access
        .permit(&office.inspector.principal(access).await, access::Action::SuspendCertificate)
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refusal);
}

#[tokio::test(flavor = "multi_thread")]
async fn revocations_are_searched_and_exported() {
    let office = Office::new().await;
    let serial = certificate(&office).await;
    let seat = office.seat(&office.clerk).await;
    let fields = [
        ("ground", "unit-left"),
        ("serials", serial.as_str()),
        ("requester", "=云中市档案馆"),
        ("document_number", "云档函〔2026〕1号"),
        ("account", "该人员已于本月调离"),
    ];
    let drafted = upload(&seat, "/desk/revocations/new", &fields, "evidence-letter").await;
    let sheet = seat.page(&drafted).await;
    assert!(sheet.contains("将撤销 1 张") && sheet.contains("有效"), "{sheet}");
    let number =
        sheet.split("class=\"code\">").nth(1).unwrap().split('<').next().unwrap().to_owned();
    assert!(!seat.page("/desk/revocations").await.contains(&number), "not entered yet");
    for address in [
        "/desk/revocations?state=draft".to_owned(),
        "/desk/revocations?state=all&source=unit".to_owned(),
        format!("/desk/revocations?q={number}"),
        format!("/desk/revocations?q={}", serial.to_uppercase()),
    ] {
        assert!(seat.page(&address).await.contains(&number), "{address}");
    }
    for address in ["/desk/revocations?state=all&source=phone", "/desk/revocations?q=0a0b0c"] {
        assert!(!seat.page(address).await.contains(&number), "{address}");
    }
    let file = seat.file("/desk/revocations/export.csv?state=draft").await;
    assert!(file.contains(&number) && file.contains("从属关系变更"), "{file}");
    assert!(!file.contains("档案馆"), "what is sealed stays so");
    assert_eq!(file.trim_end().lines().count(), 2);
    let none = seat.file("/desk/revocations/export.csv?state=done").await;
    assert_eq!(none.trim_end().lines().count(), 1);
    // Grounds of suspensions and resumptions are not entered here.
    let new = seat.page("/desk/revocations/new").await;
    assert!(!new.contains("phone-hold") && !new.contains("call-rejected"), "{new}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_counter_speaks_to_the_clerk_and_not_to_the_applicant() {
    let office = Office::new().await;
    let seat = office.seat(&office.clerk).await;
    let fields = [("service", "new"), ("kind", "person"), ("concerns", "")];
    let begun = text(seat.post("/desk/enter", &fields).await);
    let id =
        begun.split("/desk/enter/").nth(1).unwrap().split(['/', '"']).next().unwrap().to_owned();
    for page in ["", "/form", "/materials", "/check"] {
        let shown = seat.page(&format!("/desk/enter/{id}{page}")).await;
        let main = shown.split("<main").nth(1).unwrap().split("</main>").next().unwrap();
        assert!(!main.contains('您'), "{page}: {main}");
    }
    // What a certificate leads to at the counter is the counter, filled in.
    let link = "/desk/enter?service=revoke&kind=person&concerns=0A0B";
    let filled = seat.page(link).await;
    for told in ["value=\"revoke\" selected", "value=\"person\" selected", "value=\"0A0B\""] {
        assert!(filled.contains(told), "{told}: {filled}");
    }
}
