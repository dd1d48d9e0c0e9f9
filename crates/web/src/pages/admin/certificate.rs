//! One certificate: what stands in its bytes (checks C19-1, C19-2, C19-3, C19-4, C19-5, C19-7, C19-8), what
//! became of it and by whom, its application, and what a relying party is told of it now.

use access::Action;
use app::registration::OrderOnRecord;
use askama::Template;
use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse;
use ca::{CertificateRecord, Role, Status, StoredCertificate};
use jiff::{SignedDuration, Timestamp};
use pki::Serial;
use pki::ocsp::CertStatus;
use serde::Deserialize;
use serde_json::Value;
use store::{Seq, Stored};

use super::certificate_fields::{self as fields, Field};
use super::certificates::{is_of_person, profile_title, role, standing};
use super::journal_kinds::title;
use super::journal_words::Names;
use crate::api::{App, Params};
use crate::pages::answer::{Answer, page};
use crate::pages::attestation::Shown;
use crate::pages::frame::Frame;
use crate::pages::guard::Visitor;
use crate::pages::holds::{self, HoldLine};
use crate::pages::{paging, words};
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "admin/certificate.html")]
struct CertificatePage {
    frame: Frame,
    serial: String,
    /// The same in groups.
    shown: String,
    profile: String,
    role: &'static str,
    state: &'static str,
    tag: &'static str,
    reason: Option<(&'static str, String)>,
    request: String,
    application: Option<String>,
    /// What the device of the subscriber's key says.
    attestation: Option<Shown>,
    is_masked: bool,
    fields: Vec<Field>,
    orders: Vec<OrderLine>,
    /// Where older ones are.
    older: Option<String>,
    /// Whether these are not the newest.
    is_older: bool,
    /// What holds it, with who lifts each.
    holds: Vec<HoldLine>,
    /// Whether the visitor may lift holds by order.
    may_lift: bool,
    /// What may be ordered now: page and words.
    offers: Vec<(&'static str, &'static str, &'static str)>,
    /// Back from the signature.
    is_done: bool,
    happenings: Vec<Happening>,
    ocsp: Ocsp,
}

/// An order of an administrator, for those who read revocations.
struct OrderLine {
    at: String,
    ground: String,
    document_number: String,
    account: String,
}

/// What the page is come back to with.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Back {
    done: String,
    /// The record before which orders are looked at.
    orders: String,
}

/// Orders of one page.
const ORDERS: u32 = 10;
/// So long after the signature somebody may be on the way back from it.
const ON_THE_WAY: SignedDuration = SignedDuration::from_mins(10);

struct Happening {
    seq: u64,
    at: String,
    title: String,
    who: String,
    reason: Option<String>,
}

/// The answer of the status service in words.
struct Ocsp {
    said: &'static str,
    tag: &'static str,
    detail: Option<String>,
    window: Option<String>,
    flaw: Option<String>,
    octets: usize,
}

async fn found(app: &App, serial: &str) -> Result<StoredCertificate, Problem> {
    let missing = || Problem::not_found("本机构没有签发过这个序列号的证书；请核对序列号");
    let serial = Serial::from_hex(serial).map_err(|_| missing())?;
    let found = app.ca().find(&serial).await.map_err(app::Error::from)?;
    found.ok_or_else(missing)
}

/// `GET /admin/certificates/{serial}`.
pub async fn show(
    State(app): State<App>,
    frame: Frame,
    visitor: Visitor,
    Path(serial): Path<String>,
    Params(back): Params<Back>,
) -> Answer {
    let stored = found(&app, &serial).await?;
    let record = &stored.record;
    let is_masked = is_of_person(&app, &record.profile);
    let records = app.certificate_records(&record.serial).await?;
    let principal = visitor.principal();
    let names = Names::of(&app, principal, records.iter().map(|one| &*one.actor)).await;
    let application = app.application_of(principal, &record.serial).await?;
    let (state, tag) = standing(record, app.clock().now());
    let reason = match record.status {
        Status::Revoked { since, reason, .. } => Some((reason.chinese(), words::second(since))),
        // Why a certificate is suspended stands with the act that suspended it.
        Status::Suspended { since } => Some(("", words::second(since))),
        Status::Good => None,
    };
    let holds = standing_holds(&app, &visitor, record).await?;
    let now = app.clock().now();
    let (orders, next) = orders(&app, &visitor, (&record.serial, &back)).await?;
    let of_visitor = |one: &OrderOnRecord| one.actor == principal.actor().to_string();
    // An address alone is no news: the order is on record, the visitor's own, and just carried out.
    let is_done = orders.first().filter(|one| of_visitor(one)).is_some_and(|one| {
        !back.done.is_empty() && back.orders.is_empty() && now.duration_since(one.at) <= ON_THE_WAY
    });
    let here = format!("/admin/certificates/{}", record.serial.to_hex());
    page(&CertificatePage {
        may_lift: frame.opens(LIFT),
        holds,
        older: next.map(|seq| format!("{here}?orders={}#orders", seq.0)),
        is_older: !back.orders.is_empty(),
        orders: orders.into_iter().map(order_line).collect(),
        offers: offers(&frame, record, now),
        is_done,
        frame,
        serial: record.serial.to_hex(),
        shown: words::groups(&record.serial.to_hex()),
        profile: profile_title(&app, &record.profile),
        role: role(record),
        state,
        tag,
        reason,
        request: record.request_id.to_string(),
        application: application.map(|id| id.to_string()),
        attestation: attested(&app, record).await?,
        is_masked,
        fields: fields::read(&stored.certificate, is_masked),
        happenings: records.iter().map(|record| happening(&app, record, &names)).collect(),
        ocsp: ocsp(&app, &record.serial).await?,
    })
}

/// Of the signing certificate alone: the other key of a pair comes from the key centre.
async fn attested(app: &App, record: &CertificateRecord) -> Result<Option<Shown>, Problem> {
    if record.role == Role::Enc {
        return Ok(None);
    }
    let judged = app.attestation_of_order(record.request_id.as_str()).await?;
    Ok(judged.as_ref().map(Shown::of))
}

/// Where holds are lifted.
const LIFT: &str = "/admin/certificates/{serial}/resume";

/// The holds on a subscriber's certificate; none is told of while registration is closed.
async fn standing_holds(
    app: &App,
    visitor: &Visitor,
    record: &CertificateRecord,
) -> Result<Vec<HoldLine>, Problem> {
    let suspended = matches!(record.status, Status::Suspended { .. });
    let of_holder = matches!(record.role, Role::Sign | Role::Enc);
    let Some(ra) = app.registration().ok().filter(|_| suspended && of_holder) else {
        return Ok(Vec::new());
    };
    let permit = app.permit(visitor.principal(), Action::ReadCertificate)?;
    let standing = ra.holds(&permit, &record.serial.to_hex()).await?;
    Ok(holds::lines(&standing, ra.catalogue()))
}

/// What the visitor may order about a subscriber's certificate that stands so; a hold is lifted from its line.
fn offers(
    frame: &Frame,
    record: &CertificateRecord,
    now: Timestamp,
) -> Vec<(&'static str, &'static str, &'static str)> {
    let live = record.not_after >= now && matches!(record.role, Role::Sign | Role::Enc);
    let all = [
        ("suspend", "暂停", "/admin/certificates/{serial}/suspend"),
        ("revoke", "撤销", "/admin/certificates/{serial}/revoke"),
    ];
    let fits = |service: &str| match (service, &record.status) {
        ("suspend" | "revoke", Status::Good | Status::Suspended { .. }) => live,
        _ => false,
    };
    let open = |row: &&(_, _, &'static str)| frame.opens(row.2);
    all.iter()
        .filter(|(service, ..)| fits(service))
        .filter(open)
        .map(|(service, title, _)| match (*service, &record.status) {
            ("revoke", _) => ("revoke", *title, "button--danger"),
            (service, Status::Suspended { .. }) => (service, "另加一项暂停", "button--second"),
            (service, _) => (service, *title, "button--second"),
        })
        .collect()
}

async fn orders(
    app: &App,
    visitor: &Visitor,
    (serial, back): (&Serial, &Back),
) -> Result<(Vec<OrderOnRecord>, Option<Seq>), Problem> {
    let permit = app.permit(visitor.principal(), Action::ReadRevocations);
    let permit = permit.ok().filter(|permit| *permit.limit() == access::Limit::Any);
    let Some(permit) = permit.filter(|_| app.registration().is_ok()) else {
        return Ok((Vec::new(), None));
    };
    let before = match back.orders.as_str() {
        "" => None,
        seq => Some(Seq(seq.parse().map_err(|_| paging::wrong())?)),
    };
    Ok(app.status_orders(&permit, serial, (before, ORDERS)).await?)
}

fn order_line(one: OrderOnRecord) -> OrderLine {
    OrderLine {
        at: words::minute(one.at),
        ground: one.ground.told(),
        document_number: one.particulars.document_number,
        account: one.particulars.account,
    }
}

fn happening(app: &App, record: &Stored, names: &Names) -> Happening {
    let reason = record.body.get("reason").and_then(Value::as_str);
    let ground = record.body.get("ground").and_then(Value::as_str);
    let ground = ground.and_then(|name| app.registration().ok()?.catalogue().ground(name).ok());
    let shown = ground.map(|ground| ground.told());
    let shown = shown.or_else(|| {
        reason.map(|name| match ca::RevocationReason::from_name(name) {
            Ok(reason) => reason.chinese().to_owned(),
            Err(_) => name.to_owned(),
        })
    });
    Happening {
        seq: record.seq.0,
        at: words::second(record.at),
        title: title(&record.kind).to_owned(),
        who: names.who(&record.actor),
        reason: shown,
    }
}

async fn ocsp(app: &App, serial: &Serial) -> Result<Ocsp, Problem> {
    let now = app.ocsp_now(*serial).await?;
    let (said, tag, detail) = match now.said {
        Some(CertStatus::Good) => ("good（有效）", "tag--good", None),
        Some(CertStatus::Revoked { at, reason }) => {
            let detail = format!("自 {}，原因：{}", words::second(at), reason.chinese());
            ("revoked（已撤销或暂停）", "tag--bad", Some(detail))
        }
        Some(CertStatus::Unknown) => ("unknown（未知）", "tag--unknown", None),
        None => ("没有状态", "tag--unknown", None),
    };
    let window = now.window.map(|(from, until)| match until {
        Some(until) => format!("{} 至 {}", words::second(from), words::second(until)),
        None => format!("{} 起", words::second(from)),
    });
    Ok(Ocsp { said, tag, detail, window, flaw: now.flaw, octets: now.octets })
}

/// `GET /admin/certificates/{serial}/pem`.
pub async fn pem(State(app): State<App>, Path(serial): Path<String>) -> Answer {
    let stored = found(&app, &serial).await?;
    let pem = stored.certificate.to_pem().map_err(app::Error::from)?;
    Ok((file("application/x-pem-file", &stored, "pem"), pem).into_response())
}

/// `GET /admin/certificates/{serial}/der`.
pub async fn der(State(app): State<App>, Path(serial): Path<String>) -> Answer {
    let stored = found(&app, &serial).await?;
    let headers = file("application/pkix-cert", &stored, "cer");
    Ok((headers, stored.der().to_vec()).into_response())
}

fn file(
    kind: &'static str,
    stored: &StoredCertificate,
    ending: &str,
) -> [(header::HeaderName, String); 3] {
    let name = format!("attachment; filename=\"{}.{ending}\"", stored.record.serial.to_hex());
    [
        (header::CONTENT_TYPE, kind.to_owned()),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ]
}
