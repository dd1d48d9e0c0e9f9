//! The institution's people, as far as the ceremony has a say in who they may be.

use access::{Created, Custodians, NewPerson};
use serde_json::Value;
use store::{Filter, Page};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Who holds a share of the root key, as the ceremony recorded it: they hold no office here
    /// (GM/T 0034 §6).
    pub async fn custodians(&self) -> Result<Custodians, Error> {
        let filter = Filter { kind: Some("ceremony.convened".into()), ..Filter::default() };
        let records = self.store().records(&filter, Page::default()).await?;
        let names = records.iter().flat_map(|record| names(&record.body));
        Ok(Custodians::new(names))
    }

    /// The first two people, 超级管理员 and 审计管理员, in the name of the ceremony: only while
    /// there is nobody (GM/T 0034 §6).
    pub async fn appoint_first_people(
        &self,
        super_admin: NewPerson,
        audit_admin: NewPerson,
    ) -> Result<[Created; 2], Error> {
        let custodians = self.custodians().await?;
        Ok(self.access().create_first_people(super_admin, audit_admin, &custodians).await?)
    }
}

fn names(body: &Value) -> Vec<String> {
    let custodians = body.get("custodians").and_then(Value::as_array);
    let name = |person: &Value| person.get("name").and_then(Value::as_str).map(str::to_owned);
    custodians.into_iter().flatten().filter_map(name).collect()
}
