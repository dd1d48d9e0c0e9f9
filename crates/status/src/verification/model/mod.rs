//! Questions, what comes with them, and reports.

mod evidence;
mod purpose;
mod question;
mod report;
mod stamp;
mod trust;

pub use evidence::{Evidence, MOST_ENCLOSED};
pub use pki::path::Outcome;
pub use purpose::Purpose;
pub use question::{CertificateQuestion, Covered, Form, SignatureQuestion, Wrong};
pub use report::{
    Basis, CertificateReport, Check, Facts, Judged, SignatureReport, SignerReport, TimeBasis,
};
pub use stamp::{StampFacts, StampQuestion, StampReport};
pub use trust::Trust;
