//! Reading a new CRL as a stranger would, before anybody else can.

use std::collections::HashMap;
use std::sync::Mutex;

use jiff::Timestamp;
use pki::Serial;
use pki::crl::{Comparison, Crl, Difference, compare};

use super::build::{Head, blocking};
use crate::Ca;
use crate::error::Error;
use crate::sql::{self, instant};

/// A CRL that was read back and verified.
pub(super) struct Checked {
    pub(super) crl: Crl,
    pub(super) entries: usize,
}

/// What the records say of a certificate whose entry is gone.
type Ends = HashMap<Serial, (Timestamp, bool)>;

impl Ca {
    /// Strict parse, signature, head, and the comparison with the previous CRL. An error says
    /// what is wrong with it.
    pub(super) async fn check(
        &self,
        der: Vec<u8>,
        head: &Head,
        previous: Option<Vec<u8>>,
    ) -> Result<Checked, Error> {
        let (key, id) = (self.inner().issuer.public_key, self.inner().config.user_id.clone());
        let previous = previous.filter(|_| head.base.is_none());
        let (crl, previous) = blocking(move || {
            let crl = Crl::from_der(der)?;
            crl.verify(&key, &id)?;
            Ok((crl, previous.map(Crl::from_der).transpose()?))
        })
        .await?;
        self.check_head(&crl, head)?;
        if let Some(previous) = previous {
            return self.check_against(previous, crl, head).await;
        }
        Ok(Checked { entries: crl.len(), crl })
    }

    fn check_head(&self, crl: &Crl, head: &Head) -> Result<(), Error> {
        let number = crl.number().and_then(|number| number.to_u64());
        let same = crl.issuer() == self.inner().issuer.certificate.subject()
            && number == u64::try_from(head.number).ok()
            && crl.this_update() == head.this_update
            && crl.next_update() == Some(head.next_update)
            && crl.is_sorted();
        if same { Ok(()) } else { Err(rejected("内容与计划不一致")) }
    }

    async fn check_against(&self, previous: Crl, next: Crl, head: &Head) -> Result<Checked, Error> {
        let now = head.this_update;
        // First pass: which entries are gone. Second pass: with what the records say of them.
        let (previous, next, gone) = blocking(move || {
            let gone = Mutex::new(Vec::new());
            let note = |serial: &Serial| {
                if let Ok(mut gone) = gone.lock() {
                    gone.push(*serial);
                }
                None
            };
            compare(&previous, &next, note, now);
            Ok((previous, next, gone.into_inner().unwrap_or_default()))
        })
        .await?;
        let ends = self.ends(&gone).await?;
        blocking(move || {
            let known = |serial: &Serial| ends.get(serial).map(|(end, _)| *end);
            let found = compare(&previous, &next, known, now);
            judge(&found, &ends)?;
            Ok(Checked { entries: next.len(), crl: next })
        })
        .await
    }

    async fn ends(&self, serials: &[Serial]) -> Result<Ends, Error> {
        let mut ends = Ends::new();
        let mut reader = self.inner().store.read().await?;
        for serial in serials {
            let hex = serial.to_hex();
            // No serial number is used by two keys of one authority.
            for id in self.ids_of_name() {
                if let Some((end, status)) = sql::crl::end_of(&mut reader, id, &hex).await? {
                    ends.insert(*serial, (instant(end)?, status == "good"));
                }
            }
        }
        Ok(ends)
    }
}

fn judge(found: &Comparison, ends: &Ends) -> Result<(), Error> {
    // A released suspension must be good in the records; otherwise its entry was lost.
    let lost = found
        .released_serials
        .iter()
        .find(|serial| ends.get(*serial).is_none_or(|(_, good)| !good));
    match (found.differences.first(), lost) {
        (Some(difference), _) => Err(rejected(describe(difference))),
        (None, Some(serial)) => Err(rejected(format!("暂停中的证书 {serial} 被遗漏"))),
        (None, None) => Ok(()),
    }
}

fn describe(difference: &Difference) -> String {
    match difference {
        Difference::OtherIssuer => "签发者与上一份不同".into(),
        Difference::OtherScope => "范围与上一份不同".into(),
        Difference::NumberNotGrown => "编号没有增大".into(),
        Difference::TimeRunsBack => "时间早于上一份".into(),
        Difference::FromTheFuture => "时间晚于当前时间".into(),
        Difference::Expired => "已过下次更新时间".into(),
        Difference::Duplicate(serial) => format!("证书 {serial} 出现两次"),
        Difference::DroppedEarly(serial) => format!("未到期的证书 {serial} 被遗漏"),
        Difference::DroppedUnknown(serial) => format!("证书 {serial} 被遗漏且没有记录"),
        Difference::Weakened(serial) => format!("已撤销的证书 {serial} 变为暂停"),
    }
}

pub(super) fn rejected(what: impl Into<String>) -> Error {
    Error::CrlRejected(what.into())
}
