//! Letters along the whole way of Measures Art. 21: exactly the due ones, once, whatever is cut off.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::way;
use crate::world;

use access::{ActKind, Action};
use letters::{LetterKind, Verdict};
use ra::{Decision, ReturnOrder, ReviewOrder, SupplementItem};
use testkit::together::{at_once, call};
use way::{Staff, Way};
use world::World;

/// Kind and position of every letter, in the order of the way.
async fn letters(way: &Way<'_>) -> Vec<(LetterKind, u32)> {
    let issued = way.institution.letters().unwrap().of_application(way.application.id.as_str());
    let mut all: Vec<_> =
        issued.await.unwrap().into_iter().map(|one| (one.kind, one.position)).collect();
    all.sort();
    all
}

/// Signs an act as a page would and has it carried out.
async fn act(
    world: &World,
    staff: &Staff,
    (kind, object): (ActKind, &str),
    order: &impl serde::Serialize,
) -> Result<(), app::Error> {
    let access = world.institution.access();
    let principal = staff.principal(access).await;
    let payload = serde_json::to_value(order).unwrap();
    let pending = access.prepare_act(&principal, kind, object, &payload).await.unwrap();
    let signature = staff.0.sign(&gm::UserId::default(), pending.statement.as_bytes()).to_der();
    world.institution.complete_act(&principal, (&pending.id, &signature)).await.map(drop)
}

async fn reload(way: &mut Way<'_>) {
    let permit = way.own(Action::ReadApplication).await;
    way.application = way.ra().application(&permit, &way.application.id).await.unwrap();
}

#[tokio::test]
async fn the_whole_way_has_exactly_its_letters_once() {
    use LetterKind as K;
    let (world, clerk, reviewer) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    world.institution.sweep_letters().await.unwrap();
    assert_eq!(letters(&way).await, []);

    way.fill_and_submit().await;
    let made = world.institution.ensure_letters(&way.application.id).await.unwrap();
    assert_eq!(made.len(), 2);
    assert_eq!(letters(&way).await, [(K::Receipt, 1), (K::Notices, 1)]);

    // Back for one thing, told once.
    let item = SupplementItem {
        target: "phone".into(),
        defect: "号码打不通".into(),
        article: "《电子政务电子认证服务管理办法》第二十一条第一款".into(),
        remedy: "请填写能接通的号码".into(),
    };
    let order = ReturnOrder { version: way.application.version, items: vec![item] };
    let on = (ActKind::ReturnApplication, &*way.application.subject());
    act(&world, &clerk, on, &order).await.unwrap();
    reload(&mut way).await;
    assert!(letters(&way).await.contains(&(K::Supplement, 1)), "made right after the step");
    let permit = way.own(Action::SubmitApplication).await;
    way.application = way.ra().submit(&permit, &way.application.at()).await.unwrap();

    way.proof(&clerk).await;
    way.approve(&reviewer).await.unwrap();
    way.agree().await;
    assert!(letters(&way).await.contains(&(K::Agreement, 1)), "made right after the step");
    way.request().await.unwrap();
    way.issue().await;
    let permit = way.own(Action::DeliverCertificate).await;
    let at = way.application.at();
    way.application = world.institution.deliver_application(&permit, &at).await.unwrap();
    world.pass(8 * 24 * 3600);
    way.ra().settle().await.unwrap();
    reload(&mut way).await;

    // The sweep makes what no step made, and nothing twice.
    for _ in 0..2 {
        world.institution.sweep_letters().await.unwrap();
        assert!(world.institution.ensure_letters(&way.application.id).await.unwrap().is_empty());
    }
    let all = letters(&way).await;
    let due =
        [(K::Receipt, 1), (K::Notices, 1), (K::Supplement, 1), (K::Agreement, 1), (K::Delivery, 1)];
    assert_eq!(all, due);
    assert_eq!(world.records("letter.issued", &way.application.subject()).await.len(), 5);
    assert!(world.institution.owed_letters().await.unwrap().is_empty());
}

#[tokio::test]
async fn letters_say_what_happened_in_the_words_of_the_forms() {
    let (world, clerk, _) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    let item = SupplementItem {
        target: "material:identity_document".into(),
        defect: "影像不清楚".into(),
        article: "第二十一条".into(),
        remedy: "请重新扫描".into(),
    };
    let order = ReturnOrder { version: way.application.version, items: vec![item] };
    let on = (ActKind::ReturnApplication, &*way.application.subject());
    act(&world, &clerk, on, &order).await.unwrap();
    let issued = world.institution.letters().unwrap();
    let mut texts = Vec::new();
    for one in issued.of_application(way.application.id.as_str()).await.unwrap() {
        texts.push(serde_json::to_string(&issued.read(&one.id).await.unwrap().sheet).unwrap());
    }
    let all = texts.join("\n");
    let number = way.application.number.to_string();
    for said in [&*number, "证书申请", "影像不清楚", "请重新扫描", "SM3 杂凑值", "/complaints"]
    {
        assert!(all.contains(said), "{said}");
    }
    assert!(!all.contains("material:"), "names of ours are not for people");
}

#[tokio::test]
async fn a_refusal_has_its_letter_with_reason_basis_and_remedies() {
    let (world, clerk, reviewer) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    way.proof(&clerk).await;
    let decision = Decision::Refuse {
        reason: "单位出具的授权书与申请人不符".into(),
        basis: "《电子政务电子认证服务管理办法》第二十一条第三款".into(),
    };
    let order = ReviewOrder { version: way.application.version, decision };
    let on = (ActKind::ReviewApplication, &*way.application.subject());
    act(&world, &reviewer, on, &order).await.unwrap();
    let issued = world.institution.letters().unwrap();
    let all = issued.of_application(way.application.id.as_str()).await.unwrap();
    let refusal = all.iter().find(|one| one.kind == LetterKind::NotIssued).unwrap();
    let text = serde_json::to_string(&issued.read(&refusal.id).await.unwrap().sheet).unwrap();
    for said in
        ["授权书与申请人不符", "第二十一条第三款", "民事诉讼", "密码管理部门", "/complaints"]
    {
        assert!(text.contains(said), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_that_cannot_be_made_undoes_nothing_and_is_made_up_for() {
    let (world, ..) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    // Between the step and its letters the process ends.
    let id = way.application.id.clone();
    let key = gm::sm2::PrivateKey::from_bytes(&way.key.to_bytes()).unwrap();
    let application = way.application.clone();
    let world = world.restarted(|_| ()).await.unwrap();
    let way = Way { institution: &world.institution, application, key };
    assert_eq!(letters(&way).await, []);
    assert_eq!(world.institution.sweep_letters().await.unwrap(), 2);
    assert_eq!(world.institution.sweep_letters().await.unwrap(), 0);
    // Many at once: one of each.
    let ensure = |_| call(world.institution.ensure_letters(&id));
    let again = at_once((0..8).map(ensure).collect());
    assert!(again.into_iter().all(|made| made.unwrap().is_empty()));
    assert_eq!(letters(&way).await.len(), 2);
}

#[tokio::test]
async fn letters_are_opened_by_their_holder_and_a_look_of_the_staff_is_on_record() {
    let (world, clerk, _) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    let made = world.institution.ensure_letters(&way.application.id).await.unwrap();
    let id = made[0].id.to_string();
    let own = way.own(Action::ReadLetters).await;
    let opened = world.institution.open_letter(&own, (&way.application, &id)).await.unwrap();
    assert_eq!(opened.issued.id, made[0].id);
    let about = way.application.subject();
    assert!(world.records("letter.opened", &about).await.is_empty());

    let permit = clerk.permit(world.institution.access(), Action::ReadLetters).await;
    world.institution.letter_data(&permit, (&way.application, &id)).await.unwrap();
    assert_eq!(world.records("letter.opened", &about).await.len(), 1);

    let other = Way::begin(&world.institution).await;
    let stranger = other.own(Action::ReadLetters).await;
    let refused = world.institution.open_letter(&stranger, (&way.application, &id)).await;
    assert_eq!(refused.unwrap_err().code(), "access.out-of-reach");
    let mixed = world.institution.open_letter(&stranger, (&other.application, &id)).await;
    assert!(mixed.unwrap_err().is_not_found());
    let wrong = clerk.permit(world.institution.access(), Action::ReadApplication).await;
    assert!(world.institution.open_letter(&wrong, (&way.application, &id)).await.is_err());
}

/// A typesetter for tests: a script.
fn script(folder: &std::path::Path, text: &str) -> String {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(format!("typesetter-{}", text.len()));
    std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path.display().to_string()
}

#[tokio::test]
async fn a_pdf_is_made_once_by_a_worker_with_an_empty_environment() {
    let (world, ..) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    let application = way.application.clone();
    let id = world.institution.ensure_letters(&application.id).await.unwrap()[0].id.to_string();
    let folder = tempfile::tempdir().unwrap();
    // What it sees is in the file; another run would say something else.
    let worker = script(
        folder.path(),
        "read -r sheet; printf '%%PDF-1.7 %s %s ' \"$(/usr/bin/env | /usr/bin/wc -l)\" $$; echo \"$sheet\"",
    );
    let world = world.restarted(|settings| settings.letters.typesetter = worker).await.unwrap();
    let way = Way { institution: &world.institution, key: way::key(), application };
    let own = way.own(Action::ReadLetters).await;
    let of = (&way.application, &*id);
    let (_, first) = world.institution.letter_pdf(&own, of).await.unwrap();
    let (_, second) = world.institution.letter_pdf(&own, of).await.unwrap();
    assert_eq!(first, second);
    let text = String::from_utf8_lossy(&first);
    assert!(text.contains("verify"), "the sheet came in: {text}");
    let count: u32 = text.split(' ').nth(1).unwrap().parse().unwrap();
    // A shell sets PWD and the like itself; nothing of ours came along.
    assert!(count <= 4, "{count} variables");
    let verdict = world.institution.letters().unwrap().verify_file(&first).await.unwrap();
    assert!(matches!(verdict, Verdict::Genuine(_)));
}

#[tokio::test]
async fn without_a_worker_or_with_a_failing_one_the_reason_is_told_in_words() {
    let (world, ..) = way::world().await;
    let mut way = Way::begin(&world.institution).await;
    way.fill_and_submit().await;
    let application = way.application.clone();
    let id = world.institution.ensure_letters(&application.id).await.unwrap()[0].id.to_string();
    let folder = tempfile::tempdir().unwrap();
    let said = |text: &'static str| script(folder.path(), text);
    let mut world = world;
    for (worker, told) in [
        ("/nowhere/yinxin-typeset".to_owned(), "未安装排版程序"),
        (said("echo 缺少字体 >&2; exit 1"), "缺少字体"),
        (said("echo no pdf"), "没有给出 PDF"),
        (said("printf '%%PDF-'; /usr/bin/head -c 20000000 /dev/zero"), "过大"),
    ] {
        world = world.restarted(|settings| settings.letters.typesetter = worker).await.unwrap();
        let way = Way {
            institution: &world.institution,
            key: way::key(),
            application: application.clone(),
        };
        let own = way.own(Action::ReadLetters).await;
        let error = world.institution.letter_pdf(&own, (&application, &id)).await.unwrap_err();
        assert!(error.to_string().contains(told), "{told}: {error}");
        let kept = world.institution.letters().unwrap().pdf(&id.parse().unwrap()).await.unwrap();
        assert!(kept.is_none(), "nothing is kept of a failure");
    }
}
