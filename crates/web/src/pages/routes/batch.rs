//! Sheets of applications.

use super::PageRoute;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    Vec::new()
}
