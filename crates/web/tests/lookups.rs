//! Lists of the staff as browsers meet them: what is looked for is found, turned, taken along as a file;
//! failed messages are tried again with a signature; the key of the journal is everybody's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::way;
use crate::world;

use crate::browser;
use crate::staffed;

use std::process::Command;

use access::{Action, Role};
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
    assert!(page.contains("重新发送通知") && page.contains("通知条数"));
    // In words, and nobody's whole address.
    assert!(page.contains(&format!("申请 {number} 的签发通知（邮件，发给 ")), "{page}");
    let sample = way.ra().catalogue().kind("person").unwrap().clone();
    let address = sample.fields.iter().find(|field| field.name == "email").unwrap();
    let domain = address.sample.split_once('@').unwrap().1;
    assert!(!page.contains(&address.sample) && page.contains(&format!("*@{domain}）")));
    assert!(!page.contains(&id), "a row of digits tells nobody anything");
    let done = desk.sign(&office.world, &led, &office.head.0).await;
    assert_eq!(done.field("location"), "/admin/messages?state=queued");
    let queued = office.page(&office.head, "/admin/messages?state=queued").await;
    assert!(queued.contains(way.application.id.as_str()));
    let led = desk.post(&office.world, here, &[("which", "all")]).await;
    let page = text(&desk.get(&office.world, led.field("location")).await);
    let at = page
        .split("重发此时已经失败的全部通知</dt>")
        .nth(1)
        .and_then(|rest| rest.split("</dd>").next());
    assert!(at.is_some_and(|at| at.contains('年') && !at.contains('T')), "{page}");
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

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_found_across_applications_and_an_office_finds_its_own_only() {
    let staffed = staffed::Staffed::new().await;
    let (world, institution) = (&staffed.world, &staffed.world.institution);
    let mut way = Way::begin(institution).await;
    way.fill_and_submit().await;
    institution.sweep_letters().await.unwrap();
    let clerk = &staffed.keys[&Role::EntryClerk];
    let page = async |staff: &Staff, path: &str| {
        let mut browser = Browser::with(&staff.token(institution.access()).await);
        let answer = browser.get(world, path).await;
        (answer.status.as_u16(), text(&answer))
    };
    let inspector = &staffed.keys[&Role::Inspector];
    let (_, all) = page(inspector, "/desk/letters").await;
    // A receipt and the notices about each of three applications.
    assert!(all.contains("符合条件的有 6 份") && all.contains("受理回执"), "{all}");
    let own = way.application.number.to_string();
    let (_, one) = page(inspector, &format!("/desk/letters?q={own}&kind=receipt")).await;
    assert!(one.contains("符合条件的有 1 份") && one.contains(&own), "{one}");
    let base = format!("/desk/applications/{}/letters/", way.application.id);
    let link = one.split(&base).nth(1).unwrap().get(..32).unwrap().to_owned();
    let letters = institution.letters().unwrap();
    let listed = letters.of_application(way.application.id.as_str()).await.unwrap();
    let receipt = listed.iter().find(|one| one.id.to_string() == link).unwrap();
    let typed = receipt.number.replace('〔', " (").replace('〕', ")").replace('号', "");
    let found = format!("/desk/letters?q={}", encoded(&typed));
    let (_, found) = page(inspector, &found).await;
    assert!(found.contains("符合条件的有 1 份") && found.contains(&receipt.number), "{typed}");
    let opened = format!("{base}{link}");
    assert!(found.contains(&opened) && page(inspector, &opened).await.0 == 200);
    let (_, whole) = page(inspector, "/desk/letters?office=-").await;
    assert!(whole.contains("符合条件的有 2 份") && whole.contains(&own));
    // An office has its own applications, whatever it asks for.
    let (_, east) = page(clerk, "/desk/letters").await;
    assert!(east.contains("符合条件的有 2 份") && east.contains(&staffed.own));
    for foreign in [
        format!("?q={own}"),
        format!("?q={}", staffed.foreign_number),
        format!("?q={}", encoded(&receipt.number)),
    ] {
        let (_, none) = page(clerk, &format!("/desk/letters{foreign}")).await;
        assert!(none.contains("没有符合条件的文书"), "{foreign}");
        let (_, file) = page(clerk, &format!("/desk/letters/export.csv{foreign}")).await;
        assert_eq!(file.trim_end().lines().count(), 1, "{foreign}");
    }
    let west = staffed.offices[1].id.to_string();
    let (_, east) = page(clerk, &format!("/desk/letters?office={west}")).await;
    assert!(east.contains(&staffed.own) && !east.contains(&staffed.foreign), "no office to choose");
    let (_, file) = page(inspector, "/desk/letters/export.csv?to=2020-01-01").await;
    assert_eq!(file.trim_end().lines().count(), 1);
    assert_eq!(page(inspector, "/desk/letters?from=yesterday").await.0, 422);
    assert_eq!(page(inspector, "/desk/letters/export.csv?from=yesterday").await.0, 400);
    assert_eq!(page(&staffed.keys[&Role::SecurityAdmin], "/desk/letters").await.0, 403);
}

#[tokio::test(flavor = "multi_thread")]
async fn offices_and_people_are_searched_counted_and_taken_along() {
    let staffed = staffed::Staffed::new().await;
    let (world, institution) = (&staffed.world, &staffed.world.institution);
    let head = &staffed.keys[&Role::BusinessAdmin];
    let page = async |path: &str| {
        let mut browser = Browser::with(&head.token(institution.access()).await);
        let answer = browser.get(world, path).await;
        assert_eq!(answer.status.as_u16(), 200, "{path}");
        text(&answer)
    };
    let all = page("/admin/offices").await;
    assert!(all.contains("符合条件的有 2 个") && all.contains("东区受理点"));
    let found = format!("/admin/offices?q={}", encoded("东区"));
    let found = page(&found).await;
    assert!(found.contains("符合条件的有 1 个") && !found.contains("西区受理点"));
    let open = page("/admin/offices?state=open").await;
    assert!(open.contains("符合条件的有 2 个"));
    let none = page("/admin/offices?state=suspended").await;
    assert!(none.contains("没有符合条件的注册机构"));
    let file = page(&format!("/admin/offices.csv?q={}", encoded("西区"))).await;
    assert!(file.contains("西区受理点") && !file.contains("东区受理点"));
    let people = page("/admin/people?role=entry_clerk").await;
    assert!(people.contains("符合条件的有 2 人"), "{people}");
    let one = page("/admin/people?q=far_entry").await;
    assert!(one.contains("符合条件的有 1 人") && one.contains("far_entry_clerk"));
    let beyond = page("/admin/people?page=9").await;
    assert!(beyond.contains("第 9 页，共 1 页") && beyond.contains("href=\"/admin/people\""));
    // Everybody looks by name and place, and at nothing else.
    let mut anybody = Browser::default();
    let mut public =
        async |query: &str| text(&anybody.get(world, &format!("/offices{query}")).await);
    let both = public("?state=suspended").await;
    assert!(both.contains("东区受理点") && both.contains("西区受理点"));
    let east = public(&format!("?q={}", encoded("东区"))).await;
    assert!(east.contains("东区受理点") && !east.contains("西区受理点"));
    assert!(public(&format!("?q={}", encoded("北京"))).await.contains("找到 2 个受理点"));
    let none = public(&format!("?q={}", encoded("无此地"))).await;
    assert!(none.contains("没有找到") && none.contains("查看全部"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_at_the_desk_is_turned_and_nothing_of_it_is_cut_off() {
    let office = Office::new().await;
    let mut first = String::new();
    for at in 0..51 {
        let mut way = Way::begin(&office.world.institution).await;
        way.fill_with(&[]).await;
        if at == 0 {
            first = way.application.id.to_string();
            office.world.pass(1);
        }
    }
    let ra = office.world.institution.registration().unwrap();
    let name = ra.catalogue().kind("person").unwrap().field("holder_name").unwrap().sample.clone();
    let asked = format!("?field=name&q={}", encoded(&name));
    let page = office.page(&office.clerk, &format!("/desk{asked}")).await;
    assert!(page.contains("找到 51 件") && page.contains("第 1 页，共 2 页"), "{page}");
    assert!(!page.contains(&first), "the newest first");
    let next = page.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&").replace("&amp;", "&");
    let second = office.page(&office.clerk, &next).await;
    assert!(second.contains(&first) && second.contains("rel=\"prev\""), "{next}");
    let file = office.page(&office.clerk, &format!("/desk/export.csv{asked}")).await;
    assert_eq!(file.trim_end().lines().count(), 52);
    // The queue itself goes on behind marks and is counted for people.
    let page = office.page(&office.clerk, "/desk?queue=all").await;
    assert!(page.contains("共 51 件") && page.contains("第 1 页，共 2 页"), "{page}");
    let next = page.split("rel=\"next\"").next().unwrap().rsplit("href=\"").next().unwrap();
    let next = next.split('"').next().unwrap().replace("&#38;", "&");
    let second = office.page(&office.clerk, &next).await;
    assert!(second.contains("第 2 页，共 2 页") && second.contains("rel=\"prev\""), "{next}");
    assert!(page.contains(&first) && !second.contains(&first), "the longest waiting first");
    let file = office.page(&office.clerk, "/desk/export.csv?queue=all").await;
    assert_eq!(file.trim_end().lines().count(), 52);
    let mut desk = office.browser(&office.clerk).await;
    for wrong in [
        "/desk?after=x",
        "/desk/revocations?page=x",
        "/desk/batches?page=0",
        "/desk/expiring?after=x",
    ] {
        assert_eq!(desk.get(&office.world, wrong).await.status.as_u16(), 400, "{wrong}");
    }
    let wrong = desk.get(&office.world, "/desk?field=number&q=2026-12").await;
    let said = text(&wrong);
    assert!(wrong.status.as_u16() == 422 && said.contains("id=\"q-error\""), "{said}");
    assert!(said.contains("value=\"2026-12\""), "what was typed is there again");
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
        assert!(std::env::var_os("YINXIN_JUDGES_PYTHON").is_none(), "openssl is missing");
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
