//! Signing in: by a signed challenge, or by passphrase and one-time code.
//!
//! The usual way is the person's certificate: the page shows a [`Challenge`], the signer's tool
//! signs its text with SM2, and nothing that could be stolen was sent. The other way needs no
//! tool: a passphrase (Argon2id, RFC 9106, mixed with a key of the device) together with a
//! one-time code (RFC 6238).
//!
//! # Failures
//!
//! Failures are counted in the database, so that a restart or another node forgets nothing, and
//! before the attempt is judged, or in the very unit that decides it, so that many at once are no way
//! around. Three tallies:
//!
//! - a login from one source: five failures within 15 minutes lock this pair for 15 minutes;
//! - a source: thirty within 15 minutes lock it for 15 minutes, whatever the logins;
//! - a login from anywhere: from the eleventh failure within a day, each makes the next attempt
//!   wait twice as long, up to a minute.
//!
//! Nobody can lock a person out for ever: the wait of the third tally is short, it does not apply
//! to a source from which this login signed in within 30 days, and a certificate is never asked
//! for failures of a passphrase. An unknown login is measured against somebody's passphrase
//! and gets the same answer, the same locks and the same time.

mod attempts;
mod challenge;
mod passphrase;
pub(crate) mod rules;
mod service;
pub(crate) mod totp;

pub(crate) use attempts::{Attempt, Seen, settle};
pub use challenge::Challenge;
pub(crate) use passphrase::Stretch;
pub(crate) use rules::Tally;
pub use service::{Arrival, KeyProof, PassphraseProof, SignedIn};
