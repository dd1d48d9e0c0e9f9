//! What a caller orders: a kind of certificate, a subject, a proven key.

use ca::{RequestId, Validity};
use pki::attestation::Judged;
use pki::{ProofOfPossession, Serial, SubjectInput};
use serde_json::json;
use store::Actor;

/// An order for the certificates of one kind. Identity was proofed by whoever made it.
#[derive(Debug, Clone)]
pub struct EnrolOrder {
    /// The caller's name for it; a repetition gets the same answer.
    pub request_id: RequestId,
    /// The kind: `person`, `staff`, `unit`, `device`, `server`.
    pub kind: String,
    /// Who it is for.
    pub subject: SubjectInput,
    /// The subscriber's signing key, with the proof that somebody holds it.
    pub proof: ProofOfPossession,
    /// What came of the attestation of the key's device (Measures Art. 20 ¶2).
    pub attestation: Judged,
    /// When it counts; absent: from now, as long as the profile says.
    pub validity: Validity,
    /// New, or in place of another certificate.
    pub act: Act,
    /// Who orders it.
    pub actor: Actor,
}

/// Why the certificates are issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// 新办.
    New,
    /// 更新: the same subject and the same keys, for another term.
    Renew(Serial),
    /// 更新 of a key that is in the institution's own device and that it uses by itself; it keeps its signing
    /// key, whatever is set for subscribers' keys. Only the institution orders it.
    RenewOwn(Serial),
    /// 更换密钥: the same subject, new keys.
    Rekey(Serial),
}

impl Act {
    /// The word in the database and in the journal.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Renew(_) | Self::RenewOwn(_) => "renew",
            Self::Rekey(_) => "rekey",
        }
    }

    /// The signing certificate that is replaced.
    #[must_use]
    pub const fn replaces(&self) -> Option<&Serial> {
        match self {
            Self::New => None,
            Self::Renew(serial) | Self::RenewOwn(serial) | Self::Rekey(serial) => Some(serial),
        }
    }
}

impl EnrolOrder {
    /// The order as one text, to tell a repetition from another order. It holds personal data:
    /// only its keyed hash is stored.
    pub(crate) fn content(&self) -> String {
        let mut content = json!({
            "kind": self.kind,
            "act": self.act.word(),
            "replaces": self.act.replaces().map(Serial::to_hex),
            "subject": self.subject,
            "key": self.proof.public_key().fingerprint(),
            "not_before": self.validity.not_before.map(|t| t.as_second()),
            "not_after": self.validity.not_after.map(|t| t.as_second()),
        });
        // Orders without one are told apart as they always were.
        if let (Some(verified), Some(content)) =
            (self.attestation.verdict().verified(), content.as_object_mut())
        {
            content.insert("attestation".to_owned(), verified.sm3().into());
        }
        content.to_string()
    }
}
