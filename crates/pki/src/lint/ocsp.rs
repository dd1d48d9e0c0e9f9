//! Lints over OCSP answers.
