//! OCSP responders of other institutions, asked where their lists leave a question open (Measures Art. 18 (2), RFC 6960).
//!
//! # When one is asked, and when not
//!
//! Lists come first: they are here already, and nobody learns who verifies whom. Only where no list in force decides is
//! the responder asked that the operator's trust list names for the issuer; an address that merely stands in a
//! certificate never is, and a certificate that its issuer did not sign makes us ask nobody.
//!
//! # How one is asked
//!
//! 1. [`crate::verification`] collects what is open while it judges, and leaves its place among the working before it
//!    asks: who waits for a stranger keeps nobody waiting.
//! 2. `Responders::ask` asks with a nonce, within limits of time, size and number. A responder that fails twice in a
//!    row rests, longer each time.
//! 3. [`rules::take`] reads strictly and verifies: nonce, signer, issuer and serial number, window.
//! 4. An answer with an end is kept until then, but not longer than the operator says; a refused one is not asked for
//!    again within a minute.
//!
//! What was believed once is a floor: an older answer isn't believed afterwards, and a revocation is final, however
//! often an old answer is sent again (Invariant 7). The floors and the revocations are in the store, by certificate: a
//! start forgets none, nor a responder that moves, and what one node learned counts on all.
//!
//! They are looked up with every status of such a certificate, whether the responder is asked or not: neither a list that
//! came later and says less, nor an answer that is kept or enclosed, makes good what was known to be revoked, nor what was
//! suspended later than that says.
//!
//! Whatever fails leaves the status unknown, never good (Invariant 11). Answers are kept in memory: a report is a view.
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | responders, questions, what was said, states |
//! | [`rules`] | pure decisions: whether an answer is believed, how long one rests |
//! | `memory` | what was believed, against older answers |
//! | `sql` | the same, for all nodes and beyond a start |
//! | `service` | [`Responders`] |

mod memory;
pub mod model;
pub mod rules;
mod service;
mod sql;

pub use memory::Known;
pub use model::{Ask, By, ForeignResponder, ResponderQuestion, ResponderState, Said, Told, Untold};
pub use service::{AskConfig, Responders};
