//! Acts that a person signs with the own key, before they are done.
//!
//! [`crate::Access::prepare_act`] writes down what is to be done as a statement and keeps the
//! payload sealed; the person signs the statement (SM2 with SM3, default user ID) within ten
//! minutes in the same session; [`crate::Access::complete_act`] verifies it under a key of that
//! person and yields a [`SignedAct`], that nobody else can make and without which the act is
//! not done. What is done is the payload that was signed, not what a form says afterwards.

mod kind;
mod service;

pub use kind::ActKind;

use crate::{Error, Permit, PersonId};
use base64::Engine as _;
use gm::{PublicKey, Signature};
use jiff::Timestamp;
use serde_json::{Value, json};
use store::BlobRef;

/// What waits for a signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingAct {
    /// Names it until it is signed.
    pub id: String,
    /// What is to be signed: one line of canonical JSON with act, object, person, time and
    /// the SM3 of [`PendingAct::payload`].
    pub statement: String,
    /// The particulars, with a nonce, as canonical JSON: the statement holds its SM3, so
    /// that the signer's tool can compare, and nobody can guess it from the statement.
    pub payload: String,
    /// When it is too late.
    pub expires_at: Timestamp,
}

/// What waits, as stored; the payload is a sealed blob.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) id: String,
    pub(crate) person: PersonId,
    pub(crate) session: String,
    pub(crate) kind: ActKind,
    pub(crate) object: String,
    pub(crate) statement: String,
    pub(crate) payload: BlobRef,
    pub(crate) expires_at: Timestamp,
}

/// That a person signed one act. Only [`crate::Access::complete_act`] makes it.
#[derive(Debug)]
pub struct SignedAct {
    pub(crate) person: PersonId,
    pub(crate) kind: ActKind,
    pub(crate) object: String,
    pub(crate) statement: String,
    pub(crate) signature: Signature,
    pub(crate) key: PublicKey,
    pub(crate) payload: Value,
    pub(crate) evidence: BlobRef,
}

impl SignedAct {
    /// Who signed.
    pub fn person(&self) -> &PersonId {
        &self.person
    }

    /// What kind of act.
    pub fn kind(&self) -> ActKind {
        self.kind
    }

    /// On what: `application:…`, as it was given when the act was prepared.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// The particulars that were signed.
    pub fn payload(&self) -> &Value {
        &self.payload
    }

    /// The text that was signed.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// Fails unless the holder of the permit signed this kind of act on this object.
    pub fn covers(&self, permit: &Permit, kind: ActKind, object: &str) -> Result<(), Error> {
        let by_holder = permit.person().is_some_and(|person| person.id == self.person);
        let fits = by_holder && self.kind == kind && self.object == object;
        if fits && permit.action() == kind.action() { Ok(()) } else { Err(Error::ActWrong) }
    }

    /// For the record of the act. Who has the key verifies it without us: the signature is over
    /// the octets of `statement`, and `payload` is the sealed blob whose content it names.
    pub fn to_json(&self) -> Value {
        let base64 = &base64::engine::general_purpose::STANDARD;
        json!({
            "statement": self.statement,
            "signature": base64.encode(self.signature.to_der()),
            "key": hex::encode(self.key.to_sec1()),
            "payload": self.evidence.to_json(),
        })
    }
}
