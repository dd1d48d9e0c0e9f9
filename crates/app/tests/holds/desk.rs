//! Everybody who holds certificates and lifts holds: the holder, callers, units, courts, the administration, two
//! administrators of the institution, its programs. The tests of `web` use it too.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test takes what it needs"
)]

use access::{ActKind, Action};
use app::lifecycle::Change;
use app::registration::{Done, StatusOrder};
use ca::Status;
use gm::UserId;
use gm::sm2::PrivateKey;
use pki::Serial;
use ra::{
    Hold, HoldId, LiftingDraft, NewApplication, Particulars, Revocation, RevocationDecision,
    RevocationDraft, RevocationId, RevocationOrder, RevocationReview, Source, State,
};
use serde_json::Value;
use store::Actor;

use crate::way::{self, Staff, Way, key};
use crate::world::World;

/// The institution with its people.
pub struct Desk {
    pub world: World,
    pub clerk: Staff,
    pub reviewer: Staff,
    /// Two business administrators.
    pub heads: [Staff; 2],
}

/// Done, or refused.
pub type Outcome = Result<(), app::Error>;

impl Desk {
    pub async fn new(database: &str) -> Self {
        let (world, clerk, reviewer, heads) =
            way::world_with_heads(|settings| settings.storage.url = database.into()).await;
        Self { world, clerk, reviewer, heads }
    }

    /// The serial of the signing certificate of a person's pair.
    pub async fn certificate(&self) -> String {
        self.certificate_and_key().await.0
    }

    /// The same with its key.
    pub async fn certificate_and_key(&self) -> (String, PrivateKey) {
        let mut way = Way::begin(&self.world.institution).await;
        way.fill_and_submit().await;
        way.proof(&self.clerk).await;
        way.approve(&self.reviewer).await.unwrap();
        way.agree_and_request().await;
        way.issue().await;
        (way.application.state.serials().unwrap().sign.clone(), way.key)
    }

    /// Whether the hourly comparison finds nothing: what it finds halts the institution.
    pub async fn is_sound(&self) -> bool {
        let compared = self.world.institution.compare_registration(true).await.unwrap().unwrap();
        if !compared.is_sound() {
            eprintln!("{:?}", compared.findings);
        }
        compared.is_sound()
    }

    /// How the CA has it.
    pub async fn status(&self, serial: &str) -> Status {
        let serial = Serial::from_hex(serial).unwrap();
        self.world.institution.ca().find(&serial).await.unwrap().unwrap().record.status
    }

    pub async fn is_good(&self, serial: &str) -> bool {
        self.status(serial).await == Status::Good
    }

    /// The holds that stand, the oldest first.
    pub async fn holds(&self, serial: &str) -> Vec<Hold> {
        let permit = self.heads[0].permit(self.world.institution.access(), Action::ReadCertificate);
        let ra = self.world.institution.registration().unwrap();
        ra.holds(&permit.await, serial).await.unwrap()
    }

    pub async fn sources(&self, serial: &str) -> Vec<Source> {
        self.holds(serial).await.into_iter().map(|hold| hold.source).collect()
    }

    /// The oldest hold on somebody's word, or one that is none.
    pub async fn hold(&self, serial: &str, source: Source) -> HoldId {
        let mut holds = self.holds(serial).await.into_iter();
        let found = holds.find(|hold| hold.source == source).map(|hold| hold.id);
        found.unwrap_or_else(|| "no-such-hold".parse().unwrap())
    }

    /// The holder applies, two people decide, and it is carried out; how the application ended.
    pub async fn applies(
        &self,
        (service, ground): (&str, &str),
        serial: &str,
    ) -> Result<Way<'_>, app::Error> {
        let mut way = self.approved((service, ground), serial).await?;
        self.world.institution.carry_out_decisions().await?;
        let read = way.own(Action::ReadApplication).await;
        way.application = way.ra().application(&read, &way.application.id).await?;
        Ok(way)
    }

    /// The same as far as the approval.
    pub async fn approved(
        &self,
        (service, ground): (&str, &str),
        serial: &str,
    ) -> Result<Way<'_>, app::Error> {
        let institution = &self.world.institution;
        let (service, kind) = (service.to_owned(), "person".to_owned());
        let new = NewApplication { service, kind, office: None, concerns: Some(serial.into()) };
        let created = institution.registration()?.begin(new).await?;
        let mut way = Way { institution, application: created.application, key: key() };
        way.fill_and_submit_with(&[("ground", ground)]).await;
        way.proof(&self.clerk).await;
        way.approve(&self.reviewer).await?;
        Ok(way)
    }

    async fn act(
        &self,
        by: &Staff,
        (kind, object): (ActKind, &str),
        payload: &Value,
    ) -> Result<Done, app::Error> {
        let access = self.world.institution.access();
        let principal = by.principal(access).await;
        let pending = access.prepare_act(&principal, kind, object, payload).await?;
        let signature = by.0.sign(&UserId::default(), pending.statement.as_bytes()).to_der();
        self.world.institution.complete_act(&principal, (&pending.id, &signature)).await
    }

    /// One of the administrators orders a hold.
    pub async fn orders_hold(&self, head: usize, ground: &str, serial: &str) -> Outcome {
        let order = order(ground, Vec::new());
        let object = format!("certificate:{serial}");
        let on = (ActKind::SuspendCertificate, &*object);
        self.act(&self.heads[head], on, &serde_json::to_value(order).unwrap()).await.map(drop)
    }

    /// One of the administrators orders that a hold is lifted.
    pub async fn orders_lifting(
        &self,
        head: usize,
        (ground, hold): (&str, HoldId),
        serial: &str,
    ) -> Outcome {
        let order = order(ground, vec![hold]);
        let object = format!("certificate:{serial}");
        let on = (ActKind::ResumeCertificate, &*object);
        self.act(&self.heads[head], on, &serde_json::to_value(order).unwrap()).await.map(drop)
    }

    /// One administrator registers the document that lifts; signed for, it waits for another person.
    pub async fn registers_lifting(&self, what: (&str, HoldId)) -> Result<Revocation, app::Error> {
        let drafted = self.drafts_lifting(what).await?;
        self.signs(&drafted.id).await;
        Ok(drafted)
    }

    /// Whoever wrote a registration down signs for it.
    pub async fn signs(&self, id: &RevocationId) {
        let found = self.revocation(id).await;
        let (by, kind) = match found.is_lifting() {
            true => (&self.heads[0], ActKind::EnterLifting),
            false => (&self.clerk, ActKind::EnterRevocation),
        };
        let payload = serde_json::to_value(signed(&found)).unwrap();
        self.act(by, (kind, &found.subject()), &payload).await.unwrap();
    }

    /// The same, not signed.
    pub async fn drafts_lifting(
        &self,
        (ground, hold): (&str, HoldId),
    ) -> Result<Revocation, app::Error> {
        let ra = self.world.institution.registration()?;
        let evidence = ra.catalogue().ground(ground)?.evidence.clone();
        let draft = LiftingDraft {
            ground: ground.into(),
            holds: vec![hold],
            particulars: Particulars {
                requester: "云中市人民法院".into(),
                document_number: "（2026）云01执解1号".into(),
                account: "送达解除通知书".into(),
            },
            evidence: evidence.iter().map(|one| (one.name.clone(), paper())).collect(),
        };
        let permit =
            self.heads[0].permit(self.world.institution.access(), Action::ResumeCertificate).await;
        Ok(ra.draft_lifting(&permit, draft).await?)
    }

    /// A caller reads the code back.
    pub async fn proves(&self, id: &RevocationId) -> Result<Revocation, app::Error> {
        let institution = &self.world.institution;
        let enters = self.clerk.permit(institution.access(), Action::EnterRevocation).await;
        institution.call_back(&enters, id).await?;
        let number = self.revocation(id).await.number.to_string();
        let code = self.outbox(&number, "一次性代码 ");
        Ok(institution.registration()?.answer_call(&enters, id, &code).await?)
    }

    /// The other person decides on it.
    pub async fn reviews(
        &self,
        by: &Staff,
        (kind, id): (ActKind, &RevocationId),
        decision: RevocationDecision,
    ) -> Outcome {
        let payload = self.decision(id, decision).await;
        self.act(by, (kind, &format!("revocation:{id}")), &payload).await.map(drop)
    }

    /// What is signed about it.
    pub async fn decision(&self, id: &RevocationId, decision: RevocationDecision) -> Value {
        let order = signed(&self.revocation(id).await);
        let review = RevocationReview { order, decision, reason: "核对结果不一致".into() };
        serde_json::to_value(review).unwrap()
    }

    /// A caller reads the code back, and a clerk signs.
    pub async fn call(&self, serial: &str) -> Result<Revocation, app::Error> {
        let institution = &self.world.institution;
        let ra = institution.registration()?;
        let draft = RevocationDraft {
            ground: "phone-compromised".into(),
            serials: vec![serial.to_owned()],
            particulars: Particulars {
                requester: "签名人本人来电".into(),
                document_number: String::new(),
                account: "称密码设备被盗".into(),
            },
            evidence: Vec::new(),
        };
        let enters = self.clerk.permit(institution.access(), Action::EnterRevocation).await;
        let call = ra.draft_revocation(&enters, draft, None).await?;
        let call = self.proves(&call.id).await?;
        let payload = serde_json::to_value(signed(&call)).unwrap();
        let on = (ActKind::EnterRevocation, &*call.subject());
        self.act(&self.clerk, on, &payload).await?;
        Ok(call)
    }

    pub async fn decides(&self, call: &RevocationId, decision: RevocationDecision) -> Outcome {
        self.reviews(&self.reviewer, (ActKind::ReviewRevocation, call), decision).await
    }

    /// A program of the institution, by the API.
    pub async fn program(&self, serial: &str, change: Change) -> Outcome {
        let serial = Serial::from_hex(serial).unwrap();
        self.world.institution.change(serial, change, Actor::client("0011")).await.map(drop)
    }

    pub async fn sweep(&self) {
        self.world.institution.carry_out_decisions().await.unwrap();
    }

    pub async fn revocation(&self, id: &RevocationId) -> Revocation {
        let ra = self.world.institution.registration().unwrap();
        let reads =
            self.reviewer.permit(self.world.institution.access(), Action::ReadRevocations).await;
        ra.revocation(&reads, id).await.unwrap().revocation
    }

    fn outbox(&self, number: &str, words: &str) -> String {
        let files = std::fs::read_dir(self.world.institution.layout().outbox()).unwrap();
        let mut found = files
            .filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(number));
        let text = std::fs::read_to_string(found.next().unwrap().unwrap().path()).unwrap();
        text.split(words).nth(1).unwrap()[..8].to_owned()
    }
}

pub fn is_carried_out(way: &Way<'_>) -> bool {
    matches!(way.application.state, State::CarriedOut { .. })
}

fn paper() -> Vec<u8> {
    b"%PDF-1.7\n%%EOF".to_vec()
}

fn order(ground: &str, holds: Vec<HoldId>) -> StatusOrder {
    StatusOrder {
        ground: ground.into(),
        document_number: "（2026）云01执协1号".into(),
        account: "来文要求办理，已经核对".into(),
        holds,
    }
}

fn signed(found: &Revocation) -> RevocationOrder {
    RevocationOrder {
        version: found.version,
        ground: found.ground.name.clone(),
        count: 1,
        list_sm3: found.list_hash.clone(),
    }
}
