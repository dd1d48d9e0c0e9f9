//! The outbox: one file for each message, that only the operator's own gateway reads.

use std::path::Path;

use super::{Channel, Content, MessageRow};
use crate::error::Error;
use crate::institution::Institution;

impl Institution {
    /// Writes a message into the outbox. A message that was written before and could not be noted as
    /// sent is not written twice.
    pub(super) async fn put_out(
        &self,
        channel: Channel,
        row: &MessageRow,
        content: Content,
    ) -> Result<(), String> {
        let to = match channel {
            Channel::Phone => format!("收件手机：{}", content.to),
            Channel::Mail => format!("收件邮箱：{}\n标题：{}", content.to, content.title),
        };
        let text = format!("{to}\n\n{}\n", content.text);
        let short: String = row.id.chars().take(8).collect();
        let seconds = row.created_at.as_second();
        let name = format!("{}-{seconds}-{}-{short}.txt", content.name, channel.word());
        self.post(name, text).await.map_err(|_| "outbox.unwritable".to_owned())
    }

    /// Puts a text into the outbox at once, under a name that tells it from others.
    pub(crate) async fn post(&self, name: String, text: String) -> Result<(), Error> {
        let folder = self.layout().outbox();
        let written = tokio::task::spawn_blocking(move || put(&folder, &name, &text));
        written.await.map_err(|_| Error::Interrupted)?
    }
}

fn put(folder: &Path, name: &str, text: &str) -> Result<(), Error> {
    use std::io::Write;
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
    let failed = |error: std::io::Error| {
        Error::Setup(format!("无法把通知写入 {}：{error}；请检查磁盘后重新发送", folder.display()))
    };
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    // A gateway never sees half a file: it is written under another name and then moved.
    let half = folder.join(format!(".{name}"));
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&half)
        .map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    std::fs::rename(&half, folder.join(name)).map_err(failed)
}
