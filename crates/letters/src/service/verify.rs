//! Is a letter genuine: by number and code, or by the file. Nothing personal is told to whoever does
//! not already have it.

use super::Letters;
use crate::error::Error;
use crate::model::{Issued, Letter, SignedLetter, VerificationCode};
use crate::rules;
use crate::sql;
use crate::sql::LetterRow;

/// How a letter that somebody has compares with what was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is exactly what was issued.
    Genuine(Box<Presented>),
    /// A letter of this number was issued, and it says something else.
    Changed(Issued),
    /// Nothing of the kind was issued here.
    Unknown,
}

/// A genuine letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presented {
    /// Which.
    pub issued: Issued,
    /// Whether the institution's signature over what is kept verifies. False would mean that the
    /// institution's own copy is damaged.
    pub signature_holds: bool,
    /// What it says.
    pub letter: Letter,
}

impl Letters {
    /// By number and verification code. A wrong code and a number that was never given look alike.
    pub async fn verify_code(&self, number: &str, code: &str) -> Result<Verdict, Error> {
        let number = rules::number::normal(number);
        let code = VerificationCode::parse(code);
        // Reckoned in any case: the time taken tells nothing.
        let sought = code.as_ref().map_or("", VerificationCode::as_str);
        let index = self.code_index(&number, sought)?;
        let found = sql::by_code(&mut *self.store().read().await?, &number, &index).await?;
        match found.filter(|_| code.is_some()) {
            Some(row) => self.presented(row).await,
            None => Ok(Verdict::Unknown),
        }
    }

    /// By the PDF or the signed data.
    pub async fn verify_file(&self, octets: &[u8]) -> Result<Verdict, Error> {
        if octets.starts_with(b"%PDF-") {
            self.verify_pdf(octets).await
        } else {
            self.verify_data(octets).await
        }
    }

    async fn verify_pdf(&self, pdf: &[u8]) -> Result<Verdict, Error> {
        let index = self.content_index("letter.pdf", pdf)?;
        let found = sql::by_pdf(&mut *self.store().read().await?, &index).await?;
        match found {
            Some(row) => self.presented(row).await,
            None => Ok(Verdict::Unknown),
        }
    }

    async fn verify_data(&self, octets: &[u8]) -> Result<Verdict, Error> {
        let file = SignedLetter::from_file(octets)?;
        let index = self.content_index("letter.content", file.signed.as_bytes())?;
        let mut reader = self.store().read().await?;
        let found = sql::by_content(&mut reader, &index).await?;
        if let Some(row) = found {
            drop(reader);
            // The words are ours; with another signature around them the file is not.
            return match file.is_signed_by(self.key()) {
                true => self.presented(row).await,
                false => Ok(Verdict::Changed(row.issued)),
            };
        }
        let named = file.letter().ok().map(|letter| letter.number);
        match named {
            Some(number) => Ok(sql::by_number(&mut reader, &number)
                .await?
                .map_or(Verdict::Unknown, |row| Verdict::Changed(row.issued))),
            None => Ok(Verdict::Unknown),
        }
    }

    async fn presented(&self, row: LetterRow) -> Result<Verdict, Error> {
        let file = self.opened(&row).await?;
        let signature_holds = file.is_signed_by(self.key());
        let letter = file.letter().map_err(|_| Error::Stored("letter"))?;
        Ok(Verdict::Genuine(Box::new(Presented { issued: row.issued, signature_holds, letter })))
    }
}
