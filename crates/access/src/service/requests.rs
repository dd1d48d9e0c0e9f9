//! Requests that a client has signed.

use super::Access;
use crate::signature::{Claim, Incoming};
use crate::{Client, ClientId, Error, Principal, Via, Who, rules, sql};
use std::sync::atomic::Ordering;

/// Expired nonces are deleted this often.
const FORGET_SECONDS: i64 = 60;

impl Access {
    /// Who signed this request. The nonce is used up.
    pub async fn authenticate(&self, request: &Incoming<'_>) -> Result<Principal, Error> {
        let now = self.0.clock.now();
        let claim = Claim::read(request, now)?;
        let client = self.known(&claim.client().clone()).await?;
        let proven = claim.verify(&client.public_key)?;
        rules::admitted(&client)?;
        self.0.window.burn(client.id.as_str(), &proven.nonce, proven.until, now.as_second())?;
        if !request.is_safe() {
            self.burn(client.id.clone(), proven.nonce, proven.until).await?;
        }
        Ok(Principal::new(Who::Client(client), Via::Signature))
    }

    async fn known(&self, id: &ClientId) -> Result<Client, Error> {
        let client = sql::client_by_id(&mut *self.0.store.read().await?, id).await?;
        client.ok_or_else(|| Error::UnknownClient(id.to_string()))
    }

    async fn burn(&self, client: ClientId, nonce: String, until: i64) -> Result<(), Error> {
        let now = self.0.clock.now();
        let forget = self.is_forgetting_due(now.as_second());
        let fresh = self
            .commit(move |tx| {
                Box::pin(async move {
                    if forget {
                        sql::forget_nonces(tx.conn(), now).await?;
                    }
                    sql::burn_nonce(tx.conn(), &client, &nonce, until).await
                })
            })
            .await?;
        if fresh { Ok(()) } else { Err(Error::Replayed) }
    }

    fn is_forgetting_due(&self, now: i64) -> bool {
        let last = self.0.forgotten_at.load(Ordering::Relaxed);
        let due = now.saturating_sub(last) >= FORGET_SECONDS;
        let swap = |next| {
            self.0.forgotten_at.compare_exchange(last, next, Ordering::Relaxed, Ordering::Relaxed)
        };
        due && swap(now).is_ok()
    }
}
