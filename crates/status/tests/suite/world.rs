//! An institution with issuers, a delegated responder and certificates, written straight
//! into the tables that `ca` keeps.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gm::sm2::PrivateKey;
use gm::{Device, KeyKind, KeyLabel, OsRandom, PublicKey, UserId};
use jiff::Timestamp;
use pki::ext::{ExtendedKeyUsage, TypedExtension};
use pki::ocsp::{BasicResponse, CertId, CertStatus, HashAlgorithm, Nonce, Reply, Request};
use pki::spki::AlgorithmIdentifier;
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Serial, Spki, oid};
use status::{Answer, Outcome, Responder, StatusConfig};
use store::{Actor, FixedClock, Opening, Record, Schema, Store, StoreConfig};
use testkit::fault::FaultyDevice;
use testkit::scratch::Scratch;

/// The first second of every story.
pub const NOW: &str = "2026-11-22T04:00:00Z";

pub fn at(seconds: i64) -> Timestamp {
    let now: Timestamp = NOW.parse().unwrap();
    Timestamp::from_second(now.as_second() + seconds).unwrap()
}

pub fn serial(number: u64) -> Serial {
    Serial::from_magnitude(&number.to_be_bytes()).unwrap()
}

pub fn label() -> KeyLabel {
    KeyLabel::new("ocsp").unwrap()
}

/// A CA with its key, as a row of `issuer`.
pub struct Issuer {
    pub id: i64,
    pub key: PrivateKey,
    pub certificate: Certificate,
}

/// A store with its device and clock.
pub struct World {
    pub folder: tempfile::TempDir,
    pub device: Arc<FaultyDevice<Scratch>>,
    pub clock: Arc<FixedClock>,
    pub store: Store,
    /// A database on a server; none is a file of its own.
    url: Option<String>,
}

impl World {
    pub async fn new() -> Self {
        Self::over(None).await
    }

    /// Over a database on a server.
    pub async fn over(url: Option<String>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let device = Arc::new(FaultyDevice::new(Scratch::new()));
        device.session().unwrap().generate(&label(), KeyKind::Sm2Sign).unwrap();
        let clock = Arc::new(FixedClock::at(NOW).unwrap());
        let store = open(&folder, (&device, &clock), Opening::New, url.as_deref()).await;
        Self { folder, device, clock, store, url }
    }

    /// The same database, opened once more: another node, or after a restart.
    pub async fn again(&self) -> Store {
        let url = self.url.as_deref();
        open(&self.folder, (&self.device, &self.clock), Opening::Existing, url).await
    }

    pub async fn responder(&self) -> Responder {
        self.responder_on(&self.store, StatusConfig::new(label())).await
    }

    pub async fn responder_on(&self, store: &Store, config: StatusConfig) -> Responder {
        let device: Arc<dyn Device> = self.device.clone();
        Responder::open(store.clone(), device, config).await.unwrap()
    }

    pub fn responder_key(&self) -> PublicKey {
        self.device.session().unwrap().key(&label()).unwrap().public_key.unwrap()
    }

    /// An issuer with a certificate for the delegated key, valid for a year.
    pub async fn issuer(&self, common: &str) -> Issuer {
        let issuer = self.mute_issuer(common).await;
        self.delegate(&issuer, 900, at(365 * 86_400)).await;
        issuer
    }

    /// An issuer that nobody answers for yet.
    pub async fn mute_issuer(&self, common: &str) -> Issuer {
        self.insert_issuer(common, common).await
    }

    /// Another key under the same name: a row of its own.
    pub async fn second_of_name(&self, common: &str) -> Issuer {
        self.insert_issuer(common, &format!("{common}-2")).await
    }

    async fn insert_issuer(&self, common: &str, row: &str) -> Issuer {
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let name = name(common);
        let certificate = certify((&name, &key), &name, key.public_key(), (1, at(86_400_000)), &[]);
        let der = certificate.der().to_vec();
        let (subject, key_hash) = (name.der().to_vec(), key.public_key().fingerprint());
        let row = row.to_owned();
        let id = self
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let id: i64 = sqlx::query_scalar(
                        "INSERT INTO issuer (name, key_label, subject_der, public_key, key_hash, \
                         name_sha1, name_sha256, name_sm3, key_sha1, key_sha256, key_sm3, \
                         certificate_der, not_before, not_after, shards, created_at) VALUES \
                         ($1, 'ca', $2, '', $3, '', '', '', '', '', '', $4, 0, 1, 0, 0) RETURNING id",
                    )
                    .bind(row)
                    .bind(subject)
                    .bind(key_hash)
                    .bind(der)
                    .fetch_one(tx.conn())
                    .await?;
                    Ok::<_, store::Error>(id)
                })
            })
            .await
            .unwrap();
        Issuer { id, key, certificate }
    }

    /// A certificate for the delegated key.
    pub async fn delegate(&self, issuer: &Issuer, number: u64, end: Timestamp) -> Certificate {
        let key = self.responder_key();
        let purposes = ExtendedKeyUsage(vec![oid::OCSP_SIGNING]).to_extension(false);
        let by = (issuer.certificate.subject(), &issuer.key);
        let certificate = certify(by, &name("状态应答者"), &key, (number, end), &[purposes]);
        self.insert(issuer, number, key.fingerprint(), Some(certificate.der().to_vec()), end).await;
        certificate
    }

    /// A certificate for another key of ours, made on the device if it isn't there; from when
    /// to when it counts.
    pub async fn delegate_key(
        &self,
        issuer: &Issuer,
        (key_label, number): (&str, u64),
        (begin, end): (Timestamp, Timestamp),
    ) -> Certificate {
        let key_label = KeyLabel::new(key_label).unwrap();
        let mut session = self.device.session().unwrap();
        let known = session.key(&key_label);
        let info = known.or_else(|_| session.generate(&key_label, KeyKind::Sm2Sign)).unwrap();
        drop(session);
        let key = info.public_key.unwrap();
        let purposes = ExtendedKeyUsage(vec![oid::OCSP_SIGNING]).to_extension(false);
        let by = (issuer.certificate.subject(), &issuer.key);
        let subject = name("状态应答者");
        let certificate = certify_within(by, &subject, &key, (number, begin, end), &[purposes]);
        self.insert(issuer, number, key.fingerprint(), Some(certificate.der().to_vec()), end).await;
        certificate
    }

    /// How often a key of ours signed.
    pub fn uses(&self, key_label: &str) -> u64 {
        let key_label = KeyLabel::new(key_label).unwrap();
        self.device.session().unwrap().key(&key_label).unwrap().uses
    }

    /// Many ordinary certificates in one unit.
    pub async fn issue_many(&self, issuer: &Issuer, numbers: std::ops::RangeInclusive<u64>) {
        let issuer = issuer.id;
        let work = unit(move |tx| {
            Box::pin(async move {
                for number in numbers {
                    sqlx::query(INSERT)
                        .bind(issuer)
                        .bind(serial(number).to_hex())
                        .bind(format!("{issuer}-{number}"))
                        .bind("0".repeat(64))
                        .bind(vec![0x30_u8, 0])
                        .bind(format!("{number:064x}"))
                        .bind(at(365 * 86_400).as_second())
                        .execute(tx.conn())
                        .await?;
                }
                Ok(())
            })
        });
        self.store.commit(work).await.unwrap();
    }

    /// An ordinary certificate; only its row matters here.
    pub async fn issue(&self, issuer: &Issuer, number: u64) {
        let key_hash = format!("{number:064x}");
        self.insert(issuer, number, key_hash, None, at(365 * 86_400)).await;
    }

    #[allow(clippy::too_many_arguments)] // the columns that tests choose
    pub async fn insert(
        &self,
        issuer: &Issuer,
        number: u64,
        key_hash: String,
        der: Option<Vec<u8>>,
        end: Timestamp,
    ) {
        let (issuer, end) = (issuer.id, end.as_second());
        let work = unit(move |tx| {
            Box::pin(async move {
                let id: i64 = sqlx::query_scalar(INSERT)
                    .bind(issuer)
                    .bind(serial(number).to_hex())
                    .bind(format!("{issuer}-{number}"))
                    .bind("0".repeat(64))
                    .bind(vec![0x30_u8, 0])
                    .bind(key_hash)
                    .bind(end)
                    .fetch_one(tx.conn())
                    .await?;
                if let Some(der) = der {
                    sqlx::query(
                        "INSERT INTO certificate_der (certificate_id, der) VALUES ($1, $2)",
                    )
                    .bind(id)
                    .bind(der)
                    .execute(tx.conn())
                    .await?;
                }
                Ok(())
            })
        });
        self.store.commit(work).await.unwrap();
    }

    /// What somebody does to the tables beside the program.
    pub async fn tamper(&self, text: &'static str) {
        let work = unit(move |tx| {
            Box::pin(async move {
                sqlx::query(text).execute(tx.conn()).await?;
                Ok(())
            })
        });
        self.store.commit(work).await.unwrap();
    }

    /// Changes a status now.
    pub async fn change(&self, issuer: &Issuer, number: u64, status: &str, reason: Option<i64>) {
        self.change_at((issuer, serial(number)), (status, reason), at(0)).await;
    }

    /// Changes a status at an instant, as `ca` does: the row, the change, and a record in one unit.
    pub async fn change_at(
        &self,
        (issuer, serial): (&Issuer, Serial),
        (status, reason): (&str, Option<i64>),
        at: Timestamp,
    ) {
        let (issuer, serial) = (issuer.id, serial.to_hex());
        let (status, at) = (status.to_owned(), at.as_second());
        let work = unit(move |tx| {
            Box::pin(async move {
                let record =
                    Record::new("test.changed", Actor::system(), &serial, serde_json::json!({}));
                let seq = tx.append(record).await?;
                sqlx::query(
                    "UPDATE certificate SET status = $1, reason = $2, changed_at = $3 \
                     WHERE issuer_id = $4 AND serial = $5",
                )
                .bind(&status)
                .bind(reason)
                .bind(at)
                .bind(issuer)
                .bind(&serial)
                .execute(tx.conn())
                .await?;
                sqlx::query(
                    "INSERT INTO status_change (seq, issuer_id, issuer_key_hash, certificate_id, \
                     serial, status, reason, at) SELECT $1, issuer_id, '', id, serial, $2, $3, $4 \
                     FROM certificate WHERE issuer_id = $5 AND serial = $6",
                )
                .bind(i64::try_from(seq.0).unwrap())
                .bind(status)
                .bind(reason)
                .bind(at)
                .bind(issuer)
                .bind(serial)
                .execute(tx.conn())
                .await?;
                Ok(())
            })
        });
        self.store.commit(work).await.unwrap();
    }
}

/// A row of `certificate` that is good; its number comes back.
const INSERT: &str = "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, \
     profile_hash, subject, subject_der, key_hash, not_before, not_after, status, \
     changed_at, issued_at, shard, fingerprint, issued_seq) VALUES ($1, $2, $3, \
     'sign', 'p', $4, 's', $5, $6, 1, $7, 'good', 1, 1, 0, $4, 0) RETURNING id";

/// Until it is so; a minute is for machines that are busy with something else.
pub async fn until(what: &str, is_so: impl Fn() -> bool) {
    let begin = std::time::Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Names the shape of a unit that yields nothing.
pub fn unit<F>(unit: F) -> F
where
    F: for<'t> FnOnce(
            &'t mut store::Tx,
        )
            -> Pin<Box<dyn Future<Output = Result<(), store::Error>> + Send + 't>>
        + Send
        + 'static,
{
    unit
}

async fn open(
    folder: &tempfile::TempDir,
    (device, clock): (&Arc<FaultyDevice<Scratch>>, &Arc<FixedClock>),
    opening: Opening,
    url: Option<&str>,
) -> Store {
    let file = || format!("sqlite:{}", folder.path().join("institution.db").display());
    let url = url.map_or_else(file, str::to_owned);
    let anchor = folder.path().join("anchor");
    let mut config = StoreConfig::new(url, Schema::Institution, anchor, "ca.example.cn/journal");
    config.checkpoint_every = Duration::ZERO;
    config.verify_every = Duration::ZERO;
    let device: Arc<dyn Device> = device.clone();
    Store::open(config.opening(opening), device, clock.clone()).await.unwrap()
}

pub fn name(common: &str) -> Name {
    Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common),
    ])
}

pub fn certify(
    (issuer, issuer_key): (&Name, &PrivateKey),
    subject: &Name,
    key: &PublicKey,
    (number, end): (u64, Timestamp),
    extensions: &[pki::ext::Extension],
) -> Certificate {
    certify_within((issuer, issuer_key), subject, key, (number, at(-86_400), end), extensions)
}

pub fn certify_within(
    (issuer, issuer_key): (&Name, &PrivateKey),
    subject: &Name,
    key: &PublicKey,
    (number, begin, end): (u64, Timestamp, Timestamp),
    extensions: &[pki::ext::Extension],
) -> Certificate {
    let algorithm = AlgorithmIdentifier::bare(oid::SM2_WITH_SM3);
    let tbs = Writer::build(|w| {
        w.sequence(|w| {
            w.explicit(0, |w| w.uint(2));
            w.uint(number);
            algorithm.write(w);
            w.raw(issuer.der());
            w.sequence(|w| {
                w.time(begin);
                w.time(end);
            });
            w.raw(subject.der());
            w.raw(Spki::of(key).der());
            if !extensions.is_empty() {
                w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|e| e.write(w))));
            }
        });
    });
    let tbs = if extensions.is_empty() { version_1(&tbs) } else { tbs };
    let signature = issuer_key.sign(&UserId::default(), &tbs);
    let der = Writer::build(|w| {
        w.sequence(|w| {
            w.raw(&tbs);
            algorithm.write(w);
            w.bit_string(&signature.to_der());
        });
    });
    Certificate::from_der(&der).unwrap()
}

/// Without extensions there is no version 3.
fn version_1(tbs: &[u8]) -> Vec<u8> {
    let mut fields = pki::strict::Reader::sequence_of(tbs).unwrap();
    fields.read().unwrap();
    Writer::build(|w| w.sequence(|w| w.raw(fields.remaining())))
}

pub fn cert_id(issuer: &Issuer, hash: HashAlgorithm, number: u64) -> CertId {
    let certificate = &issuer.certificate;
    CertId::of(hash, certificate.subject(), certificate.spki(), serial(number)).unwrap()
}

/// A question about one certificate, without nonce.
pub fn question(issuer: &Issuer, number: u64) -> Request {
    Request::new(vec![cert_id(issuer, HashAlgorithm::Sha1, number)], None).unwrap()
}

pub fn question_with_nonce(issuer: &Issuer, number: u64) -> Request {
    let id = cert_id(issuer, HashAlgorithm::Sm3, number);
    Request::new(vec![id], Some(Nonce::new([7; 32]).unwrap())).unwrap()
}

/// What a careful client makes of an answer: signed by the issuer's responder, about what
/// was asked, in its window.
pub fn believe(
    answer: &Answer,
    issuer: &Issuer,
    request: &Request,
    now: Timestamp,
) -> Vec<CertStatus> {
    let response = read(answer);
    response.verify(&issuer.certificate, &UserId::default(), now).unwrap();
    response.answers(request, now, jiff::SignedDuration::ZERO).unwrap();
    response.singles().iter().map(|single| single.status).collect()
}

pub fn read(answer: &Answer) -> Box<BasicResponse> {
    match Reply::from_der(&answer.body).unwrap() {
        Reply::Answered(response) => response,
        Reply::Failed(failure) => panic!("{failure:?}"),
    }
}

pub fn is_cached(answer: &Answer) -> bool {
    matches!(answer.outcome, Outcome::Answered { cached: true, .. })
}
