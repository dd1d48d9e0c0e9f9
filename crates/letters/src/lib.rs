//! Letters and forms that an institution gives out 文书: receipts, notices, refusals, agreements and
//! confirmations, as data that can be printed, verified and kept (Measures Art. 21, 24).
//!
//! A letter is a [`Sheet`] (title, number, blocks, signature block) inside a [`Letter`], signed by the
//! institution's key over its canonical JSON; `docs/letters.md` has the exact octets. Pages and PDF
//! show the same sheet, so that they cannot say different things. Everybody can hold a letter against
//! what was issued: by number and verification code, or by the file itself.
//!
//! The content is personal and lives in sealed blobs (purposes `letter-…`); columns hold numbers and
//! keyed hashes only. Each letter is one unit with its journal record, and there is one of a kind and
//! position for an application, however often it is asked for.
//!
//! Not here: when a letter is due, and what it says of an application (`app::letters`); typesetting
//! (`yinxin-typeset`).
//!
//! | room | holds |
//! | --- | --- |
//! | [`catalogue`] | the texts, in versions, checked when they are read |
//! | [`model`] | kinds, sheets, letters, verification codes |
//! | `rules` | what a text becomes when it is filled in; numbers |
//! | `sql` | the tables |
//! | [`service`] | issue, find, verify |

pub mod catalogue;
pub mod error;
pub mod model;
mod rules;
pub mod service;
mod sql;

pub use catalogue::Catalogue;
pub use error::Error;
pub use model::{
    Block, Draft, Facts, Issued, Letter, LetterId, LetterKind, Row, Sheet, SignedLetter,
    VerificationCode,
};
pub use rules::number::normal as number_as_typed;
pub use service::{Letters, LettersConfig, Presented, Verdict};
