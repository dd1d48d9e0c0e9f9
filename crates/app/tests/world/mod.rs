//! An institution in this process, with a device that fails and a clock that moves when told to.
//! The tests of `web` use it too.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use access::{Client, NewClient, Role, Roles};
use app::setup::{Founding, Subjects, found};
use app::{Act, EnrolOrder, Institution, Layout, Parts, Secrets, Settings};
use ca::ceremony::{Custodian, Participants, Person};
use ca::{RequestId, Validity};
use gm::passphrase::Stretch;
use gm::sm2::PrivateKey;
use gm::soft::SoftDevice;
use gm::{OsRandom, UserId};
use jiff::{SignedDuration, Timestamp};
use pki::attestation::{Judged, Verdict};
use pki::strict::Tag;
use pki::{CertificationRequest, Name, SubjectInput, csr, oid};
use store::{Actor, Clock, Filter, FixedClock, Opening, Page, SystemClock};
use testkit::fault::FaultyDevice;
use zeroize::Zeroizing;

const DEVICE: &[u8] = b"test device passphrase";
const KMC: &[u8] = b"test key centre passphrase";

/// An institution and what it stands on.
pub struct World {
    pub institution: Institution,
    pub device: Arc<FaultyDevice<SoftDevice>>,
    pub clock: Arc<FixedClock>,
    /// The client that the institution was founded with: administrator and operator.
    pub client: Client,
    /// Its key.
    pub key: PrivateKey,
    settings: Settings,
    folder: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// Founds an institution with other settings, and opens it.
    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let settings = settings(change);
        let key = PrivateKey::generate(&mut OsRandom).unwrap();
        let founding = founding(folder.path().join("data"), settings.clone(), &key);
        let client = found(founding).await.unwrap().client.unwrap();
        let device = SoftDevice::open(&layout(folder.path()).device(), DEVICE).unwrap();
        let device = Arc::new(FaultyDevice::new(device));
        // Behind everything that the ceremony recorded.
        let now = SystemClock.now().as_second() + 60;
        let clock = Arc::new(FixedClock::new(Timestamp::from_second(now).unwrap()));
        let institution = open(folder.path(), &settings, &device, &clock).await.unwrap();
        institution.recover().await.unwrap();
        Self { institution, device, clock, client, key, settings, folder }
    }

    /// The same institution after a restart with other settings.
    pub async fn restarted(self, change: impl FnOnce(&mut Settings)) -> Result<Self, app::Error> {
        let Self { institution, device, clock, client, key, mut settings, folder } = self;
        institution.close().await;
        change(&mut settings);
        let institution = open(folder.path(), &settings, &device, &clock).await?;
        institution.recover().await?;
        Ok(Self { institution, device, clock, client, key, settings, folder })
    }

    /// The same after a start at which nothing was recovered, as with the device away.
    pub async fn restarted_unrecovered(self) -> Self {
        let Self { institution, device, clock, client, key, settings, folder } = self;
        institution.close().await;
        let institution = open(folder.path(), &settings, &device, &clock).await.unwrap();
        Self { institution, device, clock, client, key, settings, folder }
    }

    /// Closed, so that another process can open it.
    pub async fn closed(self) -> Closed {
        let Self { institution, clock, client, key, settings, folder, .. } = self;
        institution.close().await;
        Closed { clock, client, key, settings, folder }
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// An order of the founding client for a person.
    pub fn order(&self, id: &str, kind: &str, act: Act, key: &PrivateKey) -> EnrolOrder {
        let proof = CertificationRequest::from_der(&request(key, "张三")).unwrap();
        let proof = proof.prove_possession(&UserId::default()).unwrap();
        EnrolOrder {
            request_id: RequestId::new(id).unwrap(),
            kind: kind.to_owned(),
            subject: SubjectInput::from_name(proof.request().subject()),
            proof,
            attestation: Judged::kept(Verdict::Absent, None),
            validity: Validity { not_before: None, not_after: None },
            act,
            actor: Actor::client(&self.client.id.to_string()),
        }
    }

    /// How many records of a kind there are, a page at most.
    pub async fn records_of_kind(&self, kind: &str) -> usize {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        self.institution.store().records(&filter, Page::default()).await.unwrap().len()
    }

    /// The records of a kind about a subject, oldest first.
    pub async fn records(&self, kind: &str, subject: &str) -> Vec<store::Stored> {
        let filter = Filter {
            kind: Some(kind.to_owned()),
            subject: Some(subject.to_owned()),
            ..Filter::default()
        };
        self.institution.store().records(&filter, Page::default()).await.unwrap()
    }
}

/// An institution that is not open.
pub struct Closed {
    clock: Arc<FixedClock>,
    client: Client,
    key: PrivateKey,
    settings: Settings,
    folder: tempfile::TempDir,
}

impl Closed {
    /// What another process needs to open it: folder, database, moment.
    pub fn place(&self) -> (&Path, &str, i64) {
        (self.folder.path(), &self.settings.storage.url, self.clock.now().as_second())
    }

    /// Opened again, as after a crash.
    pub async fn opened(self) -> World {
        let Self { clock, client, key, settings, folder } = self;
        let device = SoftDevice::open(&layout(folder.path()).device(), DEVICE).unwrap();
        let device = Arc::new(FaultyDevice::new(device));
        let institution = open(folder.path(), &settings, &device, &clock).await.unwrap();
        institution.recover().await.unwrap();
        World { institution, device, clock, client, key, settings, folder }
    }
}

/// The institution of a folder that another process founded, at its [`Closed::place`].
pub async fn opened_at(
    (folder, now): (&Path, i64),
    change: impl FnOnce(&mut Settings),
) -> Institution {
    let device = SoftDevice::open(&layout(folder).device(), DEVICE).unwrap();
    let clock = Arc::new(FixedClock::new(Timestamp::from_second(now).unwrap()));
    let device = Arc::new(FaultyDevice::new(device));
    let institution = open(folder, &settings(change), &device, &clock).await.unwrap();
    institution.recover().await.unwrap();
    institution
}

/// A PKCS#10 request in DER.
pub fn request(key: &PrivateKey, common_name: &str) -> Vec<u8> {
    let name = Name::from_attributes([
        (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
        (oid::COMMON_NAME, Tag::UTF8_STRING, common_name),
    ]);
    let info = csr::request_info(&name, key.public_key());
    csr::signed_request(&info, &key.sign(&UserId::default(), &info))
}

fn layout(folder: &Path) -> Layout {
    Layout::new(folder.join("data"))
}

pub fn settings(change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::new("测试认证中心", "test.example/journal");
    settings.kmc.standby = 4;
    settings.storage.checkpoint_seconds = 3600;
    change(&mut settings);
    settings
}

pub fn founding(folder: PathBuf, settings: Settings, key: &PrivateKey) -> Founding {
    Founding {
        layout: Layout::new(folder),
        shards: settings.crl.shards,
        settings,
        secrets: Secrets {
            device: Zeroizing::new(DEVICE.to_vec()),
            kmc: Some(Zeroizing::new(KMC.to_vec())),
        },
        stretch: Stretch::FAST_FOR_TESTS,
        ceremony: "test".to_owned(),
        subjects: Subjects::of("测试认证中心"),
        participants: participants(),
        first_client: Some(NewClient {
            name: "测试".parse().unwrap(),
            public_key: *key.public_key(),
            roles: Roles::new([Role::Admin, Role::Operator]).unwrap(),
        }),
        centre_key: None,
    }
}

fn participants() -> Participants {
    let custodian = |at: usize| Custodian {
        person: Person::new(format!("K{at}"), format!("保管人{at}"), "保管人"),
        passphrase: Zeroizing::new(format!("custodian passphrase {at}")),
    };
    Participants {
        leader: Person::new("L1", "主持人", "安全管理负责人"),
        witnesses: vec![Person::new("W1", "见证人", "审计管理员")],
        custodians: (1..=5).map(custodian).collect(),
        officers: vec![Person::new("S1", "管理员", "超级管理员")],
    }
}

async fn open(
    folder: &Path,
    settings: &Settings,
    device: &Arc<FaultyDevice<SoftDevice>>,
    clock: &Arc<FixedClock>,
) -> Result<Institution, app::Error> {
    let kmc_device = SoftDevice::open(&layout(folder).kmc_device(), KMC)?;
    Institution::open(Parts {
        layout: layout(folder),
        settings: settings.clone(),
        device: device.clone(),
        kmc_device: Some(Arc::new(kmc_device)),
        clock: clock.clone(),
        opening: Opening::Existing,
    })
    .await
}
