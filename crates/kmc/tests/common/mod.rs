//! A key centre in a temporary folder, on SQLite and, where `YINXIN_TEST_PG_URL` says so, on
//! PostgreSQL; and the people who use it.

#![allow(dead_code)]

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use gm::sm2::PrivateKey;
use gm::soft::{SoftDevice, Stretch};
use gm::{OsRandom, PublicKey, UserId};
use jiff::{SignedDuration, Timestamp};
use kmc::{
    ApplyOrder, Approval, Ca, IssuedKey, Kmc, KmcConfig, NewOfficer, Party, RecoveryCase,
    RecoveryOrder, RefillPolicy, RestoreOrder, Retention, Text,
};
use pki::Serial;
use pki::strict::{Tag, Writer};
use sqlx::{AssertSqlSafe, Connection as _, Executor as _};
use store::{Actor, FixedClock, Opening, Schema, Scope, Standing, Store, StoreConfig};

const PASSPHRASE: &[u8] = b"for tests only";
const NOW: &str = "2026-11-22T02:00:00Z";

/// A centre with its folder, clock and device.
pub struct World {
    pub folder: PathBuf,
    pub url: String,
    pub clock: Arc<FixedClock>,
    pub kmc: Kmc,
    _keep: Option<tempfile::TempDir>,
}

/// Tells one story on every engine that is there.
pub async fn on_each_engine<F, S>(story: F)
where
    F: Fn(World) -> S,
    S: Future<Output = ()>,
{
    story(World::sqlite().await).await;
    if let Ok(url) = std::env::var("YINXIN_TEST_PG_URL") {
        story(World::postgres(&url).await).await;
    }
}

impl World {
    pub async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("kmc.db").display());
        Self::in_folder(folder, url).await
    }

    /// A database of its own on the server of `url`.
    pub async fn postgres(url: &str) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let (server, _) = url.rsplit_once('/').unwrap();
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("kmc_{}_{number}", std::process::id());
        sqlx::any::install_default_drivers();
        let mut conn = sqlx::AnyConnection::connect(url).await.unwrap();
        let drop_old = format!("DROP DATABASE IF EXISTS {name}");
        conn.execute(AssertSqlSafe(drop_old)).await.unwrap();
        conn.execute(AssertSqlSafe(format!("CREATE DATABASE {name}"))).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        Self::in_folder(folder, format!("{server}/{name}")).await
    }

    async fn in_folder(folder: tempfile::TempDir, url: String) -> Self {
        let path = folder.path().to_owned();
        SoftDevice::create(&path.join("device"), PASSPHRASE, Stretch::FAST_FOR_TESTS).unwrap();
        let clock = Arc::new(FixedClock::at(NOW).unwrap());
        let kmc = open(&path, &url, clock.clone()).await;
        Self { folder: path, url, clock, kmc, _keep: Some(folder) }
    }

    /// A folder that outlives the process, for tests that kill it.
    pub async fn at(path: &Path) -> Self {
        let url = format!("sqlite:{}", path.join("kmc.db").display());
        let device = path.join("device");
        if !device.exists() {
            SoftDevice::create(&device, PASSPHRASE, Stretch::FAST_FOR_TESTS).unwrap();
        }
        let clock = Arc::new(FixedClock::at(NOW).unwrap());
        let kmc = open(path, &url, clock.clone()).await;
        Self { folder: path.to_owned(), url, clock, kmc, _keep: None }
    }

    /// Closes everything and opens it again, as a new process would.
    pub async fn restarted(self) -> Self {
        let Self { folder, url, clock, kmc, _keep } = self;
        let store = kmc.store().clone();
        drop(kmc);
        store.close().await;
        let kmc = open(&folder, &url, clock.clone()).await;
        Self { folder, url, clock, kmc, _keep }
    }

    pub fn advance_days(&self, days: i64) {
        self.clock.advance(SignedDuration::from_hours(24 * days));
    }

    /// Registers a CA and gives it with the private half of its request-signing key.
    pub async fn ca(&self, name: &str) -> (Ca, PrivateKey) {
        let key = person();
        let name = Text::parse("name", name).unwrap();
        let ca = self.kmc.register_ca(name, *key.public_key(), actor()).await.unwrap();
        (ca, key)
    }

    pub async fn officer(&self, party: Party, identity: &str) -> PrivateKey {
        let key = person();
        let officer = NewOfficer {
            party,
            identity: Text::parse("identity", identity).unwrap(),
            name: Text::parse("name", "某某").unwrap(),
            public_key: *key.public_key(),
        };
        self.kmc.register_officer(officer, actor()).await.unwrap();
        key
    }

    /// Everything adds up and the journal verifies.
    pub async fn assert_sound(&self) {
        let statistics = self.kmc.statistics().await.unwrap();
        assert!(statistics.conserved(), "{statistics:?}");
        let report = self.kmc.store().verify_journal(Scope::Full).await.unwrap();
        assert!(report.findings.is_empty(), "{:?}", report.findings);
        assert_eq!(self.kmc.store().standing(), Standing::Sound);
    }

    /// How many records of a kind the journal holds.
    pub async fn records(&self, kind: &str) -> u64 {
        let filter = store::Filter { kind: Some(kind.to_owned()), ..store::Filter::default() };
        self.kmc.store().count(&filter).await.unwrap()
    }
}

/// A small standby store, so that tests reach its ends.
pub fn refill() -> RefillPolicy {
    RefillPolicy { low: 4, level: 8, batch: 3 }
}

pub async fn open(folder: &Path, url: &str, clock: Arc<FixedClock>) -> Kmc {
    let device = Arc::new(SoftDevice::open(&folder.join("device"), PASSPHRASE).unwrap());
    let config = StoreConfig::new(url, Schema::Kmc, folder.join("anchor"), "kmc.test/journal")
        .opening(Opening::New);
    let store = Store::open(config, device.clone(), clock.clone()).await.unwrap();
    Kmc::open(store, device, clock, config_of(refill())).await.unwrap()
}

pub fn config_of(refill: RefillPolicy) -> KmcConfig {
    KmcConfig {
        name_der: name_der("测试密钥管理中心"),
        certificate_serial: serial(1),
        refill,
        retention: Retention::default(),
    }
}

/// DER of a name with a common name only.
pub fn name_der(common_name: &str) -> Vec<u8> {
    Writer::build(|w| {
        w.sequence(|w| {
            w.nested(Tag::SET, |w| {
                w.sequence(|w| {
                    w.oid(&pki::oid::COMMON_NAME);
                    w.utf8_string(common_name);
                });
            });
        });
    })
}

/// Somebody with a key of their own.
pub fn person() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

pub fn actor() -> Actor {
    Actor::new("person:test")
}

pub fn serial(number: u32) -> Serial {
    Serial::from_magnitude(&number.to_be_bytes()).unwrap()
}

pub fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// An order for a certificate of one year.
pub fn order(number: u32, signing_key: &PublicKey) -> ApplyOrder {
    ApplyOrder {
        cert_serial: serial(number),
        signing_key: *signing_key,
        not_before: now(),
        not_after: now() + SignedDuration::from_hours(24 * 365),
        user_name: Some("张三".as_bytes().to_vec()),
    }
}

pub fn restore(number: u32, signing_key: &PublicKey) -> RestoreOrder {
    RestoreOrder { cert_serial: serial(number), signing_key: *signing_key }
}

/// Opens what was issued with the subscriber's signing key, and checks it against its public half.
pub fn opened(issued: &IssuedKey, owner: &PrivateKey) -> PrivateKey {
    let der = pki::envelope::encode(&issued.enveloped);
    let key = pki::envelope::open(&der, owner).unwrap();
    assert_eq!(*key.public_key(), issued.public_key);
    assert_eq!(issued.enveloped.public_key, issued.public_key);
    key
}

pub fn recovery_order(ca: &Ca, number: u32, target: &PublicKey) -> RecoveryOrder {
    let text = |text: &str| Text::parse("text", text).unwrap();
    RecoveryOrder {
        case_number: text("（2026）京01刑初7号"),
        authority: text("北京市第一中级人民法院"),
        legal_basis: text("《中华人民共和国刑事诉讼法》第五十四条"),
        ca: text(ca.name()),
        cert_serial: serial(number),
        target_key: *target,
        silence: None,
    }
}

pub fn approval(case: &RecoveryCase, signer: &PrivateKey) -> Approval {
    Approval {
        signer: *signer.public_key(),
        signature: signer.sign(&UserId::default(), &case.record()),
    }
}
