//! Cross-certification: the root, brought back by three custodians, certifies the CA of another institution (ADR 16).
//!
//! Each step is a row; run again with the same plan, the ceremony goes on where it was cut off. Nothing of ours changes
//! hands: the issuing key that is in force signs the protocol, as it would any other act.
//!
//! ```text
//! convened → root restored → cross-certificate made → list of the root → root retired → protocol signed
//! ```

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use gm::{Device, sm3};
use jiff::Timestamp;
use pki::profile::ProfileSet;
use pki::{Certificate, CrossTerms};
use serde_json::{Value, json};
use store::{Actor, Clock, Store, Tx};

use super::Step;
use super::participants::Quorum;
use super::protocol::{ProtocolFiles, certificate, person};
use super::run::{Ceremony, CeremonyPlan, Made};
use super::shares::{self, SealedShare};
use crate::Ca;
use crate::error::{Error, Refusal};
use crate::model::{CaConfig, RequestId, Role, Status, StoredCertificate};
use crate::rules::cross::{CrossFault, Peer, PeerFiles};
use crate::service::{Intent, PreparedOrder, Recognition, SignedCertificate, text};
use crate::sql::{self, instant};

/// What a cross-certification is to make.
#[derive(Debug, Clone)]
pub struct CrossPlan {
    /// Names the ceremony; running it again with the same name goes on.
    pub name: String,
    /// The institution.
    pub institution: String,
    /// The other CA's files.
    pub peer: PeerFiles,
    /// What is recognised.
    pub terms: CrossTerms,
    /// Until when.
    pub until: Timestamp,
    /// Addresses and CRL policy of the root; its `issuer` is `root`.
    pub root_config: CaConfig,
    /// Addresses and CRL policy of the issuing CA; its `issuer` is `issuing`.
    pub issuing_config: CaConfig,
    /// At least three custodians' files.
    pub shares: Vec<SealedShare>,
    /// Where the protocol is written.
    pub protocol: PathBuf,
}

/// What a cross-certification made.
#[derive(Debug, Clone)]
pub struct CrossReport {
    /// The cross-certificate.
    pub certificate: Certificate,
    /// The signed protocol.
    pub protocol: ProtocolFiles,
}

/// What is certified, and what a ceremony is held to from its beginning to its end.
struct Subject {
    peer: Peer,
    recognition: Recognition,
    digest: String,
}

impl Ceremony {
    /// Holds the ceremony to its end, from wherever it is.
    pub async fn cross_certify(
        store: Store,
        device: Arc<dyn Device>,
        clock: Arc<dyn Clock>,
        profiles: Arc<ProfileSet>,
        (plan, quorum): (CrossPlan, Quorum),
    ) -> Result<CrossReport, Error> {
        let parts = (store.clone(), device.clone(), clock.clone(), profiles.clone());
        let config = plan.issuing_config.clone();
        let line = Ca::open(parts.0, parts.1, parts.2, parts.3, config).await?;
        let parts = (store.clone(), clock.clone());
        let mut ceremony = Self::new(store, device, clock, profiles, (later(&plan), quorum))?;
        ceremony.read_rows().await?;
        // What was certified was in force then; that it ended since keeps no protocol from being signed.
        let made = ceremony.row(Step::CrossCertificate).map(|row| instant(row.at)).transpose()?;
        let at = made.unwrap_or_else(|| parts.1.now());
        let subject = subject(&parts.0, &plan, at).await?;
        let signer = ceremony.signer(&line)?;
        ceremony.made = Made::of(signer.generation()?.number);
        // The generation of the root that certifies now (ADR 15).
        let root = ceremony.ca(&plan.root_config).await?.pinned();
        if ceremony.row(Step::CrossCertificate).is_none() {
            // What the root could not sign is said before the plan binds anybody and its key is brought back.
            ceremony.prepare_peer(&root, &subject).await?;
        }
        ceremony.convene_cross(&plan, &subject).await?;
        ceremony.certify_and_publish(&root, (&plan, &subject)).await?;
        ceremony.retire_roots(&[&root]).await?;
        let made = root.find_request(&ceremony.cross_request()?, Role::Ca).await?;
        let made = made.ok_or_else(|| Error::stored("交叉证书缺失"))?;
        let to = ProtocolFiles::in_folder(&plan.protocol);
        ceremony.sign_cross(&signer, (&made, &subject), &to).await?;
        Ok(CrossReport { certificate: made.certificate, protocol: to })
    }

    /// Who signs the protocol: the generation that issues now, or the one that the document names once it is written.
    pub(super) fn signer(&self, line: &Ca) -> Result<Ca, Error> {
        if self.row(Step::ProtocolWritten).is_none() {
            return Ok(line.pinned());
        }
        let detail = self.detail(Step::ProtocolWritten)?;
        let serial = detail.pointer("/document/certificates/signer/serial").and_then(Value::as_str);
        let is_named = |one: &Ca| serial == Some(one.certificate().serial().to_hex().as_str());
        let named = line.generations().into_iter().find(is_named);
        named.ok_or_else(|| Error::stored("签署仪式记录的签发机构没有记录"))
    }

    async fn convene_cross(&self, plan: &CrossPlan, subject: &Subject) -> Result<(), Error> {
        if self.row(Step::Convened).is_some() {
            let detail = self.detail(Step::Convened)?;
            let Some(digest) = detail.get("cross") else {
                let text = format!("名为“{}”的仪式不是交叉认证仪式，请另起名称", plan.name);
                return Err(Refusal::Ceremony(text).into());
            };
            if *digest != json!(subject.digest) {
                let text = "仪式方案的对方证书、许可范围或有效期与仪式开始时不同；请用原方案续办";
                return Err(Refusal::Ceremony(text.into()).into());
            }
            let challenged = detail.get("challenged").and_then(Value::as_bool).unwrap_or_default();
            if challenged != subject.peer.is_challenged() {
                return Err(super::succession::other_plan());
            }
            return self.check_people();
        }
        let detail = self.convened(json!({
            "cross": subject.digest,
            "peer": certificate(subject.peer.certificate()),
            "possession": subject.peer.possession().as_str(),
            "challenged": subject.peer.is_challenged(),
            "shares": shares::indices(&plan.shares)?,
        }));
        self.record(Step::Convened, detail).await
    }

    /// Both need the root, and both are made while it is here: its list is renewed on each occasion.
    async fn certify_and_publish(
        &self,
        root: &Ca,
        (plan, subject): (&CrossPlan, &Subject),
    ) -> Result<(), Error> {
        let steps = [Step::CrossCertificate, Step::RootList];
        if steps.into_iter().all(|step| self.row(step).is_some()) {
            return Ok(());
        }
        self.bring_root_back(root, &plan.shares).await?;
        if self.row(Step::CrossCertificate).is_none() {
            self.certify_peer(root, subject).await?;
        }
        self.publish_first(Step::RootList, root).await
    }

    /// Plans and lints; computes only.
    async fn prepare_peer(&self, root: &Ca, subject: &Subject) -> Result<PreparedOrder, Error> {
        let before = root.of_key(subject.peer.key()).await?;
        let request = self.cross_request()?;
        let last = before.iter().find(|one| one.request_id != request);
        if let Some(last) = last
            && last.status != Status::Good
        {
            return Err(CrossFault::Withdrawn(last.subject.clone()).into());
        }
        let subject_der = subject.peer.certificate().subject().der();
        let name = || subject.peer.certificate().subject().to_string();
        let mut reader = self.store.read().await?;
        let owner = sql::cross::owner_of(&mut reader, &subject.peer.key().fingerprint()).await?;
        drop(reader);
        match owner {
            Some((_, true)) => return Err(CrossFault::KeyBlocked(name()).into()),
            Some((owner, false)) if owner != sm3::hash(subject_der).to_hex() => {
                return Err(CrossFault::KeyOfAnother(name()).into());
            }
            _ => {}
        }
        let replaces = last.map(|one| one.serial);
        let actor = Actor::new(format!("person:{}", self.quorum.participants().leader.id));
        root.prepare_cross(
            (request, actor),
            &subject.peer,
            &subject.recognition,
            (replaces, &self.quorum),
        )
    }

    /// The way of every certificate; row and step are written in the unit that stores it.
    async fn certify_peer(&self, root: &Ca, subject: &Subject) -> Result<(), Error> {
        let prepared = self.prepare_peer(root, subject).await?;
        let by = root.clone();
        let intent =
            self.commit(move |tx| Box::pin(async move { by.intend(tx, prepared).await })).await?;
        let Intent::Ticket(ticket) = intent else {
            return Err(Error::stored("交叉证书已签发而步骤没有记录"));
        };
        let signed = root.sign(vec![*ticket]).await?;
        store::fault::point("ca.65-ceremony-signed");
        let peer = sm3::hash(subject.peer.certificate().der()).to_hex();
        let possession = subject.peer.possession();
        for signed in signed {
            let (ceremony, by, peer) = (self.clone(), root.clone(), peer.clone());
            self.commit(move |tx| {
                Box::pin(async move {
                    ceremony.store_cross(tx, (&by, signed), (&peer, possession)).await
                })
            })
            .await?;
        }
        Ok(())
    }

    async fn store_cross(
        &self,
        tx: &mut Tx,
        (root, signed): (&Ca, SignedCertificate),
        (peer, possession): (&str, crate::rules::cross::Possession),
    ) -> Result<(), Error> {
        let stored = root.store(tx, signed).await?;
        sql::cross::insert_issued(tx.conn(), stored.record.id, (peer, possession)).await?;
        let detail = json!({
            "serial": stored.serial().to_hex(),
            "sm3": stored.record.fingerprint,
            "peer": peer,
            "possession": possession.as_str(),
        });
        self.record_in(tx, Step::CrossCertificate, detail).await
    }

    fn cross_request(&self) -> Result<RequestId, Error> {
        Ok(RequestId::new(format!("ceremony:{}:cross", self.plan.name))?)
    }

    async fn sign_cross(
        &self,
        issuing: &Ca,
        (made, subject): (&StoredCertificate, &Subject),
        to: &ProtocolFiles,
    ) -> Result<(), Error> {
        if self.row(Step::ProtocolWritten).is_none() {
            let terms = &subject.recognition.terms;
            let pair = |(ours, theirs): &(pki::Oid, pki::Oid)| json!({ "ours": ours.to_string(), "theirs": theirs.to_string() });
            let texts =
                |list: &[pki::Oid]| list.iter().map(ToString::to_string).collect::<Vec<_>>();
            let own = json!({
                "possession": subject.peer.possession().as_str(),
                "challenged": subject.peer.is_challenged(),
                "terms": {
                    "path_length": terms.path_len,
                    "permitted":
                        terms.permitted.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    "policies": texts(&terms.policies),
                    "mappings": terms.mappings.iter().map(pair).collect::<Vec<_>>(),
                    "until": text(subject.recognition.until),
                },
                "certificates": {
                    "peer": certificate(subject.peer.certificate()),
                    "cross": certificate(&made.certificate),
                    "signer": certificate(issuing.certificate()),
                },
            });
            let document = self.document_of("yinxin-cross/1", own)?;
            self.record(Step::ProtocolWritten, json!({ "document": document })).await?;
        }
        if self.row(Step::ProtocolSigned).is_none() {
            self.write_protocol(to, issuing, Self::cross_text).await?;
        }
        if !issuing.settle().await? {
            tracing::warn!("the account of the issuing key is not settled");
        }
        Ok(())
    }

    /// The protocol in Chinese.
    fn cross_text(&self, document: &Value, digest: &str) -> String {
        let all = self.quorum.participants();
        let of = |value: &Value, key: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let empty = Value::Null;
        let part = |key: &str| document.get(key).unwrap_or(&empty);
        let mut lines = vec![
            format!("{}交叉认证记录", self.plan.institution),
            format!("仪式编号：{}", self.plan.name),
            format!("主持人：{}", person(&all.leader)),
        ];
        lines.extend(all.witnesses.iter().map(|one| format!("见证人：{}", person(one))));
        let custodian = |one: &super::Custodian| format!("密钥分量保管人：{}", person(&one.person));
        lines.extend(all.custodians.iter().map(custodian));
        lines.push("\n步骤（时间为协调世界时）：".to_owned());
        for (number, step) in part("steps").as_array().into_iter().flatten().enumerate() {
            lines.push(format!("{}. {} {}", number + 1, of(step, "at"), of(step, "title")));
        }
        lines.push("\n证书：".to_owned());
        for (key, title) in [
            ("peer", "对方 CA 自己的证书"),
            ("cross", "签发的交叉证书"),
            ("signer", "签署本记录的签发机构证书"),
        ] {
            let one = part("certificates").get(key).unwrap_or(&empty);
            lines.push(format!("{title}：{}", of(one, "subject")));
            lines.push(format!("  序列号 {}", of(one, "serial")));
            lines.push(format!("  SM3 指纹 {}", of(one, "sm3")));
        }
        lines.push(proof(document).to_owned());
        lines.push("\n互认范围：".to_owned());
        let terms = part("terms");
        let list = |key: &str| {
            let all = terms.get(key).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(Value::as_str).collect::<Vec<_>>().join("、")
        };
        lines.push(format!("许可的名称：{}", list("permitted")));
        lines.push(format!("证书策略：{}", list("policies")));
        for pair in terms.get("mappings").and_then(Value::as_array).into_iter().flatten() {
            lines.push(format!(
                "策略映射：本机构 {} = 对方 {}",
                of(pair, "ours"),
                of(pair, "theirs")
            ));
        }
        lines.push(format!("有效期至：{}", of(terms, "until")));
        lines.push("\n根密钥已从密码设备中销毁，分量仍由保管人保存。".to_owned());
        lines.push(format!("记录文件 ceremony.json 的 SM3 值：{digest}"));
        lines.push("本记录由签发机构密钥签署，签名见 ceremony.json.sig。".to_owned());
        let mut out = String::new();
        for line in lines {
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{line}");
        }
        out
    }
}

/// What stands behind the other CA's key, and what does not.
fn proof(document: &Value) -> &'static str {
    let challenged = document.get("challenged").and_then(Value::as_bool).unwrap_or_default();
    match (document.get("possession").and_then(Value::as_str), challenged) {
        (_, true) => "持有证明：对方用同一密钥签名的证书申请，其中有本机构为本次给出的核对码",
        (Some("request"), false) => {
            "持有证明：对方用同一密钥签名的证书申请；申请没有本机构给出的核对码，程序不能证明它是为本次所作，由到场人与对方核对"
        }
        _ => {
            "持有证明：对方 CA 证书由它自己的密钥签名；程序不能证明该密钥现在仍由对方掌握，由到场人与对方核对"
        }
    }
}

/// Examines the files before anybody is called together.
async fn subject(store: &Store, plan: &CrossPlan, now: Timestamp) -> Result<Subject, Error> {
    let own = crate::service::own_authorities(store).await?;
    let own: Vec<_> = own.into_iter().map(|(_, certificate)| certificate).collect();
    let peer = Peer::examine(&plan.peer, &own, now)?;
    peer.check_end(plan.until)?;
    plan.terms.check()?;
    let recognition = Recognition { terms: plan.terms.clone(), until: plan.until };
    let digest = recognition.digest(&peer)?;
    Ok(Subject { peer, recognition, digest })
}

fn later(plan: &CrossPlan) -> CeremonyPlan {
    let configs = (&plan.root_config, &plan.issuing_config);
    CeremonyPlan::later((&plan.name, &plan.institution), configs, &plan.protocol)
}
