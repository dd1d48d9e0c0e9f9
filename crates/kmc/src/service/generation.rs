//! The standby store: filled ahead of need, and in real time when it ran dry.

use gm::{Provenance, WrappedKey};
use serde_json::json;
use store::{Actor, Record, Tx, fault};

use super::{Kmc, whole_second};
use crate::error::Error;
use crate::rules;
use crate::sql::{self, moves::Cause};

impl Kmc {
    /// Fills the standby store by the configured policy, batch by batch. A background job calls it
    /// from time to time; each batch is durable by itself. Answers how many pairs were generated.
    pub async fn refill(&self) -> Result<u64, Error> {
        let mut made = 0;
        loop {
            let standby = self.standby().await?;
            let need = rules::refill_need(standby, self.inner.config.refill, made > 0);
            if need == 0 {
                return Ok(made);
            }
            self.generate_batch(need).await?;
            made += u64::from(need);
        }
    }

    /// Generates `pairs` pairs into the standby store now, whatever its level (by hand:
    /// GM/T 0038 §7.6.2.1).
    pub async fn generate_batch(&self, pairs: u32) -> Result<(), Error> {
        let fresh = self.generate(pairs).await?;
        let device = self.provenance();
        fault::point("kmc.01-generated");
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    add(tx, (&fresh, &device), Cause::Refill).await?;
                    fault::point("kmc.02-refill-written");
                    Ok::<_, Error>(())
                })
            })
            .await?;
        fault::point("kmc.03-refill-committed");
        Ok(())
    }

    /// Pairs ready in the standby store.
    pub async fn standby(&self) -> Result<u64, Error> {
        let mut reader = self.inner.store.read().await?;
        sql::pairs::standby(&mut reader).await
    }

    /// Pairs fresh from the device, in no store yet.
    pub(super) async fn generate(&self, pairs: u32) -> Result<Vec<WrappedKey>, Error> {
        let kek = self.inner.wrapping.clone();
        self.on_device(move |session| (0..pairs).map(|_| session.generate_wrapped(&kek)).collect())
            .await
    }
}

/// Writes fresh pairs into the standby store, with ledger and journal.
pub(super) async fn add(
    tx: &mut Tx,
    (fresh, device): (&[WrappedKey], &Provenance),
    cause: Cause,
) -> Result<(), Error> {
    if fresh.is_empty() {
        return Ok(());
    }
    let at = whole_second(tx.now());
    sql::moves::add(tx.conn(), fresh, (cause, at)).await?;
    // Where they were made counts as it is now (Measures Art. 20 ¶2; check C20-2).
    let body = json!({ "pairs": fresh.len(), "cause": cause.word(), "device": device });
    tx.append(Record::new("key.generated", Actor::system(), "standby", body)).await?;
    Ok(())
}
