//! `yinxin ceremony …`: the founding of an institution, the next key of its issuing CA or of its root, and the root
//! key out of three shares.

mod abandon;
mod cross;
mod people;
mod plan;
mod root;
mod succession;

use std::path::PathBuf;

use anyhow::Context;
use app::setup::{Founded, Founding, Subjects, found};
use app::{Layout, Parts, Secrets, Settings, publish_root_list};
use ca::ceremony::{SealedShare, destroy_root, restore_root, verify_protocol};
use clap::Subcommand;
use gm::passphrase::Stretch;
use pki::Certificate;
use store::Actor;
use zeroize::Zeroizing;

use super::warrant::WarrantArgs;
use super::{runtime, secrets};
use crate::args::DataArgs;
use crate::out::{self, Outcome, Unusable};
use crate::secret;

/// Commands of the ceremony.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 写出一份仪式方案的样例，填写后用于 init
    Sample,
    /// 举行密钥仪式：生成根和签发密钥，分割根密钥，形成仪式记录
    Init {
        #[command(flatten)]
        data: DataArgs,
        /// 仪式方案（TOML）
        #[arg(long, value_name = "文件")]
        plan: PathBuf,
        /// 首个管理员客户端的公钥文件（PEM）
        #[arg(long, value_name = "文件")]
        admin_key: Option<PathBuf>,
    },
    /// 验证仪式记录的签名
    Verify {
        /// 仪式记录（ceremony.json）
        document: PathBuf,
        /// 签名文件
        #[arg(long, value_name = "文件")]
        signature: PathBuf,
        /// 签发机构证书
        #[arg(long, value_name = "文件")]
        certificate: PathBuf,
    },
    /// 用三份以上分量在密码设备中恢复根密钥，属于哪一代以分量为准（服务停止时）
    RestoreRoot {
        #[command(flatten)]
        data: DataArgs,
        /// 分量文件与口令文件，写作 分量文件=口令文件；至少三组
        #[arg(long = "share", value_name = "分量=口令", required = true)]
        shares: Vec<String>,
        /// 主持人的编号
        #[arg(long, value_name = "编号")]
        leader: String,
    },
    /// 用已恢复的根密钥发布根的撤销列表，有效十三个月（服务停止时）
    PublishRootList {
        #[command(flatten)]
        data: DataArgs,
    },
    /// 写出一份签发密钥换代方案的样例，填写后用于 succeed
    SuccessionSample,
    /// 举行签发密钥换代仪式：恢复根密钥，生成新一代签发密钥并签发证书，确定启用时刻（服务停止时）
    Succeed {
        #[command(flatten)]
        data: DataArgs,
        /// 换代方案（TOML）
        #[arg(long, value_name = "文件")]
        plan: PathBuf,
    },
    /// 现在签发的一代证书已撤销时，立即启用还在等待启用时刻的下一代签发密钥（服务停止时；须两人在场）
    AppointNow {
        #[command(flatten)]
        data: DataArgs,
        /// 启用哪一代，例如 issuing2
        #[arg(long, value_name = "名称")]
        generation: String,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 销毁证书已全部到期的一代签发密钥（服务停止时；须两人在场）
    DestroyIssuingKey {
        #[command(flatten)]
        data: DataArgs,
        /// 哪一代，例如 issuing、issuing2
        #[arg(long, value_name = "名称")]
        generation: String,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 写出一份交叉认证方案的样例，填写后用于 cross-certify
    CrossSample,
    /// 举行交叉认证仪式：恢复根密钥，给其他机构的 CA 签发交叉证书（服务停止时）
    CrossCertify {
        #[command(flatten)]
        data: DataArgs,
        /// 交叉认证方案（TOML）
        #[arg(long, value_name = "文件")]
        plan: PathBuf,
    },
    /// 撤销一张本机构签发的交叉证书，立即生效（服务停止时；须两人在场）
    CrossWithdraw {
        #[command(flatten)]
        data: DataArgs,
        /// 交叉证书的序列号（十六进制）
        #[arg(long, value_name = "序列号")]
        serial: String,
        /// 撤销原因代码，例如 cessationOfOperation、cACompromise、superseded
        #[arg(long, value_name = "代码")]
        code: String,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 登记一张其他机构签发给本机构 CA 的交叉证书，登记后公布（服务停止时）
    CrossTakeIn {
        #[command(flatten)]
        data: DataArgs,
        /// 交叉证书（PEM 或 DER）
        #[arg(long, value_name = "文件")]
        certificate: PathBuf,
        /// 签发它的对方 CA 自己的证书
        #[arg(long, value_name = "文件")]
        issuer: PathBuf,
        /// 对方 CA 证书的 SM3 指纹，与对方当面或书面核对
        #[arg(long, value_name = "指纹")]
        fingerprint: String,
        /// 经办人的人员编号
        #[arg(long, value_name = "编号")]
        person: String,
    },
    /// 不再公布一张其他机构签发给本机构的交叉证书（服务停止时；须两人在场）
    CrossTakeBack {
        #[command(flatten)]
        data: DataArgs,
        /// 交叉证书的 SM3 指纹
        #[arg(long, value_name = "指纹")]
        fingerprint: String,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 写出一份根密钥换代方案的样例，填写后用于 root-succeed
    RootSuccessionSample,
    /// 举行根密钥换代仪式：恢复旧根密钥，生成新根密钥，互签链接证书，分割新根密钥（服务停止时）
    RootSucceed {
        #[command(flatten)]
        data: DataArgs,
        /// 换代方案（TOML）
        #[arg(long, value_name = "文件")]
        plan: PathBuf,
    },
    /// 写出一份放弃仪式方案的样例，填写后用于 abandon
    AbandonSample,
    /// 放弃一次不能续办的换代仪式或交叉认证仪式：了结它留下的证书、密钥和分量，使下一次可以举行（服务停止时）
    Abandon {
        #[command(flatten)]
        data: DataArgs,
        /// 放弃仪式的方案（TOML）
        #[arg(long, value_name = "文件")]
        plan: PathBuf,
    },
    /// 登记一代根密钥的分量已当场销毁，此后不能再恢复（服务停止时；须两人在场）
    DestroyRootShares {
        #[command(flatten)]
        data: DataArgs,
        /// 哪一代，例如 root、root2
        #[arg(long, value_name = "名称")]
        generation: String,
        /// 已销毁的分量编号（1 至 5），至少三份
        #[arg(long = "share", value_name = "编号", required = true)]
        shares: Vec<u8>,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 撤销根签发的一张链接证书或签发机构证书，立即生效（服务停止时；须两人在场）
    RevokeAuthority {
        #[command(flatten)]
        data: DataArgs,
        /// 证书的序列号（十六进制）
        #[arg(long, value_name = "序列号")]
        serial: String,
        /// 撤销原因代码，例如 cACompromise、superseded、cessationOfOperation
        #[arg(long, value_name = "代码")]
        code: String,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 根密钥的签名次数与记录不符，查明以后重新起算（服务停止时；须两人在场）
    CloseRootAccount {
        #[command(flatten)]
        data: DataArgs,
        #[command(flatten)]
        warrant: WarrantArgs,
    },
    /// 从密码设备中销毁根密钥（分量仍由保管人保存）
    DestroyRoot {
        #[command(flatten)]
        data: DataArgs,
        /// 主持人的编号
        #[arg(long, value_name = "编号")]
        leader: String,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Sample => sample(plan::SAMPLE),
        Command::Init { data, plan, admin_key } => init(&data, &plan, admin_key),
        Command::Verify { document, signature, certificate } => {
            let read = |path: &PathBuf| {
                std::fs::read(path).with_context(|| format!("无法读取 {}", path.display()))
            };
            let certificate = Certificate::from_pem_or_der(&read(&certificate)?)?;
            let signature = String::from_utf8(read(&signature)?)
                .map_err(|_| Unusable::error("签名文件应为文本"))?;
            verify_protocol(&read(&document)?, &signature, &certificate)?;
            out::line("仪式记录的签名验证通过");
            Ok(Outcome::Fine)
        }
        Command::RestoreRoot { data, shares, leader } => {
            let shares = shares.iter().map(|s| share(s)).collect::<anyhow::Result<Vec<_>>>()?;
            with_store(&data, async |store, device| {
                Ok(restore_root(&store, device, shares, Actor::new(leader)).await?)
            })?;
            out::line("根密钥已恢复到密码设备；用毕请立即执行 yinxin ceremony destroy-root");
            Ok(Outcome::Fine)
        }
        Command::PublishRootList { data } => publish_list(&data),
        Command::SuccessionSample => sample(succession::SAMPLE),
        Command::Succeed { data, plan } => succession::hold(&data, &plan),
        Command::AppointNow { data, generation, warrant } => {
            succession::appoint_now(&data, &generation, &warrant)
        }
        Command::DestroyIssuingKey { data, generation, warrant } => {
            succession::destroy(&data, &generation, &warrant)
        }
        Command::CrossSample => sample(cross::SAMPLE),
        Command::CrossCertify { data, plan } => cross::hold(&data, &plan),
        Command::CrossWithdraw { data, serial, code, warrant } => {
            cross::withdraw(&data, (&serial, &code), &warrant)
        }
        Command::CrossTakeIn { data, certificate, issuer, fingerprint, person } => {
            cross::take_in(&data, (&certificate, &issuer), (&fingerprint, &person))
        }
        Command::CrossTakeBack { data, fingerprint, warrant } => {
            cross::take_back(&data, &fingerprint, &warrant)
        }
        Command::RootSuccessionSample => sample(root::SAMPLE),
        Command::RootSucceed { data, plan } => root::hold(&data, &plan),
        Command::AbandonSample => sample(abandon::SAMPLE),
        Command::Abandon { data, plan } => abandon::hold(&data, &plan),
        Command::DestroyRootShares { data, generation, shares, warrant } => {
            root::destroy(&data, (&generation, &shares), &warrant)
        }
        Command::RevokeAuthority { data, serial, code, warrant } => {
            root::revoke(&data, (&serial, &code), &warrant)
        }
        Command::CloseRootAccount { data, warrant } => root::close_account(&data, &warrant),
        Command::DestroyRoot { data, leader } => {
            let done = with_store(&data, async |store, device| {
                Ok(destroy_root(&store, device, Actor::new(leader)).await?)
            })?;
            Ok(root::tell_destroyed(&done))
        }
    }
}

/// Writes a plan to fill in.
fn sample(text: &str) -> anyhow::Result<Outcome> {
    out::bytes(text.as_bytes());
    Ok(Outcome::Fine)
}

fn publish_list(data: &DataArgs) -> anyhow::Result<Outcome> {
    let (layout, secrets) = secrets(data)?;
    let lists = runtime()?.block_on(async {
        let parts = Parts::of(layout, &secrets)?;
        let store = parts.open_store().await?;
        let done = publish_root_list(&parts, &store).await;
        store.close().await;
        done
    })?;
    for list in &lists.published {
        out::line(format!("根的撤销列表已发布：{}.crl，编号 {}", list.issuer, list.number));
    }
    out::line("用毕请立即执行 yinxin ceremony destroy-root");
    if lists.owed.is_empty() {
        return Ok(Outcome::Fine);
    }
    out::line(format!(
        "还没有发布：{}（根密钥不在设备中）。各代的列表内容须相同，请召集这几代的保管人，恢复后再次发布",
        lists.owed.iter().map(|name| format!("{name}.crl")).collect::<Vec<_>>().join("、")
    ));
    Ok(Outcome::Finding)
}

fn init(data: &DataArgs, plan: &PathBuf, admin_key: Option<PathBuf>) -> anyhow::Result<Outcome> {
    let text = std::fs::read_to_string(plan)
        .with_context(|| format!("无法读取仪式方案 {}", plan.display()))?;
    let plan = plan::Plan::parse(&text)?;
    let file = data.passphrase_file.as_deref();
    let device = secret::passphrase(file, secret::DEVICE_FILE, "机构密码设备")?;
    let mut settings = Settings::new(&plan.institution, &plan.origin);
    if let Some(url) = &plan.public_url {
        settings.server.public_url = url.clone();
    }
    settings.storage.url = plan.database.clone().unwrap_or_default();
    let centre_key = match &plan.key_centre {
        Some(centre) => {
            settings.kmc.remote = centre.url.clone();
            Some(super::kmc::public_key(&centre.public_key)?)
        }
        None => None,
    };
    let kmc = match centre_key {
        Some(_) => None,
        None => {
            let file = data.kmc_passphrase_file.as_deref();
            Some(secret::passphrase(file, secret::KMC_DEVICE_FILE, "密钥管理中心密码设备")?)
        }
    };
    let founding = Founding {
        layout: Layout::new(&data.data),
        settings,
        secrets: Secrets { device, kmc },
        stretch: Stretch::STRONG,
        ceremony: plan.name.clone(),
        subjects: Subjects::of(&plan.institution),
        participants: plan.participants()?,
        shards: plan.shards,
        first_client: admin_key.map(|path| plan::first_client(&path)).transpose()?,
        centre_key,
    };
    let founded = runtime()?.block_on(found(founding))?;
    report(&founded);
    Ok(Outcome::Fine)
}

/// Says what a ceremony made.
pub fn report(founded: &Founded) {
    let report = &founded.report;
    out::line(format!("根证书：{}", report.root.subject()));
    out::line(format!("签发机构证书：{}", report.issuing.subject()));
    out::line(format!("状态应答证书：{}", report.responder.subject()));
    for share in &report.shares {
        out::line(format!("根密钥分量：{}（请交保管人离线保存，并从本机移走）", share.display()));
    }
    out::line(format!("仪式记录：{}", report.protocol.text.display()));
    if let Some(client) = &founded.client {
        out::line(format!("首个管理员客户端编号：{}", client.id));
    }
    if let Some(path) = &founded.link_key {
        out::line(format!(
            "通信公钥：{}（请交密钥管理中心，用 yinxin kmc register-ca 登记后再启动服务）",
            path.display()
        ));
    }
}

fn share(text: &str) -> anyhow::Result<SealedShare> {
    let (path, phrase) = text
        .split_once('=')
        .ok_or_else(|| Unusable::error(format!("“{text}”应写作 分量文件=口令文件")))?;
    let phrase = secret::read(phrase.as_ref())?;
    let phrase = String::from_utf8(phrase.to_vec())
        .map_err(|_| Unusable::error("口令文件应为 UTF-8 文本"))?;
    Ok(SealedShare { path: path.into(), passphrase: Zeroizing::new(phrase) })
}

/// Opens the institution's store alone and does something with it.
fn with_store<T>(
    data: &DataArgs,
    work: impl AsyncFnOnce(store::Store, std::sync::Arc<dyn gm::Device>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let (layout, secrets) = secrets(data)?;
    runtime()?.block_on(async {
        let parts = Parts::of(layout, &secrets)?;
        let store = parts.open_store().await?;
        let done = work(store.clone(), parts.device.clone()).await;
        store.close().await;
        done
    })
}
