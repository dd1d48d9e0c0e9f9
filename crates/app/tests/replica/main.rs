//! The directory published into a `slapd` of OpenLDAP, with its tools as the judges of what stands
//! there; and into servers that are none.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests fail loudly"
)]

use crate::world;

mod compare;
mod hostile;
mod publish;
mod slapd;
mod tls;

use app::{Act, Enrolled, Settings};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::{Identifier, Serial, SubjectInput};
use slapd::{Slapd, WRITER};
use store::Actor;
use world::World;

/// Publishing into this server.
fn into(slapd: &Slapd) -> impl FnOnce(&mut Settings) {
    let (url, secret) = (slapd.url(), slapd.secret());
    move |settings| {
        let replica = &mut settings.directory.replica;
        replica.url = url;
        replica.bind = WRITER.to_owned();
        replica.passphrase_file = secret;
        replica.start_tls = false;
    }
}

/// Both certificates of somebody.
async fn enrol(world: &World, id: &str, kind: &str) -> Enrolled {
    let key = PrivateKey::generate(&mut OsRandom).unwrap();
    let mut order = world.order(id, kind, Act::New, &key);
    let named = SubjectInput::named(format!("示例{id}"));
    let code = pki::ident::CreditCode::parse("11110000MB99000135").unwrap();
    let organization = Some("示例局".to_owned());
    order.subject = match kind {
        "person" => named,
        "device" => SubjectInput { organization, ..named },
        _ => {
            SubjectInput { organization, identifiers: vec![Identifier::CreditCode(code)], ..named }
        }
    };
    world.institution.enrol(order).await.unwrap()
}

#[derive(Clone, Copy)]
enum Change {
    Suspend,
    Resume,
    Revoke,
}

/// Changes the status of one certificate.
async fn change(world: &World, serial: Serial, change: Change) {
    let (ca, actor) = (world.institution.ca().clone(), Actor::system());
    let done: Result<_, ca::Error> = world
        .institution
        .store()
        .commit(move |tx| {
            Box::pin(async move {
                match change {
                    Change::Suspend => ca.suspend(tx, &serial, &actor).await,
                    Change::Resume => ca.resume(tx, &serial, &actor).await,
                    Change::Revoke => {
                        let reason = ca::RevocationReason::Superseded;
                        let revocation = ca::Revocation { reason, invalid_since: None };
                        ca.revoke(tx, &serial, &revocation, &actor).await
                    }
                }
            })
        })
        .await;
    done.unwrap();
}

/// Indexes what is new and sends it.
async fn publish(world: &World) {
    world.institution.directory().follow().await.unwrap();
    world.institution.replica().unwrap().publish().await.unwrap();
}

/// What is known of publishing.
async fn health(world: &World) -> app::replica::ReplicaHealth {
    world.institution.replica().unwrap().health().await.unwrap()
}
