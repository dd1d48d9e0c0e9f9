//! A gate over a fresh store, with a clock that stands still.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    dead_code,
    unused_imports,
    reason = "each test file uses its own part"
)]

use access::{
    Access, Client, ClientName, Error, Incoming, NewClient, Outgoing, Principal, Roles,
    SignedHeaders,
};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use std::sync::Arc;
use store::{Clock, FixedClock, Opening, Schema, Store, StoreConfig};
use tempfile::TempDir;
use testkit::scratch::Scratch;

/// The beginning of every test.
pub const START: &str = "2026-11-23T09:00:00Z";

mod staff;
mod totp;
pub use staff::*;
pub use totp::*;

pub struct World {
    pub access: Access,
    pub store: Store,
    pub clock: Arc<FixedClock>,
    device: Arc<Scratch>,
    folder: TempDir,
}

/// A client with its key, as the client's own program holds them.
#[derive(Clone)]
pub struct Asker {
    pub client: Client,
    pub key: Arc<PrivateKey>,
}

impl World {
    /// On SQLite, in a temporary folder.
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("institution.db").display());
        Self::over(url, folder).await
    }

    /// On PostgreSQL, in a database of its own; `None` if no server was given.
    pub async fn on_postgres() -> Option<Self> {
        let server = std::env::var("YINXIN_TEST_PG_URL").ok()?;
        let mut random = [0; 8];
        gm::Random::fill(&mut OsRandom, &mut random).unwrap();
        let name = format!("access_{:016x}", u64::from_be_bytes(random));
        sqlx::any::install_default_drivers();
        let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut conn).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        Some(Self::over(format!("{server}/{name}"), tempfile::tempdir().unwrap()).await)
    }

    async fn over(url: String, folder: TempDir) -> Self {
        let clock = Arc::new(FixedClock::at(START).unwrap());
        let device = Arc::new(Scratch::new());
        let mut config = StoreConfig::new(
            url,
            Schema::Institution,
            folder.path().join("anchor"),
            "test/journal",
        );
        config.opening = Opening::New;
        let store = Store::open(config, device.clone(), clock.clone()).await.unwrap();
        let access = Access::new(store.clone(), device.clone(), clock.clone()).unwrap();
        Self { access, store, clock, device, folder }
    }

    /// The first admin.
    pub async fn admin(&self) -> Asker {
        let (new, key) = new_client("管理端", "admin");
        Asker { client: self.access.create_first_client(new).await.unwrap(), key }
    }

    /// Another client, created by the admin.
    pub async fn asker(&self, admin: &Asker, name: &str, roles: &str) -> Asker {
        let (new, key) = new_client(name, roles);
        let permit = self.manage(admin).await;
        Asker { client: self.access.create_client(&permit, new).await.unwrap(), key }
    }

    /// The permit to manage clients.
    pub async fn manage(&self, admin: &Asker) -> access::Permit {
        let principal = self.ask(admin, "GET", b"").await.unwrap();
        self.access.permit(&principal, access::Action::ManageClients).unwrap()
    }

    /// Signs and sends a request to `/api/v1/things?a=1`.
    pub async fn ask(&self, asker: &Asker, method: &str, body: &[u8]) -> Result<Principal, Error> {
        let headers = self.sign(asker, method, body);
        self.send(method, body, &headers).await
    }

    pub fn sign(&self, asker: &Asker, method: &str, body: &[u8]) -> SignedHeaders {
        let outgoing = Outgoing { method, path: "/api/v1/things", query: Some("a=1"), body };
        let time = (self.clock.now(), &mut OsRandom as &mut dyn gm::Random);
        access::signature::sign(&outgoing, &asker.client.id, &asker.key, time).unwrap()
    }

    pub async fn send(
        &self,
        method: &str,
        body: &[u8],
        headers: &SignedHeaders,
    ) -> Result<Principal, Error> {
        self.access.authenticate(&incoming(method, body, headers)).await
    }

    /// A second gate over the same database, with a memory of its own.
    pub fn other_node(&self) -> Access {
        Access::new(self.store.clone(), self.device.clone(), self.clock.clone()).unwrap()
    }

    /// A gate over the same database that goes by another clock.
    pub fn by_clock(&self, clock: Arc<dyn Clock>) -> Access {
        Access::new(self.store.clone(), self.device.clone(), clock).unwrap()
    }

    /// Turns the journal back by one record, as who can write to the database could.
    pub async fn roll_back_journal(&self) {
        let url = format!("sqlite:{}", self.folder.path().join("institution.db").display());
        let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&url).await.unwrap();
        let text = "UPDATE journal_head SET size = size - 1";
        sqlx::query(text).execute(&mut conn).await.unwrap();
    }

    /// The rows of a table.
    pub async fn count(&self, table: &str) -> i64 {
        let text = format!("SELECT COUNT(*) FROM {table}");
        let mut reader = self.store.read().await.unwrap();
        let row = sqlx::query(sqlx::AssertSqlSafe(text)).fetch_one(&mut *reader).await.unwrap();
        sqlx::Row::get(&row, 0)
    }

    /// Whether any file of this world holds these octets.
    pub fn files_hold(&self, octets: &[u8]) -> bool {
        fn search(folder: &std::path::Path, octets: &[u8]) -> bool {
            std::fs::read_dir(folder).unwrap().any(|entry| {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    return search(&path, octets);
                }
                let content = std::fs::read(&path).unwrap();
                content.windows(octets.len()).any(|window| window == octets)
            })
        }
        search(self.folder.path(), octets)
    }

    /// The kinds of all records so far.
    pub async fn kinds(&self) -> Vec<String> {
        let page = store::Page { limit: 1000, ..store::Page::default() };
        let records = self.store.records(&store::Filter::default(), page).await.unwrap();
        records.into_iter().map(|stored| stored.kind).collect()
    }
}

pub fn incoming<'a>(method: &'a str, body: &'a [u8], headers: &'a SignedHeaders) -> Incoming<'a> {
    Incoming {
        method,
        path: "/api/v1/things",
        query: Some("a=1"),
        body,
        content_digest: headers.content_digest.as_deref(),
        signature_input: Some(&headers.signature_input),
        signature: Some(&headers.signature),
    }
}

pub fn new_client(name: &str, roles: &str) -> (NewClient, Arc<PrivateKey>) {
    let key = Arc::new(PrivateKey::generate(&mut OsRandom).unwrap());
    let name: ClientName = name.parse().unwrap();
    let roles: Roles = roles.parse().unwrap();
    (NewClient { name, public_key: *key.public_key(), roles }, key)
}
