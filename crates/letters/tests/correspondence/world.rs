//! An institution that issues letters: a store, a device with its seal key, a clock that stands still.

use std::future::Future;
use std::sync::Arc;

use gm::{Device, KeyKind, KeyLabel, OsRandom};
use letters::{Block, Draft, Facts, LetterKind, Letters, LettersConfig};
use store::{Filter, FixedClock, Opening, Page, Schema, Store, StoreConfig, Stored};
use tempfile::TempDir;
use testkit::scratch::Scratch;

/// Sunday, 22 November 2026, 10:00 in Shanghai.
pub const START: &str = "2026-11-22T02:00:00Z";
pub const APPLICATION: &str = "0123456789abcdef0123456789abcdef";
const SEAL: &str = "institution-seal";

pub struct World {
    pub letters: Letters,
    pub store: Store,
    pub clock: Arc<FixedClock>,
    device: Arc<Scratch>,
    url: String,
    folder: Arc<TempDir>,
}

/// Tells one story on every engine that is there.
pub async fn on_each_engine<F, S>(story: F)
where
    F: Fn(World) -> S,
    S: Future<Output = ()>,
{
    told(&story, World::new().await).await;
    if let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") {
        let mut random = [0; 8];
        gm::Random::fill(&mut OsRandom, &mut random).unwrap();
        let name = format!("letters_{:016x}", u64::from_be_bytes(random));
        sqlx::any::install_default_drivers();
        let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut conn).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        told(&story, World::over(url, tempfile::tempdir().unwrap()).await).await;
    }
}

/// A story may use only parts of its world; the folder stays until it ends.
async fn told<F, S>(story: &F, world: World)
where
    F: Fn(World) -> S,
    S: Future<Output = ()>,
{
    let folder = world.folder.clone();
    story(world).await;
    drop(folder);
}

impl World {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("institution.db").display());
        Self::over(url, folder).await
    }

    async fn over(url: String, folder: TempDir) -> Self {
        let clock = Arc::new(FixedClock::at(START).unwrap());
        let device = Scratch::with_keys(&[(SEAL, KeyKind::Sm2Sign)]);
        let (store, letters) = open(&url, &folder, (&device, &clock)).await;
        let folder = Arc::new(folder);
        Self { letters, store, clock, device, url, folder }
    }

    /// The same institution after a restart.
    pub async fn restarted(self) -> Self {
        let Self { letters, store, clock, device, url, folder } = self;
        drop(letters);
        store.close().await;
        let (store, letters) = open(&url, &folder, (&device, &clock)).await;
        Self { letters, store, clock, device, url, folder }
    }

    /// Another process of the same institution.
    pub fn beside(&self) -> Letters {
        opened(&self.store, &self.device)
    }

    /// The records of a kind.
    pub async fn records(&self, kind: &str) -> Vec<Stored> {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        self.store.records(&filter, Page { limit: 1000, ..Page::default() }).await.unwrap()
    }
}

async fn open(
    url: &str,
    folder: &TempDir,
    (device, clock): (&Arc<Scratch>, &Arc<FixedClock>),
) -> (Store, Letters) {
    let anchor = folder.path().join("anchor");
    let config = StoreConfig::new(url, Schema::Institution, anchor, "letters.test/journal");
    let store = Store::open(config.opening(Opening::New), device.clone(), clock.clone());
    let store = store.await.unwrap();
    let letters = opened(&store, device);
    (store, letters)
}

fn opened(store: &Store, device: &Arc<Scratch>) -> Letters {
    let label = KeyLabel::new(SEAL).unwrap();
    let key = device.session().unwrap().key(&label).unwrap().public_key.unwrap();
    let config = LettersConfig {
        issuer: "示例电子认证服务有限公司".into(),
        issuer_code: "12110101YX0000016B".into(),
        address: "https://ca.example.cn/letters/verify".into(),
        label,
        key,
    };
    Letters::open(store.clone(), device.clone(), config).unwrap()
}

/// What every kind can say.
fn common() -> Facts {
    Facts::default()
        .text("addressee", "甄有印")
        .text("application", "202611220000017")
        .text("service", "证书申请")
        .text("kind", "个人证书")
        .text("office", "示例电子认证服务有限公司")
        .text("contact", "电话 010-00000000")
        .text("complaints", "投诉入口（https://ca.example.cn/complaints）")
        .text("supervision", "监督电话 010-00000001")
}

/// A letter with every fact of its kind.
pub fn draft(kind: LetterKind, position: u32) -> Draft {
    let mut facts = common();
    for place in kind.places() {
        facts = facts.text(place, format!("〔{place}〕"));
    }
    for insert in kind.inserts() {
        let text = format!("〔{insert}〕");
        facts = facts.blocks(insert, vec![Block::Paragraph { text }]);
    }
    let (application, addressee) = (APPLICATION.to_owned(), Some("甄有印".to_owned()));
    Draft { kind, application, position, addressee, facts }
}

/// A letter about another application.
pub fn draft_about(number: u32) -> Draft {
    Draft { application: format!("{number:032x}"), ..draft(LetterKind::Receipt, 1) }
}
