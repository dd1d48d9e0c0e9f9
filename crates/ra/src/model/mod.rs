//! Types: the application and its states, what people fill in and order, what was proven.

mod agreement;
mod application;
mod evidence;
mod form;
mod ids;
mod material;
mod office;
mod orders;
mod state;

pub use agreement::{AgreementLine, AgreementText, ApplicantSignature, Institution};
pub use application::{
    Application, ApplicationPage, At, Created, DayCount, Duplicate, Mark, NewApplication,
    ReviewClock, Selection,
};
pub use evidence::{
    Acknowledgement, Agreement, Delivery, IdentityProof, ReadyToCarryOut, ReadyToIssue, Review,
};
pub(crate) use form::lines;
pub use form::{Element, Form, FormRow, FormView, Saved};
pub use ids::{ApplicationId, InquiryId, MaterialId, Number, OfficeId};
pub use material::{Material, Media, OpenedMaterial, Upload};
pub use office::{
    Conditions, Filing, FilingClock, Office, OfficeOrder, OfficeRecord, OfficeRecordKind,
    SuspensionOrder,
};
pub use orders::{
    Decision, EnterOrder, EvidenceRow, Finding, ProofOrder, ReturnOrder, ReviewOrder,
    SupplementItem, SupplementList,
};
pub use state::{Receipt, Serials, State};
