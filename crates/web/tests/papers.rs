//! Letters, their verification, ratings, complaints and disclosure, as browsers meet them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests fail loudly")]

use crate::way;
use crate::world;

use crate::browser;

use access::Action;
use app::Act;
use browser::{Browser, text};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use letters::LetterKind;
use way::{Staff, Way};
use world::World;

async fn applicant(way: &Way<'_>) -> Browser {
    let access = way.institution.access();
    let id = way.application.id.as_str();
    let session = access.open_applicant_session(id, way::arrival()).await.unwrap();
    Browser::with(session.token.as_str())
}

async fn staffed() -> (World, Staff) {
    let code = "12110101YX0000016B";
    let world = World::with(|settings| settings.institution.credit_code = code.into()).await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), way::key());
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    (world, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_applicant_reads_a_letter_and_anybody_with_its_code_verifies_it() {
    let (world, _) = staffed().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    let mut own = applicant(&way).await;
    let list = text(&own.get(&world, "/application/letters").await);
    assert!(list.contains("受理回执") && list.contains("告知书"), "{list}");
    let id = list.split("/application/letters/").nth(1).unwrap().get(..32).unwrap().to_owned();
    let page = text(&own.get(&world, &format!("/application/letters/{id}")).await);
    let letters = world.institution.letters().unwrap();
    let letter = letters.read(&id.parse().unwrap()).await.unwrap();
    // The page has every block of the sheet.
    assert!(page.contains(&letter.sheet.number) && page.contains(&letter.sheet.code));
    for block in &letter.sheet.blocks {
        let said = match block {
            letters::Block::Paragraph { text } | letters::Block::Heading { text } => vec![text],
            letters::Block::List { items } => items.iter().collect(),
            letters::Block::Rows { rows } => rows.iter().map(|row| &row.value).collect(),
            letters::Block::Table { rows, .. } => rows.iter().flatten().collect(),
        };
        assert!(said.into_iter().all(|text| page.contains(text.as_str())), "{block:?}");
    }
    let data = own.get(&world, &format!("/application/letters/{id}/data")).await;
    assert_eq!(data.field("content-type"), "application/json");

    let here = ("/letters/verify", "/letters/verify");
    let holder = letter.sheet.addressee.clone().unwrap();
    let mut anybody = Browser::default();
    let fields = [("number", letter.sheet.number.as_str()), ("code", letter.sheet.code.as_str())];
    let found = text(&anybody.post(&world, here, &fields).await);
    assert!(found.contains("真实") && found.contains("验证通过") && found.contains(&holder));
    let fields = [("number", letter.sheet.number.as_str()), ("code", "0000-0000-0000-0000-0000")];
    let wrong = text(&anybody.post(&world, here, &fields).await);
    assert!(wrong.contains("未查到") && !wrong.contains(&holder));
    let file = String::from_utf8(data.body).unwrap();
    let by_file = text(&anybody.upload(&world, here, (&[], &file)).await);
    assert!(by_file.contains("真实") && !by_file.contains(&holder), "only with the code");
    let changed = text(&anybody.upload(&world, here, (&[], &file.replace(&holder, "甄假"))).await);
    assert!(changed.contains("内容已被改动"), "{changed}");
    let none = anybody.upload(&world, here, (&[], "不是文书")).await;
    assert_eq!(none.status.as_u16(), 422);
    let key = text(&anybody.get(&world, "/letters/key.pem").await);
    assert!(key.starts_with("-----BEGIN PUBLIC KEY-----"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pdf_without_a_typesetter_is_not_offered_and_the_page_says_why() {
    let (world, _) = staffed().await;
    let nowhere = "/nowhere/yinxin-typeset".to_owned();
    let world = world.restarted(|settings| settings.letters.typesetter = nowhere).await.unwrap();
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    let mut own = applicant(&way).await;
    let list = text(&own.get(&world, "/application/letters").await);
    assert!(list.contains("没有安装排版程序") && !list.contains("/pdf\""), "{list}");
    let made =
        world.institution.letters().unwrap().of_application(way.application.id.as_str()).await;
    let id = &made.unwrap()[0].id;
    let answer = own.get(&world, &format!("/application/letters/{id}/pdf")).await;
    assert!(text(&answer).contains("未安装排版程序"), "{}", answer.status);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_rating_is_given_on_a_page_answered_with_a_signature_and_public_as_a_figure() {
    let (world, head) = staffed().await;
    let mut way = Way::begin(&world.institution).await;
    let permit = way.own(Action::WithdrawApplication).await;
    way.application = way.ra().withdraw(&permit, &way.application.at()).await.unwrap();
    let mut own = applicant(&way).await;
    let here = ("/application/rating", "/application/rating");
    let nothing = own.post(&world, here, &[("remark", "忘了选<b>")]).await;
    assert_eq!(nothing.status.as_u16(), 422);
    assert!(text(&nothing).contains("忘了选&#60;b&#62;"), "nothing typed is lost");
    let given = own.post(&world, here, &[("level", "1"), ("remark", "没人接电话")]).await;
    assert_eq!(given.field("location"), "/application/rating");

    let public = text(&Browser::default().get(&world, "/ratings").await);
    assert!(public.contains("0/1") && !public.contains("没人接电话"));
    let mut desk = Browser::with(&head.token(world.institution.access()).await);
    let list = text(&desk.get(&world, "/admin/ratings").await);
    assert!(list.contains("没人接电话"));
    let to = format!("/admin/ratings/{}", way.application.id);
    let fields = [("version", "1"), ("answer", "已增加值守人员，向您致歉。")];
    let led = desk.post(&world, ("/admin/ratings", &to), &fields).await;
    let done = desk.sign(&world, &led, &head.0).await;
    assert_eq!(done.field("location"), "/admin/ratings");
    let mine = text(&own.get(&world, "/application/rating").await);
    assert!(mine.contains("向您致歉"));
    assert!(text(&Browser::default().get(&world, "/ratings").await).contains("1/1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn anybody_complains_and_follows_the_complaint_to_its_end() {
    let (world, head) = staffed().await;
    let mut anybody = Browser::default();
    let here = ("/complaints", "/complaints");
    let short = anybody.post(&world, here, &[("text", "太短"), ("name", "甄某")]).await;
    let page = text(&short);
    assert_eq!(short.status.as_u16(), 422);
    assert!(page.contains("href=\"#category\"") && page.contains("value=\"甄某\""));
    let fields = [("category", "service"), ("text", "=1+1 窗口没有一次告知需要的材料。")];
    let page = text(&anybody.post(&world, here, &fields).await);
    let number = page.split("<dd>").nth(1).unwrap().split('<').next().unwrap().to_owned();
    let code = page.split("<dd>").nth(2).unwrap().split('<').next().unwrap().to_owned();

    let mut desk = Browser::with(&head.token(world.institution.access()).await);
    let list = text(&desk.get(&world, "/admin/complaints").await);
    assert!(list.contains(&number) && !list.contains("一次告知"));
    let export = desk.get(&world, "/admin/complaints/export").await;
    assert!(export.body.starts_with("\u{feff}".as_bytes()) && text(&export).contains(&number));
    let id = list.split("/admin/complaints/").find_map(|part| {
        let id = part.get(..32)?;
        id.bytes().all(|octet| octet.is_ascii_hexdigit()).then(|| id.to_owned())
    });
    let path = format!("/admin/complaints/{}", id.unwrap());
    for (version, step, said) in [
        ("1", "accept", "已受理，正在核实。"),
        ("2", "answer", "情况属实，已补充告知。"),
        ("3", "close", "没有其他意见。"),
    ] {
        let fields = [("version", version), ("step", step), ("text", said)];
        let led = desk.post(&world, (&path, &path), &fields).await;
        let done = desk.sign(&world, &led, &head.0).await;
        assert_eq!(done.field("location"), path);
    }
    let here = ("/complaints/progress", "/complaints/progress");
    let fields = [("number", number.as_str()), ("code", code.as_str())];
    let found = text(&anybody.post(&world, here, &fields).await);
    assert!(found.contains("已办结") && found.contains("情况属实"), "{found}");
    let fields = [("number", number.as_str()), ("code", "0000 0000 0000")];
    assert_eq!(anybody.post(&world, here, &fields).await.status.as_u16(), 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn disclosure_says_what_is_set_and_what_is_not_yet_public() {
    let (world, _) = staffed().await;
    let mut anybody = Browser::default();
    let page = text(&anybody.get(&world, "/disclosure").await);
    for said in ["资质证书编号", "尚未公布", "SM3 指纹", "/crl/", "/ratings", "/complaints"]
    {
        assert!(page.contains(said), "{said}");
    }
    let folder = world.institution.layout().root().join("cps");
    std::fs::create_dir_all(&folder).unwrap();
    let index = "[[document]]\nkind = \"cps\"\ntitle = \"业务规则\"\nversion = \"1.0\"\n\
        published = \"2026-01-01\"\neffective = \"2026-02-01\"\nfile = \"cps-1.0.pdf\"\n";
    std::fs::write(folder.join("index.toml"), index).unwrap();
    std::fs::write(folder.join("cps-1.0.pdf"), b"%PDF-1.7 cps").unwrap();
    std::fs::write(folder.join("secret.txt"), b"secret").unwrap();
    let page = text(&anybody.get(&world, "/cps").await);
    let sm3 = gm::sm3::hash(b"%PDF-1.7 cps").to_hex().to_uppercase();
    assert!(page.contains("现行") && page.contains(&sm3[..4]), "{page}");
    for profile in world.institution.ca().profiles().iter() {
        assert!(page.contains(profile.title()), "{}", profile.name());
    }
    let file = anybody.get(&world, "/cps/files/cps-1.0.pdf").await;
    assert_eq!(file.body, b"%PDF-1.7 cps");
    for hidden in ["secret.txt", "index.toml", "..%2Fyinxin.toml"] {
        let answer = anybody.get(&world, &format!("/cps/files/{hidden}")).await;
        assert_eq!(answer.status.as_u16(), 404, "{hidden}");
    }
    let licence = "演示-0001".to_owned();
    let world = world.restarted(|settings| settings.disclosure.licence_number = licence).await;
    let page = text(&anybody.get(&world.unwrap(), "/disclosure").await);
    assert!(page.contains("演示-0001"));
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_of_devices_are_found_by_exact_name_and_those_of_people_never() {
    let (world, _) = staffed().await;
    let key = || PrivateKey::generate(&mut OsRandom).unwrap();
    let (unit, person) = (key(), key());
    let mut order = world.order("device-1", "device", Act::New, &unit);
    order.subject.common_name = "签章服务器01".into();
    order.subject.organization = Some("演示市虚构事务局".into());
    let unit = world.institution.enrol(order).await.unwrap();
    let person = world.institution.enrol(world.order("p-1", "person", Act::New, &person)).await;
    let person = person.unwrap();
    let mut anybody = Browser::default();
    let mut ask = async |q: &str| {
        let q: String = form_urlencoded::byte_serialize(q.as_bytes()).collect();
        text(&anybody.get(&world, &format!("/certificates?q={q}")).await)
    };
    let serial = unit.sign.serial().to_hex();
    assert!(ask("演示市虚构事务局").await.contains(&serial));
    assert!(ask("签章服务器01").await.contains(&serial));
    assert!(ask(&serial).await.contains("演示市虚构事务局"));
    for nothing in ["演示市虚构", "张三", &person.sign.serial().to_hex(), "%_"] {
        assert!(ask(nothing).await.contains("没有找到"), "{nothing}");
    }
    let mut anybody = Browser::default();
    let pem = anybody.get(&world, &format!("/certificates/{serial}")).await;
    assert!(text(&pem).starts_with("-----BEGIN CERTIFICATE-----"));
    let hidden = format!("/certificates/{}", person.sign.serial().to_hex());
    assert_eq!(anybody.get(&world, &hidden).await.status.as_u16(), 404);
}

#[test]
fn every_kind_of_letter_has_a_word_for_file_names() {
    for kind in LetterKind::ALL {
        let plain = kind.word().bytes().all(|octet| octet.is_ascii_lowercase() || octet == b'-');
        assert!(plain, "{}", kind.word());
    }
}
