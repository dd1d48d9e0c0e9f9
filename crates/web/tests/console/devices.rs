//! Certified devices: the register on the page of administrators, attestations handed in at the counter, shown to
//! the reviewer, kept with the certificate and downloaded as they came (Measures Art. 20 ¶2; check C20-1).

use access::Action;
use gm::sm2::PrivateKey;
use jiff::{SignedDuration, Timestamp};
use pki::attestation::day_in_china;
use testkit::maker::{MAKER, Maker};

use super::office::{Office, unescaped};
use crate::way::{Way, key};
use crate::world::request;

fn entry(model: &str, until: Timestamp) -> String {
    format!(
        "[[product]]\nmaker = \"{MAKER}\"\nmodel = \"{model}\"\ncertificate = \"GM0099-{model}\"\nlevel = 2\n\
         valid_from = \"2020-01-01\"\nvalid_until = \"{}\"\nuses = [\"subscriber\"]\nroot = \"maker.der\"\n",
        day_in_china(until)
    )
}

/// An institution with products of a maker; persons must have an attestation, others may.
async fn with_products(maker: &Maker) -> Office {
    let mut office = Office::new().await;
    let path = office.world.institution.layout().products();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path.with_file_name("maker.der"), maker.root.certificate.der()).unwrap();
    let in_days = |days: i64| office.world.now() + SignedDuration::from_hours(24 * days);
    let entries = [
        entry("KEY-200", in_days(800)),
        entry("KEY-SOON", in_days(30)),
        entry("KEY-OLD", in_days(-1)),
    ];
    let text = format!("[attestation]\nperson = \"required\"\n{}", entries.concat());
    std::fs::write(&path, text).unwrap();
    office.world = office.world.restarted(|_| ()).await.unwrap();
    office
}

/// An application that waits for its key.
async fn agreed(office: &Office) -> Way<'_> {
    let mut way = Way::begin(&office.world.institution).await;
    way.fill_and_submit().await;
    way.proof(&office.clerk).await;
    way.approve(&office.reviewer).await.unwrap();
    way.agree().await;
    way
}

fn csr(key: &PrivateKey) -> String {
    pki::pem::encode(pki::pem::REQUEST, &request(key, "甄有印")).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn registered_products_are_listed_with_their_terms_in_words_and_what_is_demanded() {
    let bare = Office::new().await;
    let page = bare.seat(&bare.head).await.page("/admin/devices").await;
    assert!(page.contains("还没有登记密码产品") && page.contains("没有商用密码产品认证证书"));
    let office = with_products(&Maker::new()).await;
    let page = office.seat(&office.head).await.page("/admin/devices").await;
    for told in ["KEY-200", "GM0099-KEY-200", "还有 30 天到期", "已过期", "二级", "用户密钥"]
    {
        assert!(page.contains(told), "{told}: {page}");
    }
    assert!(page.contains("必须提交设备证明") && page.contains("可以不提交，如实记录"));
    let health = office.world.institution.examine(false).await;
    let product = health.iter().find(|check| check.name == "product").unwrap();
    assert!(product.detail.contains("没有商用密码产品认证证书"), "{}", product.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attestation_is_taken_at_the_counter_shown_to_the_reviewer_and_downloaded_as_it_came() {
    let maker = Maker::new();
    let office = with_products(&maker).await;
    let mut way = agreed(&office).await;
    let (clerk, reviewer) = (office.seat(&office.clerk).await, office.seat(&office.reviewer).await);
    let id = way.application.id.to_string();
    let (desk, counter) = (format!("/desk/applications/{id}"), format!("/desk/enter/{id}/key"));
    assert!(!reviewer.page(&desk).await.contains("签名密钥的设备证明"), "no key yet");
    assert!(clerk.page(&counter).await.contains("此类证书必须提交"));
    let (request, version) = (csr(&way.key), way.application.version.to_string());
    let device = maker.device("KEY-200", "SN-0001");
    let good = device.attest(way.key.public_key());
    let old = maker.device("KEY-OLD", "SN-2").attest(way.key.public_key());
    let other = device.attest(key().public_key());
    for (attestation, told) in [
        ("", "须由通过检测认证的密码设备生成"),
        (&*old, "已经过期"),
        (&*other, "与证书请求的公钥不同"),
        ("-----BEGIN PRIVATE KEY-----", "混有私钥"),
    ] {
        let fields = [("csr", &*request), ("attestation", attestation), ("version", &*version)];
        let answer = clerk.post(&counter, &fields).await;
        let text = unescaped(&String::from_utf8(answer.body).unwrap());
        assert_eq!(answer.status.as_u16(), 422, "{text}");
        assert!(text.contains(told) && text.contains("第二十条第二款"), "{told}: {text}");
        // Beside its field, and nothing that was typed is lost, but for a private key.
        assert!(text.contains("attestation-error") && text.contains("BEGIN CERTIFICATE REQUEST"));
        assert!(!text.contains("BEGIN PRIVATE KEY"));
    }
    let fields = [("csr", &*request), ("attestation", &*good), ("version", &*version)];
    let answer = clerk.post(&counter, &fields).await;
    assert_eq!(answer.status.as_u16(), 303, "{}", String::from_utf8_lossy(&answer.body));
    let page = reviewer.page(&desk).await;
    for told in ["已验证设备证明", "KEY-200", "GM0099-KEY-200", "SN-0001"] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let file = reviewer.get(&format!("{desk}/attestation")).await;
    assert!(file.field("content-disposition").starts_with("attachment"));
    assert_eq!(String::from_utf8(file.body).unwrap(), good);
    let permit = office.reviewer.permit(office.world.institution.access(), Action::ReadApplication);
    way.application = way.ra().application(&permit.await, &way.application.id).await.unwrap();
    let serial = way.application.state.serials().unwrap().sign.clone();
    let auditor = office.seat(&office.inspector).await;
    let page = auditor.page(&format!("/admin/certificates/{serial}")).await;
    assert!(page.contains("已验证设备证明") && page.contains("SN-0001"), "{page}");
    let file = auditor.get(&format!("/admin/certificates/{serial}/attestation")).await;
    assert_eq!(String::from_utf8(file.body).unwrap(), good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_software_key_is_shown_as_without_attestation_everywhere() {
    let office = Office::new().await;
    let mut way = agreed(&office).await;
    way.request().await.unwrap();
    way.issue().await;
    let reviewer = office.seat(&office.reviewer).await;
    let desk = format!("/desk/applications/{}", way.application.id);
    assert!(reviewer.page(&desk).await.contains("未提供设备证明"));
    assert_eq!(reviewer.get(&format!("{desk}/attestation")).await.status.as_u16(), 404);
    let serial = way.application.state.serials().unwrap().sign.clone();
    let auditor = office.seat(&office.inspector).await;
    let page = auditor.page(&format!("/admin/certificates/{serial}")).await;
    assert!(page.contains("未提供设备证明"), "{page}");
    let kind = "application.requested";
    let records = office.world.records(kind, &way.application.subject()).await;
    assert_eq!(records[0].body["attestation"]["verdict"], "absent");
}

/// What is found out about a device between the coming of its key and the making of the certificate still counts.
#[tokio::test(flavor = "multi_thread")]
async fn for_a_device_that_was_blocked_after_its_key_came_no_certificate_is_made() {
    let maker = Maker::new();
    let mut office = with_products(&maker).await;
    let mut way = agreed(&office).await;
    let csr = pki::CertificationRequest::from_der(&request(&way.key, "甄有印")).unwrap();
    let possession = csr.prove_possession(&gm::UserId::default()).unwrap();
    let attestation = maker.device("KEY-200", "SN-0001").attest(way.key.public_key());
    let permit = way.own(Action::RequestCertificate).await;
    let proof = (&possession, Some(attestation.as_bytes()));
    way.application = way.ra().request(&permit, &way.application.at(), proof).await.unwrap();
    let Way { application, key, .. } = way;
    let path = office.world.institution.layout().products();
    let text = std::fs::read_to_string(&path).unwrap();
    let model = "model = \"KEY-200\"\n";
    let text = text.replacen(model, &format!("{model}blocked = [\"SN-0001\"]\n"), 1);
    std::fs::write(&path, text).unwrap();
    office.world = office.world.restarted(|_| ()).await.unwrap();
    let way = Way { institution: &office.world.institution, application, key };
    let permit = way.own(Action::IssueApplication).await;
    let error = way.institution.issue_application(&permit, &way.application.at()).await;
    assert_eq!(error.unwrap_err().code(), "attestation.device-blocked");
    // Refused for good: the applicant hands in another key. No number of a device stands in the journal.
    let subject = way.application.subject();
    let records = office.world.records("application.issue-failed", &subject).await;
    assert_eq!(records[0].body["code"], "attestation.device-blocked");
    let refused = store::Filter { kind: Some("enrolment.refused".into()), ..Default::default() };
    let records = way.institution.store().records(&refused, store::Page::default()).await.unwrap();
    assert!(records.len() == 1 && !records[0].leaf.contains("SN-0001"));
}
