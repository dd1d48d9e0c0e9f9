//! Revocation lists of other institutions, followed for mutual recognition (Measures Art. 18 (2)): whoever verifies a
//! certificate of another institution here learns its status without having to bring the list along.
//!
//! # What is followed, and what never is
//!
//! Only lists that the operator's trust list names: an [`Authority`] with its certificates and the addresses of its
//! lists. An address that merely stands in a certificate is never asked, for whoever puts a certificate to the question
//! chose it. OCSP responders are not asked either unless the operator wants it and names them ([`responder`]): the
//! stranger learns who verifies whom. An OCSP answer can come along with the question.
//!
//! # How a list is followed
//!
//! 1. [`Follower::round`] looks which sources are due and claims each for this node.
//! 2. The transport fetches, within limits of size and time.
//! 3. [`rules::judge`] reads strictly and verifies: issuer, signature, kind, scope, window, and that the number is not
//!    lower than what is held. What fails any of it leaves the list that is held, with the reason beside it.
//! 4. List and state are one unit; the next fetch is due by `nextUpdate` and the interval, earlier by a random part;
//!    after a failure later each time.
//! 5. Verification reads a snapshot, [`Followed`]. A list that is out of date shows what is revoked and nothing else
//!    (fail closed); the report cites source, number, `thisUpdate` and SM3 of the list.
//!
//! Rows are derived (Invariant 8): without them everything is fetched again, but for the memory of numbers. Until they
//! were read for the first time after a start nothing is good that is not ours.
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | addresses, authorities, states, the snapshot |
//! | [`rules`] | pure decisions: whether a list is taken, when the next is fetched |
//! | `sql` | its two tables |
//! | `service` | [`Follower`] |
//! | [`responder`] | OCSP responders, asked where no list decides |

pub mod model;
pub mod responder;
pub mod rules;
mod service;
mod sql;

pub use model::{
    Address, Authority, Cited, Fetch, Floor, Followed, FollowedAuthority, Group, Source,
    SourceState, WrongAddress,
};
pub use rules::Refused;
pub use service::{FollowConfig, Follower};
