//! The certificate directory: which certificates are public, how they stand in a tree, and how
//! LDAP searches that tree (Measures Art. 18 (2); GM/T 0034: certificates and lists are published in
//! a directory; RFC 4510 to 4519, RFC 4523 for the schema, RFC 2696 for pages, RFC 4387 for HTTP).
//!
//! Octets of LDAP come in as [`message::Message`] and go out as octets; sockets are in `web`.
//! Nothing can be changed through it: what is issued and what its status is was decided in `ca`,
//! whose tables are read here. The lists in force come through [`port::Lists`].
//!
//! # What is public
//!
//! [`Policy`] is data: certificates of units, devices and servers, by their name and serial number.
//! Certificates of natural persons are never in the directory: nobody's consent to that is on record
//! (PIPL Art. 13), so the policy refuses their kinds. Identifiers inside certificates (codes of
//! persons, of social insurance) are no attributes here and can't be searched.
//!
//! # The tree
//!
//! ```text
//! o=<institution>,c=CN
//! ├── ou=CA
//! │   └── cn=<issuer>                cACertificate;binary, lists;binary
//! │       └── cn=crl-<n>             one distribution point for each shard
//! └── ou=Certificates
//!     └── serialNumber=<hex>         one certificate: cn, o, ou, userCertificate;binary, its status
//! ```
//!
//! A certificate keeps its entry when it is suspended, revoked or over; `certificateStatus` says so at
//! once. Signing certificates stay readable, for old signatures must be verified; encryption
//! certificates are shown only while they are good, for nobody may encrypt to them any more.
//!
//! # How a search is bounded
//!
//! A filter is planned into lookups of an index table ([`rules::plan`]), entries come in batches and
//! are held against the whole filter in three-valued logic ([`rules::evaluate`]). Entries looked
//! at, entries sent, octets and time each have a limit; what was found until then is sent.
//!
//! The index follows the records of issued certificates and is derived: [`Directory::verify`] compares
//! it with the certificates and repairs it (Invariant 8). Status isn't indexed but read.
//!
//! # Another directory
//!
//! [`Mirror`] tells what another LDAP server should hold, step by step in the order of the records
//! ([`rules::replica`] has the mapping); `app` sends it there and compares.

mod error;
pub mod message;
pub mod model;
pub mod port;
pub mod rules;
mod service;
mod sql;

pub use error::Error;
pub use model::{AttributeType, DirectoryConfig, Dn, Entry, Limits, PUBLISHABLE, Policy};
pub use service::{
    Directory, Found, IndexReport, ListKey, Mirror, Place, Put, Refused, SearchDone, Step, Wanted,
};
