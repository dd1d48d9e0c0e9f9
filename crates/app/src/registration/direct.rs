//! What an administrator orders about one certificate without an application: a hold by one person, for it can be
//! taken back, and the lifting of the holds that its ground reaches. What courts and the administration hold is
//! lifted by two people, and a revocation is written down and waits for another person like every other one
//! (GM/T 0034 §6; ADR 6).

use access::{ActKind, Action, Permit, Principal, SignedAct};
use jiff::Timestamp;
use pki::Serial;
use ra::{Ground, Held, HoldEnd, HoldId, Named, Standing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Filter, Page, Record, SealedBlob, Seq, Tx};
use zeroize::Zeroizing;

use super::holds::{Asked, HoldAsked, LiftAsked};
use super::told::Why;
use crate::error::Error;
use crate::institution::{ISSUER, Institution};

/// The purpose of the sealed particulars.
const PURPOSE: &str = "status-order";
const KIND: &str = "certificate.ordered";

/// What the administrator signs: payload of `cert.suspend` and `cert.resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusOrder {
    /// Which ground of `registration/grounds.toml`; the reason follows from it (T-14).
    pub ground: String,
    /// The number of the paper, where the ground wants one.
    pub document_number: String,
    /// The facts that it is founded on.
    pub account: String,
    /// Which holds are lifted; none where one is set.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub holds: Vec<HoldId>,
}

/// The sealed part of an order, as those who answer for revocations read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderParticulars {
    /// The number of the paper.
    pub document_number: String,
    /// The facts.
    pub account: String,
}

/// An order on record.
#[derive(Debug, Clone)]
pub struct OrderOnRecord {
    /// Its record.
    pub seq: u64,
    /// When it was carried out.
    pub at: Timestamp,
    /// Whose it is.
    pub actor: String,
    /// The ground.
    pub ground: Ground,
    /// What is sealed.
    pub particulars: OrderParticulars,
}

impl StatusOrder {
    /// Whether the order stands: a ground for it, and facts.
    pub fn check(&self, ground: Option<&Ground>, service: &str) -> Result<(), Error> {
        let Some(ground) = ground.filter(|ground| ground.is_ordered_for(service)) else {
            return Err(Error::NotApplicable("请选择与办理事项相符的事由"));
        };
        let said = |text: &str, least: usize| (least..=500).contains(&text.trim().chars().count());
        if ground.document && !said(&self.document_number, 2) {
            return Err(Error::NotApplicable("请填写来函或法律文书的文号"));
        }
        if !said(&self.account, 4) {
            return Err(Error::NotApplicable("请写明依据的事实，四至五百字"));
        }
        if self.holds.is_empty() == (service == "resume") {
            return Err(Error::NotApplicable("请选择要解除的暂停"));
        }
        Ok(())
    }
}

/// The service that an act is, and how the certificate may stand for it.
fn service_of(kind: ActKind) -> Result<(&'static str, &'static [Standing]), Error> {
    match kind {
        ActKind::SuspendCertificate => Ok(("suspend", &[Standing::Good, Standing::Suspended])),
        ActKind::ResumeCertificate => Ok(("resume", &[Standing::Suspended])),
        _ => Err(Error::Stored("签名事项")),
    }
}

impl Institution {
    /// Carries out a signed order: record, change and what the holder is told are one unit.
    pub(super) async fn on_certificate(
        &self,
        principal: &Principal,
        act: SignedAct,
    ) -> Result<(), Error> {
        let kind = act.kind();
        let permit = self.permit(principal, kind.action())?;
        permit.covers(kind.action())?;
        let serial = act.object().strip_prefix("certificate:");
        let serial = serial.ok_or(Error::Stored("签名事项的对象"))?.to_owned();
        act.covers(&permit, kind, act.object())?;
        let order: StatusOrder = serde_json::from_value(act.payload().clone())
            .map_err(|_| Error::Stored("签名事项的内容"))?;
        let origin = format!("act:{}", gm::sm3::hash(act.statement().as_bytes()).to_hex());
        let (held, asked) = self.order_of((&permit, kind), &serial, (&order, origin)).await?;
        let particulars = OrderParticulars {
            document_number: order.document_number.trim().to_owned(),
            account: order.account.trim().to_owned(),
        };
        let content = serde_json::to_vec(&particulars).map_err(|_| Error::Stored("particulars"))?;
        let blob = self.store().seal_blob(Zeroizing::new(content), PURPOSE).await?;
        let why = Why::Brought { ground: Some(order.ground.clone()), number: None };
        let planned = self.plan(held.serial, asked, why).await?;
        let noted = Noted { serial: held.serial, order, blob, permit: permit.clone() };
        let done = self.change_as(planned, permit.actor(), move |tx, institution| {
            Box::pin(async move { institution.note_status_order(tx, noted, act).await })
        });
        done.await?;
        self.soon(self.tell_holders().await);
        Ok(())
    }

    async fn note_status_order(
        &self,
        tx: &mut Tx,
        noted: Noted,
        act: SignedAct,
    ) -> Result<bool, Error> {
        let Noted { serial, order, blob, permit } = noted;
        let hex = serial.to_hex();
        let blob = blob.insert(tx).await?;
        let body = json!({ "order": act.kind().name(), "ground": order.ground, "holds": order.holds,
            "particulars": blob.to_json(), "act": act.to_json() });
        let about = format!("certificate:{ISSUER}/{hex}");
        tx.append(Record::new(KIND, permit.actor(), about, body)).await?;
        Ok(true)
    }

    /// The certificate of an order with what is asked about it, as far as that can be said before the unit.
    pub(super) async fn order_of(
        &self,
        (permit, kind): (&Permit, ActKind),
        serial: &str,
        (order, origin): (&StatusOrder, String),
    ) -> Result<(Held, Asked), Error> {
        let (service, standings) = service_of(kind)?;
        let ra = self.registration()?;
        let ground = ra.catalogue().ground(&order.ground).ok();
        order.check(ground, service)?;
        let ground = ground.ok_or(Error::Stored("事由"))?;
        let held = ra.certificate(serial).await?;
        standing_as(&held, standings)?;
        if service == "suspend" {
            let (source, ground) = (ground.source, Some(ground.name.clone()));
            return Ok((held, Asked::Hold(HoldAsked { source, ground, origin, once: true })));
        }
        let by = permit.actor();
        let power = ra::power_of(ground, (by.as_str(), ra.is_unit_the_party(&held)?))?;
        let named = Named::These(order.holds.clone());
        let (serial, end) = (held.serial.to_hex(), HoldEnd::Lifted);
        let standing = ra::standing_holds(&mut *self.store().read().await?, &serial).await?;
        ra::to_lift(&power, &named, &standing)?;
        Ok((held, Asked::Lift(LiftAsked { power, named, origin, end, until: None, once: false })))
    }

    /// Nobody undoes alone what a revocation that was signed for waits for, nor the stop of a key (ADR 12).
    pub(crate) async fn may_resume(&self, tx: &mut Tx, serial: &str) -> Result<(), Error> {
        if crate::signing::is_of_stopped_key(tx.conn(), serial).await? {
            return Err(Error::NotApplicable(
                "该证书的应用签名密钥已经停用，证书不再恢复；停用有误的，请为该应用另设签名密钥",
            ));
        }
        let Some(ra) = self.ra() else { return Ok(()) };
        match ra.has_open_revocation(tx, serial).await? {
            true => Err(Error::NotApplicable(
                "该证书另有撤销登记尚未办结，现在不能恢复；请先办结撤销登记",
            )),
            false => Ok(()),
        }
    }

    /// Some orders about a certificate, the newest first, from before a record; and the record to go on from,
    /// if there are more. For those who read revocations.
    pub async fn status_orders(
        &self,
        permit: &Permit,
        serial: &Serial,
        (before, rows): (Option<Seq>, u32),
    ) -> Result<(Vec<OrderOnRecord>, Option<Seq>), Error> {
        permit.covers(Action::ReadRevocations)?;
        let filter = Filter {
            kind: Some(KIND.to_owned()),
            subject: Some(format!("certificate:{ISSUER}/{}", serial.to_hex())),
            ..Filter::default()
        };
        // One more than shown tells whether there are more.
        let page = Page { after: before, limit: rows.saturating_add(1), newest_first: true };
        let mut records = self.store().records(&filter, page).await?;
        let most = usize::try_from(rows).unwrap_or(usize::MAX);
        let has_more = records.len() > most;
        records.truncate(most);
        let next = records.last().map(|last| last.seq).filter(|_| has_more);
        let mut orders = Vec::new();
        for record in records {
            let text = |path: &str| record.body.pointer(path).and_then(|value| value.as_str());
            let damaged = Error::Stored("签名事项的内容");
            let (Some(ground), Some(blob)) = (text("/ground"), text("/particulars/blob")) else {
                return Err(damaged);
            };
            let ground = self.registration()?.catalogue().ground(ground)?.clone();
            let content = self.store().open_blob(blob).await?;
            let particulars = serde_json::from_slice(&content).map_err(|_| damaged)?;
            let (at, actor) = (record.at, record.actor);
            orders.push(OrderOnRecord { seq: record.seq.0, at, actor, ground, particulars });
        }
        Ok((orders, next))
    }
}

/// What goes on record with an order.
struct Noted {
    serial: Serial,
    order: StatusOrder,
    blob: SealedBlob,
    permit: Permit,
}

/// Refused before anything is written where the certificate does not stand as the order supposes.
fn standing_as(held: &Held, from: &[Standing]) -> Result<(), Error> {
    match from.contains(&held.standing) {
        true => Ok(()),
        false => Err(Error::NotApplicable("证书的状态已经改变，请回到证书页核对后再办理")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ra::Catalogue;

    #[test]
    fn an_order_needs_a_ground_of_its_own_kind_its_paper_and_facts() {
        let catalogue = Catalogue::embedded().unwrap();
        let order = |ground: &str, paper: &str, account: &str| StatusOrder {
            ground: ground.into(),
            document_number: paper.into(),
            account: account.into(),
            holds: Vec::new(),
        };
        let holds = |order: StatusOrder, service: &str| {
            order.check(catalogue.ground(&order.ground).ok(), service).is_ok()
        };
        assert!(holds(order("inquiry", "", "正在核查申请材料"), "suspend"));
        assert!(holds(order("ordered-hold", "（2026）云01协1号", "协助执行通知"), "suspend"));
        assert!(!holds(order("ordered-hold", "", "协助执行通知"), "suspend"), "no paper");
        assert!(!holds(order("inquiry", "", "核查"), "suspend"), "no facts");
        assert!(!holds(order("inquiry", "", "正在核查申请材料"), "resume"), "another service");
        assert!(!holds(order("mislaid", "", "签名人说找不到"), "suspend"), "the holder's");
        assert!(!holds(order("call-rejected", "", "程序执行的"), "resume"), "the program's");
        assert!(!holds(order("ordered", "（2026）云01协1号", "协助执行通知"), "suspend"));
        assert!(!holds(order("no-such", "", "正在核查申请材料"), "suspend"));
        let lifts = StatusOrder {
            holds: vec!["h1".parse().unwrap()],
            ..order("inquiry-cleared", "", "核查完毕，没有发现问题")
        };
        assert!(holds(lifts.clone(), "resume"));
        let none = StatusOrder { holds: Vec::new(), ..lifts.clone() };
        assert!(!holds(none, "resume"), "which hold is not said");
        let more = StatusOrder { ground: "inquiry".into(), ..lifts };
        assert!(!holds(more, "suspend"), "who sets one lifts none");
    }
}
