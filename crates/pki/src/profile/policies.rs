//! Certificate policies of the institution in place of the placeholders of the profiles.
//!
//! The placeholders stand in the arc of RFC 5612; a policy that counts has to be registered by the
//! institution and described in its CPS (Measures Art. 19). What is set here becomes part of the
//! profile before its hash is taken, so the hash in every intent tells which policy was used (T-05).

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Problem, Profile, ProfileSet, refuse};
use crate::error::Error;

/// Dotted identifiers by name of a kind (`person`: both profiles of the pair) or of one profile
/// (`person-sign`), which goes before its kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Policies(BTreeMap<String, Vec<String>>);

impl Policies {
    /// Policies as an operator wrote them; the profiles check them.
    pub fn new(policies: impl IntoIterator<Item = (String, Vec<String>)>) -> Self {
        Self(policies.into_iter().collect())
    }

    /// A profile with the policies that are set for it.
    pub(super) fn apply(&self, text: &str) -> Result<Profile, Error> {
        let mut table: Table = text.parse().map_err(|error: toml::de::Error| {
            refuse("", Problem::Toml, error.message().to_owned())
        })?;
        if let Some(set) = self.of(&table) {
            let cps = presence_of_cps(&table);
            let rule = |oid: &String| {
                let fields = [("oid", oid.as_str()), ("cps", cps.as_str())];
                let fields = fields.map(|(name, text)| (name.to_owned(), text.into()));
                Value::Table(Table::from_iter(fields))
            };
            let rules = set.iter().map(rule).collect();
            table.insert("policy".to_owned(), Value::Array(rules));
        }
        Profile::from_table(table)
    }

    /// What is set for this profile: for itself, or else for its kind.
    fn of(&self, table: &Table) -> Option<&Vec<String>> {
        let named = |field| self.0.get(table.get(field)?.as_str()?);
        if is_settable(table) { named("name").or_else(|| named("kind")) } else { None }
    }

    /// A name that is neither a profile whose policy may be set nor the kind of one.
    pub(super) fn stranger(&self, set: &ProfileSet) -> Option<&str> {
        let known = |name: &&String| {
            set.iter().any(|profile| {
                let document = profile.document();
                let own = name.as_str() == profile.name() || name.as_str() == document.kind.name();
                own && !document.kind.is_ca()
            })
        };
        self.0.keys().find(|name| !known(name)).map(String::as_str)
    }
}

/// CAs issue under any policy or none.
fn is_settable(table: &Table) -> bool {
    let kind = table.get("kind").and_then(Value::as_str);
    !matches!(kind, Some("root" | "subca" | "link"))
}

/// Whether the address of the CPS goes in: as the profile has it.
fn presence_of_cps(table: &Table) -> String {
    let rules = table.get("policy").and_then(Value::as_array);
    let first = rules.and_then(|rules| rules.first()?.get("cps")?.as_str());
    first.unwrap_or("optional").to_owned()
}
