//! The next generation of the issuing CA: who issues at which instant, what the one before still signs,
//! its end, and a process that dies at any step of the ceremony.

use std::path::Path;
use std::sync::Arc;

use ca::ceremony::{
    Ceremony, Participants, Quorum, SuccessionPlan, SuccessionReport, restore_root, verify_protocol,
};
use ca::rules::account::Balance;
use ca::{Ca, CaConfig, CrlKind, Error, Intent, Refusal, RevocationReason, Role, Validity};
use gm::{Device, DeviceError, KeyLabel, RefusedReason, UserId};
use jiff::{SignedDuration, Timestamp};
use pki::SubjectInput;
use pki::crl::Crl;
use pki::profile::ProfileSet;
use store::{FixedClock, Store, Warrant};

use crate::world::{
    Faulty, World, actor, intend, issue, key, open_ca, order, participants, plan, policy, shares,
};

crate::stories! {
    the_next_generation_issues_and_the_one_before_signs_its_lists
    an_appointed_instant_needs_no_switch_and_no_restart
    what_was_recorded_before_is_signed_by_the_one_that_recorded_it
    a_generation_is_over_after_its_last_certificate_and_its_key_goes_by_order_of_two
    a_name_of_before_and_a_second_succession_at_once_are_refused
    a_generation_whose_own_certificate_has_ended_signs_nothing_and_is_over
    a_node_whose_clock_is_slow_takes_up_what_a_unit_told_it
    an_instant_behind_the_end_of_the_one_before_is_refused
    root_that_was_left_on_the_device_is_no_leave_to_go_on_without_its_shares
    a_ceremony_that_was_cut_off_is_held_to_the_plan_that_it_was_begun_with
    t27_rows_of_generations_that_were_changed_are_found
}

const DAY: i64 = 86_400;

/// The configuration of an institution: each generation has addresses of its own.
pub fn config(folder: &Path) -> CaConfig {
    let mut config = plan(folder, 0, policy()).issuing_config;
    config.urls.crl = vec!["http://crl.test.cn/{issuer}.crl".into()];
    config.urls.ca_issuers = vec!["http://crl.test.cn/{issuer}.cer".into()];
    config.status_kept = SignedDuration::from_hours(5 * 24);
    config
}

pub fn succession(folder: &Path, name: &str, from: Option<Timestamp>) -> SuccessionPlan {
    let before = plan(folder, 0, policy());
    SuccessionPlan {
        name: name.into(),
        institution: before.institution,
        subject: SubjectInput {
            common_name: format!("某省签发机构证书 {name}"), ..before.issuing
        },
        from,
        root_config: before.root_config,
        issuing_config: config(folder),
        shares: shares(folder, &[1, 3, 5]),
        protocol: folder.join(name),
    }
}

/// Three of the five.
pub fn holders() -> Participants {
    let mut all = participants();
    all.custodians = [0, 2, 4].map(|at| all.custodians[at].clone()).to_vec();
    all
}

pub async fn succeed(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    plan: SuccessionPlan,
) -> Result<SuccessionReport, Error> {
    let profiles = Arc::new(ProfileSet::embedded().unwrap());
    let quorum = Quorum::of_holders(holders()).unwrap();
    let (store, device, clock) = (store.clone(), device.clone(), clock.clone());
    Ceremony::succeed(store, device, clock, profiles, (plan, quorum)).await
}

impl World {
    async fn line(&self) -> Ca {
        let config = config(self.folder.path());
        open_ca(&self.store, &self.device, &self.clock, config).await
    }

    async fn succeed(&self, plan: SuccessionPlan) -> Result<SuccessionReport, Error> {
        succeed((&self.store, &self.device, &self.clock), plan).await
    }

    fn plan(&self, from: Option<Timestamp>) -> SuccessionPlan {
        succession(self.folder.path(), "G2", from)
    }

    async fn list(&self, of: &Ca) -> Crl {
        let found = of.current_crl(CrlKind::Full).await.unwrap().unwrap();
        let crl = Crl::from_der(found.der).unwrap();
        crl.verify(&of.certificate().public_key().unwrap(), &UserId::default()).unwrap();
        crl
    }
}

fn the_protocol_is_signed_by_the_new_key(report: &SuccessionReport) {
    let document = std::fs::read(&report.protocol.document).unwrap();
    let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
    verify_protocol(&document, &signature, &report.issuing).unwrap();
    let text = std::fs::read_to_string(&report.protocol.text).unwrap();
    assert!(
        text.contains("保管人5") && text.contains("换代记录") && !text.contains("口令"),
        "{text}"
    );
}

async fn the_next_generation_issues_and_the_one_before_signs_its_lists(world: World) {
    let ca = world.line().await;
    let old = issue(&world.store, &ca, order("r1", Role::Sign, "张三", key())).await.unwrap();
    world.pass(60);
    let report = world.succeed(world.plan(None)).await.unwrap();
    assert!(ca.follow_line().await.unwrap() && !ca.follow_line().await.unwrap());
    let [first, second] = ca.generations().try_into().unwrap();
    assert_eq!((first.name(), second.name()), ("issuing", "issuing2"));
    assert_eq!(ca.certificate(), &report.issuing);
    assert_ne!(report.issuing.subject(), report.before.subject());
    // The chain, the addresses, and the serial number under both.
    let root_key = world.report.root.public_key().unwrap();
    report.issuing.verify_signature(&root_key, &UserId::default()).unwrap();
    let mut renewal = order("r2", Role::Sign, "张三", key());
    renewal.replaces = Some(*old.serial());
    let new = issue(&world.store, &ca, renewal).await.unwrap();
    assert_eq!(new.certificate.issuer(), report.issuing.subject());
    assert_eq!(new.record.replaces_id, Some(old.record.id));
    let text = format!("{:?}", new.certificate);
    let has = |der: &[u8], part: &str| der.windows(part.len()).any(|w| w == part.as_bytes());
    assert!(
        has(new.der(), "crl.test.cn/issuing2.crl") && has(new.der(), "/issuing2.cer"),
        "{text}"
    );
    assert!(has(old.der(), "crl.test.cn/issuing.crl"));
    for stored in [&old, &new] {
        assert_eq!(ca.find(stored.serial()).await.unwrap().unwrap().der(), stored.der());
        let issuer = ca.issuer_of(&stored.record).unwrap();
        stored
            .certificate
            .verify_signature(&issuer.public_key().unwrap(), &UserId::default())
            .unwrap();
    }
    let all = ca::CertificateFilter { role: Some("sign".into()), ..Default::default() };
    assert_eq!(ca.count(&all).await.unwrap(), 2);
    let page = ca.list(&all, None, 1).await.unwrap();
    assert_eq!(page.records[0].serial, *new.serial());
    assert_eq!(ca.list(&all, page.next, 1).await.unwrap().records[0].serial, *old.serial());
    // Each revocation is on the list of its own generation.
    let by = World { ca: ca.clone(), ..world };
    for stored in [&old, &new] {
        by.revoke(stored.serial(), RevocationReason::Superseded).await.unwrap();
    }
    by.pass(60);
    assert_eq!(ca.publish_due().await.unwrap().len(), 2);
    let (of_old, of_new) = (by.list(&first).await, by.list(&second).await);
    assert!(of_old.lookup(old.serial()).is_some() && of_old.lookup(new.serial()).is_none());
    assert!(of_new.lookup(new.serial()).is_some() && of_new.lookup(old.serial()).is_none());
    // The one before issues to nobody.
    let late = first.prepare(order("r3", Role::Sign, "李四", key())).unwrap();
    let asked = first.clone();
    let refused = by.store.commit(move |tx| Box::pin(async move { asked.intend(tx, late).await }));
    assert!(matches!(refused.await, Err(Error::Refused(Refusal::Superseded))));
    for one in [&first, &second] {
        assert_eq!(one.reconcile().await.unwrap().balance, Balance::Exact, "{one:?}");
    }
    let compared = ca.compare_with_journal().await.unwrap();
    assert!(compared.is_sound(), "{:?}", compared.findings);
    let root = by.device.session().unwrap().key(&KeyLabel::new("root").unwrap());
    assert_eq!(root, Err(DeviceError::Refused(RefusedReason::NoSuchKey)), "an offline root");
    the_protocol_is_signed_by_the_new_key(&report);
    // Held again, nothing changes.
    let size = by.store.size().await.unwrap();
    let again = by.succeed(by.plan(None)).await.unwrap();
    assert_eq!((again.issuing.der(), by.store.size().await.unwrap()), (report.issuing.der(), size));
}

async fn an_appointed_instant_needs_no_switch_and_no_restart(world: World) {
    let (ca, unaware) = (world.line().await, world.line().await);
    let from = world.now().checked_add(SignedDuration::from_hours(48)).unwrap();
    world.succeed(world.plan(Some(from))).await.unwrap();
    ca.follow_line().await.unwrap();
    let issues = async |ca: &Ca, id: &str| {
        let stored = issue(&world.store, ca, order(id, Role::Sign, "张三", key())).await?;
        Ok::<_, Error>(ca.of_name(&stored))
    };
    world.pass(2 * DAY - 1);
    assert_eq!(issues(&ca, "r1").await.unwrap(), "issuing");
    assert_eq!(issues(&unaware, "r2").await.unwrap(), "issuing");
    world.pass(1);
    assert_eq!(issues(&ca, "r3").await.unwrap(), "issuing2");
    // A node that has not looked is refused, and may ask again once it has.
    assert!(matches!(issues(&unaware, "r4").await, Err(Error::Refused(Refusal::Superseded))));
    unaware.follow_line().await.unwrap();
    assert_eq!(issues(&unaware, "r4").await.unwrap(), "issuing2");
}

trait OfName {
    fn of_name(&self, stored: &ca::StoredCertificate) -> String;
}

impl OfName for Ca {
    fn of_name(&self, stored: &ca::StoredCertificate) -> String {
        let is_of = |one: &&Ca| one.issuer_id() == stored.record.issuer_id;
        self.generations().iter().find(is_of).unwrap().name().to_owned()
    }
}

async fn what_was_recorded_before_is_signed_by_the_one_that_recorded_it(world: World) {
    let ca = world.line().await;
    let asked = order("r1", Role::Sign, "张三", key());
    let Intent::Ticket(_) = intend(&world.store, &ca, asked.clone()).await.unwrap() else {
        panic!("recorded before")
    };
    world.pass(60);
    world.succeed(world.plan(None)).await.unwrap();
    ca.follow_line().await.unwrap();
    let stored = issue(&world.store, &ca, asked.clone()).await.unwrap();
    assert_eq!(ca.of_name(&stored), "issuing");
    assert_eq!(issue(&world.store, &ca, asked).await.unwrap().der(), stored.der());
    // And recovery does the same by itself.
    let open = order("r2", Role::Sign, "李四", key());
    intend(&world.store, &ca, open).await.unwrap();
    let recovery = ca.recover().await.unwrap();
    assert_eq!(recovery.intents.len(), 1);
    let found = ca.find(&recovery.intents[0].0).await.unwrap().unwrap();
    assert_eq!(ca.of_name(&found), "issuing2");
}

async fn a_generation_is_over_after_its_last_certificate_and_its_key_goes_by_order_of_two(
    world: World,
) {
    let ca = world.line().await;
    let mut asked = order("r1", Role::Sign, "张三", key());
    let end = world.now().checked_add(SignedDuration::from_hours(70)).unwrap();
    asked.validity = Validity { not_before: None, not_after: Some(end) };
    let last = issue(&world.store, &ca, asked).await.unwrap();
    world.succeed(world.plan(None)).await.unwrap();
    ca.follow_line().await.unwrap();
    let first = ca.generation_named("issuing").unwrap();
    let warrant = Warrant::new("S001", "A001", "证书已全部到期，换代完成").unwrap();
    world.pass(2 * DAY);
    ca.publish_due().await.unwrap();
    assert_eq!(ca.note_over().await.unwrap(), 0, "a certificate still counts");
    assert!(matches!(first.destroy_key(&warrant).await, Err(Error::Refused(Refusal::NotOver))));
    world.pass(DAY + 60);
    assert_eq!(ca.note_over().await.unwrap(), 0, "no list since");
    world.pass(DAY);
    ca.publish_due().await.unwrap();
    assert_eq!(ca.note_over().await.unwrap(), 0, "its status is promised to be answered");
    world.pass(4 * DAY);
    ca.publish_due().await.unwrap();
    let of_first = async || first.current_crl(CrlKind::Full).await.unwrap().unwrap().record.number;
    let number = of_first().await;
    assert_eq!(ca.note_over().await.unwrap(), 1);
    assert_eq!(ca.note_over().await.unwrap(), 0);
    assert_eq!(world.records("issuer.over").await, 1);
    let names = |ca: &Ca| {
        ca.signing_generations().iter().map(|one| one.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&ca), ["issuing2"]);
    assert!(ca.crl_health().await.unwrap().iter().all(|list| list.issuer == "issuing2"));
    // A compromise learnt now could be told on no list and in no answer.
    let late = world.revoke(last.serial(), RevocationReason::KeyCompromise).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::IssuerOver))), "{late:?}");
    assert!(matches!(ca.destroy_key(&warrant).await, Err(Error::Refused(Refusal::NotOver))));
    first.destroy_key(&warrant).await.unwrap();
    let key = world.device.session().unwrap().key(&KeyLabel::new("ca").unwrap());
    assert_eq!(key, Err(DeviceError::Refused(RefusedReason::NoSuchKey)));
    assert!(first.generation().unwrap().destroyed_at.is_some());
    assert_eq!(world.records("issuer.key-destroyed").await, 1);
    // What it issued is still known, and the other goes on.
    assert_eq!(ca.find(last.serial()).await.unwrap().unwrap().der(), last.der());
    assert!(ca.recover().await.unwrap().settled);
    world.pass(2 * DAY);
    assert_eq!(ca.publish_due().await.unwrap().len(), 1);
    assert_eq!(of_first().await, number, "the number of its list stays the last one");
    assert!(ca.compare_with_journal().await.unwrap().is_sound());
    let reopened = world.line().await;
    assert_eq!(names(&reopened), ["issuing2"]);
}

async fn a_name_of_before_and_a_second_succession_at_once_are_refused(world: World) {
    let mut same = world.plan(None);
    same.subject = plan(world.folder.path(), 0, policy()).issuing;
    let refused = world.succeed(same).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Ceremony(_)))), "{refused:?}");
    let from = world.now().checked_add(SignedDuration::from_hours(24)).unwrap();
    world.succeed(world.plan(Some(from))).await.unwrap();
    let third = succession(world.folder.path(), "G3", None);
    let refused = world.succeed(third.clone()).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Ceremony(_)))), "not in force yet");
    world.pass(DAY);
    let report = world.succeed(third).await.unwrap();
    assert_eq!(report.name, "issuing3");
    let ca = world.line().await;
    let issuing: Vec<_> = ca
        .generations()
        .iter()
        .filter(|one| one.generation().unwrap().is_issuing)
        .map(|one| one.name().to_owned())
        .collect();
    assert_eq!(issuing, ["issuing3"]);
}

async fn a_generation_whose_own_certificate_has_ended_signs_nothing_and_is_over(world: World) {
    let ca = world.line().await;
    world.pass(30 * DAY);
    world.succeed(world.plan(None)).await.unwrap();
    ca.follow_line().await.unwrap();
    let [first, second] = ca.generations().try_into().unwrap();
    assert!(second.certificate().not_after() > first.certificate().not_after());
    // A list that is made before the end stays the last one.
    world.clock.set(first.certificate().not_after());
    world.pass(-300 * DAY);
    ca.publish_due().await.unwrap();
    world.clock.set(first.certificate().not_after());
    assert_eq!(ca.signing_generations().len(), 2);
    world.pass(1);
    let names = |all: Vec<Ca>| all.iter().map(|one| one.name().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(ca.signing_generations()), ["issuing2"]);
    assert!(ca.crl_health().await.unwrap().iter().all(|list| list.issuer == "issuing2"));
    assert!(ca.publish_due().await.unwrap().iter().all(|list| list.issuer == "issuing2"));
    assert_eq!(ca.note_over().await.unwrap(), 1);
}

async fn a_node_whose_clock_is_slow_takes_up_what_a_unit_told_it(world: World) {
    let (slow, other) = (world.line().await, world.line().await);
    let from = world.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    world.succeed(world.plan(Some(from))).await.unwrap();
    for ca in [&slow, &other] {
        ca.follow_line().await.unwrap();
    }
    world.clock.set(from);
    issue(&world.store, &other, order("r1", Role::Sign, "张三", key())).await.unwrap();
    world.pass(-5);
    let ask = async || issue(&world.store, &slow, order("r2", Role::Sign, "李四", key())).await;
    assert!(matches!(ask().await, Err(Error::Refused(Refusal::Superseded))));
    assert_eq!(slow.of_name(&ask().await.unwrap()), "issuing2");
}

async fn an_instant_behind_the_end_of_the_one_before_is_refused(world: World) {
    let refused = world.succeed(world.plan(Some(world.report.issuing.not_after()))).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Ceremony(_)))), "{refused:?}");
    assert_eq!(world.records("ceremony.convened").await, 1, "the founding alone");
}

async fn root_that_was_left_on_the_device_is_no_leave_to_go_on_without_its_shares(world: World) {
    let folder = world.folder.path();
    let device: Arc<dyn Device> = world.device.clone();
    let sealed = shares(folder, &[1, 3, 5]);
    restore_root(&world.store, device, sealed, actor()).await.unwrap();
    let two = SuccessionPlan { shares: shares(folder, &[1, 3]), ..world.plan(None) };
    assert!(world.succeed(two).await.is_err());
    assert_eq!(world.number("SELECT COUNT(*) FROM issuer").await, 2);
    let root = KeyLabel::new("root").unwrap();
    assert!(world.device.session().unwrap().key(&root).is_ok(), "and nothing is lost");
    world.succeed(succession(folder, "G2b", None)).await.unwrap();
    assert_eq!(world.records("ceremony.root-restored").await, 2, "and they are recorded");
    assert!(world.device.session().unwrap().key(&root).is_err());
}

async fn a_ceremony_that_was_cut_off_is_held_to_the_plan_that_it_was_begun_with(world: World) {
    let folder = world.folder.path();
    let mut wrong = world.plan(None);
    wrong.shares[2].passphrase = "不是他的口令".to_owned().into();
    assert!(world.succeed(wrong).await.is_err());
    let later = world.now().checked_add(SignedDuration::from_hours(1)).unwrap();
    let mut renamed = world.plan(None);
    renamed.subject.common_name = "别的签发机构".into();
    let others = SuccessionPlan { shares: shares(folder, &[1, 2, 3]), ..world.plan(None) };
    for other in [renamed, world.plan(Some(later)), others] {
        let refused = world.succeed(other).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::Ceremony(_)))), "{refused:?}");
    }
    world.succeed(world.plan(None)).await.unwrap();
    assert_eq!(Ceremony::generation_of(&world.store, "G2").await.unwrap(), Some(2));
}

/// Whose list a certificate is on, which key issues, and which may be destroyed.
async fn t27_rows_of_generations_that_were_changed_are_found(world: World) {
    world.succeed(world.plan(None)).await.unwrap();
    let ca = world.line().await;
    issue(&world.store, &ca, order("r1", Role::Sign, "张三", key())).await.unwrap();
    assert!(ca.compare_with_journal().await.unwrap().is_sound());
    for forged in [
        "UPDATE certificate SET issuer_id = (SELECT id FROM issuer WHERE name = 'issuing') \
         WHERE request_id = 'r1'",
        "UPDATE issuer_successor SET active_from = active_from - 1",
        "INSERT INTO issuer_end (issuer_id, over_at) SELECT id, 1 FROM issuer WHERE name <> 'root'",
    ] {
        world.sql(forged).await;
    }
    // The key that issues stays, whatever the table says of it.
    let warrant = Warrant::new("S001", "A001", "证书已全部到期，换代完成").unwrap();
    assert!(matches!(ca.destroy_key(&warrant).await, Err(Error::Refused(Refusal::NotOver))));
    let found = ca.compare_with_journal().await.unwrap().findings;
    let says = |text: &str| found.iter().any(|one| one.detail.contains(text));
    for text in ["颁发者不符", "issuing2：签发密钥的启用时刻", "issuing：签发密钥结束使用"]
    {
        assert!(says(text), "{text}: {found:?}");
    }
}
