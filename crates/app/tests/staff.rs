//! The staff and what the ceremony and the CA have to say about them.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail loudly")]

use crate::way;
use crate::world;

use access::{ActKind, Action, Custodians, KeyProof, NewPerson, SignedIn};
use app::Act;
use app::lifecycle::Change;
use ca::{Revocation, RevocationReason};
use gm::UserId;
use gm::sm2::PrivateKey;
use store::Actor;
use way::{ORIGIN, Staff, arrival};
use world::World;

async fn sign_in(world: &World, key: &PrivateKey) -> Result<SignedIn, access::Error> {
    let access = world.institution.access();
    let challenge = access.begin_challenge(ORIGIN).unwrap();
    let proof = KeyProof {
        origin: ORIGIN,
        challenge: &challenge.id,
        fingerprint: &key.public_key().fingerprint(),
        signature: &key.sign(&UserId::default(), challenge.text.as_bytes()),
    };
    access.sign_in_by_key(proof, arrival()).await
}

async fn chief(world: &World) -> Staff {
    let (chief, watch) = (Staff(way::key()), Staff(way::key()));
    let first = way::person("chief", "super_admin", &chief.0);
    let peer = way::person("watch", "audit_admin", &watch.0);
    let access = world.institution.access();
    access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
    chief
}

/// GM/T 0034 §6: who held a share at the ceremony gets no role, by name or by staff number.
#[tokio::test(flavor = "multi_thread")]
async fn a_custodian_of_the_ceremony_is_not_appointed_by_a_signed_act() {
    let world = World::new().await;
    let chief = chief(&world).await;
    let access = world.institution.access();
    let custodians = world.institution.custodians().await.unwrap();
    let (login, name) = ("k1x".parse().unwrap(), "保管人 1".parse().unwrap());
    assert!(custodians.exclude(&login, &name).is_err());
    assert!(custodians.exclude(&login, &"某某某".parse().unwrap()).is_ok());
    let new = NewPerson { login, name, key: None, ..way::person("x-y", "compliance", &chief.0) };
    let principal = chief.principal(access).await;
    let (kind, payload) = (ActKind::CreatePerson, new.to_json());
    let act = access.prepare_act(&principal, kind, &new.object(), &payload).await.unwrap();
    let der = chief.0.sign(&UserId::default(), act.statement.as_bytes()).to_der();
    let refused = world.institution.complete_act(&principal, (&act.id, &der)).await;
    assert_eq!(refused.unwrap_err().code(), "access.custodian");
}

/// GM/T 0034 §6: with the certificate ends the way in, and the sessions at once.
#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_certificate_lets_nobody_of_the_staff_in() {
    let world = World::new().await;
    let chief = chief(&world).await;
    let (access, institution) = (world.institution.access(), &world.institution);
    let new = NewPerson { key: None, ..way::person("officer", "compliance", &chief.0) };
    let on = (ActKind::CreatePerson, &*new.object());
    let (permit, act) = chief.sign(access, on, &new.to_json()).await;
    let created = access.create_person(&permit, act, &Custodians::default()).await.unwrap();
    let code = created.invitation.unwrap().code;

    let key = way::key();
    let order = world.order("officer-1", "person", Act::New, &key);
    let serial = *institution.enrol(order).await.unwrap().sign.serial();
    let offered = institution.staff_key(*key.public_key(), "工作证书".parse().unwrap()).await;
    let offered = offered.unwrap();
    assert_eq!(offered.certificate.as_deref(), Some(serial.to_hex().as_str()));
    assert!(offered.expires_at.is_some());
    let challenge = access.begin_challenge(ORIGIN).unwrap();
    let signed = key.sign(&UserId::default(), challenge.text.as_bytes());
    let proof = (&challenge, &signed);
    access.enrol_key(("officer", &code), offered, proof, arrival().source).await.unwrap();
    let token = sign_in(&world, &key).await.unwrap().token;

    let revoke = Change::Revoke(Revocation::because(RevocationReason::KeyCompromise));
    institution.change(serial, revoke, Actor::system()).await.unwrap();
    assert!(access.authenticate_cookie(token.as_str()).await.is_err());
    assert!(matches!(sign_in(&world, &key).await, Err(access::Error::SignIn)));
    let again = institution.staff_key(*key.public_key(), "工作证书".parse().unwrap()).await;
    assert_eq!(again.unwrap_err().code(), "app.not_applicable");
    let read = chief.permit(access, Action::ReadPeople).await;
    let id = created.person.id;
    assert!(!access.credentials(&read, &id).await.unwrap().has_key(world.now()));
}
