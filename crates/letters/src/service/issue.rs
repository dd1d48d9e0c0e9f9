//! Issuing: one unit holds the number, the letter and its journal record.
//!
//! The number stands in what is signed, and a device may take its time: the letter is signed before
//! the unit, for the number that comes next, and made anew if that number is gone meanwhile. So
//! numbers have no gaps, and nobody waits for a signature inside a unit.

use law::CivilDate;
use serde_json::json;
use store::{Actor, Record, SealedBlob, Tx};
use zeroize::Zeroizing;

use super::Letters;
use crate::error::Error;
use crate::model::{Draft, Issued, Letter, LetterId, Sheet, SignedLetter, VerificationCode};
use crate::rules;
use crate::sql;
use crate::sql::NewLetter;

/// How often a number is tried that somebody else then has.
const MOST_TRIES: u32 = 16;

/// A letter that is signed and sealed, and waits for its unit.
struct Ready {
    new: NewLetter,
    blob: SealedBlob,
    year: i16,
    sequence: i64,
}

/// What came of a unit.
enum Kept {
    /// It is stored.
    Stored(Issued),
    /// There is a letter of this kind and position.
    There(Issued),
    /// Somebody else has the number.
    Taken,
}

impl Letters {
    /// Issues a letter that is due, or finds the one that was issued before.
    pub async fn issue(&self, draft: &Draft) -> Result<Issued, Error> {
        let which = (draft.kind, draft.position);
        for _ in 0..MOST_TRIES {
            let turn = self.0.turn.lock().await;
            let there =
                sql::due(&mut *self.store().read().await?, &draft.application, which).await?;
            if let Some(there) = there {
                return Ok(there.issued);
            }
            let ready = self.prepare(draft).await?;
            let kept = self.store().commit(move |tx| Box::pin(keep(tx, ready))).await?;
            drop(turn);
            match kept {
                Kept::Stored(issued) | Kept::There(issued) => return Ok(issued),
                Kept::Taken => {}
            }
        }
        Err(Error::Busy)
    }

    async fn prepare(&self, draft: &Draft) -> Result<Ready, Error> {
        let now = self.store().clock().now();
        let today = CivilDate::of(now);
        let (kind, year) = (draft.kind, today.year());
        let last = sql::last_number(&mut *self.store().read().await?, (kind, year)).await?;
        let number = rules::number::shown(kind, year, last + 1);
        let code = VerificationCode::from_random(self.random()?);
        let (text, sheet) = self.sheet(draft, (&number, &code), today)?;
        let second = jiff::Timestamp::from_second(now.as_second());
        let letter = Letter {
            format: crate::model::FORMAT.to_owned(),
            kind,
            number: number.clone(),
            issuer: self.config().issuer.clone(),
            issuer_code: self.config().issuer_code.clone(),
            issued_at: second.map_err(|_| Error::Stored("clock"))?,
            text: text.clone(),
            code: code.as_str().to_owned(),
            sheet,
        };
        let signed = letter.to_octets()?;
        let content_index = self.content_index("letter.content", signed.as_bytes())?;
        let file = self.sign(signed).await?.to_file()?;
        let blob = self.store().seal_blob(Zeroizing::new(file), "letter-data").await?;
        let new = NewLetter {
            id: LetterId::from_random(self.random()?),
            kind,
            application: draft.application.clone(),
            position: draft.position,
            text,
            code_index: self.code_index(&number, code.as_str())?,
            content_index,
            blob: blob.reference().id.clone(),
            number,
        };
        Ok(Ready { new, blob, year, sequence: last + 1 })
    }

    /// The version of the text in force, and what it becomes.
    fn sheet(
        &self,
        draft: &Draft,
        (number, code): (&str, &VerificationCode),
        today: CivilDate,
    ) -> Result<(String, Sheet), Error> {
        let template = self.catalogue().template(draft.kind)?;
        let none = || Error::Catalogue(format!("“{}”没有现行文本", draft.kind.chinese()));
        let version = template.on(today).ok_or_else(none)?;
        let config = self.config();
        let date = today.to_string();
        let facts = draft
            .facts
            .clone()
            .text("institution", config.issuer.clone())
            .text("institution_code", config.issuer_code.clone())
            .text("date", date.clone());
        let sheet = Sheet {
            title: template.title.clone(),
            number: number.to_owned(),
            addressee: draft.addressee.clone(),
            blocks: rules::fill::body(draft.kind, version, &facts)?,
            signature: vec![config.issuer.clone(), date],
            code: code.grouped(),
            address: config.address.clone(),
        };
        Ok((version.number.clone(), sheet))
    }

    async fn sign(&self, signed: String) -> Result<SignedLetter, Error> {
        let (device, label) = (self.0.device.clone(), self.config().label.clone());
        let octets = signed.clone().into_bytes();
        let signing = tokio::task::spawn_blocking(move || {
            device.session()?.sign(&label, &gm::UserId::default(), &octets)
        });
        let signature = signing.await.map_err(|_| Error::Interrupted)??;
        let file = SignedLetter::new(signed, &signature, &self.config().key)?;
        // A device that signs wrongly would put out letters that nobody can verify.
        if file.is_signed_by(&self.config().key) {
            Ok(file)
        } else {
            Err(Error::Stored("signature"))
        }
    }
}

async fn keep(tx: &mut Tx, ready: Ready) -> Result<Kept, Error> {
    let Ready { new, blob, year, sequence } = ready;
    if let Some(there) = sql::due(tx.conn(), &new.application, (new.kind, new.position)).await? {
        return Ok(Kept::There(there.issued));
    }
    if !sql::take_number(tx.conn(), (new.kind, year), sequence).await? {
        return Ok(Kept::Taken);
    }
    let reference = blob.insert(tx).await?;
    let now = tx.now();
    if !sql::insert(tx.conn(), &new, now).await? {
        return Err(Error::Stored("position"));
    }
    let body = json!({
        "letter": new.id.as_str(),
        "kind": new.kind.word(),
        "number": new.number,
        "position": new.position,
        "text": new.text,
        "content": reference.to_json(),
        "content_index": new.content_index,
    });
    let subject = format!("application:{}", new.application);
    tx.append(Record::new("letter.issued", Actor::system(), subject, body)).await?;
    let stored = sql::by_id(tx.conn(), &new.id).await?.ok_or(Error::Stored("letter"))?;
    Ok(Kept::Stored(stored.issued))
}
