//! `yinxin kmc …`: the key management centre as a process of its own, and what its own people do.

mod found;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use app::{Layout, Settings};
use clap::Subcommand;
use gm::{PublicKey, Signature};
use kmc::{Approval, Kmc, NewOfficer, Party, RecoveryOrder, Text};
use pki::{Certificate, Serial, Spki};
use store::Actor;

use super::{log, runtime, until_stopped};
use crate::out::{self, Outcome, Unusable};
use crate::secret;

/// Commands of the key centre.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 建立独立的密钥管理中心（用自己的数据目录）
    Init(Box<found::Init>),
    /// 逐条校验密钥管理中心的日志，核对三库数量
    Verify {
        #[command(flatten)]
        centre: CentreArgs,
    },
    /// 以独立进程运行密钥管理中心（GM/T 0014 接口）
    Serve {
        #[command(flatten)]
        centre: CentreArgs,
        /// 监听地址；不给出则取自配置
        #[arg(long, value_name = "地址")]
        listen: Option<SocketAddr>,
    },
    /// 登记认证机构及其通信公钥
    RegisterCa {
        #[command(flatten)]
        centre: CentreArgs,
        /// 机构名称
        #[arg(long, value_name = "名称")]
        name: String,
        /// 机构的通信公钥文件（仪式写出的 kmc-link.pub.pem），或证书文件
        #[arg(long, value_name = "文件", visible_alias = "certificate")]
        public_key: PathBuf,
    },
    /// 导出密钥管理中心的签名公钥（PEM）
    PublicKey {
        #[command(flatten)]
        centre: CentreArgs,
    },
    /// 三个密钥库的数量
    Statistics {
        #[command(flatten)]
        centre: CentreArgs,
    },
    /// 登记可在恢复记录上签名的人员
    RegisterOfficer {
        #[command(flatten)]
        centre: CentreArgs,
        /// 一方：operator（密钥管理中心操作员）或 judicial（司法人员）
        #[arg(long, value_name = "一方")]
        party: String,
        /// 证件号码（只保存其不可逆索引）
        #[arg(long, value_name = "号码")]
        identity: String,
        /// 姓名和职务（加密保存）
        #[arg(long, value_name = "姓名")]
        name: String,
        /// 公钥文件（PEM）
        #[arg(long, value_name = "文件")]
        public_key: PathBuf,
    },
    /// 开立司法恢复记录；双方须在 24 小时内签名
    OpenRecovery(Box<OpenRecovery>),
    /// 在恢复记录上签名（由签名人本人在自己的电脑上执行）
    SignRecovery {
        /// 恢复记录文件
        #[arg(long, value_name = "文件")]
        record: PathBuf,
        /// 签名人的私钥文件
        #[arg(long, value_name = "文件")]
        key: PathBuf,
        /// 私钥口令文件
        #[arg(long, value_name = "文件")]
        passphrase_file: Option<PathBuf>,
        /// 写入签名的文件
        #[arg(long, value_name = "文件")]
        out: PathBuf,
    },
    /// 凭双方签名恢复密钥，输出给司法机关的数字信封（SM2EnvelopedKey）
    Recover {
        #[command(flatten)]
        centre: CentreArgs,
        /// 恢复记录编号
        #[arg(long, value_name = "编号")]
        case: String,
        /// 签名，写作 公钥文件=签名文件；两方各一个
        #[arg(long = "approval", value_name = "公钥=签名", num_args = 1..)]
        approvals: Vec<String>,
        /// 写入数字信封的文件
        #[arg(long, value_name = "文件")]
        out: PathBuf,
    },
}

/// What is asked of a judicial recovery.
#[derive(Debug, clap::Args)]
pub struct OpenRecovery {
    #[command(flatten)]
    centre: CentreArgs,
    /// 案号
    #[arg(long, value_name = "案号")]
    case_number: String,
    /// 提出要求的机关
    #[arg(long, value_name = "机关")]
    authority: String,
    /// 法律依据
    #[arg(long, value_name = "依据")]
    legal_basis: String,
    /// 认证机构的登记名称
    #[arg(long, value_name = "名称", default_value = app::ISSUER)]
    ca: String,
    /// 加密证书序列号
    #[arg(long, value_name = "序列号")]
    serial: String,
    /// 接收密钥的司法机关公钥文件（PEM）
    #[arg(long, value_name = "文件")]
    target_key: PathBuf,
    /// 依法不告知当事人的依据
    #[arg(long, value_name = "依据")]
    silence: Option<String>,
    /// 写入恢复记录的文件
    #[arg(long, value_name = "文件")]
    out: PathBuf,
}

/// Where the key centre is.
#[derive(Debug, clap::Args)]
pub struct CentreArgs {
    /// 数据目录
    #[arg(long, value_name = "目录", default_value = "data", env = "YINXIN_DATA")]
    data: PathBuf,
    /// 密码设备的口令文件（也可用环境变量 YINXIN_KMC_PASSPHRASE_FILE）
    #[arg(long, value_name = "文件")]
    kmc_passphrase_file: Option<PathBuf>,
    /// 操作者编号，写入日志
    #[arg(long, value_name = "编号", default_value = "kmc-operator")]
    actor: String,
}

impl CentreArgs {
    fn settings(&self) -> anyhow::Result<(Layout, Settings)> {
        let layout = Layout::new(&self.data);
        let settings = Settings::load(&layout.settings())?;
        Ok((layout, settings))
    }

    async fn open(&self) -> anyhow::Result<Kmc> {
        let (layout, settings) = self.settings()?;
        let file = self.kmc_passphrase_file.as_deref();
        let phrase = secret::passphrase(file, secret::KMC_DEVICE_FILE, "密钥管理中心密码设备")?;
        Ok(app::open_centre(layout, settings, &phrase).await?)
    }

    fn actor(&self) -> Actor {
        Actor::new(&self.actor)
    }
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Serve { centre, listen } => serve(&centre, listen),
        Command::SignRecovery { record, key, passphrase_file, out } => {
            let key = crate::subscriber::load(&key, passphrase_file.as_deref())?;
            let signature = key.sign(&gm::UserId::default(), &std::fs::read(record)?);
            std::fs::write(&out, signature.to_der())?;
            out::note(format!("签名已写入 {}", out.display()));
            Ok(Outcome::Fine)
        }
        other => runtime()?.block_on(act(other)),
    }
}

fn serve(centre: &CentreArgs, listen: Option<SocketAddr>) -> anyhow::Result<Outcome> {
    log();
    let (_, settings) = centre.settings()?;
    runtime()?.block_on(async {
        let kmc = centre.open().await?;
        let running = web::serve_kmc(kmc.clone(), listen.unwrap_or(settings.kmc.listen)).await?;
        out::line(format!("密钥管理中心已启动：http://{}/kmc/v1/gmt0014", running.address()));
        let keeper = tokio::spawn(keep_filled(kmc.clone()));
        until_stopped().await?;
        keeper.abort();
        running.stop().await?;
        kmc.store().clone().close().await;
        Ok(Outcome::Fine)
    })
}

/// Keeps the standby store filled and moves expired pairs, until aborted.
async fn keep_filled(kmc: Kmc) {
    loop {
        for done in [kmc.refill().await, kmc.expire().await] {
            if let Err(error) = done {
                tracing::error!(code = error.code(), %error, "key centre upkeep failed");
            }
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

async fn act(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Init(command) => found::init(*command).await?,
        Command::Verify { centre } => return found::verify(&centre).await,
        Command::RegisterCa { centre, name, public_key: key } => {
            let key = public_key(&key)?;
            let name = Text::parse("name", &name)?;
            centre.open().await?.register_ca(name, key, centre.actor()).await?;
            out::line("认证机构已登记");
        }
        Command::PublicKey { centre } => {
            let key = *centre.open().await?.public_key();
            out::bytes(pki::pem::encode("PUBLIC KEY", Spki::of(&key).der())?.as_bytes());
        }
        Command::Statistics { centre } => {
            let counts = centre.open().await?.statistics().await?;
            out::line(format!(
                "备用 {}，在用 {}，历史 {}，累计生成 {}",
                counts.standby,
                counts.in_use(),
                counts.history(),
                counts.generated
            ));
        }
        Command::RegisterOfficer { centre, party, identity, name, public_key: key } => {
            let party = Party::from_word(&party)
                .ok_or_else(|| Unusable::error("--party 应为 operator 或 judicial"))?;
            let officer = NewOfficer {
                party,
                identity: Text::parse("identity", &identity)?,
                name: Text::parse("name", &name)?,
                public_key: public_key(&key)?,
            };
            centre.open().await?.register_officer(officer, centre.actor()).await?;
            out::line("人员已登记");
        }
        Command::OpenRecovery(ask) => open_recovery(&ask).await?,
        Command::Recover { centre, case, approvals, out } => {
            let approvals = approvals.iter().map(|text| approval(text));
            let approvals = approvals.collect::<anyhow::Result<Vec<_>>>()?;
            let done = centre.open().await?.recover(&case, approvals, centre.actor()).await?;
            std::fs::write(&out, pki::envelope::encode(&done.key.enveloped))?;
            out::line(format!("数字信封已写入 {}", out.display()));
        }
        Command::Serve { .. } | Command::SignRecovery { .. } => {}
    }
    Ok(Outcome::Fine)
}

async fn open_recovery(ask: &OpenRecovery) -> anyhow::Result<()> {
    let silence = ask.silence.as_deref().map(|text| Text::parse("silence", text)).transpose()?;
    let order = RecoveryOrder {
        case_number: Text::parse("case_number", &ask.case_number)?,
        authority: Text::parse("authority", &ask.authority)?,
        legal_basis: Text::parse("legal_basis", &ask.legal_basis)?,
        ca: Text::parse("ca", &ask.ca)?,
        cert_serial: Serial::from_hex(&ask.serial)?,
        target_key: public_key(&ask.target_key)?,
        silence,
    };
    let case = ask.centre.open().await?.open_recovery(order, ask.centre.actor()).await?;
    std::fs::write(&ask.out, case.record())?;
    out::line(format!("恢复记录编号：{}", case.token));
    out::line(format!("恢复记录：{}；请双方各自核对并签名", ask.out.display()));
    Ok(())
}

/// A public key file, or a certificate.
pub fn public_key(path: &PathBuf) -> anyhow::Result<PublicKey> {
    let input = std::fs::read(path).with_context(|| format!("无法读取 {}", path.display()))?;
    if let Ok(der) = pki::pem::der_of(&input, &["PUBLIC KEY"], 4096)
        && let Ok(spki) = Spki::from_der(&der)
    {
        return Ok(spki.public_key()?);
    }
    Ok(Certificate::from_pem_or_der(&input)?.public_key()?)
}

fn approval(text: &str) -> anyhow::Result<Approval> {
    let wrong = || Unusable::error(format!("“{text}”应写作 公钥文件=签名文件"));
    let (key, signature) = text.split_once('=').ok_or_else(wrong)?;
    let signature = std::fs::read(signature).with_context(|| format!("无法读取 {signature}"))?;
    let signature = Signature::from_der(&signature).map_err(|_| wrong())?;
    Ok(Approval { signer: public_key(&PathBuf::from(key))?, signature })
}
