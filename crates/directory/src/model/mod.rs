//! Attribute types, classes, names, entries, filters, and the policy.

mod attribute;
mod class;
mod dn;
mod entry;
mod filter;
mod policy;

pub use attribute::{AttributeType, Syntax, Usage};
pub use class::{ClassKind, ObjectClass};
pub use dn::{BadDn, Dn, Part};
pub use entry::{Entry, Standing, Usage as KeyUse};
pub use filter::{Filter, Substrings};
pub use policy::{DirectoryConfig, Limits, PUBLISHABLE, Policy};
