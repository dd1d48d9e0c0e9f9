//! What the signed acts on people carry, and whom the ceremony excludes.

use crate::{Error, NewPerson, Roles};
use serde_json::{Value, json};

/// Who holds a share of the root key, by name, as the ceremony's record has it.
#[derive(Debug, Clone, Default)]
pub struct Custodians(Vec<String>);

impl Custodians {
    /// From the ceremony's record. White space in names does not count.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        Self(names.into_iter().map(|name| without_space(&name)).collect())
    }

    /// Fails for a custodian: who holds a share is no administrator, operator or maintainer
    /// of this system (GM/T 0034 §6).
    pub(super) fn exclude(&self, new: &NewPerson) -> Result<(), Error> {
        let name = without_space(new.name.as_str());
        if self.0.contains(&name) { Err(Error::Custodian) } else { Ok(()) }
    }
}

fn without_space(name: &str) -> String {
    name.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Other roles, another office.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonChange {
    /// All roles from now on.
    pub roles: Roles,
    /// The office from now on; `None` is the institution itself.
    pub office: Option<String>,
}

impl PersonChange {
    /// As the payload of a signed act.
    pub fn to_json(&self) -> Value {
        json!({ "roles": self.roles.to_string(), "office": self.office })
    }

    /// From the payload of a signed act.
    pub fn from_json(value: &Value) -> Result<Self, Error> {
        let roles = value.get("roles").and_then(Value::as_str);
        Ok(Self {
            roles: roles.ok_or(Error::ActPayload("roles"))?.parse()?,
            office: value.get("office").and_then(Value::as_str).map(str::to_owned),
        })
    }
}
