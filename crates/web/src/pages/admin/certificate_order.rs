//! What an administrator orders about one certificate: a hold set at once by one signature, for it can be taken
//! back; a hold lifted by one signature, or registered to be lifted by two people where a court or the
//! administration set it; revoked only after another person has confirmed (ADR 6).

use access::{ActKind, Action};
use app::registration::StatusOrder;
use askama::Template;
use axum::extract::{Path, State};
use ra::{Ground, Hold, HoldId, LiftingDraft, Particulars, RevocationDraft, Source, Standing};

use super::to_be_signed;
use crate::api::App;
use crate::pages::answer::{Answer, page, page_to_correct};
use crate::pages::desk::revocation;
use crate::pages::form::{Form, Mistakes};
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::holds::{self, HoldLine};
use crate::pages::words;
use crate::problem::Problem;

/// What is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    Suspend,
    Resume,
    Revoke,
}

impl Order {
    const fn service(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Revoke => "revoke",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Suspend => "暂停证书",
            Self::Resume => "解除暂停",
            Self::Revoke => "撤销证书",
        }
    }

    const fn fits(self, standing: Standing) -> bool {
        match self {
            Self::Suspend => matches!(standing, Standing::Good | Standing::Suspended),
            Self::Resume => matches!(standing, Standing::Suspended),
            Self::Revoke => matches!(standing, Standing::Good | Standing::Suspended),
        }
    }
}

#[derive(Template)]
#[template(path = "admin/certificate_order.html")]
struct Sheet<'c> {
    frame: Frame,
    order: Order,
    serial: String,
    shown: String,
    kind: String,
    standing: &'static str,
    tag: &'static str,
    /// Why it cannot be ordered now.
    hindrance: Option<&'static str>,
    groups: Vec<(&'static str, Vec<&'c Ground>)>,
    ground: Option<&'c Ground>,
    particulars: Particulars,
    mistakes: Mistakes,
    /// The hold that is to be lifted.
    hold: Option<HoldLine>,
    /// The holds that stand on the certificate.
    holds: Vec<HoldLine>,
}

impl Sheet<'_> {
    /// Whether it is still to be said which hold is lifted.
    fn asks_which(&self) -> bool {
        self.order == Order::Resume && self.hold.is_none()
    }

    /// Whether what is ordered is written down with its evidence and waits for another person.
    fn is_reviewed(&self) -> bool {
        self.order == Order::Revoke || self.ground.is_some_and(Ground::is_lifting)
    }
}

/// On whose word an administrator lifts a hold: that of who set it, or that of the unit where the unit is the
/// holder's side of the agreement.
fn lifts(ground: &Ground, hold: &Hold, unit_is_party: bool) -> bool {
    ground.source == hold.source
        || (ground.source == Source::Unit && hold.source == Source::Holder && unit_is_party)
}

async fn sheet<'c>(
    app: &'c App,
    (frame, visitor): (Frame, &Visitor),
    (order, serial): (Order, &str),
    form: &Form,
) -> Result<Sheet<'c>, Problem> {
    let ra = app.registration()?;
    let held = ra.certificate(serial).await?;
    let serial = held.serial.to_hex();
    let all = ra.catalogue().grounds();
    let permit = app.permit(visitor.principal(), Action::ReadCertificate)?;
    let standing = ra.holds(&permit, &serial).await?;
    let named = form.text("hold");
    let hold = standing.iter().find(|one| order == Order::Resume && one.id.as_str() == named);
    let unit_is_party = ra.is_unit_the_party(&held)?;
    let offered = |ground: &&Ground| {
        let fits = |hold: &Hold| lifts(ground, hold, unit_is_party);
        ground.is_ordered_for(order.service()) && hold.is_none_or(fits)
    };
    let group = |source: Source| {
        let grounds: Vec<&Ground> =
            all.iter().filter(offered).filter(|one| one.source == source).collect();
        (source.chinese(), grounds)
    };
    let groups = Source::ALL.into_iter().map(group).filter(|(_, grounds)| !grounds.is_empty());
    let text = |name: &str| form.text(name).trim().to_owned();
    let me = visitor.permit().map(|permit| permit.actor().to_string()).unwrap_or_default();
    let own = hold.is_some_and(|one| one.source == Source::Institution && one.set_by == me);
    let hindrance = match (order.fits(held.standing), hold) {
        (false, _) => {
            Some("证书现在的状态不能办理此项（《电子政务电子认证服务管理办法》第十八条）")
        }
        (true, None) if order == Order::Resume && !named.is_empty() => Some(
            "这项暂停已经解除，请从现有的暂停中选择（《电子政务电子认证服务管理办法》第十八条）",
        ),
        (true, Some(_)) if own => Some(
            "本机构设置的暂停不得由设置人自己解除，请由另一名业务管理员办理（《电子政务电子认证服务管理办法》第十八条、GM/T 0034 第6章）",
        ),
        _ => None,
    };
    let offered_grounds: Vec<&Ground> = all.iter().filter(offered).collect();
    // One ground alone needs no choice.
    let ground = match (&*offered_grounds, hold) {
        ([only], Some(_)) if form.text("ground").is_empty() => Some(*only),
        (grounds, _) => grounds.iter().find(|one| one.name == form.text("ground")).copied(),
    };
    let hold = hold.map(std::slice::from_ref).unwrap_or_default();
    Ok(Sheet {
        frame,
        order,
        shown: words::groups(&serial),
        serial,
        kind: ra.catalogue().kind(&held.kind)?.title.clone(),
        standing: held.standing.chinese(),
        tag: words::standing_tag(held.standing),
        hindrance,
        groups: groups.collect(),
        ground,
        hold: holds::lines(hold, ra.catalogue()).pop(),
        holds: holds::lines(&standing, ra.catalogue()),
        particulars: Particulars {
            requester: text("requester"),
            document_number: text("document_number"),
            account: text("account"),
        },
        mistakes: Mistakes::none(),
    })
}

impl Sheet<'_> {
    /// What is missing, all at once.
    fn check(&mut self) {
        let Some(ground) = self.ground else {
            let text = match &self.hold {
                Some(hold) => format!(
                    "所选事由不能解除这项暂停：{}（《电子政务电子认证服务管理办法》第十八条）",
                    hold.lifted_by
                ),
                None => "请选择事由".to_owned(),
            };
            self.mistakes.add("ground", text);
            return;
        };
        let letters = |text: &str| text.chars().count();
        if self.is_reviewed() && !(2..=500).contains(&letters(&self.particulars.requester)) {
            self.mistakes.add("requester", "请写明由谁提出");
        }
        if ground.document && !(2..=500).contains(&letters(&self.particulars.document_number)) {
            self.mistakes.add("document_number", "请填写来函或法律文书的文号");
        }
        if !(4..=500).contains(&letters(&self.particulars.account)) {
            self.mistakes.add("account", "请写明事情经过，4 至 500 字");
        }
    }

    fn files<'f>(&mut self, ground: &Ground, form: &'f Form) -> Vec<(String, &'f [u8])> {
        let mut files = Vec::new();
        for wanted in &ground.evidence {
            let field = format!("evidence-{}", wanted.name);
            match form.file(&field) {
                Some(file) => files.push((wanted.name.clone(), file.content.as_ref())),
                None => self.mistakes.add(&field, format!("请上传：{}", wanted.title)),
            }
        }
        files
    }
}

async fn shown(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (order, serial): (Order, &str),
    form: &Form,
) -> Answer {
    page(&sheet(app, (frame, visitor), (order, serial), form).await?)
}

/// The ground that was chosen, as a form has it.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub struct Chosen {
    ground: String,
    hold: String,
}

impl Chosen {
    fn form(self) -> Form {
        Form::of(vec![("ground".to_owned(), self.ground), ("hold".to_owned(), self.hold)])
    }
}

/// `GET /admin/certificates/{serial}/suspend`.
pub async fn suspend(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    crate::api::Params(chosen): crate::api::Params<Chosen>,
) -> Answer {
    shown(&app, (frame, &visitor), (Order::Suspend, &serial), &chosen.form()).await
}

/// `GET /admin/certificates/{serial}/resume`.
pub async fn resume(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    crate::api::Params(chosen): crate::api::Params<Chosen>,
) -> Answer {
    let (who, what) = ((frame, &visitor), (Order::Resume, &*serial));
    let mut sheet = sheet(&app, who, what, &chosen.form()).await?;
    hold_back(&app, &visitor, &mut sheet).await?;
    page(&sheet)
}

/// `GET /admin/certificates/{serial}/revoke`.
pub async fn revoke(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    crate::api::Params(chosen): crate::api::Params<Chosen>,
) -> Answer {
    shown(&app, (frame, &visitor), (Order::Revoke, &serial), &chosen.form()).await
}

/// What waits to be revoked is not resumed in between on one person's word.
async fn hold_back(app: &App, visitor: &Visitor, sheet: &mut Sheet<'_>) -> Result<(), Problem> {
    let read = app.permit(visitor.principal(), Action::ReadCertificate)?;
    let alone = sheet.holds.len() == 1 && !sheet.is_reviewed();
    if alone && app.registration()?.awaits_revocation(&read, &sheet.serial).await? {
        sheet.hindrance = Some(
            "该证书另有撤销登记没有办结，现在不能恢复；请先办结撤销登记（《电子政务电子认证服务管理办法》第十八条）",
        );
    }
    Ok(())
}

/// `POST /admin/certificates/{serial}/suspend`: written down, to be signed.
pub async fn order_suspension(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    form: Form,
) -> Answer {
    ordered(&app, (frame, &visitor), (Order::Suspend, &serial), &form).await
}

/// `POST /admin/certificates/{serial}/resume`: written down, to be signed.
pub async fn order_resumption(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    form: Form,
) -> Answer {
    ordered(&app, (frame, &visitor), (Order::Resume, &serial), &form).await
}

async fn ordered(
    app: &App,
    (frame, visitor): (Frame, &Visitor),
    (order, serial): (Order, &str),
    form: &Form,
) -> Answer {
    let mut sheet = sheet(app, (frame, visitor), (order, serial), form).await?;
    if sheet.is_reviewed() && order == Order::Resume && sheet.hindrance.is_none() {
        return registered(app, visitor, sheet, form).await;
    }
    let kind = match order {
        Order::Resume => {
            hold_back(app, visitor, &mut sheet).await?;
            ActKind::ResumeCertificate
        }
        _ => ActKind::SuspendCertificate,
    };
    if is_choice(form) {
        return page(&sheet);
    }
    sheet.check();
    if order == Order::Resume && sheet.hold.is_none() {
        sheet.mistakes.add("holds", "请选择要解除的暂停");
    }
    if let Some(text) = sheet.hindrance {
        sheet.mistakes = Mistakes::one("ground", text);
    }
    if !sheet.mistakes.is_empty() {
        return page_to_correct(&sheet);
    }
    let signed = StatusOrder {
        ground: sheet.ground.map(|ground| ground.name.clone()).unwrap_or_default(),
        document_number: match sheet.ground {
            Some(ground) if ground.document => sheet.particulars.document_number,
            _ => String::new(),
        },
        account: sheet.particulars.account,
        holds: hold_ids(sheet.hold.as_ref())?,
    };
    let object = format!("certificate:{}", sheet.serial);
    to_be_signed(app, visitor, (kind, &object), &signed).await
}

/// Another ground is chosen: what was typed stays, whatever the ground needs.
fn is_choice(form: &Form) -> bool {
    !form.text("choose").is_empty()
}

/// The sheet again; files that were chosen are gone, and that is said.
fn again(mut sheet: Sheet<'_>, had_files: bool) -> Answer {
    if had_files {
        sheet.mistakes.add("files", "已选的文件须重新选择：浏览器不会保留");
    }
    if sheet.mistakes.is_empty() { page(&sheet) } else { page_to_correct(&sheet) }
}

fn hold_ids(hold: Option<&HoldLine>) -> Result<Vec<HoldId>, Problem> {
    Ok(hold.map(|hold| hold.id.parse()).transpose()?.into_iter().collect())
}

/// The document that lifts is written down with its evidence, to be signed, and then to be reviewed by another
/// person.
async fn registered(app: &App, visitor: &Visitor, mut sheet: Sheet<'_>, form: &Form) -> Answer {
    if is_choice(form) {
        return again(sheet, form.has_files());
    }
    sheet.check();
    let Some(ground) = sheet.ground else { return page_to_correct(&sheet) };
    let files = sheet.files(ground, form);
    if !sheet.mistakes.is_empty() {
        return again(sheet, form.has_files());
    }
    let draft = LiftingDraft {
        ground: ground.name.clone(),
        holds: hold_ids(sheet.hold.as_ref())?,
        particulars: sheet.particulars.clone(),
        evidence: files.into_iter().map(|(name, content)| (name, content.to_vec())).collect(),
    };
    match app.registration()?.draft_lifting(visitor.permit()?, draft).await {
        Ok(drafted) => {
            let order = revocation::order(&drafted, 1);
            let object = format!("revocation:{}", drafted.id);
            to_be_signed(app, visitor, (ActKind::EnterLifting, &object), &order).await
        }
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            sheet.mistakes.add("files", error.to_string());
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /admin/certificates/{serial}/revoke`: written down with its evidence, to be signed, and then to be
/// confirmed by another person.
pub async fn order_revocation(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    form: Form,
) -> Answer {
    let mut sheet = sheet(&app, (frame, &visitor), (Order::Revoke, &serial), &form).await?;
    if is_choice(&form) {
        return again(sheet, form.has_files());
    }
    sheet.check();
    if let Some(text) = sheet.hindrance {
        sheet.mistakes = Mistakes::one("ground", text);
    }
    let Some(ground) = sheet.ground else { return page_to_correct(&sheet) };
    let files = sheet.files(ground, &form);
    if !sheet.mistakes.is_empty() {
        return again(sheet, form.has_files());
    }
    let draft = RevocationDraft {
        ground: ground.name.clone(),
        serials: vec![sheet.serial.clone()],
        particulars: sheet.particulars.clone(),
        evidence: files.into_iter().map(|(name, content)| (name, content.to_vec())).collect(),
    };
    match app.registration()?.draft_revocation(visitor.permit()?, draft, None).await {
        Ok(drafted) => {
            let order = revocation::order(&drafted, 1);
            let object = format!("revocation:{}", drafted.id);
            to_be_signed(&app, &visitor, (ActKind::RevokeCertificate, &object), &order).await
        }
        Err(error) if error.kind() != store::ErrorKind::Fault => {
            sheet.mistakes.add("files", error.to_string());
            page_to_correct(&sheet)
        }
        Err(error) => Err(error.into()),
    }
}
