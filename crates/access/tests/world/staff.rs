//! People with their keys, as their own tools hold them.

use super::World;
use access::{
    ActKind, Arrival, Created, Custodians, Error, KeyProof, NewPerson, Permit, Person, Principal,
    SignedAct, SignedIn, Source, Token,
};
use gm::sm2::PrivateKey;
use gm::{OsRandom, Signature, UserId};
use serde_json::Value;
use std::sync::Arc;

pub const ORIGIN: &str = "https://ra.example.cn";

/// A person who has signed in by certificate.
pub struct Staff {
    pub person: Person,
    pub key: Arc<PrivateKey>,
    pub token: Token,
}

pub fn source() -> Source {
    Source::new("203.0.113.77".parse().unwrap())
}

pub fn arrival() -> Arrival<'static> {
    Arrival { source: source(), previous: None }
}

pub fn new_key() -> Arc<PrivateKey> {
    Arc::new(PrivateKey::generate(&mut OsRandom).unwrap())
}

pub fn signature(key: &PrivateKey, text: &str) -> Signature {
    key.sign(&UserId::default(), text.as_bytes())
}

pub fn new_person(login: &str, roles: &str, office: Option<&str>) -> NewPerson {
    NewPerson {
        login: login.parse().unwrap(),
        name: format!("{login} 先生").parse().unwrap(),
        roles: roles.parse().unwrap(),
        office: office.map(str::to_owned),
        key: None,
    }
}

impl World {
    /// 超级管理员 and 审计管理员, signed in.
    pub async fn first_people(&self) -> (Staff, Staff) {
        let (first, second) = (new_key(), new_key());
        let mut chief = new_person("chief", "super_admin", None);
        let mut watch = new_person("watch", "audit_admin", None);
        (chief.key, watch.key) = (Some(*first.public_key()), Some(*second.public_key()));
        let none = Custodians::default();
        let [chief, watch] = self.access.create_first_people(chief, watch, &none).await.unwrap();
        (self.arrive(chief, first).await, self.arrive(watch, second).await)
    }

    /// Creates a person with a key, in an act that `by` signs, and signs in.
    pub async fn appoint(
        &self,
        by: &Staff,
        login: &str,
        roles: &str,
        office: Option<&str>,
    ) -> Staff {
        let key = new_key();
        let mut new = new_person(login, roles, office);
        new.key = Some(*key.public_key());
        let created = self.create(by, &new).await.unwrap();
        assert!(created.invitation.is_none());
        self.arrive(created, key).await
    }

    pub async fn create(&self, by: &Staff, new: &NewPerson) -> Result<Created, Error> {
        let (permit, signed) =
            self.signed(by, ActKind::CreatePerson, &new.object(), &new.to_json()).await?;
        self.access.create_person(&permit, signed, &Custodians::default()).await
    }

    async fn arrive(&self, created: Created, key: Arc<PrivateKey>) -> Staff {
        let token = self.sign_in(&key, arrival()).await.unwrap().token;
        Staff { person: created.person, key, token }
    }

    pub async fn sign_in(&self, key: &PrivateKey, arrival: Arrival<'_>) -> Result<SignedIn, Error> {
        let challenge = self.access.begin_challenge(ORIGIN).unwrap();
        let proof = KeyProof {
            origin: ORIGIN,
            challenge: &challenge.id,
            fingerprint: &key.public_key().fingerprint(),
            signature: &signature(key, &challenge.text),
        };
        self.access.sign_in_by_key(proof, arrival).await
    }

    pub async fn principal(&self, staff: &Staff) -> Result<Principal, Error> {
        self.access.authenticate_cookie(staff.token.as_str()).await
    }

    /// The permit and the signature for one act.
    pub async fn signed(
        &self,
        by: &Staff,
        kind: ActKind,
        object: &str,
        payload: &Value,
    ) -> Result<(Permit, SignedAct), Error> {
        let principal = self.principal(by).await?;
        let permit = self.access.permit(&principal, kind.action())?;
        let pending = self.access.prepare_act(&principal, kind, object, payload).await?;
        let der = signature(&by.key, &pending.statement).to_der();
        Ok((permit, self.access.complete_act(&principal, &pending.id, &der).await?))
    }

    /// All records of a kind, the oldest first.
    pub async fn records(&self, kind: &str) -> Vec<store::Stored> {
        let page = store::Page { limit: 1000, ..store::Page::default() };
        let all = self.store.records(&store::Filter::default(), page).await.unwrap();
        all.into_iter().filter(|stored| stored.kind == kind).collect()
    }
}
