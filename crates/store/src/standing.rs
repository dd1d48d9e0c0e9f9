//! Whether the store may be written to.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Error;

/// Whether journal and anchor are what they should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// They are, as far as was looked.
    Sound,
    /// They are not. Commits are refused, reads go on.
    Halted {
        /// What was found, for the operator (Chinese).
        reason: Arc<str>,
    },
}

/// The standing of one open store. The first reason stays until the store is opened anew: what was
/// found once does not become sound because a later look misses it.
#[derive(Debug, Default)]
pub(crate) struct StandingCell(Mutex<Option<Arc<str>>>);

impl StandingCell {
    pub(crate) fn read(&self) -> Standing {
        match &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            None => Standing::Sound,
            Some(reason) => Standing::Halted { reason: reason.clone() },
        }
    }

    /// Refuses unless sound.
    pub(crate) fn check(&self) -> Result<(), Error> {
        match self.read() {
            Standing::Sound => Ok(()),
            Standing::Halted { reason } => Err(Error::Halted(reason)),
        }
    }

    pub(crate) fn halt(&self, reason: impl Into<Arc<str>>) -> Error {
        let reason = reason.into();
        let mut cell = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cell.is_none() {
            tracing::error!(%reason, "journal halted: commits are refused from now on");
        }
        Error::Halted(cell.get_or_insert(reason).clone())
    }
}
