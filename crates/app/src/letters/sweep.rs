//! The sweep: reads on in the journal and makes the letters that are missing, so that neither a crash
//! nor a failure loses one.

use std::collections::BTreeSet;

use ra::ApplicationId;
use store::{Page, Seq, Stored};

use super::sql;
use crate::error::Error;
use crate::institution::Institution;

/// Records after which a letter is due.
const TELLING: [&str; 9] = [
    "application.submitted",
    "application.acknowledged",
    "application.returned",
    "application.refused",
    "application.declined",
    "application.agreed",
    "application.confirmed",
    "application.carried-out",
    "application.replaced-ended",
];
/// Records read at once.
const RECORDS: u32 = 500;
/// Owed letters tried at once.
const OWED: i64 = 100;

impl Institution {
    /// Makes the letters that are due after the records that nobody has looked at yet; how many.
    pub async fn sweep_letters(&self) -> Result<u64, Error> {
        if self.letters_if_open().is_none() {
            return Ok(0);
        }
        // Changes by a client of the institution's own come with no step of an application.
        self.tell_holders().await?;
        let mut made = 0;
        loop {
            let after = sql::swept(&mut *self.store().read().await?).await?;
            let page = Page { after, limit: RECORDS, newest_first: false };
            let records = self.store().records(&store::Filter::default(), page).await?;
            let Some(last) = records.last().map(|record| record.seq) else { return Ok(made) };
            for id in concerned(&records) {
                made += self.ensure_or_owe(&id.parse()?).await?.unwrap_or(0);
            }
            self.swept_to(last).await?;
        }
    }

    /// Tries again what could not be made; how many letters it made.
    pub async fn settle_owed_letters(&self) -> Result<u64, Error> {
        let owed = sql::owed(&mut *self.store().read().await?, OWED).await?;
        let mut made = 0;
        for (application, _) in owed {
            let id: ApplicationId = application.parse()?;
            let Some(new) = self.ensure_or_owe(&id).await? else { continue };
            made += new;
            self.unit(move |db| Box::pin(async move { sql::settle(db, &application).await }))
                .await?;
        }
        Ok(made)
    }

    /// Applications whose letters are owed, each with the code of what stands in the way.
    pub async fn owed_letters(&self) -> Result<Vec<(String, String)>, Error> {
        Ok(sql::owed(&mut *self.store().read().await?, OWED).await?)
    }

    /// One application that fails must not hold up the others; a store or a device that is away holds
    /// up all, and is waited for. How many were made; none where they are owed now.
    pub(crate) async fn ensure_or_owe(&self, id: &ApplicationId) -> Result<Option<u64>, Error> {
        match self.ensure_letters(id).await {
            Ok(made) => Ok(Some(u64::try_from(made.len()).unwrap_or(u64::MAX))),
            Err(error) if error.is_unavailable() => Err(error),
            Err(error) => {
                tracing::error!(application = %id, code = error.code(), %error, "letters are owed");
                let (application, why) = (id.to_string(), error.code().to_owned());
                let now = self.clock().now().as_second();
                self.unit(move |db| {
                    Box::pin(async move { sql::owe(db, (&application, &why), now).await })
                })
                .await?;
                Ok(None)
            }
        }
    }

    async fn swept_to(&self, seq: Seq) -> Result<(), Error> {
        self.unit(move |db| Box::pin(sql::sweep(db, seq))).await
    }

    /// A unit without a record: what it notes is no act, only how far the sweep came.
    async fn unit<F>(&self, work: F) -> Result<(), Error>
    where
        F: for<'c> FnOnce(
                &'c mut sqlx::AnyConnection,
            )
                -> futures_util::future::BoxFuture<'c, Result<(), store::Error>>
            + Send
            + 'static,
    {
        let done = self.store().commit(move |tx| Box::pin(async move { work(tx.conn()).await }));
        done.await.map_err(|error: store::Error| error.into())
    }
}

/// The applications that these records are about, each once.
fn concerned(records: &[Stored]) -> BTreeSet<String> {
    let telling = records.iter().filter(|record| TELLING.contains(&record.kind.as_str()));
    let named = telling.filter_map(|record| record.subject.strip_prefix("application:"));
    named.map(str::to_owned).collect()
}
