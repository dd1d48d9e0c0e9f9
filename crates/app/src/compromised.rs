//! Keys that were proved to be compromised: nothing of them is to be good (T-31).
//!
//! Reports of leaked keys, revocations and issuing stop what they can by themselves. What is left after all, such as a key of
//! the institution itself, whose certificates people revoke, or what an earlier version left, is named until it is gone.

use ca::{CertificateRecord, Role};

use crate::doctor::{Check, Level};
use crate::institution::Institution;

/// Most certificates that are named.
const MOST_NAMED: usize = 6;

impl Institution {
    /// Whether a certificate is good although its key is blocked.
    pub(crate) async fn check_compromised_keys(&self) -> Check {
        let (level, detail) = match self.ca().good_of_blocked(100).await {
            Ok(found) => judge(&found),
            Err(error) => (Level::Unknown, error.to_string()),
        };
        Check { name: "compromised_keys", title: "已泄露密钥的证书", level, detail }
    }
}

fn judge(found: &[CertificateRecord]) -> (Level, String) {
    if found.is_empty() {
        return (Level::Good, "已停用的密钥没有仍然有效的证书".to_owned());
    }
    let serials = |is_ca: bool| {
        let of = found.iter().filter(|one| (one.role == Role::Ca) == is_ca);
        let all: Vec<_> = of.map(|one| one.serial.to_hex()).collect();
        let more = if all.len() > MOST_NAMED { "等" } else { "" };
        let named = all.iter().take(MOST_NAMED).cloned().collect::<Vec<_>>().join("、");
        (!all.is_empty()).then(|| format!("{named}{more}"))
    };
    let mut said = Vec::new();
    if let Some(named) = serials(false) {
        said.push(format!(
            "证书 {named} 的密钥已因泄露停用，证书却仍然有效；请立即由业务管理员登记撤销（原因：密钥泄露），属于本机构自己的密钥的，先更换密钥"
        ));
    }
    if let Some(named) = serials(true) {
        said.push(format!(
            "CA 证书 {named} 的密钥已因泄露停用，证书却仍然有效；请安全管理人员和审计人员到场，停止服务后运行 yinxin ceremony \
             revoke-authority（交叉证书用 cross-withdraw），签发密钥并请举行换代"
        ));
    }
    (Level::Failed, said.join("；"))
}
