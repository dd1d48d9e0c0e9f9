//! An institution with two administrators and an application that asks for signatures.

use std::future::Future;

use access::signature::{Incoming, Outgoing, sign};
use access::{ActKind, Action, Client, ClientId, Custodians, NewClient, Permit, Principal};
use app::Institution;
use app::doctor::Check;
use app::lifecycle::Change;
use app::signing::{Confirmation, EndingOrder, Held, KeyOrder, KeyView, StopCause, StopOrder};
use ca::{CertificateRecord, Status};
use gm::OsRandom;
use gm::sm2::PrivateKey;
use pki::Certificate;
use pki::ocsp::{CertId, CertStatus, HashAlgorithm, Reply, Request};
use serde::Serialize;
use store::{Filter, Page};

use crate::way::{self, Staff};
use crate::world::World;

/// The key that every story is about.
pub const KEY: i64 = 1;

pub struct Desk {
    pub world: World,
    pub staff: People,
}

/// Who acts at an institution.
pub struct People {
    pub head: Staff,
    pub guard: Staff,
    client: Client,
    key: PrivateKey,
}

impl People {
    /// Founds them, with a client of the founding that may manage clients.
    pub async fn of(institution: &Institution, founding: (&ClientId, &PrivateKey)) -> Self {
        let access = institution.access();
        let (chief, watch) = (Staff(way::key()), way::key());
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let guard = chief.appoint(access, "guard", "security_admin").await;
        let key = way::key();
        let permit = permit_of(institution, founding, Action::ManageClients).await;
        let new = NewClient {
            name: "公文交换".parse().unwrap(),
            public_key: *key.public_key(),
            roles: "application".parse().unwrap(),
        };
        let client = access.create_client(&permit, new).await.unwrap();
        Self { head, guard, client, key }
    }

    pub fn order(&self, operations: &[&str]) -> KeyOrder {
        KeyOrder {
            client: self.client.id.to_string(),
            name: "公文交换系统".into(),
            operations: operations.iter().map(|word| (*word).to_owned()).collect(),
            per_second: 100,
            per_day: 1_000,
            reason: "公文签章".into(),
        }
    }

    pub async fn permit(&self, institution: &Institution) -> Permit {
        permit_of(institution, (&self.client.id, &self.key), Action::UseSigning).await
    }
}

/// Signed by one person, and carried out.
pub async fn act(
    institution: &Institution,
    (staff, kind): (&Staff, ActKind),
    object: &str,
    order: &impl Serialize,
) -> Result<(), app::Error> {
    let access = institution.access();
    let principal = staff.principal(access).await;
    let payload = serde_json::to_value(order).unwrap();
    let pending = access.prepare_act(&principal, kind, object, &payload).await.unwrap();
    let signature = staff.0.sign(&gm::UserId::default(), pending.statement.as_bytes()).to_der();
    institution.complete_act(&principal, (&pending.id, &signature)).await.map(drop)
}

/// The permit of a client that signs its request.
async fn permit_of(
    institution: &Institution,
    (id, key): (&ClientId, &PrivateKey),
    action: Action,
) -> Permit {
    let (method, path) = ("GET", "/api/sign/keys");
    let outgoing = Outgoing { method, path, query: None, body: &[] };
    let moment = (institution.clock().now(), &mut OsRandom as &mut dyn gm::Random);
    let headers = sign(&outgoing, id, key, moment).unwrap();
    let incoming = Incoming {
        method,
        path,
        query: None,
        body: &[],
        content_digest: None,
        signature_input: Some(&headers.signature_input),
        signature: Some(&headers.signature),
    };
    let principal: Principal = institution.access().authenticate(&incoming).await.unwrap();
    institution.access().permit(&principal, action).unwrap()
}

impl Desk {
    pub async fn over(url: String) -> Self {
        let world = World::with(|settings| {
            settings.institution.credit_code = way::CODE.into();
            settings.storage.url = url;
        })
        .await;
        let founding = (&world.client.id, &world.key);
        let staff = People::of(&world.institution, founding).await;
        Self { world, staff }
    }

    /// A key that is in use.
    pub async fn with_key(url: String) -> Self {
        let desk = Self::over(url).await;
        desk.ordered().await;
        desk.confirmed().await;
        desk.world.pass(60);
        desk
    }

    pub async fn ordered(&self) {
        let order = self.staff.order(&["data", "message", "envelope", "open"]);
        let by = (&self.staff.head, ActKind::OrderSigning);
        act(&self.world.institution, by, "signing-key:new", &order).await.unwrap();
    }

    pub async fn confirmed(&self) {
        self.confirm(KEY).await.unwrap();
    }

    pub async fn confirm(&self, number: i64) -> Result<(), app::Error> {
        let order = self.staff.order(&["data", "message", "envelope", "open"]);
        let decision = Confirmation { order, decision: "confirm".into(), reason: String::new() };
        let by = (&self.staff.guard, ActKind::ConfirmSigning);
        act(&self.world.institution, by, &format!("signing-key:{number}"), &decision).await
    }

    /// The application is one no more.
    pub async fn client_disabled(&self) {
        let institution = &self.world.institution;
        let founding = (&self.world.client.id, &self.world.key);
        let permit = permit_of(institution, founding, Action::ManageClients).await;
        let id = self.staff.client.id.clone();
        institution.access().disable_client(&permit, id).await.unwrap();
    }

    /// A status that a program of the institution gives a certificate and its partner.
    pub async fn turned(&self, certificate: &Certificate, change: Change) {
        let actor = store::Actor::client(&self.world.client.id.to_string());
        let institution = &self.world.institution;
        institution.change(certificate.serial(), change, actor).await.unwrap();
    }

    /// What the doctor says of keys of applications.
    pub async fn told_of_keys(&self) -> Check {
        let checks = self.world.institution.examine(false).await;
        checks.into_iter().find(|one| one.name == "signing").unwrap()
    }

    pub async fn stop(&self, by: &Staff, cause: StopCause) -> Result<(), app::Error> {
        let order = StopOrder { cause, reason: "应用下线".into() };
        let by = (by, ActKind::StopSigning);
        act(&self.world.institution, by, "signing-key:1", &order).await
    }

    pub async fn confirm_ending(&self, by: &Staff, cause: StopCause) -> Result<(), app::Error> {
        let order = EndingOrder { cause, reason: "应用下线".into() };
        let by = (by, ActKind::RevokeSigning);
        act(&self.world.institution, by, "signing-key:1", &order).await
    }

    pub async fn permit(&self) -> Permit {
        self.staff.permit(&self.world.institution).await
    }

    pub async fn view(&self) -> KeyView {
        let access = self.world.institution.access();
        let permit = self.staff.head.permit(access, Action::ReadSigning).await;
        self.world.institution.signing_key(&permit, KEY).await.unwrap()
    }

    /// What the application is told of its key.
    pub async fn held(&self) -> Held {
        let permit = self.permit().await;
        self.world.institution.own_signing_keys(&permit).await.unwrap().remove(0)
    }

    pub async fn certificates(&self) -> (Certificate, Certificate) {
        self.held().await.certificates.unwrap()
    }

    /// Signing and encryption certificates of every pair, as the CA knows them.
    pub async fn records(&self) -> Vec<CertificateRecord> {
        let pairs = self.view().await.certificates.into_iter();
        pairs.flat_map(|one| [one.sign, one.enc]).collect()
    }

    pub async fn statuses(&self) -> Vec<Status> {
        self.records().await.into_iter().map(|record| record.status).collect()
    }

    /// How many records of a kind there are.
    pub async fn count(&self, kind: &str) -> usize {
        let filter = Filter { kind: Some(kind.to_owned()), ..Filter::default() };
        self.world.institution.store().records(&filter, Page::default()).await.unwrap().len()
    }

    /// A change beside the program, as an older version or a cut between two units left it.
    pub async fn changed(&self, text: &'static str) {
        let done = self.world.institution.store().commit(move |tx| {
            Box::pin(async move {
                let done = sqlx::query::<sqlx::Any>(text).execute(tx.conn()).await;
                Ok::<_, store::Error>(done.unwrap().rows_affected())
            })
        });
        assert_eq!(done.await.unwrap(), 1, "{text}");
    }

    /// What OCSP says.
    pub async fn told(&self, certificate: &Certificate) -> CertStatus {
        let issuer = self.world.institution.ca().certificate().clone();
        let serial = certificate.serial();
        let id = CertId::of(HashAlgorithm::Sm3, issuer.subject(), issuer.spki(), serial).unwrap();
        let request = Request::new(vec![id], None).unwrap();
        let answer = self.world.institution.responder().answer(request.der()).await;
        match Reply::from_der(&answer.body).unwrap() {
            Reply::Answered(answer) => answer.singles()[0].status,
            Reply::Failed(failure) => panic!("{failure:?}"),
        }
    }
}

/// Tells a story over each engine that there is.
pub async fn on_each_engine<F: Future<Output = ()>>(story: impl Fn(String) -> F) {
    story(String::new()).await;
    let Ok(server) = std::env::var("YINXIN_TEST_PG_URL") else {
        eprintln!("skipped: YINXIN_TEST_PG_URL is not set");
        return;
    };
    let mut random = [0; 8];
    gm::Random::fill(&mut OsRandom, &mut random).unwrap();
    let name = format!("signing_{:016x}", u64::from_be_bytes(random));
    sqlx::any::install_default_drivers();
    let mut conn = <sqlx::AnyConnection as sqlx::Connection>::connect(&server).await.unwrap();
    let create = sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::query(create).execute(&mut conn).await.unwrap();
    let (server, _) = server.rsplit_once('/').unwrap();
    story(format!("{server}/{name}")).await;
}
