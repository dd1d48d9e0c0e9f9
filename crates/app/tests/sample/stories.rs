//! What comes of a week.

use access::{ActKind, Action};
use app::doctor::Level;
use app::sample::model::Entry;
use app::sample::{Origin, Report, Verdict, Week};
use jiff::SignedDuration;
use serde_json::{Value, json};
use store::{Actor, Record};
use testkit::together::{at_once, call};

use super::judge::{drawn_again, is_signed};
use super::town::Town;
use crate::postgres::postgres;

fn serials(report: &Report) -> Vec<String> {
    report.sample.iter().map(|entry| entry.serial.clone()).collect()
}

fn entry<'r>(report: &'r Report, serial: &str) -> &'r Entry {
    report.sample.iter().find(|entry| entry.serial == serial).unwrap()
}

fn codes(entry: &Entry) -> Vec<&str> {
    entry.faults.iter().map(|fault| fault.code.as_str()).collect()
}

/// T-20: each element of a subject with its evidence, who entered, proofed and reviewed; orders of clients apart.
#[tokio::test(flavor = "multi_thread")]
async fn a_week_is_reported_once_and_says_what_stood_behind_each_certificate() {
    let town = Town::at_a_monday(|_| ()).await;
    let (week, institution) = (town.week(), &town.world.institution);
    let (_, pair) = town.applied(1).await;
    town.ordered([1]).await;
    town.pass_to(week.end() - SignedDuration::from_secs(1));
    assert_eq!(institution.make_sample_reports().await.unwrap(), 0, "the week is not over");
    town.pass_to(week.end() + SignedDuration::from_mins(5));
    let rounds = at_once((0..4).map(|_| call(institution.make_sample_reports())).collect());
    let made: u32 = rounds.into_iter().map(Result::unwrap).sum();
    assert_eq!(made, 1, "whoever looks at once makes one report");
    assert_eq!(institution.make_sample_reports().await.unwrap(), 0);
    let records = town.world.records("sample.reported", &format!("sample:{week}")).await;
    assert_eq!(records.len(), 1);

    let (file, report) = town.report(week).await;
    assert!(is_signed(&file, &file.signed), "OpenSSL verifies the documented octets");
    assert!(!is_signed(&file, &file.signed.replacen("backed", "faulty", 1)), "and no others");
    assert_eq!(records[0].body["sm3"], crate::openssl::sm3(file.signed.as_bytes()));
    let read: Value = serde_json::from_str(&file.signed).unwrap();
    assert_eq!(serials(&report), drawn_again(&town, &read).await);
    assert_eq!((report.counts.backed, report.counts.no_evidence, report.counts.faulty), (2, 2, 0));
    for serial in &pair {
        let entry = entry(&report, serial);
        assert_eq!(
            (entry.origin, entry.verdict),
            (Origin::Application, Verdict::Backed),
            "{entry:?}"
        );
        assert!(!entry.elements.is_empty());
        assert!(entry.elements.iter().all(|one| one.evidence.is_some()), "{entry:?}");
        let applied = entry.application.as_ref().unwrap();
        let (proofed, reviewed) = (applied.proofed.as_ref(), applied.reviewed.as_ref());
        assert_ne!(proofed.unwrap().person, reviewed.unwrap().person);
        assert_eq!(applied.method.as_ref().unwrap().name, "in-person");
        assert!(applied.office.is_none() && applied.entered.is_empty(), "by the holder");
    }
    let client = report.sample.iter().find(|one| one.origin == Origin::Client).unwrap();
    assert_eq!(client.verdict, Verdict::NoEvidence);
    assert!(client.elements.iter().all(|one| one.evidence.is_none()));
    assert!(client.ordered_by.as_deref().unwrap().starts_with("client:"));
    // Nothing personal: neither the holder's name nor that of the client's order.
    assert!(!file.signed.contains("甄有印") && !file.signed.contains("张三"), "{}", file.signed);
    assert_eq!(town.checked().await.level, Level::Good);
}

/// What `docs/integrate/weekly-sample.md` promises whoever reads the file with a program of their own.
#[tokio::test(flavor = "multi_thread")]
async fn the_file_has_the_members_that_are_documented() {
    let town = Town::at_a_monday(|_| ()).await;
    let week = town.week();
    town.applied(2).await;
    town.pass_the_week();
    town.world.institution.make_sample_reports().await.unwrap();
    let (file, _) = town.report(week).await;
    let guide = include_str!("../../../../docs/integrate/weekly-sample.md");
    let documented = |value: &Value, place: &str| {
        for member in value.as_object().unwrap().keys() {
            assert!(guide.contains(&format!("`{member}`")), "{place}: {member} is not documented");
        }
    };
    let whole: Value = serde_json::to_value(&file).unwrap();
    documented(&whole, "file");
    let read: Value = serde_json::from_str(&file.signed).unwrap();
    assert_eq!(read["format"], "yinxin-weekly-sample/1");
    documented(&read, "report");
    for member in ["institution", "journal", "rule", "counts"] {
        documented(&read[member], member);
    }
    let entries = read["sample"].as_array().unwrap();
    let applied = entries.iter().find(|one| one["origin"] == "application").unwrap();
    documented(applied, "entry");
    for member in ["method", "proofed", "agreed"] {
        documented(&applied["application"][member], member);
    }
    documented(&applied["application"], "application");
    documented(&applied["elements"][0], "element");
    documented(&applied["elements"][0]["evidence"], "evidence");
    for code in ra::Shortfall::ALL.iter().map(|one| one.word()) {
        assert!(guide.contains(&format!("`{code}`")), "{code} is not documented");
    }
    // Whoever knows these and no more reads it; what is added later disturbs nobody.
    let mut later = read.clone();
    later["added_later"] = true.into();
    let later = serde_json::to_string(&later).unwrap();
    assert_eq!(Report::from_octets(&later).unwrap().week, week);
    let other = file.signed.replacen("yinxin-weekly-sample/1", "yinxin-weekly-sample/2", 1);
    assert!(Report::from_octets(&other).is_err(), "another format is not guessed at");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_certificates_those_are_drawn_that_the_seed_draws() {
    let town = Town::at_a_monday(|_| ()).await;
    let week = town.week();
    town.ordered(0..14).await;
    town.pass_the_week();
    town.world.institution.make_sample_reports().await.unwrap();
    let (file, report) = town.report(week).await;
    assert_eq!((report.counts.population, report.counts.drawn), (28, 20));
    let read: Value = serde_json::from_str(&file.signed).unwrap();
    assert_eq!(serials(&report), drawn_again(&town, &read).await);
}

/// T-20: what was put together by hand is named, certificate by certificate, and the doctor says so.
#[tokio::test(flavor = "multi_thread")]
async fn certificates_whose_evidence_is_not_what_was_recorded_are_named() {
    let town = Town::at_a_monday(|_| ()).await;
    let week = town.week();
    let mut all = Vec::new();
    for at in 10..15 {
        all.push(town.applied(at).await);
    }
    let of = |at: usize| all[at].0.as_str();
    let text = "DELETE FROM ra_evidence WHERE application = $1 AND element = 'holder_name'";
    town.tampered(text, &[of(0)]).await;
    town.tampered("UPDATE ra_review SET person = 'nobody' WHERE application = $1", &[of(1)]).await;
    town.tampered("DELETE FROM ra_certificate WHERE application = $1", &[of(2)]).await;
    let moved = "UPDATE ra_certificate SET application = $1 WHERE application = $2";
    town.tampered(moved, &[of(4), of(3)]).await;
    town.pass_the_week();
    town.world.institution.make_sample_reports().await.unwrap();
    let (_, report) = town.report(week).await;
    let named = |at: usize| codes(entry(&report, &all[at].1[0]));
    assert_eq!(named(0), ["element-unproven", "records-differ"]);
    assert_eq!(named(1), ["records-differ"]);
    assert_eq!(named(2), ["no-application"]);
    assert!(named(3).contains(&"not-named"), "{:?}", named(3));
    assert_eq!(named(4), Vec::<&str>::new());
    let shown = entry(&report, &all[0].1[1]);
    let bare = shown.elements.iter().find(|one| one.evidence.is_none()).unwrap();
    assert_eq!((bare.part.as_str(), bare.fault.as_deref()), ("CN", Some("element-unproven")));
    assert_eq!((report.counts.faulty, report.counts.backed), (8, 2));
    let check = town.checked().await;
    assert_eq!(check.level, Level::Failed, "{}", check.detail);
    assert!(check.detail.contains(&week.to_string()) && check.detail.contains("8 张"));
}

/// T-20: sub-CAs and cross-certificates are what matters most.
#[tokio::test(flavor = "multi_thread")]
async fn what_the_root_certified_is_held_against_the_record_of_its_ceremony() {
    let town = Town::at_a_monday(|_| ()).await;
    let (_, founding) = town.report(town.week().before()).await;
    let of_root: Vec<_> = founding.sample.iter().filter(|one| one.role == "ca").collect();
    assert!(of_root.len() >= 2, "the root and the issuing CA");
    for one in of_root {
        assert_eq!((one.verdict, codes(one)), (Verdict::Own, vec![]), "{one:?}");
    }
    let week = town.week();
    let body = json!({ "request": "ceremony:nobody-met:cross", "role": "ca", "sm3": "00" });
    let subject = "certificate:root/0abc0abc0abc0abc0abc0abc0abc0abc";
    let forged = Record::new("certificate.issued", Actor::system(), subject, body);
    let unit = town
        .world
        .institution
        .store()
        .commit(move |tx| Box::pin(async move { tx.append(forged).await }));
    unit.await.unwrap();
    town.pass_the_week();
    town.world.institution.make_sample_reports().await.unwrap();
    let (_, report) = town.report(week).await;
    let named = report.sample.iter().find(|one| one.role == "ca").unwrap();
    assert_eq!(
        (named.verdict, codes(named)),
        (Verdict::Faulty, vec!["no-certificate", "no-ceremony"])
    );
}

/// What the columns for searching leave out is drawn by nobody, so certificates are counted as well.
#[tokio::test(flavor = "multi_thread")]
async fn records_and_certificates_that_do_not_agree_in_number_are_told() {
    let town = Town::at_a_monday(|_| ()).await;
    let week = town.week();
    town.ordered([1]).await;
    let text = "UPDATE certificate SET issued_seq = issued_seq + 1000000 \
         WHERE id = (SELECT MAX(id) FROM certificate)";
    town.tampered(text, &[]).await;
    town.pass_the_week();
    town.world.institution.make_sample_reports().await.unwrap();
    let (_, report) = town.report(week).await;
    assert_eq!((report.counts.population, report.counts.certificates), (2, Some(1)));
    let check = town.checked().await;
    assert_eq!(check.level, Level::Failed, "{}", check.detail);
    assert!(check.detail.contains("数量不符") && check.detail.contains(&week.to_string()));
}

/// A policy that only holds the place of one is nobody's (T-20).
#[tokio::test(flavor = "multi_thread")]
async fn certificates_under_an_example_policy_are_named_as_that() {
    let town = Town::at_a_monday(|settings| settings.policy.clear()).await;
    let week = town.week();
    town.applied(20).await;
    town.pass_the_week();
    town.world.institution.make_sample_reports().await.unwrap();
    let (_, report) = town.report(week).await;
    assert_eq!((report.counts.example_policy, report.counts.backed), (2, 0));
    assert!(report.sample.iter().all(|one| codes(one) == ["example-policy"]));
    assert_eq!(town.checked().await.level, Level::Warning);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_is_made_up_for_week_by_week_and_a_missing_report_is_told() {
    let town = Town::at_a_monday(|_| ()).await;
    let (first, institution) = (town.week(), &town.world.institution);
    town.ordered([1]).await;
    town.pass_to(first.next().begin() + SignedDuration::from_hours(2));
    town.ordered([2, 3]).await;
    town.pass_to(first.next().next().begin() + SignedDuration::from_hours(25));
    let check = town.checked().await;
    assert_eq!(check.level, Level::Failed, "{}", check.detail);
    assert!(check.detail.contains(&first.to_string()), "{}", check.detail);
    assert_eq!(institution.make_sample_reports().await.unwrap(), 2);
    let weeks = [first, first.next()];
    let mut populations = Vec::new();
    for week in weeks {
        let (file, report) = town.report(week).await;
        let read: Value = serde_json::from_str(&file.signed).unwrap();
        assert_eq!(serials(&report), drawn_again(&town, &read).await, "{week}");
        populations.push(report.counts.population);
    }
    assert_eq!(populations, [2, 4]);
    let check = town.checked().await;
    assert_eq!(check.level, Level::Warning, "{}", check.detail);
    assert!(
        check.detail.contains("没有人核实"),
        "only that one from before waits: {}",
        check.detail
    );
    // A report that was changed, and one that was taken away.
    let text = "UPDATE sample_report SET drawn = drawn - 1 WHERE week = $1";
    town.tampered(text, &[&first.to_string()]).await;
    assert!(town.checked().await.detail.contains("曾被改动"));
    let permit = town.inspector.permit(institution.access(), access::Action::ReadSamples).await;
    let shown = institution.sample_report(&permit, first).await.unwrap().unwrap();
    assert!(!shown.2, "the page says so too");
    town.tampered("DELETE FROM sample_report WHERE week = $1", &[&first.to_string()]).await;
    let check = town.checked().await;
    assert_eq!(check.level, Level::Failed);
    assert!(check.detail.contains("数量不符"), "{}", check.detail);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_a_week_is_reported_once_however_many_look_after_it() {
    let Some(url) = postgres("sample").await else { return };
    let town = Town::at_a_monday(|settings| settings.storage.url = url).await;
    let (week, institution): (Week, _) = (town.week(), &town.world.institution);
    town.applied(30).await;
    town.ordered([1]).await;
    town.pass_the_week();
    let rounds = at_once((0..4).map(|_| call(institution.make_sample_reports())).collect());
    assert_eq!(rounds.into_iter().map(Result::unwrap).sum::<u32>(), 1);
    let (file, report) = town.report(week).await;
    let read: Value = serde_json::from_str(&file.signed).unwrap();
    assert_eq!(serials(&report), drawn_again(&town, &read).await);
    assert_eq!((report.counts.backed, report.counts.no_evidence), (2, 2));
}

/// Whoever only reads a report makes no key of the institution.
#[tokio::test(flavor = "multi_thread")]
async fn reading_a_report_without_the_institutions_key_makes_none_and_proves_nothing() {
    use gm::Device as _;
    let town = Town::at_a_monday(|_| ()).await;
    let (week, institution) = (town.week(), &town.world.institution);
    town.pass_the_week();
    institution.make_sample_reports().await.unwrap();
    let label = gm::KeyLabel::new("institution-seal").unwrap();
    let generated =
        async || town.world.records("key.generated", "key:institution-seal").await.len();
    assert_eq!(generated().await, 1);
    town.world.device.session().unwrap().destroy(&label).unwrap();
    let permit = town.inspector.permit(institution.access(), access::Action::ReadSamples).await;
    let (_, _, is_genuine) = institution.sample_report(&permit, week).await.unwrap().unwrap();
    assert!(!is_genuine);
    assert!(town.world.device.session().unwrap().key(&label).is_err(), "nobody made one");
    assert_eq!(generated().await, 1);
}

/// Goes through a report as an auditor does; what came of it.
async fn looked(
    town: &Town,
    who: &crate::way::Staff,
    week: Week,
    said: (&str, &str),
) -> Result<(), String> {
    let institution = &town.world.institution;
    let (access, object) = (institution.access(), format!("sample:{week}"));
    let principal = who.principal(access).await;
    let permit = access.permit(&principal, Action::ReviewSamples).map_err(|e| e.to_string())?;
    let verdict = store::Verdict::from_word(said.0).unwrap();
    let order = institution.sample_review_order(&permit, week, (verdict, said.1)).await;
    let order = serde_json::to_value(order.map_err(|e| e.to_string())?).unwrap();
    let on = (ActKind::ReviewSample, object.as_str());
    let pending = access.prepare_act(&principal, on.0, on.1, &order).await.unwrap();
    let signature = who.0.sign(&gm::UserId::default(), pending.statement.as_bytes()).to_der();
    let done = institution.complete_act(&principal, (&pending.id, &signature)).await;
    done.map(drop).map_err(|e| e.to_string())
}

/// T-20: a report is gone through by an auditor, once, by the own signature; until then it is named.
#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_goes_through_a_report_and_one_that_nobody_did_is_told() {
    reviewed(Town::at_a_monday(|_| ()).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_an_auditor_goes_through_a_report() {
    let Some(url) = postgres("look").await else { return };
    reviewed(Town::at_a_monday(|settings| settings.storage.url = url).await).await;
}

async fn reviewed(town: Town) {
    let (week, institution) = (town.week(), &town.world.institution);
    town.ordered([1]).await;
    town.pass_the_week();
    institution.make_sample_reports().await.unwrap();
    let permit = town.inspector.permit(institution.access(), Action::ReadSamples).await;
    let only = async |looked| {
        let filter = app::sample::SampleFilter { looked, ..Default::default() };
        institution.sample_reports(&permit, filter, (0, 50)).await.unwrap()
    };
    let all = only(None).await.1;
    assert_eq!((only(Some(false)).await.1, only(Some(true)).await.1), (all, 0));
    let denied = looked(&town, &town.reviewer, week, ("clear", "")).await;
    assert!(denied.is_err(), "auditors alone");
    let empty = looked(&town, &town.inspector, week, ("findings", "")).await.unwrap_err();
    assert!(empty.contains("写明"), "{empty}");
    let unsaid = looked(&town, &town.inspector, "2020-01-06".parse().unwrap(), ("clear", "")).await;
    assert!(unsaid.unwrap_err().contains("没有这一周"));
    looked(&town, &town.inspector, week, ("findings", "客户端未附依据，已调取")).await.unwrap();
    let again = looked(&town, &town.inspector, week, ("clear", "")).await.unwrap_err();
    assert!(again.contains("已经核实过"), "{again}");
    let (found, count) = only(Some(true)).await;
    let one = found[0].looked.as_ref().unwrap();
    assert_eq!((count, found[0].week, one.report.as_str()), (1, week, "客户端未附依据，已调取"));
    assert!(one.actor.starts_with("person:") && one.at == town.world.now());
    let records = town.world.records("sample.reviewed", &format!("sample:{week}")).await;
    assert_eq!((records.len(), records[0].seq), (1, one.seq));
    assert_eq!(records[0].body["sm3"], found[0].digest, "over this very text");
    let check = town.checked().await;
    assert!(
        check.level == Level::Warning && check.detail.contains("核实后发现问题"),
        "{}",
        check.detail
    );
    // The founding week waits for longer than it may.
    town.world.pass(15 * 86_400);
    institution.make_sample_reports().await.unwrap();
    let check = town.checked().await;
    assert!(check.detail.contains("超过 14 天没有人核实"), "{}", check.detail);
    town.tampered("UPDATE sample_look SET verdict = 'clear' WHERE week = $1", &[&week.to_string()])
        .await;
    let check = town.checked().await;
    assert!(check.level == Level::Failed && check.detail.contains("核实结论"), "{}", check.detail);
    // Taken out, the report would seem to wait again: the journal has what was signed, and nobody signs another.
    town.tampered("DELETE FROM sample_look WHERE week = $1", &[&week.to_string()]).await;
    let check = town.checked().await;
    assert!(check.level == Level::Failed && check.detail.contains("曾被删除"), "{}", check.detail);
    assert!(check.detail.contains(&week.to_string()), "{}", check.detail);
    let again = looked(&town, &town.inspector, week, ("clear", "未见异常")).await.unwrap_err();
    assert!(again.contains("曾被删除"), "{again}");
    assert_eq!(town.world.records("sample.reviewed", &format!("sample:{week}")).await.len(), 1);
}

/// Time makes nothing better: a report with faulty certificates is told until somebody went through it.
#[tokio::test(flavor = "multi_thread")]
async fn a_faulty_report_that_nobody_went_through_is_told_however_old_it_is() {
    let town = Town::at_a_monday(|_| ()).await;
    let (week, institution) = (town.week(), &town.world.institution);
    let (id, _) = town.applied(40).await;
    town.tampered("UPDATE ra_review SET person = 'nobody' WHERE application = $1", &[&id]).await;
    town.pass_the_week();
    institution.make_sample_reports().await.unwrap();
    for _ in 0..5 {
        town.pass_the_week();
        institution.make_sample_reports().await.unwrap();
    }
    let check = town.checked().await;
    assert_eq!(check.level, Level::Failed, "{}", check.detail);
    assert!(check.detail.contains("1 份列有问题的报告"), "{}", check.detail);
    assert!(check.detail.contains(&week.to_string()), "{}", check.detail);
    looked(&town, &town.inspector, week, ("findings", "审核人不明，已停用")).await.unwrap();
    let check = town.checked().await;
    assert_eq!(check.level, Level::Warning, "{}", check.detail);
}
