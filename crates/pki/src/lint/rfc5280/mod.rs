//! RFC 5280: structure of certificates and their extensions.

mod access_not_critical;
mod alternative_not_empty;
mod ascii_addresses;
mod authority_key_not_critical;
mod ca_cert_sign;
mod ca_constraints_critical;
mod ca_constraints_present;
mod ca_subject_not_empty;
mod cert_sign_only_ca;
mod country_code;
mod crl_point_named;
mod dns_form;
mod duplicate_attributes;
mod email_form;
mod end_entity_not_ca;
mod extension_values;
mod extensions_not_empty;
mod freshest_not_critical;
mod ip_form;
mod issuer_not_empty;
mod key_usage_critical;
mod key_usage_not_empty;
mod multi_valued_rdn;
mod name_constraints_critical;
mod name_constraints_only_ca;
mod name_lengths;
mod no_unique_ids;
mod path_length;
mod policy_duplicates;
mod policy_extensions_critical;
mod policy_extensions_only_ca;
mod policy_notice;
mod purposes_not_empty;
mod serial_not_zero;
mod subject_key_not_critical;
mod subject_or_alternative;
mod time_form;
mod unique_extensions;
mod unknown_critical;
mod usage_fits_key;
mod version_matches;

use super::check::Lint;
pub(super) use unknown_critical::KNOWN;

pub(super) const LINTS: &[&Lint] = &[
    &unique_extensions::LINT,
    &extension_values::LINT,
    &unknown_critical::LINT,
    &version_matches::LINT,
    &extensions_not_empty::LINT,
    &no_unique_ids::LINT,
    &ca_constraints_critical::LINT,
    &ca_constraints_present::LINT,
    &end_entity_not_ca::LINT,
    &path_length::LINT,
    &key_usage_not_empty::LINT,
    &key_usage_critical::LINT,
    &cert_sign_only_ca::LINT,
    &ca_cert_sign::LINT,
    &issuer_not_empty::LINT,
    &subject_or_alternative::LINT,
    &ca_subject_not_empty::LINT,
    &name_lengths::LINT,
    &duplicate_attributes::LINT,
    &multi_valued_rdn::LINT,
    &country_code::LINT,
    &serial_not_zero::LINT,
    &time_form::LINT,
    &policy_duplicates::LINT,
    &policy_notice::LINT,
    &name_constraints_only_ca::LINT,
    &name_constraints_critical::LINT,
    &policy_extensions_only_ca::LINT,
    &policy_extensions_critical::LINT,
    &subject_key_not_critical::LINT,
    &authority_key_not_critical::LINT,
    &freshest_not_critical::LINT,
    &access_not_critical::LINT,
    &crl_point_named::LINT,
    &ascii_addresses::LINT,
    &email_form::LINT,
    &dns_form::LINT,
    &ip_form::LINT,
    &alternative_not_empty::LINT,
    &purposes_not_empty::LINT,
    &usage_fits_key::LINT,
];
