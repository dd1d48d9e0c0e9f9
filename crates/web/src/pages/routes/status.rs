//! Changes of status, and what the counter enters.

use super::PageRoute;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    Vec::new()
}
