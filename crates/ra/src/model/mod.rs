//! Types: the application and its states, what people fill in and order, what was proven.

mod agreement;
mod application;
mod backing;
mod batch;
mod batch_consent;
mod evidence;
mod form;
mod hold;
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
pub use backing::{BackedElement, Backing, EvidenceShown, Proofing, Shortfall};
pub(crate) use batch::RunRequest;
pub use batch::{
    ACKNOWLEDGEMENT, Batch, BatchEvidence, BatchList, BatchMaterial, BatchParty, BatchProgress,
    BatchRow, BatchRun, BatchSearch, BatchSheet, BatchState, BatchStep, EnterBatchOrder, ListRef,
    NewBatch, Pace, ProofBatchOrder, ReviewBatchOrder, RunAgreement, SampleRow,
};
pub use batch_consent::{BatchAgreementSigned, BatchAgreementText, BatchConsent};
pub(crate) use batch_consent::{CONSENT_FORM, KeptConsent, Listed, RunConsent};
pub use evidence::{
    Acknowledgement, Agreement, Delivery, Ending, IdentityProof, ReadyToCarryOut, ReadyToIssue,
    Review,
};
pub(crate) use form::lines;
pub use form::{Element, Form, FormRow, FormView, Saved};
pub use hold::{Hold, HoldEnd, HoldId, Named, NewHold, Power};
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
    LiftingDraft, OpenStop, Outcome, Particulars, ReadyToRevoke, Revocation, RevocationDecision,
    RevocationDraft, RevocationItem, RevocationOrder, RevocationReview, RevocationRow,
    RevocationSelection, RevocationState, RevocationView, StopEnd,
};
pub use state::{Receipt, RefusalStage, Serials, State};
pub use statistics::{Figures, ReviewTimes, Tally, Today};
