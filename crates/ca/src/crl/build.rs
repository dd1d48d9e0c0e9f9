//! Building: numbers and times, then the entries out of one snapshot.

use std::io::Cursor;

use jiff::{SignedDuration, Timestamp};
use pki::crl::{Crl, CrlWriter, Kind, Params, RevokedEntry, Scope, UnsignedCrl};
use pki::ext::{DistributionPointName, GeneralName};
use sqlx::AnyConnection;

use super::CrlKind;
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::service::SHARD;
use crate::sql::crl::{CrlRow, Listing};
use crate::sql::{self, seconds};

/// A list that lacks only its signature, in memory.
pub(super) type Unsigned = UnsignedCrl<Cursor<Vec<u8>>>;

/// What a CRL will say about itself.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) kind: CrlKind,
    pub(super) number: i64,
    pub(super) base: Option<i64>,
    pub(super) this_update: Timestamp,
    pub(super) next_update: Timestamp,
    pub(super) covers_seq: i64,
}

impl Ca {
    /// The head of the next CRL of a kind, with a number of its own.
    pub(super) async fn next_head(&self, kind: CrlKind) -> Result<Head, Error> {
        let policy = &self.inner().config.crl;
        let base = match kind {
            CrlKind::Delta => Some(self.current_row(CrlKind::Full).await?.ok_or(Refusal::NoBase)?),
            _ => None,
        };
        let window = match kind {
            CrlKind::Delta => policy.delta_window,
            _ => policy.full_window,
        };
        let (number, at) = self.take_number(kind).await?;
        let this_update = whole(at);
        store::fault::point("ca.50-crl-numbered");
        Ok(Head {
            kind,
            number,
            base: base.map(|base| base.number),
            this_update,
            next_update: self.window_end(this_update, window)?,
            covers_seq: self.last_change(kind).await?,
        })
    }

    /// nextUpdate; not beyond the CA certificate itself.
    pub(super) fn window_end(
        &self,
        from: Timestamp,
        window: SignedDuration,
    ) -> Result<Timestamp, Error> {
        let end = from.checked_add(window).map_err(|_| Refusal::IssuerNotValid)?;
        let end = end.min(self.inner().issuer.certificate.not_after());
        if end <= from { Err(Refusal::IssuerNotValid.into()) } else { Ok(end) }
    }

    /// A number, and the instant of the unit that took it: never before a record that another node made, so that a higher
    /// number does not bear an earlier one because of clocks that differ.
    pub(super) async fn take_number(&self, kind: CrlKind) -> Result<(i64, Timestamp), Error> {
        let issuer_id = self.issuer_id();
        self.inner()
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let number = sql::crl::next_number(tx.conn(), issuer_id, &kind.scope()).await?;
                    Ok((number, tx.now()))
                })
            })
            .await
    }

    pub(crate) async fn current_row(&self, kind: CrlKind) -> Result<Option<CrlRow>, Error> {
        let mut reader = self.inner().store.read().await?;
        let shard = kind.shard_column();
        sql::crl::current(&mut reader, self.issuer_id(), kind.as_str(), shard).await
    }

    /// The last change of status that concerns a kind.
    pub(super) async fn last_change(&self, kind: CrlKind) -> Result<i64, Error> {
        let mut reader = self.inner().store.read().await?;
        let mut last = -1;
        for id in self.ids_of_name() {
            let own = match kind.shard() {
                Some(shard) => sql::status::last_change_in(&mut reader, id, shard).await?,
                None => sql::status::last_change(&mut reader, id).await?,
            };
            last = last.max(own);
        }
        Ok(last)
    }

    /// The list out of the database, and the last change of status that it tells: what was committed until its entries
    /// were read, and nothing later. Other nodes make lists at the same time, and which of two tells more is known by that
    /// alone.
    pub(super) async fn build(
        &self,
        head: &Head,
        previous: Option<&CrlRow>,
    ) -> Result<(Unsigned, i64), Error> {
        let mut writer = self.writer(head)?;
        let listing = match head.kind {
            CrlKind::Delta => Listing::Since(self.base_covers(head).await?),
            kind => Listing::Whole {
                shard: kind.shard(),
                previous: previous.map(|previous| previous.this_update),
            },
        };
        let mut take = |entry| Ok(writer.push(&entry)?);
        let mut reader = self.inner().store.read().await?;
        let seen = match self.ids_of_name().as_slice() {
            [own] => sql::crl::each_entry(&mut reader, *own, listing, &mut take).await?,
            // Keys of one name: a root's, whose lists are short, and made while nothing else runs.
            all => {
                for entry in entries_of_all(&mut reader, all, listing).await? {
                    take(entry)?;
                }
                None
            }
        };
        drop(reader);
        // Without entries nothing is told that could be missing elsewhere.
        let covers = seen.map_or(head.covers_seq, |seen| seen.max(head.covers_seq));
        Ok((self.close_list(writer).await?, covers))
    }

    /// The same entries under another head.
    pub(super) async fn rebuild(&self, head: &Head, from: &Crl) -> Result<Unsigned, Error> {
        let mut writer = self.writer(head)?;
        for entry in from.entries() {
            writer.push(&entry.revoked)?;
        }
        self.close_list(writer).await
    }

    async fn base_covers(&self, head: &Head) -> Result<i64, Error> {
        let base = self.current_row(CrlKind::Full).await?;
        base.filter(|base| Some(base.number) == head.base)
            .map(|base| base.covers_seq)
            .ok_or_else(|| Refusal::NoBase.into())
    }

    fn writer(&self, head: &Head) -> Result<CrlWriter<Cursor<Vec<u8>>>, Error> {
        let issuer = &self.inner().issuer.certificate;
        let authority_key =
            issuer.ski().ok_or_else(|| Error::stored("CA 证书没有主体密钥标识符"))?;
        let number =
            |number: i64| u64::try_from(number).map_err(|_| Error::stored("撤销列表编号为负"));
        let params = Params {
            issuer: issuer.subject(),
            authority_key: &authority_key.0,
            this_update: head.this_update,
            next_update: head.next_update,
            number: number(head.number)?,
            kind: match head.base {
                Some(base) => Kind::Delta { base: number(base)? },
                None => Kind::Full,
            },
            scope: self.scope(head.kind),
            freshest: self.freshest(head.kind),
            algorithm: issuer.signature_algorithm().clone(),
        };
        Ok(CrlWriter::new(&params, Cursor::new(Vec::new()))?)
    }

    /// The distribution point of a shard; the others are about everything.
    fn scope(&self, kind: CrlKind) -> Option<Scope> {
        let shard = kind.shard()?.to_string();
        let urls = self.inner().config.urls.crl.iter().map(|url| url.replace(SHARD, &shard));
        let point = DistributionPointName::Full(urls.map(GeneralName::Uri).collect());
        Some(Scope { point: Some(point), only_users: true, ..Scope::default() })
    }

    fn freshest(&self, kind: CrlKind) -> Vec<String> {
        match kind {
            CrlKind::Full if self.inner().config.crl.has_delta() => {
                self.inner().config.urls.freshest_crl.clone()
            }
            _ => Vec::new(),
        }
    }

    /// Hashing a long list takes its time: not on a thread that serves others.
    async fn close_list(&self, writer: CrlWriter<Cursor<Vec<u8>>>) -> Result<Unsigned, Error> {
        let (key, id) = (self.inner().issuer.public_key, self.inner().config.user_id.clone());
        blocking(move || Ok(writer.finish(&key, &id)?)).await
    }
}

/// What the list of a name lists that several keys share: the entries of all of them, in the numeric order of
/// serials. Each key's list says the same, since a relying party may hold whichever it comes by.
async fn entries_of_all(
    conn: &mut AnyConnection,
    issuers: &[i64],
    listing: Listing,
) -> Result<Vec<RevokedEntry>, Error> {
    let mut entries = Vec::new();
    for id in issuers {
        let mut keep = |entry| {
            entries.push(entry);
            Ok(())
        };
        sql::crl::each_entry(conn, *id, listing, &mut keep).await?;
    }
    entries
        .sort_unstable_by_key(|entry: &RevokedEntry| (entry.serial.as_bytes().len(), entry.serial));
    Ok(entries)
}

/// Without part seconds.
pub(crate) fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_second(seconds(at)).unwrap_or(at)
}

/// Runs work that computes for long on the threads kept for it.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(Error::stored("内部计算任务异常终止")),
    }
}
