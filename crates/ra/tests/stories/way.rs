//! The way of Measures Art. 21, from the first page to the confirmed certificate.

use access::{ActKind, Action};
use gm::sm2::PrivateKey;
use ra::{
    Agreement, ApplicantSignature, Application, Decision, EnterOrder, EvidenceRow, Finding, Form,
    NewApplication, ProofOrder, ReadyToIssue, Receipt, ReturnOrder, ReviewOrder, Serials, State,
    SupplementItem, Upload,
};

use super::certificate::possession;
use super::world::{Staff, World, new_key, on_each_engine, signature};

/// An application with what its applicant holds.
pub struct Way<'w> {
    pub world: &'w World,
    pub application: Application,
    pub check_code: String,
    pub key: PrivateKey,
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

    /// The sample form of the kind.
    pub fn sample(&self) -> Form {
        let kind = self.world.ra.catalogue().kind(&self.application.kind).unwrap();
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
        let kind = self.world.ra.catalogue().kind(&self.application.kind).unwrap().clone();
        for rule in kind.materials.iter().filter(|rule| rule.required) {
            let content = format!("%PDF-1.7 {} of {}", rule.name, self.application.id);
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
        self.application = self.world.ra.request(&permit, &at, &possession).await?;
        Ok(())
    }

    pub async fn ready(&self) -> Result<ReadyToIssue, ra::Error> {
        let permit = self.own(Action::IssueApplication).await;
        self.world.ra.ready_to_issue(&permit, &self.application.at()).await
    }

    pub async fn issue(&mut self) -> Done {
        let ready = self.ready().await?;
        let serial = self.application.id.as_str();
        let serials = Serials { sign: format!("a{serial}"), enc: Some(format!("b{serial}")) };
        let permit = self.own(Action::IssueApplication).await;
        self.application = self.world.ra.issued(&permit, ready, serials).await?;
        Ok(())
    }

    pub async fn deliver(&mut self) -> Result<String, ra::Error> {
        let permit = self.own(Action::DeliverCertificate).await;
        let delivery = self.world.ra.deliver(&permit, &self.application.at()).await?;
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

#[tokio::test]
async fn every_kind_goes_the_whole_way_and_each_step_is_a_record() {
    on_each_engine(|world| async move {
        for kind in ["person", "staff", "unit", "device", "server"] {
            let mut way = Way::begin(&world, kind).await;
            way.end().await;
            let confirmed =
                matches!(way.application.state, State::Confirmed { receipt: Receipt::Code, .. });
            assert!(confirmed, "{kind}: {:?}", way.application.state);
            let kinds = world.kinds(&way.application).await;
            for step in [
                "created",
                "saved",
                "acknowledged",
                "submitted",
                "proofed",
                "reviewed",
                "agreed",
                "requested",
                "issued",
                "delivered",
                "confirmed",
            ] {
                assert!(kinds.contains(&format!("application.{step}")), "{kind} {step}");
            }
            let acknowledged = kinds.iter().filter(|k| *k == "application.acknowledged").count();
            assert_eq!(acknowledged, 4);
        }
        let report = world.store.verify_journal(store::Scope::Full).await.unwrap();
        assert!(report.is_sound(), "{:?}", report.findings);
    })
    .await;
}

#[tokio::test]
async fn the_order_of_issue_carries_what_was_proofed_and_all_evidence() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "unit").await;
        way.requested().await;
        let ready = way.ready().await.unwrap();
        assert_eq!(ready.request_id(), format!("ra-{}-1", way.application.id));
        assert_eq!(ready.subject().common_name, "云中市档案馆");
        assert_eq!(ready.subject().identifiers.len(), 1);
        assert_eq!(ready.possession().public_key(), way.key.public_key());
        assert_eq!(ready.acknowledgements().len(), 4);
        assert_eq!(ready.proof().level(), 3);
        assert_eq!(ready.proof().person(), world.clerk.person.id.as_str());
        assert_eq!(ready.review().person(), world.reviewer.person.id.as_str());
        assert_eq!(ready.agreement().version(), "2026-1");
        assert_eq!(ready.term_years(), 1);
        // After a crash the same order again; once issued, never.
        assert_eq!(way.ready().await.unwrap().request_id(), ready.request_id());
        way.issue().await.unwrap();
        assert_eq!(way.ready().await.unwrap_err().code(), "ra.out_of_order");
        let permit = way.own(Action::IssueApplication).await;
        let serials = Serials { sign: "c1".into(), enc: None };
        let late = world.ra.issued(&permit, ready, serials).await.unwrap_err();
        assert_eq!(late.code(), "ra.changed", "a permission is used once");
    })
    .await;
}

#[tokio::test]
async fn the_form_is_kept_when_it_is_wrong_and_told_all_at_once() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        let mut form = way.sample();
        form.set("id_number", "110101190001010015");
        form.set("phone", "12");
        form.set("holder_name", "  甄有印  ");
        let permit = way.own(Action::CreateApplication).await;
        let saved = world.ra.save_form(&permit, &way.application.at(), form).await.unwrap();
        let fields: Vec<&str> = saved.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["id_number", "phone"]);
        way.application = saved.application;
        let permit = way.own(Action::ReadApplication).await;
        let view = world.ra.form(&permit, &way.application.id).await.unwrap();
        let kept = |name: &str| view.rows.iter().find(|row| row.name == name).unwrap();
        assert_eq!(kept("id_number").value, "110101190001010015");
        assert_eq!(kept("phone").value, "12");
        assert_eq!(kept("document_type").shown, "居民身份证");
        assert_eq!(view.errors.len(), 2);
        // Handing in tells these and the missing material together.
        let error = way.submit().await.unwrap_err();
        let ra::Error::Form(errors) = &error else { panic!("{error}") };
        let fields: Vec<&str> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["id_number", "phone", "material:identity_document"]);
        assert!(error.to_string().contains("3 处"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn who_entered_or_proofed_does_not_review() {
    on_each_engine(|world| async move {
        // Proofed by one who is reviewer, too.
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        way.proof(&world.both).await.unwrap();
        let error = way.approve(&world.both).await.unwrap_err();
        assert_eq!(error.code(), "ra.second_person");
        assert!(error.to_string().contains("第二十一条"), "{error}");
        way.approve(&world.reviewer).await.unwrap();
        // Entered at the counter by one who is reviewer, too, and proofed by another.
        let permit = world.permit(&world.both, Action::CreateApplication).await;
        let new = NewApplication {
            service: "new".into(),
            kind: "unit".into(),
            office: None,
            concerns: None,
        };
        let created = world.ra.create(&permit, new).await.unwrap();
        let mut way = Way {
            world: &world,
            application: created.application,
            check_code: created.check_code,
            key: new_key(),
        };
        way.fill(way.sample()).await.unwrap();
        way.attach_all().await.unwrap();
        way.acknowledge_all().await.unwrap();
        let order = EnterOrder { version: way.application.version };
        let on = (ActKind::EnterApplication, &*way.application.subject());
        let (permit, act) = world.signed(&world.both, on, &order).await;
        way.application = world.ra.enter(&permit, &way.application.id, act).await.unwrap();
        way.proof(&world.clerk).await.unwrap();
        let error = way.approve(&world.both).await.unwrap_err();
        assert_eq!(error.code(), "ra.second_person");
        way.approve(&world.reviewer).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_signed_act_counts_for_its_application_and_version_only() {
    on_each_engine(|world| async move {
        let (mut one, mut two) =
            (Way::begin(&world, "person").await, Way::begin(&world, "person").await);
        one.submitted().await;
        two.submitted().await;
        let order = one.proof_order(&world.clerk, "in-person").await.unwrap();
        let on = (ActKind::ProofIdentity, &*one.application.subject());
        let (permit, act) = world.signed(&world.clerk, on, &order).await;
        let error = world.ra.proof(&permit, &two.application.id, act).await.unwrap_err();
        assert_eq!(error.code(), access::Error::ActWrong.code());
        // The version that was signed is the one that counts.
        let stale = ProofOrder { version: order.version - 1, ..order.clone() };
        assert_eq!(one.proof_as(&world.clerk, &stale).await.unwrap_err().code(), "ra.changed");
        // Something else was signed.
        let on = (ActKind::ProofIdentity, &*one.application.subject());
        let (permit, act) = world.signed(&world.clerk, on, &serde_json::json!({"x": 1})).await;
        let error = world.ra.proof(&permit, &one.application.id, act).await.unwrap_err();
        assert_eq!(error.code(), "ra.signed_act_needed");
    })
    .await;
}

#[tokio::test]
async fn refusal_needs_reason_and_basis_and_tells_the_applicant() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.submitted().await;
        way.proof(&world.clerk).await.unwrap();
        let refuse = |reason: &str| Decision::Refuse {
            reason: reason.into(),
            basis: "《电子政务电子认证服务管理办法》第二十一条第三款".into(),
        };
        let error = way.decide(&world.reviewer, refuse("")).await.unwrap_err();
        assert_eq!(error.code(), "ra.reason_missing");
        way.decide(&world.reviewer, refuse("证件影像与本人不符")).await.unwrap();
        assert_eq!(way.application.state.word(), "refused");
        let permit = way.own(Action::ReadApplication).await;
        let told = world.ra.decision(&permit, &way.application.id).await.unwrap().unwrap();
        assert_eq!(told.decision, refuse("证件影像与本人不符"));
        assert!(way.agree().await.is_err());
    })
    .await;
}

#[tokio::test]
async fn the_agreement_is_with_the_institution_and_signed_by_both_sides() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.reviewed().await;
        let permit = way.own(Action::AgreeApplication).await;
        let at = way.application.at();
        let text = world.ra.draw_agreement(&permit, &at).await.unwrap();
        assert!(text.text().contains("甲方（电子政务电子认证服务机构）：示例电子认证服务有限公司"));
        assert!(text.text().contains("甄有印") && text.text().contains("110101190001010014"));
        assert!(text.text().contains("第二十七条　") && !text.text().contains('{'));
        assert_eq!(world.ra.draw_agreement(&permit, &at).await.unwrap(), text);
        let (statement, stranger) = (text.statement(), new_key());
        let by_applicant = |key: &PrivateKey, text: &str| ApplicantSignature::Key {
            public_key: *way.key.public_key(),
            signature: signature(key, text),
        };
        let by_stranger = by_applicant(&stranger, &statement);
        let right = || signature(&world.agreement_key, &statement);
        let other_text = by_applicant(&way.key, "另一文本");
        let good = by_applicant(&way.key, &statement);
        for (institution, applicant) in [
            (signature(&stranger, &statement), good),
            (right(), by_stranger),
            (right(), other_text),
        ] {
            let error = way.agree_as(institution, applicant).await.unwrap_err();
            assert_eq!(error.code(), "ra.agreement_signature");
        }
        way.agree().await.unwrap();
        // The key that signed is the key that is certified.
        let signed_with = std::mem::replace(&mut way.key, new_key());
        assert_eq!(way.request().await.unwrap_err().code(), "ra.key_differs");
        way.key = signed_with;
        way.request().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_handwritten_signature_needs_two_witnesses() {
    on_each_engine(|world| async move {
        let mut way = Way::begin(&world, "person").await;
        way.reviewed().await;
        let permit = way.own(Action::AgreeApplication).await;
        let text = world.ra.draw_agreement(&permit, &way.application.at()).await.unwrap();
        let institution = || signature(&world.agreement_key, &text.statement());
        let paper = |first: &str, second: &str, scan: &[u8]| ApplicantSignature::Handwritten {
            scan: scan.to_vec(),
            witnesses: [first.into(), second.into()],
        };
        for (first, second) in [("易可验", ""), ("易可验", "易可验"), ("甄有印", "易可验")]
        {
            let applicant = paper(first, second, b"%PDF-");
            let error = way.agree_as(institution(), applicant).await.unwrap_err();
            assert_eq!(error.code(), "ra.witnesses", "{first} {second}");
        }
        let applicant = paper("易可验", "石清签", b"<html>");
        let error = way.agree_as(institution(), applicant).await.unwrap_err();
        assert_eq!(error.code(), "ra.material");
        way.agree_as(institution(), paper("易可验", "石清签", b"%PDF-1.7")).await.unwrap();
        way.request().await.unwrap();
        way.issue().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_key_is_used_once() {
    on_each_engine(|world| async move {
        let mut one = Way::begin(&world, "person").await;
        one.requested().await;
        let mut two = Way::begin(&world, "unit").await;
        two.reviewed().await;
        two.key = PrivateKey::from_bytes(&one.key.to_bytes()).unwrap();
        two.agree().await.unwrap();
        assert_eq!(two.request().await.unwrap_err().code(), "ra.key_used");
        let mut three = Way::begin(&world, "device").await;
        three.reviewed().await;
        three.agree().await.unwrap();
        let fingerprint = three.key.public_key().fingerprint();
        world.keys.0.lock().unwrap().insert(fingerprint, ra::Certified::Ended);
        let error = three.request().await.unwrap_err();
        assert_eq!(error.code(), "ra.key_used");
        assert!(error.to_string().contains("《电子签名法》第十三条"), "{error}");
    })
    .await;
}
