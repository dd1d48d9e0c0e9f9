//! All profiles of an institution together.

use std::collections::BTreeMap;
use std::path::Path;

use super::document::Role;
use super::{Policies, Problem, Profile, refuse};
use crate::error::Error;

macro_rules! embedded {
    ($($name:literal),+ $(,)?) => {
        &[$(include_str!(concat!("../../../../profiles/", $name, ".toml")),)+]
    };
}

/// The profiles that come with the program.
const EMBEDDED: &[&str] = embedded![
    "person-sign",
    "person-enc",
    "staff-sign",
    "staff-enc",
    "unit-sign",
    "unit-enc",
    "device-sign",
    "device-enc",
    "server-sign",
    "server-enc",
    "ocsp",
    "tsa",
    "subca",
    "cross",
    "link",
    "root",
];

/// Profiles by name, whose pairs agree.
#[derive(Debug, Clone)]
pub struct ProfileSet {
    profiles: BTreeMap<String, Profile>,
}

impl ProfileSet {
    /// The profiles that come with the program.
    ///
    /// # Errors
    /// Never in a tested build.
    pub fn embedded() -> Result<Self, Error> {
        Self::embedded_with(&Policies::default())
    }

    /// The same with the institution's own certificate policies in place of the placeholders.
    ///
    /// # Errors
    /// [`Problem::PolicyOwner`] for a name that is neither kind nor profile, and what the check
    /// of the changed profile finds.
    pub fn embedded_with(policies: &Policies) -> Result<Self, Error> {
        let set = Self::of(EMBEDDED.iter().map(|text| policies.apply(text)))?;
        match policies.stranger(&set) {
            Some(name) => Err(refuse(name, Problem::PolicyOwner, "")),
            None => Ok(set),
        }
    }

    /// Every `*.toml` of a folder.
    ///
    /// # Errors
    /// When a file cannot be read, a profile is wrong, or a pair does not agree.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let unreadable = |path: &Path, error: std::io::Error| {
            refuse(&path.display().to_string(), Problem::Unreadable, error.to_string())
        };
        let entries = std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))?;
        let mut paths = Vec::new();
        for entry in entries {
            paths.push(entry.map_err(|error| unreadable(folder, error))?.path());
        }
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        Self::of(paths.iter().map(|path| {
            let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, error))?;
            Profile::from_toml(&text)
        }))
    }

    /// Profiles put together by the caller.
    ///
    /// # Errors
    /// When two have one name, or a pair does not agree.
    pub fn of(profiles: impl IntoIterator<Item = Result<Profile, Error>>) -> Result<Self, Error> {
        let mut set = Self { profiles: BTreeMap::new() };
        for profile in profiles {
            let profile = profile?;
            let name = profile.name().to_owned();
            if set.profiles.insert(name.clone(), profile).is_some() {
                return Err(refuse(&name, Problem::Duplicate, "name"));
            }
        }
        set.profiles.values().try_for_each(|profile| set.check_pair(profile))?;
        Ok(set)
    }

    /// The profile of this name.
    #[must_use]
    pub fn by_name(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    /// The other profile of a pair.
    #[must_use]
    pub fn pair_of(&self, profile: &Profile) -> Option<&Profile> {
        self.by_name(profile.pair()?)
    }

    /// Every profile, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Profile> {
        self.profiles.values()
    }

    /// GM/T 0043 §6: the subjects of a pair are identical, so must their rules be.
    fn check_pair(&self, profile: &Profile) -> Result<(), Error> {
        let Some(pair) = profile.pair() else {
            return Ok(());
        };
        let unlike = |field: &str| refuse(profile.name(), Problem::Pair, field);
        let other = self.by_name(pair).ok_or(unlike("pair"))?;
        let (mine, theirs) = (profile.document(), other.document());
        let opposite =
            matches!((mine.role, theirs.role), (Role::Sign, Role::Enc) | (Role::Enc, Role::Sign));
        if !opposite || mine.kind != theirs.kind || other.pair() != Some(profile.name()) {
            return Err(unlike("pair"));
        }
        if mine.subject != theirs.subject { Err(unlike("subject")) } else { Ok(()) }
    }
}
