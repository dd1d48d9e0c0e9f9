//! When an application is not accepted at all (不予受理): `registration/decline.toml`.

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Declines {
    pub decline: Vec<DeclineGround>,
}

/// One such case.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeclineGround {
    /// Its name.
    pub name: String,
    /// In words.
    pub title: String,
    /// Under which article.
    pub basis: String,
    /// Where the applicant can turn.
    pub next: String,
}
