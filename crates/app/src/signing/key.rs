//! Making the key of an application: the signing key in the device, the certificates by the way of
//! every enrolment, the encryption pair from the key centre into the device. Each step may be the
//! last before a power cut; the next run finds what is there and goes on. A renewal is the same with the
//! key that is there.

use ca::{RequestId, Validity};
use gm::{DeviceError, KeyInfo, KeyKind, KeyLabel, RefusedReason, UserId};
use jiff::Timestamp;
use pki::csr::{request_info, signed_request};
use pki::response::CsrResponse;
use pki::strict::Tag;
use pki::{CertificationRequest, Name, SubjectInput, oid};
use serde_json::{Value, json};
use store::{Actor, ErrorKind, Record, Tx};

use super::model::{KeyState, SigningKey};
use super::sql::{self, pair};
use super::{Refusal, order, rules};
use crate::enrol::{Act, EnrolOrder, Enrolled, State};
use crate::error::Error;
use crate::institution::Institution;

/// The kind of certificates that applications get.
pub(super) const KIND: &str = "device";

/// The signing key in the device: one for all its certificates.
pub(super) fn sign_label(number: i64) -> Result<KeyLabel, Error> {
    label(format!("app-{number}-sign"))
}

/// The encryption key in the device: one for each pair of certificates.
pub(super) fn enc_label(number: i64, generation: i64) -> Result<KeyLabel, Error> {
    label(match generation {
        1 => format!("app-{number}-enc"),
        _ => format!("app-{number}-enc-{generation}"),
    })
}

fn label(name: String) -> Result<KeyLabel, Error> {
    KeyLabel::new(name).map_err(|_| Error::Stored("签名密钥的名称"))
}

/// The name of the order for a pair of certificates.
pub(super) fn request(number: i64, generation: i64) -> Result<RequestId, Error> {
    let name = match generation {
        1 => format!("signing:{number}"),
        _ => format!("signing:{number}:{generation}"),
    };
    Ok(RequestId::new(name).map_err(ca::Error::from)?)
}

/// A pair of certificates that is to be made.
pub(super) struct Wanted {
    pub key: SigningKey,
    pub generation: i64,
    pub act: Act,
    /// As in the certificate that is followed; the first says what the key is called.
    pub subject: Option<SubjectInput>,
    pub not_after: Option<Timestamp>,
}

impl Institution {
    /// What goes on by itself with keys of applications: those that were confirmed are made, what ends soon is
    /// renewed, and certificates of keys that were stopped end. One that fails holds up no other.
    pub async fn keep_signing_keys(&self) -> Result<(), Error> {
        let made = self.make_signing_keys().await;
        let ended = self.end_stopped_keys().await;
        let renewed = match self.signing().is_renewal_looked_for(self.clock().now()) {
            true => self.renew_signing_keys().await,
            false => Ok(()),
        };
        let destroyed = self.destroy_spent_keys().await;
        made.and(ended).and(renewed).and(destroyed)
    }

    /// Makes the keys that were confirmed and aren't there yet. Doing it again changes nothing.
    pub async fn make_signing_keys(&self) -> Result<(), Error> {
        let numbers = sql::in_state(&mut *self.store().read().await?, KeyState::Making).await?;
        let (mut first, now) = (Ok(()), self.clock().now());
        for number in self.signing().not_resting(numbers, now) {
            // One that can't be made keeps none behind it waiting.
            if let Err(error) = self.make_signing_key(number).await {
                tracing::warn!(number, %error, "a signing key could not be made; tried again");
                if is_final(&error) {
                    self.signing().rest(number, now);
                }
                first = first.and(Err(error));
            }
        }
        first
    }

    async fn make_signing_key(&self, number: i64) -> Result<(), Error> {
        let Some((key, generation)) = self.begin_pair(number, KeyState::Making).await? else {
            return Ok(());
        };
        let (act, subject, not_after) = (Act::New, None, None);
        self.try_pair(Wanted { key, generation, act, subject, not_after }).await
    }

    /// Makes a pair that was begun. Where its order was refused for good nothing comes of it, and another is begun
    /// the next time; as long as its order may still be carried out, it is waited for.
    pub(super) async fn try_pair(&self, wanted: Wanted) -> Result<(), Error> {
        let which = (wanted.key.number, wanted.generation);
        let done = self.make_pair(wanted).await;
        if done.as_ref().is_err_and(is_final) {
            match self.enrolment(&request(which.0, which.1)?).await {
                Ok(found) if !matches!(found.state, State::Refused(_)) => {}
                Ok(_) | Err(Error::NoRequest(_)) => self.give_pair_up(which).await?,
                Err(error) => return Err(error),
            }
        }
        done
    }

    /// Notes that a pair is begun, before anything is asked of anybody: whatever is issued for it is found
    /// again, also after the key was stopped. None if the key isn't in the state for it any more.
    pub(super) async fn begin_pair(
        &self,
        number: i64,
        state: KeyState,
    ) -> Result<Option<(SigningKey, i64)>, Error> {
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    let key = sql::by_number(tx.conn(), number).await?;
                    let Some(key) = key.filter(|key| key.state == state) else { return Ok(None) };
                    let at = tx.now().as_second();
                    Ok::<_, Error>(Some((key, pair::begin(tx.conn(), number, at).await?)))
                })
            })
            .await
    }

    /// Makes a pair that was begun. Doing it again changes nothing; what was issued under the name of its order
    /// counts, although the settings may make another order of it by now (Invariant 3).
    async fn make_pair(&self, wanted: Wanted) -> Result<(), Error> {
        let (number, generation) = (wanted.key.number, wanted.generation);
        let client = wanted.key.client.clone();
        let (sign, enc) = (sign_label(number)?, enc_label(number, generation)?);
        let enrolled = match self.enrolled(&request(number, generation)?).await? {
            Some(issued) => issued,
            None => {
                let request = self.request_of(&wanted.key, sign.clone()).await?;
                self.enrol(self.order_for(wanted, &request).await?).await?
            }
        };
        let held = self.take_in(&enrolled, sign, enc).await?;
        let sign = enrolled.sign.certificate.serial().to_hex();
        let enc = enrolled.enc.as_ref().map(|one| one.certificate.serial().to_hex());
        let (Some(enc), Some(encryption)) = (enc, held.public_key) else {
            return Err(Error::Stored("签名密钥的加密证书"));
        };
        let body = json!({
            "client": client,
            "generation": generation,
            "sign_serial": sign,
            "enc_serial": enc,
            "enc_key": encryption.fingerprint(),
            "not_after": enrolled.sign.record.not_after.to_string(),
            // Where the key was made counts as it was then (Measures Art. 20 ¶2; check C20-2).
            "device": self.device().info().provenance(),
        });
        self.note_pair((number, generation), (sign, enc), body).await
    }

    /// Notes what was issued, whatever became of the key in the meantime: one that was stopped stays stopped,
    /// and its certificates end like those that it had.
    pub(super) async fn note_pair(
        &self,
        (number, generation): (i64, i64),
        (sign, enc): (String, String),
        body: Value,
    ) -> Result<(), Error> {
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    if pair::made(tx.conn(), (number, generation), (&sign, &enc)).await? {
                        let kind = made_as(tx, number).await?;
                        let about = order::about(number);
                        tx.append(Record::new(kind, Actor::system(), about, body)).await?;
                    }
                    Ok::<_, Error>(())
                })
            })
            .await
    }

    /// A request signed with the key of the device, which is made if it isn't there.
    async fn request_of(&self, key: &SigningKey, label: KeyLabel) -> Result<Vec<u8>, Error> {
        let subject = Name::from_attributes([
            (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
            (oid::ORGANIZATION, Tag::UTF8_STRING, self.settings().institution.name.as_str()),
            (oid::COMMON_NAME, Tag::UTF8_STRING, key.name.as_str()),
        ]);
        let device = self.device().clone();
        let make = move || {
            let mut session = device.session()?;
            let made = match session.generate(&label, KeyKind::Sm2Sign) {
                Err(DeviceError::Refused(RefusedReason::LabelTaken)) => session.key(&label)?,
                made => made?,
            };
            let public = made.public_key.ok_or(Error::Stored("签名密钥的公钥"))?;
            let info = request_info(&subject, &public);
            let signature = session.sign(&label, &UserId::default(), &info)?;
            Ok::<_, Error>(signed_request(&info, &signature))
        };
        tokio::task::spawn_blocking(make).await.map_err(|_| Error::Interrupted)?
    }

    async fn order_for(&self, wanted: Wanted, request: &[u8]) -> Result<EnrolOrder, Error> {
        let proof = CertificationRequest::from_der(request)?.prove_possession(&UserId::default())?;
        let name = self::request(wanted.key.number, wanted.generation)?;
        let attestation = self.judge_own_key_of_order(name.as_str(), KIND).await?;
        let subject = wanted.subject.unwrap_or_else(|| SubjectInput {
            organization: Some(self.settings().institution.name.clone()),
            ..SubjectInput::named(wanted.key.name)
        });
        Ok(EnrolOrder {
            request_id: name,
            kind: KIND.to_owned(),
            subject,
            proof,
            attestation,
            validity: Validity { not_before: None, not_after: wanted.not_after },
            act: wanted.act,
            actor: Actor::system(),
        })
    }

    /// Takes the encryption pair of the answer into the device.
    async fn take_in(
        &self,
        enrolled: &Enrolled,
        sign: KeyLabel,
        enc: KeyLabel,
    ) -> Result<KeyInfo, Error> {
        let response = CsrResponse::decode(&enrolled.response)?;
        let encryption = response.encryption.ok_or(Error::Stored("签名密钥的加密密钥"))?;
        let device = self.device().clone();
        let take = move || {
            let mut session = device.session()?;
            match session.import_enveloped(&enc, &encryption.key, &sign) {
                Err(DeviceError::Refused(RefusedReason::LabelTaken)) => session.key(&enc),
                taken => taken,
            }
        };
        let taken = tokio::task::spawn_blocking(take).await.map_err(|_| Error::Interrupted)?;
        Ok(taken?)
    }
}

/// Whether an order was refused for good: asking for the same again would not help.
pub(super) fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refusal | ErrorKind::Invalid) && !error.is_unavailable()
}

impl super::Signing {
    /// Those of some keys that are asked for again: what was refused for good rests for a while.
    pub(super) fn not_resting(&self, numbers: Vec<i64>, now: Timestamp) -> Vec<i64> {
        let mut refused = self.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        refused.retain(|_, at| rules::rests(*at, now));
        numbers.into_iter().filter(|number| !refused.contains_key(number)).collect()
    }

    pub(super) fn rest(&self, number: i64, now: Timestamp) {
        let mut refused = self.refused.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        refused.insert(number, now);
    }
}

/// What it is that a pair was made, by the state of the key as this unit finds it.
async fn made_as(tx: &mut Tx, number: i64) -> Result<&'static str, Error> {
    if sql::activate(tx.conn(), number).await? {
        return Ok("signing.key_made");
    }
    let key = sql::by_number(tx.conn(), number).await?.ok_or(Refusal::NoKey(number))?;
    Ok(match key.state {
        KeyState::Active => "signing.renewed",
        _ => "signing.made_too_late",
    })
}
