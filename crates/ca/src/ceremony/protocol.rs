//! The protocol of the ceremony: what was done, when, before whom, with which result.
//!
//! One canonical JSON document (sorted keys), signed with SM2 by the new issuing CA over
//! exactly the bytes of the file, and the same in Chinese for the archive. The document is
//! fixed in the database before it is signed; a run that was cut off signs the same bytes.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use gm::{Signature, UserId, sm2, sm3};
use pki::Certificate;
use serde_json::{Value, json};

use super::run::{Ceremony, CeremonyReport, Retired, joined};
use super::{Participants, Person, Step, files};
use crate::error::{Error, Invalid};
use crate::service::text;
use crate::sql::{self, instant, seconds};

/// The files of a protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtocolFiles {
    /// Canonical JSON.
    pub document: PathBuf,
    /// SM2 signature over the document: DER in hexadecimal.
    pub signature: PathBuf,
    /// The same in Chinese, for people.
    pub text: PathBuf,
}

impl ProtocolFiles {
    pub(super) fn in_folder(folder: &Path) -> Self {
        Self {
            document: folder.join("ceremony.json"),
            signature: folder.join("ceremony.json.sig"),
            text: folder.join("ceremony.txt"),
        }
    }
}

/// Whether a protocol is the one that the issuing CA of `certificate` signed.
pub fn verify_protocol(
    document: &[u8],
    signature: &str,
    certificate: &Certificate,
) -> Result<(), Error> {
    let der = hex::decode(signature.trim()).map_err(|_| wrong())?;
    let signature = Signature::from_der(&der).map_err(|_| wrong())?;
    sm2::verify(&certificate.public_key()?, &UserId::default(), document, &signature)
        .map_err(|_| wrong().into())
}

fn wrong() -> Invalid {
    Invalid::Share("仪式记录的签名不正确".into())
}

impl Ceremony {
    pub(super) async fn sign_protocol(&self, retired: Retired) -> Result<CeremonyReport, Error> {
        let made = &retired.before;
        let (root, issuing) = (&made.before.before.root, &made.before.issuing);
        let to = ProtocolFiles::in_folder(&self.plan.protocol);
        if self.row(Step::ProtocolWritten).is_none() {
            let document = self.document(&retired)?;
            self.record(Step::ProtocolWritten, json!({ "document": document })).await?;
        }
        if self.row(Step::ProtocolSigned).is_none() {
            self.write_protocol(&to, issuing, Self::text).await?;
        }
        if !issuing.settle().await? {
            tracing::warn!("the account of the issuing key is not settled");
        }
        Ok(CeremonyReport {
            root: root.certificate().clone(),
            issuing: issuing.certificate().clone(),
            responder: made.responder.clone(),
            shares: made.before.before.shares.clone(),
            protocol: to,
        })
    }

    /// Signs the document that is recorded, and writes it with its text.
    pub(super) async fn write_protocol(
        &self,
        to: &ProtocolFiles,
        issuing: &crate::Ca,
        text: fn(&Self, &Value, &str) -> String,
    ) -> Result<(), Error> {
        let detail = self.detail(Step::ProtocolWritten)?;
        let document = detail.get("document").cloned().unwrap_or(Value::Null);
        let bytes = store::to_canonical(&document)?.into_bytes();
        self.note_act().await?;
        store::fault::point("ca.71-protocol-noted");
        let label = super::restore::label(&self.made.key)?;
        let signature = self.device.session()?.sign(&label, &UserId::default(), &bytes)?;
        let signature = hex::encode(signature.to_der());
        verify_protocol(&bytes, &signature, issuing.certificate())?;
        files::write(&to.document, &bytes)?;
        files::write(&to.signature, format!("{signature}\n").as_bytes())?;
        let digest = sm3::hash(&bytes).to_hex();
        files::write(&to.text, text(self, &document, &digest).as_bytes())?;
        store::fault::point("ca.72-protocol-written");
        self.record(Step::ProtocolSigned, json!({ "sm3": digest, "signature": signature })).await
    }

    /// The signature of the protocol is no certificate and no CRL: noted before it is made.
    async fn note_act(&self) -> Result<(), Error> {
        let ceremony = self.clone();
        self.commit(move |tx| {
            Box::pin(async move {
                let subject = format!("ceremony:{}", ceremony.plan.name);
                let leader = &ceremony.quorum.participants().leader.id;
                let actor = store::Actor::new(format!("person:{leader}"));
                let kind = "ceremony.protocol-intended";
                let record = store::Record::new(kind, actor, subject.as_str(), json!({}));
                let place = (tx.append(record).await?.to_sql(), seconds(tx.now()));
                let act = ("act", subject.as_str());
                sql::signer::note(tx.conn(), &ceremony.made.key, act, place).await
            })
        })
        .await
    }

    fn document(&self, retired: &Retired) -> Result<Value, Error> {
        let made = &retired.before;
        let (root, issuing) = (&made.before.before.root, &made.before.issuing);
        let device = self.device.info();
        Ok(json!({
            "format": "yinxin-ceremony/1",
            "ceremony": self.plan.name,
            "institution": self.plan.institution,
            "software": { "name": "印信 Yinxin", "version": env!("CARGO_PKG_VERSION") },
            "device": { "name": device.name, "kind": device.kind,
                "certified": device.is_certified(), "product": device.product },
            "participants": participants(self.quorum.participants()),
            "steps": self.steps()?,
            "certificates": {
                "root": certificate(root.certificate()),
                "issuing": certificate(issuing.certificate()),
                "responder": certificate(&made.responder),
            },
            "root_key": { "shares": super::SHARES, "threshold": super::THRESHOLD,
                "kept_on_device": self.plan.keep_root },
        }))
    }

    /// The document of a later ceremony: what each says, and what is its own.
    pub(super) fn document_of(&self, format: &str, own: Value) -> Result<Value, Error> {
        let device = self.device.info();
        let common = json!({
            "format": format,
            "ceremony": self.plan.name,
            "institution": self.plan.institution,
            "software": { "name": "印信 Yinxin", "version": env!("CARGO_PKG_VERSION") },
            "device": { "name": device.name, "kind": device.kind,
                "certified": device.is_certified(), "product": device.product },
            "participants": participants(self.quorum.participants()),
            "steps": self.steps()?,
        });
        Ok(joined(common, own))
    }

    /// The steps that are done.
    pub(super) fn steps(&self) -> Result<Vec<Value>, Error> {
        let mut steps = Vec::new();
        for row in Step::ALL.into_iter().filter_map(|step| self.row(step).map(|row| (step, row))) {
            let (step, row) = row;
            steps.push(json!({
                "step": step.kind(),
                "title": step.chinese(),
                "at": text(instant(row.at)?),
                "journal": row.seq,
            }));
        }
        Ok(steps)
    }

    /// The protocol in Chinese.
    fn text(&self, document: &Value, digest: &str) -> String {
        let mut out = String::new();
        let all = self.quorum.participants();
        let line = |out: &mut String, text: std::fmt::Arguments<'_>| {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{text}");
        };
        line(&mut out, format_args!("{}密钥仪式记录", self.plan.institution));
        line(&mut out, format_args!("仪式编号：{}", self.plan.name));
        line(&mut out, format_args!("主持人：{}", person(&all.leader)));
        for witness in &all.witnesses {
            line(&mut out, format_args!("见证人：{}", person(witness)));
        }
        for custodian in &all.custodians {
            line(&mut out, format_args!("密钥分量保管人：{}", person(&custodian.person)));
        }
        line(&mut out, format_args!("\n步骤（时间为协调世界时）："));
        let steps = document.get("steps").and_then(Value::as_array);
        for (number, step) in steps.into_iter().flatten().enumerate() {
            let of = |key: &str| step.get(key).and_then(Value::as_str).unwrap_or_default();
            line(&mut out, format_args!("{}. {} {}", number + 1, of("at"), of("title")));
        }
        line(&mut out, format_args!("\n证书："));
        for (key, title) in
            [("root", "根证书"), ("issuing", "签发机构证书"), ("responder", "状态应答证书")]
        {
            let made = document.get("certificates").and_then(|all| all.get(key));
            let of = |key: &str| made.and_then(|made| made.get(key)).and_then(Value::as_str);
            line(&mut out, format_args!("{title}：{}", of("subject").unwrap_or_default()));
            line(&mut out, format_args!("  序列号 {}", of("serial").unwrap_or_default()));
            line(&mut out, format_args!("  SM3 指纹 {}", of("sm3").unwrap_or_default()));
        }
        let kept = if self.plan.keep_root {
            "保留在密码设备中"
        } else {
            "已从密码设备中销毁"
        };
        line(&mut out, format_args!("\n根密钥分为五份，任意三份可以恢复；根密钥{kept}。"));
        line(&mut out, format_args!("记录文件 ceremony.json 的 SM3 值：{digest}"));
        line(&mut out, format_args!("本记录由签发机构密钥签署，签名见 ceremony.json.sig。"));
        out
    }
}

pub(super) fn participants(all: &Participants) -> Value {
    let custodians: Vec<_> = all.custodians.iter().map(|c| &c.person).collect();
    json!({ "leader": all.leader, "witnesses": all.witnesses, "custodians": custodians })
}

pub(super) fn certificate(certificate: &Certificate) -> Value {
    json!({
        "subject": certificate.subject().to_string(),
        "serial": certificate.serial().to_hex(),
        "sm3": sm3::hash(certificate.der()).to_hex(),
        "not_before": text(certificate.not_before()),
        "not_after": text(certificate.not_after()),
    })
}

pub(super) fn person(person: &Person) -> String {
    format!("{}（{}，{}）", person.name, person.office, person.id)
}
