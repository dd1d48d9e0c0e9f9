//! Types of the CA: orders, certificates and their status, CRLs, configuration.

mod certificate;
mod config;
mod order;
mod reason;

pub use certificate::{CertificateRecord, Status, StatusView, StoredCertificate};
pub use config::{CaConfig, CrlPolicy, GENERATION, SignerLabel};
pub use order::{IssueOrder, RequestId, Role, Validity};
pub use reason::RevocationReason;
