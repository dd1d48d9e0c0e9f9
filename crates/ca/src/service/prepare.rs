//! Planning and linting, before anything is recorded. Computes only: call it outside of units.

pub(super) mod cross;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gm::{DeviceError, Digest, sm3};
use jiff::Timestamp;
use pki::lint::Context;
use pki::lint::view::View;
use pki::profile::Profile;
use pki::{Issuer, Linted, Name, Order, Serial, Template, Urls};
use serde_json::json;

use super::{Ca, SHARD};
use crate::ceremony::Quorum;
use crate::error::{Error, Invalid, Refusal};
use crate::model::{IssueOrder, Role};
use crate::rules::crl::shard_of;
use crate::rules::time;
use crate::sql::issuance::IntentRow;

/// An order with a plan that keeps every lint; the one thing that [`Ca::intend`] takes.
#[derive(Debug)]
pub struct PreparedOrder {
    /// The row of the generation that is to sign it.
    pub(super) issuer_id: i64,
    pub(super) order: IssueOrder,
    pub(super) order_hash: String,
    pub(super) serial: Serial,
    pub(super) profile_hash: String,
    pub(super) may_keep_key: bool,
    /// Whether it is a certificate of one root key for another, which has several such (RFC 4210 §4.4).
    pub(super) is_link: bool,
    pub(super) linted: Linted,
    subject: Name,
    not_before: Timestamp,
    not_after: Timestamp,
}

impl PreparedOrder {
    /// The serial number that the certificate will have, unless the request is a repetition.
    #[must_use]
    pub fn serial(&self) -> &Serial {
        &self.serial
    }

    pub(super) fn subject(&self) -> String {
        self.subject.to_string()
    }

    pub(super) fn subject_der(&self) -> Vec<u8> {
        self.subject.der().to_vec()
    }

    /// First second of validity.
    #[must_use]
    pub fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// Last second of validity.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.not_after
    }
}

/// Templates by profile and shard: everything that does not change is encoded once.
#[derive(Debug, Default)]
pub(crate) struct Templates(Mutex<HashMap<(String, u16), Arc<Template>>>);

impl Ca {
    /// Plans the certificate of an order and lints it: what it has to say, it says before anything is
    /// recorded (checks C19-1, C19-2, C19-4, C19-5, C19-8). Profiles of CAs are refused (T-19).
    pub fn prepare(&self, order: IssueOrder) -> Result<PreparedOrder, Error> {
        let ca = self.pinned();
        let profile = ca.ordinary(&order)?;
        ca.prepare_any(order, profile, None)
    }

    /// The other certificate of a pair: by the same generation, from the very second in which its
    /// partner starts, and linted for the same subject (GM/T 0043 §6).
    pub fn prepare_beside(
        &self,
        order: IssueOrder,
        partner: &PreparedOrder,
    ) -> Result<PreparedOrder, Error> {
        let ca = self.of(partner.issuer_id)?;
        let profile = ca.ordinary(&order)?;
        ca.prepare_any(order, profile, Some(partner))
    }

    /// The renewal of a key that is in the institution's own device and that it uses by itself: it keeps its
    /// key, whatever is set for the keys of subscribers. Whoever orders it has a rule for how long (T-31).
    pub fn prepare_keeping_key(&self, order: IssueOrder) -> Result<PreparedOrder, Error> {
        let prepared = self.prepare(order)?;
        Ok(PreparedOrder { may_keep_key: true, ..prepared })
    }

    /// The profile of an order that makes no CA.
    fn ordinary(&self, order: &IssueOrder) -> Result<&Profile, Error> {
        let profile = self.profile(&order.profile)?;
        let authority = profile.is_ca() || order.role == Role::Ca;
        if authority { Err(Refusal::CeremonyOnly.into()) } else { Ok(profile) }
    }

    /// The same for a CA certificate, in a ceremony.
    pub(crate) fn prepare_ca(
        &self,
        order: IssueOrder,
        _evidence: &Quorum,
    ) -> Result<PreparedOrder, Error> {
        let ca = self.pinned();
        let profile = ca.profile(&order.profile)?;
        ca.prepare_any(order, profile, None)
    }

    fn prepare_any(
        &self,
        order: IssueOrder,
        profile: &Profile,
        partner: Option<&PreparedOrder>,
    ) -> Result<PreparedOrder, Error> {
        let serial = match order.serial {
            Some(serial) => serial,
            None => self.draw_serial()?,
        };
        let now = self.inner().clock.now();
        let beside = partner.map(|partner| partner.not_before);
        let not_before = order.validity.not_before.or(beside).unwrap_or(now);
        // Asked again when the intent is recorded; here it gives the plainer refusal (T-04).
        time::start(not_before, now, self.inner().config.skew)?;
        let template = self.template(profile, &serial)?;
        let planned = template.plan(&Order {
            subject: &order.subject,
            key: &order.key,
            serial,
            not_before,
            not_after: order.validity.not_after,
        })?;
        let context = Context::new(planned.lint_role());
        let context = context.issued_by(&self.inner().issuer.certificate).at(now);
        let context = match partner {
            Some(partner) => context.paired_with(partner.subject.der()),
            None => context,
        };
        let linted = planned.lint(&context).map_err(|report| Error::Lint(report.to_string()))?;
        let (not_before, not_after) = period(linted.tbs_der())?;
        Ok(PreparedOrder {
            issuer_id: self.issuer_id(),
            order_hash: hash_of(&order)?,
            serial,
            profile_hash: profile.hash().to_hex(),
            may_keep_key: self.inner().config.renewals_keep_key.contains(&order.profile),
            is_link: profile.kind() == pki::profile::Kind::Link,
            subject: template.subject_name(&order.subject)?,
            not_before,
            not_after,
            linted,
            order,
        })
    }

    /// A serial number of 128 random bits from the device (T-01). An output that repeats or
    /// is all zeros or ones proves the source stuck: nothing is issued with it.
    pub fn draw_serial(&self) -> Result<Serial, Error> {
        let mut random = [0; 16];
        self.inner().device.session()?.fill(&mut random)?;
        let mut last = self.inner().last_random.lock().unwrap_or_else(PoisonError::into_inner);
        if random == *last || random == [0; 16] || random == [0xff; 16] {
            return Err(DeviceError::Broken("随机数源输出重复，自检不通过".into()).into());
        }
        *last = random;
        Ok(Serial::from_random(random)?)
    }

    /// Takes up recorded bytes: linted again, under the profile they were made by.
    pub(super) fn reopen(&self, row: &IntentRow, now: Timestamp) -> Result<Linted, Error> {
        let hash =
            Digest::from_hex(&row.profile_hash).ok_or_else(|| Error::stored("模板摘要无效"))?;
        if sm3::hash(&row.tbs).to_hex() != row.tbs_hash {
            return Err(Error::stored(format!("申请 {} 的待签发内容已被改动", row.request_id)));
        }
        // The lints of the role; the profile itself may have changed since, its plan has not.
        let role = self.profile(&row.profile)?.lint_role();
        let context = Context::new(role).issued_by(&self.inner().issuer.certificate).at(now);
        Linted::reopen(&row.tbs, hash, &context).map_err(|report| Error::Lint(report.to_string()))
    }

    fn profile(&self, name: &str) -> Result<&Profile, Invalid> {
        let found = self.inner().profiles.by_name(name);
        found.ok_or_else(|| Invalid::Profile(name.to_owned()))
    }

    fn template(&self, profile: &Profile, serial: &Serial) -> Result<Arc<Template>, Error> {
        let shard = shard_of(serial, self.inner().issuer.shards);
        let key = (profile.name().to_owned(), shard);
        let mut known = self.inner().templates.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(template) = known.get(&key) {
            return Ok(template.clone());
        }
        let issuer = Issuer::certificate(&self.inner().issuer.certificate)?;
        let template = Template::new(profile, &issuer, &self.urls_of(shard))?;
        let template = Arc::new(template);
        known.insert(key, template.clone());
        Ok(template)
    }

    /// Addresses with the shard's CRL.
    fn urls_of(&self, shard: u16) -> Urls {
        let urls = &self.inner().config.urls;
        let shard = shard.to_string();
        let crl = urls.crl.iter().map(|url| url.replace(SHARD, &shard)).collect();
        Urls { crl, ..urls.clone() }
    }
}

/// First and last second of planned bytes.
pub(crate) fn period(tbs: &[u8]) -> Result<(Timestamp, Timestamp), Error> {
    let view = View::of_tbs(tbs);
    view.and_then(|view| Some((view.not_before.instant()?, view.not_after.instant()?)))
        .ok_or_else(|| Error::stored("待签发内容的有效期无法读取"))
}

/// What makes two orders the same: everything but who asks and the serial number drawn.
fn hash_of(order: &IssueOrder) -> Result<String, Error> {
    let subject =
        serde_json::to_value(&order.subject).map_err(|_| Error::stored("申请内容无法编码"))?;
    let validity = order.validity;
    let value = json!({
        "role": order.role.as_str(),
        "profile": order.profile,
        "subject": subject,
        "key": order.key.fingerprint(),
        "serial": order.serial.as_ref().map(Serial::to_hex),
        "not_before": validity.not_before.map(|at| at.as_second()),
        "not_after": validity.not_after.map(|at| at.as_second()),
        "pair": order.pair.as_ref().map(crate::model::RequestId::as_str),
        "replaces": order.replaces.as_ref().map(Serial::to_hex),
    });
    Ok(sm3::hash(store::to_canonical(&value)?.as_bytes()).to_hex())
}
