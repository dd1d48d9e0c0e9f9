//! Lints over CRLs.
