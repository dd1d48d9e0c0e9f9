//! Applications of the demonstration, one in every state a clerk meets: each came there by its own
//! legal way, none was written into a table.

use std::path::Path;

use access::{ActKind, Action, Permit, Principal};
use anyhow::Context;
use gm::sm2::PrivateKey;
use gm::{OsRandom, UserId};
use pki::CertificationRequest;
use pki::ident::IdNumber;
use ra::{
    ApplicantSignature, Application, Decision, EvidenceRow, Finding, Form, NewApplication,
    OfficeId, ProofOrder, ReturnOrder, ReviewOrder, SupplementItem, Upload,
};

use super::desk::{Desk, arrival};
use crate::subscriber;

/// How far an application of the demonstration goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Goal {
    Draft,
    Submitted,
    Acknowledged,
    Proofed,
    Reviewed,
    Agreed,
    Delivered,
    Confirmed,
    Withdrawn,
    Returned,
    Refused,
}

/// Holder, kind, which office (0: the institution itself), and how far.
const APPLICATIONS: [(&str, &str, usize, Goal); 16] = [
    ("甄未交", "person", 0, Goal::Draft),
    ("甄告知", "person", 0, Goal::Submitted),
    ("甄待核", "person", 0, Goal::Acknowledged),
    ("甄云核", "person", 1, Goal::Acknowledged),
    ("甄海核", "person", 2, Goal::Acknowledged),
    ("甄待审", "person", 0, Goal::Proofed),
    ("甄云审", "person", 1, Goal::Proofed),
    ("甄补正", "person", 0, Goal::Returned),
    ("甄未准", "person", 0, Goal::Refused),
    ("甄撤回", "person", 2, Goal::Withdrawn),
    ("甄待签", "person", 1, Goal::Reviewed),
    ("甄待钥", "person", 0, Goal::Agreed),
    ("甄待领", "person", 0, Goal::Delivered),
    ("甄已领", "person", 1, Goal::Confirmed),
    ("贾公务", "staff", 0, Goal::Acknowledged),
    ("云中市样例局", "unit", 0, Goal::Proofed),
];

/// Who takes in and who reviews, by office.
const CLERKS: [(&str, &str); 3] = [("linsl", "gush"), ("yunsl", "yunsh"), ("haisl", "haish")];

/// Makes them. Each is its own; a repetition would make them again.
pub async fn make(desk: &Desk<'_>, offices: &[OfficeId]) -> anyhow::Result<()> {
    for (at, (name, kind, place, goal)) in APPLICATIONS.into_iter().enumerate() {
        let office = place.checked_sub(1).and_then(|at| offices.get(at)).cloned();
        let (clerk, reviewer) = CLERKS.get(place).copied().context("受理点没有人员")?;
        let new =
            NewApplication { service: "new".into(), kind: kind.into(), office, concerns: None };
        let mut way = Way::begin(desk, new).await?;
        let made = way.go((name, at), goal, (clerk, reviewer)).await;
        made.with_context(|| format!("演示申请“{name}”"))?;
    }
    Ok(())
}

/// One application on its way.
struct Way<'d> {
    desk: &'d Desk<'d>,
    application: Application,
    applicant: Principal,
    key: PrivateKey,
}

impl<'d> Way<'d> {
    async fn begin(desk: &'d Desk<'d>, new: NewApplication) -> anyhow::Result<Self> {
        let (created, session) = desk.institution.begin_application(new, arrival()).await?;
        let applicant = desk.access().authenticate_cookie(session.token.as_str()).await?;
        let key = PrivateKey::generate(&mut OsRandom)?;
        Ok(Self { desk, application: created.application, applicant, key })
    }

    fn ra(&self) -> anyhow::Result<&'d ra::Ra> {
        Ok(self.desk.institution.registration()?)
    }

    fn own(&self, action: Action) -> anyhow::Result<Permit> {
        Ok(self.desk.access().permit(&self.applicant, action)?)
    }

    /// The application as it stands now.
    async fn again(&mut self) -> anyhow::Result<()> {
        let permit = self.own(Action::ReadApplication)?;
        self.application = self.ra()?.application(&permit, &self.application.id).await?;
        Ok(())
    }

    async fn go(
        &mut self,
        holder: (&str, usize),
        goal: Goal,
        (clerk, reviewer): (&str, &str),
    ) -> anyhow::Result<()> {
        self.fill(holder).await?;
        if goal == Goal::Draft {
            return Ok(());
        }
        self.submit().await?;
        if goal == Goal::Submitted {
            return Ok(());
        }
        self.acknowledge().await?;
        match goal {
            Goal::Acknowledged => return Ok(()),
            Goal::Withdrawn => return self.withdraw().await,
            Goal::Returned => return self.send_back(clerk).await,
            _ => self.proof(clerk).await?,
        }
        match goal {
            Goal::Proofed => return Ok(()),
            Goal::Refused => return self.refuse(reviewer).await,
            _ => self.approve(reviewer).await?,
        }
        if goal == Goal::Reviewed {
            return Ok(());
        }
        self.agree().await?;
        if goal == Goal::Agreed {
            return Ok(());
        }
        self.issue().await?;
        if goal == Goal::Confirmed { self.confirm().await } else { Ok(()) }
    }

    async fn fill(&mut self, (name, at): (&str, usize)) -> anyhow::Result<()> {
        let ra = self.ra()?;
        let kind = ra.catalogue().kind(&self.application.kind)?.clone();
        let permit = self.own(Action::CreateApplication)?;
        let id = id_number(at)?;
        let value = |field: &str, sample: &str| match field {
            "holder_name" => name.to_owned(),
            "unit_name" if self.application.kind == "unit" => name.to_owned(),
            "id_number" | "agent_id_number" => id.clone(),
            "phone" => format!("1300000{at:04}"),
            _ => sample.to_owned(),
        };
        let other_paper = |field: &str| matches!(field, "passport_number" | "officer_number");
        let asked = kind.fields.iter().filter(|field| !other_paper(&field.name));
        let fields = asked.map(|f| (f.name.clone(), value(&f.name, &f.sample)));
        let saved = ra.save_form(&permit, &self.application.at(), Form::new(fields)).await?;
        self.application = saved.application;
        for rule in kind.materials.iter().filter(|rule| rule.required) {
            let upload = Upload {
                name: rule.name.clone(),
                file_name: "演示材料.pdf".into(),
                content: material(at),
            };
            let added = ra.add_material(&permit, &self.application.at(), upload).await?;
            self.application = added.0;
        }
        Ok(())
    }

    async fn submit(&mut self) -> anyhow::Result<()> {
        let permit = self.own(Action::SubmitApplication)?;
        self.application = self.ra()?.submit(&permit, &self.application.at()).await?;
        Ok(())
    }

    async fn acknowledge(&mut self) -> anyhow::Result<()> {
        let (ra, permit) = (self.ra()?, self.own(Action::AcknowledgeNotice)?);
        let reads = self.own(Action::ReadApplication)?;
        let open = ra.notices(&reads, &self.application.id).await?;
        let open: Vec<(String, String)> = open
            .into_iter()
            .map(|status| (status.notice.name.clone(), status.version.number.clone()))
            .collect();
        for (notice, version) in open {
            let at = self.application.at();
            self.application = ra.acknowledge(&permit, &at, (&notice, &version)).await?.0;
        }
        Ok(())
    }

    async fn withdraw(&mut self) -> anyhow::Result<()> {
        let permit = self.own(Action::WithdrawApplication)?;
        self.application = self.ra()?.withdraw(&permit, &self.application.at()).await?;
        Ok(())
    }

    async fn send_back(&mut self, clerk: &str) -> anyhow::Result<()> {
        let kind = self.ra()?.catalogue().kind(&self.application.kind)?;
        let material = kind.materials.first().context("没有材料")?.name.clone();
        let item = |target: String, defect: &str, remedy: &str| SupplementItem {
            target,
            defect: defect.to_owned(),
            article: "《电子政务电子认证服务管理办法》第二十一条".to_owned(),
            remedy: remedy.to_owned(),
        };
        let items = vec![
            item(format!("material:{material}"), "证件背面没有拍到", "请重新上传正反两面"),
            item("phone".into(), "拨打后无人接听，无法核验", "请填写本人在用的手机号码"),
        ];
        let order = ReturnOrder { version: self.application.version, items };
        self.act(clerk, ActKind::ReturnApplication, &order).await
    }

    async fn proof(&mut self, clerk: &str) -> anyhow::Result<()> {
        let (ra, id) = (self.ra()?, self.application.id.clone());
        let (principal, _) = self.desk.sign_in(clerk).await?;
        let permit = self.desk.institution.permit(&principal, Action::ProofIdentity)?;
        let elements = ra.elements(&permit, &id).await?;
        let reads = self.own(Action::ReadApplication)?;
        let material = ra.materials(&reads, &id).await?.first().map(|one| one.id.clone());
        let kind = ra.catalogue().kind(&self.application.kind)?;
        let methods = ra.catalogue().methods_for(kind, &self.application.service);
        let method = methods.into_iter().find(|method| {
            let proves = |element: &ra::Element| {
                method.means.iter().any(|means| means.proves.contains(&element.matter))
            };
            elements.iter().all(proves)
        });
        let method = method.context("没有适用的核验方式")?;
        let row = |element: &ra::Element| {
            let means = method.means.iter().find(|means| means.proves.contains(&element.matter));
            Ok(EvidenceRow {
                element: element.key.clone(),
                means: means.context("没有适用的核验手段")?.name.clone(),
                finding: Finding::Matched,
                material: material.clone(),
                inquiry: None,
                note: Some("已当面核对原件，与申请表一致".into()),
            })
        };
        let evidence = elements.iter().map(row).collect::<anyhow::Result<_>>()?;
        let version = self.application.version;
        let order = ProofOrder { version, method: method.name.clone(), evidence };
        self.act(clerk, ActKind::ProofIdentity, &order).await
    }

    async fn approve(&mut self, reviewer: &str) -> anyhow::Result<()> {
        let ra = self.ra()?;
        let (kind, service) = (&self.application.kind, &self.application.service);
        let ticked = ra.catalogue().checklist_for(kind, service);
        let ticked = ticked.iter().map(|item| item.name.clone()).collect();
        let decision = Decision::Approve { ticked, duplicates: Vec::new(), opinion: None };
        let order = ReviewOrder { version: self.application.version, decision };
        self.act(reviewer, ActKind::ReviewApplication, &order).await
    }

    async fn refuse(&mut self, reviewer: &str) -> anyhow::Result<()> {
        let decision = Decision::Refuse {
            reason: "证件照片与现场核验的本人不一致".into(),
            basis: "《电子政务电子认证服务管理办法》第二十一条第三款".into(),
        };
        let order = ReviewOrder { version: self.application.version, decision };
        self.act(reviewer, ActKind::ReviewApplication, &order).await
    }

    async fn act(
        &mut self,
        login: &str,
        kind: ActKind,
        order: &impl serde::Serialize,
    ) -> anyhow::Result<()> {
        self.desk.act(login, (kind, &self.application.subject()), order).await?;
        self.again().await
    }

    async fn agree(&mut self) -> anyhow::Result<()> {
        let permit = self.own(Action::AgreeApplication)?;
        let text = self.ra()?.draw_agreement(&permit, &self.application.at()).await?;
        let applicant = ApplicantSignature::Key {
            public_key: *self.key.public_key(),
            signature: self.key.sign(&UserId::default(), text.statement().as_bytes()),
        };
        let (at, institution) = (self.application.at(), self.desk.institution);
        self.application = institution.conclude_agreement(&permit, &at, applicant).await?.0;
        Ok(())
    }

    async fn issue(&mut self) -> anyhow::Result<()> {
        let csr = subscriber::request(&self.key, "C=CN,CN=demo")?;
        let csr = CertificationRequest::from_pem_or_der(csr.as_bytes())?;
        let possession = csr.prove_possession(&UserId::default())?;
        let (ra, institution) = (self.ra()?, self.desk.institution);
        let permit = self.own(Action::RequestCertificate)?;
        self.application = ra.request(&permit, &self.application.at(), (&possession, None)).await?;
        let permit = self.own(Action::IssueApplication)?;
        self.application = institution.issue_application(&permit, &self.application.at()).await?;
        let permit = self.own(Action::DeliverCertificate)?;
        self.application = institution.deliver_application(&permit, &self.application.at()).await?;
        Ok(())
    }

    /// The code is where the applicant would find it: in the message.
    async fn confirm(&mut self) -> anyhow::Result<()> {
        let outbox = self.desk.institution.layout().outbox();
        let code = code_for(&outbox, self.application.number.as_str())?;
        let permit = self.own(Action::ConfirmReceipt)?;
        let at = self.application.at();
        self.application = self.desk.institution.confirm_receipt(&permit, &at, &code).await?;
        Ok(())
    }
}

/// The activation code in the message about an application.
fn code_for(outbox: &Path, number: &str) -> anyhow::Result<String> {
    for entry in std::fs::read_dir(outbox)? {
        let text = std::fs::read_to_string(entry?.path())?;
        let code = text.split("激活码 ").nth(1).and_then(|rest| rest.get(..8));
        if let (true, Some(code)) = (text.contains(number), code) {
            return Ok(code.to_owned());
        }
    }
    anyhow::bail!("没有找到申请 {number} 的激活码")
}

/// A made-up number with a valid check digit: born in 1900, so that it can be nobody's.
fn id_number(at: usize) -> anyhow::Result<String> {
    let stem = format!("11010119000101{:03}", at + 101);
    let candidates = "0123456789X".chars().map(|check| format!("{stem}{check}"));
    let valid = candidates.into_iter().find(|text| IdNumber::parse(text).is_ok());
    valid.context("无法编出演示证件号码")
}

/// A page that says what it is, different for each application.
fn material(at: usize) -> Vec<u8> {
    let show = format!("BT /F1 24 Tf 60 760 Td (DEMONSTRATION MATERIAL {at:03}) Tj ET");
    let objects = [
        "<< /Type /Catalog /Pages 2 0 R >>".to_owned(),
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>".to_owned(),
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources \
         << /Font << /F1 5 0 R >> >> >>"
            .to_owned(),
        format!("<< /Length {} >>\nstream\n{show}\nendstream", show.len()),
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>".to_owned(),
    ];
    let mut file = String::from("%PDF-1.4\n");
    let mut places = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        places.push(file.len());
        file.push_str(&format!("{} 0 obj\n{object}\nendobj\n", at + 1));
    }
    let table = file.len();
    file.push_str(&format!("xref\n0 {}\n0000000000 65535 f \n", places.len() + 1));
    places.iter().for_each(|place| file.push_str(&format!("{place:010} 00000 n \n")));
    let trailer = format!("trailer\n<< /Size {} /Root 1 0 R >>\n", places.len() + 1);
    file.push_str(&format!("{trailer}startxref\n{table}\n%%EOF\n"));
    file.into_bytes()
}
