//! What the signed acts on people carry, and whom the ceremony excludes.

use super::rules;
use crate::{Error, Login, NewPerson, PersonName, Roles};
use serde_json::{Value, json};

/// Who holds a share of the root key, as the ceremony's record has it: by name, and by staff
/// number where people sign in with theirs.
#[derive(Debug, Clone, Default)]
pub struct Custodians {
    names: Vec<String>,
    numbers: Vec<String>,
}

impl Custodians {
    /// From the ceremony's record. White space in names does not count.
    pub fn new(names: impl IntoIterator<Item = String>) -> Self {
        let names = names.into_iter().map(|name| without_space(&name)).collect();
        Self { names, numbers: Vec::new() }
    }

    /// With their staff numbers: a login that is one of them is a custodian's under any name.
    #[must_use]
    pub fn with_numbers(mut self, numbers: impl IntoIterator<Item = String>) -> Self {
        let plain = |number: String| without_space(&number).to_ascii_lowercase();
        self.numbers.extend(numbers.into_iter().map(plain).filter(|number| !number.is_empty()));
        self
    }

    /// Fails for a custodian: who holds a share is no administrator, operator or maintainer
    /// of this system (GM/T 0034 §6).
    pub fn exclude(&self, login: &Login, name: &PersonName) -> Result<(), Error> {
        let name = without_space(name.as_str());
        let holds = self.names.contains(&name) || self.numbers.iter().any(|n| n == login.as_str());
        if holds { Err(Error::Custodian) } else { Ok(()) }
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

impl NewPerson {
    /// Whether roles and office can be those of one person, whoever appoints.
    pub fn check(&self) -> Result<(), Error> {
        self.roles.of_staff()?;
        rules::fits_office(&self.roles, self.office.as_deref())
    }
}

impl PersonChange {
    /// Whether roles and office can be those of one person, whoever appoints.
    pub fn check(&self) -> Result<(), Error> {
        self.roles.of_staff()?;
        rules::fits_office(&self.roles, self.office.as_deref())
    }

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
