//! Mutual recognition by cross-certificates within an institution that serves: the verification service, the doctor, the
//! directory, and OpenSSL as a judge; on SQLite and, where `YINXIN_TEST_PG_URL` says so, on PostgreSQL.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use crate::family;
pub mod neighbour;
use crate::openssl;
use crate::postgres;
use crate::world;

use std::time::Duration;

use app::cross::{take_back_cross, take_in_cross, withdraw_cross};
use app::doctor::{Check, Level};
use app::publish_root_list;
use ca::RevocationReason;
use ca::ceremony::restore_root;
use family::{List, Made, list};
use jiff::SignedDuration;
use neighbour::{beyond, half, issuing, parts, recognise, shares, within};
use status::verification::{CertificateQuestion, CertificateReport, Evidence, Outcome, Purpose};
use store::{Actor, Warrant};
use world::World;

async fn report(world: &World, made: &Made, lists: Vec<List>) -> CertificateReport {
    let question = CertificateQuestion {
        der: made.certificate.der().to_vec(),
        evidence: Evidence { lists: lists.iter().map(List::made).collect(), ..Evidence::default() },
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    world.institution.verify_certificate(question).await.unwrap()
}

/// A list of the neighbour's CA that counts for a day.
fn fresh(world: &World) -> List {
    let end = world.now().saturating_add(SignedDuration::from_hours(24)).unwrap();
    list(&issuing()).window(&world.now().to_string(), &end.to_string())
}

fn outcome(report: &CertificateReport, check: &str) -> Vec<(Outcome, String)> {
    let rows = report.judged.checks.iter().filter(|one| one.check == check);
    rows.map(|one| (one.outcome, one.code.clone())).collect()
}

async fn doctor(world: &World, name: &str) -> Option<Check> {
    world.institution.examine(false).await.into_iter().find(|check| check.name == name)
}

fn warrant() -> Warrant {
    Warrant::new("S001", "W001", "对方机构的签发密钥已停止使用").unwrap()
}

async fn recognised_until_two_people_withdraw(world: World) {
    // Nobody vouches for the neighbour before.
    let before = report(&world, &within(), vec![fresh(&world)]).await;
    assert_ne!(before.judged.verdict, Outcome::Passed);
    assert!(doctor(&world, "cross_certificates").await.is_none());
    let made = recognise(&world, &issuing(), 2030).await.certificate;
    world.pass(60);
    // Without a list its status isn't known, and what isn't known doesn't pass.
    let silent = report(&world, &within(), Vec::new()).await;
    assert_eq!(silent.judged.verdict, Outcome::Unknown, "{:#?}", silent.judged.checks);
    assert_eq!(silent.judged.path.len(), 3);
    let statuses = outcome(&silent, "status");
    assert_eq!(statuses[0].1, "status.no-source");
    assert_eq!(statuses[1], (Outcome::Passed, "status.good".to_owned()), "ours we know");
    let good = report(&world, &within(), vec![fresh(&world)]).await;
    assert_eq!(good.judged.verdict, Outcome::Passed, "{:#?}", good.judged.checks);
    assert_eq!(good.judged.path[1].serial, made.serial().to_hex());
    let far = report(&world, &beyond(), vec![fresh(&world)]).await;
    assert_eq!(far.judged.verdict, Outcome::Failed);
    assert_eq!(outcome(&far, "name-constraints")[0].0, Outcome::Failed, "{:#?}", far.judged.checks);
    assert_eq!(doctor(&world, "cross_certificates").await.unwrap().level, Level::Good);
    // Withdrawn: refused here at once, elsewhere by the next list of the root.
    let (parts, store) = (parts(&world), world.institution.store());
    let why = (&made.serial(), RevocationReason::CessationOfOperation);
    withdraw_cross(&parts, store, why, &warrant()).await.unwrap();
    world.pass(60);
    let gone = report(&world, &within(), vec![fresh(&world)]).await;
    assert_eq!(gone.judged.verdict, Outcome::Failed);
    assert_eq!(outcome(&gone, "status")[1].1, "status.revoked", "{:#?}", gone.judged.checks);
    let check = doctor(&world, "cross_certificates").await.unwrap();
    assert!(
        check.level == Level::Failed && check.detail.contains("publish-root-list"),
        "{check:?}"
    );
    let actor = Actor::new("person:L1");
    restore_root(store, world.device.clone(), shares(&world), actor).await.unwrap();
    publish_root_list(&parts, store).await.unwrap();
    assert_eq!(doctor(&world, "cross_certificates").await.unwrap().level, Level::Good);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_subscriber_passes_over_our_root_until_two_people_withdraw_it() {
    recognised_until_two_people_withdraw(World::new().await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_neighbours_subscriber_passes_over_our_root_on_postgresql_too() {
    let Some(url) = postgres::postgres("app_cross").await else { return };
    let world = World::with(|settings| settings.storage.url = url).await;
    recognised_until_two_people_withdraw(world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn withdrawing_one_of_two_leaves_the_other_and_circles_end() {
    let world = World::new().await;
    let first = recognise(&world, &issuing(), 2029).await.certificate;
    world.pass(60);
    let second = recognise(&world, &issuing(), 2030).await.certificate;
    world.pass(60);
    let store = world.institution.store();
    let why = (&first.serial(), RevocationReason::Superseded);
    withdraw_cross(&parts(&world), store, why, &warrant()).await.unwrap();
    world.pass(60);
    // The neighbour recognises our root as well: the way up would go round for ever.
    let ours = world.institution.authority("root").await.unwrap().unwrap();
    let back = half(&world, &issuing(), &ours);
    let question = CertificateQuestion {
        der: within().certificate.der().to_vec(),
        evidence: Evidence {
            lists: vec![fresh(&world).made()],
            certificates: vec![back, issuing().certificate, neighbour::root().certificate],
            ..Evidence::default()
        },
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let found = world.institution.verify_certificate(question).await.unwrap();
    assert_eq!(found.judged.verdict, Outcome::Passed, "{:#?}", found.judged.checks);
    assert_eq!(found.judged.path[1].serial, second.serial().to_hex());
}

/// Runs SQL past the program.
async fn sql(world: &World, text: &'static str) {
    let unit = world.institution.store().commit(move |tx| {
        Box::pin(async move {
            sqlx::query(text).execute(tx.conn()).await.map_err(store::Error::from)?;
            Ok::<_, store::Error>(())
        })
    });
    unit.await.unwrap();
}

/// T-27: tables can be written past the program; a cross-certificate counts as far as the journal bears its row out.
#[tokio::test(flavor = "multi_thread")]
async fn a_cross_certificate_whose_row_was_changed_or_deleted_leads_nowhere() {
    let world = World::new().await;
    let made = recognise(&world, &issuing(), 2030).await.certificate;
    world.pass(60);
    let with = |world: &World| CertificateQuestion {
        der: within().certificate.der().to_vec(),
        evidence: Evidence {
            lists: vec![fresh(world).made()],
            certificates: vec![made.clone()],
            ..Evidence::default()
        },
        at: None,
        purpose: Purpose::Signature,
        policies: Vec::new(),
    };
    let good = world.institution.verify_certificate(with(&world)).await.unwrap();
    assert_eq!(good.judged.verdict, Outcome::Passed, "{:#?}", good.judged.checks);
    // Withdrawn by two people, and taken back past the program.
    let why = (&made.serial(), RevocationReason::CessationOfOperation);
    withdraw_cross(&parts(&world), world.institution.store(), why, &warrant()).await.unwrap();
    sql(&world, "UPDATE cross_issued SET withdrawn = ''").await;
    sql(&world, "UPDATE certificate SET status = 'good', reason = NULL WHERE profile = 'cross'")
        .await;
    for act in ["SELECT 1", "DELETE FROM cross_issued"] {
        sql(&world, act).await;
        // What the verifier read a moment ago it believes for a fifth of a second.
        tokio::time::sleep(Duration::from_millis(400)).await;
        let alone = report(&world, &within(), vec![fresh(&world)]).await;
        assert_ne!(alone.judged.verdict, Outcome::Passed, "{act}: {:#?}", alone.judged.checks);
        let brought = world.institution.verify_certificate(with(&world)).await.unwrap();
        assert_eq!(brought.judged.verdict, Outcome::Unknown, "{act}: {:#?}", brought.judged.checks);
        assert_eq!(outcome(&brought, "status")[1].1, "status.contradictory", "{act}");
    }
    let found = world.institution.ca().compare_with_journal().await.unwrap().findings;
    assert!(found.iter().any(|one| one.to_string().contains("交叉证书")), "{found:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn their_half_is_published_and_ends_are_told_of() {
    let world = World::new().await;
    let store = world.institution.store();
    let ours = world.institution.authority("issuing").await.unwrap().unwrap();
    let (given, by) = (half(&world, &issuing(), &ours), issuing().certificate);
    let print = by.fingerprint();
    let files = (given.der(), by.der(), print.as_str());
    let taken = take_in_cross(store, files, Actor::new("person:S001")).await.unwrap();
    let file = format!("cross-{}", given.fingerprint());
    assert_eq!(world.institution.authority(&file).await.unwrap().unwrap(), given);
    for nobody in ["cross-", "cross-00", "cross"] {
        assert!(world.institution.authority(nobody).await.unwrap().is_none(), "{nobody}");
    }
    let days = given.not_after().duration_since(world.now()).as_hours() / 24;
    assert!(!doctor(&world, "ends").await.unwrap().detail.contains("交叉证书"));
    world.pass((days - 100) * 86_400);
    let told = doctor(&world, "ends").await.unwrap().detail;
    assert!(told.contains("邻省SM2 CA") && told.contains("cross-take-in"), "{told}");
    take_back_cross(store, &taken.fingerprint, &warrant()).await.unwrap();
    assert!(!doctor(&world, "ends").await.unwrap().detail.contains("交叉证书"));
}

#[tokio::test(flavor = "multi_thread")]
async fn openssl_reads_the_extensions_and_follows_the_chain_within_the_names_alone() {
    let world = World::new().await;
    let made = recognise(&world, &issuing(), 2030).await.certificate;
    world.pass(60);
    let text = openssl::x509(made.der(), &["-text", "-certopt", "ext_parse"]).unwrap();
    for (heading, parts) in [
        // OpenSSL writes other letters as octets: 示例机构.
        (
            "X509v3 Name Constraints: critical",
            &["Permitted:", "E7\\A4\\BA", "Excluded:", "DNS:"][..],
        ),
        ("X509v3 Basic Constraints: critical", &["CA:TRUE, pathlen:0"]),
        ("X509v3 Key Usage: critical", &["Certificate Sign, CRL Sign"]),
        ("X509v3 Policy Mappings: critical", &["1.2.156.10260.7.1:1.2.156.10261.7.1"]),
        ("X509v3 Certificate Policies:", &["Policy: 1.2.156.10260.7.1"]),
        ("X509v3 CRL Distribution Points:", &["/crl/root.crl"]),
        ("Authority Information Access:", &["/ca/root.cer"]),
    ] {
        let section = openssl::extension(&text, heading);
        let section = section.unwrap_or_else(|| panic!("{heading} in {text}"));
        for part in parts {
            assert!(section.contains(part), "{part} in {section}");
        }
    }
    let root = world.institution.authority("root").await.unwrap().unwrap();
    let at = world.now().as_second();
    openssl::verifies(root.der(), made.der(), at).unwrap();
    openssl::verifies(made.der(), within().certificate.der(), at).unwrap();
    let refused = openssl::verifies(made.der(), beyond().certificate.der(), at);
    assert!(refused.is_err_and(|why| why.contains("permitted subtree violation")));
}
