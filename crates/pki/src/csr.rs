//! Certification requests.
use crate::error::reasons;
reasons! {
    /// Why a certification request is refused.
    Refusal {
        Placeholder = "csr.placeholder", "x";
    }
}
