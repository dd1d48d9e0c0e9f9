//! People of the staff and an application on its way, over an institution that is real. Needs
//! `world` beside it; the tests of `web` use both.

#![allow(dead_code, clippy::unwrap_used, reason = "each test takes what it needs")]

use access::{
    Access, ActKind, Action, Arrival, Custodians, KeyProof, NewPerson, Permit, SignedAct, Source,
};
use app::Institution;
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::CertificationRequest;
use ra::{
    ApplicantSignature, Application, Decision, EvidenceRow, Finding, Form, NewApplication,
    ProofOrder, Ra, ReviewOrder, Upload,
};
use serde_json::Value;

use crate::world::{World, request};

pub const ORIGIN: &str = "https://ra.example.cn";

/// Somebody of the staff.
pub struct Staff(pub PrivateKey);

pub fn arrival() -> Arrival<'static> {
    Arrival { source: Source::new("203.0.113.77".parse().unwrap()), previous: None }
}

pub fn key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

pub fn person(login: &str, roles: &str, key: &PrivateKey) -> NewPerson {
    NewPerson {
        login: login.parse().unwrap(),
        name: format!("{login} 先生").parse().unwrap(),
        roles: roles.parse().unwrap(),
        office: None,
        key: Some(*key.public_key()),
    }
}

impl Staff {
    pub async fn principal(&self, access: &Access) -> access::Principal {
        access.authenticate_cookie(&self.token(access).await).await.unwrap()
    }

    /// Signs in; what the browser would keep.
    pub async fn token(&self, access: &Access) -> String {
        let challenge = access.begin_challenge(ORIGIN).unwrap();
        let proof = KeyProof {
            origin: ORIGIN,
            challenge: &challenge.id,
            fingerprint: &self.0.public_key().fingerprint(),
            signature: &self.0.sign(&UserId::default(), challenge.text.as_bytes()),
        };
        let session = access.sign_in_by_key(proof, arrival()).await.unwrap();
        session.token.as_str().to_owned()
    }

    pub async fn permit(&self, access: &Access, action: Action) -> Permit {
        access.permit(&self.principal(access).await, action).unwrap()
    }

    pub async fn sign(
        &self,
        access: &Access,
        (kind, object): (ActKind, &str),
        payload: &Value,
    ) -> (Permit, SignedAct) {
        let principal = self.principal(access).await;
        let permit = access.permit(&principal, kind.action()).unwrap();
        let pending = access.prepare_act(&principal, kind, object, payload).await.unwrap();
        let signature = self.0.sign(&UserId::default(), pending.statement.as_bytes()).to_der();
        (permit, access.complete_act(&principal, &pending.id, &signature).await.unwrap())
    }

    pub async fn appoint(&self, access: &Access, login: &str, roles: &str) -> Self {
        let key = key();
        let new = person(login, roles, &key);
        let on = (ActKind::CreatePerson, &*new.object());
        let (permit, act) = self.sign(access, on, &new.to_json()).await;
        access.create_person(&permit, act, &Custodians::default()).await.unwrap();
        Self(key)
    }
}

/// An application on its way, with its applicant's key.
pub struct Way<'i> {
    pub institution: &'i Institution,
    pub application: Application,
    pub key: PrivateKey,
}

impl<'i> Way<'i> {
    pub async fn begin(institution: &'i Institution) -> Self {
        let (service, kind) = ("new".to_owned(), "person".to_owned());
        let new = NewApplication { service, kind, office: None, concerns: None };
        let application = institution.registration().unwrap().begin(new).await.unwrap().application;
        Self { institution, application, key: key() }
    }

    pub fn ra(&self) -> &'i Ra {
        self.institution.registration().unwrap()
    }

    pub async fn own(&self, action: Action) -> Permit {
        let access = self.institution.access();
        let id = self.application.id.as_str();
        let session = access.open_applicant_session(id, arrival()).await.unwrap();
        let principal = access.authenticate_cookie(session.token.as_str()).await.unwrap();
        access.permit(&principal, action).unwrap()
    }

    /// About a certificate that exists.
    pub async fn about(institution: &'i Institution, service: &str, serial: &str) -> Self {
        let (service, kind) = (service.to_owned(), "person".to_owned());
        let new = NewApplication { service, kind, office: None, concerns: Some(serial.into()) };
        let application = institution.registration().unwrap().begin(new).await.unwrap().application;
        Self { institution, application, key: key() }
    }

    pub async fn fill_and_submit(&mut self) {
        self.fill_and_submit_with(&[]).await;
    }

    /// With some fields of the sample changed.
    pub async fn fill_and_submit_with(&mut self, changes: &[(&str, &str)]) {
        self.fill_with(changes).await;
        self.acknowledge().await;
        self.submit().await;
    }

    /// Form and materials.
    pub async fn fill_with(&mut self, changes: &[(&str, &str)]) {
        let ra = self.ra();
        let Application { kind, service, .. } = &self.application;
        let kind = ra.catalogue().kind_for(kind, service).unwrap().clone();
        let permit = self.own(Action::CreateApplication).await;
        let mut form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        for (name, value) in changes {
            form.set(*name, *value);
        }
        let saved = ra.save_form(&permit, &self.application.at(), form).await.unwrap();
        self.application = saved.application;
        for rule in kind.materials.iter().filter(|rule| rule.required) {
            let upload = Upload {
                name: rule.name.clone(),
                file_name: "材料.pdf".into(),
                content: format!("%PDF-1.7 {}\n%%EOF", rule.name).into_bytes(),
            };
            let added = ra.add_material(&permit, &self.application.at(), upload).await.unwrap();
            self.application = added.0;
        }
    }

    /// The four notices, where there are any.
    pub async fn acknowledge(&mut self) {
        let ra = self.ra();
        let issues = ra.catalogue().service(&self.application.service).unwrap().issues();
        let permit = self.own(Action::AcknowledgeNotice).await;
        let notices = ["conditions", "liability", "information", "responsibility"];
        for notice in notices.into_iter().filter(|_| issues) {
            let at = self.application.at();
            let given = ra.acknowledge(&permit, &at, (notice, "2026-1")).await.unwrap();
            self.application = given.0;
        }
    }

    pub async fn submit(&mut self) {
        let permit = self.own(Action::SubmitApplication).await;
        self.application = self.ra().submit(&permit, &self.application.at()).await.unwrap();
    }

    pub async fn proof(&mut self, clerk: &Staff) {
        let (ra, access, id) = (self.ra(), self.institution.access(), &self.application.id);
        let permit = clerk.permit(access, Action::ProofIdentity).await;
        let elements = ra.elements(&permit, id).await.unwrap();
        let reads = clerk.permit(access, Action::ReadApplication).await;
        let materials = ra.materials(&reads, id).await.unwrap();
        let method = ra.catalogue().method("in-person").unwrap();
        let row = |element: &ra::Element| EvidenceRow {
            element: element.key.clone(),
            means: method
                .means
                .iter()
                .find(|m| m.proves.contains(&element.matter))
                .unwrap()
                .name
                .clone(),
            finding: Finding::Matched,
            material: materials.first().map(|material| material.id.clone()),
            inquiry: None,
            note: Some("已按规定核对无误".into()),
        };
        let order = ProofOrder {
            version: self.application.version,
            method: "in-person".into(),
            evidence: elements.iter().map(row).collect(),
        };
        let on = (ActKind::ProofIdentity, &*self.application.subject());
        let (permit, act) = clerk.sign(access, on, &serde_json::to_value(order).unwrap()).await;
        self.application = ra.proof(&permit, &self.application.id, act).await.unwrap().0;
    }

    pub async fn approve(&mut self, reviewer: &Staff) -> Result<(), ra::Error> {
        let (ra, access) = (self.ra(), self.institution.access());
        let list = ra.catalogue().checklist_for("person", &self.application.service);
        let ticked = list.iter().map(|item| item.name.clone()).collect();
        let reads = reviewer.permit(access, Action::ReadApplication).await;
        let seen = ra.duplicates(&reads, &self.application.id).await?;
        let duplicates = seen.into_iter().map(|other| other.application.id).collect();
        let decision = Decision::Approve { ticked, duplicates, opinion: None };
        let order = ReviewOrder { version: self.application.version, decision };
        let on = (ActKind::ReviewApplication, &*self.application.subject());
        let (permit, act) = reviewer.sign(access, on, &serde_json::to_value(order).unwrap()).await;
        self.application = ra.review(&permit, &self.application.id, act).await?;
        Ok(())
    }

    /// Both sides sign the agreement.
    pub async fn agree(&mut self) {
        let permit = self.own(Action::AgreeApplication).await;
        let text = self.ra().draw_agreement(&permit, &self.application.at()).await.unwrap();
        let applicant = ApplicantSignature::Key {
            public_key: *self.key.public_key(),
            signature: self.key.sign(&UserId::default(), text.statement().as_bytes()),
        };
        let at = self.application.at();
        let done = self.institution.conclude_agreement(&permit, &at, applicant).await.unwrap();
        self.application = done.0;
    }

    /// Hands in a request by the applicant's key.
    pub async fn request(&mut self) -> Result<(), ra::Error> {
        let csr = CertificationRequest::from_der(&request(&self.key, "甄有印")).unwrap();
        let possession = csr.prove_possession(&UserId::default()).unwrap();
        let permit = self.own(Action::RequestCertificate).await;
        let at = self.application.at();
        self.application = self.ra().request(&permit, &at, (&possession, None)).await?;
        Ok(())
    }

    pub async fn agree_and_request(&mut self) {
        self.agree().await;
        self.request().await.unwrap();
    }

    pub async fn issue(&mut self) {
        let permit = self.own(Action::IssueApplication).await;
        let at = self.application.at();
        self.application = self.institution.issue_application(&permit, &at).await.unwrap();
    }
}

/// The credit code of the institution.
pub const CODE: &str = "12110101YX0000016B";

pub async fn world() -> (World, Staff, Staff) {
    world_with(|_| ()).await
}

/// With other settings.
pub async fn world_with(change: impl FnOnce(&mut app::Settings)) -> (World, Staff, Staff) {
    let (world, clerk, reviewer, _) = world_and_head(change).await;
    (world, clerk, reviewer)
}

/// The same with the business administrator.
pub async fn world_with_head() -> (World, Staff, Staff, Staff) {
    world_and_head(|_| ()).await
}

async fn world_and_head(change: impl FnOnce(&mut app::Settings)) -> (World, Staff, Staff, Staff) {
    let (world, clerk, reviewer, [head, _]) = world_with_heads(change).await;
    (world, clerk, reviewer, head)
}

/// The same with two business administrators, of whom the first appointed clerk and reviewer.
pub async fn world_with_heads(
    change: impl FnOnce(&mut app::Settings),
) -> (World, Staff, Staff, [Staff; 2]) {
    let (world, clerk, reviewer, heads, _) = world_and_all(change).await;
    (world, clerk, reviewer, heads)
}

/// The same with the audit administrator, who appoints inspectors.
pub async fn world_and_watch(
    change: impl FnOnce(&mut app::Settings),
) -> (World, Staff, Staff, Staff) {
    let (world, clerk, reviewer, _, watch) = world_and_all(change).await;
    (world, clerk, reviewer, watch)
}

async fn world_and_all(
    change: impl FnOnce(&mut app::Settings),
) -> (World, Staff, Staff, [Staff; 2], Staff) {
    let world = World::with(|settings| {
        settings.institution.credit_code = CODE.into();
        change(settings);
    })
    .await;
    let access = world.institution.access();
    let (chief, watch) = (Staff(key()), Staff(key()));
    let first = person("chief", "super_admin", &chief.0);
    let peer = person("watch", "audit_admin", &watch.0);
    access.create_first_people(first, peer, &Custodians::default()).await.unwrap();
    let head = chief.appoint(access, "head", "business_admin").await;
    let clerk = head.appoint(access, "clerk", "entry_clerk").await;
    let reviewer = head.appoint(access, "reviewer", "reviewer").await;
    let other = chief.appoint(access, "head-2", "business_admin").await;
    (world, clerk, reviewer, [head, other], watch)
}
