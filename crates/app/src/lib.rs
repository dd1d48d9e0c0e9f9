//! Steps that join subjects: an order becomes a key at the key centre, two certificates at the CA,
//! and one answer. Rules of one subject stay in its crate; pages and protocols are in `web`.
//!
//! | file | use case | article |
//! | --- | --- | --- |
//! | [`enrol`] | an order becomes certificates and an answer (new, renewed, with new keys) | Measures Art. 18 (1), 19 |
//! | [`registration`] | agreement, issue and delivery of an application | Measures Art. 21 |
//! | [`lifecycle`] | suspend, resume, revoke a pair; the key centre hears of it | Measures Art. 18 (1) |
//! | [`background`] | CRLs on time, standby keys, expiry, accounts | Measures Art. 18 (4) |
//! | [`setup`] | the founding: devices, ceremony, key centre, first client | GM/T 0034 §8.5 |
//! | [`restore`] | a new anchor after a restored backup | |
//! | [`doctor`] | is everything as it should be | |

pub mod background;
mod centre;
pub mod doctor;
pub mod enrol;
mod error;
mod institution;
mod kinds;
mod layout;
pub mod lifecycle;
mod people;
mod policies;
mod recover;
pub mod registration;
pub mod restore;
pub mod settings;
pub mod setup;
mod sql;

pub use background::Background;
pub use centre::{LINK_KEY, NewCentre, found_centre, open_centre};
pub use enrol::{Act, EnrolOrder, Enrolled, Enrolment};
pub use error::Error;
pub use institution::{ISSUER, Institution, Parts, Secrets};
pub use kinds::{Kind, Kinds};
pub use layout::Layout;
pub use settings::Settings;
