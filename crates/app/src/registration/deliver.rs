//! Delivery: the activation code goes out by another way than the certificates.
//!
//! How messages go is the business of [`crate::notify`].

use access::Permit;
use pki::response::{CsrResponse, Encryption};
use ra::{Application, At};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Marks the certificates as delivered and sends the activation code to the telephone number of
    /// the application: both in one unit.
    pub async fn deliver_application(
        &self,
        permit: &Permit,
        at: &At,
    ) -> Result<Application, Error> {
        let ra = self.registration()?;
        let delivery = ra.deliver(permit, at, self).await?;
        // The unit is kept, and with it the messages: what cannot go out now is tried again.
        if let Err(error) = self.send_about(&delivery.application.subject()).await {
            tracing::warn!(code = error.code(), "messages wait to be sent");
        }
        Ok(delivery.application)
    }

    /// A recovered encryption key: the certificate that it belongs to, and the key enveloped to the
    /// holder's new signing key, as a GM/T 0092 answer of its own. The key centre answers the same
    /// for the same key, and records each time (GM/T 0014).
    pub async fn restored_response(&self, application: &Application) -> Result<Vec<u8>, Error> {
        let missing = || Error::NotApplicable("本次申请没有可恢复的加密密钥");
        let serials = application.state.serials().ok_or_else(missing)?;
        let old = application.concerns.as_deref().filter(|_| application.service == "recover");
        let old = self.ca().find(&pki::Serial::from_hex(old.ok_or_else(missing)?)?).await?;
        let request = old.ok_or_else(missing)?.record.request_id;
        let enc = self.ca().find_request(&request, ca::Role::Enc).await?.ok_or_else(missing)?;
        let sign = self.ca().find(&pki::Serial::from_hex(&serials.sign)?).await?;
        let sign = sign.ok_or(Error::Stored("申请的签名证书缺失"))?;
        let order = kmc::RestoreOrder {
            cert_serial: *enc.serial(),
            signing_key: sign.certificate.public_key()?,
        };
        let key = self.centre().restore(order).await?.enveloped;
        let encryption = Some(Encryption { certificates: vec![enc.certificate], key });
        let issuer = self.ca().issuer_of(&sign.record)?;
        let sign_certificates = vec![sign.certificate, issuer];
        Ok(CsrResponse { sign_certificates, encryption }.encode())
    }

    /// The GM/T 0092 answer of an application's certificates, in DER, for its holder.
    pub async fn delivered_response(&self, application: &Application) -> Result<Vec<u8>, Error> {
        let sign = application.state.serials().map(|serials| serials.sign.clone());
        let sign = sign.ok_or(Error::NotApplicable("证书尚未签发，请稍后再来下载"))?;
        let found = self.ca().find(&pki::Serial::from_hex(&sign)?).await?;
        let found = found.ok_or(Error::Stored("申请的签名证书缺失"))?;
        let enrolment = self.enrolment(&found.record.request_id).await?;
        enrolment.response.ok_or(Error::Stored("申请的应答缺失"))
    }
}
