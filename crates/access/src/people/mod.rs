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
mod own;
mod own_key;
mod own_passphrase;
mod payload;
mod roster;
pub(crate) mod rules;
mod search;

pub(crate) use credential::Passphrase;
pub use credential::{Credentials, Key, KeyLabel, NewKey};
pub use enrol::{Enrolment, Invited, NewPassphrase, NewSecret};
pub use invitation::{Created, Invitation};
pub use own::Confirmation;
pub use payload::{Custodians, PersonChange};
pub use roster::SignInRecord;
pub use search::{PeoplePage, PeopleQuery};
