//! Keys that were proved to be compromised: nothing of them is to be good (T-31).
//!
//! Reports of leaked keys, revocations and issuing stop what they can by themselves. What is left after all, such as a key of
//! the institution itself, whose certificates people revoke, or what an earlier version left, is named until it is gone.

use ca::{CertificateRecord, Role};

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;

/// Most certificates that are named.
const MOST_NAMED: usize = 6;
/// The profile of certificates of other institutions' keys.
const CROSS: &str = "cross";

impl Institution {
    /// Whether a certificate is good although its key is blocked.
    pub(crate) async fn check_compromised_keys(&self) -> Check {
        let (level, detail) = match self.judge_compromised().await {
            Ok(judged) => judged,
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "compromised_keys", title: "已泄露密钥的证书", level, detail }
    }

    async fn judge_compromised(&self) -> Result<(Level, String), Error> {
        let found = self.ca().good_of_blocked(100).await?;
        Ok(judge(&found, &self.leaked_roots().await?))
    }

    /// The roots that sign whose key was proved to be compromised: a root is no row among the certificates, and nobody
    /// revokes it. It is named until it is over.
    async fn leaked_roots(&self) -> Result<Vec<String>, Error> {
        let now = self.clock().now();
        let mut leaked = Vec::new();
        for one in self.roots().signing_generations() {
            let root = one.certificate();
            if now <= root.not_after() && self.is_key_compromised(&root.public_key()?).await? {
                leaked.push(one.name().to_owned());
            }
        }
        Ok(leaked)
    }
}

fn judge(found: &[CertificateRecord], roots: &[String]) -> (Level, String) {
    let serials = |which: fn(&CertificateRecord) -> bool| {
        let all: Vec<_> =
            found.iter().filter(|one| which(one)).map(|one| one.serial.to_hex()).collect();
        let more = if all.len() > MOST_NAMED { "等" } else { "" };
        let named = all.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("、");
        (!all.is_empty()).then(|| format!("{named}{more}"))
    };
    let mut said = Vec::new();
    if !roots.is_empty() {
        said.push(format!(
            "根 {} 的密钥已证明泄露；根证书不能撤销，请立即停止使用、通知用户和依赖方把它移出信任锚，并举行根的换代仪式",
            roots.join("、")
        ));
    }
    if let Some(named) = serials(|one| one.role != Role::Ca) {
        said.push(format!(
            "证书 {named} 的密钥已因泄露停用，证书却仍然有效；请立即由业务管理员登记撤销（原因：密钥泄露），属于本机构自己的密钥的，先更换密钥"
        ));
    }
    if let Some(named) = serials(|one| one.role == Role::Ca && one.profile != CROSS) {
        said.push(format!(
            "CA 证书 {named} 的密钥已因泄露停用，证书却仍然有效；请安全管理人员和审计人员到场，停止服务后运行 yinxin ceremony \
             revoke-authority；签发密钥还须举行换代仪式"
        ));
    }
    if let Some(named) = serials(|one| one.role == Role::Ca && one.profile == CROSS) {
        said.push(format!(
            "交叉证书 {named} 中对方机构的密钥已证明泄露，证书却仍然有效；请通知对方机构，由两人撤回（yinxin ceremony \
             cross-withdraw）"
        ));
    }
    match said.is_empty() {
        true => (Level::Good, "已停用的密钥没有仍然有效的证书".to_owned()),
        false => (Level::Failed, said.join("；")),
    }
}
