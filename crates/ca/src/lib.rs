//! The certification authority: issue, renew, suspend, resume, revoke; revocation lists; the
//! key ceremony.
//!
//! What it is: the one place where the CA's own key is used. What it is not: it does not know
//! why somebody may have a certificate; proof of identity and of possession are the caller's.
//!
//! Rules: the Measures for E-government Electronic Certification Art. 19 (what a certificate
//! states), Art. 23 (revocation); GM/T 0034 (CA system, ceremony), GM/T 0043 (certificates and
//! CRLs), RFC 5280.
//!
//! # The issuance cycle
//!
//! What is going to be signed is recorded and linted before it is signed, and what was signed
//! is stored and journaled before anybody gets it:
//!
//! 1. [`Ca::prepare`]: serial number, plan by the profile, lints. Computes only.
//! 2. [`Ca::intend`], in a unit: the request id is looked up (a repetition gets what it got
//!    before), the key is claimed for its subject, the to-be-signed bytes are stored, the
//!    journal gets `certificate.intended` with their SM3. Yields an [`IssuanceTicket`].
//! 3. [`Ca::sign`]: the ticket is consumed; the device signs; the signature is verified over
//!    the recorded bytes. A wrong signature quarantines the key.
//! 4. [`Ca::store`], in a unit: certificate, bytes and `certificate.issued` together.
//! 5. After a crash, [`Ca::recover`] finishes every intent from its recorded bytes or explains
//!    why it is given up.
//!
//! Units belong to the caller, so that a pair is intended in one and stored in one:
//!
//! ```no_run
//! use ca::{Ca, Error, Intent, IssueOrder, StoredCertificate};
//! use store::Store;
//!
//! async fn issue_pair(
//!     store: &Store,
//!     ca: &Ca,
//!     orders: [IssueOrder; 2],
//! ) -> Result<Vec<StoredCertificate>, Error> {
//!     let prepared = orders.map(|order| ca.prepare(order));
//!     let by = ca.clone();
//!     let intents = store
//!         .commit(move |tx| {
//!             Box::pin(async move {
//!                 let mut intents = Vec::new();
//!                 for prepared in prepared {
//!                     intents.push(by.intend(tx, prepared?).await?);
//!                 }
//!                 Ok::<_, Error>(intents)
//!             })
//!         })
//!         .await?;
//!     let (mut tickets, mut stored) = (Vec::new(), Vec::new());
//!     for intent in intents {
//!         match intent {
//!             Intent::Ticket(ticket) => tickets.push(*ticket),
//!             Intent::Issued(certificate) => stored.push(*certificate),
//!         }
//!     }
//!     let signed = ca.sign(tickets).await?;
//!     let by = ca.clone();
//!     let fresh = store
//!         .commit(move |tx| {
//!             Box::pin(async move {
//!                 let mut fresh = Vec::new();
//!                 for signed in signed {
//!                     fresh.push(by.store(tx, signed).await?);
//!                 }
//!                 Ok::<_, Error>(fresh)
//!             })
//!         })
//!         .await?;
//!     stored.extend(fresh);
//!     Ok(stored)
//! }
//! ```
//!
//! # Generations
//!
//! An authority (`root`, `issuing`) outlives its keys. Each key with its certificate is a generation with
//! a name of its own (`issuing`, `issuing2`), under which its certificate and its lists are found; in the
//! journal all certificates are those of the authority, and no serial number is used in two generations.
//! One issues at any moment ([`rules::succession`], ADR 14); those before it sign their revocation lists
//! and the certificates of their status responders until their last certificate has ended. The keys of the root
//! share one name, and vouch for each other by link certificates (ADR 15).
//!
//! # Rooms
//!
//! | module | holds |
//! | --- | --- |
//! | [`model`] | orders, certificates, status, configuration |
//! | [`rules`] | pure decisions |
//! | `sql` | all SQL, over `migrations/institution/0100_ca.sql` |
//! | `service` | the operations of [`Ca`] |
//! | [`crl`] | revocation lists |
//! | [`ceremony`] | root, issuing CA, the next generation of either, shares, protocol |

pub mod ceremony;
pub mod crl;
mod error;
pub mod model;
pub mod rules;
mod service;
mod sql;

pub use crl::{CrlHealth, CrlKind, CrlRecord, PublishedCrl};
pub use error::{Error, Invalid, Refusal};
pub use model::{
    CaConfig, CertificateRecord, CrlPolicy, GENERATION, IssueOrder, RequestId, RevocationReason,
    Role, Status, StatusView, StoredCertificate, Validity,
};
pub use rules::crl::Freshness;
pub use rules::status::Revocation;
pub use service::{
    Ca, CertificatePage, Comparison, CrossIssued, CrossReceived, EndMark, Explanation, Export,
    Generation, Intent, IssuanceTicket, Link, PreparedOrder, Reconciliation, Recovery,
    SignedCertificate, cross_issued, cross_received, own_authorities, take_back, take_in,
};
pub use sql::certificate::good_of_blocked_query;
pub use sql::list::{CertificateFilter, ending_query};
pub use sql::status::changed_since_query;
