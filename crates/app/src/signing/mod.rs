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
//! | `sql` | the tables of `0885_signing.sql` |
//! | `order` | orders, confirmations, stops |
//! | `key` | making the key and its certificates |
//! | `record` | intents, in batches |
//! | `operate` | sign, sign a message, envelope, open |

mod key;
pub mod model;
mod operate;
mod order;
mod record;
pub mod rules;
mod sql;

pub use model::{
    Confirmation, KeyFilter, KeyOrder, KeyState, Operation, Operations, Quota, SigningKey,
    StopOrder, UseOfDay,
};
pub use operate::{Enveloped, Held, MessageOrder, SignedBy};
pub use rules::Refusal;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

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
}

impl Signing {
    /// Starts the task that records.
    pub(crate) fn new() -> Self {
        Self {
            recorder: record::spawn(MOST_WAITING),
            working: Arc::new(Semaphore::new(MOST_WORKING)),
            seconds: Mutex::default(),
        }
    }
}
