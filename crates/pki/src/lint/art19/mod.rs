//! The Measures, Art. 19 (what a certificate states) and Art. 20 (that it can be confirmed).

mod exact_text;
mod holder_name;
mod institution_name;
mod other_content;
mod serial_number;
mod signature;
mod status_source;
mod validity;
mod verification_data;

use super::check::Lint;

pub(super) const LINTS: &[&Lint] = &[
    &institution_name::LINT,
    &holder_name::LINT,
    &serial_number::LINT,
    &validity::LINT,
    &verification_data::LINT,
    &signature::LINT,
    &other_content::LINT,
    &exact_text::LINT,
    &status_source::LINT,
];
