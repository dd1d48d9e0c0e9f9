//! What applications do with their keys. First the intent is recorded, then the device is asked
//! (Invariant 3); what leaves verifies.

use access::{Action, Permit};
use gm::{Digest, KeyLabel, OsRandom, Session, Signature, UserId, sm2, sm3};
use pki::Certificate;
use pki::message::{EnvelopedData, Holder, SignedData, Signing as Signs};
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose};
use zeroize::Zeroizing;

use super::key::{enc_label, sign_label};
use super::model::{Operation, SigningKey};
use super::pair::{Issued, in_force};
use super::record::{Intended, Intent, intend};
use super::{Refusal, rules, sql};
use crate::error::Error;
use crate::institution::Institution;

/// Most recipients of one envelope.
pub const MOST_RECIPIENTS: usize = 32;

/// A key of a client with its certificates.
#[derive(Debug, Clone)]
pub struct Held {
    /// The key.
    pub key: SigningKey,
    /// Signing and encryption certificate in force, or else the newest; none until they are made.
    pub certificates: Option<(Certificate, Certificate)>,
}

/// A signature with the certificate that it verifies under.
#[derive(Debug, Clone)]
pub struct SignedBy {
    /// DER of the signature, or of the message.
    pub octets: Vec<u8>,
    /// The signing certificate.
    pub certificate: Certificate,
}

/// An envelope.
#[derive(Debug, Clone)]
pub struct Enveloped {
    /// DER of EnvelopedData (GM/T 0010 §9).
    pub octets: Vec<u8>,
    /// The trust anchors by which the recipients were verified.
    pub snapshot: String,
}

/// How a message is to be made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessageOrder {
    /// Whether the content is left out.
    pub is_detached: bool,
    /// Whether attributes with the time are signed.
    pub has_attributes: bool,
}

/// What a client is about to do.
struct Use<'a> {
    client: &'a str,
    number: i64,
    operation: Operation,
}

impl<'a> Use<'a> {
    fn of(permit: &'a Permit, number: i64, operation: Operation) -> Result<Self, Error> {
        permit.covers(Action::UseSigning)?;
        let client = permit.client().map(|client| client.id.as_str());
        Ok(Self { client: client.ok_or(NOT_A_CLIENT)?, number, operation })
    }
}

const NOT_A_CLIENT: Error =
    Error::NotApplicable("签名服务只供接口客户端使用；请以客户端的密钥签署请求");

impl Institution {
    /// The keys of the client that asks.
    pub async fn own_signing_keys(&self, permit: &Permit) -> Result<Vec<Held>, Error> {
        permit.covers(Action::UseSigning)?;
        let client = permit.client().ok_or(NOT_A_CLIENT)?.id.as_str();
        let keys = sql::of_client(&mut *self.store().read().await?, client).await?;
        let mut held = Vec::with_capacity(keys.len());
        for key in keys {
            let mut pairs = self.pairs_of(key.number).await?;
            let current = in_force(&pairs, self.clock().now()).cloned().or_else(|| pairs.pop());
            let certificates = current.map(|one| (one.sign.certificate, one.enc.certificate));
            held.push(Held { key, certificates });
        }
        Ok(held)
    }

    /// Signs a content (SM2 with SM3, default user ID).
    pub async fn sign_data(
        &self,
        permit: &Permit,
        number: i64,
        content: &[u8],
    ) -> Result<SignedBy, Error> {
        let one = Use::of(permit, number, Operation::Data)?;
        let certificate = self.signer(&one).await?;
        let e = sm2::digest(&certificate.public_key()?, &UserId::default(), content);
        self.sign_under(certificate, &one, e).await
    }

    /// Signs `e = SM3(Z ‖ content)` that the client computed for the key's certificate: for any of them, since
    /// renewals keep the key.
    pub async fn sign_value(
        &self,
        permit: &Permit,
        number: i64,
        e: Digest,
    ) -> Result<SignedBy, Error> {
        let one = Use::of(permit, number, Operation::Data)?;
        let certificate = self.signer(&one).await?;
        self.sign_under(certificate, &one, e).await
    }

    async fn sign_under(
        &self,
        certificate: Certificate,
        one: &Use<'_>,
        e: Digest,
    ) -> Result<SignedBy, Error> {
        let intended = self.record_use(one, &e).await?;
        let label = sign_label(one.number)?;
        let key = certificate.public_key()?;
        let sign = move |session: &mut dyn Session| sign_with(session, &label, &key, &e);
        let signature = self.on_device(intended, sign).await?;
        Ok(SignedBy { octets: signature.to_der(), certificate })
    }

    /// Makes a signed message (GM/T 0010 §8).
    pub async fn sign_message(
        &self,
        permit: &Permit,
        (number, content): (i64, Vec<u8>),
        order: MessageOrder,
    ) -> Result<SignedBy, Error> {
        let one = Use::of(permit, number, Operation::Message)?;
        let certificate = self.signer(&one).await?;
        let intended = self.record_use(&one, &sm3::hash(&content)).await?;
        let label = sign_label(number)?;
        let (signer, at) = (certificate.clone(), order.has_attributes.then(|| self.clock().now()));
        let octets = self
            .on_device(intended, move |session| {
                let (id, key) = (UserId::default(), signer.public_key()?);
                let signing = Signs { certificate: &signer, id: &id, at };
                let sign = |e: &Digest| sign_with(session, &label, &key, e);
                match order.is_detached {
                    true => SignedData::sign_detached(&content, &signing, sign),
                    false => SignedData::sign(&content, &signing, sign),
                }
            })
            .await?;
        Ok(SignedBy { octets, certificate })
    }

    /// Encrypts a content to certificates, each of which has to hold now and be for encryption.
    pub async fn make_envelope(
        &self,
        permit: &Permit,
        (number, content): (i64, Zeroizing<Vec<u8>>),
        recipients: &[Certificate],
    ) -> Result<Enveloped, Error> {
        let one = Use::of(permit, number, Operation::Envelope)?;
        if recipients.is_empty() || recipients.len() > MOST_RECIPIENTS {
            return Err(
                Refusal::Input("接收者应有 1 至 32 个；更多的接收者请分几次制作信封").into()
            );
        }
        self.allow(&one).await?;
        let mut snapshot = String::new();
        for (place, recipient) in recipients.iter().enumerate() {
            snapshot = self.check_recipient(place, recipient).await?;
        }
        let named: Vec<_> = recipients.iter().map(Certificate::der).collect();
        let digest = sm3::hash_parts(&named);
        let intended = self.record_use(&one, &digest).await?;
        let recipients = recipients.to_vec();
        let seal = move || {
            let to: Vec<&Certificate> = recipients.iter().collect();
            EnvelopedData::seal(&content, &to, &mut OsRandom).map_err(Error::from)
        };
        Ok(Enveloped { octets: self.at_work(intended, seal).await?, snapshot })
    }

    /// Opens an envelope to an encryption certificate of the key, of whichever term.
    pub async fn open_envelope(
        &self,
        permit: &Permit,
        (number, envelope): (i64, Vec<u8>),
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let one = Use::of(permit, number, Operation::Open)?;
        self.allow(&one).await?;
        let pairs = self.pairs_of(number).await?;
        let wrong = |why: &pki::Error| Error::from(Refusal::Envelope(why.to_string()));
        let message = EnvelopedData::from_der(&envelope).map_err(|why| wrong(&why))?;
        let addressed = |one: &&Issued| message.recipients().any(|to| to.is(&one.enc.certificate));
        let Some(pair) = pairs.iter().rev().find(addressed) else {
            return Err(Refusal::Envelope("接收者中没有这个密钥的加密证书".to_owned()).into());
        };
        let label = enc_label(number, pair.generation)?;
        let holder = Holder::of(&pair.enc.certificate);
        let intended = self.record_use(&one, &sm3::hash(&envelope)).await?;
        self.on_device(intended, move |session| {
            let opened = message
                .open(&holder, |cipher| session.decrypt(&label, cipher).map_err(Error::from));
            opened.map_err(|why| match why {
                Error::Pki(why) => wrong(&why),
                Error::Device(gm::DeviceError::Refused(_)) => {
                    Refusal::Envelope("密文不是用这个密钥的公钥加密的，或者已被改动".to_owned())
                        .into()
                }
                other => other,
            })
        })
        .await
    }

    /// Refuses at once what would be refused anyway, without a record, and counts the use within its second:
    /// before anything else is done for it, such as looking at recipients.
    async fn allow(&self, one: &Use<'_>) -> Result<(), Error> {
        let (number, now) = (one.number, self.clock().now());
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        rules::may(key.as_ref(), (number, one.client), one.operation, (0, now))?;
        let most = key.as_ref().map_or(0, |key| key.quota.per_second);
        Ok(self.signing().count(number, now.as_second(), most)?)
    }

    /// Records the intent.
    async fn record_use(&self, one: &Use<'_>, digest: &Digest) -> Result<Intended, Error> {
        let &Use { client, number, operation } = one;
        let intent =
            Intent { number, client: client.to_owned(), operation, digest: digest.to_hex() };
        intend((&self.signing().recorder, self.store().clone()), intent).await
    }

    /// The certificate that a signature is made under: nothing is signed under one that was revoked or
    /// suspended, or is over, nor while the key is doubted under another. Opening goes on, for what was
    /// encrypted before.
    async fn signer(&self, one: &Use<'_>) -> Result<Certificate, Error> {
        self.allow(one).await?;
        let pairs = self.pairs_of(one.number).await?;
        let current = in_force(&pairs, self.clock().now());
        let current = current.map(|pair| pair.sign.certificate.clone());
        current.ok_or_else(|| Refusal::Certificate(one.number).into())
    }

    /// Nobody is sent a secret under a certificate that doesn't hold: what is unknown is no pass.
    async fn check_recipient(
        &self,
        place: usize,
        recipient: &Certificate,
    ) -> Result<String, Error> {
        let question = CertificateQuestion {
            der: recipient.der().to_vec(),
            evidence: Evidence::default(),
            at: None,
            purpose: Purpose::Encryption,
            policies: Vec::new(),
        };
        let report = self.verify_certificate(question).await?;
        if report.judged.verdict == Outcome::Passed {
            return Ok(report.snapshot);
        }
        let checks = report.judged.checks.iter().filter(|check| check.weighs);
        let worst = checks.max_by_key(|check| check.outcome);
        let why = worst.map_or_else(String::new, |check| check.reason.clone());
        Err(Refusal::Recipient(place.saturating_add(1), why).into())
    }

    /// Works with the device.
    async fn on_device<T: Send + 'static>(
        &self,
        intended: Intended,
        job: impl FnOnce(&mut dyn Session) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let device = self.device().clone();
        self.at_work(intended, move || job(&mut *device.session()?)).await
    }

    /// Works on a thread where waiting is no harm, on what was recorded: so many at a time.
    async fn at_work<T: Send + 'static>(
        &self,
        _: Intended,
        job: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let working = self.signing().working.clone().acquire_owned().await;
        let permit = working.map_err(|_| Error::Interrupted)?;
        let work = move || {
            // Held by the work, not by the one who waits for it: he may have hung up.
            let _permit = permit;
            job()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| Error::Interrupted)?
    }
}

impl super::Signing {
    fn count(&self, number: i64, second: i64, most: u32) -> Result<(), Refusal> {
        let mut seconds = self.seconds.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let seen = seconds.get(&number).copied();
        let next = rules::counted(seen, second, most).ok_or(Refusal::PerSecond(number, most))?;
        seconds.insert(number, next);
        Ok(())
    }
}

/// Signs, and verifies what was signed before it leaves.
fn sign_with(
    session: &mut dyn Session,
    label: &KeyLabel,
    key: &gm::PublicKey,
    e: &Digest,
) -> Result<Signature, Error> {
    let signature = session.sign_digest(label, e)?;
    let broken = |_| gm::DeviceError::Broken("签名验证不通过".into());
    sm2::verify_digest(key, e, &signature).map_err(broken)?;
    Ok(signature)
}
