//! 管理台: people, roles, invitations, registration offices.

use super::PageRoute;

/// The pages.
pub(super) fn table() -> Vec<PageRoute> {
    Vec::new()
}
