//! Registration 证书注册 (RA): from an application to a delivered certificate, as Measures Art. 21 has it.
//!
//! The way: draft → submitted → the four notices acknowledged → identity proofed → reviewed by a second
//! person → agreement signed by both sides → the applicant's key received → issued → delivered →
//! confirmed; returned once with everything that is to be mended, refused with reason and basis,
//! withdrawn, or expired. What is asked, told and held to is data ([`Catalogue`], under `registration/`);
//! the order of the steps is not.
//!
//! What it is not: it issues nothing, knows no CA and no key centre. [`ReadyToIssue`] is what `app` needs
//! to order certificates; it can be made only here, only from all the evidence, and is used up by
//! [`Ra::issued`]. Who may ask is `access`'s business: operations take its permits, and its signed acts
//! for what a person of the staff answers for with a signature (GM/T 0034 §6).
//!
//! Personal data live in sealed blobs only (purposes `ra-…`), are found by blind index and masked where
//! they are shown. Each change of state is one unit with its journal record.
//!
//! | room | holds |
//! | --- | --- |
//! | [`catalogue`] | the registration data, checked when it is read |
//! | [`model`] | applications, states, forms, orders, evidence, offices |
//! | `rules` | the decisions |
//! | `sql` | the tables |
//! | [`service`] | the operations |
//! | [`port`] | what others have to answer: keys in use, public databases |

pub mod catalogue;
pub mod error;
pub mod model;
pub mod port;
mod rules;
pub mod service;
mod sheet;
mod sql;

pub use catalogue::{Catalogue, Ground, SearchField, Source, Step};
pub use error::{Error, FieldError, Refusal};
pub use model::{
    ACKNOWLEDGEMENT, Acknowledgement, Agreement, AgreementLine, AgreementText, ApplicantSignature,
    Application, ApplicationId, ApplicationPage, At, BackedElement, Backing, Batch,
    BatchAgreementSigned, BatchAgreementText, BatchConsent, BatchEvidence, BatchId, BatchList,
    BatchMaterial, BatchParty, BatchProgress, BatchRow, BatchRun, BatchSearch, BatchSheet,
    BatchState, BatchStep, CodeOrder, Conditions, Created, DayCount, Decision, DeclineOrder,
    Delivery, Duplicate, Element, Ending, EnterBatchOrder, EnterOrder, EvidenceRow, EvidenceShown,
    Figures, Filing, FilingClock, Finding, Form, FormRow, FormView, Hold, HoldEnd, HoldId,
    IdentityProof, InquiryId, Institution, LiftingDraft, ListRef, Mark, Material, MaterialId,
    Media, Named, NewApplication, NewBatch, NewHold, Number, Office, OfficeId, OfficeOrder,
    OfficeRecord, OfficeRecordKind, OpenStop, OpenedMaterial, Outcome, Pace, Particulars, Power,
    ProofBatchOrder, ProofOrder, Proofing, ReadyToCarryOut, ReadyToIssue, ReadyToRevoke, Receipt,
    RefusalStage, ReturnOrder, Review, ReviewBatchOrder, ReviewClock, ReviewOrder, ReviewTimes,
    Revocation, RevocationDecision, RevocationDraft, RevocationId, RevocationItem, RevocationOrder,
    RevocationReview, RevocationRow, RevocationSelection, RevocationState, RevocationView,
    RunAgreement, SampleRow, Saved, Selection, Serials, Shortfall, State, StopEnd, SupplementItem,
    SupplementList, SuspensionOrder, Tally, Today, Upload,
};
pub use port::{
    Answer, Certified, Enclosed, Held, KeyRegister, Offline, Post, PublicData, Standing,
};
pub use rules::backing::unbacked as unbacked_elements;
pub use rules::material::{MOST_FILES, MOST_OCTETS};
pub use service::hold::{
    end_holds, has_held, has_lifted, power_of, reviewed_power_of, set_hold, standing_holds, to_lift,
};
pub use service::{Acknowledged, Matter, SignedAgreement};
pub use service::{
    ApprovedChanges, BatchCounts, Called, Comparison, Contact, Happening, Inquiry, NoticeStatus,
    Ra, RaConfig, ReviewRecord, UrgentStop,
};
pub use sheet::{MOST_ROWS, MOST_SHEET_OCTETS, SheetFormat};
