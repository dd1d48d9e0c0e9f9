//! What went wrong at other institutions: one lint for each kind of incident that a certificate itself can show.

mod backdated;
mod distinct_issuer_key;
mod extra_second;
mod key_on_curve;
mod no_empty_constraints;
mod outer_spaces;
mod outlives_issuer;
mod placeholder_names;
mod private_addresses;
mod published_key;
mod serial_entropy;
mod small_multiple;
mod strict_der;
mod test_identifiers;
mod uncompressed_key;

use super::check::Lint;

pub(super) const LINTS: &[&Lint] = &[
    &strict_der::LINT,
    &serial_entropy::LINT,
    &extra_second::LINT,
    &outlives_issuer::LINT,
    &backdated::LINT,
    &key_on_curve::LINT,
    &uncompressed_key::LINT,
    &small_multiple::LINT,
    &published_key::LINT,
    &distinct_issuer_key::LINT,
    &test_identifiers::LINT,
    &placeholder_names::LINT,
    &outer_spaces::LINT,
    &no_empty_constraints::LINT,
    &private_addresses::LINT,
];
