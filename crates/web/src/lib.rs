//! The doors of an institution: REST v1 for programs, OCSP and CRLs for relying parties, the
//! journal's checkpoints and tiles for witnesses, and the key centre's GM/T 0014 door.
//!
//! Here requests become calls of `app` and errors become problems (RFC 9457); decisions are
//! below. Every address is a row of [`router::table`] with a [`gate::Gate`].
//!
//! Standards: RFC 9110 (HTTP), RFC 9457 (problems), RFC 6960 appendix A (OCSP over HTTP),
//! RFC 5280 §4.2.1.13 (CRLs over HTTP), OpenAPI 3.1.

pub mod agent;
pub mod api;
mod bucket;
pub mod gate;
pub mod kmc;
pub mod ldap;
mod listener;
mod meter;
mod metrics;
mod octets;
mod openapi;
pub mod pages;
pub mod problem;
mod progress;
mod public;
mod refused;
pub mod router;
mod serve;
mod verdict;

pub use openapi::text as openapi_text;
pub use router::router;
pub use serve::{Running, serve, serve_kmc};
