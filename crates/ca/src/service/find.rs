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
/// Rows of a block of an export.
const EXPORTED: i64 = 1_000;
/// So many names in one question.
const AT_ONCE: usize = 500;

/// A row of the list of certificates by their end, which is read on behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndMark {
    /// The last second of the certificate.
    pub not_after: Timestamp,
    /// Its row number.
    pub id: i64,
}

impl From<&CertificateRecord> for EndMark {
    fn from(record: &CertificateRecord) -> Self {
        Self { not_after: record.not_after, id: record.id }
    }
}

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
        let mut reader = self.inner().store.read().await?;
        let row = self.by_serial(&mut reader, &serial.to_hex()).await?;
        match row {
            Some(row) => Ok(Some(sql::certificate::complete(&mut reader, row).await?)),
            None => Ok(None),
        }
    }

    /// The certificates of a key, newest first.
    pub async fn of_key(&self, key: &gm::PublicKey) -> Result<Vec<CertificateRecord>, Error> {
        let mut reader = self.inner().store.read().await?;
        let rows = sql::certificate::by_key(&mut reader, &key.fingerprint()).await?;
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }

    /// The other certificates of the same key as this one's that are not revoked and have not ended, as
    /// [`Ca::open_beside`] finds them in a unit.
    pub async fn beside(&self, serial: &Serial) -> Result<Vec<CertificateRecord>, Error> {
        let now = sql::seconds(self.now());
        let mut reader = self.inner().store.read().await?;
        let hex = serial.to_hex();
        let named = self.by_serial(&mut reader, &hex).await?.ok_or(Invalid::NoCertificate(hex))?;
        let rows = sql::certificate::open_of_key(&mut reader, &named.key_hash, now).await?;
        let others = rows.into_iter().filter(|row| row.id != named.id);
        others.map(CertificateRecord::try_from).collect()
    }

    /// What the CA's clock says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner().clock.now()
    }

    /// The certificate of a generation by its name: `root`, `issuing`, `issuing2`.
    pub async fn authority(&self, name: &str) -> Result<Option<pki::Certificate>, Error> {
        let mut reader = self.inner().store.read().await?;
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
        let mut reader = self.inner().store.read().await?;
        let row =
            sql::certificate::by_request(&mut reader, request.as_str(), role.as_str()).await?;
        match row {
            Some(row) => Ok(Some(sql::certificate::complete(&mut reader, row).await?)),
            None => Ok(None),
        }
    }

    /// What status services say of a serial number.
    pub async fn status_of(&self, serial: &Serial) -> Result<StatusView, Error> {
        let mut reader = self.inner().store.read().await?;
        let row = self.by_serial(&mut reader, &serial.to_hex()).await?;
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
        let mut reader = self.inner().store.read().await?;
        // One more than asked for tells whether there is a next page.
        let place = (before, i64::from(limit) + 1);
        let mut rows = Vec::new();
        for id in self.ids() {
            rows.extend(sql::list::page(&mut reader, id, filter, place).await?);
        }
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        let full = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > full;
        let records = rows.into_iter().take(full).map(CertificateRecord::try_from);
        let records: Vec<_> = records.collect::<Result<_, _>>()?;
        let next = records.last().map(|last| last.id).filter(|_| more);
        Ok(CertificatePage { records, next })
    }

    /// How many certificates a list would have.
    pub async fn count(&self, filter: &CertificateFilter) -> Result<u64, Error> {
        let mut reader = self.inner().store.read().await?;
        let mut count = 0;
        for id in self.ids() {
            count += sql::list::count(&mut reader, id, filter).await?;
        }
        sql::count(count)
    }

    /// Reads a list of any length in blocks, oldest first.
    #[must_use]
    pub fn export(&self, filter: CertificateFilter) -> Export {
        Export { ca: self.clone(), filter, after: 0 }
    }

    /// At most `limit` (1 to 500) certificates of subscribers that were not revoked and whose last second
    /// lies from `from` on and before `until`, the soonest first, each pair by its signing certificate;
    /// behind a mark. Fewer than asked for are the last.
    pub async fn ending(
        &self,
        (from, until): (Timestamp, Timestamp),
        behind: Option<EndMark>,
        limit: u32,
    ) -> Result<Vec<CertificateRecord>, Error> {
        let behind = behind.map_or((i64::MIN, 0), |mark| (sql::seconds(mark.not_after), mark.id));
        let span = (sql::seconds(from), sql::seconds(until));
        let place = (behind, i64::from(limit.clamp(1, PAGE_LIMIT)));
        let mut reader = self.inner().store.read().await?;
        let mut rows = Vec::new();
        for id in self.ids() {
            rows.extend(sql::list::ending(&mut reader, id, span, place).await?);
        }
        rows.sort_unstable_by_key(|row| (row.not_after, row.id));
        rows.truncate(usize::try_from(place.1).unwrap_or_default());
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }

    /// The certificates of these serial numbers, with their bytes; those that there are, in no order.
    pub async fn find_all(&self, serials: &[Serial]) -> Result<Vec<StoredCertificate>, Error> {
        let mut reader = self.inner().store.read().await?;
        let mut found = Vec::new();
        for some in serials.chunks(AT_ONCE) {
            let serials: Vec<String> = some.iter().map(Serial::to_hex).collect();
            for id in self.ids() {
                let asked = sql::certificate::Names::Serials(id, &serials);
                found.extend(sql::certificate::all(&mut reader, asked).await?);
            }
        }
        Ok(found)
    }

    /// The certificates in a role that answer these requests, with their bytes, in no order.
    pub async fn find_requests(
        &self,
        requests: &[RequestId],
        role: Role,
    ) -> Result<Vec<StoredCertificate>, Error> {
        let mut reader = self.inner().store.read().await?;
        let mut found = Vec::new();
        for some in requests.chunks(AT_ONCE) {
            let requests: Vec<String> = some.iter().map(ToString::to_string).collect();
            let asked = sql::certificate::Names::Requests(role.as_str(), &requests);
            found.extend(sql::certificate::all(&mut reader, asked).await?);
        }
        Ok(found)
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
        let mut reader = self.ca.inner().store.read().await?;
        let mut rows = Vec::new();
        for id in self.ca.ids() {
            let place = (self.after, EXPORTED);
            rows.extend(sql::list::export(&mut reader, id, &self.filter, place).await?);
        }
        rows.sort_unstable_by_key(|row| row.id);
        rows.truncate(usize::try_from(EXPORTED).unwrap_or_default());
        self.after = rows.last().map_or(self.after, |row| row.id);
        rows.into_iter().map(CertificateRecord::try_from).collect()
    }
}
