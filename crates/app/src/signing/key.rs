//! Making the key of an application: the signing key in the device, the certificates by the way of
//! every enrolment, the encryption pair from the key centre into the device. Each step may be the
//! last before a power cut; the next run finds what is there and goes on.

use ca::{RequestId, Validity};
use gm::{DeviceError, KeyInfo, KeyKind, KeyLabel, RefusedReason, UserId};
use pki::csr::{request_info, signed_request};
use pki::response::CsrResponse;
use pki::strict::Tag;
use pki::{CertificationRequest, Name, SubjectInput, oid};
use serde_json::json;
use store::{Actor, Record};

use super::model::SigningKey;
use super::{order, sql};
use crate::enrol::{Act, EnrolOrder, Enrolled};
use crate::error::Error;
use crate::institution::Institution;

/// The kind of certificates that applications get.
const KIND: &str = "device";

/// The labels of a key in the device: signing, and encryption.
pub(super) fn labels(number: i64) -> Result<(KeyLabel, KeyLabel), Error> {
    let label = |half: &str| {
        KeyLabel::new(format!("app-{number}-{half}")).map_err(|_| Error::Stored("签名密钥的名称"))
    };
    Ok((label("sign")?, label("enc")?))
}

impl Institution {
    /// Makes the keys that were confirmed and aren't there yet. Doing it again changes nothing.
    pub async fn make_signing_keys(&self) -> Result<(), Error> {
        let numbers = sql::making(&mut *self.store().read().await?).await?;
        let mut first = Ok(());
        for number in numbers {
            // One that can't be made keeps none behind it waiting.
            if let Err(error) = self.make_signing_key(number).await {
                tracing::warn!(number, %error, "a signing key could not be made; tried again");
                first = first.and(Err(error));
            }
        }
        first
    }

    async fn make_signing_key(&self, number: i64) -> Result<(), Error> {
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        let key = key.ok_or(Error::Stored("签名密钥"))?;
        let (sign, enc) = labels(number)?;
        let request = self.request_of(&key, sign.clone()).await?;
        let enrolled = self.enrol(self.order_for(&key, &request).await?).await?;
        let held = self.take_in(&enrolled, sign, enc).await?;
        let serials = (
            enrolled.sign.certificate.serial().to_hex(),
            enrolled.enc.as_ref().map(|one| one.certificate.serial().to_hex()),
        );
        let (Some(enc_serial), Some(encryption)) = (serials.1, held.public_key) else {
            return Err(Error::Stored("签名密钥的加密证书"));
        };
        let body = json!({
            "client": key.client,
            "sign_serial": serials.0,
            "enc_serial": enc_serial,
            "enc_key": encryption.fingerprint(),
            // Where the key was made counts as it was then (Measures Art. 20 ¶2; check C20-2).
            "device": self.device().info().provenance(),
        });
        self.store()
            .commit(move |tx| {
                Box::pin(async move {
                    // Stopped in the meantime: it stays stopped.
                    if sql::activate(tx.conn(), number, (&serials.0, &enc_serial)).await? {
                        let about = order::about(number);
                        let made = Record::new("signing.key_made", Actor::system(), about, body);
                        tx.append(made).await?;
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

    async fn order_for(&self, key: &SigningKey, request: &[u8]) -> Result<EnrolOrder, Error> {
        let proof = CertificationRequest::from_der(request)?.prove_possession(&UserId::default())?;
        let name = format!("signing:{}", key.number);
        let of = (KIND, proof.public_key());
        let attestation = self.judge_key_of_order(&name, of, None).await?;
        Ok(EnrolOrder {
            request_id: RequestId::new(name).map_err(ca::Error::from)?,
            kind: KIND.to_owned(),
            subject: SubjectInput {
                organization: Some(self.settings().institution.name.clone()),
                ..SubjectInput::named(key.name.clone())
            },
            proof,
            attestation,
            validity: Validity { not_before: None, not_after: None },
            act: Act::New,
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
