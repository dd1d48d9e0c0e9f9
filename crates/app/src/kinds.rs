//! The kinds of certificates that can be ordered: the profiles, seen as pairs.

use pki::profile::{ProfileSet, Role};

use crate::error::Error;

/// A kind of certificate: one profile, or a pair of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind {
    name: String,
    title: String,
    sign: String,
    enc: Option<String>,
}

impl Kind {
    /// Its name: `person`, `unit`, …
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its Chinese name.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The profile of the signing (or only) certificate.
    #[must_use]
    pub fn sign(&self) -> &str {
        &self.sign
    }

    /// The profile of the encryption certificate.
    #[must_use]
    pub fn enc(&self) -> Option<&str> {
        self.enc.as_deref()
    }
}

/// What the kind of a profile is called: both certificates of a pair have one name.
pub(crate) fn title_of(profile: &pki::profile::Profile) -> String {
    profile.title().replace("签名", "").replace("加密", "")
}

/// All kinds that can be ordered.
#[derive(Debug, Clone)]
pub struct Kinds(Vec<Kind>);

impl Kinds {
    /// Every signing profile whose encryption partner exists is a kind. Single profiles (CA,
    /// OCSP, timestamp) come out of the institution itself and cannot be ordered (T-19).
    #[must_use]
    pub fn of(profiles: &ProfileSet) -> Self {
        let pair = |profile: &pki::profile::Profile| {
            let enc = profiles.pair_of(profile)?;
            let name = profile.name().strip_suffix("-sign")?;
            Some(Kind {
                name: name.to_owned(),
                title: title_of(profile),
                sign: profile.name().to_owned(),
                enc: Some(enc.name().to_owned()),
            })
        };
        Self(profiles.iter().filter(|p| p.role() == Role::Sign).filter_map(pair).collect())
    }

    /// The kind of this name.
    pub fn find(&self, name: &str) -> Result<Kind, Error> {
        let found = self.0.iter().find(|kind| kind.name == name);
        found.cloned().ok_or_else(|| Error::NoKind(name.to_owned()))
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_subscriber_has_a_pair_and_no_ca_can_be_ordered() {
        let kinds = Kinds::of(&ProfileSet::embedded().unwrap());
        for name in ["person", "staff", "unit", "device", "server"] {
            assert!(kinds.find(name).unwrap().enc().is_some(), "{name}");
        }
        for name in ["root", "subca", "ocsp", "tsa", "person-sign"] {
            assert!(matches!(kinds.find(name), Err(Error::NoKind(_))), "{name}");
        }
    }
}
