//! Delivery: the activation code goes out by another way than the certificates.
//!
//! The embedded default has no gateway for messages: they are written as files into the outbox of
//! the data folder, where an operator's own gateway takes them from.

use std::path::Path;

use access::Permit;
use ra::{Application, At, Delivery};

use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Marks the certificates as delivered and sends the activation code to the telephone number of
    /// the application. The message is written before anybody is told that it was.
    pub async fn deliver_application(
        &self,
        permit: &Permit,
        at: &At,
    ) -> Result<Application, Error> {
        let ra = self.registration()?;
        let delivery = ra.deliver(permit, at).await?;
        let text = message(&ra.institution().name, &delivery);
        let name = format!("{}-{}.txt", delivery.application.number, delivery.application.version);
        let folder = self.layout().outbox();
        let written = tokio::task::spawn_blocking(move || put(&folder, &name, &text));
        written.await.map_err(|_| Error::Interrupted)??;
        Ok(delivery.application)
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

fn message(institution: &str, delivery: &Delivery) -> String {
    let to = delivery.email.as_deref().unwrap_or_default();
    format!(
        "收件手机：{}\n收件邮箱：{to}\n\n【{institution}】您的申请 {} 已签发证书，激活码 {}。请登录办事大厅下载证书，核对内容后\
         用激活码确认领取。激活码请勿告诉他人。\n",
        delivery.phone, delivery.application.number, delivery.activation_code
    )
}

fn put(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let failed = |error: std::io::Error| {
        Error::Setup(format!("无法把通知写入 {}：{error}；请检查磁盘后重新发送", folder.display()))
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(folder.join(name))
        .map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}
