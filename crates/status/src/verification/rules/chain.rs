//! The chain: which certificates stand between the one in question and an anchor.

use jiff::Timestamp;
use pki::path::{self, Options, Request, Revocation, Verdict};
use pki::{Certificate, Oid};

use crate::verification::model::{Purpose, Trust};

/// What is asked of a certificate.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The instant.
    pub at: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// Policies of which one must hold; any if there is none.
    pub policies: Vec<Oid>,
}

/// A chain as far as it was found, and what path validation says of it. Status is not in it.
#[derive(Debug, Clone)]
pub struct Chain {
    /// The checks of RFC 5280 §6.
    pub verdict: Verdict,
    /// From the certificate in question on.
    pub path: Vec<Certificate>,
    /// Whether it ends at an anchor.
    pub is_anchored: bool,
}

impl Chain {
    /// Each certificate below the anchor with its issuer.
    pub fn links(&self) -> impl Iterator<Item = (&Certificate, &Certificate)> {
        self.path.iter().zip(self.path.iter().skip(1))
    }
}

/// Looks for a chain. Status is asked afterwards, link by link, since it comes from several places.
pub fn chain(leaf: &Certificate, untrusted: &[Certificate], trust: &Trust, asked: &Asked) -> Chain {
    let options = Options {
        purpose: asked.purpose.extended(),
        policies: asked.policies.clone(),
        require_explicit_policy: !asked.policies.is_empty(),
        revocation: Revocation::NotAsked,
        ..Options::default()
    };
    let anchors = trust.anchors();
    let request = Request { leaf, untrusted, anchors, crls: &[], at: asked.at, options: &options };
    let verdict = path::validate(&request);
    let known: Vec<(String, &Certificate)> = std::iter::once(leaf)
        .chain(anchors)
        .chain(untrusted)
        .map(|certificate| (certificate.fingerprint(), certificate))
        .collect();
    let find = |entry: &path::PathEntry| {
        let found = known.iter().find(|(fingerprint, _)| *fingerprint == entry.fingerprint);
        found.map(|(_, certificate)| (*certificate).clone())
    };
    let path = verdict.path.iter().filter_map(find).collect();
    let is_anchored = verdict.path.last().is_some_and(|last| last.anchor);
    Chain { verdict, path, is_anchored }
}

/// Whether two certificates are of the same authority: name and key. Either alone may be another's
/// (T-15).
pub fn is_same_authority(one: &Certificate, other: &Certificate) -> bool {
    one.subject().matches(other.subject()) && one.spki() == other.spki()
}
