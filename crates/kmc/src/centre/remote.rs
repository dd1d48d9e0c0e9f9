//! A centre elsewhere: GM/T 0014 requests signed by the CA, over a transport of the caller's.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use gm::{Device, KeyLabel, PublicKey, Signature, UserId};
use pki::km::{
    ApplyKey, ApplyUser, CaRequest, EntityName, KmRespond, KsRequest, KsRespond,
    PrivateKeyEnvelope, ReplyAlgorithms, Request, Respond, RestoreKey, RetKey, RevokeKey,
    TaskNumber,
};
use pki::{Serial, Spki};
use store::Clock;

use super::{Answer, KeyCentre};
use crate::error::Error;
use crate::model::{ApplyOrder, IssuedKey, RestoreOrder};
use crate::protocol::error_number;
use crate::rules;
use crate::service::{blocking, whole_second};

/// Carries the bytes of a request to the centre and those of the answer back: usually an HTTP
/// POST over an authenticated channel. The error text is for the operator.
pub type Transport = Arc<
    dyn Fn(Vec<u8>) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, String>> + Send>> + Send + Sync,
>;

/// Random octets of a task number.
const TASK_OCTETS: usize = 16;

/// Who the CA is, and who the centre is.
#[derive(Clone, Debug)]
pub struct RemoteConfig {
    /// DER of the CA's distinguished name.
    pub ca_name_der: Vec<u8>,
    /// Serial of the CA's certificate.
    pub ca_certificate_serial: Serial,
    /// The key of the CA's device that signs requests; its public half is registered at the centre.
    pub signing_label: KeyLabel,
    /// The key by which the centre's answers verify.
    pub centre_key: PublicKey,
}

/// A centre behind a transport, on behalf of one CA.
#[derive(Clone)]
pub struct Remote {
    device: Arc<dyn Device>,
    clock: Arc<dyn Clock>,
    transport: Transport,
    config: RemoteConfig,
    entity: EntityName,
}

impl Remote {
    /// On behalf of the CA whose device holds the signing key.
    pub async fn new(
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        transport: Transport,
        config: RemoteConfig,
    ) -> Result<Self, Error> {
        let (keeper, label) = (device.clone(), config.signing_label.clone());
        let info = blocking(move || keeper.session()?.key(&label)).await??;
        let key = info.public_key.ok_or(Error::StoredData("signing_label"))?;
        let entity = EntityName::new(&config.ca_name_der, &key, config.ca_certificate_serial);
        Ok(Self { device, clock, transport, config, entity })
    }

    /// Sends one request and takes its answer, checked but for its content.
    async fn ask(&self, request: Request) -> Result<Respond, Error> {
        let (message, task) = self.sign_request(request).await?;
        let answer = (self.transport)(message).await.map_err(Error::Unreachable)?;
        let answer = KmRespond::from_der(&answer).map_err(Error::Message)?;
        let key = self.config.centre_key;
        let body = blocking(move || answer.verify(&key, &UserId::default()).cloned())
            .await?
            .map_err(|_| Error::BadAnswer("响应签名验证失败"))?;
        self.only(body, &task)
    }

    async fn sign_request(&self, request: Request) -> Result<(Vec<u8>, TaskNumber), Error> {
        let (device, label) = (self.device.clone(), self.config.signing_label.clone());
        let (ca, time) = (self.entity.clone(), whole_second(self.clock.now()));
        blocking(move || {
            let mut session = device.session()?;
            let mut number = [0; TASK_OCTETS];
            session.fill(&mut number)?;
            let task = TaskNumber::from_magnitude(&number).map_err(Error::Message)?;
            let body = KsRequest { ca, requests: vec![request], time, task: task.clone() };
            let signed = CaRequest::sign(body, |der| -> Result<Signature, Error> {
                Ok(session.sign(&label, &UserId::default(), der)?)
            })?;
            Ok((signed.to_der(), task))
        })
        .await?
    }

    fn only(&self, body: KsRespond, task: &TaskNumber) -> Result<Respond, Error> {
        if body.task != *task {
            return Err(Error::BadAnswer("任务编号与请求不一致"));
        }
        if rules::check_request_time(body.time, self.clock.now()).is_err() {
            return Err(Error::BadAnswer("响应时间超出允许范围"));
        }
        let Ok([respond]) = <[Respond; 1]>::try_from(body.responds) else {
            return Err(Error::BadAnswer("响应个数与请求不一致"));
        };
        match respond {
            Respond::Error(error) => Err(refused(error.number, error.text.unwrap_or_default())),
            answer => Ok(answer),
        }
    }

    /// The key of an answer, in the form that is delivered to the subscriber. The signature over the
    /// whole answer was verified; what the one inside the envelope covers differs between makers.
    fn issued(key: RetKey, wanted: Serial) -> Result<IssuedKey, Error> {
        if key.cert_serial != wanted {
            return Err(Error::BadAnswer("证书序列号与请求不一致"));
        }
        let public_key = key.public_key.public_key().map_err(Error::Message)?;
        let envelope = PrivateKeyEnvelope::from_der(&key.private_key).map_err(Error::Message)?;
        Ok(IssuedKey { public_key, enveloped: envelope.into_enveloped(public_key) })
    }
}

/// What the centre says of the order is its answer. What it says of us (unknown, badly signed, wrong
/// clock) is ours to mend, and no reason to refuse the subscriber's order for good.
fn refused(number: u64, text: String) -> Error {
    use crate::error::ProtocolError as P;
    match error_number::error_of(number, text.clone()) {
        Error::Protocol(
            P::UnknownCa | P::BadSignature | P::StaleRequest | P::Replay | P::BadList,
        ) => Error::Remote { number, text },
        answer => answer,
    }
}

impl KeyCentre for Remote {
    fn apply(&self, order: ApplyOrder) -> Answer<'_, IssuedKey> {
        Box::pin(async move {
            let serial = order.cert_serial;
            let user = ApplyUser {
                cert_serial: serial,
                signing_key: Spki::of(&order.signing_key),
                not_before: order.not_before,
                not_after: order.not_after,
                user_name: order.user_name,
                ds_code: None,
                extend_info: None,
            };
            match self.ask(Request::Apply(ApplyKey::sm2(user))).await? {
                Respond::Apply(key) => Self::issued(key, serial),
                _ => Err(Error::BadAnswer("响应种类与请求不一致")),
            }
        })
    }

    fn restore(&self, order: RestoreOrder) -> Answer<'_, IssuedKey> {
        Box::pin(async move {
            let request = RestoreKey {
                reply: ReplyAlgorithms::SM,
                cert_serial: order.cert_serial,
                signing_key: Spki::of(&order.signing_key),
            };
            match self.ask(Request::Restore(request)).await? {
                Respond::Restore(key) => Self::issued(key, order.cert_serial),
                _ => Err(Error::BadAnswer("响应种类与请求不一致")),
            }
        })
    }

    fn revoke(&self, cert_serial: Serial) -> Answer<'_, ()> {
        Box::pin(async move {
            let request = RevokeKey { cert_serial };
            match self.ask(Request::Revoke(request)).await? {
                Respond::Revoke(serial) if serial == cert_serial => Ok(()),
                _ => Err(Error::BadAnswer("响应种类与请求不一致")),
            }
        })
    }
}
