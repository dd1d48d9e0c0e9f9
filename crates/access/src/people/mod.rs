//! People: who there is, who may appoint them, their credentials, and how they leave.
//!
//! The first two, 超级管理员 and 审计管理员, are created together by the ceremony, as peers of
//! whom neither authorises the other (GM/T 0034 §6). Everybody else is created by a person whose
//! role appoints theirs, in an act signed by that person. A leaver is disabled: sessions, keys,
//! passphrase and invitation end in the same transaction.
//!
//! Not here: training records and rosters of registration offices.

mod appoint;
mod credential;
mod enrol;
mod invitation;
mod leave;
mod payload;
mod roster;
pub(crate) mod rules;

pub(crate) use credential::Passphrase;
pub use credential::{Key, KeyLabel, NewKey};
pub use enrol::{Enrolment, NewPassphrase};
pub use invitation::{Created, Invitation};
pub use payload::{Custodians, PersonChange};
