//! What every lint file needs.

pub(super) use super::check::{
    Lint, Outcome, Severity, Target, always, is_ca, is_end_entity, is_subscriber, not_root,
};
pub(super) use super::context::Role;
#[cfg(test)]
pub(super) use super::example::{der::*, *};
pub(super) use super::source;
pub(super) use super::tlv::{self, Tlv, tag};
pub(super) use super::values::{Form, KeyUsage};
pub(super) use super::view::{Extension, Time, View};
pub(super) use crate::oid::{self, Oid};
