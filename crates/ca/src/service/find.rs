//! Look up, list, count, export.

use jiff::Timestamp;
use pki::Serial;

use super::Ca;
use crate::error::{Error, Invalid};
use crate::model::{CertificateRecord, RequestId, Role, StatusView, StoredCertificate};
use crate::sql;
use crate::sql::list::CertificateFilter;

/// The most rows of one page.
pub const PAGE_LIMIT: u32 = 500;

/// One page of a list, newest first.
#[derive(Debug, Clone)]
pub struct CertificatePage {
    /// The rows.
    pub records: Vec<CertificateRecord>,
    /// The mark to ask for the next page with; none on the last.
    pub next: Option<i64>,
}

impl Ca {
    /// The certificate of a serial number, with its bytes.
    pub async fn find(&self, serial: &Serial) -> Result<Option<StoredCertificate>, Error> {
        let mut reader = self.inner.store.read().await?;
        let row =
            sql::certificate::by_serial(&mut reader, self.issuer_id(), &serial.to_hex()).await?;
        match row {
            Some(row) => Ok(Some(sql::certificate::complete(&mut reader, row).await?)),
            None => Ok(None),
        }
    }

    /// The certificates of a key, newest first.
    pub async fn of_key(&self, key: &gm::PublicKey) -> Result<Vec<CertificateRecord>, Error> {
        let mut reader = self.inner.store.read().await?;
        let rows = sql::certificate::by_key(&mut reader, &key.fingerprint()).await?;
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }

    /// What the CA's clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// The certificate of an issuer by its name: `root`, `issuing`.
    pub async fn authority(&self, name: &str) -> Result<Option<pki::Certificate>, Error> {
        let mut reader = self.inner.store.read().await?;
        let row = sql::issuer::by_name(&mut reader, name).await?;
        let der = row.map(|row| row.certificate_der);
        Ok(der.map(|der| pki::Certificate::from_der(&der)).transpose()?)
    }

    /// The certificate that answers a request, with its bytes.
    pub async fn find_request(
        &self,
        request: &RequestId,
        role: Role,
    ) -> Result<Option<StoredCertificate>, Error> {
        let mut reader = self.inner.store.read().await?;
        let row =
            sql::certificate::by_request(&mut reader, request.as_str(), role.as_str()).await?;
        match row {
            Some(row) => Ok(Some(sql::certificate::complete(&mut reader, row).await?)),
            None => Ok(None),
        }
    }

    /// What status services say of a serial number.
    pub async fn status_of(&self, serial: &Serial) -> Result<StatusView, Error> {
        let mut reader = self.inner.store.read().await?;
        let row =
            sql::certificate::by_serial(&mut reader, self.issuer_id(), &serial.to_hex()).await?;
        let Some(row) = row else {
            return Ok(StatusView::Unknown);
        };
        let record = CertificateRecord::try_from(row)?;
        Ok(StatusView::Issued { status: record.status, not_after: record.not_after })
    }

    /// A page of at most `limit` (1 to 500) certificates, newest first; `before` is
    /// the mark of the page before.
    pub async fn list(
        &self,
        filter: &CertificateFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<CertificatePage, Error> {
        if before.is_some_and(|mark| mark < 1) {
            return Err(Invalid::Page.into());
        }
        let limit = limit.clamp(1, PAGE_LIMIT);
        let mut reader = self.inner.store.read().await?;
        // One more than asked for tells whether there is a next page.
        let place = (before, i64::from(limit) + 1);
        let rows = sql::list::page(&mut reader, self.issuer_id(), filter, place).await?;
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > full;
        let records = rows.into_iter().take(full).map(CertificateRecord::try_from);
        let records: Vec<_> = records.collect::<Result<_, _>>()?;
        let next = records.last().map(|last| last.id).filter(|_| more);
        Ok(CertificatePage { records, next })
    }

    /// How many certificates a list would have.
    pub async fn count(&self, filter: &CertificateFilter) -> Result<u64, Error> {
        let mut reader = self.inner.store.read().await?;
        sql::count(sql::list::count(&mut reader, self.issuer_id(), filter).await?)
    }

    /// Reads a list of any length in blocks, oldest first.
    #[must_use]
    pub fn export(&self, filter: CertificateFilter) -> Export {
        Export { ca: self.clone(), filter, after: 0 }
    }

    /// Certificates whose last second lies before `until`, soonest first page of a list: for
    /// renewal notices.
    pub async fn ending(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: u32,
    ) -> Result<CertificatePage, Error> {
        let filter = CertificateFilter {
            ends_from: Some(from),
            ends_until: Some(until),
            ..CertificateFilter::default()
        };
        self.list(&filter, None, limit).await
    }
}

/// A list that is read block by block.
#[derive(Debug)]
pub struct Export {
    ca: Ca,
    filter: CertificateFilter,
    after: i64,
}

impl Export {
    /// The next block, empty at the end. Certificates issued meanwhile come at the end.
    pub async fn next(&mut self) -> Result<Vec<CertificateRecord>, Error> {
        let mut reader = self.ca.inner.store.read().await?;
        let place = (self.after, 1_000);
        let rows = sql::list::export(&mut reader, self.ca.issuer_id(), &self.filter, place).await?;
        self.after = rows.last().map_or(self.after, |row| row.id);
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }
}
