//! The evidence of a report on its page: opened by who works on it, by nobody else, on record, and gone at the end of its
//! term; and the forms that decide about that term (PIPL Art. 19; ESL Art. 24).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::browser::{Browser, text};
use crate::way::{self, Staff};
use crate::world::World;

use access::Action;
use app::voice::{Category, ComplaintWords, NewComplaint, NewEvidence, NewProblem};

const DAY: i64 = 24 * 3600;

/// An institution, who works on complaints, and who only reads them.
async fn staffed() -> (World, Staff, Staff) {
    let code = "12110101YX0000016B";
    let world = World::with(|settings| settings.institution.credit_code = code.into()).await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), Staff(way::key()));
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch.0);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    let reader = watch.appoint(access, "reader", "inspector").await;
    (world, head, reader)
}

/// A report with two files; its page.
async fn lodged(world: &World, head: &Staff) -> String {
    let text = "在公开的代码仓库中看到这张证书的私钥文件。".to_owned();
    let file =
        |name: &str, content: &[u8]| NewEvidence { name: name.into(), content: content.into() };
    let new = NewProblem {
        words: ComplaintWords { text, ..ComplaintWords::default() },
        evidence: vec![file("泄露.key", b"-----BEGIN"), file("b.txt", b"1101")],
        proof: None,
    };
    let taken = world.institution.lodge_problem(new).await.unwrap().lodged;
    let permit = head.permit(world.institution.access(), Action::ReadVoice).await;
    let found = world.institution.open_complaint(&permit, &taken.number).await.unwrap().0;
    format!("/admin/complaints/{}", found.id)
}

async fn browser(world: &World, staff: &Staff) -> Browser {
    Browser::with(&staff.token(world.institution.access()).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_opened_by_who_works_on_it_and_is_gone_at_the_end_of_its_term() {
    let (world, head, reader) = staffed().await;
    let path = lodged(&world, &head).await;
    let subject = format!("complaint:{}", path.rsplit('/').next().unwrap());
    let opened = async || world.records("complaint.evidence-opened", &subject).await.len();
    let mut desk = browser(&world, &head).await;
    let close = |outcome: &'static str| {
        [("version", "1"), ("step", "close"), ("text", "已核实，没有泄露。"), ("outcome", outcome)]
    };
    // Whether a certificate was stopped for it decides how long it is kept: nothing is assumed.
    let silent = desk.post(&world, (&path, &path), &close("")).await;
    assert_eq!(silent.status.as_u16(), 422);
    let page = text(&silent);
    assert!(page.contains("href=\"#outcome\"") && page.contains("已核实，没有泄露。"), "{page}");
    let led = desk.post(&world, (&path, &path), &close("nothing")).await;
    let statement = text(&desk.get(&world, led.field("location")).await);
    assert!(statement.contains("没有证书因此暂停或者撤销"), "{statement}");
    desk.sign(&world, &led, &head.0).await;

    let (first, link) = (format!("{path}/evidence/1"), format!("href=\"{path}/evidence/1\""));
    let page = text(&desk.get(&world, &path).await);
    assert!(
        page.contains(&link) && page.contains("泄露.key") && page.contains("证据保存到"),
        "{page}"
    );
    let file = desk.get(&world, &first).await;
    assert_eq!((file.status.as_u16(), &*file.body), (200, &b"-----BEGIN"[..]));
    assert_eq!(file.field("content-type"), "application/octet-stream");
    assert_eq!(opened().await, 1);
    // Who only reads complaints sees that there is something, and what it is called.
    let mut other = browser(&world, &reader).await;
    let page = text(&other.get(&world, &path).await);
    assert!(page.contains("泄露.key") && !page.contains(&link), "{page}");
    assert_eq!(other.get(&world, &first).await.status.as_u16(), 403);
    assert_eq!(opened().await, 1);

    world.pass(i64::from(world.institution.settings().voice.evidence_days) * DAY + 1);
    assert_eq!(world.institution.erase_evidence().await.unwrap(), 1);
    let mut desk = browser(&world, &head).await;
    let page = text(&desk.get(&world, &path).await);
    assert!(page.contains("按保存期限销毁") && !page.contains(&link), "{page}");
    assert!(!page.contains("泄露.key"), "its name is gone with it");
    assert!(!page.contains("证据保存到") && page.contains("内容和答复保存到"), "{page}");
    let gone = desk.get(&world, &first).await;
    assert_eq!(gone.status.as_u16(), 422);
    assert!(text(&gone).contains("按保存期限销毁"));
    assert_eq!(opened().await, 1, "nothing was opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_set_and_lifted_on_the_page_by_a_signature() {
    let (world, head, reader) = staffed().await;
    let path = lodged(&world, &head).await;
    let to = format!("{path}/keep");
    let mut desk = browser(&world, &head).await;
    let wrong = desk.post(&world, (&path, &to), &[("version", "1"), ("reason", "查")]).await;
    let page = text(&wrong);
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(page.contains("href=\"#keep\"") && page.contains("href=\"#reason\""), "{page}");
    for (version, step, word, said) in [
        ("1", "hold", "暂缓销毁", "已暂缓销毁：解除之前"),
        ("2", "free", "解除暂缓销毁", "届时自动销毁"),
    ] {
        let fields = [("version", version), ("keep", step), ("reason", "某区人民法院调取")];
        let led = desk.post(&world, (&path, &to), &fields).await;
        let statement = text(&desk.get(&world, led.field("location")).await);
        assert!(statement.contains(word) && statement.contains("人民法院"), "{statement}");
        let done = desk.sign(&world, &led, &head.0).await;
        assert_eq!(done.field("location"), path);
        let page = text(&desk.get(&world, &path).await);
        assert!(page.contains(said) && page.contains("某区人民法院调取"), "{page}");
        assert_eq!(page.contains("解除之前，内容和证据都不销毁"), step == "hold");
    }
    let mut other = browser(&world, &reader).await;
    let page = text(&other.get(&world, &path).await);
    assert!(page.contains("保存期限") && !page.contains("name=\"keep\""), "{page}");
    // A page that has no form gives a token all the same: another one's.
    let fields = [("version", "3"), ("keep", "hold"), ("reason", "某区人民法院调取")];
    let denied = other.post(&world, ("/complaints", &to), &fields).await;
    assert_eq!(denied.status.as_u16(), 403);
}

/// A complaint without evidence that is about no certificate: its page says nothing of either.
#[tokio::test(flavor = "multi_thread")]
async fn a_complaint_about_a_service_is_said_to_have_no_evidence_and_no_outcome() {
    let (world, head, _) = staffed().await;
    let text = "窗口工作人员没有一次告知需要的材料。".to_owned();
    let words = ComplaintWords { text, ..ComplaintWords::default() };
    let new = NewComplaint { category: Category::Service, words };
    let taken = world.institution.lodge_complaint(new).await.unwrap();
    let permit = head.permit(world.institution.access(), Action::ReadVoice).await;
    let found = world.institution.open_complaint(&permit, &taken.number).await.unwrap().0;
    let path = format!("/admin/complaints/{}", found.id);
    let mut desk = browser(&world, &head).await;
    let close = [("version", "1"), ("step", "close"), ("text", "情况属实，已补充告知。")];
    let led = desk.post(&world, (&path, &path), &close).await;
    desk.sign(&world, &led, &head.0).await;
    let page = text_of(&mut desk, &world, &path).await;
    assert!(page.contains("内容和答复保存到"), "{page}");
    let fields = [("version", "2"), ("keep", "hold"), ("reason", "某区人民法院调取")];
    let led = desk.post(&world, (&path, &format!("{path}/keep")), &fields).await;
    desk.sign(&world, &led, &head.0).await;
    let held = text_of(&mut desk, &world, &path).await;
    assert!(held.contains("解除之前，内容和答复都不销毁"), "{held}");
    for page in [page, held] {
        assert!(!page.contains("证据") && !page.contains("对证书状态的影响"), "{page}");
    }
}

async fn text_of(desk: &mut Browser, world: &World, path: &str) -> String {
    text(&desk.get(world, path).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_are_none_of_ours_are_told_beside_the_field() {
    let (world, head, _) = staffed().await;
    let path = lodged(&world, &head).await;
    let mut desk = browser(&world, &head).await;
    let fields = [
        ("version", "1"),
        ("step", "close"),
        ("text", "已核实并撤销。"),
        ("outcome", "changed"),
        ("serials", "1A2B 3C"),
    ];
    let wrong = desk.post(&world, (&path, &path), &fields).await;
    let page = text(&wrong);
    assert_eq!(wrong.status.as_u16(), 422);
    assert!(page.contains("href=\"#serials\"") && page.contains("不是本机构"), "{page}");
    assert!(page.contains(">1A2B 3C</textarea>"), "nothing typed is lost: {page}");
    let order = world.order("r1", "person", app::Act::New, &way::key());
    let serial = world.institution.enrol(order).await.unwrap().sign.record.serial.to_hex();
    let upper = serial.to_uppercase();
    let groups = upper.as_bytes().chunks(4).map(|four| std::str::from_utf8(four).unwrap());
    let groups = groups.collect::<Vec<_>>().join(" ");
    let fields =
        fields.map(|(name, value)| (name, if name == "serials" { &*groups } else { value }));
    let led = desk.post(&world, (&path, &path), &fields).await;
    desk.sign(&world, &led, &head.0).await;
    let page = text(&desk.get(&world, &path).await);
    assert!(page.contains(&format!("/admin/certificates/{serial}")), "{page}");
}
