//! The key ceremony (GM/T 0034 §8.5): a root, an issuing CA, an OCSP responder, first CRLs,
//! the root key in five custodians' hands, and a signed protocol.
//!
//! A ceremony is a chain of states; each function takes the state before it and so cannot be
//! called out of order. Every step is a row of `ceremony_step` and a journal record in one
//! unit. A ceremony that was cut off is run again with the same plan: what is done is taken
//! from its rows, and goes on with the step that is not.
//!
//! ```text
//! convened → root made → root shared → issuing CA made → responder made → lists out
//!          → root retired (destroyed on the device, or kept) → protocol signed
//! ```
//!
//! The next generation of the issuing CA (ADR 14) has a ceremony of its own, to which three custodians
//! bring back the root:
//!
//! ```text
//! convened → root restored → issuing key made → certified → lists out → root retired
//!          → appointed to issue from an instant → protocol signed
//! ```
//!
//! So has the next generation of the root (ADR 15):
//!
//! ```text
//! convened → old root restored → new key made → self-signed → shared among five custodians
//!          → new certified by old → old certified by new → both lists out → both keys retired
//!          → new root appointed → protocol signed by the issuing CA
//! ```
//!
//! And the certificate by which the root recognises another institution's CA (ADR 16):
//!
//! ```text
//! convened → root restored → cross-certificate made → list out → root retired → protocol signed
//! ```
//!
//! A ceremony that its people can't bring to its end is given up by another one ([`Ceremony::abandon`]).
//!
//! Root and issuing CA certificates come from here and from nowhere else: [`Quorum`] is made
//! only of the right people, and only with it a CA profile can be used (T-19).

mod abandon;
mod abandon_key;
mod abandon_protocol;
mod authority;
mod cross;
mod files;
mod left;
mod participants;
mod protocol;
mod restore;
mod root;
mod root_protocol;
mod root_succession;
mod run;
mod shares;
mod succession;

pub use abandon::{AbandonPlan, AbandonReport};
pub use cross::{CrossPlan, CrossReport};
pub use participants::{Custodian, Participants, Person, Quorum, SHARES, THRESHOLD};
pub use protocol::{ProtocolFiles, verify_protocol};
pub use restore::{RootsDestroyed, destroy_root, is_root_label, restore_root};
pub use root_succession::{RootSuccessionPlan, RootSuccessionReport};
pub use run::{Ceremony, CeremonyPlan, CeremonyReport};
pub use shares::SealedShare;
pub use succession::{SuccessionPlan, SuccessionReport};

/// Name of the root's row and label of its key.
pub const ROOT: &str = "root";
/// Name of the issuing CA, and of its first generation.
pub const ISSUING: &str = "issuing";
/// Label of the key of the issuing CA's first generation; those after it are `ca-2`, `ca-3`.
pub const ISSUING_KEY: &str = "ca";
/// Label of the delegated OCSP responder's key.
pub const RESPONDER_KEY: &str = "ocsp";

/// Steps that leave a row, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Convened,
    Abandonment,
    RootKey,
    RootIntended,
    RootCertificate,
    RootShared,
    RootRestored,
    IssuingKey,
    IssuingCertificate,
    ResponderKey,
    ResponderCertificate,
    NewWithOld,
    OldWithNew,
    CrossCertificate,
    OldRootList,
    RootList,
    IssuingList,
    UnusedKeyFound,
    UnusedKey,
    RootRetired,
    Appointed,
    ProtocolWritten,
    ProtocolSigned,
    GivenUp,
}

impl Step {
    /// Every step.
    pub(crate) const ALL: [Self; 24] = [
        Self::Convened,
        Self::Abandonment,
        Self::RootKey,
        Self::RootIntended,
        Self::RootCertificate,
        Self::RootShared,
        Self::RootRestored,
        Self::IssuingKey,
        Self::IssuingCertificate,
        Self::ResponderKey,
        Self::ResponderCertificate,
        Self::NewWithOld,
        Self::OldWithNew,
        Self::CrossCertificate,
        Self::OldRootList,
        Self::RootList,
        Self::IssuingList,
        Self::UnusedKeyFound,
        Self::UnusedKey,
        Self::RootRetired,
        Self::Appointed,
        Self::ProtocolWritten,
        Self::ProtocolSigned,
        Self::GivenUp,
    ];

    /// The text of the database, and the kind of its journal record.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Convened => "ceremony.convened",
            Self::Abandonment => "ceremony.other-given-up",
            Self::RootKey => "ceremony.root-key-made",
            Self::RootIntended => "ceremony.root-intended",
            Self::RootCertificate => "ceremony.root-certified",
            Self::RootShared => "ceremony.root-shared",
            Self::RootRestored => "ceremony.root-restored",
            Self::IssuingKey => "ceremony.issuing-key-made",
            Self::IssuingCertificate => "ceremony.issuing-certified",
            Self::ResponderKey => "ceremony.responder-key-made",
            Self::ResponderCertificate => "ceremony.responder-certified",
            Self::NewWithOld => "ceremony.new-with-old-certified",
            Self::OldWithNew => "ceremony.old-with-new-certified",
            Self::CrossCertificate => "ceremony.cross-certified",
            Self::OldRootList => "ceremony.old-root-list-published",
            Self::RootList => "ceremony.root-list-published",
            Self::IssuingList => "ceremony.issuing-list-published",
            Self::UnusedKeyFound => "ceremony.unused-key-found",
            Self::UnusedKey => "ceremony.unused-key-destroyed",
            Self::RootRetired => "ceremony.root-retired",
            Self::Appointed => "ceremony.successor-appointed",
            Self::ProtocolWritten => "ceremony.protocol-written",
            Self::ProtocolSigned => "ceremony.protocol-signed",
            Self::GivenUp => "ceremony.given-up",
        }
    }

    /// For the protocol.
    pub(crate) const fn chinese(self) -> &'static str {
        match self {
            Self::Convened => "核对参加人，仪式开始",
            Self::Abandonment => "保管人出示分量，了结所放弃的仪式",
            Self::RootKey => "在密码设备中生成根密钥",
            Self::RootIntended => "记录待签发的根证书内容",
            Self::RootCertificate => "签发并核验根证书",
            Self::RootShared => "根密钥分为五份交保管人，并试恢复",
            Self::RootRestored => "由保管人用密钥分量恢复根密钥",
            Self::IssuingKey => "在密码设备中生成签发密钥",
            Self::IssuingCertificate => "由根密钥签发下级机构证书",
            Self::ResponderKey => "在密码设备中生成状态应答密钥",
            Self::ResponderCertificate => "签发状态应答证书",
            Self::NewWithOld => "由旧根密钥签发新根的链接证书",
            Self::OldWithNew => "由新根密钥签发旧根的链接证书",
            Self::CrossCertificate => "由根密钥签发交叉证书",
            Self::OldRootList => "由旧根密钥发布证书撤销列表",
            Self::RootList => "发布根的证书撤销列表",
            Self::IssuingList => "发布签发机构的证书撤销列表",
            Self::UnusedKeyFound => "查明未启用的密钥及其分量文件",
            Self::UnusedKey => "销毁未启用的密钥及其分量文件",
            Self::RootRetired => "处置密码设备中的根密钥",
            Self::Appointed => "确定新一代密钥的启用时刻",
            Self::ProtocolWritten => "形成仪式记录",
            Self::ProtocolSigned => "签署仪式记录",
            Self::GivenUp => "仪式被放弃",
        }
    }
}
