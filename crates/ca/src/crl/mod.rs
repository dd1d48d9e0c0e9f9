//! Certificate revocation lists: full, delta, sharded, and the spare.
//!
//! A CRL goes the way of a certificate: numbered, built from one snapshot of the database,
//! recorded (`crl.intended` with the digest to be signed), signed, read back and verified as
//! a stranger would, held against the previous one by code that shares nothing with the
//! builder, and only then published (`crl.published`) in one unit. Whatever fails on the way
//! leaves the previous CRL in place (T-10, T-12, T-13).
//!
//! # Shards
//!
//! With `shards` > 0 a certificate names the address of its shard, which follows from its
//! serial number and stays with it. Each shard's CRL carries that address in a critical
//! issuingDistributionPoint. The full CRL is made as well, for those who want all in one.
//!
//! # The spare
//!
//! With each full CRL (and each shard's) a second one is signed and kept back: the same
//! entries and thisUpdate, the next number, a longer nextUpdate. When the device is gone and
//! the current CRL is past the middle of its window, the spare is published (T-11): relying
//! parties go on with a CRL that verifies, and miss at most the changes since it was made,
//! which OCSP keeps telling. Its number was taken in advance, so numbers only grow; any CRL
//! signed later has a higher one and replaces it. A spare is never older than the current
//! CRL: publishing drops the spare before.
//!
//! # Several nodes
//!
//! Each node makes lists by itself. What one has ready goes out only if no list in force goes before it: its number is
//! the highest, and none with a lower number tells a change of status that it lacks (`rules::crl::is_outrun`). The unit
//! that publishes decides, and units of all nodes come one after the other; the same for the spare.
//!
//! A list is held in memory as its bytes (about 37 for each entry), never as objects.

mod build;
mod check;
mod publish;
mod schedule;
mod spare;

pub(crate) use build::blocking;
pub use publish::PublishedCrl;
pub use schedule::{CrlHealth, CrlRecord, CurrentCrl};

use crate::error::{Error, Refusal};
use crate::rules;

/// Which CRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CrlKind {
    /// Every barred certificate of the issuer.
    Full,
    /// What changed since the current full CRL (RFC 5280 §5.2.4).
    Delta,
    /// One partition.
    Shard(u16),
}

impl CrlKind {
    /// The text of the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Delta => "delta",
            Self::Shard(_) => "shard",
        }
    }

    /// The shard as the database keeps it: -1 for none.
    pub(crate) const fn shard_column(self) -> i64 {
        match self {
            // `i64::from` is not const.
            Self::Shard(shard) => shard as i64,
            _ => -1,
        }
    }

    /// The shard, if it is one.
    #[must_use]
    pub const fn shard(self) -> Option<u16> {
        match self {
            Self::Shard(shard) => Some(shard),
            _ => None,
        }
    }

    /// The kinds that take their numbers out of one series, one after the other.
    pub(crate) const fn of_series(&self) -> &[Self] {
        match self {
            Self::Full | Self::Delta => &[Self::Full, Self::Delta],
            Self::Shard(_) => std::slice::from_ref(self),
        }
    }

    /// Whose numbers it takes.
    pub(crate) fn scope(self) -> String {
        rules::crl::scope(self.shard())
    }

    pub(crate) fn from_row(kind: &str, shard: i64) -> Result<Self, Error> {
        match (kind, u16::try_from(shard)) {
            ("full", _) => Ok(Self::Full),
            ("delta", _) => Ok(Self::Delta),
            ("shard", Ok(shard)) => Ok(Self::Shard(shard)),
            _ => Err(Error::stored(format!("撤销列表种类 {kind}/{shard} 不成立"))),
        }
    }
}

impl crate::Ca {
    /// Every kind that the policy and the issuer have.
    pub(crate) fn crl_kinds(&self) -> Vec<CrlKind> {
        let mut kinds = vec![CrlKind::Full];
        kinds.extend((0..self.inner().issuer.shards).map(CrlKind::Shard));
        if self.inner().config.crl.has_delta() {
            kinds.push(CrlKind::Delta);
        }
        kinds
    }

    pub(crate) fn check_kind(&self, kind: CrlKind) -> Result<(), Refusal> {
        match self.crl_kinds().contains(&kind) {
            true => Ok(()),
            false => Err(Refusal::CrlNotConfigured),
        }
    }
}
