//! What a ceremony left that is given up (ADR 15, point 13): its intents, its certificates, and a generation that nobody
//! appointed; and what an order left that is refused (ADR 1). All of it in the caller's unit.

use pki::Serial;
use serde_json::json;
use store::{Actor, Record, Tx};

use super::super::{Ca, Generation, LINK, OCSP};
use crate::error::{Error, Refusal};
use crate::model::{RequestId, RevocationReason, Role};
use crate::rules::status::Revocation;
use crate::sql::{self, seconds};

impl Generation {
    /// Whether its ceremony was given up: it waits for no appointment and never comes to one.
    #[must_use]
    pub const fn is_given_up(&self) -> bool {
        self.is_waiting && self.over_at.is_some()
    }
}

impl Ca {
    /// Gives up what an order left that is refused: none of its intents is signed any more, by nobody. Answers the serial
    /// numbers of its certificates that exist and still count, the signing one first: whoever refuses revokes them in
    /// the same unit. `serials` are those that the order was accepted with: what another order has under this name is
    /// none of its.
    pub async fn give_up(
        &self,
        tx: &mut Tx,
        (request, serials): (&RequestId, &[Serial]),
        reason: &str,
    ) -> Result<Vec<Serial>, Error> {
        let (mut left, now) = (Vec::new(), seconds(tx.now()));
        for role in [Role::Sign, Role::Enc, Role::Service] {
            let row = sql::issuance::find(tx.conn(), request.as_str(), role.as_str()).await?;
            let Some(row) = row else { continue };
            let serial = sql::serial(&row.serial)?;
            match row.state.as_str() {
                _ if !serials.contains(&serial) => {}
                "intended" => self.of(row.issuer_id)?.abandon(tx, &row, reason).await?,
                "issued" => {
                    let found = self.certificate_of(tx, &row).await?;
                    if found.status != "revoked" && found.not_after >= now {
                        left.push(serial);
                    }
                }
                _ => {}
            }
        }
        Ok(left)
    }

    /// Gives up the intents of CA certificates under these requests that are open; how many there were. `self` is the
    /// root.
    pub(crate) async fn abandon_requests(
        &self,
        tx: &mut Tx,
        requests: &[String],
        reason: &str,
    ) -> Result<usize, Error> {
        let mut closed = 0;
        for request in requests {
            let row = sql::issuance::find(tx.conn(), request, Role::Ca.as_str()).await?;
            if let Some(row) = row.filter(|row| row.state == "intended") {
                self.of(row.issuer_id)?.abandon(tx, &row, reason).await?;
                closed += 1;
            }
        }
        Ok(closed)
    }

    /// Revokes the CA certificates of these requests that still count; their serial numbers. `self` is the root, whose
    /// next lists name them.
    pub(crate) async fn revoke_requests(
        &self,
        tx: &mut Tx,
        requests: &[String],
        actor: &Actor,
    ) -> Result<Vec<String>, Error> {
        let (mut revoked, now) = (Vec::new(), seconds(tx.now()));
        for request in requests {
            let row = sql::certificate::by_request(tx.conn(), request, Role::Ca.as_str()).await?;
            // What has ended needs no list.
            if let Some(row) = row.filter(|row| row.status != "revoked" && row.not_after >= now) {
                let revocation = Revocation::because(RevocationReason::CessationOfOperation);
                self.revoke(tx, &sql::serial(&row.serial)?, &revocation, actor).await?;
                revoked.push(row.serial);
            }
        }
        Ok(revoked)
    }

    /// Ends a generation that a ceremony certified and that was never appointed: it signs nothing any more, and is never
    /// appointed. One that certified anything but its responders, or its link to the key before it, is not ended so.
    pub(crate) async fn end_unappointed(
        &self,
        tx: &mut Tx,
        issuer_id: i64,
        (ceremony, actor): (&str, &Actor),
    ) -> Result<String, Error> {
        let own = self.of(issuer_id)?;
        let later = sql::succession::successors(tx.conn(), self.authority_name()).await?;
        let row = later.into_iter().find(|row| row.issuer.id == issuer_id);
        let aside = if self.authority_name() == crate::ceremony::ROOT { LINK } else { OCSP };
        let used = sql::succession::last_end(tx.conn(), issuer_id, [aside, "root"]).await?;
        if row.is_none_or(|row| row.active_from.is_some()) || used.is_some() {
            let text = format!("{} 已经启用，不能放弃", own.name());
            return Err(Refusal::Ceremony(text).into());
        }
        let now = seconds(tx.now());
        if !sql::succession::note_over(tx.conn(), issuer_id, now).await? {
            return Err(Error::stored(format!("{} 已经结束", own.name())));
        }
        // As with every end: a spare would be handed out under a number that went back (Invariant 7).
        sql::crl::drop_spares(tx.conn(), issuer_id).await?;
        own.close_crls_in(tx).await?;
        let body = json!({ "key": own.inner().issuer.key_hash, "ceremony": ceremony });
        let about = format!("issuer:{}", own.name());
        tx.append(Record::new("issuer.given-up", actor.clone(), about, body)).await?;
        Ok(own.name().to_owned())
    }
}
