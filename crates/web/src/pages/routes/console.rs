//! 管理台: journal, CA, certificates, health, settings, statistics.

use super::PageRoute;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    Vec::new()
}
