//! Preparing an act and completing it.

use super::{ActKind, PendingAct, SignedAct, Waiting};
use crate::people::{Key, rules as people_rules};
use crate::{Access, Error, Person, Principal, Session, Via, sql};
use gm::{PublicKey, Signature, UserId, sm2, sm3};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::to_canonical;
use zeroize::Zeroizing;

/// An act waits for its signature for so long.
const WAITING_SECONDS: i64 = 600;
/// Of a payload in canonical form; materials are blobs of their own.
const PAYLOAD_MAX: usize = 1 << 20;
const OBJECT_MAX: usize = 200;
const PURPOSE: &str = "access-act";

impl Access {
    /// Writes down what a person is about to do, and keeps it sealed until it is signed: ten
    /// minutes, in this session. Fails at once if the person may not do it at all.
    pub async fn prepare_act(
        &self,
        principal: &Principal,
        kind: ActKind,
        object: &str,
        payload: &Value,
    ) -> Result<PendingAct, Error> {
        let (person, session) = signed_in(principal)?;
        self.permit(principal, kind.action())?;
        if object.is_empty() || object.len() > OBJECT_MAX || object.contains(char::is_control) {
            return Err(Error::ActPayload("object"));
        }
        let nonce = hex::encode(self.random::<16>()?);
        let payload = to_canonical(&json!({ "nonce": nonce, "payload": payload }))?;
        if payload.len() > PAYLOAD_MAX {
            return Err(Error::ActPayload("payload"));
        }
        let sealed = Zeroizing::new(payload.clone().into_bytes());
        let sealed = self.store().seal_blob(sealed, PURPOSE).await?;
        let (id, now) = (hex::encode(self.random::<16>()?), self.now());
        let expires_at = now.as_second().saturating_add(WAITING_SECONDS);
        let expires_at = Timestamp::from_second(expires_at).map_err(|_| Error::Stored("时间"))?;
        let statement = statement(&id, person, (kind, object), (&payload, now))?;
        let waiting = Waiting {
            id: id.clone(),
            person: person.id.clone(),
            session: session.id.clone(),
            kind,
            object: object.to_owned(),
            statement: statement.clone(),
            payload: sealed.reference().clone(),
            expires_at,
        };
        let store = self.store().clone();
        self.commit(move |tx| {
            Box::pin(async move {
                let now = tx.now();
                for blob in sql::delete_abandoned_acts(tx.conn(), now).await? {
                    store.erase_blob(tx, &blob).await?;
                }
                sealed.insert(tx).await?;
                sql::insert_act(tx.conn(), &waiting, now).await
            })
        })
        .await?;
        Ok(PendingAct { id, statement, payload, expires_at })
    }

    /// What waits for this person's signature in this session, to be shown again.
    pub async fn pending_act(&self, principal: &Principal, id: &str) -> Result<PendingAct, Error> {
        let (waiting, payload) = self.waiting(principal, id).await?;
        let Waiting { statement, expires_at, .. } = waiting;
        Ok(PendingAct { id: id.to_owned(), statement, payload, expires_at })
    }

    /// Verifies the signature over the statement under one of the person's keys. Once.
    pub async fn complete_act(
        &self,
        principal: &Principal,
        id: &str,
        signature_der: &[u8],
    ) -> Result<SignedAct, Error> {
        let (waiting, payload) = self.waiting(principal, id).await?;
        let signature = Signature::from_der(signature_der).map_err(|_| Error::ActSignature)?;
        let key = self.signing_key(&waiting, &signature).await?;
        let payload = signed_payload(&waiting.statement, &payload)?;
        let (act, person) = (waiting.id.clone(), waiting.person.clone());
        let completed = self
            .commit(move |tx| {
                Box::pin(async move {
                    let now = tx.now();
                    // A key that ended since it was looked at signs nothing more.
                    let keys = sql::keys_of(tx.conn(), &person).await?;
                    let is_live =
                        |one: &Key| one.public_key == key && people_rules::is_live(one, now);
                    if !keys.iter().any(is_live) {
                        return Err(Error::ActSignature);
                    }
                    sql::complete_act(tx.conn(), &act, now).await
                })
            })
            .await?;
        if !completed {
            return Err(Error::ActOver);
        }
        let Waiting { person, kind, object, statement, payload: evidence, .. } = waiting;
        Ok(SignedAct { person, kind, object, statement, signature, key, payload, evidence })
    }

    async fn waiting(&self, principal: &Principal, id: &str) -> Result<(Waiting, String), Error> {
        let (person, session) = signed_in(principal)?;
        let mut reader = self.store().read().await?;
        let found = sql::waiting_act(&mut reader, id, &person.id, &session.id).await?;
        drop(reader);
        let waiting = found.filter(|act| self.now() < act.expires_at).ok_or(Error::ActOver)?;
        let payload = self.store().open_blob(&waiting.payload.id).await?;
        let payload = String::from_utf8(payload.to_vec()).map_err(|_| Error::Stored("签名事项"))?;
        Ok((waiting, payload))
    }

    async fn signing_key(
        &self,
        waiting: &Waiting,
        signature: &Signature,
    ) -> Result<PublicKey, Error> {
        let keys = sql::keys_of(&mut *self.store().read().await?, &waiting.person).await?;
        let (id, now) = (UserId::default(), self.now());
        let text = waiting.statement.as_bytes();
        let live = keys.into_iter().filter(|key| people_rules::is_live(key, now));
        let mut verifying = live.map(|key| key.public_key);
        verifying
            .find(|key| sm2::verify(key, &id, text, signature).is_ok())
            .ok_or(Error::ActSignature)
    }
}

/// The person and the browser session; nobody else signs acts.
fn signed_in(principal: &Principal) -> Result<(&Person, &Session), Error> {
    match (principal.person(), principal.via()) {
        (Some(person), Via::Cookie(session, _)) => Ok((person, session)),
        _ => Err(Error::PersonNeeded),
    }
}

/// What is signed: who does what to what, when, and the SM3 of the particulars. `title` is for
/// the person who reads it before signing.
fn statement(
    id: &str,
    person: &Person,
    (kind, object): (ActKind, &str),
    (payload, now): (&str, Timestamp),
) -> Result<String, Error> {
    let at = crate::service::whole_seconds(now)?.to_string();
    Ok(to_canonical(&json!({
        "act": kind.name(),
        "at": at,
        "id": id,
        "login": person.login.as_str(),
        "object": object,
        "payload_sm3": sm3::hash(payload.as_bytes()).to_hex(),
        "person": person.id.as_str(),
        "title": kind.chinese(),
        "v": "yinxin-act/1",
    }))?)
}

/// The particulars, if they are those whose SM3 was signed.
fn signed_payload(statement: &str, payload: &str) -> Result<Value, Error> {
    let wrong = || Error::Stored("签名事项");
    let statement: Value = serde_json::from_str(statement).map_err(|_| wrong())?;
    let signed = statement.get("payload_sm3").and_then(Value::as_str).ok_or_else(wrong)?;
    if signed != sm3::hash(payload.as_bytes()).to_hex() {
        return Err(wrong());
    }
    let mut payload: Value = serde_json::from_str(payload).map_err(|_| wrong())?;
    payload.get_mut("payload").map(Value::take).ok_or_else(wrong)
}
