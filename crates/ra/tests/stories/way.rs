//! An applicant on the way of Measures Art. 21: each step as a method, for the stories.

use access::{ActKind, Action};
use gm::sm2::PrivateKey;
use ra::{
    Agreement, ApplicantSignature, Application, Decision, EvidenceRow, Finding, Form,
    NewApplication, ProofOrder, ReadyToIssue, ReturnOrder, ReviewOrder, Serials, SupplementItem,
    Upload,
};

use super::certificate::possession;
use super::world::{Staff, World, new_key, signature};

/// An application with what its applicant holds.
pub struct Way<'w> {
    pub world: &'w World,
    pub application: Application,
    pub check_code: String,
    pub key: PrivateKey,
}

/// Nobody is told anything: what goes out is the business of others.
pub struct Told;

impl ra::Post for Told {
    fn seal<'a>(
        &'a self,
        _: &'a ra::Delivery,
    ) -> futures_util::future::BoxFuture<'a, Result<ra::Enclosed, String>> {
        let nothing: ra::Enclosed = Box::new(|_| Box::pin(std::future::ready(Ok(()))));
        Box::pin(std::future::ready(Ok(nothing)))
    }
}

pub type Done = Result<(), ra::Error>;

impl<'w> Way<'w> {
    pub async fn begin(world: &'w World, kind: &str) -> Self {
        Self::begin_at(world, kind, None).await.unwrap()
    }

    pub async fn begin_at(
        world: &'w World,
        kind: &str,
        office: Option<ra::OfficeId>,
    ) -> Result<Self, ra::Error> {
        let new =
            NewApplication { service: "new".into(), kind: kind.into(), office, concerns: None };
        let created = world.ra.begin(new).await?;
        Ok(Self {
            world,
            application: created.application,
            check_code: created.check_code,
            key: new_key(),
        })
    }

    /// The permit of the applicant.
    pub async fn own(&self, action: Action) -> access::Permit {
        let principal = self.world.applicant(&self.application).await;
        self.world.access.permit(&principal, action).unwrap()
    }

    /// The kind with the form of the service.
    pub fn kind(&self) -> &'w ra::catalogue::Kind {
        let Application { kind, service, .. } = &self.application;
        self.world.ra.catalogue().kind_for(kind, service).unwrap()
    }

    /// The sample form of the kind.
    pub fn sample(&self) -> Form {
        let kind = self.kind();
        Form::new(kind.fields.iter().map(|field| (field.name.clone(), field.sample.clone())))
    }

    pub async fn fill(&mut self, form: Form) -> Done {
        let permit = self.own(Action::CreateApplication).await;
        let saved = self.world.ra.save_form(&permit, &self.application.at(), form).await?;
        self.application = saved.application;
        Ok(())
    }

    pub async fn attach(&mut self, name: &str, content: &[u8]) -> Done {
        let permit = self.own(Action::CreateApplication).await;
        let upload = Upload {
            name: name.into(),
            file_name: "甄有印 身份证.pdf".into(),
            content: content.to_vec(),
        };
        let at = self.application.at();
        self.application = self.world.ra.add_material(&permit, &at, upload).await?.0;
        Ok(())
    }

    /// Every required material.
    pub async fn attach_all(&mut self) -> Done {
        let kind = self.kind().clone();
        for rule in kind.materials.iter().filter(|rule| rule.required) {
            let content = format!("%PDF-1.7 {} of {}\n%%EOF", rule.name, self.application.id);
            self.attach(&rule.name, content.as_bytes()).await?;
        }
        Ok(())
    }

    pub async fn acknowledge(&mut self, notice: &str) -> Done {
        let permit = self.own(Action::AcknowledgeNotice).await;
        let at = self.application.at();
        let given = self.world.ra.acknowledge(&permit, &at, (notice, "2026-1")).await?;
        self.application = given.0;
        Ok(())
    }

    pub async fn acknowledge_all(&mut self) -> Done {
        for notice in ["conditions", "liability", "information", "responsibility"] {
            self.acknowledge(notice).await?;
        }
        Ok(())
    }

    pub async fn submit(&mut self) -> Done {
        let permit = self.own(Action::SubmitApplication).await;
        self.application = self.world.ra.submit(&permit, &self.application.at()).await?;
        Ok(())
    }

    /// A faultless proof by the method.
    pub async fn proof_order(&self, by: &Staff, method: &str) -> Result<ProofOrder, ra::Error> {
        let ra = &self.world.ra;
        let id = &self.application.id;
        let permit = self.world.permit(by, Action::ProofIdentity).await;
        let reads = self.world.permit(by, Action::ReadApplication).await;
        let elements = ra.elements(&permit, id).await?;
        let materials = ra.materials(&reads, id).await?;
        let means_of = ra.catalogue().method(method)?;
        let row = |element: &ra::Element| {
            let mut able = means_of.means.iter().filter(|m| m.proves.contains(&element.matter));
            let means = able.next().unwrap();
            EvidenceRow {
                element: element.key.clone(),
                means: means.name.clone(),
                finding: Finding::Matched,
                material: materials.first().map(|material| material.id.clone()),
                inquiry: None,
                note: Some("已按规定核对无误".into()),
            }
        };
        let evidence = elements.iter().map(row).collect();
        Ok(ProofOrder { version: self.application.version, method: method.into(), evidence })
    }

    pub async fn proof(&mut self, by: &Staff) -> Done {
        let order = self.proof_order(by, "in-person").await?;
        self.proof_as(by, &order).await
    }

    pub async fn proof_as(&mut self, by: &Staff, order: &ProofOrder) -> Done {
        let on = (ActKind::ProofIdentity, &*self.application.subject());
        let (permit, act) = self.world.signed(by, on, order).await;
        self.application = self.world.ra.proof(&permit, &self.application.id, act).await?.0;
        Ok(())
    }

    pub async fn send_back(&mut self, by: &Staff, targets: &[&str]) -> Done {
        let item = |target: &&str| SupplementItem {
            target: (*target).into(),
            defect: "与证件不一致".into(),
            article: "《电子政务电子认证服务管理办法》第二十一条第一款".into(),
            remedy: "请按证件更正".into(),
        };
        let items = targets.iter().map(item).collect();
        let order = ReturnOrder { version: self.application.version, items };
        let on = (ActKind::ReturnApplication, &*self.application.subject());
        let (permit, act) = self.world.signed(by, on, &order).await;
        self.application = self.world.ra.send_back(&permit, &self.application.id, act).await?;
        Ok(())
    }

    /// Approves with the whole checklist ticked and all duplicates seen.
    pub async fn approve(&mut self, by: &Staff) -> Done {
        let ra = &self.world.ra;
        let list = ra.catalogue().checklist_for(&self.application.kind, &self.application.service);
        let ticked = list.iter().map(|item| item.name.clone()).collect();
        let reads = self.world.permit(by, Action::ReadApplication).await;
        let duplicates = ra.duplicates(&reads, &self.application.id).await?;
        let duplicates = duplicates.into_iter().map(|other| other.application.id).collect();
        self.decide(by, Decision::Approve { ticked, duplicates, opinion: None }).await
    }

    pub async fn decide(&mut self, by: &Staff, decision: Decision) -> Done {
        let order = ReviewOrder { version: self.application.version, decision };
        let on = (ActKind::ReviewApplication, &*self.application.subject());
        let (permit, act) = self.world.signed(by, on, &order).await;
        self.application = self.world.ra.review(&permit, &self.application.id, act).await?;
        Ok(())
    }

    /// Both sides sign; the applicant with the key that will be certified.
    pub async fn agree(&mut self) -> Result<Agreement, ra::Error> {
        let permit = self.own(Action::AgreeApplication).await;
        let text = self.world.ra.draw_agreement(&permit, &self.application.at()).await?;
        let statement = text.statement();
        let applicant = ApplicantSignature::Key {
            public_key: *self.key.public_key(),
            signature: signature(&self.key, &statement),
        };
        let institution = signature(&self.world.agreement_key, &statement);
        self.agree_as(institution, applicant).await
    }

    pub async fn agree_as(
        &mut self,
        institution: gm::Signature,
        applicant: ApplicantSignature,
    ) -> Result<Agreement, ra::Error> {
        let permit = self.own(Action::AgreeApplication).await;
        let at = self.application.at();
        let (application, agreement) =
            self.world.ra.agree(&permit, &at, (institution, applicant)).await?;
        self.application = application;
        Ok(agreement)
    }

    pub async fn request(&mut self) -> Done {
        let permit = self.own(Action::RequestCertificate).await;
        let at = self.application.at();
        let possession = possession(&self.key);
        self.application = self.world.ra.request(&permit, &at, (&possession, None)).await?;
        Ok(())
    }

    pub async fn ready(&self) -> Result<ReadyToIssue, ra::Error> {
        let permit = self.own(Action::IssueApplication).await;
        self.world.ra.ready_to_issue(&permit, &self.application.at()).await
    }

    pub async fn issue(&mut self) -> Done {
        let ready = self.ready().await?;
        let serial = self.application.id.as_str();
        let serial = &serial[..30];
        let serials = Serials { sign: format!("4a{serial}"), enc: Some(format!("4b{serial}")) };
        let permit = self.own(Action::IssueApplication).await;
        self.application = self.world.ra.issued(&permit, ready, serials).await?;
        Ok(())
    }

    pub async fn deliver(&mut self) -> Result<String, ra::Error> {
        let permit = self.own(Action::DeliverCertificate).await;
        let delivery = self.world.ra.deliver(&permit, &self.application.at(), &Told).await?;
        self.application = delivery.application;
        Ok(delivery.activation_code)
    }

    pub async fn confirm(&mut self, code: &str) -> Done {
        let permit = self.own(Action::ConfirmReceipt).await;
        let at = self.application.at();
        self.application = self.world.ra.confirm(&permit, &at, code).await?;
        Ok(())
    }

    /// Up to the submission, with notices.
    pub async fn submitted(&mut self) {
        self.fill(self.sample()).await.unwrap();
        self.attach_all().await.unwrap();
        self.acknowledge_all().await.unwrap();
        self.submit().await.unwrap();
    }

    /// Up to the review.
    pub async fn reviewed(&mut self) {
        self.submitted().await;
        self.proof(&self.world.clerk.clone()).await.unwrap();
        self.approve(&self.world.reviewer.clone()).await.unwrap();
    }

    /// Up to the applicant's key.
    pub async fn requested(&mut self) {
        self.reviewed().await;
        self.agree().await.unwrap();
        self.request().await.unwrap();
    }

    pub async fn end(&mut self) {
        self.requested().await;
        self.issue().await.unwrap();
        let code = self.deliver().await.unwrap();
        self.confirm(&code).await.unwrap();
    }
}
