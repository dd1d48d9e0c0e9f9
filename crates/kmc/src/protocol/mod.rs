//! GM/T 0014 between the CA and this centre: bytes in, bytes out. The transport brings the bytes
//! and is authenticated by itself; here every request is signed by a registered CA, is fresh, and
//! is answered once.

pub(crate) mod error_number;

use std::collections::HashSet;

use gm::UserId;
use pki::Spki;
use pki::km::{
    ApplyKey, Body as _, CaRequest, ErrorPackage, Holder, KmRespond, KsRequest, KsRespond, Request,
    Respond, RestoreKey, RetKey, TaskNumber, UnsignedEnvelope,
};
use store::fault;

use crate::error::{Error, ProtocolError};
use crate::model::{ApplyOrder, Ca, IssuedKey, RestoreOrder};
use crate::rules;
use crate::service::{Kmc, blocking, whole_second};
use crate::sql;
use pki::Serial;

impl Kmc {
    /// Answers one GM/T 0014 `CARequest` with a signed `KMRespond`. Bytes that are no such request
    /// are an error; everything else, refusals too, is an answer.
    pub async fn handle(&self, request_der: &[u8]) -> Result<Vec<u8>, Error> {
        let request = CaRequest::from_der(request_der).map_err(Error::Message)?;
        let task = request.body().task.clone();
        let responds = match self.admit(request).await {
            Ok((ca, request)) => self.answer_all(&ca, &request).await,
            Err(refused) => vec![refusal(&refused)],
        };
        fault::point("kmc.51-answered");
        self.respond(responds, task).await
    }

    /// The request of a registered CA: verified, fresh, new.
    async fn admit(&self, request: CaRequest) -> Result<(Ca, KsRequest), Error> {
        let ca = self.sender(request.body()).await?;
        let key = ca.public_key;
        let body = blocking(move || request.verify(&key, &UserId::default()).cloned())
            .await?
            .map_err(|_| ProtocolError::BadSignature)?;
        rules::check_request_time(body.time, self.inner.clock.now())?;
        check_list(&body.requests)?;
        self.record_task(&ca, &body.task).await?;
        fault::point("kmc.50-task-recorded");
        Ok((ca, body))
    }

    async fn sender(&self, body: &KsRequest) -> Result<Ca, Error> {
        let mut reader = self.inner.store.read().await?;
        let key_hash = hex::encode(&body.ca.key_hash);
        let known = body.ca.hash_algorithm == pki::oid::SM3;
        let ca = sql::register::ca_by_key_hash(&mut reader, &key_hash, false).await?;
        ca.filter(|_| known).ok_or(Error::Protocol(ProtocolError::UnknownCa))
    }

    async fn record_task(&self, ca: &Ca, task: &TaskNumber) -> Result<(), Error> {
        let (ca_id, task_no) = (ca.id, task.to_hex());
        self.inner
            .store
            .commit(move |tx| {
                Box::pin(async move {
                    let at = whole_second(tx.now());
                    let oldest = at.checked_sub(rules::REQUEST_WINDOW * 2).unwrap_or(at);
                    sql::task::forget(tx.conn(), oldest).await?;
                    if sql::task::record(tx.conn(), ca_id, (&task_no, at)).await? {
                        Ok(())
                    } else {
                        Err(Error::Protocol(ProtocolError::Replay))
                    }
                })
            })
            .await
    }

    async fn answer_all(&self, ca: &Ca, request: &KsRequest) -> Vec<Respond> {
        let mut responds = Vec::with_capacity(request.requests.len());
        for one in &request.requests {
            let answer = self.answer(ca, (one, request)).await;
            responds.push(answer.unwrap_or_else(|refused| refusal(&refused)));
        }
        responds
    }

    async fn answer(
        &self,
        ca: &Ca,
        (request, whole): (&Request, &KsRequest),
    ) -> Result<Respond, Error> {
        match request {
            Request::Apply(apply) => {
                let issued = self.apply(ca, apply_order(apply)?).await?;
                let key = self.ret_key(issued, (apply.user.cert_serial, whole)).await?;
                Ok(Respond::Apply(key))
            }
            Request::Restore(restore) => {
                let issued = self.restore(ca, restore_order(restore)?).await?;
                let key = self.ret_key(issued, (restore.cert_serial, whole)).await?;
                Ok(Respond::Restore(key))
            }
            Request::Revoke(revoke) => {
                self.revoke(ca, revoke.cert_serial).await?;
                Ok(Respond::Revoke(revoke.cert_serial))
            }
        }
    }

    /// The key in the form of GM/T 0010. The recipient's signing certificate is not known here;
    /// the envelope names the CA and the serial of the encryption certificate instead.
    async fn ret_key(
        &self,
        issued: IssuedKey,
        (cert_serial, whole): (Serial, &KsRequest),
    ) -> Result<RetKey, Error> {
        let ca_name = whole.ca.directory_name();
        let recipient = Holder {
            issuer: ca_name.unwrap_or(&self.inner.config.name_der).to_vec(),
            serial: cert_serial,
        };
        let signer = Holder {
            issuer: self.inner.config.name_der.clone(),
            serial: self.inner.config.certificate_serial,
        };
        let envelope = UnsignedEnvelope::new(&issued.enveloped, &recipient);
        let signature = self.sign(envelope.signed_bytes().to_vec()).await?;
        Ok(RetKey {
            cert_serial,
            public_key: Spki::of(&issued.public_key),
            private_key: envelope.finish(&signer, &signature),
        })
    }

    async fn respond(&self, responds: Vec<Respond>, task: TaskNumber) -> Result<Vec<u8>, Error> {
        let body = KsRespond {
            km: self.inner.entity.clone(),
            responds,
            time: whole_second(self.inner.clock.now()),
            task,
        };
        let der = pki::strict::Writer::build(|w| body.write(w));
        let signature = self.sign(der).await?;
        let signed: Result<KmRespond, Error> = KmRespond::sign(body, |_| Ok(signature));
        Ok(signed?.to_der())
    }
}

fn refusal(error: &Error) -> Respond {
    if error.kind() == store::ErrorKind::Fault {
        tracing::error!(code = error.code(), %error, "key service request failed");
    }
    let number = error_number::number_of(error);
    // What went wrong inside is nobody's business outside.
    let text = match number {
        error_number::INTERNAL => "密钥管理中心内部错误，请稍后以新的任务编号重试".to_owned(),
        _ => error.to_string(),
    };
    Respond::Error(ErrorPackage { number, text: Some(text) })
}

/// One to 64 requests, each about another certificate.
fn check_list(requests: &[Request]) -> Result<(), ProtocolError> {
    let serials: HashSet<&Serial> = requests.iter().map(Request::cert_serial).collect();
    let fits = (1..=rules::REQUESTS_MAX).contains(&requests.len());
    if fits && serials.len() == requests.len() { Ok(()) } else { Err(ProtocolError::BadList) }
}

fn apply_order(apply: &ApplyKey) -> Result<ApplyOrder, ProtocolError> {
    if !apply.is_sm2() {
        return Err(ProtocolError::UnsupportedAlgorithm);
    }
    let user = &apply.user;
    Ok(ApplyOrder {
        cert_serial: user.cert_serial,
        signing_key: user.sm2_key().map_err(|_| ProtocolError::BadUserKey)?,
        not_before: user.not_before,
        not_after: user.not_after,
        user_name: user.user_name.clone(),
    })
}

fn restore_order(restore: &RestoreKey) -> Result<RestoreOrder, ProtocolError> {
    if !restore.reply.are_sm() {
        return Err(ProtocolError::UnsupportedAlgorithm);
    }
    let key = restore.signing_key.public_key();
    Ok(RestoreOrder {
        cert_serial: restore.cert_serial,
        signing_key: key.map_err(|_| ProtocolError::BadUserKey)?,
    })
}
