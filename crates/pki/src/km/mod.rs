//! GM/T 0014 §5.2: the messages between a certification authority (CA) and a key management
//! centre (KM).
//!
//! What it is: `CARequest` with applications, restorations and revocations of encryption keys,
//! `KMRespond` with keys or errors, both signed; strict DER, and the signed bytes kept as they
//! came. What it is not: the channel, the register of CAs, the stores of keys (crate `kmc`).
//!
//! The standard is not public. The structures follow three independent public implementations
//! that agree on them; where they differ (string types, implicit or explicit choice tags, the
//! version of a recipient) the form of two is written and all are read.
//!
//! ```text
//! CARequest ::= SEQUENCE { ksRequest KSRequest, signatureAlgorithm AlgorithmIdentifier,
//!                          signatureValue OCTET STRING }
//! KMRespond ::= SEQUENCE { ksRespond KSRespond, signatureAlgorithm AlgorithmIdentifier,
//!                          signatureValue OCTET STRING }
//! ```

mod entity;
mod field;
mod private_key;
mod request;
mod respond;
mod signed;

pub use entity::{EntityName, TaskNumber};
pub use private_key::{Holder, PrivateKeyEnvelope, UnsignedEnvelope};
pub use request::{
    ApplyKey, ApplyUser, KsRequest, ReplyAlgorithms, Request, RestoreKey, RevokeKey,
};
pub use respond::{ErrorPackage, KsRespond, Respond, RetKey};
pub use signed::{Body, Signed};

/// A request as the CA signed it.
pub type CaRequest = Signed<KsRequest>;

/// An answer as the KM signed it.
pub type KmRespond = Signed<KsRespond>;

/// Chinese name of the structures, for messages.
const WHAT: &str = "密钥服务消息";
