//! What is public, and how much of it at a time: data, decided by the operator within the law.

use std::time::Duration;

use super::attribute::{AttributeType, Usage};
use super::dn::Dn;
use super::entry::Usage as KeyUse;
use crate::error::Error;

/// Kinds whose holders are no natural persons; others can't be published: consent of a person to
/// being listed is on no record (PIPL Art. 13).
pub const PUBLISHABLE: [&str; 3] = ["unit", "device", "server"];

/// What is published and by what it can be searched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    kinds: Vec<String>,
    searchable: Vec<AttributeType>,
}

impl Policy {
    /// A policy of these kinds and searchable attributes.
    ///
    /// # Errors
    /// When a kind can't be published, or an attribute is none.
    pub fn new(kinds: &[String], searchable: &[String]) -> Result<Self, Error> {
        if let Some(kind) = kinds.iter().find(|kind| !PUBLISHABLE.contains(&kind.as_str())) {
            let known = PUBLISHABLE.join("、");
            return Err(Error::Setting(format!(
                "配置项 [directory] kinds 中的“{kind}”不能公开；可以公开的证书种类：{known}（自然人的证书\
                 未经本人同意不得公开）；请改正 yinxin.toml 后重新启动"
            )));
        }
        let attribute = |name: &String| {
            let found = AttributeType::find(name);
            found.filter(|found| found.usage() == Usage::User).ok_or_else(|| {
                Error::Setting(format!(
                    "配置项 [directory] searchable 中的“{name}”不是目录的属性；请改正 yinxin.toml 后重新启动"
                ))
            })
        };
        let searchable = searchable.iter().map(attribute).collect::<Result<_, _>>()?;
        let mut kinds = kinds.to_vec();
        kinds.sort();
        kinds.dedup();
        Ok(Self { kinds, searchable })
    }

    /// Everything that may be public, searched by every attribute of names.
    #[must_use]
    pub fn usual() -> Self {
        let user = AttributeType::ALL.iter().filter(|one| one.usage() == Usage::User);
        Self { kinds: PUBLISHABLE.map(str::to_owned).to_vec(), searchable: user.copied().collect() }
    }

    /// Kind and use of a certificate of this profile, if it is published.
    #[must_use]
    pub fn published<'a>(&self, profile: &'a str) -> Option<(&'a str, KeyUse)> {
        let (kind, role) = profile.rsplit_once('-')?;
        let usage = match role {
            "sign" => KeyUse::Sign,
            "enc" => KeyUse::Encrypt,
            _ => return None,
        };
        self.kinds.iter().any(|known| known == kind).then_some((kind, usage))
    }

    /// Whether a filter may speak of it. What an entry is and when it changed always may.
    #[must_use]
    pub fn is_searchable(&self, attribute: AttributeType) -> bool {
        let always = attribute.usage() == Usage::Operational
            || attribute == AttributeType::ObjectClass
            || attribute.is_of_the_moment()
            || attribute == AttributeType::CaCertificate;
        always || self.searchable.contains(&attribute)
    }

    /// Names the policy under which an index was made.
    #[must_use]
    pub(crate) fn index_name(&self) -> String {
        format!("1:{}", self.kinds.join(","))
    }
}

/// How much one search may take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Most entries of an answer, or of a page.
    pub entries: u32,
    /// Most entries over all pages of a search.
    pub paged_entries: u32,
    /// Most entries that are looked at.
    pub candidates: u32,
    /// Most octets of an answer.
    pub octets: usize,
    /// Longest time.
    pub time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries: 500,
            paged_entries: 10_000,
            candidates: 5_000,
            octets: 4 << 20,
            time: Duration::from_secs(10),
        }
    }
}

/// How the directory is set up.
#[derive(Debug, Clone)]
pub struct DirectoryConfig {
    /// The base of the tree; its own attribute is `o`.
    pub base: Dn,
    /// Version of the program, for the root entry.
    pub version: String,
    /// What is public.
    pub policy: Policy,
    /// How much of it.
    pub limits: Limits,
    /// Whether StartTLS is there.
    pub tls: bool,
    /// Authenticates the marks of pages; random, new at each start.
    pub key: [u8; 32],
}

impl DirectoryConfig {
    /// The usual base: `o=<institution>,c=CN`.
    #[must_use]
    pub fn base_of(institution: &str) -> Dn {
        let country = Dn::default().child(AttributeType::Country, "CN");
        country.child(AttributeType::Organization, institution)
    }

    /// The usual settings for an institution.
    #[must_use]
    pub fn new(institution: &str, key: [u8; 32]) -> Self {
        Self {
            base: Self::base_of(institution),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            policy: Policy::usual(),
            limits: Limits::default(),
            tls: false,
            key,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn natural_persons_cannot_be_published_whatever_the_settings_say() {
        for kind in ["person", "staff", "root", "subca", "ocsp", "tsa", "", "units"] {
            let error = Policy::new(&[kind.to_owned()], &[]).unwrap_err();
            assert!(error.to_string().contains(&format!("“{kind}”")));
        }
        let policy = Policy::usual();
        assert_eq!(policy.published("unit-enc"), Some(("unit", KeyUse::Encrypt)));
        assert_eq!(policy.published("server-sign"), Some(("server", KeyUse::Sign)));
        for profile in
            ["person-sign", "staff-enc", "subca", "root", "ocsp", "tsa", "unit", "unit-x"]
        {
            assert_eq!(policy.published(profile), None, "{profile}");
        }
    }

    #[test]
    fn no_identifier_of_a_person_is_an_attribute() {
        for name in [
            "identifyCode",
            "socialInsurance",
            "1.2.156.10260.4.1.1",
            "1.2.156.10260.4.1.2",
            "mail",
            "telephoneNumber",
            "sn",
            "givenName",
            "uid",
            "userPassword",
        ] {
            assert_eq!(AttributeType::find(name), None, "{name}");
            assert!(Policy::new(&[], &[name.to_owned()]).is_err());
        }
    }
}
