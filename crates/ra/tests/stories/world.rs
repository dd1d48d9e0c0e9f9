//! An institution in a temporary folder: staff with keys, a register of certified keys, a clock that
//! stands still.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use access::{
    Access, ActKind, Action, Arrival, Custodians, KeyProof, NewPerson, Permit, Person, Principal,
    SignedAct, Source,
};
use futures_util::future::BoxFuture;
use gm::sm2::PrivateKey;
use gm::{KeyKind, OsRandom, PublicKey, Signature, UserId};
use law::Calendar;
use pki::Serial;
use pki::attestation::Products;
use pki::profile::ProfileSet;
use ra::{
    Answer, Certified, Element, Held, Institution, KeyRegister, Offline, PublicData, Ra, RaConfig,
};
use serde::Serialize;
use store::{FixedClock, Opening, Schema, Store, StoreConfig};
use tempfile::TempDir;
use testkit::scratch::Scratch;

/// Sunday, 22 November 2026, 10:00 in Shanghai.
pub const START: &str = "2026-11-22T02:00:00Z";
const ORIGIN: &str = "https://ra.example.cn";

pub struct World {
    pub ra: Ra,
    pub access: Access,
    pub store: Store,
    pub clock: Arc<FixedClock>,
    pub keys: Arc<Keys>,
    pub agreement_key: PrivateKey,
    pub biz: Staff,
    pub clerk: Staff,
    pub reviewer: Staff,
    /// Is clerk and reviewer both.
    pub both: Staff,
    pub folder: TempDir,
}

/// Somebody of the staff with the own key.
#[derive(Clone)]
pub struct Staff {
    pub person: Person,
    pub key: Arc<PrivateKey>,
}

/// Which keys are certified, and which certificates there are.
#[derive(Default)]
pub struct Keys(
    pub Mutex<BTreeMap<String, Certified>>,
    pub Mutex<BTreeMap<String, Held>>,
    /// How often it was asked about certificates.
    pub AtomicUsize,
);

impl KeyRegister for Keys {
    fn certified<'a>(&'a self, key: &'a PublicKey) -> BoxFuture<'a, Result<Certified, String>> {
        let known = self.0.lock().unwrap().get(&key.fingerprint()).cloned();
        Box::pin(std::future::ready(Ok(known.unwrap_or(Certified::Never))))
    }

    fn certificate<'a>(
        &'a self,
        serial: &'a Serial,
    ) -> BoxFuture<'a, Result<Option<Held>, String>> {
        self.2.fetch_add(1, Ordering::Relaxed);
        let known = self.1.lock().unwrap().get(&serial.to_hex()).cloned();
        Box::pin(std::future::ready(Ok(known)))
    }

    fn certificates<'a>(
        &'a self,
        serials: &'a [Serial],
    ) -> BoxFuture<'a, Result<Vec<Option<Held>>, String>> {
        self.2.fetch_add(1, Ordering::Relaxed);
        let known = self.1.lock().unwrap();
        let found = serials.iter().map(|serial| known.get(&serial.to_hex()).cloned()).collect();
        Box::pin(std::future::ready(Ok(found)))
    }
}

/// A public database that knows everybody but those called 易可验.
pub struct Registry;

impl PublicData for Registry {
    fn source(&self) -> &str {
        "测试用登记库"
    }

    fn ask<'a>(&'a self, element: &'a Element, _: &'a [Element]) -> BoxFuture<'a, Answer> {
        let answer =
            if element.value == "易可验" { Answer::Mismatched } else { Answer::Matched };
        Box::pin(std::future::ready(answer))
    }
}

/// Tells one story on every engine that is there.
pub async fn on_each_engine<F, S>(story: F)
where
    F: Fn(World) -> S,
    S: Future<Output = ()>,
{
    story(World::new().await).await;
    if let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") {
        let mut random = [0; 8];
        gm::Random::fill(&mut OsRandom, &mut random).unwrap();
        let name = format!("ra_{:016x}", u64::from_be_bytes(random));
        sqlx::any::install_default_drivers();
        let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
        let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::query(create).execute(&mut conn).await.unwrap();
        let (server, _) = server.rsplit_once('/').unwrap();
        let url = format!("{server}/{name}");
        let outside = (Arc::new(Offline) as Arc<dyn PublicData>, Arc::default());
        story(World::over(url, tempfile::tempdir().unwrap(), outside).await).await;
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with_data(Arc::new(Offline)).await
    }

    pub async fn with_data(data: Arc<dyn PublicData>) -> Self {
        Self::with_outside(data, Products::default()).await
    }

    /// With a public database, and with a register of certified devices.
    pub async fn with_outside(data: Arc<dyn PublicData>, products: Products) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite:{}", folder.path().join("institution.db").display());
        Self::over(url, folder, (data, Arc::new(products))).await
    }

    async fn over(
        url: String,
        folder: TempDir,
        (data, products): (Arc<dyn PublicData>, Arc<Products>),
    ) -> Self {
        let clock = Arc::new(FixedClock::at(START).unwrap());
        let device = Scratch::with_keys(&[("spare", KeyKind::Sm2Sign)]);
        let anchor = folder.path().join("anchor");
        let config = StoreConfig::new(url, Schema::Institution, anchor, "ra.test/journal");
        let store = Store::open(config.opening(Opening::New), device.clone(), clock.clone());
        let store = store.await.unwrap();
        let access = Access::new(store.clone(), device.clone(), clock.clone()).unwrap();
        let agreement_key = new_key();
        let keys = Arc::new(Keys::default());
        let config = RaConfig {
            institution: Institution {
                name: "示例电子认证服务有限公司".into(),
                credit_code: "12110101YX0000016B".into(),
                agreement_key: *agreement_key.public_key(),
            },
            calendar: Calendar::published().unwrap(),
            profiles: ProfileSet::embedded().unwrap(),
            keys: keys.clone(),
            products,
            public_data: data,
        };
        let ra = Ra::open(store.clone(), device, config).unwrap();
        let (biz, [clerk, reviewer, both]) = staff(&access).await;
        Self { ra, access, store, clock, keys, agreement_key, biz, clerk, reviewer, both, folder }
    }

    /// The permit of somebody of the staff, freshly signed in.
    pub async fn permit(&self, staff: &Staff, action: Action) -> Permit {
        let principal = sign_in(&self.access, staff).await;
        self.access.permit(&principal, action).unwrap()
    }

    /// The permit and the signature for one act.
    pub async fn signed<T: Serialize>(
        &self,
        by: &Staff,
        (kind, object): (ActKind, &str),
        order: &T,
    ) -> (Permit, SignedAct) {
        signed(&self.access, by, (kind, object), &serde_json::to_value(order).unwrap()).await
    }

    /// What time it is.
    pub fn clock_now(&self) -> jiff::Timestamp {
        store::Clock::now(&*self.clock)
    }

    /// The holder of an application, as the check code lets in.
    pub async fn applicant(&self, application: &ra::Application) -> Principal {
        let id = application.id.as_str();
        let session = self.access.open_applicant_session(id, arrival()).await.unwrap();
        self.access.authenticate_cookie(session.token.as_str()).await.unwrap()
    }

    /// A clerk or reviewer of an office.
    pub async fn appoint(&self, login: &str, roles: &str, office: &ra::OfficeId) -> Staff {
        appoint(&self.access, &self.biz, login, roles, Some(office.as_str())).await
    }

    /// The kinds of all records of an application.
    pub async fn kinds(&self, application: &ra::Application) -> Vec<String> {
        let filter = store::Filter { subject: Some(application.subject()), ..Default::default() };
        let page = store::Page { limit: 1000, ..store::Page::default() };
        let records = self.store.records(&filter, page).await.unwrap();
        records.into_iter().map(|record| record.kind).collect()
    }
}

pub fn new_key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

pub fn signature(key: &PrivateKey, text: &str) -> Signature {
    key.sign(&UserId::default(), text.as_bytes())
}

fn arrival() -> Arrival<'static> {
    Arrival { source: Source::new("203.0.113.77".parse().unwrap()), previous: None }
}

async fn staff(access: &Access) -> (Staff, [Staff; 3]) {
    let (chief_key, watch_key) = (Arc::new(new_key()), Arc::new(new_key()));
    let chief = new_person("chief", "super_admin", None, &chief_key);
    let watch = new_person("watch", "audit_admin", None, &watch_key);
    let [chief, _] =
        access.create_first_people(chief, watch, &Custodians::default()).await.unwrap();
    let chief = Staff { person: chief.person, key: chief_key };
    let biz = appoint(access, &chief, "biz", "business_admin", None).await;
    let clerk = appoint(access, &biz, "clerk", "entry_clerk", None).await;
    let reviewer = appoint(access, &biz, "reviewer", "reviewer", None).await;
    let both = appoint(access, &biz, "both", "entry_clerk,reviewer", None).await;
    (biz, [clerk, reviewer, both])
}

fn new_person(login: &str, roles: &str, office: Option<&str>, key: &PrivateKey) -> NewPerson {
    NewPerson {
        login: login.parse().unwrap(),
        name: format!("{login} 先生").parse().unwrap(),
        roles: roles.parse().unwrap(),
        office: office.map(str::to_owned),
        key: Some(*key.public_key()),
    }
}

async fn appoint(
    access: &Access,
    by: &Staff,
    login: &str,
    roles: &str,
    office: Option<&str>,
) -> Staff {
    let key = Arc::new(new_key());
    let new = new_person(login, roles, office, &key);
    let on = (ActKind::CreatePerson, &*new.object());
    let (permit, act) = signed(access, by, on, &new.to_json()).await;
    let created = access.create_person(&permit, act, &Custodians::default()).await.unwrap();
    Staff { person: created.person, key }
}

async fn sign_in(access: &Access, staff: &Staff) -> Principal {
    let challenge = access.begin_challenge(ORIGIN).unwrap();
    let proof = KeyProof {
        origin: ORIGIN,
        challenge: &challenge.id,
        fingerprint: &staff.key.public_key().fingerprint(),
        signature: &signature(&staff.key, &challenge.text),
    };
    let session = access.sign_in_by_key(proof, arrival()).await.unwrap();
    access.authenticate_cookie(session.token.as_str()).await.unwrap()
}

async fn signed(
    access: &Access,
    by: &Staff,
    (kind, object): (ActKind, &str),
    payload: &serde_json::Value,
) -> (Permit, SignedAct) {
    let principal = sign_in(access, by).await;
    let permit = access.permit(&principal, kind.action()).unwrap();
    let pending = access.prepare_act(&principal, kind, object, payload).await.unwrap();
    let der = signature(&by.key, &pending.statement).to_der();
    (permit, access.complete_act(&principal, &pending.id, &der).await.unwrap())
}
