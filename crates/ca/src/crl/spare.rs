//! The spare: signed in advance, for the days without a device.

use super::CrlKind;
use super::build::Head;
use super::publish::{PublishedCrl, Signed, describe_body};
use super::schedule::{CrlRecord, CurrentCrl};
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::rules::crl::{Freshness, freshness};
use crate::sql::crl::SpareRow;
use crate::sql::{self, instant, seconds};
use gm::sm3;

impl Ca {
    /// Signs and keeps the spare of a CRL just published.
    pub(super) async fn make_spare(&self, published: &Signed) -> Result<(), Error> {
        let from = &published.head;
        let head = Head {
            number: self.take_number(from.kind).await?.0,
            next_update: self.window_end(from.this_update, self.inner().config.crl.spare_window)?,
            ..from.clone()
        };
        let unsigned = self.rebuild(&head, &published.checked.crl).await?;
        let signed = self.sign_crl(head, unsigned, None).await?;
        store::fault::point("ca.56-spare-signed");
        self.keep_spare(&signed).await
    }

    async fn keep_spare(&self, signed: &Signed) -> Result<(), Error> {
        let out = self.describe(signed, true)?;
        let (ca, head, intent) = (self.clone(), signed.head.clone(), signed.intent);
        let der = signed.checked.crl.der().to_vec();
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    // A list that is published meanwhile has another spare, or will have.
                    if !ca.close_ready(tx, (intent, &head), &[head.kind]).await? {
                        return Ok(());
                    }
                    let body = describe_body(&head, &out);
                    tx.append(ca.crl_record("crl.spare-kept", &head, body)).await?;
                    let row = ca.row(&head, &out, &der, seconds(tx.now()))?;
                    sql::crl::keep_spare(tx.conn(), &row).await
                })
            })
            .await
    }

    /// Publishes the spare of a full CRL or a shard, if the current one is past the middle of
    /// its window and the spare is newer and still counts. `None`: nothing to publish.
    ///
    /// For the caller who knows that the device is gone; [`Ca::publish_due`] is one.
    pub async fn use_spare(&self, kind: CrlKind) -> Result<Option<PublishedCrl>, Error> {
        if kind == CrlKind::Delta {
            return Err(Refusal::CrlNotConfigured.into());
        }
        let own = self.pinned();
        match own.ready_spare(kind).await? {
            Some(spare) => own.put_out_spare(kind, spare).await,
            None => Ok(None),
        }
    }

    /// The spare whose time has come: the current list is past the middle of its window, the
    /// spare is newer and still counts.
    pub(super) async fn ready_spare(&self, kind: CrlKind) -> Result<Option<SpareRow>, Error> {
        let now = self.inner().clock.now();
        let current = self.current_row(kind).await?.map(|row| row.current()).transpose()?;
        if kind == CrlKind::Delta || freshness(current.as_ref(), now) == Freshness::Fresh {
            return Ok(None);
        }
        let mut reader = self.inner().store.read().await?;
        let spare = sql::crl::spare(&mut reader, self.issuer_id(), kind.shard_column()).await?;
        let newer = |spare: &SpareRow| {
            current.is_none_or(|current| {
                spare.number > current.number && spare.this_update >= seconds(current.this_update)
            })
        };
        Ok(spare.filter(|spare| newer(spare) && spare.next_update > seconds(now)))
    }

    async fn put_out_spare(
        &self,
        kind: CrlKind,
        spare: SpareRow,
    ) -> Result<Option<PublishedCrl>, Error> {
        let head = Head {
            kind,
            number: spare.number,
            base: None,
            this_update: instant(spare.this_update)?,
            next_update: instant(spare.next_update)?,
            covers_seq: spare.covers_seq,
        };
        // What lay in the database for days is verified again before anybody gets it.
        let checked = self.check(spare.der.clone(), &head, None).await?;
        let out = PublishedCrl {
            issuer: self.name().to_owned(),
            kind,
            number: spare.number,
            entries: u64::try_from(checked.entries).map_err(|_| Error::stored("条目过多"))?,
            etag: sm3::hash(&spare.der).to_hex(),
            spare: true,
        };
        let number = out.number;
        if !self.insert_spare(head, out.clone(), spare.der).await? {
            return Ok(None);
        }
        tracing::warn!(number, "device gone: spare CRL published");
        Ok(Some(out))
    }

    /// False where another node published it, or a newer list.
    async fn insert_spare(
        &self,
        head: Head,
        out: PublishedCrl,
        der: Vec<u8>,
    ) -> Result<bool, Error> {
        let ca = self.clone();
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    if ca.is_outrun(tx, &head, &[head.kind]).await? {
                        return Ok(false);
                    }
                    let body = describe_body(&head, &out);
                    tx.append(ca.crl_record("crl.published", &head, body)).await?;
                    let row = ca.row(&head, &out, &der, seconds(tx.now()))?;
                    sql::crl::insert(tx.conn(), &row).await?;
                    sql::crl::drop_spare(tx.conn(), row.issuer_id, row.shard).await?;
                    Ok(true)
                })
            })
            .await
    }
}

impl SpareRow {
    /// As it is handed out before it could be published.
    pub(super) fn into_current(self, issuer: &str, kind: CrlKind) -> Result<CurrentCrl, Error> {
        let this_update = instant(self.this_update)?;
        let record = CrlRecord {
            issuer: issuer.to_owned(),
            kind,
            number: self.number,
            base_number: None,
            this_update,
            next_update: instant(self.next_update)?,
            entries: sql::count(self.entries)?,
            etag: sm3::hash(&self.der).to_hex(),
            spare: true,
            published_at: this_update,
        };
        Ok(CurrentCrl { record, der: self.der })
    }
}
