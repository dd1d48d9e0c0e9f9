//! Certificates: found, read out, masked, and told as relying parties hear of them.

use app::Act;
use app::lifecycle::Change;
use ca::{Revocation, RevocationReason};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use store::Actor;

use super::office::Office;
use crate::way::Way;

async fn issued(office: &Office, id: &str) -> pki::Certificate {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let order = office.world.order(id, "person", Act::New, &key);
    office.world.institution.enrol(order).await.unwrap().sign.certificate
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_is_found_and_its_holder_is_masked_everywhere() {
    let office = Office::new().await;
    let sign = issued(&office, "console-1").await;
    issued(&office, "console-2").await;
    let serial = sign.serial().to_hex();
    let seat = office.seat(&office.head).await;
    let all = seat.page("/admin/certificates").await;
    assert!(all.contains(&serial) && all.contains("张**") && !all.contains("张三"), "{all}");
    let spaced = serial.to_uppercase();
    let one = seat.page(&format!("/admin/certificates?q=0x{spaced}")).await;
    assert!(one.contains("符合条件的有 1 张"), "{one}");
    let pair = seat.page("/admin/certificates?q=console-1").await;
    assert!(pair.contains("符合条件的有 2 张"), "both of the pair");
    assert!(seat.page("/admin/certificates?state=revoked").await.contains("没有符合条件"));
    let ended = seat.page("/admin/certificates?state=good&to=2026-01-01").await;
    assert!(ended.contains("没有符合条件"));
    let file = seat.file("/admin/certificates/export.csv?profile=person-sign").await;
    assert!(file.contains(&serial) && file.contains("张**") && !file.contains("张三"));
    assert_eq!(file.trim_end().lines().count(), 3);

    let page = seat.page(&format!("/admin/certificates/{serial}")).await;
    for told in [
        "个人签名证书",
        "数字签名、防抵赖",
        "good（有效）",
        "验证通过",
        "签发证书",
        "SM2（256 位）",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(!page.contains("张三"));
    let der = seat.get(&format!("/admin/certificates/{serial}/der")).await;
    assert_eq!(der.body, sign.der());
    let pem = seat.get(&format!("/admin/certificates/{serial}/pem")).await;
    assert_eq!(pki::Certificate::from_pem_or_der(&pem.body).unwrap().der(), sign.der());
    assert_eq!(seat.get("/admin/certificates/0102").await.status.as_u16(), 404);
    assert_eq!(seat.get("/admin/certificates/zz").await.status.as_u16(), 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_tells_why_by_whom_and_relying_parties_hear_it() {
    let office = Office::new().await;
    let sign = issued(&office, "console-3").await;
    let reason = RevocationReason::CessationOfOperation;
    let change = Change::Revoke(Revocation { reason, invalid_since: None });
    office.world.institution.change(sign.serial(), change, Actor::system()).await.unwrap();
    let seat = office.seat(&office.inspector).await;
    let page = seat.page(&format!("/admin/certificates/{}", sign.serial().to_hex())).await;
    for told in ["已撤销", "revoked（已撤销或暂停）", "撤销证书", reason.chinese(), "系统"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(page.contains("href=\"/admin/journal/"), "who reads the journal comes to the record");
    let clerk = office.seat(&office.clerk).await;
    let plain = clerk.page(&format!("/admin/certificates/{}", sign.serial().to_hex())).await;
    assert!(plain.contains("撤销证书") && !plain.contains("href=\"/admin/journal/"), "{plain}");
    assert!(seat.page("/admin/certificates?state=revoked").await.contains("符合条件的有 2 张"));
}

async fn held(office: &Office) -> String {
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

#[tokio::test(flavor = "multi_thread")]
async fn another_ground_of_an_order_keeps_what_was_typed() {
    let office = Office::new().await;
    let page = format!("/admin/certificates/{}", held(&office).await);
    let seat = office.seat(&office.head).await;
    let (typed, paper) = ("来电核实后发现地址不符，正在调查", "（2026）云01执协1号");
    let path = format!("{page}/suspend");
    for ground in ["ordered-hold", "inquiry", "ordered-hold"] {
        let fields =
            [("ground", ground), ("document_number", paper), ("account", typed), ("choose", "yes")];
        let again = seat.post(&path, &fields).await;
        assert_eq!(again.status.as_u16(), 200, "{ground}");
        let again = text(again);
        // The number of a paper stays for the ground that wants one.
        assert!(again.contains(typed) && again.contains(paper), "{ground}: {again}");
        assert!(again.contains(&format!("value=\"{ground}\" selected")), "{again}");
    }
    let fields = [
        ("ground", "false-materials"),
        ("requester", "审核部门"),
        ("account", typed),
        ("choose", "yes"),
    ];
    let path = format!("{page}/revoke");
    let again = seat.upload(&path, (&fields, "evidence-finding")).await;
    assert_eq!(again.status.as_u16(), 422, "a file that was chosen is gone, and that is said");
    let again = text(again);
    for told in [typed, "审核部门", "已选的文件须重新选择"] {
        assert!(again.contains(told), "{told}: {again}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn that_an_order_was_carried_out_is_told_to_who_signed_it_and_not_by_an_address_alone() {
    let office = Office::new().await;
    let page = format!("/admin/certificates/{}", held(&office).await);
    let seat = office.seat(&office.head).await;
    let back = format!("{page}?done=yes");
    assert!(!seat.page(&back).await.contains("已经办理"), "nothing was ordered");
    let fields = [("ground", "inquiry"), ("account", "正在核查申请材料")];
    let to_sign = seat.order(&format!("{page}/suspend"), &fields).await;
    assert_eq!(seat.sign(&to_sign).await.field("location"), back);
    assert!(seat.page(&back).await.contains("已经办理"));
    assert!(!seat.page(&page).await.contains("已经办理"));
    for other in [&office.clerk, &office.inspector] {
        let other = office.seat(other).await;
        assert!(!other.page(&back).await.contains("已经办理"), "another's order");
    }
    office.world.pass(11 * 60);
    assert!(!seat.page(&back).await.contains("已经办理"), "old news");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_an_application_are_found_by_its_number() {
    let office = Office::new().await;
    let mut way = Way::begin(&office.world.institution).await;
    way.fill_and_submit().await;
    way.proof(&office.clerk).await;
    way.approve(&office.reviewer).await.unwrap();
    way.agree_and_request().await;
    way.issue().await;
    let serial = way.application.state.serials().unwrap().sign.clone();
    let seat = office.seat(&office.head).await;
    let address = format!("/admin/certificates?q={}", way.application.number);
    let found = seat.page(&address).await;
    assert!(found.contains(&serial) && found.contains("符合条件的有 2 张"), "{found}");
    let page = seat.page(&format!("/admin/certificates/{serial}")).await;
    assert!(page.contains(&format!("/desk/applications/{}", way.application.id)), "{page}");
    assert!(!page.contains("甄有印"));
    // Neither queue nor statistics names anybody, on the page or in the file.
    let clerk = office.seat(&office.clerk).await;
    let file = clerk.file("/desk/export.csv?queue=all").await;
    assert!(file.contains(way.application.number.as_str()) && file.contains("已签发，待交付"));
    assert!(!file.contains("甄有印") && !file.contains("甄"), "{file}");
}
