//! Kinds, sheets, letters and their verification codes.

mod code;
mod kind;
mod letter;
mod sheet;

pub use code::VerificationCode;
pub use kind::LetterKind;
pub(crate) use letter::FORMAT;
pub use letter::{Draft, Facts, Issued, Letter, LetterId, SignedLetter};
pub use sheet::{Block, Row, Sheet};
