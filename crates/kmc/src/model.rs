//! The words of the key management centre: certification authorities, orders, key pairs and their
//! three stores (GM/T 0034 §5: 备用库 standby, 在用库 in use, 历史库 history).

use gm::{EnvelopedKey, PublicKey, WrappedKey};
use jiff::Timestamp;
use pki::Serial;

use crate::error::Error;
use crate::rules::RETENTION_YEARS_MIN;

/// Characters that the name of a certification authority, a case or an authority may have.
const TEXT_MAX_CHARS: usize = 128;

/// A short text that goes into records which people sign: printable, trimmed, never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text(String);

impl Text {
    /// Takes a text of 1 to 128 characters without control characters or outer blanks.
    pub fn parse(field: &'static str, text: &str) -> Result<Self, Error> {
        let plain = !text.chars().any(char::is_control) && text.trim() == text;
        let length = text.chars().count();
        if plain && (1..=TEXT_MAX_CHARS).contains(&length) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Error::BadText { field })
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A certification authority that this centre serves. Only a look-up in the register or a verified
/// signature makes one, so whoever holds it may reach that CA's keys and no other's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ca {
    pub(crate) id: i64,
    pub(crate) name: Text,
    pub(crate) public_key: PublicKey,
}

impl Ca {
    /// The registered name.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The key by which the CA signs its requests.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

/// A CA asks for an encryption pair for a certificate that it is about to issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyOrder {
    /// Serial of the future encryption certificate: unique per CA.
    pub cert_serial: Serial,
    /// The subscriber's signing key: the private half is enveloped to it.
    pub signing_key: PublicKey,
    /// Validity of the future certificate.
    pub not_before: Timestamp,
    /// End of validity: the day on which the pair goes to the history store.
    pub not_after: Timestamp,
    /// The subscriber's name, as the octets that the CA gave. It is kept only as a sealed blob.
    pub user_name: Option<Vec<u8>>,
}

/// A subscriber has a new signing pair and wants the old encryption key back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoreOrder {
    /// Serial of the encryption certificate.
    pub cert_serial: Serial,
    /// The new signing key.
    pub signing_key: PublicKey,
}

/// What a subscriber's CA receives: the public half and the enveloped private half.
#[derive(Clone, Debug)]
pub struct IssuedKey {
    /// The encryption public key, for the certificate.
    pub public_key: PublicKey,
    /// SM2EnvelopedKey (GM/T 0009 §7.4) to the subscriber's signing key.
    pub enveloped: EnvelopedKey,
}

/// Whose a pair is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// The CA, by its row.
    pub ca_id: i64,
    /// Serial of the encryption certificate.
    pub cert_serial: Serial,
    /// The signing key to which the private half was last enveloped.
    pub signing_key: PublicKey,
    /// End of the certificate's validity.
    pub not_after: Timestamp,
}

/// Why a pair left use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// The certificate was revoked.
    Revoked,
    /// The certificate expired.
    Expired,
}

impl EndReason {
    /// The word in the database and in the journal.
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// Reads the word back.
    pub fn from_word(word: &str) -> Option<Self> {
        match word {
            "revoked" => Some(Self::Revoked),
            "expired" => Some(Self::Expired),
            _ => None,
        }
    }
}

/// When and why a pair left use, and until when it is kept at least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// The instant of the move to the history store.
    pub at: Timestamp,
    /// The reason.
    pub reason: EndReason,
    /// Before this day nothing may remove the key (GM/T 0034: more than ten years).
    pub retain_until: Timestamp,
}

/// The store of a pair that has an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// 在用库.
    InUse,
    /// 历史库.
    History(Ending),
}

/// A pair that has an owner: in use or in history.
#[derive(Clone, Debug)]
pub struct AssignedPair {
    pub(crate) id: i64,
    pub(crate) wrapped: WrappedKey,
    pub(crate) assignment: Assignment,
    pub(crate) place: Place,
}

/// A signing key to which a pair was enveloped by its CA's order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTo {
    /// The subscriber's signing key.
    pub key: PublicKey,
    /// True for a restoration, false for the first application.
    pub restored: bool,
}

/// Years that a key is kept after its end: never less than the legal floor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention(u8);

impl Retention {
    /// So many years; below [`RETENTION_YEARS_MIN`] the floor is taken.
    pub fn years_at_least(years: u8) -> Self {
        Self(years.max(RETENTION_YEARS_MIN))
    }

    /// The years.
    pub fn years(self) -> u8 {
        self.0
    }
}

impl Default for Retention {
    fn default() -> Self {
        Self(RETENTION_YEARS_MIN)
    }
}

/// The counts of the three stores, and the ledger that they must add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Pairs ready in the standby store, which all CAs share.
    pub standby: u64,
    /// In use and history of each CA, by name.
    pub by_ca: Vec<CaStatistics>,
    /// Pairs ever generated, counted apart from the stores.
    pub generated: u64,
}

impl Statistics {
    /// Pairs in use, of all CAs.
    pub fn in_use(&self) -> u64 {
        self.by_ca.iter().map(|ca| ca.in_use).sum()
    }

    /// Pairs in the history store, of all CAs.
    pub fn history(&self) -> u64 {
        self.by_ca.iter().map(|ca| ca.history).sum()
    }

    /// True when standby + in use + history equals what was generated (GM/T 0038 §7.6.2).
    pub fn conserved(&self) -> bool {
        self.standby + self.in_use() + self.history() == self.generated
    }
}

/// The counts of one CA.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaStatistics {
    /// The CA's registered name.
    pub ca: String,
    /// Pairs in use.
    pub in_use: u64,
    /// Pairs in history.
    pub history: u64,
}

/// How far the standby store is kept filled (GM/T 0038 §7.6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefillPolicy {
    /// Refilling starts when fewer pairs than this are ready.
    pub low: u32,
    /// Refilling stops at this many.
    pub level: u32,
    /// Pairs generated and stored at once.
    pub batch: u32,
}

impl Default for RefillPolicy {
    fn default() -> Self {
        Self { low: 500, level: 1000, batch: 100 }
    }
}
