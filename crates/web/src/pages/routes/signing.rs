//! 管理台: keys of applications.

use access::Action;

use super::{PageRoute, pages};
use crate::pages::guard::PageGate;
use crate::pages::signing::{detail, list, order};

/// Ordered by one, confirmed by another, stopped by either (Invariant 9).
pub(super) fn table() -> Vec<PageRoute> {
    let may = PageGate::Person;
    use Action as A;
    pages! {
        get "/admin/signing" may(A::ReadSigning) => list::show;
        get "/admin/signing/export.csv" may(A::ReadSigning) => list::export;
        get "/admin/signing/new" may(A::ManageSigning) => order::new;
        post "/admin/signing/new" may(A::ManageSigning) => order::submit;
        get "/admin/signing/{number}" may(A::ReadSigning) => detail::show;
        get "/admin/signing/{number}/uses.csv" may(A::ReadSigning) => detail::uses;
        post "/admin/signing/{number}/decision" may(A::ConfirmSigning) => detail::decide;
        post "/admin/signing/{number}/stop" may(A::StopSigning) => detail::stop;
        post "/admin/signing/{number}/ending" may(A::ConfirmSigning) => detail::confirm_ending;
    }
}
