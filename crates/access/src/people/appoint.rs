//! Creating people and changing their roles: each in an act signed by who appoints.

use super::invitation::{Created, Invitation, code_hash};
use super::{Custodians, Key, KeyLabel, PersonChange, rules};
use crate::service::{record, whole_seconds};
use crate::{Access, ActKind, Action, Error, NewPerson, Permit, Person, PersonId, SignedAct, sql};
use serde_json::{Value, json};
use store::{Actor, Tx};

impl NewPerson {
    /// The object of the act that creates this person.
    pub fn object(&self) -> String {
        format!("login:{}", self.login)
    }
}

impl PersonId {
    /// The object of acts on this person.
    pub fn object(&self) -> String {
        format!("person:{self}")
    }
}

impl Access {
    /// Creates 超级管理员 and 审计管理员 together, in the name of the ceremony: only while
    /// there is nobody (GM/T 0034 §6).
    pub async fn create_first_people(
        &self,
        super_admin: NewPerson,
        audit_admin: NewPerson,
        custodians: &Custodians,
    ) -> Result<[Created; 2], Error> {
        rules::are_first(&super_admin, &audit_admin)?;
        let first = self.newcomer(super_admin, custodians)?;
        let second = self.newcomer(audit_admin, custodians)?;
        self.commit(move |tx| {
            Box::pin(async move {
                if !sql::people(tx.conn()).await?.is_empty() {
                    return Err(Error::PeopleNotFirst);
                }
                let first = first.insert(tx, Actor::system(), Value::Null).await?;
                Ok([first, second.insert(tx, Actor::system(), Value::Null).await?])
            })
        })
        .await
    }

    /// Creates the person of a signed act ([`NewPerson::to_json`] on [`NewPerson::object`]).
    /// Who has no key gets an invitation.
    pub async fn create_person(
        &self,
        permit: &Permit,
        signed: SignedAct,
        custodians: &Custodians,
    ) -> Result<Created, Error> {
        let new = NewPerson::from_json(signed.payload())?;
        let by = appointing(permit, &signed, ActKind::CreatePerson, &new.object())?;
        rules::may_appoint(by, &new.roles)?;
        let newcomer = self.newcomer(new, custodians)?;
        let actor = permit.actor();
        self.commit(move |tx| Box::pin(newcomer.insert(tx, actor, signed.to_json()))).await
    }

    /// Gives a person other roles or another office ([`PersonChange::to_json`] on
    /// [`PersonId::object`]). All sessions end: nobody goes on by an old role.
    pub async fn change_person(
        &self,
        permit: &Permit,
        (signed, id): (SignedAct, PersonId),
        custodians: &Custodians,
    ) -> Result<Person, Error> {
        let by = appointing(permit, &signed, ActKind::ChangePerson, &id.object())?.clone();
        let change = PersonChange::from_json(signed.payload())?;
        change.check()?;
        rules::may_appoint(&by, &change.roles)?;
        let (actor, custodians) = (permit.actor(), custodians.clone());
        self.commit(move |tx| {
            Box::pin(async move {
                let mut person = existing(tx, &id).await?;
                rules::admitted(&person)?;
                custodians.exclude(&person.login, &person.name)?;
                rules::may_appoint(&by, &person.roles)?;
                rules::keeps_the_peers(&sql::people(tx.conn()).await?, &person)?;
                let body = json!({
                    "from": { "roles": person.roles.to_string(), "office": person.office },
                    "to": change.to_json(),
                    "act": signed.to_json(),
                });
                (person.roles, person.office) = (change.roles, change.office);
                sql::update_person(tx.conn(), &person).await?;
                let now = whole_seconds(tx.now())?;
                sql::end_cookies_of(tx.conn(), &id, now).await?;
                record(tx, "person.changed", actor, id.as_str(), body).await?;
                Ok(person)
            })
        })
        .await
    }

    fn newcomer(&self, new: NewPerson, custodians: &Custodians) -> Result<Newcomer, Error> {
        new.check()?;
        custodians.exclude(&new.login, &new.name)?;
        let created_at = whole_seconds(self.now())?;
        let id = PersonId::from_random(self.random()?);
        let key = new.key.map(|public_key| Key {
            person: id.clone(),
            public_key,
            label: KeyLabel::first(),
            certificate: None,
            created_at,
            expires_at: None,
            ended_at: None,
        });
        let invitation = if key.is_none() { Some(self.new_invitation()?) } else { None };
        let NewPerson { login, name, roles, office, .. } = new;
        let person = Person { id, login, name, roles, office, created_at, disabled_at: None };
        Ok(Newcomer { person, key, invitation })
    }

    pub(super) fn new_invitation(&self) -> Result<Invitation, Error> {
        let end = self.now().as_second().saturating_add(rules::INVITATION_SECONDS);
        let end = jiff::Timestamp::from_second(end).map_err(|_| Error::Stored("时间"))?;
        Ok(Invitation::from_random(&self.random()?, end))
    }
}

/// Who appoints: the person behind permit and signature, who are one.
pub(super) fn appointing<'a>(
    permit: &'a Permit,
    signed: &SignedAct,
    kind: ActKind,
    object: &str,
) -> Result<&'a Person, Error> {
    permit.covers(Action::ManagePeople)?;
    signed.covers(permit, kind, object)?;
    permit.person().ok_or(Error::PersonNeeded)
}

/// A person who is to be created, decided in all.
struct Newcomer {
    person: Person,
    key: Option<Key>,
    invitation: Option<Invitation>,
}

impl Newcomer {
    async fn insert(self, tx: &mut Tx, actor: Actor, act: Value) -> Result<Created, Error> {
        let Self { person, key, invitation } = self;
        if !sql::insert_person(tx.conn(), &person).await? {
            return Err(Error::PersonTaken);
        }
        if let Some(key) = &key
            && !sql::insert_key(tx.conn(), key).await?
        {
            return Err(Error::PersonTaken);
        }
        if let Some(invitation) = &invitation {
            put(tx, &person.id, invitation).await?;
        }
        let body = json!({
            "login": person.login.as_str(),
            "roles": person.roles.to_string(),
            "office": person.office,
            "key": key.map(|key| hex::encode(key.public_key.to_sec1())),
            "act": act,
        });
        record(tx, "person.created", actor, person.id.as_str(), body).await?;
        Ok(Created { person, invitation })
    }
}

pub(super) async fn put(tx: &mut Tx, id: &PersonId, invitation: &Invitation) -> Result<(), Error> {
    let hash = code_hash(&invitation.code)?;
    sql::put_invitation(tx.conn(), id, &hash, invitation.expires_at).await
}

pub(super) async fn existing(tx: &mut Tx, id: &PersonId) -> Result<Person, Error> {
    let person = sql::person_by_id(tx.conn(), id).await?;
    person.ok_or_else(|| Error::UnknownPerson(id.to_string()))
}
