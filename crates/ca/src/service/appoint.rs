//! An appointed instant brought forward: a generation that waits for its day issues at once, by order of two people,
//! because the one in office is revoked (ADR 14).

use serde_json::json;
use store::{Record, Tx, Warrant};

use super::{Ca, Generation, text};
use crate::error::{Error, Refusal};
use crate::sql::{self, seconds};

impl Ca {
    /// Has the generation of this handle issue from now on, though it was appointed from a later instant. Refused unless it
    /// waits for that instant, is good itself, and the one in office is revoked: then nobody would issue until the day
    /// comes. All of it is asked in the unit that changes it.
    pub async fn appoint_now(&self, warrant: &Warrant) -> Result<Generation, Error> {
        self.follow_line().await?;
        let own = self.pinned();
        let (asked, warrant) = (own.clone(), warrant.clone());
        let unit = own.inner().store.commit(move |tx| {
            Box::pin(async move {
                asked.check_waiting(tx).await?;
                asked.check_in_office_revoked(tx).await?;
                let now = tx.now();
                let row = (asked.issuer_id(), seconds(now));
                if !sql::succession::bring_forward(tx.conn(), row).await? {
                    return Err(Error::stored("启用时刻没有提前"));
                }
                let body = json!({ "from": text(now), "authority": asked.authority_name() });
                let about = format!("issuer:{}", asked.name());
                let body = warrant.body(body);
                tx.append(Record::new("issuer.appointed", warrant.actor(), about, body)).await?;
                Ok(())
            })
        });
        unit.await?;
        self.follow_line().await?;
        own.generation()
    }

    /// It was appointed for an instant to come, and could issue.
    async fn check_waiting(&self, tx: &mut Tx) -> Result<(), Error> {
        let (id, now) = (self.issuer_id(), seconds(tx.now()));
        let later = sql::succession::successors(tx.conn(), self.authority_name()).await?;
        let own = later.into_iter().find(|row| row.issuer.id == id);
        let is_over = sql::succession::end_of(tx.conn(), id).await?.is_some();
        let is_begun = own.and_then(|row| row.active_from).is_none_or(|from| from <= now);
        if is_over || is_begun {
            let text = format!(
                "{} 没有在等待启用时刻：只有已确定启用时刻、这一时刻还没有到的一代，才能提前启用",
                self.name()
            );
            return Err(Refusal::Ceremony(text).into());
        }
        self.inner().issuer.check_valid(tx.now())?;
        match self.inner().issuer.revoked_since(tx.conn()).await? {
            None => Ok(()),
            Some(_) => {
                let text =
                    format!("{} 的证书已撤销，不能启用；请再举行一次签发密钥换代", self.name());
                Err(Refusal::Ceremony(text).into())
            }
        }
    }

    async fn check_in_office_revoked(&self, tx: &mut Tx) -> Result<(), Error> {
        let in_office = self.in_office(tx).await?;
        match in_office.inner().issuer.revoked_since(tx.conn()).await? {
            Some(_) => Ok(()),
            None => {
                let text = format!(
                    "现在签发的 {} 证书有效，不能提前启用 {}；到启用时刻自动启用",
                    in_office.name(),
                    self.name()
                );
                Err(Refusal::Ceremony(text).into())
            }
        }
    }
}

impl Generation {
    /// Whether it was appointed, its instant has not come, and it will never issue: its certificate was revoked before.
    /// Another one is made without waiting for it.
    #[must_use]
    pub fn is_void(&self, now: jiff::Timestamp) -> bool {
        self.revoked_at.is_some() && self.active_from.is_some_and(|from| from > now)
    }
}
