//! Lists of the staff as browsers meet them: what is looked for is found, turned, taken along as a file;
//! failed messages are tried again with a signature; the key of the journal is everybody's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

#[path = "../../app/tests/way/mod.rs"]
mod way;
#[path = "../../app/tests/world/mod.rs"]
mod world;

mod browser;
mod door;

use std::process::Command;

use access::Action;
use app::notify::{MailSettings, MailTls};
use app::voice::{Category, ComplaintWords, Level, NewComplaint};
use browser::{Browser, text};
use gm::Signature;
use tlog::export::Head;
use tlog::note::SignedNote;
use way::{Staff, Way};
use world::World;

struct Office {
    world: World,
    chief: Staff,
    head: Staff,
    clerk: Staff,
    reviewer: Staff,
    inspector: Staff,
}

impl Office {
    async fn new() -> Self {
        let code = "12110101YX0000016B";
        let world = World::with(|settings| {
            settings.institution.credit_code = code.into();
            // Nobody listens there: mail fails, again and again.
            settings.mail = MailSettings {
                host: "127.0.0.1".into(),
                port: 1,
                tls: MailTls::None,
                from: "测试认证中心 <noreply@example.cn>".into(),
                ..MailSettings::default()
            };
        })
        .await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(way::key()), Staff(way::key()));
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch.0);
        access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let inspector = watch.appoint(access, "inspector", "inspector").await;
        let clerk = head.appoint(access, "clerk", "entry_clerk").await;
        let reviewer = head.appoint(access, "reviewer", "reviewer").await;
        Self { world, chief, head, clerk, reviewer, inspector }
    }

    async fn browser(&self, staff: &Staff) -> Browser {
        Browser::with(&staff.token(self.world.institution.access()).await)
    }

    async fn page(&self, staff: &Staff, path: &str) -> String {
        let answer = self.browser(staff).await.get(&self.world, path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}: {}", text(&answer));
        text(&answer)
    }

    async fn delivered(&self) -> Way<'_> {
        let mut way = Way::begin(&self.world.institution).await;
        way.fill_and_submit().await;
        way.proof(&self.clerk).await;
        way.approve(&self.reviewer).await.unwrap();
        way.agree_and_request().await;
        way.issue().await;
        let permit = way.own(Action::DeliverCertificate).await;
        let at = way.application.at();
        way.application = self.world.institution.deliver_application(&permit, &at).await.unwrap();
        way
    }

    async fn rated(&self, level: u8, remark: &str) -> String {
        let mut way = Way::begin(&self.world.institution).await;
        let permit = way.own(Action::WithdrawApplication).await;
        way.application = way.ra().withdraw(&permit, &way.application.at()).await.unwrap();
        let permit = way.own(Action::RateService).await;
        let level = Level::new(level).unwrap();
        self.world.institution.rate(&permit, &way.application, (level, remark)).await.unwrap();
        way.application.number.to_string()
    }

    async fn complain(&self, said: &str) -> String {
        let words = ComplaintWords { text: said.into(), ..ComplaintWords::default() };
        let new = NewComplaint { category: Category::Service, words };
        self.world.institution.lodge_complaint(new).await.unwrap().number
    }
}

fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn ratings_are_searched_turned_and_taken_along_without_what_was_written() {
    let office = Office::new().await;
    let bad = office.rated(1, "=没人接电话").await;
    office.world.pass(1);
    for _ in 0..21 {
        office.rated(5, "很快").await;
    }
    let waiting = office.page(&office.head, "/admin/ratings").await;
    assert!(waiting.contains(&bad) && waiting.contains("去签名") && !waiting.contains("很快"));
    let all = office.page(&office.head, "/admin/ratings?list=all").await;
    assert!(all.contains("符合全部条件的有 22 件"), "{all}");
    assert!(all.contains("第 1 页，共 2 页") && !all.contains(&bad), "the newest first");
    let second = office.page(&office.head, "/admin/ratings?list=all&page=2").await;
    assert!(second.contains(&bad) && second.contains("rel=\"prev\""));
    let said = format!("/admin/ratings?list=all&q={}", encoded("接电话"));
    let said = office.page(&office.head, &said).await;
    assert!(said.contains(&bad) && said.contains("符合全部条件的有 1 件"));
    let none = office.page(&office.head, "/admin/ratings?list=all&to=2020-01-01").await;
    assert!(none.contains("没有符合条件的评价"));
    let file = office.page(&office.head, "/admin/ratings/export?list=all&level=1").await;
    assert!(file.starts_with('\u{feff}') && file.contains(&bad) && !file.contains("接电话"));
    assert_eq!(file.trim_end().lines().count(), 2);
    let reads = office.page(&office.inspector, "/admin/ratings").await;
    assert!(reads.contains(&bad) && !reads.contains("去签名"), "who only reads answers nothing");
    let mut desk = office.browser(&office.head).await;
    let wrong = desk.get(&office.world, "/admin/ratings?from=yesterday").await;
    assert_eq!(wrong.status.as_u16(), 422);
    let wrong = desk.get(&office.world, "/admin/ratings?page=0").await;
    assert_eq!(wrong.status.as_u16(), 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn complaints_are_found_by_words_and_those_that_are_overdue_stand_on_the_front_page() {
    let office = Office::new().await;
    let number = office.complain("窗口没有一次告知需要的材料。").await;
    let other = office.complain("下载页面打不开，已经试过三次。").await;
    let found = format!("/admin/complaints?q={}", encoded("一次告知"));
    let found = office.page(&office.head, &found).await;
    assert!(found.contains(&number) && !found.contains(&other) && !found.contains("窗口没有"));
    let found = office.page(&office.head, &format!("/admin/complaints?q={other}")).await;
    assert!(found.contains("符合条件的有 1 件") && !found.contains(&number));
    let front = office.page(&office.head, "/admin").await;
    assert!(front.contains("href=\"/admin/complaints\"") && !front.contains("件超期"));
    office.world.pass(30 * 86_400);
    let front = office.page(&office.head, "/admin").await;
    assert!(front.contains("2 件超期"), "{front}");
    let over = office.page(&office.head, "/admin/complaints?overdue=1").await;
    assert!(over.contains(&number) && over.contains(&other));
    let file = office.page(&office.head, "/admin/complaints/export?overdue=1").await;
    assert_eq!(file.trim_end().lines().count(), 3);
    // Who may not open them has no tile and learns no number.
    let front = office.page(&office.clerk, "/admin").await;
    for path in ["/admin/complaints", "/admin/ratings", "/admin/messages"] {
        assert!(!front.contains(&format!("href=\"{path}\"")), "{path}");
    }
    assert!(!front.contains("件超期"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_to_a_wrong_code_is_one_page_whether_the_number_exists_or_is_locked() {
    let office = Office::new().await;
    let number = office.complain("窗口没有一次告知需要的材料。").await;
    let mut pages = Vec::new();
    let mut anybody = Browser::default();
    for (number, times) in [(number.as_str(), 7), ("TS2026010199999", 7), (number.as_str(), 1)] {
        for _ in 0..times {
            let here = ("/complaints/progress", "/complaints/progress");
            let fields = [("number", number), ("code", "0000 0000 0000")];
            let answer = anybody.post(&office.world, here, &fields).await;
            let page = text(&answer).replace(number, "");
            pages.push((answer.status.as_u16(), page));
            // Nobody is counted by source here: the rate of the door is another matter.
            office.world.pass(30);
        }
    }
    assert!(pages.iter().all(|(status, _)| *status == 422), "{:?}", pages[0]);
    let error = |page: &str| {
        page.split("id=\"number-error\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    };
    let first = error(&pages[0].1);
    assert!(pages.iter().all(|(_, page)| error(page) == first));
}

#[tokio::test(flavor = "multi_thread")]
async fn failed_messages_are_shown_with_their_reasons_and_tried_again_by_a_signed_order() {
    let office = Office::new().await;
    let way = office.delivered().await;
    office.delivered().await;
    for _ in 0..11 {
        office.world.pass(7 * 3600);
        office.world.institution.send_messages().await.unwrap();
    }
    let front = office.page(&office.head, "/admin").await;
    assert!(front.contains("2 条发送失败"), "{front}");
    let list = office.page(&office.head, "/admin/messages").await;
    assert!(list.contains("连不上邮件服务器") && list.contains("<td class=\"number\">10</td>"));
    let number = way.application.number.as_str();
    let one = office.page(&office.head, &format!("/admin/messages?q={number}")).await;
    assert!(one.contains("符合条件的有 1 条") && one.contains(&format!("申请 {number}")));
    let file = office.page(&office.head, "/admin/messages/export.csv?state=dead").await;
    assert!(file.starts_with('\u{feff}') && file.contains("连不上邮件服务器"));
    assert_eq!(file.trim_end().lines().count(), 3);
    // Who only reads has nothing to press, and may not.
    let reads = office.page(&office.chief, "/admin/messages").await;
    assert!(!reads.contains("/admin/messages/requeue"));

    let mut desk = office.browser(&office.head).await;
    let here = ("/admin/messages", "/admin/messages/requeue");
    let nothing = desk.post(&office.world, here, &[("which", "chosen")]).await;
    assert_eq!(nothing.status.as_u16(), 422);
    let id = one.split("name=\"message\" value=\"").nth(1).unwrap().get(..32).unwrap().to_owned();
    let fields = [("which", "chosen"), ("message", id.as_str())];
    let led = desk.post(&office.world, here, &fields).await;
    let path = led.field("location").to_owned();
    let page = text(&desk.get(&office.world, &path).await);
    assert!(page.contains("重新发送通知") && page.contains("通知条数") && page.contains(&id));
    let done = desk.sign(&office.world, &led, &office.head.0).await;
    assert_eq!(done.field("location"), "/admin/messages?state=queued");
    let queued = office.page(&office.head, "/admin/messages?state=queued").await;
    assert!(queued.contains(way.application.id.as_str()));
    let led = desk.post(&office.world, here, &[("which", "all")]).await;
    desk.sign(&office.world, &led, &office.head.0).await;
    let front = office.page(&office.head, "/admin").await;
    assert!(!front.contains("条发送失败"));
    assert_eq!(office.world.records("message.requeued", "messages").await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_end_soon_are_found_by_name_number_and_days() {
    let office = Office::new().await;
    let way = office.delivered().await;
    office.world.pass(330 * 86_400);
    let serial = way.application.state.serials().unwrap().sign.clone();
    let list = office.page(&office.clerk, "/desk/expiring").await;
    assert!(list.contains(&serial) && list.contains("受理机构"));
    let sample = way.ra().catalogue().kind("person").unwrap().clone();
    let name = sample.fields.iter().find(|field| field.name == "holder_name").unwrap();
    let name = encoded(&name.sample);
    let number = way.application.number.as_str();
    for found in [
        format!("?field=name&q={name}"),
        format!("?field=number&q={number}"),
        format!("?field=serial&q={}", serial.to_uppercase()),
        "?days=60&office=-".to_owned(),
    ] {
        let page = office.page(&office.clerk, &format!("/desk/expiring{found}")).await;
        assert!(page.contains(&serial), "{found}");
        let file = office.page(&office.clerk, &format!("/desk/expiring.csv{found}")).await;
        assert!(file.contains(&serial) && file.trim_end().lines().count() == 2, "{found}");
    }
    for nothing in ["?field=name&q=nobody", "?days=7", "?field=serial&q=0a0b"] {
        let page = office.page(&office.clerk, &format!("/desk/expiring{nothing}")).await;
        assert!(page.contains("没有符合条件的证书"), "{nothing}");
    }
    let mut desk = office.browser(&office.clerk).await;
    for wrong in ["?field=serial&q=zz", "?field=number&q=12"] {
        let answer = desk.get(&office.world, &format!("/desk/expiring{wrong}")).await;
        assert_eq!(answer.status.as_u16(), 422, "{wrong}");
    }
}

/// OpenSSL judges the checkpoint of an export with the key that everybody may fetch.
#[tokio::test(flavor = "multi_thread")]
async fn the_public_key_of_the_journal_verifies_an_export_outside_of_this_program() {
    let office = Office::new().await;
    let answer = Browser::default().get(&office.world, "/journal/key.pem").await;
    assert_eq!(answer.field("content-type"), "application/x-pem-file");
    let (_, key) = office.world.institution.store().checkpoint_key();
    let id = hex::encode(key.id()).to_uppercase();
    let shown = format!("{} {}", &id[..4], &id[4..]);
    let public = text(&Browser::default().get(&office.world, "/disclosure").await);
    let viewer = office.page(&office.inspector, "/admin/journal").await;
    for page in [&public, &viewer] {
        assert!(page.contains("/journal/key.pem") && page.contains(&shown), "{shown}");
        assert!(page.contains("--journal-key journal-key.pem"));
    }
    if Command::new("openssl").arg("version").output().is_err() {
        eprintln!("skipped: no openssl here");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, octets: &[u8]| std::fs::write(folder.path().join(name), octets);
    write("key.pem", &answer.body).unwrap();
    let openssl = |arguments: &[&str]| {
        let output =
            Command::new("openssl").current_dir(folder.path()).args(arguments).output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (is_read, said) = openssl(&["pkey", "-pubin", "-in", "key.pem", "-noout", "-text"]);
    assert!(is_read && said.contains("SM2"), "{said}");

    let mut export = Vec::new();
    let filter = store::Filter::default();
    office.world.institution.store().export(&filter, &mut export).await.unwrap();
    let first = String::from_utf8(export).unwrap().lines().next().unwrap().to_owned();
    let note = SignedNote::parse(&Head::parse(&first).unwrap().note).unwrap();
    let raw: [u8; 64] = note.signatures()[0].signature.as_slice().try_into().unwrap();
    write("note", note.unverified_text().as_bytes()).unwrap();
    write("sig", &Signature::from_raw(&raw).unwrap().to_der()).unwrap();
    let verify = ["pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-digest", "sm3"];
    let rest = ["-in", "note", "-sigfile", "sig", "-pkeyopt", "distid:1234567812345678"];
    let arguments = [&verify[..], &rest].concat();
    assert!(openssl(&arguments).0, "OpenSSL verifies what the journal signed");
    write("note", note.unverified_text().replacen('\n', " \n", 1).as_bytes()).unwrap();
    assert!(!openssl(&arguments).0, "and sees a change");
}
