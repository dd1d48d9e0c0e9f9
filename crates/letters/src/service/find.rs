//! Letters that were issued, their data and their PDFs.

use serde_json::json;
use store::{Actor, Record};
use zeroize::Zeroizing;

use super::Letters;
use crate::error::Error;
use crate::model::{Issued, Letter, LetterId, SignedLetter};
use crate::sql;
use crate::sql::LetterRow;

impl Letters {
    /// The letters about an application, oldest first.
    pub async fn of_application(&self, application: &str) -> Result<Vec<Issued>, Error> {
        let rows = sql::of_application(&mut *self.store().read().await?, application).await?;
        Ok(rows.into_iter().map(|row| row.issued).collect())
    }

    /// The letter of this name.
    pub async fn find(&self, id: &LetterId) -> Result<Issued, Error> {
        Ok(self.row(id).await?.issued)
    }

    /// The signed data of a letter: the file that is downloaded.
    pub async fn data(&self, id: &LetterId) -> Result<Vec<u8>, Error> {
        let row = self.row(id).await?;
        Ok(self.store().open_blob(&row.blob).await?.to_vec())
    }

    /// What a letter says.
    pub async fn read(&self, id: &LetterId) -> Result<Letter, Error> {
        self.opened(&self.row(id).await?).await?.letter()
    }

    /// The PDF as it was kept, if it was typeset.
    pub async fn pdf(&self, id: &LetterId) -> Result<Option<Vec<u8>>, Error> {
        match self.row(id).await?.pdf {
            Some(blob) => Ok(Some(self.store().open_blob(&blob).await?.to_vec())),
            None => Ok(None),
        }
    }

    /// Keeps the PDF of a letter, so that it is the same file each time; of two, the first stays.
    /// The one that is kept.
    pub async fn keep_pdf(&self, id: &LetterId, pdf: Vec<u8>) -> Result<Vec<u8>, Error> {
        let letter = self.find(id).await?;
        let index = self.content_index("letter.pdf", &pdf)?;
        let sealed = self.store().seal_blob(Zeroizing::new(pdf.clone()), "letter-pdf").await?;
        let id_kept = id.clone();
        let kept = self
            .store()
            .commit(move |tx| {
                Box::pin(async move {
                    let row = sql::by_id(tx.conn(), &id_kept).await?.ok_or(Error::Unknown)?;
                    if row.pdf.is_some() {
                        return Ok::<_, Error>(false);
                    }
                    let blob = sealed.insert(tx).await?;
                    if !sql::keep_pdf(tx.conn(), &id_kept, (&blob.id, &index)).await? {
                        return Err(Error::Stored("pdf"));
                    }
                    let body = json!({ "letter": id_kept.as_str(), "number": letter.number,
                        "content": blob.to_json(), "content_index": index });
                    let subject = format!("application:{}", letter.application);
                    let record = Record::new("letter.typeset", Actor::system(), subject, body);
                    tx.append(record).await?;
                    Ok(true)
                })
            })
            .await?;
        if kept {
            return Ok(pdf);
        }
        self.pdf(id).await?.ok_or(Error::Stored("pdf"))
    }

    async fn row(&self, id: &LetterId) -> Result<LetterRow, Error> {
        sql::by_id(&mut *self.store().read().await?, id).await?.ok_or(Error::Unknown)
    }

    pub(super) async fn opened(&self, row: &LetterRow) -> Result<SignedLetter, Error> {
        let content = self.store().open_blob(&row.blob).await?;
        SignedLetter::from_file(&content).map_err(|_| Error::Stored("letter"))
    }
}
