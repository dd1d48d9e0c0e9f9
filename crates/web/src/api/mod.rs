//! REST v1: one file per resource. Every answer is JSON; every error is a [`Problem`].
//!
//! [`Problem`]: crate::problem::Problem

pub mod certificates;
pub mod clients;
pub mod crls;
pub mod directory;
mod explain;
pub mod export;
mod input;
pub mod journal;
pub mod kinds;
pub mod page;
pub mod problems;
pub mod requests;
pub mod session;
pub mod sign;
pub mod sof;
pub mod system;
pub mod verify;
pub(crate) mod verify_question;
pub(crate) mod verify_view;
pub mod view;

use app::Institution;
pub use input::{Body, Params, Segment};

use crate::problem::Problem;

/// A serial number of a path.
pub(crate) fn serial(text: &str) -> Result<pki::Serial, Problem> {
    pki::Serial::from_hex(text).map_err(|e| app::Error::from(e).into())
}

/// A request id of a path or body.
pub(crate) fn request_id(text: &str) -> Result<ca::RequestId, Problem> {
    ca::RequestId::new(text).map_err(|e| app::Error::from(ca::Error::from(e)).into())
}

/// The state of every handler.
pub type App = Institution;
