//! The OCSP responder within an institution: opened as the settings say, its keys and certificates
//! renewed in good time (RFC 6960 §4.2.2.2), answers made ahead of time.
//!
//! | file | holds |
//! | --- | --- |
//! | `settings` | `[ocsp]` of `yinxin.toml` |
//! | `key` | keys and certificates of the responder, renewed with overlap |
//! | `check` | what the doctor says |

mod check;
mod key;
mod settings;

pub(crate) use key::SERVICE;
pub use settings::{OcspSettings, UnissuedAnswer};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Makes status answers ahead of time, if the last round is long enough ago. A halted store
    /// hinders nothing here: only reads are needed (Invariant 4).
    pub(crate) async fn prepare_answers(&self) -> Result<(), Error> {
        if let Some(round) = self.responder().prepare_if_due().await? {
            tracing::debug!(?round, "status answers were made ahead of time");
        }
        Ok(())
    }
}
