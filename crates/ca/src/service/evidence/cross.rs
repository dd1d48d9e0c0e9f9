//! Cross-certificates against the journal, both ways: ours, and those that others issued for us. There are a few rows and
//! records of a whole life; where another one is written meanwhile, the next comparison sees both.

use store::{Finding, FindingKind, Seq, Store, Stored};

use super::all_records;
use crate::error::Error;
use crate::rules::cross_evidence::{self as rules, CERTIFIED, CROSSES, RECEIVED};
use crate::sql::evidence::{cross_issued, cross_received};

pub(super) async fn compare_crosses(
    store: &Store,
    findings: &mut Vec<Finding>,
) -> Result<(), Error> {
    let before = all_records(store, &CROSSES).await?;
    let mut reader = store.read().await?;
    let (issued, received) = (cross_issued(&mut reader).await?, cross_received(&mut reader).await?);
    drop(reader);
    let records = all_records(store, &CROSSES).await?;
    if records.len() != before.len() {
        return Ok(());
    }
    let mut found = |seq: Option<Seq>, name: &str, text: &str| {
        let detail = format!("交叉证书 {name}：{text}");
        findings.push(Finding { kind: FindingKind::Row, seq, detail });
    };
    let mut met = Vec::new();
    for row in &issued {
        let name = row.serial.as_deref().unwrap_or("（证书行已被删除）");
        match rules::certified(row, &records) {
            Some(own) if met.contains(&own.seq) => {
                found(Some(own.seq), name, "同一张证书有两行，系绕过本系统插入");
            }
            Some(own) => {
                met.push(own.seq);
                if let Some(text) = rules::issued(row, own, &records) {
                    found(Some(own.seq), name, text);
                }
            }
            None => found(None, name, "没有对应的签发记录，系绕过本系统插入，或者证书曾被改换"),
        }
    }
    for row in &received {
        let name = row.fingerprint.as_str();
        let subject = format!("cross:{name}");
        let is_own = |record: &&Stored| record.kind == RECEIVED && record.subject == subject;
        match records.iter().find(is_own) {
            Some(own) => {
                met.push(own.seq);
                if let Some(text) = rules::received(row, own, &records) {
                    found(Some(own.seq), name, text);
                }
            }
            None => found(None, name, "没有对应的登记记录，系绕过本系统插入"),
        }
    }
    let has_row = |record: &&Stored| record.kind == CERTIFIED || record.kind == RECEIVED;
    for record in records.iter().filter(has_row).filter(|record| !met.contains(&record.seq)) {
        found(Some(record.seq), &record.subject, "记录没有对应的行，曾被删除或改换");
    }
    Ok(())
}
