//! Rows of tokens held against the journal: each batch has a record with the number of its rows
//! and the SM3 over them, so that a row that was changed, removed or put in beside the program is
//! found.

use store::{Filter, Page, Seq, Stored};

use super::TimestampAuthority;
use crate::error::Error;
use crate::timestamp::{rules, sql};

/// What was found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenEvidence {
    /// Tokens whose batch agrees with its record.
    pub tokens: u64,
    /// What does not agree, in Chinese.
    pub findings: Vec<String>,
}

impl TimestampAuthority {
    /// Holds every token against the journal.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn compare_with_journal(&self) -> Result<TokenEvidence, Error> {
        let store = &self.0.store;
        let until = store.size().await?;
        let filter = Filter {
            kind: Some("timestamp.issued".to_owned()),
            last: Some(Seq(until.saturating_sub(1))),
            ..Filter::default()
        };
        let (mut evidence, mut explained, mut after) = (TokenEvidence::default(), 0_i64, None);
        loop {
            let page = Page { after, limit: 1_000, ..Page::default() };
            let records = store.records(&filter, page).await?;
            let Some(last) = records.last() else { break };
            after = Some(last.seq);
            for record in &records {
                explained = explained.saturating_add(self.judge(record, &mut evidence).await?);
            }
        }
        let until = Seq(until).to_sql();
        let rows = sql::count_before(&mut *store.read().await?, until).await?;
        if rows != explained {
            let strange = rows.saturating_sub(explained);
            evidence.findings.push(format!("时间戳表中有 {strange} 行没有对应的日志记录"));
        }
        Ok(evidence)
    }

    /// One batch; how many rows there are for it.
    async fn judge(&self, record: &Stored, evidence: &mut TokenEvidence) -> Result<i64, Error> {
        let mut rows = sql::of_batch(&mut *self.0.store.read().await?, record.seq.to_sql()).await?;
        rows.sort_by(|one, other| one.serial.cmp(&other.serial));
        let said = |name: &str| record.body.get(name).cloned().unwrap_or_default();
        let count = said("count").as_u64().unwrap_or_default();
        let digest = rules::digest(rows.iter().map(sql::TokenRow::line));
        let length = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if said("sm3") == digest.as_str() && u64::try_from(length) == Ok(count) {
            evidence.tokens = evidence.tokens.saturating_add(count);
        } else {
            let seq = record.seq.0;
            evidence.findings.push(format!("第 {seq} 号记录的时间戳与表中各行不符"));
        }
        Ok(length)
    }
}
