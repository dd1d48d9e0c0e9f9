//! The next key of the root: both keys vouch for each other, every list says the same, the new key certifies, and the
//! old one's shares are destroyed when nothing is left under it.

use std::path::Path;
use std::sync::Arc;

use ca::ceremony::{
    Ceremony, Custodian, Participants, Quorum, RootSuccessionPlan, RootSuccessionReport,
    SealedShare, restore_root, verify_protocol,
};
use ca::rules::account::Balance;
use ca::{Ca, CrlKind, Error, Link, Refusal, Revocation, RevocationReason};
use gm::passphrase::Stretch;
use gm::{Device, UserId};
use jiff::Timestamp;
use pki::crl::Crl;
use pki::path::{Options, Request, Revocation as Asked, Validity, validate};
use pki::profile::ProfileSet;
use pki::{Certificate, Serial};
use store::{FixedClock, Store, Warrant};

use crate::succession;
use crate::world::{Faulty, World, actor, open_ca, participants, plan, policy, shares};

crate::stories! {
    both_keys_vouch_for_each_other_and_old_and_new_clients_find_their_way
    every_list_of_the_root_names_what_either_key_revoked
    the_next_issuing_ca_is_certified_by_the_new_key
    a_third_key_is_linked_to_the_second
    shares_of_the_old_key_are_destroyed_only_when_nothing_is_left_under_it
    a_restored_database_goes_on_behind_the_list_of_the_right_key
    the_wrong_people_or_another_plan_are_refused
    a_root_key_that_was_used_outside_of_the_records_is_not_destroyed_unseen
    shares_of_a_key_that_the_database_does_not_know_say_so
    links_and_issuing_cas_are_revoked_by_two_and_told_by_every_list
}

const DAY: i64 = 86_400;

/// Five who get shares of the new key, under passphrases of their own.
pub fn next_custodians(ceremony: &str) -> Participants {
    let mut all = participants();
    for (at, custodian) in all.custodians.iter_mut().enumerate() {
        *custodian = Custodian {
            person: custodian.person.clone(),
            passphrase: passphrase(ceremony, at + 1).into(),
        };
    }
    all
}

fn passphrase(ceremony: &str, n: usize) -> String {
    format!("{ceremony} 新口令-{n}")
}

/// Shares that a ceremony made.
pub fn next_shares(folder: &Path, ceremony: &str, numbers: &[usize]) -> Vec<SealedShare> {
    let share = |n: &usize| SealedShare {
        path: folder.join(ceremony).join("shares").join(format!("share-{n}.json")),
        passphrase: passphrase(ceremony, *n).into(),
    };
    numbers.iter().map(share).collect()
}

pub fn root_succession(folder: &Path, name: &str) -> RootSuccessionPlan {
    let before = plan(folder, 0, policy());
    RootSuccessionPlan {
        name: name.into(),
        institution: before.institution,
        root_config: root_config(folder),
        issuing_config: succession::config(folder),
        holders: Quorum::of_holders(succession::holders()).unwrap(),
        shares: shares(folder, &[1, 3, 5]),
        new_shares: folder.join(name).join("shares"),
        protocol: folder.join(name),
        stretch: Stretch::FAST_FOR_TESTS,
    }
}

fn root_config(folder: &Path) -> ca::CaConfig {
    let mut config = plan(folder, 0, policy()).root_config;
    config.urls.crl = vec!["http://crl.test.cn/{issuer}.crl".into()];
    config.urls.ca_issuers = vec!["http://crl.test.cn/{issuer}.cer".into()];
    config
}

pub async fn succeed_root(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    plan: RootSuccessionPlan,
) -> Result<RootSuccessionReport, Error> {
    let people = next_custodians(&plan.name);
    succeed_root_with((store, device, clock), plan, people).await
}

pub async fn succeed_root_with(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    plan: RootSuccessionPlan,
    people: Participants,
) -> Result<RootSuccessionReport, Error> {
    let profiles = Arc::new(ProfileSet::embedded().unwrap());
    let quorum = Quorum::of(people).unwrap();
    let (store, device, clock) = (store.clone(), device.clone(), clock.clone());
    Ceremony::succeed_root(store, device, clock, profiles, (plan, quorum)).await
}

impl World {
    async fn roots(&self) -> Ca {
        let config = root_config(self.folder.path());
        open_ca(&self.store, &self.device, &self.clock, config).await
    }

    async fn succeed_root(&self, plan: RootSuccessionPlan) -> RootSuccessionReport {
        let held = succeed_root((&self.store, &self.device, &self.clock), plan).await;
        held.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The next issuing CA, by the root that these shares bring back.
    async fn next_issuing(&self, shares: Vec<SealedShare>) -> Certificate {
        let mut plan = succession::succession(self.folder.path(), "G2", None);
        (plan.root_config, plan.shares) = (root_config(self.folder.path()), shares);
        let parts = (&self.store, &self.device, &self.clock);
        succession::succeed(parts, plan).await.unwrap().issuing
    }

    async fn restore(&self, sealed: Vec<SealedShare>) -> Result<(), Error> {
        restore_root(&self.store, self.device.clone(), sealed, actor()).await
    }

    async fn revoke_ca(&self, roots: &Ca, serial: Serial) {
        let (by, actor) = (roots.clone(), actor());
        let revocation = Revocation::because(RevocationReason::CessationOfOperation);
        let unit = self.store.commit(move |tx| {
            Box::pin(async move { by.revoke(tx, &serial, &revocation, &actor).await })
        });
        unit.await.unwrap();
    }
}

/// The list in force of one generation, signed by its own key.
async fn list(of: &Ca) -> Crl {
    let crl = Crl::from_der(of.current_crl(CrlKind::Full).await.unwrap().unwrap().der).unwrap();
    crl.verify(&of.certificate().public_key().unwrap(), &UserId::default()).unwrap();
    assert_eq!(crl.authority_key(), of.certificate().ski().map(|ski| ski.0).as_deref());
    crl
}

fn path(
    leaf: &Certificate,
    anchor: &Certificate,
    via: &[&Certificate],
    (crls, at): (&[Crl], Timestamp),
) -> Validity {
    let untrusted: Vec<_> = via.iter().map(|one| (*one).clone()).collect();
    let revocation = if crls.is_empty() { Asked::NotAsked } else { Asked::Required };
    let options = Options { revocation, ..Options::default() };
    let anchors = std::slice::from_ref(anchor);
    validate(&Request { leaf, untrusted: &untrusted, anchors, crls, at, options: &options }).valid
}

fn the_protocol_is_signed_by_the_issuing_key(report: &RootSuccessionReport, issuing: &Certificate) {
    let document = std::fs::read(&report.protocol.document).unwrap();
    let signature = std::fs::read_to_string(&report.protocol.signature).unwrap();
    verify_protocol(&document, &signature, issuing).unwrap();
    let text = std::fs::read_to_string(&report.protocol.text).unwrap();
    for told in
        ["根密钥换代记录", "旧密钥分量保管人：保管人5", "新密钥分量保管人：保管人4", "链接证书"]
    {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("口令"));
}

async fn both_keys_vouch_for_each_other_and_old_and_new_clients_find_their_way(world: World) {
    world.pass(60);
    let report = world.succeed_root(root_succession(world.folder.path(), "root-2")).await;
    let (old, new) = (&report.before, &report.root);
    assert_eq!(old, &world.report.root);
    assert_eq!(new.subject().der(), old.subject().der(), "one name");
    assert_ne!(new.ski(), old.ski());
    let id = UserId::default();
    let (old_key, new_key) = (old.public_key().unwrap(), new.public_key().unwrap());
    for (certificate, by, of) in [
        (new, &new_key, new_key),
        (&report.new_with_old, &old_key, new_key),
        (&report.old_with_new, &new_key, old_key),
    ] {
        certificate.verify_signature(by, &id).unwrap();
        assert_eq!(certificate.public_key().unwrap(), of);
        assert_eq!(certificate.subject(), certificate.issuer());
        let end = old.not_after().min(new.not_after());
        assert!(certificate == new || certificate.not_after() == end, "as long as both last");
    }
    let roots = world.roots().await;
    let links = roots.links().await.unwrap();
    let files: Vec<_> = links.iter().map(Link::file).collect();
    assert_eq!(files, ["root2-by-root", "root-by-root2"]);
    assert_eq!(links[0].certificate, report.new_with_old);
    assert!(links[0].leads_to_newer && !links[1].leads_to_newer);
    // What the old key certified, for whoever has only the new one; and the other way round.
    let issuing = &world.report.issuing;
    let now = world.now();
    let (link, back) = (&report.new_with_old, &report.old_with_new);
    assert_eq!(path(issuing, old, &[], (&[], now)), Validity::Valid);
    assert_eq!(path(issuing, new, &[back], (&[], now)), Validity::Valid);
    assert_ne!(path(issuing, new, &[], (&[], now)), Validity::Valid, "nothing without the link");
    let [first, second] = roots.generations().try_into().unwrap();
    let lists = [list(&first).await, list(&second).await];
    assert_eq!(path(issuing, new, &[back], (&lists, now)), Validity::Valid, "with status");
    assert_ne!(path(new, old, &[link], (&[], now)), Validity::Valid, "a root stands alone");
    // Both keys left the device, and every signature is accounted for.
    let keys = world.device.session().unwrap().keys().unwrap();
    assert!(keys.iter().all(|key| !key.label.as_str().starts_with("root")), "offline roots");
    the_protocol_is_signed_by_the_issuing_key(&report, issuing);
    assert!(roots.compare_with_journal().await.unwrap().is_sound());
    assert_eq!(world.ca.reconcile().await.unwrap().balance, Balance::Exact);
    assert!(roots.generations()[1].generation().unwrap().is_issuing);
    // Held again, nothing changes.
    let size = world.store.size().await.unwrap();
    let again = world.succeed_root(root_succession(world.folder.path(), "root-2")).await;
    assert_eq!((again.root, world.store.size().await.unwrap()), (report.root, size));
}

async fn the_next_issuing_ca_is_certified_by_the_new_key(world: World) {
    let folder = world.folder.path().to_owned();
    let report = world.succeed_root(root_succession(&folder, "root-2")).await;
    world.pass(60);
    let mut old = succession::succession(&folder, "G2", None);
    old.root_config = root_config(&folder);
    let refused = succession::succeed((&world.store, &world.device, &world.clock), old).await;
    assert!(refused.is_err(), "shares of the old key bring no new one back");
    let mut plan = succession::succession(&folder, "G2-2", None);
    plan.root_config = root_config(&folder);
    plan.shares = next_shares(&folder, "root-2", &[2, 3, 4]);
    let parts = (&world.store, &world.device, &world.clock);
    let issuing = succession::succeed(parts, plan).await.unwrap().issuing;
    let id = UserId::default();
    issuing.verify_signature(&report.root.public_key().unwrap(), &id).unwrap();
    let text = |part: &str| issuing.der().windows(part.len()).any(|w| w == part.as_bytes());
    assert!(text("crl.test.cn/root2.crl") && text("crl.test.cn/root2.cer"));
    let (old, new, now) = (&report.before, &report.root, world.now());
    let link = &report.new_with_old;
    assert_eq!(path(&issuing, new, &[], (&[], now)), Validity::Valid);
    assert_eq!(path(&issuing, old, &[link], (&[], now)), Validity::Valid, "over newWithOld");
    assert_ne!(path(&issuing, old, &[], (&[], now)), Validity::Valid);
    let [first, second] = world.roots().await.generations().try_into().unwrap();
    let lists = [list(&first).await, list(&second).await];
    assert_eq!(path(&issuing, old, &[link], (&lists, now)), Validity::Valid, "with status");
    let keys = world.device.session().unwrap().keys().unwrap();
    assert!(keys.iter().all(|key| !key.label.as_str().starts_with("root")));
}

async fn every_list_of_the_root_names_what_either_key_revoked(world: World) {
    let folder = world.folder.path().to_owned();
    let report = world.succeed_root(root_succession(&folder, "root-2")).await;
    world.pass(60);
    let second_issuing = world.next_issuing(next_shares(&folder, "root-2", &[1, 2, 3])).await;
    let roots = world.roots().await;
    let revoked = [world.report.issuing.serial(), second_issuing.serial()];
    for serial in revoked {
        world.revoke_ca(&roots, serial).await;
    }
    world.pass(60);
    world.restore(shares(&folder, &[1, 2, 3])).await.unwrap();
    world.restore(next_shares(&folder, "root-2", &[1, 2, 3])).await.unwrap();
    let [first, second] = roots.generations().try_into().unwrap();
    for one in [&first, &second] {
        one.publish_crl(CrlKind::Full).await.unwrap();
        let crl = list(one).await;
        let named: Vec<_> = crl.entries().map(|entry| entry.revoked.serial).collect();
        assert_eq!(named.len(), 2, "{one:?}");
        assert!(revoked.iter().all(|serial| crl.lookup(serial).is_some()) && crl.is_sorted());
        assert!(!one.reconcile().await.unwrap().balance.is_alarm());
        // Whichever of the two a client comes by: its root's issuing CA is not taken for good.
        let (via, lists) = ([&report.new_with_old, &report.old_with_new], [crl]);
        for (anchor, leaf) in
            [(&report.before, &second_issuing), (&report.root, &world.report.issuing)]
        {
            let found = path(leaf, anchor, &via, (&lists, world.now()));
            assert_eq!(found, Validity::Invalid, "{one:?}");
        }
    }
    // Both stay on the next lists, though each series is compared with its own last list only.
    world.pass(60);
    first.publish_crl(CrlKind::Full).await.unwrap();
    assert_eq!(list(&first).await.entries().count(), 2);
}

async fn a_third_key_is_linked_to_the_second(world: World) {
    let folder = world.folder.path().to_owned();
    let second = world.succeed_root(root_succession(&folder, "root-2")).await;
    world.pass(60);
    let mut third = root_succession(&folder, "root-3");
    third.shares = next_shares(&folder, "root-2", &[1, 3, 5]);
    let mut holders = next_custodians("root-2");
    holders.custodians = [0, 2, 4].map(|at| holders.custodians[at].clone()).to_vec();
    third.holders = Quorum::of_holders(holders).unwrap();
    let third = world.succeed_root(third).await;
    assert_eq!((third.name.as_str(), &third.before), ("root3", &second.root));
    let roots = world.roots().await;
    let links: Vec<_> = roots.links().await.unwrap().iter().map(Link::file).collect();
    assert_eq!(links, ["root2-by-root", "root-by-root2", "root3-by-root2", "root2-by-root3"]);
    // From the first root to what the third certifies: two links, and no path length stands in the way.
    let next = world.next_issuing(next_shares(&folder, "root-3", &[1, 2, 3])).await;
    let via = [&second.new_with_old, &third.new_with_old];
    let found = path(&next, &world.report.root, &via, (&[], world.now()));
    assert_eq!(found, Validity::Valid);
    assert!(roots.compare_with_journal().await.unwrap().is_sound());
}

async fn shares_of_the_old_key_are_destroyed_only_when_nothing_is_left_under_it(world: World) {
    let folder = world.folder.path().to_owned();
    world.pass(30 * DAY);
    let report = world.succeed_root(root_succession(&folder, "root-2")).await;
    let roots = world.roots().await;
    let [first, second] = roots.generations().try_into().unwrap();
    let warrant = || Warrant::new("S001", "A001", "旧根之下的证书已全部到期").unwrap();
    let refused = first.destroy_shared_key(&warrant(), &[1, 2, 3]).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotOver))), "{refused:?}");
    world.clock.set(report.before.not_after());
    assert_eq!(roots.note_over().await.unwrap(), 0, "its last second belongs to it");
    world.pass(1);
    assert_eq!(roots.note_over().await.unwrap(), 1);
    for few in [&[1, 2][..], &[1, 1, 2], &[1, 2, 6]] {
        let refused = first.destroy_shared_key(&warrant(), few).await;
        assert!(matches!(refused, Err(Error::Refused(Refusal::SharesLeft))), "{few:?}");
    }
    world.restore(shares(&folder, &[1, 2, 3])).await.unwrap();
    ca::ceremony::destroy_root(&world.store, world.device.clone(), actor()).await.unwrap();
    first.destroy_shared_key(&warrant(), &[1, 2, 4]).await.unwrap();
    assert!(first.generation().unwrap().destroyed_at.is_some());
    let back = world.restore(shares(&folder, &[1, 2, 3])).await;
    assert!(matches!(back, Err(Error::Refused(Refusal::Ceremony(_)))), "{back:?}");
    let now = second.destroy_shared_key(&warrant(), &[1, 2, 3]).await;
    assert!(matches!(now, Err(Error::Refused(Refusal::NotOver))), "the one that certifies");
    assert!(roots.compare_with_journal().await.unwrap().is_sound());
}

async fn a_restored_database_goes_on_behind_the_list_of_the_right_key(world: World) {
    let folder = world.folder.path().to_owned();
    world.succeed_root(root_succession(&folder, "root-2")).await;
    let roots = world.roots().await;
    let [first, second] = roots.generations().try_into().unwrap();
    let published = list(&second).await;
    assert!(!first.publishes(&published) && second.publishes(&published));
    let warrant = Warrant::new("S001", "A001", "数据库由备份恢复").unwrap();
    let missing = roots.follow_list(&published, &warrant).await.unwrap();
    assert!(missing.is_empty(), "{missing:?}");
}

async fn the_wrong_people_or_another_plan_are_refused(world: World) {
    let folder = world.folder.path().to_owned();
    let parts = (&world.store, &world.device, &world.clock);
    let two = RootSuccessionPlan {
        shares: shares(&folder, &[1, 3]),
        ..root_succession(&folder, "root-2")
    };
    assert!(succeed_root(parts, two).await.is_err(), "two shares");
    // Begun with two, it is held to these two: with others it takes another name.
    let other = succeed_root(parts, root_succession(&folder, "root-2")).await;
    assert!(matches!(other, Err(Error::Refused(Refusal::Ceremony(_)))), "{other:?}");
    let roots = world.roots().await;
    assert_eq!(roots.generations().len(), 1);
    world.succeed_root(root_succession(&folder, "root-2-again")).await;
    roots.follow_line().await.unwrap();
    assert_eq!(roots.generations().len(), 2);
}

/// A signature with the key of the root that no record permits.
fn sign_unseen(world: &World) {
    let label = gm::KeyLabel::new("root").unwrap();
    let mut session = world.device.session().unwrap();
    session.sign(&label, &UserId::default(), b"unseen").unwrap();
}

async fn alarms(world: &World) -> usize {
    let filter =
        store::Filter { kind: Some("signer.alarm".to_owned()), ..store::Filter::default() };
    world.store.records(&filter, store::Page::default()).await.unwrap().len()
}

async fn a_root_key_that_was_used_outside_of_the_records_is_not_destroyed_unseen(world: World) {
    let folder = world.folder.path().to_owned();
    world.restore(shares(&folder, &[1, 2, 3])).await.unwrap();
    let clean =
        ca::ceremony::destroy_root(&world.store, world.device.clone(), actor()).await.unwrap();
    assert!(clean.alarms.is_empty() && clean.left.is_empty());
    world.restore(shares(&folder, &[1, 2, 3])).await.unwrap();
    sign_unseen(&world);
    let parts = (&world.store, &world.device, &world.clock);
    let refused = succeed_root(parts, root_succession(&folder, "root-2")).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Ceremony(_)))), "{refused:?}");
    assert_eq!(alarms(&world).await, 1);
    let key = gm::KeyLabel::new("root").unwrap();
    assert!(world.device.session().unwrap().key(&key).is_ok(), "it can still be asked");
    let warrant = Warrant::new("S001", "A001", "已查明是误操作").unwrap();
    world.roots().await.close_account(&warrant).await.unwrap();
    world.succeed_root(root_succession(&folder, "root-2")).await;
    // Taken off the device in a hurry, it leaves the alarm behind.
    world.restore(shares(&folder, &[1, 2, 3])).await.unwrap();
    sign_unseen(&world);
    let before = alarms(&world).await;
    let done =
        ca::ceremony::destroy_root(&world.store, world.device.clone(), actor()).await.unwrap();
    assert_eq!((done.alarms.len(), alarms(&world).await), (1, before + 1));
}

async fn shares_of_a_key_that_the_database_does_not_know_say_so(world: World) {
    let folder = world.folder.path().to_owned();
    let other = "ab".repeat(32);
    let sealed = shares(&folder, &[1, 2, 3]);
    let text = std::fs::read_to_string(&sealed[0].path).unwrap();
    let own = world.report.root.public_key().unwrap().fingerprint();
    std::fs::write(&sealed[0].path, text.replace(&own, &other)).unwrap();
    let refused = world.restore(sealed).await.unwrap_err().to_string();
    assert!(refused.contains(&other), "{refused}");
}

async fn links_and_issuing_cas_are_revoked_by_two_and_told_by_every_list(world: World) {
    let folder = world.folder.path().to_owned();
    let report = world.succeed_root(root_succession(&folder, "root-2")).await;
    let roots = world.roots().await;
    let warrant = Warrant::new("S001", "A001", "旧根密钥的分量不再可靠").unwrap();
    let why = RevocationReason::CaCompromise;
    let link = report.old_with_new.serial();
    let refused = roots.revoke_authority(&report.root.serial(), why, &warrant).await;
    assert!(matches!(refused, Err(Error::Refused(Refusal::Ceremony(_)))), "{refused:?}");
    // No second passes between the lists, the revocation and the next lists: records are compared, not instants.
    roots.revoke_authority(&link, why, &warrant).await.unwrap();
    let size = world.store.size().await.unwrap();
    roots.revoke_authority(&link, why, &warrant).await.unwrap();
    assert_eq!(world.store.size().await.unwrap(), size, "asked for again");
    let untold = async || {
        let all = roots.untold(&roots.generations()).await.unwrap();
        all.into_iter().map(|one| one.serial).collect::<Vec<_>>()
    };
    assert_eq!(untold().await, [link]);
    world.restore(shares(&folder, &[1, 2, 3])).await.unwrap();
    world.restore(next_shares(&folder, "root-2", &[1, 2, 3])).await.unwrap();
    let [first, second] = roots.generations().try_into().unwrap();
    second.publish_crl(CrlKind::Full).await.unwrap();
    assert_eq!(untold().await, [link], "one list does not tell yet");
    first.publish_crl(CrlKind::Full).await.unwrap();
    assert!(untold().await.is_empty());
    assert!(roots.compare_with_journal().await.unwrap().is_sound());
}
