//! The subscriber's own tool: makes a signing key, a request, and opens the answer. The signing
//! key never leaves the subscriber (invariant 2).

mod key;
mod name;
mod open;
mod pbes2;
mod request;

pub use key::{is_sealed, load, save, unseal};
pub use request::pem as request;

use std::path::PathBuf;

use clap::Subcommand;

use crate::out::Outcome;

/// `yinxin subscriber …`
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 生成签名密钥对（私钥只保存在本地文件中）
    New {
        /// 私钥文件（新建，仅本人可读）
        #[arg(long, value_name = "文件")]
        key: PathBuf,
        /// 用此文件中的口令加密私钥；不给出则不加密
        #[arg(long, value_name = "文件")]
        passphrase_file: Option<PathBuf>,
    },
    /// 用签名密钥生成证书申请（PKCS#10）
    Csr {
        /// 私钥文件
        #[arg(long, value_name = "文件")]
        key: PathBuf,
        /// 私钥口令文件（私钥已加密时；OpenSSL、GmSSL 和网页加密的也可以）
        #[arg(long, value_name = "文件")]
        passphrase_file: Option<PathBuf>,
        /// 主体名称，例如 C=CN,O=某单位,CN=张三
        #[arg(long, value_name = "名称")]
        subject: String,
        /// 写入的文件；不给出则打印
        #[arg(long, value_name = "文件")]
        out: Option<PathBuf>,
    },
    /// 打开签发结果（GM/T 0092 应答），取出签名证书、加密证书和加密私钥
    Open {
        /// 私钥文件
        #[arg(long, value_name = "文件")]
        key: PathBuf,
        /// 私钥口令文件（私钥已加密时；取出的加密私钥用同一口令加密）
        #[arg(long, value_name = "文件")]
        passphrase_file: Option<PathBuf>,
        /// 应答文件（DER 或 PEM）
        #[arg(long, value_name = "文件")]
        response: PathBuf,
        /// 写入的文件夹
        #[arg(long, value_name = "文件夹")]
        out_dir: PathBuf,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::New { key, passphrase_file } => key::create(&key, passphrase_file.as_deref()),
        Command::Csr { key, passphrase_file, subject, out } => {
            let private = key::load(&key, passphrase_file.as_deref())?;
            request::write(&private, &subject, out.as_deref())
        }
        Command::Open { key, passphrase_file, response, out_dir } => {
            let private = key::load(&key, passphrase_file.as_deref())?;
            open::open(&private, &response, &out_dir, passphrase_file.as_deref())
        }
    }
}
