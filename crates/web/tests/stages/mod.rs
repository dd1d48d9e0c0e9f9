//! Applications at every state there is, each brought there by the services themselves, at the office
//! of the clerks or at the other.

#![allow(dead_code, clippy::unwrap_used, clippy::panic, reason = "each test takes what it needs")]

use access::{ActKind, Action, Role};
use ra::{
    Batch, BatchParty, Decision, NewApplication, NewBatch, Office, Particulars, ReturnOrder,
    ReviewOrder, Revocation, RevocationDraft, Source, SupplementItem,
};

use crate::staffed::{self, Comer, Staffed};
use crate::way::{Staff, Way, arrival, key};

/// All of them; the last takes a month to come to.
pub const STAGES: [&str; 15] = [
    "draft",
    "submitted",
    "acknowledged",
    "proofed",
    "returned",
    "reviewed",
    "agreed",
    "requested",
    "issued",
    "delivered",
    "confirmed",
    "refused",
    "withdrawn",
    "carried_out",
    "expired",
];

/// Whose office.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Own,
    Foreign,
}

impl Staffed {
    pub fn office(&self, side: Side) -> &Office {
        match side {
            Side::Own => self.offices.first().unwrap(),
            Side::Foreign => self.offices.last().unwrap(),
        }
    }

    pub fn staff(&self, side: Side, role: Role) -> &Staff {
        match side {
            Side::Own => self.keys.get(&role).unwrap(),
            Side::Foreign => self.far.get(&role).unwrap(),
        }
    }

    /// A session of its holder.
    pub async fn holder(&self, way: &Way<'_>) -> Comer {
        let id = way.application.id.as_str();
        let session = self.world.institution.access().open_applicant_session(id, arrival()).await;
        staffed::comer(&self.world, session.unwrap().token.as_str()).await
    }

    /// An application in this state.
    pub async fn at(&self, side: Side, stage: &str) -> Way<'_> {
        if stage == "carried_out" {
            return self.carried_out(side).await;
        }
        let mut way = staffed::begin(&self.world, self.office(side)).await;
        way.fill_with(&[]).await;
        let straight =
            ["acknowledged", "proofed", "reviewed", "agreed", "requested", "issued", "delivered"];
        let steps: Vec<&str> = match stage {
            "draft" => vec![],
            "submitted" | "withdrawn" | "expired" => vec![stage],
            "returned" | "refused" => vec!["acknowledged", "proofed", stage],
            "confirmed" => straight.into_iter().chain([stage]).collect(),
            _ => {
                let last = straight.iter().position(|one| *one == stage).unwrap();
                straight.into_iter().take(last + 1).collect()
            }
        };
        for step in steps {
            self.step(&mut way, side, step).await;
        }
        assert_eq!(way.application.state.word(), stage);
        way
    }

    /// From what was handed in to a state, for an application whatever its service.
    pub async fn on(&self, way: &mut Way<'_>, side: Side, stage: &str) {
        let steps = match stage {
            "acknowledged" => vec![],
            "proofed" => vec!["proofed"],
            "reviewed" | "returned" | "refused" => vec!["proofed", stage],
            _ => vec![stage],
        };
        for step in steps {
            self.step(way, side, step).await;
        }
    }

    async fn step(&self, way: &mut Way<'_>, side: Side, step: &str) {
        let (clerk, reviewer) =
            (self.staff(side, Role::EntryClerk), self.staff(side, Role::Reviewer));
        match step {
            // Handed in with notices that are not acknowledged yet.
            "submitted" => way.submit().await,
            "acknowledged" => {
                way.acknowledge().await;
                way.submit().await;
            }
            "proofed" => way.proof(clerk).await,
            "returned" => self.send_back(way, clerk).await,
            "reviewed" => way.approve(reviewer).await.unwrap(),
            "agreed" => way.agree().await,
            "requested" => way.request().await.unwrap(),
            "issued" => way.issue().await,
            "delivered" => self.deliver(way).await,
            "confirmed" => self.confirm(way).await,
            "refused" => self.refuse(way, reviewer).await,
            "withdrawn" => {
                let permit = way.own(Action::WithdrawApplication).await;
                way.application = way.ra().withdraw(&permit, &way.application.at()).await.unwrap();
            }
            "expired" => {
                self.world.pass(32 * 86_400);
                way.ra().settle().await.unwrap();
                self.reload(way).await;
            }
            step => panic!("no way to {step}"),
        }
    }

    /// As it is now.
    pub async fn reload(&self, way: &mut Way<'_>) {
        let permit = way.own(Action::ReadApplication).await;
        way.application = way.ra().application(&permit, &way.application.id).await.unwrap();
    }

    async fn send_back(&self, way: &mut Way<'_>, clerk: &Staff) {
        let item = SupplementItem {
            target: "phone".into(),
            defect: "号码无法接通".into(),
            article: "《电子政务电子认证服务管理办法》第二十一条".into(),
            remedy: "填写正在使用的号码".into(),
        };
        let order = ReturnOrder { version: way.application.version, items: vec![item] };
        let on = (ActKind::ReturnApplication, &*way.application.subject());
        let payload = serde_json::to_value(order).unwrap();
        let (permit, act) = clerk.sign(self.world.institution.access(), on, &payload).await;
        way.ra().send_back(&permit, &way.application.id, act).await.unwrap();
        self.reload(way).await;
    }

    async fn refuse(&self, way: &mut Way<'_>, reviewer: &Staff) {
        let decision = Decision::Refuse {
            reason: "身份证件已注销".into(),
            basis: "《电子政务电子认证服务管理办法》第二十一条".into(),
        };
        let order = ReviewOrder { version: way.application.version, decision };
        let on = (ActKind::ReviewApplication, &*way.application.subject());
        let payload = serde_json::to_value(order).unwrap();
        let (permit, act) = reviewer.sign(self.world.institution.access(), on, &payload).await;
        way.application = way.ra().review(&permit, &way.application.id, act).await.unwrap();
    }

    async fn deliver(&self, way: &mut Way<'_>) {
        let (permit, at) = (way.own(Action::DeliverCertificate).await, way.application.at());
        let institution = &self.world.institution;
        way.application = institution.deliver_application(&permit, &at).await.unwrap();
    }

    async fn confirm(&self, way: &mut Way<'_>) {
        let institution = &self.world.institution;
        let outbox = std::fs::read_dir(institution.layout().outbox()).unwrap();
        let mut texts = outbox.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
        let number = way.application.number.to_string();
        let sent = texts.find(|text| text.contains(&number) && text.contains("激活码 "));
        let sent = sent.unwrap();
        let code = sent.split("激活码 ").nth(1).unwrap().get(..8).unwrap();
        let (permit, at) = (way.own(Action::ConfirmReceipt).await, way.application.at());
        way.application = institution.confirm_receipt(&permit, &at, code).await.unwrap();
    }

    /// A certificate that is received is suspended on its holder's word.
    async fn carried_out(&self, side: Side) -> Way<'_> {
        let held = Box::pin(self.at(side, "confirmed")).await;
        let concerns = Some(held.application.state.serials().unwrap().sign.clone());
        let office = Some(self.office(side).id.clone());
        let (service, kind) = ("suspend".to_owned(), "person".to_owned());
        let new = NewApplication { service, kind, office, concerns };
        let institution = &self.world.institution;
        let created = institution.registration().unwrap().begin(new).await.unwrap();
        let mut way = Way { institution, application: created.application, key: key() };
        way.fill_and_submit_with(&[("ground", "mislaid")]).await;
        way.proof(self.staff(side, Role::EntryClerk)).await;
        way.approve(self.staff(side, Role::Reviewer)).await.unwrap();
        let at = way.application.at();
        way.application = institution.carry_out_application(&at).await.unwrap();
        way
    }

    /// An open batch without sheets, of a unit.
    pub async fn batch(&self, side: Side) -> Batch {
        let clerk = self.staff(side, Role::EntryClerk);
        let permit = clerk.permit(self.world.institution.access(), Action::ImportBatch).await;
        let party = BatchParty {
            unit_name: "云中市档案馆".into(),
            credit_code: "12110101YX0000016B".into(),
            contact_name: "甄经办".into(),
            contact_phone: "13000000001".into(),
            contact_email: "contact@example.gov.cn".into(),
        };
        let office = Some(self.office(side).id.clone());
        let new = NewBatch { kind: "staff".into(), office, party };
        self.world.institution.registration().unwrap().begin_batch(&permit, new).await.unwrap()
    }

    /// A revocation on the word of a unit, written down and not signed.
    pub async fn revocation(&self, side: Side) -> Revocation {
        let held = self.at(side, "confirmed").await;
        let clerk = self.staff(side, Role::EntryClerk);
        let ra = self.world.institution.registration().unwrap();
        let mut grounds = ra.catalogue().grounds().iter();
        let is_whole = |one: &&ra::catalogue::Ground| {
            one.source == Source::Unit && one.services.iter().any(|service| service == "revoke")
        };
        let ground = grounds.find(is_whole).unwrap();
        let particulars = Particulars {
            requester: "云中市档案馆".into(),
            document_number: "云档〔2026〕1 号".into(),
            account: "持有人已调离该单位".into(),
        };
        let paper = b"%PDF-1.7 letter\n%%EOF".to_vec();
        let evidence = ground.evidence.iter().map(|one| (one.name.clone(), paper.clone()));
        let draft = RevocationDraft {
            ground: ground.name.clone(),
            serials: vec![held.application.state.serials().unwrap().sign.clone()],
            particulars,
            evidence: evidence.collect(),
        };
        let permit = clerk.permit(self.world.institution.access(), Action::EnterRevocation).await;
        let office = Some(self.office(side).id.clone());
        ra.draft_revocation(&permit, draft, office).await.unwrap()
    }
}
