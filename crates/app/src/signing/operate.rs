//! What applications do with their keys. First the intent is recorded, then the device is asked
//! (Invariant 3); what leaves verifies.

use access::{Action, Permit};
use gm::{Digest, KeyLabel, OsRandom, Session, Signature, UserId, sm2, sm3};
use pki::Certificate;
use pki::message::{EnvelopedData, Holder, SignedData, Signing as Signs};
use status::verification::{CertificateQuestion, Evidence, Outcome, Purpose};
use zeroize::Zeroizing;

use super::key::{enc_label, sign_label};
use super::model::{KeyState, Operation, SigningKey};
use super::pair::{Issued, in_force};
use super::record::{Intent, intend};
use super::{Refusal, rules, sql};
use crate::error::Error;
use crate::institution::Institution;

/// Most recipients of one envelope.
pub const MOST_RECIPIENTS: usize = 32;
/// Pairs among which the one in force is: a new one follows long before the one before ends.
const LAST_PAIRS: usize = 2;

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
    digest: Digest,
}

impl Institution {
    /// The keys of the client that asks.
    pub async fn own_signing_keys(&self, permit: &Permit) -> Result<Vec<Held>, Error> {
        let client = client_of(permit)?;
        let keys = sql::of_client(&mut *self.store().read().await?, client).await?;
        let mut held = Vec::with_capacity(keys.len());
        for key in keys {
            let mut pairs = self.pairs_of(key.number, LAST_PAIRS).await?;
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
        let client = client_of(permit)?;
        let certificate = self.signer(number, client).await?;
        let e = sm2::digest(&certificate.public_key()?, &UserId::default(), content);
        self.sign_under(certificate, (number, client), e).await
    }

    /// Signs `e = SM3(Z ‖ content)` that the client computed for the key's certificate: for any of them, since
    /// renewals keep the key.
    pub async fn sign_value(
        &self,
        permit: &Permit,
        number: i64,
        e: Digest,
    ) -> Result<SignedBy, Error> {
        let client = client_of(permit)?;
        let certificate = self.signer(number, client).await?;
        self.sign_under(certificate, (number, client), e).await
    }

    async fn sign_under(
        &self,
        certificate: Certificate,
        (number, client): (i64, &str),
        e: Digest,
    ) -> Result<SignedBy, Error> {
        self.begin(Use { client, number, operation: Operation::Data, digest: e }).await?;
        let label = sign_label(number)?;
        let key = certificate.public_key()?;
        let signature = self.on_device(move |session| sign_with(session, &label, &key, &e)).await?;
        Ok(SignedBy { octets: signature.to_der(), certificate })
    }

    /// Makes a signed message (GM/T 0010 §8).
    pub async fn sign_message(
        &self,
        permit: &Permit,
        (number, content): (i64, Vec<u8>),
        order: MessageOrder,
    ) -> Result<SignedBy, Error> {
        let client = client_of(permit)?;
        let certificate = self.signer(number, client).await?;
        let digest = sm3::hash(&content);
        self.begin(Use { client, number, operation: Operation::Message, digest }).await?;
        let label = sign_label(number)?;
        let (signer, at) = (certificate.clone(), order.has_attributes.then(|| self.clock().now()));
        let octets = self
            .on_device(move |session| {
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
        let client = client_of(permit)?;
        if recipients.is_empty() || recipients.len() > MOST_RECIPIENTS {
            return Err(Refusal::Input("接收者应有 1 至 32 个").into());
        }
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        let asked = (0, self.clock().now());
        rules::may(key.as_ref(), (number, client), Operation::Envelope, asked)?;
        let mut snapshot = String::new();
        for (place, recipient) in recipients.iter().enumerate() {
            snapshot = self.check_recipient(place, recipient).await?;
        }
        let named: Vec<_> = recipients.iter().map(Certificate::der).collect();
        let digest = sm3::hash_parts(&named);
        self.begin(Use { client, number, operation: Operation::Envelope, digest }).await?;
        let recipients = recipients.to_vec();
        let seal = move || {
            let to: Vec<&Certificate> = recipients.iter().collect();
            EnvelopedData::seal(&content, &to, &mut OsRandom)
        };
        let sealed = tokio::task::spawn_blocking(seal).await.map_err(|_| Error::Interrupted)?;
        Ok(Enveloped { octets: sealed?, snapshot })
    }

    /// Opens an envelope to an encryption certificate of the key, of whichever term.
    pub async fn open_envelope(
        &self,
        permit: &Permit,
        (number, envelope): (i64, Vec<u8>),
    ) -> Result<Zeroizing<Vec<u8>>, Error> {
        let client = client_of(permit)?;
        self.active(number, client).await?;
        let pairs = self.pairs_of(number, usize::MAX).await?;
        let wrong = |why: &pki::Error| Error::from(Refusal::Envelope(why.to_string()));
        let message = EnvelopedData::from_der(&envelope).map_err(|why| wrong(&why))?;
        let addressed = |one: &&Issued| message.recipients().any(|to| to.is(&one.enc.certificate));
        let Some(pair) = pairs.iter().rev().find(addressed) else {
            return Err(Refusal::Envelope("接收者中没有这个密钥的加密证书".to_owned()).into());
        };
        let label = enc_label(number, pair.generation)?;
        let holder = Holder::of(&pair.enc.certificate);
        let digest = sm3::hash(&envelope);
        self.begin(Use { client, number, operation: Operation::Open, digest }).await?;
        self.on_device(move |session| {
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

    /// Counts the use within its second, and records the intent.
    async fn begin(&self, one: Use<'_>) -> Result<SigningKey, Error> {
        let Use { client, number, operation, digest } = one;
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        // Refused at once what would be refused anyway: no record is made for it.
        let now = self.clock().now();
        rules::may(key.as_ref(), (number, client), operation, (0, now))?;
        let most = key.as_ref().map_or(0, |key| key.quota.per_second);
        self.signing().count(number, now.as_second(), most)?;
        let intent =
            Intent { number, client: client.to_owned(), operation, digest: digest.to_hex() };
        intend((&self.signing().recorder, self.store().clone()), intent).await
    }

    /// The key is one of the client's and active.
    async fn active(&self, number: i64, client: &str) -> Result<(), Error> {
        let key = sql::by_number(&mut *self.store().read().await?, number).await?;
        let key = key.filter(|key| key.client == client).ok_or(Refusal::NoKey(number))?;
        match key.state {
            KeyState::Active => Ok(()),
            state => Err(Refusal::NotActive(number, state.chinese()).into()),
        }
    }

    /// The certificate that a signature is made under: nothing is signed under one that was revoked or
    /// suspended, or is over. Opening goes on, for what was encrypted before.
    async fn signer(&self, number: i64, client: &str) -> Result<Certificate, Error> {
        self.active(number, client).await?;
        let pairs = self.pairs_of(number, LAST_PAIRS).await?;
        let current = in_force(&pairs, self.clock().now());
        let current = current.map(|one| one.sign.certificate.clone());
        current.ok_or_else(|| Refusal::Certificate(number).into())
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

    /// Works on a thread where waiting for the device is no harm.
    async fn on_device<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut dyn Session) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let working = self.signing().working.clone().acquire_owned().await;
        let permit = working.map_err(|_| Error::Interrupted)?;
        let device = self.device().clone();
        let work = move || {
            // Held by the work, not by the one who waits for it: he may have hung up.
            let _permit = permit;
            job(&mut *device.session()?)
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

fn client_of(permit: &Permit) -> Result<&str, Error> {
    permit.covers(Action::UseSigning)?;
    permit
        .client()
        .map(|client| client.id.as_str())
        .ok_or(Error::NotApplicable("签名服务只供接口客户端使用；请以客户端的密钥签署请求"))
}
