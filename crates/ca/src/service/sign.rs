//! Signing on the device, and looking at what it returned.

use gm::{DeviceError, Session};
use pki::Certificate;

use super::{Ca, IssuanceTicket};
use crate::crl::blocking;
use crate::error::Error;
use crate::rules::time;
use crate::sql::instant;
use crate::sql::issuance::IntentRow;

/// A certificate whose signature was verified, on its way into the database. Not to be handed
/// out before it is stored.
#[derive(Debug)]
pub struct SignedCertificate {
    pub(super) row: IntentRow,
    pub(super) certificate: Certificate,
}

/// How signing one certificate can fail without the whole CA being at fault.
enum Failure {
    Wrong,
    Other(Error),
}

impl Ca {
    /// Signs what the tickets permit, in one session of the device, and verifies each
    /// signature over the recorded bytes (check C19-7). The first wrong one quarantines the key
    /// (T-10). A clock behind the records stops everything (T-04).
    ///
    /// After an error the tickets are gone, but not the intents: the same request gets a new
    /// ticket for the same bytes.
    pub async fn sign(
        &self,
        tickets: Vec<IssuanceTicket>,
    ) -> Result<Vec<SignedCertificate>, Error> {
        let (mut left, mut signed) = (tickets, Vec::new());
        while let Some(id) = left.first().map(|ticket| ticket.row.issuer_id) {
            let (own, rest) = left.into_iter().partition(|ticket| ticket.row.issuer_id == id);
            signed.extend(self.of(id)?.sign_own(own).await?);
            left = rest;
        }
        Ok(signed)
    }

    /// Signs what one generation recorded.
    async fn sign_own(
        &self,
        tickets: Vec<IssuanceTicket>,
    ) -> Result<Vec<SignedCertificate>, Error> {
        self.check_sound()?;
        let ca = self.clone();
        let signed = blocking(move || Ok(ca.sign_all(tickets))).await?;
        match signed {
            Ok(signed) => Ok(signed),
            Err(Failure::Other(error)) => Err(error),
            Err(Failure::Wrong) => Err(self.quarantine("证书的签名验证不通过").await),
        }
    }

    fn sign_all(&self, tickets: Vec<IssuanceTicket>) -> Result<Vec<SignedCertificate>, Failure> {
        let mut session = self.inner().device.session().map_err(Failure::device)?;
        tickets.into_iter().map(|ticket| self.sign_one(&mut *session, ticket)).collect()
    }

    fn sign_one(
        &self,
        session: &mut dyn Session,
        ticket: IssuanceTicket,
    ) -> Result<SignedCertificate, Failure> {
        let IssuanceTicket { row, linted } = ticket;
        let recorded = instant(row.intended_at).map_err(Failure::Other)?;
        time::clock(self.inner().clock.now(), recorded, self.inner().config.skew)
            .map_err(|refusal| Failure::Other(refusal.into()))?;
        // What is signed is what is recorded, byte for byte (T-05).
        if linted.tbs_der() != row.tbs {
            return Err(Failure::Other(Error::stored("待签发内容与记录不一致")));
        }
        let (issuer, id) = (&self.inner().issuer, &self.inner().config.user_id);
        let digest = linted.digest(&issuer.public_key, id);
        store::fault::point("ca.20-before-signature");
        let signature = session.sign_digest(&issuer.label, &digest).map_err(Failure::device)?;
        store::fault::point("ca.21-signed");
        let certificate =
            linted.finish(&signature, &issuer.public_key, id).map_err(|_| Failure::Wrong)?;
        Ok(SignedCertificate { row, certificate })
    }
}

impl Failure {
    fn device(error: DeviceError) -> Self {
        Self::Other(error.into())
    }
}
