//! `yinxin cert issue|show|list|export|renew|suspend|resume|revoke` over the REST door.

use std::path::{Path, PathBuf};

use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Subcommand;
use serde_json::{Value, json};

use super::{Door, DoorArgs, field, text};
use crate::out::{self, Outcome};

/// Commands about certificates.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// 按证书申请签发（签名证书和加密证书）
    Issue {
        #[command(flatten)]
        door: DoorArgs,
        /// 证书种类：person、staff、unit、device、server
        #[arg(long, value_name = "种类")]
        kind: String,
        /// 证书申请文件（PKCS#10）
        #[arg(long, value_name = "文件")]
        csr: PathBuf,
        /// 设备证明文件（密码设备为该密钥出具的证书链，PEM）
        #[arg(long, value_name = "文件")]
        attestation: Option<PathBuf>,
        /// 申请编号；同一编号重试得到同一结果。不给出则自动生成
        #[arg(long, value_name = "编号")]
        request_id: Option<String>,
        /// 主体信息文件（JSON）；不给出则取自证书申请
        #[arg(long, value_name = "文件")]
        subject: Option<PathBuf>,
        /// 写入签发结果（GM/T 0092 应答）的文件
        #[arg(long, value_name = "文件")]
        out: Option<PathBuf>,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// 查看一张证书
    Show {
        #[command(flatten)]
        door: DoorArgs,
        /// 序列号（十六进制）
        serial: String,
        /// 只输出 PEM
        #[arg(long)]
        pem: bool,
    },
    /// 查询证书
    List {
        #[command(flatten)]
        door: DoorArgs,
        /// 主体中包含的文字
        #[arg(long, value_name = "文字")]
        search: Option<String>,
        /// 状态：good、suspended、revoked
        #[arg(long, value_name = "状态")]
        status: Option<String>,
        /// 每页条数
        #[arg(long, default_value_t = 20)]
        limit: u32,
        /// 上一页给出的分页标记
        #[arg(long, value_name = "标记")]
        after: Option<String>,
        /// 输出 JSON
        #[arg(long)]
        json: bool,
    },
    /// 导出证书清单（CSV）
    Export {
        #[command(flatten)]
        door: DoorArgs,
        /// 写入的文件
        #[arg(long, value_name = "文件")]
        out: PathBuf,
    },
    /// 更新证书；申请中是新公钥时为更换密钥
    Renew {
        #[command(flatten)]
        door: DoorArgs,
        /// 序列号（十六进制）
        serial: String,
        /// 证书申请文件（PKCS#10）
        #[arg(long, value_name = "文件")]
        csr: PathBuf,
        /// 设备证明文件（PEM）
        #[arg(long, value_name = "文件")]
        attestation: Option<PathBuf>,
        /// 申请编号；不给出则自动生成
        #[arg(long, value_name = "编号")]
        request_id: Option<String>,
        /// 写入签发结果的文件
        #[arg(long, value_name = "文件")]
        out: Option<PathBuf>,
    },
    /// 暂停证书（连同加密证书）
    Suspend {
        #[command(flatten)]
        door: DoorArgs,
        /// 序列号（十六进制）
        serial: String,
    },
    /// 恢复已暂停的证书
    Resume {
        #[command(flatten)]
        door: DoorArgs,
        /// 序列号（十六进制）
        serial: String,
    },
    /// 撤销证书（不可恢复）
    Revoke {
        #[command(flatten)]
        door: DoorArgs,
        /// 序列号（十六进制）
        serial: String,
        /// 原因：unspecified、keyCompromise、affiliationChanged、superseded、cessationOfOperation、privilegeWithdrawn
        #[arg(long, value_name = "原因")]
        reason: String,
    },
}

/// Carries out the command.
pub fn run(command: Command) -> anyhow::Result<Outcome> {
    match command {
        Command::Issue { door, kind, csr, attestation, request_id, subject, out, json } => {
            let subject = subject.as_deref().map(read_json).transpose()?;
            let body = json!({
                "request_id": request_id.map_or_else(new_id, Ok)?,
                "kind": kind,
                "csr": read_text(&csr)?,
                "attestation": attestation.as_deref().map(read_text).transpose()?,
                "subject": subject,
            });
            let order = Door::open(&door)?.post("/api/v1/requests", &body)?;
            issued(&order, out.as_deref(), json)
        }
        Command::Renew { door, serial, csr, attestation, request_id, out } => {
            let body = json!({
                "request_id": request_id.map_or_else(new_id, Ok)?,
                "csr": read_text(&csr)?,
                "attestation": attestation.as_deref().map(read_text).transpose()?,
            });
            let path = format!("/api/v1/certificates/{serial}/renew");
            let order = Door::open(&door)?.post(&path, &body)?;
            issued(&order, out.as_deref(), false)
        }
        Command::Show { door, serial, pem } => {
            let found = Door::open(&door)?.get(&format!("/api/v1/certificates/{serial}"))?;
            match pem {
                true => out::bytes(text(&found, "pem").as_bytes()),
                false => out::json(&found)?,
            }
            Ok(Outcome::Fine)
        }
        Command::List { door, search, status, limit, after, json } => {
            let query = query(&[("q", search), ("status", status), ("after", after)]);
            let path = format!("/api/v1/certificates?limit={limit}{query}");
            listed(&Door::open(&door)?.get(&path)?, json)
        }
        Command::Export { door, out } => {
            let csv = Door::open(&door)?.download("/api/v1/export/certificates.csv")?;
            std::fs::write(&out, csv).with_context(|| format!("无法写入 {}", out.display()))?;
            out::note(format!("证书清单已写入 {}", out.display()));
            Ok(Outcome::Fine)
        }
        Command::Suspend { door, serial } => change(&door, &serial, "suspend", &Value::Null),
        Command::Resume { door, serial } => change(&door, &serial, "resume", &Value::Null),
        Command::Revoke { door, serial, reason } => {
            change(&door, &serial, "revoke", &json!({ "reason": reason }))
        }
    }
}

fn change(door: &DoorArgs, serial: &str, act: &str, body: &Value) -> anyhow::Result<Outcome> {
    let path = format!("/api/v1/certificates/{serial}/{act}");
    let changed = Door::open(door)?.post(&path, body)?;
    for certificate in changed.as_array().into_iter().flatten() {
        out::line(row(certificate));
    }
    Ok(Outcome::Fine)
}

/// Prints what was issued and writes the answer.
fn issued(order: &Value, out: Option<&Path>, json: bool) -> anyhow::Result<Outcome> {
    if let Some(path) = out {
        let response = STANDARD.decode(text(order, "response"))?;
        std::fs::write(path, response).with_context(|| format!("无法写入 {}", path.display()))?;
    }
    if json {
        out::json(order)?;
        return Ok(Outcome::Fine);
    }
    out::line(format!("申请编号：{}", text(order, "request_id")));
    for certificate in field(order, "certificates").as_array().into_iter().flatten() {
        out::line(row(certificate));
    }
    if let Some(path) = out {
        out::line(format!("签发结果：{}", path.display()));
        out::line(
            "下一步：yinxin subscriber open --key 私钥文件 --response 签发结果 --out-dir 文件夹",
        );
    }
    Ok(Outcome::Fine)
}

fn listed(page: &Value, json: bool) -> anyhow::Result<Outcome> {
    if json {
        out::json(page)?;
        return Ok(Outcome::Fine);
    }
    for certificate in field(page, "items").as_array().into_iter().flatten() {
        out::line(row(certificate));
    }
    if let Some(total) = field(page, "total").as_u64() {
        out::line(format!("共 {total} 张"));
    }
    if let Some(next) = field(page, "next").as_str() {
        out::line(format!("下一页：--after {next}"));
    }
    Ok(Outcome::Fine)
}

/// One line for a certificate.
fn row(certificate: &Value) -> String {
    let text = |name: &str| text(certificate, name);
    let status = match text("status") {
        "good" => "有效",
        "suspended" => "暂停",
        "revoked" => "撤销",
        _ => "未知",
    };
    let role = match text("role") {
        "sign" => "签名",
        "enc" => "加密",
        _ => "服务",
    };
    format!("{}  {role}  {status}  至 {}  {}", text("serial"), text("not_after"), text("subject"))
}

fn read_text(path: &Path) -> anyhow::Result<String> {
    let octets = std::fs::read(path).with_context(|| format!("无法读取文件 {}", path.display()))?;
    // DER goes as base64, PEM as it is; the server reads both.
    Ok(match String::from_utf8(octets) {
        Ok(text) if text.contains("-----BEGIN") => text,
        Ok(text) => STANDARD.encode(text),
        Err(error) => STANDARD.encode(error.as_bytes()),
    })
}

fn read_json(path: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("无法读取文件 {}", path.display()))?;
    serde_json::from_str(&text).with_context(|| format!("{} 不是 JSON", path.display()))
}

/// A fresh request id.
fn new_id() -> anyhow::Result<String> {
    use gm::Random;
    let mut octets = [0u8; 12];
    gm::OsRandom.fill(&mut octets)?;
    Ok(format!("cli-{}", hex::encode(octets)))
}

/// Further parameters of a query, percent-encoded.
pub fn query(parameters: &[(&str, Option<String>)]) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        if let Some(value) = value {
            text.push_str(&format!("&{name}={}", encode(value)));
        }
    }
    text
}

fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    let octet = |b: u8| {
        if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }
    };
    text.bytes().map(octet).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_values_are_percent_encoded() {
        let text = query(&[("q", Some("张 &".into())), ("status", None)]);
        assert_eq!(text, "&q=%E5%BC%A0%20%26");
    }
}
