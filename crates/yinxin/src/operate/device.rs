//! `yinxin device products|check`: the register of certified products, and what an attestation comes to by it
//! (Measures Art. 20 ¶2). Reads files alone; no device is opened and nothing is recorded.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use app::Layout;
use app::devices::{read_products, term_in_words};
use app::doctor::Level;
use clap::Subcommand;
use jiff::Timestamp;
use pki::CertificationRequest;
use pki::attestation::{Attestation, Listed, MOST_OCTETS, Subject, Use, Verdict};
use serde_json::json;

use crate::out::{self, Outcome};

/// Kinds of certificates that may demand an attestation.
const KINDS: [(&str, &str); 5] = [
    ("person", "个人证书"),
    ("staff", "工作人员证书"),
    ("unit", "机构证书"),
    ("device", "设备证书"),
    ("server", "服务器证书"),
];

/// Commands about certified devices.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 查看登记的密码产品，以及各类证书是否必须提交设备证明
    Products {
        /// 数据目录
        #[arg(long, value_name = "目录", default_value = "data", env = "YINXIN_DATA")]
        data: PathBuf,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// 按登记的密码产品检查一份设备证明
    Check {
        /// 设备证明文件（PEM 或 DER）
        attestation: PathBuf,
        /// 数据目录
        #[arg(long, value_name = "目录", default_value = "data", env = "YINXIN_DATA")]
        data: PathBuf,
        /// 证书请求文件（PKCS#10）：核对两者是否同一密钥。不给出则不核对
        #[arg(long, value_name = "文件")]
        csr: Option<PathBuf>,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Products { data, json } => products(&Layout::new(data), json),
        Command::Check { attestation, data, csr } => {
            check(&Layout::new(data), &attestation, csr.as_deref())
        }
    }
}

fn products(layout: &Layout, as_json: bool) -> anyhow::Result<Outcome> {
    let (register, now) = (read_products(layout)?, Timestamp::now());
    if as_json {
        let rows: Vec<_> = register.iter().map(row_as_json).collect();
        let demands = KINDS.map(|(name, _)| (name, register.demand(name).chinese()));
        let demands: std::collections::BTreeMap<_, _> = demands.into_iter().collect();
        out::json(&json!({ "products": rows, "attestation": demands }))?;
        return Ok(Outcome::Fine);
    }
    let mut over = false;
    for listed in register.iter() {
        let product = &listed.product;
        let (level, term) = term_in_words(product, now);
        over |= level == Level::Failed;
        let uses: Vec<_> = listed.uses.iter().map(|one| one.chinese()).collect();
        out::line(format!(
            "{} {}：证书 {}，安全等级{}，{term}；用途：{}",
            product.maker,
            product.model,
            product.certificate,
            product.level.chinese(),
            uses.join("、")
        ));
    }
    if register.iter().next().is_none() {
        out::line(format!("没有登记密码产品（登记文件：{}）", layout.products().display()));
    }
    for (name, title) in KINDS {
        out::line(format!("{title}：{}", register.demand(name).chinese()));
    }
    Ok(if over { Outcome::Finding } else { Outcome::Fine })
}

fn row_as_json(listed: &Listed) -> serde_json::Value {
    let word = |one: &Use| match one {
        Use::Subscriber => "subscriber",
        Use::Institution => "institution",
    };
    json!({
        "product": listed.product,
        "uses": listed.uses.iter().map(word).collect::<Vec<_>>(),
        "blocked": listed.blocked,
    })
}

fn check(layout: &Layout, file: &Path, csr: Option<&Path>) -> anyhow::Result<Outcome> {
    let register = read_products(layout)?;
    let input = read(file)?;
    let key = match csr {
        Some(csr) => CertificationRequest::from_pem_or_der(&read(csr)?)?.spki().public_key()?,
        None => Attestation::parse(&input)?.leaf().public_key()?,
    };
    let subject = Subject { kind: "", key: &key, at: Timestamp::now() };
    match register.judge(&subject, Some(&input)) {
        Ok(judged) => {
            if let Verdict::Verified(verified) = judged.verdict() {
                let product = verified.product();
                out::line(format!("通过：{} {}", product.maker, product.model));
                out::line(format!("产品认证证书：{}", product.certificate));
                out::line(format!("设备编号：{}", verified.device()));
            }
            out::line(match csr {
                Some(_) => "证书请求的公钥与设备证明一致",
                None => "没有给出证书请求，未核对公钥",
            });
            Ok(Outcome::Fine)
        }
        Err(error) => {
            out::line(format!("不通过：{error}"));
            Ok(Outcome::Finding)
        }
    }
}

/// A file that is not longer than what can be judged.
fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let size =
        std::fs::metadata(path).with_context(|| format!("无法读取 {}", path.display()))?.len();
    let most = u64::try_from(MOST_OCTETS * 2).unwrap_or(u64::MAX);
    anyhow::ensure!(size <= most, "{} 过大，请检查是否选错了文件", path.display());
    std::fs::read(path).with_context(|| format!("无法读取 {}", path.display()))
}
