//! Steps that join subjects: an order becomes a key at the key centre, two certificates at the CA,
//! and one answer. Rules of one subject stay in its crate; pages and protocols are in `web`.
//!
//! | file | use case | article |
//! | --- | --- | --- |
//! | [`enrol`] | an order becomes certificates and an answer (new, renewed, with new keys) | Measures Art. 18 (1), 19 |
//! | [`registration`] | agreement, issue and delivery of an application | Measures Art. 21 |
//! | [`batch`] | sheets, acts over many, issue in one go | Measures Art. 21 |
//! | [`notify`] | messages to applicants, notices of expiry | Measures Art. 18 (1) |
//! | [`lifecycle`] | suspend, resume, revoke a pair; the key centre hears of it | Measures Art. 18 (1) |
//! | [`background`] | CRLs on time, standby keys, expiry, accounts | Measures Art. 18 (4) |
//! | [`setup`] | the founding: devices, ceremony, key centre, first client | GM/T 0034 §8.5 |
//! | [`restore`] | a new anchor after a restored backup | |
//! | [`console`] | audit marks, lists and keys out of turn, one certificate over all subjects | GM/T 0034 §6 |
//! | [`letters`] | letters that are due, their PDFs, who opens them | Measures Art. 21, 24 |
//! | [`voice`] | ratings and complaints | Measures Art. 29 |
//! | [`verification`] | trust anchors, reports on certificates and signatures | Measures Art. 18 (2) |
//! | [`foreign`] | revocation lists of other institutions, followed | Measures Art. 18 (2) |
//! | [`signing`] | keys of applications: ordered by two, used within a quota, stopped by one | Measures Art. 18 (1) |
//! | [`sample`] | the weekly report on what stood behind some of the certificates | Measures Art. 21 |
//! | [`devices`] | certified products, attestations of keys | Measures Art. 20 |
//! | [`refusals`] | requests of API clients that are refused: slowed, summed up | |
//! | [`disclosure`] | licence, practice documents, what is public | Measures Art. 13, 17 |
//! | `publication` | the certificate directory: settings, lists in force | Measures Art. 18 (2) |
//! | [`replica`] | publishing into another LDAP server, and comparing it | Measures Art. 18 (2) |
//! | [`succession`] | the next key of the issuing CA, taken up while serving; the end of the old one | GM/T 0034 §8.5 |
//! | [`roots`] | the next key of the root, link certificates, the end of the old key's shares | GM/T 0034 §8.5 |
//! | [`abandonment`] | ceremonies that can't be brought to their end, given up | GM/T 0034 §8.5 |
//! | [`cross`] | cross-certificates with other institutions | Measures Art. 18 (2) |
//! | `root_list` | the root's own revocation list, made by hand once a year | Measures Art. 18 (2) |
//! | [`responder`] | status answers: keys and certificates of the responder, answers made ahead | Measures Art. 18 (2) |
//! | [`timestamp`] | the timestamp service: sources of time, its key and certificate | Measures Art. 18 (5) |
//! | `service_keys` | keys of the institution's own services, from the making to the end | Measures Art. 20 |
//! | `ends` | certificates that come near their end | |
//! | `compromised` | keys that leaked, and what is good of them although it should not be | |
//! | [`doctor`] | is everything as it should be | |

pub mod abandonment;
pub mod background;
mod basis;
pub mod batch;
mod breakdown;
mod centre;
mod compromised;
pub mod console;
pub mod cross;
pub mod devices;
pub mod disclosure;
pub mod doctor;
mod ends;
pub mod enrol;
mod error;
pub mod foreign;
mod institution;
mod kinds;
mod layout;
pub mod letters;
pub mod lifecycle;
mod limits;
mod mark;
pub mod notify;
mod people;
mod policies;
mod publication;
mod recover;
pub mod refusals;
pub mod registration;
pub mod replica;
pub mod responder;
pub mod restore;
mod root_list;
pub mod roots;
pub mod sample;
mod service_keys;
pub mod settings;
pub mod setup;
pub mod signing;
mod sql;
pub mod succession;
pub mod timestamp;
pub mod verification;
pub mod voice;

pub use background::Background;
pub use centre::{LINK_KEY, NewCentre, found_centre, open_centre};
pub use ends::{AlarmSettings, Threshold};
pub use enrol::{Act, EnrolOrder, Enrolled, Enrolment};
pub use error::Error;
pub use institution::{ISSUER, Institution, Parts, Secrets};
pub use kinds::{Kind, Kinds};
pub use layout::Layout;
pub use mark::{Block, Mark};
pub use publication::DirectorySettings;
pub use replica::Replica;
pub use root_list::{RootLists, owed_lists, publish_root_list};
pub use settings::Settings;
