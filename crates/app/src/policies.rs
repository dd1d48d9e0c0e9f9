//! Profiles that the settings changed: each is recorded once, before anything is issued by it, so
//! that the hash in an intent leads to the policies that it stood for (T-05).

use pki::profile::{Profile, ProfileSet};
use serde_json::{Value, json};
use store::{Actor, Filter, Page, Record};

use crate::error::Error;
use crate::institution::Institution;

const ADOPTED: &str = "profile.adopted";

impl Institution {
    /// Records every profile that is another than the one recorded last. Those that come with
    /// the program need no record until one has been replaced.
    pub(crate) async fn adopt_profiles(&self) -> Result<(), Error> {
        let embedded = ProfileSet::embedded()?;
        for profile in self.ca().profiles().iter() {
            let usual = embedded.by_name(profile.name()).map(|profile| profile.hash().to_hex());
            let last = self.adopted(profile.name()).await?.or(usual);
            if last.as_ref() != Some(&profile.hash().to_hex()) {
                self.adopt(profile).await?;
            }
        }
        Ok(())
    }

    /// The hash of a profile as it was recorded last.
    async fn adopted(&self, name: &str) -> Result<Option<String>, Error> {
        let filter = Filter {
            kind: Some(ADOPTED.to_owned()),
            subject: Some(subject(name)),
            ..Filter::default()
        };
        let newest = Page { limit: 1, newest_first: true, ..Page::default() };
        let found = self.store().records(&filter, newest).await?;
        let hash = found.first().and_then(|record| record.body.get("profile_sm3"));
        Ok(hash.and_then(Value::as_str).map(str::to_owned))
    }

    async fn adopt(&self, profile: &Profile) -> Result<(), Error> {
        let policies: Vec<_> = profile.document().policy.iter().map(|rule| &rule.oid).collect();
        let body = json!({ "profile_sm3": profile.hash().to_hex(), "policies": policies });
        let record = Record::new(ADOPTED, Actor::system(), subject(profile.name()), body);
        self.store()
            .commit(move |tx| Box::pin(async move { tx.append(record).await.map(drop) }))
            .await
            .map_err(|error: store::Error| error.into())
    }
}

fn subject(name: &str) -> String {
    format!("profile:{name}")
}
