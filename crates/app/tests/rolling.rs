//! A rolling upgrade (T-09): a node goes on writing while another one starts, which brings the tables forward under it.
//! Whatever either of them issues or revokes, both give a definite answer about, signed and within its window, and
//! tables and journal agree afterwards. The older node here is this same program on the tables of before: what an older
//! program wrote into them, `migrations` keep readable.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

#[path = "holds/postgres.rs"]
mod postgres;
mod world;

use app::Institution;
use app::enrol::Act;
use app::lifecycle::Change;
use ca::{Revocation, RevocationReason};
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::Serial;
use pki::ocsp::{CertId, CertStatus, HashAlgorithm, Nonce, Reply, Request};
use store::Actor;
use world::World;

/// What the newest migrations brought, taken back: the tables as they were before them.
const BEFORE: [&str; 4] = [
    "DROP TABLE voice_evidence",
    "DROP TABLE background_breakdown",
    "ALTER TABLE signing_key DROP COLUMN destroyed_at",
    "DELETE FROM _sqlx_migrations WHERE version IN (925, 926, 927)",
];

#[tokio::test(flavor = "multi_thread")]
async fn an_older_and_a_newer_node_write_together_and_both_answer_for_everything() {
    story(String::new()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn so_they_do_on_postgresql() {
    let Some(database) = postgres::postgres("rolling").await else { return };
    story(database).await;
}

async fn story(url: String) {
    let world = World::with(|settings| settings.storage.url = url).await;
    let older = world.institution.clone();
    for text in BEFORE {
        let unit = older.store().commit(move |tx| {
            Box::pin(async move {
                sqlx::query(text).execute(tx.conn()).await?;
                Ok::<_, store::Error>(())
            })
        });
        unit.await.unwrap();
    }
    let first = enrol(&world, &older, "before").await;
    let newer = world.another().await;
    let mut all = vec![first];
    for (number, node) in [&older, &newer, &older, &newer].into_iter().enumerate() {
        all.push(enrol(&world, node, &format!("r{number}")).await);
    }
    // Each revokes or suspends what the other one issued.
    let revoke = || Change::Revoke(Revocation::because(RevocationReason::KeyCompromise));
    newer.change(all[1], revoke(), Actor::system()).await.unwrap();
    older.change(all[2], revoke(), Actor::system()).await.unwrap();
    newer.change(all[3], Change::Suspend, Actor::client("0011")).await.unwrap();
    for node in [&older, &newer] {
        while node.responder().follow().await.unwrap() > 0 {}
        let told: Vec<_> = answers(&world, node, &all).await;
        let words = told.iter().map(|status| match status {
            CertStatus::Good => "good",
            CertStatus::Revoked { .. } => "revoked",
            CertStatus::Unknown => "unknown",
        });
        let expected = ["good", "revoked", "revoked", "revoked", "good"];
        assert_eq!(words.collect::<Vec<_>>(), expected);
        let compared = node.ca().compare_with_journal().await.unwrap();
        assert!(compared.is_sound(), "{:?}", compared.findings);
    }
    newer.close().await;
}

async fn enrol(world: &World, node: &Institution, request: &str) -> Serial {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let done = node.enrol(world.order(request, "person", Act::New, &key)).await.unwrap();
    done.sign.record.serial
}

/// What a node answers, each verified as a relying party does it.
async fn answers(world: &World, node: &Institution, serials: &[Serial]) -> Vec<CertStatus> {
    let issuer = node.ca().certificate().clone();
    let mut told = Vec::new();
    for serial in serials {
        let id = CertId::of(HashAlgorithm::Sm3, issuer.subject(), issuer.spki(), *serial).unwrap();
        let request = Request::new(vec![id], Some(Nonce::new([7; 32]).unwrap())).unwrap();
        let body = node.responder().answer(request.der()).await.body;
        let Reply::Answered(answer) = Reply::from_der(&body).unwrap() else { panic!("no answer") };
        answer.verify(&issuer, &UserId::default(), world.now()).unwrap();
        answer.answers(&request, world.now(), jiff::SignedDuration::ZERO).unwrap();
        told.push(answer.singles()[0].status);
    }
    told
}
