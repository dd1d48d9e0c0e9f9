//! The institution that is inspected: a person at its own desk, a person at a registration office, the staff
//! of a unit in a batch that the unit signed for, all by the real services; one certificate is suspended, and
//! a list is published. Then everything is exported.

use std::collections::BTreeMap;

use access::{ActKind, Action, Custodians, NewPerson};
use app::{Act, Institution};
use ca::{CertificateFilter, CrlKind};
use gm::UserId;
use jiff::SignedDuration;
use law::CivilDate;
use pki::ident::CreditCode;
use pki::{Identifier, Serial, SubjectInput};
use ra::{BatchState, BatchStep, Conditions, NewApplication, Office, OfficeOrder};
use store::{Filter, Page};

use super::export::{Export, Record, Seen};
use crate::unit::{begun, id_number, ordered, party, steer, work};
use crate::way::{CODE, Staff, Way, key, person};
use crate::world::World;

const KINDS: [&str; 3] = ["person", "staff", "unit"];

fn policy(kind: &str) -> String {
    let at = KINDS.iter().position(|one| *one == kind).unwrap();
    format!("1.2.156.99.{at}")
}

/// Lets the town live, and exports it.
pub fn exported() -> Export {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let town = Town::founded().await;
        let holders = [town.at_the_desk().await, town.at_the_office().await];
        town.in_a_batch().await;
        town.suspended(&holders[0]).await;
        town.export().await
    })
}

struct Town {
    world: World,
    head: Staff,
    clerk: Staff,
    reviewer: Staff,
}

impl Town {
    async fn founded() -> Self {
        let world = World::with(|settings| {
            settings.institution.credit_code = CODE.into();
            for kind in KINDS {
                settings.policy.insert(kind.into(), vec![policy(kind)]);
            }
        })
        .await;
        let access = world.institution.access();
        let (chief, watch) = (Staff(key()), key());
        let first = person("chief", "super_admin", &chief.0);
        let peer = person("watch", "audit_admin", &watch);
        access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
        let head = chief.appoint(access, "head", "business_admin").await;
        let clerk = head.appoint(access, "clerk", "entry_clerk").await;
        let reviewer = head.appoint(access, "reviewer", "reviewer").await;
        Self { world, head, clerk, reviewer }
    }

    fn institution(&self) -> &Institution {
        &self.world.institution
    }

    /// The day so many days ago.
    fn day(&self, ago: i64) -> CivilDate {
        CivilDate::of(self.world.now() - SignedDuration::from_hours(24 * ago))
    }

    /// The whole way of an application; the serial of the signing certificate.
    async fn walk(&self, mut way: Way<'_>, staff: (&Staff, &Staff), at: u32) -> String {
        let changes = [("id_number", id_number(at)), ("phone", format!("139{at:08}"))];
        let changes: Vec<(&str, &str)> = changes.iter().map(|(n, v)| (*n, v.as_str())).collect();
        way.fill_and_submit_with(&changes).await;
        self.world.pass(3600);
        way.proof(staff.0).await;
        self.world.pass(3600);
        way.approve(staff.1).await.unwrap();
        way.agree_and_request().await;
        self.world.pass(60);
        way.issue().await;
        way.application.state.serials().unwrap().sign.clone()
    }

    async fn at_the_desk(&self) -> String {
        let way = Way::begin(self.institution()).await;
        self.walk(way, (&self.clerk, &self.reviewer), 9001).await
    }

    async fn order(&self, id: Option<&Office>, order: &OfficeOrder) -> Office {
        let ra = self.institution().registration().unwrap();
        let id = id.map(|office| &office.id);
        let object = format!("office:{}", id.map_or("new", |id| id.as_str()));
        let on = (ActKind::ManageOffice, &*object);
        let payload = serde_json::to_value(order).unwrap();
        let (permit, act) = self.head.sign(self.institution().access(), on, &payload).await;
        ra.manage_office(&permit, id, act).await.unwrap()
    }

    /// Set up, filed within its 30 days, and then opened for business.
    async fn office(&self) -> Office {
        let text = |what: &str| format!("{what}：见备案材料第一册");
        let establish = OfficeOrder::Establish {
            name: "云中市受理点".into(),
            address: "云中市示例路 1 号".into(),
            province: "北京市".into(),
            established_on: self.day(20),
            conditions: Conditions {
                premises: text("场所"),
                equipment: text("设备设施"),
                staff: text("专业人员"),
                ability: text("专业能力"),
                rules: text("管理制度"),
            },
        };
        let office = self.order(None, &establish).await;
        let number = "京备 2026-001".to_owned();
        let file = OfficeOrder::File { version: office.version, number, on: Some(self.day(5)) };
        let office = self.order(Some(&office), &file).await;
        let kind = "person".to_owned();
        let quota = OfficeOrder::Quota { version: office.version, kind, per_day: 10 };
        self.order(Some(&office), &quota).await
    }

    async fn appointed(&self, login: &str, role: &str, office: &Office) -> Staff {
        let access = self.institution().access();
        let key = key();
        let of_office = Some(office.id.to_string());
        let new = NewPerson { office: of_office, ..person(login, role, &key) };
        let on = (ActKind::CreatePerson, &*new.object());
        let (permit, act) = self.head.sign(access, on, &new.to_json()).await;
        access.create_person(&permit, act, &Custodians::default()).await.unwrap();
        Staff(key)
    }

    async fn at_the_office(&self) -> String {
        let office = self.office().await;
        let clerk = self.appointed("branch-clerk", "entry_clerk", &office).await;
        let reviewer = self.appointed("branch-reviewer", "reviewer", &office).await;
        let (service, kind) = ("new".to_owned(), "person".to_owned());
        let new = NewApplication { service, kind, office: Some(office.id), concerns: None };
        let begun = self.institution().registration().unwrap().begin(new).await.unwrap();
        let (institution, application) = (self.institution(), begun.application);
        let way = Way { institution, application, key: key() };
        self.walk(way, (&clerk, &reviewer), 9002).await
    }

    /// The unit gets its certificate, and signs with it for its people.
    async fn in_a_batch(&self) {
        let (world, institution) = (&self.world, self.institution());
        let (key_of_unit, party) = (key(), party());
        let mut order = world.order("unit-1", "unit", Act::New, &key_of_unit);
        let code = CreditCode::parse(&party.credit_code).unwrap();
        order.subject = SubjectInput {
            state: Some("北京市".into()),
            organization: Some(party.unit_name.clone()),
            identifiers: vec![Identifier::CreditCode(code)],
            ..SubjectInput::named(&party.unit_name)
        };
        institution.enrol(order).await.unwrap();
        let staff = (&self.clerk, &self.reviewer);
        let batch = begun(world, &self.clerk, (3, &key())).await;
        work(institution).await;
        for step in BatchStep::ALL {
            world.pass(60);
            ordered(world, staff, (&batch, step)).await;
            work(institution).await;
        }
        let ra = institution.registration().unwrap();
        let permit = self.clerk.permit(institution.access(), Action::AgreeApplication).await;
        let text = ra.draw_batch_agreement(&permit, &batch.id, None).await.unwrap();
        let unit = key_of_unit.sign(&UserId::default(), text.statement().as_bytes());
        let read = self.clerk.permit(institution.access(), Action::ReadApplication).await;
        let version = ra.batch(&read, &batch.id).await.unwrap().version;
        let (of, pair) = ((&batch.id, version, text.day), (*key_of_unit.public_key(), unit));
        let batch = institution.conclude_batch_agreement(&permit, of, pair).await.unwrap();
        world.pass(60);
        steer(world, &self.clerk, &batch, BatchState::Running).await;
        work(institution).await;
    }

    async fn suspended(&self, serial: &str) {
        let (serial, stop) = (Serial::from_hex(serial).unwrap(), app::lifecycle::Change::Suspend);
        self.institution().change(serial, stop, store::Actor::system()).await.unwrap();
        self.institution().ca().publish_crl(CrlKind::Full).await.unwrap();
    }

    async fn export(&self) -> Export {
        let institution = self.institution();
        let ca = institution.ca();
        let records = self.records().await;
        let (mut agreements, mut holders) = (BTreeMap::new(), BTreeMap::new());
        let ra = institution.registration().unwrap();
        for issued in records.iter().filter(|one| one.kind == "application.issued") {
            let id = issued.subject.strip_prefix("application:").unwrap().parse().unwrap();
            let matter = ra.matter(&id).await.unwrap();
            agreements.insert(issued.subject.clone(), matter.agreement.unwrap().text.text());
            for role in ["sign", "enc"] {
                let serial = issued.text(role).trim_start_matches('0').to_owned();
                holders.insert(serial, matter.holder.clone());
            }
        }
        let (certificates, own) = self.certificates().await;
        let crl = ca.current_crl(CrlKind::Full).await.unwrap().unwrap();
        let root = institution.authority("root").await.unwrap().unwrap();
        let name = institution.settings().institution.name.clone();
        Export {
            institution: (name, CODE.to_owned()),
            records,
            issuing: ca.certificate().der().to_vec(),
            root: root.der().to_vec(),
            certificates,
            own,
            crl: crl.der.to_vec(),
            agreements,
            holders,
            notices: notices(),
            policies: KINDS.map(|kind| (kind.to_owned(), policy(kind))).into(),
            unit_code: party().credit_code,
        }
    }

    async fn records(&self) -> Vec<Record> {
        let (mut records, mut page) = (Vec::new(), Page { limit: 1000, ..Page::default() });
        loop {
            let store = self.institution().store();
            let part = store.records(&Filter::default(), page).await.unwrap();
            let Some(last) = part.last() else { return records };
            page.after = Some(last.seq);
            records.extend(part.into_iter().map(|one| Record {
                at: one.at,
                kind: one.kind,
                actor: one.actor,
                subject: one.subject,
                body: one.body,
            }));
        }
    }

    /// All certificates of the directory: of holders, and of the institution's own services.
    async fn certificates(&self) -> (Vec<Seen>, Vec<Seen>) {
        let ca = self.institution().ca();
        let (mut certificates, mut own) = (Vec::new(), Vec::new());
        let mut blocks = ca.export(CertificateFilter::default());
        loop {
            let block = blocks.next().await.unwrap();
            if block.is_empty() {
                return (certificates, own);
            }
            for record in block {
                let found = ca.find(&record.serial).await.unwrap().unwrap();
                let der = found.certificate.der().to_vec();
                let seen = Seen { issuer: "issuing", profile: record.profile.clone(), der };
                match record.role {
                    ca::Role::Sign | ca::Role::Enc => certificates.push(seen),
                    ca::Role::Service | ca::Role::Ca => own.push(seen),
                }
            }
        }
    }
}

/// The notices as they are published: versions with their first day and the SM3 of their paragraphs.
fn notices() -> BTreeMap<String, Vec<(String, String, String)>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../registration/notices");
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let read = files.map(|path| {
        let text = std::fs::read_to_string(path).unwrap();
        let notice: toml::Table = toml::from_str(&text).unwrap();
        let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
        let version = |version: &toml::Value| {
            let paragraphs = version["paragraphs"].as_array().unwrap();
            let whole: Vec<String> = paragraphs.iter().map(text).collect();
            let sm3 = crate::openssl::sm3(whole.join("\n").as_bytes());
            (text(&version["number"]), text(&version["effective"]), sm3)
        };
        let versions = notice["version"].as_array().unwrap().iter().map(version).collect();
        (text(&notice["name"]), versions)
    });
    read.collect()
}
