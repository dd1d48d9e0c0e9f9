//! An institution with somebody in every role, two registration offices and an application at each.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use std::collections::BTreeMap;

use access::{ActKind, Action, Custodians, NewPerson, Role};
use axum::body::Body;
use axum::http::{Method, Request};
use gm::sm2::PrivateKey;
use law::CivilDate;
use ra::{Conditions, NewApplication, Office, OfficeOrder};
use serde_json::{Value, json};
use web::pages::routes::PageRoute;

use crate::door::{Answer, ask};
use crate::way::{self, Staff, Way, arrival};
use crate::world::World;

/// Somebody with a session, as a browser has it.
#[derive(Debug, Clone)]
pub struct Comer {
    pub cookie: String,
    pub token: String,
}

/// Everybody and everything.
pub struct Staffed {
    pub world: World,
    pub people: BTreeMap<Role, Comer>,
    /// The same people with their keys.
    pub keys: BTreeMap<Role, Staff>,
    /// Clerk and reviewer of the other office.
    pub far: BTreeMap<Role, Staff>,
    /// The office of the clerks in `people`, and the other.
    pub offices: [Office; 2],
    pub applicant: Comer,
    /// The applicant's application, at the office of the clerks in `people`.
    pub own: String,
    /// An application at the other office.
    pub foreign: String,
    pub foreign_number: String,
    pub foreign_material: String,
}

/// Whether people of the institution hold it.
pub fn is_of_staff(role: Role) -> bool {
    !role.is_of_clients() && role != Role::Subscriber
}

/// An address of a row, with `id` in place of its first parameter; nothing has the name that stands
/// in place of the others.
pub fn address(path: &str, id: &str) -> String {
    let mut given = Some(id.to_owned());
    let mut part = |part: &str| match part.starts_with('{') {
        true => given.take().unwrap_or_else(|| "0".repeat(32)),
        false => part.to_owned(),
    };
    path.split('/').map(&mut part).collect::<Vec<_>>().join("/")
}

impl Staffed {
    pub async fn new() -> Self {
        let code = "12110101YX0000016B";
        let world = World::with(|settings| {
            settings.institution.credit_code = code.into();
            settings.server.forms_per_minute = 1_000_000;
        })
        .await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(way::key()), Staff(way::key()));
        let first = way::person("chief", "super_admin", &chief.0);
        let peer = way::person("watch", "audit_admin", &watch.0);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let (east, west) =
            (office(&world, &head, "东区受理点").await, office(&world, &head, "西区受理点").await);
        let mut keys = BTreeMap::new();
        for role in Role::ALL.iter().copied().filter(|role| is_of_staff(*role)) {
            let by = match role {
                Role::Inspector => &watch,
                Role::EntryClerk | Role::Reviewer => &head,
                _ => &chief,
            };
            let staff = match role {
                Role::SuperAdmin => Staff(copy(&chief.0)),
                Role::AuditAdmin => Staff(copy(&watch.0)),
                Role::BusinessAdmin => Staff(copy(&head.0)),
                Role::EntryClerk | Role::Reviewer => {
                    at_office(&world, by, (role, role.name()), &east).await
                }
                _ => by.appoint(access, role.name(), role.name()).await,
            };
            keys.insert(role, staff);
        }
        let mut far = BTreeMap::new();
        for role in [Role::EntryClerk, Role::Reviewer] {
            let login = format!("far_{}", role.name());
            far.insert(role, at_office(&world, &head, (role, &login), &west).await);
        }
        let mut people = BTreeMap::new();
        for (role, staff) in &keys {
            let principal = staff.session(&world).await;
            people.insert(*role, principal);
        }
        let mut own = begin(&world, &east).await;
        own.fill_and_submit().await;
        let mut foreign = begin(&world, &west).await;
        foreign.fill_and_submit().await;
        let session = access.open_applicant_session(own.application.id.as_str(), arrival()).await;
        let applicant = comer(&world, session.unwrap().token.as_str()).await;
        let reads = foreign.own(Action::ReadApplication).await;
        let materials = foreign.ra().materials(&reads, &foreign.application.id).await.unwrap();
        let (own, number) =
            (own.application.id.to_string(), foreign.application.number.to_string());
        let foreign_material = materials.first().unwrap().id.to_string();
        let foreign = foreign.application.id.to_string();
        let offices = [east, west];
        let foreign_number = number;
        Self {
            own,
            foreign,
            foreign_number,
            foreign_material,
            people,
            keys,
            far,
            offices,
            applicant,
            world,
        }
    }

    /// Asks for a row at an address as somebody; a form carries its token, a version, and nothing else.
    pub async fn ask(&self, comer: &Comer, route: &PageRoute, path: &str) -> Answer {
        self.send(comer, &route.method, path, &[("version", "1")]).await
    }

    /// The same with fields.
    pub async fn send(
        &self,
        comer: &Comer,
        method: &Method,
        path: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let request = Request::builder()
            .method(method.clone())
            .uri(path)
            .header("accept", "text/html")
            .header("cookie", &comer.cookie);
        let body = match *method {
            Method::POST => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.append_pair("token", &comer.token);
                form.extend_pairs(fields);
                form.finish()
            }
            _ => String::new(),
        };
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        ask(&self.world, request.body(Body::from(body)).unwrap()).await
    }

    /// Ends the session of somebody.
    pub async fn end(&self, comer: &Comer) {
        let token = comer.cookie.trim_start_matches("yx=");
        self.world.institution.access().sign_out(token).await.unwrap();
    }
}

impl Staff {
    /// Signs in, as a browser would.
    pub async fn session(&self, world: &World) -> Comer {
        let access = world.institution.access();
        let token = self.token(access).await;
        comer(world, &token).await
    }
}

pub async fn comer(world: &World, token: &str) -> Comer {
    let access = world.institution.access();
    let principal = access.authenticate_cookie(token).await.unwrap();
    Comer { cookie: format!("yx={token}"), token: access.csrf_token(&principal).unwrap() }
}

fn copy(key: &PrivateKey) -> PrivateKey {
    PrivateKey::from_bytes(&key.to_bytes()).unwrap()
}

async fn at_office(
    world: &World,
    by: &Staff,
    (role, login): (Role, &str),
    office: &Office,
) -> Staff {
    let (access, key) = (world.institution.access(), way::key());
    let office = Some(office.id.to_string());
    let new = NewPerson { office, ..way::person(login, role.name(), &key) };
    let on = (ActKind::CreatePerson, &*new.object());
    let (permit, act) = by.sign(access, on, &new.to_json()).await;
    access.create_person(&permit, act, &Custodians::default()).await.unwrap();
    Staff(key)
}

async fn manage(world: &World, head: &Staff, object: &str, order: &OfficeOrder) -> Office {
    let (access, ra) = (world.institution.access(), world.institution.registration().unwrap());
    let payload: Value = serde_json::to_value(order).unwrap();
    let object = format!("office:{object}");
    let (permit, act) = head.sign(access, (ActKind::ManageOffice, &object), &payload).await;
    let id = object.strip_prefix("office:").filter(|id| *id != "new").map(|id| id.parse().unwrap());
    ra.manage_office(&permit, id.as_ref(), act).await.unwrap()
}

/// An office that is filed and may take every kind.
pub async fn office(world: &World, head: &Staff, name: &str) -> Office {
    let conditions: Conditions = serde_json::from_value(json!({
        "premises": "见备案材料第一册", "equipment": "见备案材料第一册",
        "staff": "见备案材料第一册", "ability": "见备案材料第一册", "rules": "见备案材料第一册",
    }))
    .unwrap();
    let order = OfficeOrder::Establish {
        name: name.into(),
        address: "云中市示例路 1 号".into(),
        province: "北京市".into(),
        established_on: CivilDate::new(2026, 11, 2).unwrap(),
        conditions,
    };
    let office = manage(world, head, "new", &order).await;
    let number = format!("京备 {name}");
    let order = OfficeOrder::File { version: office.version, number, on: None };
    let office = manage(world, head, office.id.as_str(), &order).await;
    let mut office = office;
    for kind in ["person", "staff"].map(str::to_owned) {
        let order = OfficeOrder::Quota { version: office.version, kind, per_day: 10_000 };
        office = manage(world, head, office.id.as_str(), &order).await;
    }
    office
}

pub async fn begin<'w>(world: &'w World, office: &Office) -> Way<'w> {
    let (service, kind) = ("new".to_owned(), "person".to_owned());
    let new = NewApplication { service, kind, office: Some(office.id.clone()), concerns: None };
    let ra = world.institution.registration().unwrap();
    let application = ra.begin(new).await.unwrap().application;
    Way { institution: &world.institution, application, key: way::key() }
}
