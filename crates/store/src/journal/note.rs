//! Checkpoints as signed notes: made with the device, judged against its public key.

use gm::{Signature, UserId};
use sqlx::AnyConnection;
use tlog::Checkpoint;
use tlog::note::{self, SignedNote};

use super::head::Head;
use super::report::{Finding, FindingKind};
use super::tree;
use crate::Error;
use crate::core::Core;

/// Signs a head.
pub(crate) async fn sign(core: &Core, head: &Head) -> Result<(Checkpoint, String), Error> {
    let checkpoint = Checkpoint {
        origin: core.config.origin.clone(),
        size: head.size(),
        root: head.root,
        extensions: Vec::new(),
    };
    let text = checkpoint.to_text()?;
    let (label, message) = (core.keys.journal.clone(), text.clone().into_bytes());
    let signature =
        core.with_device(move |session| session.sign(&label, &UserId::default(), &message)).await?;
    let raw = signature.to_raw();
    // A device that signs wrongly must not be believed (incident class: wrong signature on a CRL).
    if !verifies(core, text.as_bytes(), &raw) {
        return Err(gm::DeviceError::Broken("检查点签名验证不通过".into()).into());
    }
    let note = note::sign(&text, &core.keys.note, |_| Ok::<_, Error>(raw))?;
    Ok((checkpoint, note))
}

/// The checkpoint in a note, if the device signed it for this journal.
pub(crate) fn open(core: &Core, text: &str) -> Result<Checkpoint, tlog::Error> {
    let note = SignedNote::parse(text)?;
    let text = note.verify(&core.keys.note, |text, raw| verifies(core, text, raw))?;
    let checkpoint = Checkpoint::parse(text)?;
    let ours = checkpoint.origin == core.config.origin;
    if ours { Ok(checkpoint) } else { Err(tlog::Error::BadCheckpoint) }
}

fn verifies(core: &Core, text: &[u8], raw: &[u8; 64]) -> bool {
    Signature::from_raw(raw).is_ok_and(|signature| {
        gm::sm2::verify(&core.keys.public, &UserId::default(), text, &signature).is_ok()
    })
}

/// The checkpoint of the anchor, if the journal with this head contains it.
pub(crate) async fn judge(
    core: &Core,
    conn: &mut AnyConnection,
    head: &Head,
    text: Option<&str>,
) -> Result<Result<Checkpoint, Finding>, Error> {
    let wrong = |detail: String| Ok(Err(Finding::new(FindingKind::Anchor, None, detail)));
    let Some(text) = text else {
        return wrong("锚点中的检查点文件缺失".into());
    };
    let checkpoint = match open(core, text) {
        Ok(checkpoint) => checkpoint,
        Err(cause) => return wrong(format!("锚点中的检查点无效：{cause}")),
    };
    if checkpoint.size > head.size() {
        let detail = format!(
            "数据库被回退：检查点记载 {} 条日志，数据库只有 {} 条",
            checkpoint.size,
            head.size()
        );
        return Ok(Err(Finding::new(FindingKind::RolledBack, None, detail)));
    }
    if !tree::has_root(conn, head, checkpoint.size, &checkpoint.root).await? {
        return wrong(format!("前 {} 条日志与检查点不符，曾被改动", checkpoint.size));
    }
    Ok(Ok(checkpoint))
}
