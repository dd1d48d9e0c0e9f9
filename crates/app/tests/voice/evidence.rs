//! How long what came with reports and complaints is kept (PIPL Art. 19, 47; ESL Art. 24, Measures Art. 24): days where
//! nothing came of it, five years after the certificates where something did, and as long as it must while it is held or
//! isn't known.

use access::{ActKind, Action};
use app::Institution;
use app::doctor::{Check, Level};
use app::enrol::Act;
use app::lifecycle::Change;
use app::voice::{Complaint, LodgedComplaint, NewEvidence, NewProblem};
use ca::{Revocation, RevocationReason};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use jiff::Timestamp;
use pki::Serial;
use serde_json::{Value, json};
use store::Actor;

use crate::postgres::postgres;
use crate::problems::{pair, proved, report, staffed};
use crate::way::{self, Staff};
use crate::world::World;

const DAY: i64 = 24 * 3600;

fn file(name: &str, content: &[u8]) -> NewEvidence {
    NewEvidence { name: name.into(), content: content.into() }
}

fn two_files() -> NewProblem {
    let evidence = vec![file("张三.key", b"-----BEGIN"), file("b.txt", b"1101")];
    NewProblem { evidence, ..report() }
}

async fn lodged(world: &World, new: NewProblem) -> String {
    let taken = world.institution.lodge_problem(new).await.unwrap();
    id_of(&world.institution, &taken.lodged).await
}

async fn id_of(institution: &Institution, lodged: &LodgedComplaint) -> String {
    let progress = institution.complaint_progress((&lodged.number, &lodged.check_code));
    progress.await.unwrap().0.id
}

async fn opened(world: &World, head: &Staff, id: &str) -> Complaint {
    let reads = head.permit(world.institution.access(), Action::ReadVoice).await;
    world.institution.open_complaint(&reads, id).await.unwrap().0
}

/// Signs an order about a complaint, at the version that stands, as somebody of the staff does.
async fn signed(world: &World, head: &Staff, id: &str, mut order: Value) -> Result<(), String> {
    let institution = &world.institution;
    order["version"] = opened(world, head, id).await.version.into();
    let (access, object) = (institution.access(), format!("complaint:{id}"));
    let principal = head.principal(access).await;
    let kind = ActKind::HandleComplaint;
    let pending = access.prepare_act(&principal, kind, &object, &order).await.unwrap();
    let signature = head.0.sign(&UserId::default(), pending.statement.as_bytes()).to_der();
    let done = institution.complete_act(&principal, (&pending.id, &signature)).await;
    done.map(drop).map_err(|error| error.to_string())
}

fn closing(outcome: &str, serials: &[String]) -> Value {
    json!({ "step": "close", "text": "已核实并处理", "outcome": outcome, "serials": serials })
}

fn deciding(step: &str) -> Value {
    json!({ "step": step, "reason": "某区人民法院调取" })
}

async fn count(world: &World, text: &'static str) -> i64 {
    let mut reader = world.institution.store().read().await.unwrap();
    sqlx::query_scalar(text).fetch_one(&mut *reader).await.unwrap()
}

async fn kept(world: &World) -> i64 {
    let text = "SELECT COUNT(*) FROM blob WHERE purpose = 'voice-evidence' AND content IS NOT NULL";
    count(world, text).await
}

async fn check(world: &World) -> Check {
    let checks = world.institution.examine(false).await;
    checks.into_iter().find(|check| check.name == "problem_evidence").unwrap()
}

async fn erased(world: &World) -> u32 {
    world.institution.erase_evidence().await.unwrap()
}

/// Something is changed in the database by hand.
async fn tampered(world: &World, text: &'static str, id: &str) {
    let id = id.to_owned();
    let done = world.institution.store().commit(move |tx| {
        Box::pin(async move {
            let done = sqlx::query(text).bind(id).execute(tx.conn()).await?;
            Ok::<_, store::Error>(done.rows_affected())
        })
    });
    assert!(done.await.unwrap() > 0, "{text}");
}

fn to(world: &World, instant: Timestamp) {
    world.pass(instant.duration_since(world.now()).as_secs());
}

/// 24:00 in China of the day five years after the one on which a certificate ends.
async fn end_of_law(world: &World, serial: &Serial) -> Timestamp {
    let found = world.institution.ca().find(serial).await.unwrap().unwrap();
    law::CivilDate::of(found.record.not_after).plus_years(5).end()
}

async fn revoke(world: &World, serial: Serial) {
    let change = Change::Revoke(Revocation::because(RevocationReason::KeyCompromise));
    world.institution.change(serial, change, Actor::system()).await.unwrap();
}

/// PIPL Art. 47: what came along goes when its purpose is over, and not before; nothing is left to guess it from.
#[tokio::test(flavor = "multi_thread")]
async fn evidence_of_a_report_that_led_to_nothing_is_erased_after_days_and_the_record_stays() {
    let (world, head) = staffed().await;
    let institution = &world.institution;
    let days = i64::from(institution.settings().voice.evidence_days);
    let (closed, open) = (lodged(&world, two_files()).await, lodged(&world, two_files()).await);
    signed(&world, &head, &closed, json!({ "step": "accept", "text": "已经受理" })).await.unwrap();
    signed(&world, &head, &closed, closing("nothing", &[])).await.unwrap();
    world.pass(days * DAY);
    assert_eq!(erased(&world).await, 0, "the last second belongs to it");
    assert_eq!(kept(&world).await, 4);
    world.pass(DAY + 1);
    let late = check(&world).await;
    assert!(late.level == Level::Warning && late.detail.contains("过保存期限"), "{}", late.detail);
    // Two nodes come at once: the evidence goes once, with one record.
    let rounds = testkit::together::at_once(
        (0..2).map(|_| testkit::together::call(institution.erase_evidence())).collect(),
    );
    assert_eq!(rounds.into_iter().map(Result::unwrap).sum::<u32>(), 1);
    assert_eq!(kept(&world).await, 2, "what is open stays, however old it is");
    assert_eq!(check(&world).await.level, Level::Good);
    let subject = format!("complaint:{closed}");
    let records = world.records("complaint.evidence-erased", &subject).await;
    assert_eq!((records.len(), records[0].body["evidence"].as_array().unwrap().len()), (1, 2));
    assert_eq!(records[0].body["why"], "term");
    let received = &world.records("complaint.received", &subject).await[0];
    let commitment = received.body["evidence"][0]["commitment"].as_str().unwrap();
    assert_eq!(commitment.len(), 64, "what was received is still committed to");
    assert_eq!(received.body["evidence"][0]["blob"], records[0].body["evidence"][0]["blob"]);

    let reads = head.permit(institution.access(), Action::ReadVoice).await;
    let (listed, words, steps) = institution.open_complaint(&reads, &closed).await.unwrap();
    let shown = institution.evidence_of(&reads, (&listed.id, &words)).await.unwrap();
    assert!(shown.iter().all(|one| one.erased_at == Some(world.now())), "{shown:?}");
    assert!(shown.iter().all(|one| one.name.is_empty() && one.digest.is_none()), "{shown:?}");
    assert!(words.evidence.is_empty() && words.evidence_sm3.is_empty());
    assert!(words.text.contains("私钥文件") && steps.len() == 2, "and what was found stays");
    let before = received.body["content"]["blob"].as_str().unwrap();
    let gone = institution.store().open_blob(before).await;
    assert!(matches!(gone, Err(store::Error::Erased)), "the words from before are gone too");
    let handles = head.permit(institution.access(), Action::HandleVoice).await;
    let gone = institution.open_evidence(&handles, (&closed, 1)).await.unwrap_err();
    assert!(gone.to_string().contains("按保存期限销毁"), "{gone}");
    assert!(institution.open_evidence(&handles, (&open, 1)).await.is_ok());
    assert_eq!(erased(&world).await, 0);
}

/// ESL Art. 24, Measures Art. 24: what shows why a certificate was stopped outlives it by five years. The key itself does
/// not: it goes when nothing of it is good, and its commitment stays.
async fn kept_by_law(world: World, head: Staff) {
    let institution = &world.institution;
    let days = i64::from(institution.settings().voice.evidence_days);
    let (key, sign, enc) = pair(&world, "r1").await;
    let pem = pki::pem::encode("PRIVATE KEY", &key.to_pkcs8_der().unwrap()).unwrap();
    let evidence = vec![file("a.pem", pem.as_bytes()), file("b.txt", "在网上找到".as_bytes())];
    let new = NewProblem { evidence, ..proved(&world, &sign, &key).await };
    let id = lodged(&world, new).await;
    let denied = signed(&world, &head, &id, closing("nothing", &[])).await.unwrap_err();
    assert!(denied.contains("已证明私钥失密"), "{denied}");
    signed(&world, &head, &id, json!({ "step": "close", "text": "已经核实" })).await.unwrap();
    let subject = format!("complaint:{id}");
    let record = &world.records("complaint.closed", &subject).await[0];
    assert_eq!(record.body["outcome"], "changed");
    assert_eq!(record.body["concerned"], json!([sign.to_hex()]));
    world.pass((days + 2) * DAY);
    assert_eq!((erased(&world).await, kept(&world).await), (0, 2));
    let told = check(&world).await;
    assert!(told.level == Level::Warning && told.detail.contains("没有撤销"), "{}", told.detail);
    revoke(&world, sign).await;
    assert_eq!((erased(&world).await, kept(&world).await), (1, 1), "the key goes, the rest stays");
    let records = world.records("complaint.evidence-erased", &subject).await;
    let gone = records[0].body["evidence"].as_array().unwrap();
    assert_eq!(
        (&records[0].body["why"], gone.len(), &gone[0]["position"]),
        (&"key".into(), 1, &1.into())
    );
    let reads = head.permit(institution.access(), Action::ReadVoice).await;
    let (_, words, _) = institution.open_complaint(&reads, &id).await.unwrap();
    assert_eq!(words.evidence, ["", "b.txt"]);
    assert_eq!(check(&world).await.level, Level::Good);
    let end = end_of_law(&world, &sign).await.max(end_of_law(&world, &enc).await);
    to(&world, end);
    assert_eq!((erased(&world).await, kept(&world).await), (0, 1), "the last second belongs to it");
    world.pass(1);
    // What was written goes with it: its own three years were over long ago.
    assert_eq!((erased(&world).await, kept(&world).await), (2, 0));
    assert_eq!(check(&world).await.level, Level::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_led_to_a_revocation_is_kept_for_five_years_after_the_certificate_and_the_key_is_not()
{
    let (world, head) = staffed().await;
    kept_by_law(world, head).await;
}

async fn staffed_on(url: String) -> (World, Staff) {
    let world = World::with(|settings| settings.storage.url = url).await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), way::key());
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    (world, head)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_what_led_to_a_revocation_is_kept_for_five_years() {
    let Some(url) = postgres("evidence_law").await else { return };
    let (world, head) = staffed_on(url).await;
    kept_by_law(world, head).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_evidence_is_erased_once_however_many_look_after_it() {
    let Some(url) = postgres("evidence").await else { return };
    let (world, head) = staffed_on(url).await;
    let id = lodged(&world, two_files()).await;
    signed(&world, &head, &id, closing("nothing", &[])).await.unwrap();
    world.pass((i64::from(world.institution.settings().voice.evidence_days) + 1) * DAY);
    let rounds = testkit::together::at_once(
        (0..4).map(|_| testkit::together::call(world.institution.erase_evidence())).collect(),
    );
    assert_eq!(rounds.into_iter().map(Result::unwrap).sum::<u32>(), 1);
    assert_eq!(kept(&world).await, 0);
}

/// Nobody proved anything, and the certificate was revoked because of it: who closes the report says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_without_a_proof_that_led_to_a_revocation_is_kept_as_long() {
    let (world, head) = staffed().await;
    let (_, sign, _) = pair(&world, "r1").await;
    let id = lodged(&world, two_files()).await;
    revoke(&world, sign).await;
    let close = async |order: Value| signed(&world, &head, &id, order).await.unwrap_err();
    let silent = close(json!({ "step": "close", "text": "已核实并处理" })).await;
    assert!(silent.contains("有没有证书因这份报告暂停或者撤销"), "{silent}");
    assert!(close(closing("changed", &[])).await.contains("序列号"));
    assert!(close(closing("changed", &["1a2b3c".into()])).await.contains("不是本机构"));
    assert!(close(closing("nothing", &[sign.to_hex()])).await.contains("不写序列号"));
    signed(&world, &head, &id, closing("changed", &[sign.to_hex()])).await.unwrap();
    to(&world, end_of_law(&world, &sign).await);
    assert_eq!((erased(&world).await, kept(&world).await), (0, 2));
    assert_eq!(check(&world).await.level, Level::Good);
    world.pass(1);
    assert_eq!((erased(&world).await, kept(&world).await), (2, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_somebody_holds_it_nothing_is_erased_and_a_hold_that_was_taken_out_by_hand_stands() {
    let (world, head) = staffed().await;
    let days = i64::from(world.institution.settings().voice.complaint_days);
    let id = lodged(&world, two_files()).await;
    signed(&world, &head, &id, closing("nothing", &[])).await.unwrap();
    let decide = async |order: Value| signed(&world, &head, &id, order).await;
    assert!(decide(deciding("free")).await.unwrap_err().contains("没有暂缓销毁"));
    let short = decide(json!({ "step": "hold", "reason": "查" })).await.unwrap_err();
    assert!(short.contains("4 至 500 字"), "{short}");
    decide(deciding("hold")).await.unwrap();
    assert!(decide(deciding("hold")).await.unwrap_err().contains("已经暂缓销毁"));
    let subject = format!("complaint:{id}");
    let record = &world.records("complaint.held", &subject).await[0];
    assert!(record.actor.starts_with("person:") && record.body.get("act").is_some());
    assert!(!format!("{record:?}").contains("人民法院"), "the reason is sealed");
    world.pass((days + 2) * DAY);
    assert_eq!((erased(&world).await, kept(&world).await), (0, 2));
    assert_eq!(check(&world).await.level, Level::Good, "a hold is no fault");
    tampered(&world, "DELETE FROM voice_keep WHERE complaint = $1", &id).await;
    assert_eq!(
        (erased(&world).await, kept(&world).await),
        (0, 2),
        "the journal says that it stands"
    );
    let reads = head.permit(world.institution.access(), Action::ReadVoice).await;
    let complaint = opened(&world, &head, &id).await;
    assert!(world.institution.keeping(&reads, &complaint).await.unwrap().is_held);
    decide(deciding("free")).await.unwrap();
    assert_eq!(world.records("complaint.freed", &subject).await.len(), 1);
    assert_eq!((erased(&world).await, kept(&world).await), (2, 0));
    let late = decide(deciding("hold")).await.unwrap_err();
    assert!(late.contains("已按保存期限销毁"), "{late}");
}

/// Invariant 11: what a report came to that an earlier version closed isn't known, nor what became of a certificate that
/// isn't there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_known_is_not_erased_and_named_until_somebody_says_it() {
    let (world, head) = staffed().await;
    let days = i64::from(world.institution.settings().voice.evidence_days);
    let id = lodged(&world, two_files()).await;
    signed(&world, &head, &id, closing("nothing", &[])).await.unwrap();
    tampered(&world, "DELETE FROM voice_outcome WHERE complaint = $1", &id).await;
    world.pass((days + 2) * DAY);
    assert_eq!((erased(&world).await, kept(&world).await), (0, 2));
    let told = check(&world).await;
    let number = opened(&world, &head, &id).await.number;
    assert!(told.level == Level::Warning && told.detail.contains("补写"), "{}", told.detail);
    assert!(told.detail.contains(&number), "{}", told.detail);
    let mark = |outcome: &str, serials: &[String]| json!({ "step": "mark", "reason": "查阅卷宗后补写", "outcome": outcome, "serials": serials });
    let (_, sign, _) = pair(&world, "r1").await;
    signed(&world, &head, &id, mark("changed", &[sign.to_hex()])).await.unwrap();
    let shorter = signed(&world, &head, &id, mark("nothing", &[])).await.unwrap_err();
    assert!(shorter.contains("不能改为没有影响"), "{shorter}");
    let records = world.records("complaint.outcome-marked", &format!("complaint:{id}")).await;
    assert_eq!((records.len(), &records[0].body["outcome"]), (1, &"changed".into()));
    assert_eq!((erased(&world).await, check(&world).await.level), (0, Level::Good));
    tampered(&world, "UPDATE voice_concerned SET serial = '0a0b' WHERE complaint = $1", &id).await;
    assert_eq!((erased(&world).await, kept(&world).await), (0, 2));
    let told = check(&world).await;
    assert!(told.level == Level::Warning && told.detail.contains("没有找到"), "{}", told.detail);
}

/// Renewals may keep their key: whichever of its certificates is open counts (T-31).
#[tokio::test(flavor = "multi_thread")]
async fn while_any_certificate_of_a_leaked_key_is_left_its_file_is_kept() {
    let world = World::with(|settings| {
        settings.institution.credit_code = "12110101YX0000016B".into();
        settings.ca.renewals_keep_key = vec!["person".into()];
    })
    .await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(way::key()), way::key());
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch);
    access.create_first_people(first, peer, &access::Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let first = world.order("r1", "person", Act::New, &key);
    let first = world.institution.enrol(first).await.unwrap().sign.record.serial;
    let second = world.order("r2", "person", Act::Renew(first), &key);
    let second = world.institution.enrol(second).await.unwrap().sign.record.serial;
    let pem = pki::pem::encode("PRIVATE KEY", &key.to_pkcs8_der().unwrap()).unwrap();
    let evidence = vec![file("a.pem", pem.as_bytes())];
    let id = lodged(&world, NewProblem { evidence, ..proved(&world, &first, &key).await }).await;
    signed(&world, &head, &id, json!({ "step": "close", "text": "已经核实" })).await.unwrap();
    world.pass(1);
    // Whichever of them is left.
    let change = Change::Revoke(Revocation::because(RevocationReason::Superseded));
    world.institution.change(second, change, Actor::system()).await.unwrap();
    assert_eq!((erased(&world).await, kept(&world).await), (0, 1));
    revoke(&world, first).await;
    assert_eq!((erased(&world).await, kept(&world).await), (1, 0));
}

/// What is damaged of one report is in the way of no other.
#[tokio::test(flavor = "multi_thread")]
async fn a_report_that_cannot_be_read_is_named_and_the_others_are_erased() {
    let (world, head) = staffed().await;
    let days = i64::from(world.institution.settings().voice.evidence_days);
    let (broken, sound) = (lodged(&world, two_files()).await, lodged(&world, two_files()).await);
    for id in [&broken, &sound] {
        signed(&world, &head, id, closing("nothing", &[])).await.unwrap();
        world.pass(1);
    }
    let number = opened(&world, &head, &broken).await.number;
    let damage = "UPDATE blob SET commitment = (SELECT commitment FROM blob WHERE purpose = 'voice-evidence' LIMIT 1) \
         WHERE id = (SELECT content FROM voice_complaint WHERE id = $1)";
    tampered(&world, damage, &broken).await;
    world.pass((days + 2) * DAY);
    assert_eq!((erased(&world).await, kept(&world).await), (1, 2));
    let told = check(&world).await;
    assert!(told.level == Level::Unknown && told.detail.contains(&number), "{}", told.detail);
    assert!(told.detail.contains("不能读取"), "{}", told.detail);
}

/// PIPL Art. 19: what people wrote has a term, too, and so has what was answered.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_and_answered_is_erased_at_the_end_of_its_own_term() {
    let (world, head) = staffed().await;
    let institution = &world.institution;
    let words = app::voice::ComplaintWords {
        text: "窗口工作人员没有一次告知需要的材料。".into(),
        name: "甄某".into(),
        ..Default::default()
    };
    let new = app::voice::NewComplaint { category: app::voice::Category::Service, words };
    let taken = institution.lodge_complaint(new).await.unwrap();
    let id = id_of(institution, &taken).await;
    let close = json!({ "step": "close", "text": "情况属实，已补充告知" });
    signed(&world, &head, &id, close).await.unwrap();
    world.pass(i64::from(institution.settings().voice.complaint_days) * DAY);
    assert_eq!(erased(&world).await, 0, "the last second belongs to it");
    world.pass(1);
    assert_eq!((erased(&world).await, erased(&world).await), (1, 0));
    let reads = head.permit(institution.access(), Action::ReadVoice).await;
    let (found, words, steps) = institution.open_complaint(&reads, &id).await.unwrap();
    assert_eq!(found.words_erased_at, Some(world.now()));
    assert!(words.text.is_empty() && words.name.is_empty());
    assert!(steps.len() == 1 && steps[0].text.contains("按保存期限销毁"), "{steps:?}");
    let left =
        "SELECT COUNT(*) FROM blob WHERE purpose = 'voice-complaint' AND content IS NOT NULL";
    assert_eq!(count(&world, left).await, 0);
    // Who complained still finds that it was closed, and looking for a text meets nothing.
    let progress = institution.complaint_progress((&taken.number, &taken.check_code)).await;
    assert!(progress.unwrap().1[0].text.contains("按保存期限销毁"));
    let filter = app::voice::ComplaintFilter { text: "告知".into(), ..Default::default() };
    assert_eq!(institution.complaints(&reads, &filter, (0, 9)).await.unwrap().total, 0);
    assert_eq!(world.records("complaint.words-erased", &format!("complaint:{id}")).await.len(), 1);
}
