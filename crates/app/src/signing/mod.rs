//! The signing service for applications (签名服务): keys in the institution's device, each made for
//! one API client by the order of two people, used within its operations and its quota, stopped by
//! one.
//!
//! # How a key comes to be
//!
//! 1. A business administrator signs an order: which client, which operations, how often. Another
//!    person confirms it with a signature of their own, or declines (Invariant 9).
//! 2. The device makes the signing key; a request signed with it goes the way of every enrolment,
//!    so that the institution's certificates stand for it, and the encryption pair comes from the
//!    key centre, enveloped to the signing key, into the device (dual keys, GM/T 0034).
//! 3. Cut off anywhere, [`Institution::make_signing_keys`](crate::Institution::make_signing_keys) goes on.
//!
//! # How its certificates go on and end
//!
//! In the last third of their life the certificates are renewed for the same signing key, so that nobody who
//! uses it has to do anything, until the key has been certified for five years. Whoever stops a key names the
//! cause; the certificates are held at once, and revoked for that when another person confirms it
//! ([ADR 12](../../../../docs/adr/0012-certificates-of-applications.md)).
//!
//! # How a key is used
//!
//! The intent is recorded before the device is asked (Invariant 3): key, client, operation, and one
//! digest, never contents. Intents that come together make one unit and one journal record
//! ([ADR 13](../../../../docs/adr/0013-signing-intents.md)). The unit itself reads whether the key
//! is active and what its quota leaves: a key that was stopped signs nothing more from that unit on,
//! on any node.
//!
//! | file | holds |
//! | --- | --- |
//! | [`model`] | keys, operations, quotas, orders |
//! | [`rules`] | pure decisions: whether an order is one, whether a use is allowed |
//! | `sql` | the tables of `0885_signing.sql` and `0895_signing_pair.sql` |
//! | `order` | orders, confirmations, stops |
//! | `key` | making the key and its certificates |
//! | `pair` | which certificates there are, and which are in force |
//! | `renew` | the next certificates |
//! | `ending` | holding and revoking those of a key that was stopped |
//! | `destroy` | the end of the signing key in the device, after that of its certificates |
//! | `record` | intents, in batches |
//! | `operate` | sign, sign a message, envelope, open |

mod destroy;
mod ending;
mod key;
pub mod model;
mod operate;
mod order;
mod pair;
mod record;
mod renew;
pub mod rules;
mod sql;

pub use model::{
    Certified, Confirmation, EndingOrder, KeyFilter, KeyOrder, KeyState, KeyView, Operation,
    Operations, Quota, SigningKey, StopCause, StopOrder, UseOfDay,
};
pub use operate::{Enveloped, Held, MessageOrder, SignedBy};
pub use rules::Refusal;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use sqlx::AnyConnection;
use tokio::sync::{Semaphore, mpsc};

/// Operations that use the device at a time: the rest of the machine answers status questions.
const MOST_WORKING: usize = 8;
/// Intents that may wait to be recorded.
const MOST_WAITING: usize = 1024;

/// The service of one institution.
pub(crate) struct Signing {
    recorder: mpsc::Sender<record::Entry>,
    working: Arc<Semaphore>,
    /// What was used in the second that is: key to second and count.
    seconds: Mutex<HashMap<i64, (i64, u32)>>,
    /// Keys whose making was refused for good, and when.
    refused: Mutex<HashMap<i64, Timestamp>>,
    /// When it was last looked whether certificates end soon.
    looked: Mutex<Option<Timestamp>>,
}

impl Signing {
    /// Starts the task that records.
    pub(crate) fn new() -> Self {
        Self {
            recorder: record::spawn(MOST_WAITING),
            working: Arc::new(Semaphore::new(MOST_WORKING)),
            seconds: Mutex::default(),
            refused: Mutex::default(),
            looked: Mutex::default(),
        }
    }
}

/// Whether a signing certificate is one of a key that was stopped: it is good no more, whoever held it.
pub(crate) async fn is_of_stopped_key(
    db: &mut AnyConnection,
    serial: &str,
) -> Result<bool, store::Error> {
    sql::pair::is_of_stopped(db, serial).await
}
