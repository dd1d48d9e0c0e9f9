//! An institution with issuers and certificates, written straight into the tables that `ca` keeps.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use directory::message::{Outcome, ResultCode, SearchRequest};
use directory::model::{Filter, Substrings};
use directory::port::{InForce, List, Lists};
use directory::{AttributeType, Directory, DirectoryConfig, Found, SearchDone};
use futures_util::future::BoxFuture;
use gm::sm2::PrivateKey;
use gm::{Device, KeyKind, OsRandom, UserId};
use jiff::Timestamp;
use pki::ext::{GeneralName, SubjectAltName, SubjectKeyIdentifier, TypedExtension};
use pki::spki::AlgorithmIdentifier;
use pki::strict::{Tag, Writer};
use pki::{Certificate, Name, Oid, Spki, oid};
use store::{Actor, FixedClock, Opening, Record, Schema, Store, StoreConfig, Tx};
use testkit::scratch::Scratch;

pub const NOW: &str = "2026-11-30T04:00:00Z";
pub const BASE: &str = "o=演示中心,c=CN";
pub const FOLDER: &str = "ou=Certificates,o=演示中心,c=CN";

/// Lists that tests put in force; read over a connection, as those of an institution are.
#[derive(Default)]
pub struct Published(pub Mutex<HashMap<(String, List), InForce>>, OnceLock<Store>);

impl Lists for Published {
    fn current<'a>(
        &'a self,
        issuer: &'a str,
        list: List,
    ) -> BoxFuture<'a, Result<Option<InForce>, directory::Error>> {
        let found = self.0.lock().unwrap().get(&(issuer.to_owned(), list)).cloned();
        Box::pin(async move {
            if let Some(store) = self.1.get() {
                drop(store.read().await?);
            }
            Ok(found)
        })
    }
}

impl Published {
    /// Puts a list in force for an hour more; these octets need be none.
    pub fn put(&self, (issuer, list): (&str, List), octets: &'static [u8]) {
        let next_update = NOW.parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_hours(1);
        self.put_until((issuer, list), octets, next_update);
    }

    pub fn put_until(
        &self,
        (issuer, list): (&str, List),
        octets: &'static [u8],
        next_update: Timestamp,
    ) {
        let list = ((issuer.to_owned(), list), InForce { octets: octets.into(), next_update });
        self.0.lock().unwrap().insert(list.0, list.1);
    }
}

pub struct World {
    _folder: tempfile::TempDir,
    pub clock: Arc<FixedClock>,
    pub store: Store,
    pub lists: Arc<Published>,
    pub directory: Directory,
    key: PrivateKey,
}

/// Runs a story on every database there is.
pub async fn on_every_database<F, S>(story: F)
where
    F: Fn(World) -> S,
    S: Future<Output = ()>,
{
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("institution.db").display());
    story(World::over(url, folder).await).await;
    if let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") {
        let mut random = [0; 8];
        gm::Random::fill(&mut OsRandom, &mut random).unwrap();
        let name = format!("directory_{:016x}", u64::from_be_bytes(random));
        sqlx::any::install_default_drivers();
        let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut conn).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        story(World::over(url, tempfile::tempdir().unwrap()).await).await;
    }
}

impl World {
    async fn over(url: String, folder: tempfile::TempDir) -> Self {
        let device: Arc<dyn Device> = Scratch::with_keys(&[("spare", KeyKind::Sm2Sign)]);
        let clock = Arc::new(FixedClock::at(NOW).unwrap());
        let anchor = folder.path().join("anchor");
        let mut config =
            StoreConfig::new(url, Schema::Institution, anchor, "directory.test/journal");
        config.checkpoint_every = Duration::ZERO;
        config.verify_every = Duration::ZERO;
        let store = Store::open(config.opening(Opening::New), device, clock.clone()).await.unwrap();
        let lists = Arc::new(Published::default());
        let _ = lists.1.set(store.clone());
        let config = DirectoryConfig::new("演示中心", [7; 32]);
        let directory = Directory::new(store.clone(), lists.clone(), config);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let world = Self { _folder: folder, clock, store, lists, directory, key };
        world.issuer("issuing", 0).await;
        world
    }

    pub fn now(&self) -> Timestamp {
        store::Clock::now(&*self.clock)
    }

    /// Another directory over the same store.
    pub fn with(&self, change: impl FnOnce(&mut DirectoryConfig)) -> Directory {
        let mut config = DirectoryConfig::new("演示中心", [7; 32]);
        change(&mut config);
        Directory::new(self.store.clone(), self.lists.clone(), config)
    }

    /// An issuer; `root` certifies itself.
    pub async fn issuer(&self, name: &str, shards: i64) -> Certificate {
        self.issuer_called((name, name), shards).await
    }

    /// One whose certificate has another name: keys of one authority share it.
    pub async fn issuer_called(&self, (name, called): (&str, &str), shards: i64) -> Certificate {
        let own = subject(&[(oid::COMMON_NAME, called)]);
        let by = if name == "root" { own.clone() } else { subject(&[(oid::COMMON_NAME, "root")]) };
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let certificate = self.certify((&by, &own, &key), 1, &[]);
        let (der, subject) = (certificate.der().to_vec(), own.der().to_vec());
        let (name, key_hash) = (name.to_owned(), key.public_key().fingerprint());
        self.unit(move |tx| {
            Box::pin(async move {
                sqlx::query(
                    "INSERT INTO issuer (name, key_label, subject_der, public_key, key_hash, \
                     name_sha1, name_sha256, name_sm3, key_sha1, key_sha256, key_sm3, \
                     certificate_der, not_before, not_after, shards, created_at) VALUES \
                     ($1, 'ca', $2, '', $3, '', '', '', '', '', '', $4, 0, 1, $5, 0)",
                )
                .bind(name)
                .bind(subject)
                .bind(key_hash)
                .bind(der)
                .bind(shards)
                .execute(tx.conn())
                .await?;
                Ok(())
            })
        })
        .await;
        certificate
    }

    /// A certificate with its row and its record, as `ca` issues it.
    pub async fn issue(&self, number: u64, profile: &str, names: &[(Oid, &str)]) -> Certificate {
        let extensions = [
            SubjectKeyIdentifier(number.to_be_bytes().to_vec()).to_extension(false),
            SubjectAltName(vec![GeneralName::Dns(format!("host{number}.example"))])
                .to_extension(false),
        ];
        let issuer = subject(&[(oid::COMMON_NAME, "issuing")]);
        let own = subject(names);
        let certificate = self.certify((&issuer, &own, &self.key), number, &extensions);
        let row = (certificate.clone(), profile.to_owned());
        self.unit(move |tx| Box::pin(async move { insert(tx, row).await })).await;
        certificate
    }

    /// Changes a status: the row is all that the directory reads.
    pub async fn change(&self, number: u64, status: &str, reason: Option<i64>) {
        let status = status.to_owned();
        self.unit(move |tx| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE certificate SET status = $1, reason = $2, changed_at = $3 WHERE serial = $4",
                )
                .bind(status)
                .bind(reason)
                .bind(tx.now().as_second())
                .bind(hex(number))
                .execute(tx.conn())
                .await?;
                Ok(())
            })
        })
        .await;
    }

    /// Runs SQL that nobody records.
    pub async fn tamper(&self, sql: &'static str) {
        self.unit(move |tx| {
            Box::pin(async move {
                sqlx::query(sql).execute(tx.conn()).await?;
                Ok(())
            })
        })
        .await;
    }

    async fn unit<F>(&self, unit: F)
    where
        F: for<'t> FnOnce(&'t mut Tx) -> BoxFuture<'t, Result<(), store::Error>> + Send + 'static,
    {
        self.store.commit(unit).await.unwrap();
    }

    /// Brings the index up to date and searches all below the base.
    pub async fn find(&self, filter: Filter) -> Vec<Found> {
        self.directory.follow().await.unwrap();
        let done = self.directory.search(&SearchRequest::subtree(BASE, filter), None).await;
        assert_eq!(done.outcome, Outcome::success());
        done.entries
    }

    /// The serial numbers of what is found, sorted.
    pub async fn serials(&self, filter: Filter) -> Vec<String> {
        let mut serials: Vec<_> = self.find(filter).await.iter().map(serial_of).collect();
        serials.sort();
        serials
    }

    fn certify(
        &self,
        (issuer, subject, key): (&Name, &Name, &PrivateKey),
        number: u64,
        extensions: &[pki::ext::Extension],
    ) -> Certificate {
        let algorithm = AlgorithmIdentifier::bare(oid::SM2_WITH_SM3);
        let spare = [SubjectKeyIdentifier(vec![1]).to_extension(false)];
        let extensions = if extensions.is_empty() { &spare } else { extensions };
        let tbs = Writer::build(|w| {
            w.sequence(|w| {
                w.explicit(0, |w| w.uint(2));
                w.uint(number);
                algorithm.write(w);
                w.raw(issuer.der());
                w.sequence(|w| {
                    w.time(at(-86_400));
                    w.time(at(365 * 86_400));
                });
                w.raw(subject.der());
                w.raw(Spki::of(key.public_key()).der());
                w.explicit(3, |w| w.sequence(|w| extensions.iter().for_each(|e| e.write(w))));
            });
        });
        let signature = self.key.sign(&UserId::default(), &tbs);
        let der = Writer::build(|w| {
            w.sequence(|w| {
                w.raw(&tbs);
                algorithm.write(w);
                w.bit_string(&signature.to_der());
            });
        });
        Certificate::from_der(&der).unwrap()
    }
}

async fn insert(
    tx: &mut Tx,
    (certificate, profile): (Certificate, String),
) -> Result<(), store::Error> {
    let serial = certificate.serial().to_hex();
    let record = Record::new("test.issued", Actor::system(), &serial, serde_json::json!({}));
    let seq = i64::try_from(tx.append(record).await?.0).unwrap();
    let now = tx.now().as_second();
    let id: i64 = sqlx::query_scalar(
        "INSERT INTO certificate (issuer_id, serial, request_id, role, profile, profile_hash, \
         subject, subject_der, key_hash, not_before, not_after, status, changed_at, issued_at, \
         shard, fingerprint, issued_seq) VALUES ((SELECT MIN(id) FROM issuer), $1, $1, 'sign', $2, \
         $3, 's', $4, $3, $5, $6, 'good', $7, $7, 0, $3, $8) RETURNING id",
    )
    .bind(serial)
    .bind(profile)
    .bind("0".repeat(64))
    .bind(certificate.subject().der().to_vec())
    .bind(certificate.not_before().as_second())
    .bind(certificate.not_after().as_second())
    .bind(now)
    .bind(seq)
    .fetch_one(tx.conn())
    .await?;
    sqlx::query("INSERT INTO certificate_der (certificate_id, der) VALUES ($1, $2)")
        .bind(id)
        .bind(certificate.der().to_vec())
        .execute(tx.conn())
        .await?;
    Ok(())
}

pub fn at(seconds: i64) -> Timestamp {
    let now: Timestamp = NOW.parse().unwrap();
    Timestamp::from_second(now.as_second() + seconds).unwrap()
}

pub fn hex(number: u64) -> String {
    pki::Serial::from_magnitude(&number.to_be_bytes()).unwrap().to_hex()
}

fn subject(names: &[(Oid, &str)]) -> Name {
    let country = (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN");
    let others = names.iter().map(|(oid, text)| (*oid, Tag::UTF8_STRING, *text));
    Name::from_attributes(std::iter::once(country).chain(others))
}

pub fn unit(name: &str) -> Vec<(Oid, &str)> {
    vec![(oid::ORGANIZATION, name), (oid::COMMON_NAME, name)]
}

pub fn eq(attribute: AttributeType, value: &str) -> Filter {
    Filter::Equal(Some(attribute), value.as_bytes().to_vec())
}

pub fn starts(attribute: AttributeType, value: &str) -> Filter {
    let parts = Substrings { initial: Some(value.into()), ..Substrings::default() };
    Filter::Substrings(Some(attribute), parts)
}

pub fn everything() -> Filter {
    Filter::Present(Some(AttributeType::ObjectClass))
}

/// Every certificate.
pub fn certificates() -> Filter {
    Filter::Present(Some(AttributeType::SerialNumber))
}

/// The values of an attribute of an answer, by its description.
pub fn values<'a>(found: &'a Found, description: &str) -> Vec<&'a [u8]> {
    let own = found.attributes.iter().filter(|(name, _)| name == description);
    own.flat_map(|(_, values)| values.iter().map(|value| &value[..])).collect()
}

pub fn text<'a>(found: &'a Found, description: &str) -> &'a str {
    values(found, description).first().map_or("", |value| std::str::from_utf8(value).unwrap())
}

pub fn serial_of(found: &Found) -> String {
    text(found, "serialNumber").to_owned()
}

pub fn code(done: &SearchDone) -> ResultCode {
    done.outcome.code
}
