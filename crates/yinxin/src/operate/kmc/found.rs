//! `yinxin kmc init` and `yinxin kmc verify`: a key centre of its own, and whether it is sound.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use app::{Layout, NewCentre, Settings, found_centre};
use gm::passphrase::Stretch;
use pki::Spki;
use store::Scope;

use super::CentreArgs;
use crate::out::{self, Outcome};
use crate::secret;

/// What a key centre is founded with.
#[derive(Debug, clap::Args)]
pub struct Init {
    #[command(flatten)]
    centre: CentreArgs,
    /// 机构全称
    #[arg(long, value_name = "名称")]
    institution: String,
    /// 日志名称，全国唯一，例如 kmc.example.cn/journal
    #[arg(long, value_name = "名称")]
    origin: String,
    /// 监听地址
    #[arg(long, value_name = "地址", default_value = "127.0.0.1:8441")]
    listen: SocketAddr,
    /// PostgreSQL 地址；不给出则用内置数据库
    #[arg(long, value_name = "地址")]
    database: Option<String>,
    /// 备用库保有的密钥数量
    #[arg(long, value_name = "数量", default_value_t = 200)]
    standby: u32,
    /// 写入密钥管理中心公钥的文件（交认证机构）
    #[arg(long, value_name = "文件")]
    public_key: PathBuf,
}

/// Founds a key centre in a data folder of its own.
pub async fn init(command: Init) -> anyhow::Result<()> {
    let layout = Layout::new(&command.centre.data);
    let mut settings = match layout.settings().exists() {
        true => Settings::load(&layout.settings())?,
        false => Settings::new(&command.institution, &command.origin),
    };
    settings.kmc.listen = command.listen;
    settings.kmc.standby = command.standby;
    if let Some(url) = command.database {
        settings.kmc.url = url;
    }
    let file = command.centre.kmc_passphrase_file.as_deref();
    let passphrase = secret::passphrase(file, secret::KMC_DEVICE_FILE, "密钥管理中心密码设备")?;
    let kmc =
        found_centre(NewCentre { layout, settings, passphrase, stretch: Stretch::STRONG }).await?;
    let pem = pki::pem::encode("PUBLIC KEY", Spki::of(kmc.public_key()).der())?;
    std::fs::write(&command.public_key, pem)
        .with_context(|| format!("无法写入 {}", command.public_key.display()))?;
    let standby = kmc.standby().await?;
    kmc.store().clone().close().await;
    out::line(format!("密钥管理中心已建立，备用库 {standby} 对密钥"));
    out::line(format!("公钥：{}（请交认证机构）", command.public_key.display()));
    out::line("下一步：认证机构举行密钥仪式后，用 yinxin kmc register-ca 登记其通信公钥");
    Ok(())
}

/// Reads the whole journal again and counts the pairs; a finding when anything is wrong.
pub async fn verify(centre: &CentreArgs) -> anyhow::Result<Outcome> {
    let kmc = centre.open().await?;
    let report = kmc.store().verify_journal(Scope::Full).await?;
    let counts = kmc.statistics().await?;
    kmc.store().clone().close().await;
    for finding in &report.findings {
        out::line(format!("[异常] {finding}"));
    }
    out::line(format!("日志共 {} 条记录，逐条校验 {} 条", report.size, report.checked));
    let kept = if counts.conserved() { "守恒" } else { "不守恒，请停机核对" };
    out::line(format!(
        "备用 {}，在用 {}，历史 {}，累计生成 {}：{kept}",
        counts.standby,
        counts.in_use(),
        counts.history(),
        counts.generated
    ));
    let sound = report.is_sound() && counts.conserved();
    Ok(if sound { Outcome::Fine } else { Outcome::Finding })
}
