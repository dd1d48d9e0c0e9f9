//! `yinxin key …`: what is in a software device. Private halves cannot be shown.

use std::path::PathBuf;

use app::Institution;
use clap::Subcommand;
use gm::Device;
use gm::soft::SoftDevice;
use serde_json::json;
use store::Warrant;

use super::warrant::WarrantArgs;
use super::{open, runtime};
use crate::args::DataArgs;
use crate::out::{self, Outcome};
use crate::secret;

/// Commands about keys.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 列出设备中的密钥
    List {
        #[command(flatten)]
        device: DeviceArgs,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// 导出公钥（PEM）
    Public {
        #[command(flatten)]
        device: DeviceArgs,
        /// 密钥名称
        label: String,
    },
    /// 恢复已停用的签发密钥（服务停止时；须两人在场，先试签名）
    Release {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
}

/// Which device.
#[derive(Debug, clap::Args)]
pub struct DeviceArgs {
    /// 设备文件夹
    #[arg(long, value_name = "文件夹", default_value = "data/device")]
    device: PathBuf,
    /// 设备口令文件（也可用环境变量 YINXIN_PASSPHRASE_FILE）
    #[arg(long, value_name = "文件")]
    passphrase_file: Option<PathBuf>,
}

impl DeviceArgs {
    fn open(&self) -> anyhow::Result<SoftDevice> {
        let file = self.passphrase_file.as_deref();
        let phrase = secret::passphrase(file, secret::DEVICE_FILE, "密码设备")?;
        Ok(SoftDevice::open(&self.device, &phrase)?)
    }
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::List { device, json } => list(&device.open()?, json),
        Command::Public { device, label } => {
            let label = gm::KeyLabel::new(label)?;
            let found = device.open()?.session()?.key(&label)?;
            let key = found.public_key.ok_or_else(|| anyhow::anyhow!("该密钥没有公钥"))?;
            let pem = pki::pem::encode("PUBLIC KEY", pki::Spki::of(&key).der())?;
            out::bytes(pem.as_bytes());
            Ok(Outcome::Fine)
        }
        Command::Release { data, warrant } => {
            let answered = warrant.warrant()?;
            runtime()?.block_on(async {
                let institution = open(&data).await?;
                let done = release(&institution, &warrant, &answered).await;
                institution.close().await;
                done
            })
        }
    }
}

/// Takes the issuing key into use again after it had been stopped by a wrong signature.
async fn release(
    institution: &Institution,
    args: &WarrantArgs,
    answered: &Warrant,
) -> anyhow::Result<Outcome> {
    let signing = institution.ca().signing_generations();
    let stopped: Vec<_> = signing.iter().filter(|one| one.is_quarantined()).collect();
    if stopped.is_empty() {
        out::line("签发密钥没有停用，不需要恢复；未作任何更改");
        return Ok(Outcome::Finding);
    }
    out::line(
        "签发密钥因密码设备返回错误的签名而停用。恢复前将试签名 100 次，任何一次不对即仍停用。",
    );
    if !args.is_confirmed("恢复签发密钥") {
        return Ok(Outcome::Finding);
    }
    for one in stopped {
        one.release_signer(answered).await?;
    }
    out::line("试签名全部正确，签发密钥已恢复，记入日志（signer.released）");
    out::line("下一步：启动服务，运行 yinxin doctor，并留意其后的签名");
    Ok(Outcome::Fine)
}

fn list(device: &SoftDevice, as_json: bool) -> anyhow::Result<Outcome> {
    let keys = device.session()?.keys()?;
    let views: Vec<_> = keys
        .iter()
        .map(|key| {
            json!({
                "label": key.label.to_string(),
                "kind": key.kind,
                "public_key": key.public_key.as_ref().map(gm::PublicKey::fingerprint),
                "created": jiff::Timestamp::from_second(key.created).map(|t| t.to_string()).ok(),
                "signatures": key.uses,
            })
        })
        .collect();
    if as_json {
        out::json(&views)?;
        return Ok(Outcome::Fine);
    }
    for view in &views {
        let text = |name: &str| view.get(name).and_then(serde_json::Value::as_str).unwrap_or("-");
        out::line(format!(
            "{:<16} {:<12} 签名 {} 次  公钥指纹 {}",
            text("label"),
            text("kind"),
            crate::remote::field(view, "signatures"),
            text("public_key")
        ));
    }
    Ok(Outcome::Fine)
}
