//! Who opens letters: the applicant their own, the staff within their reach. A look of the staff is
//! on record, for letters name people in full (PIPL Art. 6, Art. 51).

use access::{Action, Permit};
use letters::{Issued, Letter, LetterId};
use ra::Application;
use serde_json::json;
use store::Record;

use super::{list, typeset};
use crate::error::Error;
use crate::institution::Institution;

/// A letter that somebody may see.
#[derive(Debug, Clone)]
pub struct Opened {
    /// Which.
    pub issued: Issued,
    /// What it says.
    pub letter: Letter,
}

impl Institution {
    /// The letters about an application, oldest first, each with its matter where its name alone does not say it.
    pub async fn letters_of(
        &self,
        permit: &Permit,
        application: &Application,
    ) -> Result<Vec<(Issued, Option<String>)>, Error> {
        permit.covers_object(Action::ReadLetters, &application.object())?;
        let issued = self.letters()?.of_application(application.id.as_str()).await?;
        let changes = self.status_notices(&application.id).await?;
        let with_matter = |one: Issued| {
            let change = changes.iter().find(|change| change.position == one.position);
            let matter = list::matter((one.kind, one.position), change.map(|found| found.change));
            (one, matter)
        };
        Ok(issued.into_iter().map(with_matter).collect())
    }

    /// A letter for reading.
    pub async fn open_letter(
        &self,
        permit: &Permit,
        (application, id): (&Application, &str),
    ) -> Result<Opened, Error> {
        let issued = self.reached(permit, application, id).await?;
        let letter = self.letters()?.read(&issued.id).await?;
        self.note_opened(permit, &issued, "page").await?;
        Ok(Opened { issued, letter })
    }

    /// The signed data of a letter.
    pub async fn letter_data(
        &self,
        permit: &Permit,
        (application, id): (&Application, &str),
    ) -> Result<(Issued, Vec<u8>), Error> {
        let issued = self.reached(permit, application, id).await?;
        let data = self.letters()?.data(&issued.id).await?;
        self.note_opened(permit, &issued, "data").await?;
        Ok((issued, data))
    }

    /// The PDF of a letter: made the first time, the same file from then on.
    pub async fn letter_pdf(
        &self,
        permit: &Permit,
        (application, id): (&Application, &str),
    ) -> Result<(Issued, Vec<u8>), Error> {
        let issued = self.reached(permit, application, id).await?;
        let pdf = self.pdf_of(&issued.id).await?;
        self.note_opened(permit, &issued, "pdf").await?;
        Ok((issued, pdf))
    }

    async fn pdf_of(&self, id: &LetterId) -> Result<Vec<u8>, Error> {
        let letters = self.letters()?;
        if let Some(pdf) = letters.pdf(id).await? {
            return Ok(pdf);
        }
        let program = self.typesetter().ok_or_else(|| {
            let text =
                "未安装排版程序（yinxin-typeset），暂不能下载 PDF；请直接打印文书页面，内容相同";
            Error::Typeset(text.to_owned())
        })?;
        let letter = letters.read(id).await?;
        let pdf = typeset::typeset(program, &letter.sheet).await?;
        Ok(letters.keep_pdf(id, pdf).await?)
    }

    /// The letter, if it is about this application and the permit reaches it.
    async fn reached(
        &self,
        permit: &Permit,
        application: &Application,
        id: &str,
    ) -> Result<Issued, Error> {
        permit.covers_object(Action::ReadLetters, &application.object())?;
        let issued = self.letters()?.find(&id.parse()?).await?;
        if issued.application == application.id.as_str() {
            Ok(issued)
        } else {
            Err(letters::Error::Unknown.into())
        }
    }

    async fn note_opened(
        &self,
        permit: &Permit,
        issued: &Issued,
        form: &'static str,
    ) -> Result<(), Error> {
        if permit.person().is_none() {
            return Ok(());
        }
        let body = json!({ "letter": issued.id.as_str(), "number": issued.number, "form": form });
        let subject = format!("application:{}", issued.application);
        let record = Record::new("letter.opened", permit.actor(), subject, body);
        self.store()
            .commit(move |tx| Box::pin(async move { tx.append(record).await.map(drop) }))
            .await
            .map_err(|error: store::Error| error.into())
    }
}
