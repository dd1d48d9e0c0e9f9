//! Certificates of services: OCSP responders (RFC 6960), time-stamp authorities (RFC 3161), servers.

mod no_check_only_responder;
mod responder_purpose;
mod responder_status;
mod server_name;
mod server_purpose;
mod service_usage;
mod timestamp_purpose;

use super::check::Lint;

pub(super) const LINTS: &[&Lint] = &[
    &responder_purpose::LINT,
    &responder_status::LINT,
    &no_check_only_responder::LINT,
    &timestamp_purpose::LINT,
    &service_usage::LINT,
    &server_purpose::LINT,
    &server_name::LINT,
];
