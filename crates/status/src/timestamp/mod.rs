//! The timestamp service (RFC 3161, GM/T 0033): what was there when, under the institution's key.
//!
//! # How a request is answered
//!
//! 1. [`TimestampAuthority::stamp`] reads the request strictly; what is not one gets the bit of
//!    `PKIFailureInfo` that says why.
//! 2. The policy asked for must be one of ours.
//! 3. The time must be sure ([`clock`]): compared with an outside source within its term, within
//!    the accuracy that is claimed, not stepped against the steady clock, not behind the last
//!    token. Otherwise there is no token (`timeNotAvailable`).
//! 4. The token is signed on the device, and what was signed is verified before it leaves.
//! 5. It is recorded before it leaves: tokens that are ready together share one unit, with one
//!    journal record over all their rows. A token that cannot be recorded is not given out
//!    (Invariant 4): unlike a status answer, it is an act that the institution answers for.
//!
//! # Serial numbers
//!
//! Ninety-four random bits of the device, drawn once for each process, and a counter of 48 bits
//! (RFC 3161 §2.4.2: never used again, not even after a crash). Within a process the counter keeps
//! them apart, between processes the random part; the table's key is the last guard.
//!
//! # Rooms
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | configuration, answers, health |
//! | [`rules`] | pure decisions: policy, serial, certificate |
//! | [`clock`] | pure decisions about the clock |
//! | [`sntp`], [`chrony`] | what outside sources say, octets and text in, numbers out |
//! | [`source`] | ports: an outside source of time, a steady clock |
//! | `sql` | `migrations/institution/0840_timestamp.sql` |
//! | `service` | [`TimestampAuthority`] |

pub mod chrony;
pub mod clock;
pub mod model;
pub mod rules;
mod service;
pub mod sntp;
pub mod source;
mod sql;

pub use clock::{ClockPolicy, Comparison, Doubt};
pub use model::{StampOutcome, Stamped, TimestampConfig, TimestampHealth};
pub use service::{Ports, TimestampAuthority, TokenEvidence};
pub use source::{Steady, SystemSteady, TimeSource};
