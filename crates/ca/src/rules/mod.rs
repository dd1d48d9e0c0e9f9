//! Pure decisions of the CA: no clock, no storage, no randomness.

pub mod account;
pub mod crl;
pub mod cross;
pub mod cross_evidence;
pub mod evidence;
pub mod key;
pub mod status;
pub mod succession;
pub mod time;
