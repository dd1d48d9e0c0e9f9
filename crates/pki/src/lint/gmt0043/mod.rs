//! GM/T 0043-2015 §6: what inspectors test on every certificate. All items are key items: one failure fails all.

mod algorithms_equal;
mod authority_key_matches;
mod authority_key_present;
mod country_string;
mod crl_point_form;
mod crl_point_present;
mod email_string;
mod encrypt_usage;
mod generalized_time;
mod issuer_address;
mod issuer_name;
mod issuer_order;
mod issuer_strings;
mod key_algorithm;
mod key_usage_present;
mod other_strings;
mod pair_subject;
mod policy_address;
mod private_key_period;
mod purposes_agree;
mod serial_length;
mod serial_positive;
mod sign_usage;
mod signature_algorithm;
mod signature_parameters;
mod subject_key_present;
mod subject_key_recomputable;
mod subject_order;
mod utc_time;
mod validity_order;
mod version;

use super::check::Lint;

pub(super) const LINTS: &[&Lint] = &[
    &version::LINT,
    &serial_positive::LINT,
    &serial_length::LINT,
    &signature_algorithm::LINT,
    &signature_parameters::LINT,
    &algorithms_equal::LINT,
    &subject_order::LINT,
    &issuer_order::LINT,
    &country_string::LINT,
    &email_string::LINT,
    &other_strings::LINT,
    &issuer_strings::LINT,
    &issuer_name::LINT,
    &utc_time::LINT,
    &generalized_time::LINT,
    &validity_order::LINT,
    &key_algorithm::LINT,
    &authority_key_present::LINT,
    &authority_key_matches::LINT,
    &subject_key_present::LINT,
    &subject_key_recomputable::LINT,
    &key_usage_present::LINT,
    &sign_usage::LINT,
    &encrypt_usage::LINT,
    &crl_point_present::LINT,
    &crl_point_form::LINT,
    &purposes_agree::LINT,
    &private_key_period::LINT,
    &policy_address::LINT,
    &issuer_address::LINT,
    &pair_subject::LINT,
];
