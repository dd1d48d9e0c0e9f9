//! A CA out of a ceremony, in a temporary folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use ca::ceremony::{
    Ceremony, CeremonyPlan, CeremonyReport, Custodian, Participants, Person, Quorum, SealedShare,
};
use ca::{
    Ca, CaConfig, CrlPolicy, Error, Intent, IssueOrder, RequestId, Revocation, RevocationReason,
    Role, StoredCertificate, Validity,
};
use gm::passphrase::Stretch;
use gm::sm2::PrivateKey;
use gm::soft::SoftDevice;
use gm::{Device, OsRandom, PublicKey};
use jiff::SignedDuration;
use pki::profile::ProfileSet;
use pki::{Serial, SubjectInput, Urls};
use store::{Actor, Clock, FixedClock, Opening, Schema, Store, StoreConfig};
use tempfile::TempDir;
use testkit::fault::FaultyDevice;

/// Which database a story runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Db {
    Sqlite,
    Postgres,
}

/// Runs a story on SQLite, and on PostgreSQL where there is one.
#[macro_export]
macro_rules! stories {
    ($($(#[$meta:meta])* $name:ident)+) => {
        mod sqlite {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name($crate::world::World::new($crate::world::Db::Sqlite).await).await;
            })+
        }
        mod postgres {
            $($(#[$meta])* #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                if std::env::var_os("YINXIN_TEST_PG_URL").is_some() {
                    super::$name($crate::world::World::new($crate::world::Db::Postgres).await).await;
                }
            })+
        }
    };
}

pub const START: &str = "2026-11-22T02:00:00Z";
pub const PASSPHRASE: &[u8] = b"for tests only";

pub type Faulty = FaultyDevice<SoftDevice>;

/// Everything a story needs.
pub struct World {
    pub store: Store,
    /// The device of the CA's keys.
    pub device: Arc<Faulty>,
    /// The device of the journal's keys.
    pub journal: Arc<Faulty>,
    pub clock: Arc<FixedClock>,
    pub ca: Ca,
    pub report: CeremonyReport,
    pub url: String,
    pub folder: TempDir,
}

impl World {
    pub async fn new(db: Db) -> Self {
        Self::with(db, 0, policy()).await
    }

    /// With shards and a CRL policy of its own.
    pub async fn with(db: Db, shards: u16, policy: CrlPolicy) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = match db {
            Db::Sqlite => sqlite_url(folder.path()),
            Db::Postgres => postgres_url().await,
        };
        let (device, journal) = new_devices(folder.path());
        let clock = Arc::new(FixedClock::at(START).unwrap());
        let store = open_store(&url, folder.path(), &journal, &clock).await;
        let plan = plan(folder.path(), shards, policy);
        let ceremony = ceremony(&store, &device, &clock, plan.clone());
        let report = ceremony.run().await.unwrap();
        let ca = open_ca(&store, &device, &clock, plan.issuing_config).await;
        Self { store, device, journal, clock, ca, report, url, folder }
    }

    /// The same after the process was stopped and started.
    pub async fn restarted(self) -> Self {
        let Self { store, device, journal, clock, ca, report, url, folder } = self;
        let config = ca.config().clone();
        drop(ca);
        store.close().await;
        let store = open_store(&url, folder.path(), &journal, &clock).await;
        let ca = open_ca(&store, &device, &clock, config).await;
        Self { store, device, journal, clock, ca, report, url, folder }
    }

    /// The CA with another configuration.
    pub async fn reconfigured(&self, change: impl FnOnce(&mut CaConfig)) -> Ca {
        let mut config = self.ca.config().clone();
        change(&mut config);
        open_ca(&self.store, &self.device, &self.clock, config).await
    }

    /// With other profiles.
    pub async fn with_profiles(&self, profiles: ProfileSet) -> Ca {
        let (store, device, clock) = (self.store.clone(), self.device.clone(), self.clock.clone());
        let config = self.ca.config().clone();
        Ca::open(store, device, clock, Arc::new(profiles), config).await.unwrap()
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// Issues one certificate.
    pub async fn issue(&self, order: IssueOrder) -> Result<StoredCertificate, Error> {
        issue(&self.store, &self.ca, order).await
    }

    /// Issues a certificate for a fresh key.
    pub async fn certificate(&self, request: &str) -> StoredCertificate {
        self.issue(order(request, Role::Sign, "张三", key())).await.unwrap()
    }

    pub async fn revoke(&self, serial: &Serial, reason: RevocationReason) -> Result<(), Error> {
        let (ca, serial) = (self.ca.clone(), *serial);
        self.store
            .commit(move |tx| {
                Box::pin(async move {
                    let revocation = Revocation::because(reason);
                    ca.revoke(tx, &serial, &revocation, &actor()).await.map(drop)
                })
            })
            .await
    }

    pub async fn suspend(&self, serial: &Serial) -> Result<(), Error> {
        let (ca, serial) = (self.ca.clone(), *serial);
        self.store
            .commit(move |tx| {
                Box::pin(async move { ca.suspend(tx, &serial, &actor()).await.map(drop) })
            })
            .await
    }

    pub async fn resume(&self, serial: &Serial) -> Result<(), Error> {
        let (ca, serial) = (self.ca.clone(), *serial);
        self.store
            .commit(move |tx| {
                Box::pin(async move { ca.resume(tx, &serial, &actor()).await.map(drop) })
            })
            .await
    }

    /// Runs SQL behind everybody's back.
    pub async fn sql(&self, text: &'static str) {
        self.store
            .commit(move |tx| {
                Box::pin(async move {
                    sqlx::query(text).execute(tx.conn()).await?;
                    Ok::<_, store::Error>(())
                })
            })
            .await
            .unwrap();
    }

    /// How many rows a query counts.
    pub async fn number(&self, text: &'static str) -> i64 {
        let mut reader = self.store.read().await.unwrap();
        sqlx::query_scalar(text).fetch_one(&mut *reader).await.unwrap()
    }

    /// How many records of a kind the journal has.
    pub async fn records(&self, kind: &str) -> u64 {
        let filter = store::Filter { kind: Some(kind.to_owned()), ..store::Filter::default() };
        self.store.count(&filter).await.unwrap()
    }
}

pub async fn issue(store: &Store, ca: &Ca, order: IssueOrder) -> Result<StoredCertificate, Error> {
    let ticket = match intend(store, ca, order).await? {
        Intent::Issued(stored) => return Ok(*stored),
        Intent::Ticket(ticket) => *ticket,
    };
    let signed = ca.sign(vec![ticket]).await?;
    let by = ca.clone();
    store
        .commit(move |tx| {
            Box::pin(async move {
                let signed = signed.into_iter().next().unwrap();
                by.store(tx, signed).await
            })
        })
        .await
}

pub async fn intend(store: &Store, ca: &Ca, order: IssueOrder) -> Result<Intent, Error> {
    let prepared = ca.prepare(order)?;
    let by = ca.clone();
    store.commit(move |tx| Box::pin(async move { by.intend(tx, prepared).await })).await
}

pub fn actor() -> Actor {
    Actor::client("test")
}

pub fn key() -> PublicKey {
    *PrivateKey::generate(&mut OsRandom).unwrap().public_key()
}

pub fn order(request: &str, role: Role, name: &str, key: PublicKey) -> IssueOrder {
    let profile = if role == Role::Enc { "person-enc" } else { "person-sign" };
    IssueOrder {
        request_id: RequestId::new(request).unwrap(),
        role,
        profile: profile.into(),
        subject: SubjectInput::named(name),
        key,
        serial: None,
        validity: Validity::default(),
        pair: Some(RequestId::new(request).unwrap()),
        replaces: None,
        actor: actor(),
    }
}

/// CRLs of two days, made daily, with a spare of a week.
pub fn policy() -> CrlPolicy {
    CrlPolicy::default()
}

/// A device for the CA's keys and one for the journal's.
pub fn new_devices(folder: &Path) -> (Arc<Faulty>, Arc<Faulty>) {
    let make = |name: &str| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).unwrap();
        let device = SoftDevice::create(&folder, PASSPHRASE, Stretch::FAST_FOR_TESTS);
        Arc::new(FaultyDevice::new(device.unwrap()))
    };
    (make("device"), make("journal-device"))
}

pub fn open_devices(folder: &Path) -> (Arc<Faulty>, Arc<Faulty>) {
    let open = |name: &str| {
        let device = SoftDevice::open(&folder.join(name), PASSPHRASE);
        Arc::new(FaultyDevice::new(device.unwrap()))
    };
    (open("device"), open("journal-device"))
}

pub fn sqlite_url(folder: &Path) -> String {
    format!("sqlite:{}", folder.join("institution.db").display())
}

pub async fn open_store(
    url: &str,
    folder: &Path,
    device: &Arc<Faulty>,
    clock: &Arc<FixedClock>,
) -> Store {
    let mut config = StoreConfig::new(url, Schema::Institution, folder.join("anchor"), "ca.test")
        .opening(Opening::New);
    config.checkpoint_every = std::time::Duration::ZERO;
    config.verify_every = std::time::Duration::ZERO;
    let device: Arc<dyn Device> = device.clone();
    Store::open(config, device, clock.clone()).await.unwrap()
}

pub async fn open_ca(
    store: &Store,
    device: &Arc<Faulty>,
    clock: &Arc<FixedClock>,
    config: CaConfig,
) -> Ca {
    let profiles = Arc::new(ProfileSet::embedded().unwrap());
    Ca::open(store.clone(), device.clone(), clock.clone(), profiles, config).await.unwrap()
}

pub fn ceremony(
    store: &Store,
    device: &Arc<Faulty>,
    clock: &Arc<FixedClock>,
    plan: CeremonyPlan,
) -> Ceremony {
    ceremony_with((store, device, clock), plan, participants())
}

pub fn ceremony_with(
    (store, device, clock): (&Store, &Arc<Faulty>, &Arc<FixedClock>),
    plan: CeremonyPlan,
    people: Participants,
) -> Ceremony {
    let profiles = Arc::new(ProfileSet::embedded().unwrap());
    let (store, device, clock) = (store.clone(), device.clone(), clock.clone());
    let quorum = Quorum::of(people).unwrap();
    Ceremony::new(store, device, clock, profiles, (plan, quorum)).unwrap()
}

pub fn plan(folder: &Path, shards: u16, policy: CrlPolicy) -> CeremonyPlan {
    let named = |name: &str| SubjectInput {
        organization: Some("某省数字证书认证中心".into()),
        ..SubjectInput::named(name)
    };
    let crl =
        if shards > 0 { "http://crl.test.cn/ca-{shard}.crl" } else { "http://crl.test.cn/ca.crl" };
    let urls = |crl: &str| Urls {
        crl: vec![crl.into()],
        freshest_crl: vec!["http://crl.test.cn/delta.crl".into()],
        ocsp: vec!["http://ocsp.test.cn/".into()],
        ca_issuers: vec!["http://crl.test.cn/ca.cer".into()],
        cps: Some("http://www.test.cn/cps".into()),
    };
    let mut root_config = CaConfig::new("root", urls("http://crl.test.cn/root.crl"));
    root_config.crl.full_every = SignedDuration::from_hours(24 * 180);
    root_config.crl.full_window = SignedDuration::from_hours(24 * 365);
    root_config.crl.spare_window = SignedDuration::from_hours(24 * 400);
    let mut issuing_config = CaConfig::new("issuing", urls(crl));
    issuing_config.crl = policy;
    CeremonyPlan {
        name: "2026-11-22".into(),
        institution: "某省数字证书认证中心".into(),
        root: named("某省根证书"),
        issuing: named("某省签发机构证书"),
        responder: named("某省证书状态应答"),
        root_config,
        issuing_config,
        shards,
        keep_root: false,
        shares: folder.join("shares"),
        protocol: folder.join("protocol"),
        stretch: Stretch::FAST_FOR_TESTS,
    }
}

pub fn participants() -> Participants {
    let custodian = |n: usize| Custodian {
        person: Person::new(format!("c{n}"), format!("保管人{n}"), "处长"),
        passphrase: passphrase(n).into(),
    };
    Participants {
        leader: Person::new("l1", "主持人", "主任"),
        witnesses: vec![Person::new("w1", "见证人", "公证员")],
        custodians: (1..=5).map(custodian).collect(),
        officers: vec![Person::new("o1", "管理员", "超级管理员")],
    }
}

fn passphrase(n: usize) -> String {
    format!("保管人口令-{n}")
}

/// The sealed shares of the custodians with these numbers (1 to 5).
pub fn shares(folder: &Path, numbers: &[usize]) -> Vec<SealedShare> {
    let share = |n: &usize| SealedShare {
        path: folder.join("shares").join(format!("share-{n}.json")),
        passphrase: passphrase(*n).into(),
    };
    numbers.iter().map(share).collect()
}

/// A database of its own on the server of `YINXIN_TEST_PG_URL`.
async fn postgres_url() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let server = std::env::var("YINXIN_TEST_PG_URL").unwrap();
    let number = NEXT.fetch_add(1, Ordering::SeqCst);
    let name = format!("yinxin_ca_{}_{number}", std::process::id());
    sqlx::any::install_default_drivers();
    let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
    for text in [format!("DROP DATABASE IF EXISTS {name}"), format!("CREATE DATABASE {name}")] {
        sqlx::query(sqlx::AssertSqlSafe(text)).execute(&mut conn).await.unwrap();
    }
    let (base, _) = server.rsplit_once('/').unwrap();
    format!("{base}/{name}")
}

/// Copies a folder with everything in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target: PathBuf = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
