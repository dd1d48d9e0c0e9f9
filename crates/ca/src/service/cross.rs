//! Cross-certificates that exist: those that our root issued, and those that others issued for one of our CAs.
//!
//! Withdrawing one of ours changes the status of its row at once, so that our own verification refuses it from that
//! moment on; relying parties elsewhere learn of it by the root's next list, for which custodians must meet.

use gm::sm3;
use jiff::Timestamp;
use pki::{Certificate, Serial};
use serde_json::json;
use store::{Actor, Record, Store, Warrant};

use super::Ca;
use crate::error::Error;
use crate::model::{CertificateRecord, RevocationReason, Status};
use crate::rules::cross::{CrossFault, Received};
use crate::rules::status::Revocation;
use crate::sql::cross::{IssuedRow, NewReceived, ReceivedRow};
use crate::sql::{self, instant, seconds};

/// A cross-certificate that our root issued for another institution's CA.
#[derive(Debug, Clone)]
pub struct CrossIssued {
    /// Serial number, period and status.
    pub record: CertificateRecord,
    /// Itself.
    pub certificate: Certificate,
    /// SM3 of the other CA's own certificate.
    pub peer: String,
    /// Why two people withdrew it; empty while it stands.
    pub withdrawn: String,
}

impl CrossIssued {
    /// Whether it counts at an instant.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.record.status == Status::Good && self.certificate.is_valid_at(now)
    }
}

/// A cross-certificate that another institution issued for one of our CAs.
#[derive(Debug, Clone)]
pub struct CrossReceived {
    /// Name of the row of our CA: `root`, `issuing`.
    pub holder: String,
    /// Itself.
    pub certificate: Certificate,
    /// SM3 of its DER.
    pub fingerprint: String,
    /// When it was taken in.
    pub taken_at: Timestamp,
    /// When and why it was taken back.
    pub withdrawn: Option<(Timestamp, String)>,
}

impl CrossReceived {
    /// Whether it is published at an instant.
    #[must_use]
    pub fn is_in_force(&self, now: Timestamp) -> bool {
        self.withdrawn.is_none() && self.certificate.is_valid_at(now)
    }
}

impl TryFrom<IssuedRow> for CrossIssued {
    type Error = Error;

    fn try_from(row: IssuedRow) -> Result<Self, Error> {
        let certificate = Certificate::from_der(&row.der)?;
        let record = CertificateRecord::try_from(row.certificate)?;
        Ok(Self { record, certificate, peer: row.peer, withdrawn: row.withdrawn })
    }
}

impl TryFrom<ReceivedRow> for CrossReceived {
    type Error = Error;

    fn try_from(row: ReceivedRow) -> Result<Self, Error> {
        let withdrawn = match row.withdrawn_at {
            0 => None,
            at => Some((instant(at)?, row.withdrawn)),
        };
        Ok(Self {
            holder: row.holder,
            certificate: Certificate::from_der(&row.der)?,
            fingerprint: row.fingerprint,
            taken_at: instant(row.taken_at)?,
            withdrawn,
        })
    }
}

/// Every cross-certificate of ours, the newest first.
pub async fn cross_issued(store: &Store) -> Result<Vec<CrossIssued>, Error> {
    let mut reader = store.read().await?;
    let rows = sql::cross::issued(&mut reader).await?;
    rows.into_iter().map(CrossIssued::try_from).collect()
}

/// Every cross-certificate that came in, the newest first.
pub async fn cross_received(store: &Store) -> Result<Vec<CrossReceived>, Error> {
    let mut reader = store.read().await?;
    let rows = sql::cross::received(&mut reader).await?;
    rows.into_iter().map(CrossReceived::try_from).collect()
}

/// The names and certificates of all our CAs, in the order in which they were made.
pub async fn own_authorities(store: &Store) -> Result<Vec<(String, Certificate)>, Error> {
    let mut reader = store.read().await?;
    let rows = sql::cross::own(&mut reader).await?;
    rows.into_iter().map(|(_, name, der)| Ok((name, Certificate::from_der(&der)?))).collect()
}

/// Takes in a cross-certificate that another institution issued for one of our CAs: the files `certificate` and
/// `issuer`, with the fingerprint of the latter that people compared. From then on it is published.
pub async fn take_in(
    store: &Store,
    (certificate, issuer, fingerprint): (&[u8], &[u8], &str),
    actor: Actor,
) -> Result<CrossReceived, Error> {
    let now = store.clock().now();
    let mut reader = store.read().await?;
    let own = sql::cross::own(&mut reader).await?;
    drop(reader);
    let read = |(_, _, der): &(i64, String, Vec<u8>)| Ok::<_, Error>(Certificate::from_der(der)?);
    let certificates: Vec<_> = own.iter().map(read).collect::<Result<_, _>>()?;
    let received = Received::examine((certificate, issuer, fingerprint), &certificates, now)?;
    let holder = own.into_iter().nth(received.holder());
    let (id, holder, _) = holder.ok_or_else(|| Error::stored("签发机构没有记录"))?;
    let named = holder.clone();
    let taken = store.commit(move |tx| {
        Box::pin(async move {
            let (certificate, taken_at) = (received.certificate(), seconds(tx.now()));
            let fingerprint = sm3::hash(certificate.der()).to_hex();
            let new = NewReceived {
                issuer_id: id,
                serial: certificate.serial().to_hex(),
                issuer: certificate.issuer().to_string(),
                maker: received.maker().fingerprint(),
                fingerprint: &fingerprint,
                not_after: seconds(certificate.not_after()),
                der: certificate.der(),
                taken_at,
            };
            if !sql::cross::insert_received(tx.conn(), &new).await? {
                return Err(CrossFault::Known.into());
            }
            let body = json!({ "holder": named, "issuer": new.issuer, "serial": new.serial,
                "maker": new.maker, "sm3": fingerprint });
            let about = format!("cross:{fingerprint}");
            tx.append(Record::new("cross.received", actor, about, body)).await?;
            Ok::<_, Error>((received.certificate().clone(), fingerprint, taken_at))
        })
    });
    let (certificate, fingerprint, taken_at) = taken.await?;
    let taken_at = instant(taken_at)?;
    Ok(CrossReceived { holder, certificate, fingerprint, taken_at, withdrawn: None })
}

/// Takes back one that came in, by order of two people: the other institution withdrew it. It is published no more.
pub async fn take_back(store: &Store, fingerprint: &str, warrant: &Warrant) -> Result<(), Error> {
    let (fingerprint, warrant) = (fingerprint.to_owned(), warrant.clone());
    store
        .commit(move |tx| {
            Box::pin(async move {
                let body = warrant.body(json!({}));
                let at = seconds(tx.now());
                let why = (at, words(&body));
                if !sql::cross::take_back(tx.conn(), &fingerprint, (why.0, &why.1)).await? {
                    return Err(CrossFault::Missing(fingerprint).into());
                }
                let about = format!("cross:{fingerprint}");
                tx.append(Record::new("cross.taken-back", warrant.actor(), about, body)).await?;
                Ok::<_, Error>(())
            })
        })
        .await
}

impl Ca {
    /// Withdraws a cross-certificate, by order of two people: revoked from now on, and on the root's next list. `self` is
    /// the root; its key is not needed. What is withdrawn already stays so.
    ///
    /// For a compromise every other one for the same key goes with it, and the key is blocked (T-31): otherwise chains
    /// would lead over the one that was made before.
    pub async fn withdraw_cross(
        &self,
        serial: &Serial,
        reason: RevocationReason,
        warrant: &Warrant,
    ) -> Result<CertificateRecord, Error> {
        let (ca, serial, warrant) = (self.clone(), *serial, warrant.clone());
        let withdrawn = self.inner().store.commit(move |tx| {
            Box::pin(async move {
                let rows = sql::cross::issued(tx.conn()).await?;
                let hex = serial.to_hex();
                let named = rows.iter().find(|row| row.certificate.serial == hex);
                let named = named.ok_or_else(|| CrossFault::Missing(hex.clone()))?;
                let is_compromise = matches!(
                    reason,
                    RevocationReason::CaCompromise | RevocationReason::KeyCompromise
                );
                let now = seconds(tx.now());
                let is_other = |row: &&IssuedRow| {
                    let (one, this) = (&row.certificate, &named.certificate);
                    let stands = one.status != "revoked" && one.not_after >= now;
                    is_compromise && one.id != this.id && one.key_hash == this.key_hash && stands
                };
                for row in rows.iter().filter(is_other) {
                    ca.withdraw_one(tx, row, (reason, &warrant)).await?;
                }
                ca.withdraw_one(tx, named, (reason, &warrant)).await
            })
        });
        withdrawn.await
    }

    async fn withdraw_one(
        &self,
        tx: &mut store::Tx,
        row: &IssuedRow,
        (reason, warrant): (RevocationReason, &Warrant),
    ) -> Result<CertificateRecord, Error> {
        let (serial, actor) = (sql::serial(&row.certificate.serial)?, warrant.actor());
        let revocation = Revocation { reason, invalid_since: None };
        let record = self.revoke(tx, &serial, &revocation, &actor).await?;
        let body = warrant.body(json!({ "peer": row.peer, "code": reason.name() }));
        if sql::cross::note_withdrawn(tx.conn(), row.certificate.id, &words(&body)).await? {
            let about = self.name_of(&serial);
            tx.append(Record::new("cross.withdrawn", actor, about, body)).await?;
        }
        Ok(record)
    }
}

/// The reason as the two people wrote it.
fn words(body: &serde_json::Value) -> String {
    body.get("reason").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned()
}
