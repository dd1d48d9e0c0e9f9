//! What an administrator orders about one certificate without an application: suspension and resumption by
//! one person, for both can be taken back. A revocation cannot: it is written down and waits for another
//! person like every other one (GM/T 0034 §6; ADR 6).

use access::{ActKind, Action, Permit, Principal, SignedAct};
use pki::Serial;
use ra::{Ground, Held, Standing};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::{Filter, Page, Record, SealedBlob, Tx};
use zeroize::Zeroizing;

use super::told::Why;
use crate::error::Error;
use crate::institution::{ISSUER, Institution};
use crate::lifecycle::Change;

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
        Ok(())
    }
}

/// The service and the change that an act is.
fn asked(kind: ActKind) -> Result<(&'static str, Change, Standing), Error> {
    match kind {
        ActKind::SuspendCertificate => Ok(("suspend", Change::Suspend, Standing::Good)),
        ActKind::ResumeCertificate => Ok(("resume", Change::Resume, Standing::Suspended)),
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
        let (service, change, from) = asked(kind)?;
        let permit = self.permit(principal, kind.action())?;
        permit.covers(kind.action())?;
        let serial = act.object().strip_prefix("certificate:");
        let serial = serial.ok_or(Error::Stored("签名事项的对象"))?.to_owned();
        act.covers(&permit, kind, act.object())?;
        let order: StatusOrder = serde_json::from_value(act.payload().clone())
            .map_err(|_| Error::Stored("签名事项的内容"))?;
        let ra = self.registration()?;
        let ground = ra.catalogue().ground(&order.ground).ok();
        order.check(ground, service)?;
        let held = ra.certificate(&serial).await?;
        standing_as(&held, from)?;
        let particulars = OrderParticulars {
            document_number: order.document_number.trim().to_owned(),
            account: order.account.trim().to_owned(),
        };
        let content = serde_json::to_vec(&particulars).map_err(|_| Error::Stored("particulars"))?;
        let blob = self.store().seal_blob(Zeroizing::new(content), PURPOSE).await?;
        let why = Why::Brought { ground: Some(order.ground.clone()), number: None };
        let planned = self.plan(held.serial, change, why).await?;
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
        if act.kind() == ActKind::ResumeCertificate {
            self.may_resume(tx, &serial).await?;
        }
        let blob = blob.insert(tx).await?;
        let body = json!({ "order": act.kind().name(), "ground": order.ground,
            "particulars": blob.to_json(), "act": act.to_json() });
        let about = format!("certificate:{ISSUER}/{hex}");
        tx.append(Record::new(KIND, permit.actor(), about, body)).await?;
        Ok(true)
    }

    /// Nobody undoes alone what a revocation that was signed for waits for.
    pub(crate) async fn may_resume(&self, tx: &mut Tx, serial: &Serial) -> Result<(), Error> {
        let Some(ra) = self.ra() else { return Ok(()) };
        match ra.has_open_revocation(tx, &serial.to_hex()).await? {
            true => Err(Error::NotApplicable(
                "该证书另有撤销登记尚未办结，现在不能恢复；请先办结撤销登记",
            )),
            false => Ok(()),
        }
    }

    /// The orders about a certificate, oldest first, for those who read revocations.
    pub async fn status_orders(
        &self,
        permit: &Permit,
        serial: &Serial,
    ) -> Result<Vec<OrderOnRecord>, Error> {
        permit.covers(Action::ReadRevocations)?;
        let filter = Filter {
            kind: Some(KIND.to_owned()),
            subject: Some(format!("certificate:{ISSUER}/{}", serial.to_hex())),
            ..Filter::default()
        };
        let records = self.store().records(&filter, Page { limit: 100, ..Page::default() }).await?;
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
            orders.push(OrderOnRecord { seq: record.seq.0, ground, particulars });
        }
        Ok(orders)
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
fn standing_as(held: &Held, from: Standing) -> Result<(), Error> {
    match held.standing == from {
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
    }
}
