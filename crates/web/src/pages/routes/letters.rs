//! Letters and their verification, rating, complaints, disclosure.

use super::PageRoute;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    Vec::new()
}
