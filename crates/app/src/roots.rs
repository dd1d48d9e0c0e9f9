//! The root within an institution (ADR 15): the ceremony that makes its next key, the link certificates between its
//! keys, and the end of an old one, whose shares are destroyed before two people.

use std::sync::Arc;

use ca::ceremony::{
    Ceremony, Participants, Quorum, RootSuccessionPlan, RootSuccessionReport, SealedShare,
    is_root_label,
};
use ca::{CertificateRecord, Link, Reconciliation, RevocationReason};
use gm::passphrase::Stretch;
use pki::Serial;
use store::{Store, Warrant};

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::{Institution, Parts, ca_config};
use crate::root_list;
use crate::succession::GenerationView;

/// What a succession of the root is to make.
pub struct RootSuccession {
    /// Names the ceremony; running it again with the same name goes on.
    pub ceremony: String,
    /// Who is there to bring the old key back: its custodians, three at least.
    pub holders: Participants,
    /// Their files.
    pub shares: Vec<SealedShare>,
    /// The same leader and witnesses, and the five who get shares of the new key.
    pub participants: Participants,
    /// How hard guessing a custodian's passphrase is made.
    pub stretch: Stretch,
}

/// Holds the ceremony. The service is stopped, or runs on other machines.
pub async fn succeed_root(
    parts: &Parts,
    store: &Store,
    succession: RootSuccession,
) -> Result<RootSuccessionReport, Error> {
    // The name becomes part of request ids and of a folder's name.
    ca::RequestId::new(&succession.ceremony).map_err(ca::Error::from)?;
    let (settings, profiles) = (&parts.settings, Arc::new(parts.settings.profiles()?));
    let quorum = Quorum::of(succession.participants).map_err(ca::Error::from)?;
    let folder = parts.layout.root_succession(&succession.ceremony);
    let plan = RootSuccessionPlan {
        institution: settings.institution.name.clone(),
        root_config: root_list::config(settings),
        issuing_config: ca_config(settings),
        holders: Quorum::of_holders(succession.holders).map_err(ca::Error::from)?,
        shares: succession.shares,
        new_shares: folder.join("shares"),
        protocol: folder,
        stretch: succession.stretch,
        name: succession.ceremony,
    };
    let (device, clock) = (parts.device.clone(), parts.clock.clone());
    Ok(Ceremony::succeed_root(store.clone(), device, clock, profiles, (plan, quorum)).await?)
}

impl Institution {
    /// The generations of the root, the first one first.
    pub async fn root_generations(&self) -> Result<Vec<GenerationView>, Error> {
        let mut views = Vec::new();
        for one in self.roots().generations() {
            let (generation, last_end) = (one.generation()?, one.last_end().await?);
            views.push(GenerationView { generation, last_end });
        }
        Ok(views)
    }

    /// The certificates of the root's keys by each other, the oldest first.
    pub async fn links(&self) -> Result<Vec<Link>, Error> {
        Ok(self.roots().links().await?)
    }

    /// Notes that the shares of a root key that is over were destroyed before two people.
    pub async fn destroy_root_key(
        &self,
        name: &str,
        (shares, warrant): (&[u8], &Warrant),
    ) -> Result<(), Error> {
        let one = self.roots().generation_named(name);
        let one = one.ok_or_else(|| ca::Error::from(ca::Invalid::NoIssuer(name.to_owned())))?;
        Ok(one.destroy_shared_key(warrant, shares).await?)
    }

    /// Whether a root key is on the device: it is there only while people hold a ceremony (GM/T 0034 §8.5).
    pub(crate) fn check_root_keys(&self) -> Check {
        let keys = self.device().session().and_then(|mut session| session.keys());
        let (level, detail) = match keys {
            Ok(keys) => {
                let labels = keys.into_iter().map(|key| key.label.to_string());
                judge_keys(&labels.filter(|label| is_root_label(label)).collect::<Vec<_>>())
            }
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "root_keys", title: "根密钥离线", level, detail }
    }

    /// How the root's generations stand, where there is more than one.
    pub(crate) async fn check_roots(&self) -> Option<Check> {
        let (level, detail) = match self.root_generations().await {
            Ok(views) if views.len() < 2 => return None,
            Ok(views) => judge(&views),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Some(Check { name: "root_generations", title: "根密钥各代", level, detail })
    }
}

fn judge_keys(labels: &[String]) -> (Level, String) {
    if labels.is_empty() {
        return (Level::Good, "密码设备中没有根密钥".to_owned());
    }
    let text = format!(
        "密码设备中有根密钥 {}；有仪式中断的，请立即用原方案续办，不能续办的请放弃（yinxin ceremony abandon）；没有的，停止服务后执行 yinxin ceremony destroy-root，在此以前派人看守",
        labels.join("、")
    );
    (Level::Failed, text)
}

/// Closes the accounts of the root keys on the device by order of two, after it was looked into why they did not add up.
pub async fn close_root_accounts(
    parts: &Parts,
    store: &Store,
    warrant: &Warrant,
) -> Result<Vec<Reconciliation>, Error> {
    let profiles = Arc::new(parts.settings.profiles()?);
    let mut closed = Vec::new();
    for one in root_list::open(parts, store, &profiles).await?.keyed_generations() {
        if one.check_key().is_ok() {
            closed.push(one.close_account(warrant).await?);
        }
    }
    Ok(closed)
}

/// Revokes a link or the certificate of an issuing CA by order of two; the root's key is not needed.
pub async fn revoke_authority(
    parts: &Parts,
    store: &Store,
    (serial, reason): (&Serial, RevocationReason),
    warrant: &Warrant,
) -> Result<CertificateRecord, Error> {
    let profiles = Arc::new(parts.settings.profiles()?);
    let root = root_list::open(parts, store, &profiles).await?;
    Ok(root.revoke_authority(serial, reason, warrant).await?)
}

/// Of a generation whose ceremony is being given up.
pub(crate) fn halfway(number: u32) -> String {
    format!(
        "放弃第 {number} 代换代仪式的仪式还没有完成；请用它的方案续办（yinxin ceremony abandon）"
    )
}

fn judge(views: &[GenerationView]) -> (Level, String) {
    let (mut worst, mut said) = (Level::Good, Vec::new());
    for view in views {
        let one = &view.generation;
        let (number, name, end) = (one.number, &one.name, one.certificate.not_after());
        let (level, text) = match (one.over_at, one.destroyed_at) {
            (_, Some(_)) if one.is_given_up() => {
                (Level::Good, format!("第 {number} 代没有启用，换代仪式已放弃"))
            }
            _ if one.is_given_up() => (Level::Warning, halfway(number)),
            (_, Some(at)) => (Level::Good, format!("第 {number} 代的分量已于 {at} 登记销毁")),
            (Some(_), None) => (
                Level::Warning,
                format!(
                    "第 {number} 代根密钥签发的证书已全部到期；请召集保管人交出分量，由安全管理人员和审计人员监督销毁，\
                     停止服务后用 yinxin ceremony destroy-root-shares --generation {name} 登记"
                ),
            ),
            _ if one.is_waiting => (
                Level::Warning,
                format!(
                    "第 {number} 代根证书已签发，还没有启用；请用原方案续办根密钥换代仪式，不能续办的请放弃（yinxin ceremony abandon）"
                ),
            ),
            _ if one.is_issuing => {
                (Level::Good, format!("第 {number} 代有效期至 {end}，签发下级机构证书"))
            }
            _ => (
                Level::Good,
                format!(
                    "第 {number} 代只签撤销列表，分量须保存到它的证书（至 {end}）和它签发的证书全部到期"
                ),
            ),
        };
        worst = worst.worse(level);
        said.push(text);
    }
    (worst, said.join("；"))
}
