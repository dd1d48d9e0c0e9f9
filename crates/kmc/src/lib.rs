//! The key management centre 密钥管理中心 (KMC): encryption key pairs of subscribers, from their
//! generation until long after their end.
//!
//! What it is: three encrypted stores (GM/T 0034 §5; tests GM/T 0038 §7.6): 备用库 standby, filled
//! ahead of need; 在用库 in use; 历史库 history, kept more than ten years. A CA applies for a pair,
//! restores one to a subscriber's new signing key, and reports revocations: in the same process or
//! by the messages of GM/T 0014 ([`KeyCentre`]). Judicial recovery needs an operator of the centre
//! and a judicial officer, both signing.
//!
//! What it is not: it never has a subscriber's signing key, it issues no certificate, and it opens
//! no connection. Private halves are generated inside the device and leave it wrapped (into the
//! database) or enveloped to their owner's signing key (SM2EnvelopedKey, GM/T 0009 §7.4).
//!
//! The centre belongs to another trust domain than the CA: its own database, its own device, its
//! own journal. Every move is one journal record in the same unit.
//!
//! | room | holds |
//! | --- | --- |
//! | [`model`] | CAs, orders, pairs, stores, counts |
//! | [`rules`] | the decisions |
//! | [`recovery`] | the record of a judicial recovery and its two signatures |
//! | `sql` | the tables |
//! | [`service`] | the operations |
//! | `protocol` | GM/T 0014, answering ([`Kmc::handle`]) |
//! | [`centre`] | GM/T 0014, asking; and the embedded default |

pub mod centre;
pub mod error;
pub mod model;
mod protocol;
pub mod recovery;
pub mod rules;
pub mod service;
mod sql;

pub use centre::{Answer, KeyCentre, Local, Remote, RemoteConfig, Transport};
pub use error::{Error, ProtocolError};
pub use model::{
    ApplyOrder, Ca, CaStatistics, EndReason, Ending, IssuedKey, RefillPolicy, RestoreOrder,
    Retention, Statistics, Text,
};
pub use recovery::{Approval, Notice, Party, RecoveryCase, RecoveryOrder};
pub use service::{Kmc, KmcConfig, NewOfficer, RecoveredKey};
