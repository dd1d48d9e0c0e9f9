//! The spare: signed in advance, for the days without a device.

use gm::sm3;
use jiff::Timestamp;

use super::CrlKind;
use super::build::Head;
use super::publish::{PublishedCrl, Signed, describe, describe_body};
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::rules::crl::{Freshness, freshness};
use crate::sql::crl::SpareRow;
use crate::sql::{self, instant, seconds};

impl Ca {
    /// Signs and keeps the spare of a CRL just published.
    pub(super) async fn make_spare(&self, published: &Signed) -> Result<(), Error> {
        let from = &published.head;
        let head = Head {
            number: self.take_number(from.kind).await?,
            next_update: self.window_end(from.this_update, self.inner.config.crl.spare_window)?,
            ..from.clone()
        };
        let unsigned = self.rebuild(&head, &published.checked.crl).await?;
        let signed = self.sign_crl(head, unsigned, None).await?;
        store::fault::point("ca.56-spare-signed");
        self.keep_spare(&signed).await
    }

    async fn keep_spare(&self, signed: &Signed) -> Result<(), Error> {
        let out = describe(signed, true)?;
        let (ca, head, intent) = (self.clone(), signed.head.clone(), signed.intent);
        let der = signed.checked.crl.der().to_vec();
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let body = describe_body(&head, &out);
                    tx.append(ca.crl_record("crl.spare-kept", &head, body)).await?;
                    sql::crl::close_intent(tx.conn(), intent, None).await?;
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
        let now = self.inner.clock.now();
        let current = self.current_row(kind).await?.map(|row| row.current()).transpose()?;
        if freshness(current.as_ref(), now) == Freshness::Fresh {
            return Ok(None);
        }
        let mut reader = self.inner.store.read().await?;
        let spare = sql::crl::spare(&mut reader, self.issuer_id(), kind.shard_column()).await?;
        drop(reader);
        let newer = |spare: &SpareRow| current.is_none_or(|current| spare.number > current.number);
        match spare.filter(|spare| newer(spare) && spare.next_update > seconds(now)) {
            Some(spare) => self.put_out_spare(kind, spare, now).await.map(Some),
            None => Ok(None),
        }
    }

    async fn put_out_spare(
        &self,
        kind: CrlKind,
        spare: SpareRow,
        now: Timestamp,
    ) -> Result<PublishedCrl, Error> {
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
            kind,
            number: spare.number,
            entries: u64::try_from(checked.entries).map_err(|_| Error::stored("条目过多"))?,
            etag: sm3::hash(&spare.der).to_hex(),
            spare: true,
        };
        tracing::warn!(number = out.number, at = %now, "device gone: spare CRL published");
        self.insert_spare(head, out.clone(), spare.der).await?;
        Ok(out)
    }

    async fn insert_spare(
        &self,
        head: Head,
        out: PublishedCrl,
        der: Vec<u8>,
    ) -> Result<(), Error> {
        let ca = self.clone();
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let body = describe_body(&head, &out);
                    tx.append(ca.crl_record("crl.published", &head, body)).await?;
                    let row = ca.row(&head, &out, &der, seconds(tx.now()))?;
                    sql::crl::insert(tx.conn(), &row).await?;
                    sql::crl::drop_spare(tx.conn(), row.issuer_id, row.shard).await
                })
            })
            .await
    }
}
