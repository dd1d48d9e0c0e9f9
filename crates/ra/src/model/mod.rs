//! Types: the application and its states, what people fill in and order, what was proven.

mod agreement;
mod application;
mod batch;
mod evidence;
mod form;
mod ids;
mod material;
mod office;
mod orders;
mod revocation;
mod state;
mod statistics;

pub use agreement::{AgreementLine, AgreementText, ApplicantSignature, Institution};
pub use application::{
    Application, ApplicationPage, At, Created, DayCount, Duplicate, Mark, NewApplication,
    ReviewClock, Selection,
};
pub use batch::{
    ACKNOWLEDGEMENT, Batch, BatchEvidence, BatchList, BatchMaterial, BatchParty, BatchProgress,
    BatchRow, BatchRun, BatchSheet, BatchState, BatchStep, EnterBatchOrder, ListRef, NewBatch,
    ProofBatchOrder, ReviewBatchOrder, SampleRow,
};
pub use evidence::{
    Acknowledgement, Agreement, Delivery, Ending, IdentityProof, ReadyToCarryOut, ReadyToIssue,
    Review,
};
pub(crate) use form::lines;
pub use form::{Element, Form, FormRow, FormView, Saved};
pub use ids::{ApplicationId, BatchId, InquiryId, MaterialId, Number, OfficeId, RevocationId};
pub use material::{Material, Media, OpenedMaterial, Upload};
pub use office::{
    Conditions, Filing, FilingClock, Office, OfficeOrder, OfficeRecord, OfficeRecordKind,
    SuspensionOrder,
};
pub use orders::{
    CodeOrder, Decision, DeclineOrder, EnterOrder, EvidenceRow, Finding, ProofOrder, ReturnOrder,
    ReviewOrder, SupplementItem, SupplementList,
};
pub use revocation::{
    Outcome, Particulars, ReadyToRevoke, Revocation, RevocationDecision, RevocationDraft,
    RevocationItem, RevocationOrder, RevocationReview, RevocationState, RevocationView,
};
pub use state::{Receipt, Serials, State};
pub use statistics::{Figures, ReviewTimes, Tally, Today};
