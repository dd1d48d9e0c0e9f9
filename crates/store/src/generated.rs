//! Where the keys of a device came from goes on record (Measures Art. 20 ¶2; check C20-2): for keys that are made
//! before there is a journal to record them in, such as the journal's own.

use gm::{KeyInfo, Provenance};
use serde_json::json;

use crate::{Actor, Error, Filter, Page, Record, Store};

impl Store {
    /// Records the generation of keys that no record tells of yet: which key, and the product certificate of
    /// the device as it is now. To be called right after the keys were made; called again, it adds nothing.
    pub async fn note_generated(
        &self,
        keys: Vec<KeyInfo>,
        device: Provenance,
    ) -> Result<(), Error> {
        let mut records = Vec::new();
        for key in keys {
            let about = format!("key:{}", key.label);
            let kind = "key.generated";
            let filter = Filter {
                kind: Some(kind.to_owned()),
                subject: Some(about.clone()),
                ..Filter::default()
            };
            if self.records(&filter, Page { limit: 1, ..Page::default() }).await?.is_empty() {
                let fingerprint = key.public_key.map(|key| key.fingerprint());
                let body = json!({ "label": key.label.as_str(), "use": key.kind,
                    "key": fingerprint, "device": device });
                records.push(Record::new(kind, Actor::system(), about, body));
            }
        }
        if records.is_empty() {
            return Ok(());
        }
        self.commit(move |tx| {
            Box::pin(async move {
                for record in records {
                    tx.append(record).await?;
                }
                Ok(())
            })
        })
        .await
    }
}
