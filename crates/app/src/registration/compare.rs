//! What registration keeps, against the journal and against the CA: a certificate is suspended as long as a hold
//! stands on it, and only then (Measures Art. 18; ADR 6).

use ra::Comparison;
use store::{Finding, FindingKind};

use super::sql;
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Holds, registrations and applications against their records, and holds against the status of their
    /// certificates; none while registration is closed. `all`: also applications that are at their end. What does
    /// not agree halts the store: nothing is issued or revoked on top of rows that somebody changed.
    pub async fn compare_registration(&self, all: bool) -> Result<Option<Comparison>, Error> {
        let Some(ra) = self.ra() else { return Ok(None) };
        let mut compared = ra.compare_with_journal(all).await?;
        let now = self.clock().now().as_second();
        let mut reader = self.store().read().await?;
        for (serial, is_suspended) in sql::unheld(&mut reader, now).await? {
            let what = match is_suspended {
                true => "已暂停而没有任何暂停记在其上，暂停曾被删除",
                false => "有效而记有尚未解除的暂停，暂停系绕过本系统插入",
            };
            let detail = format!("证书 {serial}：{what}");
            compared.findings.push(Finding { kind: FindingKind::Row, seq: None, detail });
        }
        if let Some(finding) = compared.findings.first() {
            self.store().halt(finding);
        }
        Ok(Some(compared))
    }
}
