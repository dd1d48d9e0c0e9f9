//! `yinxin ceremony cross-certify`, `cross-withdraw`, `cross-take-in`, `cross-take-back`: mutual recognition with other
//! institutions by cross-certificates.

use std::io::Read as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use app::cross::{Crossing, cross_certify, take_back_cross, take_in_cross, withdraw_cross};
use app::owed_lists;
use ca::RevocationReason;
use ca::rules::cross::{MOST_OCTETS, PeerFiles};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::{TimeZone, offset};
use pki::ext::GeneralName;
use pki::strict::Tag;
use pki::{CrossTerms, Name, Oid, Serial, oid};
use serde::Deserialize;
use store::Actor;

use super::people::{self, HolderRow, PersonRow, holders, with_parts};
use super::root::tell_owed;
use crate::args::DataArgs;
use crate::operate::warrant::WarrantArgs;
use crate::out::{self, Outcome, Unusable};

/// A sample to fill in.
pub const SAMPLE: &str = r#"# 交叉认证方案。填写后运行：yinxin ceremony cross-certify --plan 本文件（服务停止时）
name = "2027-cross-1"                 # 仪式名称，只用字母、数字和 . _ - ；中断后用同一方案再次运行即可继续
until = "2030-12-31"                  # 交叉证书有效期至（北京时间当日结束），不得晚于对方 CA 证书和本机构根证书

[peer]
certificate = "peer-ca.cer"           # 对方 CA（通常是签发机构）自己的证书
fingerprint = "0000000000000000000000000000000000000000000000000000000000000000"  # 该证书的 SM3 指纹，与对方当面或书面核对
issuer = "peer-root.cer"              # 签发该证书的上级证书；自签名证书不填
request = "peer-ca.csr"               # 对方用该 CA 的密钥签名的证书申请（PKCS#10，不写扩展项）；自签名证书可不填
# challenge = "…"                     # 本机构为本次随机生成、交给对方写入申请的核对码（challengePassword），至少 16 个字符；写明的，程序核对，证明申请是为本次所作

[terms]
path_length = 0                       # 对方该 CA 之下还允许几级 CA；本机构根证书只允许 0
policies = ["1.2.156.10260.1.1.1"]    # 在本机构看来，对方证书属于哪些证书策略
# 许可的目录名称，每项一行；对方签发的证书的主体须在其中一项之内。至少一项，写得越窄越好
names = [{ C = "CN", S = "某省" }]
domains = []                          # 许可的域名，例如 "example.gov.cn"；不写则不认可任何域名
mail = []                             # 许可的邮件域；不写则不限
networks = []                         # 许可的网段，例如 "10.1.0.0/16"；不写则不认可任何 IP 地址

# 证书策略映射：本机构的策略 = 对方的策略
[[terms.mappings]]
ours = "1.2.156.10260.1.1.1"
theirs = "1.2.156.10261.1.1.1"

[leader]
id = "L001"
name = "主持人姓名"
office = "安全管理负责人"

[[witnesses]]
id = "W001"
name = "见证人姓名"
office = "审计管理员"

# 到场的保管人，三至五名，各带自己的密钥分量文件和只有本人知道的口令文件
[[custodians]]
id = "K001"
name = "保管人一"
office = "综合部"
share = "share-1.json"
passphrase_file = "k1.txt"

[[custodians]]
id = "K002"
name = "保管人二"
office = "财务部"
share = "share-2.json"
passphrase_file = "k2.txt"

[[custodians]]
id = "K003"
name = "保管人三"
office = "法务部"
share = "share-3.json"
passphrase_file = "k3.txt"

# 系统中担任其他角色的人员，用于核对保管人没有兼任
[[officers]]
id = "S001"
name = "超级管理员姓名"
office = "超级管理员"
"#;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Plan {
    name: String,
    until: String,
    peer: PeerRow,
    terms: TermsRow,
    leader: PersonRow,
    witnesses: Vec<PersonRow>,
    custodians: Vec<HolderRow>,
    #[serde(default)]
    officers: Vec<PersonRow>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeerRow {
    certificate: PathBuf,
    fingerprint: String,
    issuer: Option<PathBuf>,
    request: Option<PathBuf>,
    challenge: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TermsRow {
    #[serde(default)]
    path_length: u32,
    policies: Vec<String>,
    names: Vec<NameRow>,
    #[serde(default)]
    domains: Vec<String>,
    #[serde(default)]
    mail: Vec<String>,
    #[serde(default)]
    networks: Vec<String>,
    #[serde(default)]
    mappings: Vec<MappingRow>,
}

/// A subtree of directory names, from the country down.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(non_snake_case, reason = "the names of attributes in certificates")]
struct NameRow {
    C: String,
    S: Option<String>,
    L: Option<String>,
    O: Option<String>,
    OU: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct MappingRow {
    ours: String,
    theirs: String,
}

impl NameRow {
    fn name(&self) -> GeneralName {
        let (printable, utf8) = (Tag::PRINTABLE_STRING, Tag::UTF8_STRING);
        let mut all = vec![(oid::COUNTRY, printable, self.C.as_str())];
        for (oid, text) in [
            (oid::STATE, &self.S),
            (oid::LOCALITY, &self.L),
            (oid::ORGANIZATION, &self.O),
            (oid::ORGANIZATIONAL_UNIT, &self.OU),
        ] {
            all.extend(text.as_deref().map(|text| (oid, utf8, text)));
        }
        GeneralName::Directory(Name::from_attributes(all))
    }
}

impl TermsRow {
    fn terms(&self) -> anyhow::Result<CrossTerms> {
        let oid = |text: &String| {
            Oid::parse(text).ok_or_else(|| Unusable::error(format!("“{text}”不是对象标识符")))
        };
        let mut permitted: Vec<_> = self.names.iter().map(NameRow::name).collect();
        permitted.extend(self.domains.iter().cloned().map(GeneralName::Dns));
        permitted.extend(self.mail.iter().cloned().map(GeneralName::Email));
        for network in &self.networks {
            permitted.push(GeneralName::Ip(octets_of(network)?));
        }
        let mapping = |row: &MappingRow| anyhow::Ok((oid(&row.ours)?, oid(&row.theirs)?));
        Ok(CrossTerms {
            path_len: self.path_length,
            permitted,
            policies: self.policies.iter().map(oid).collect::<anyhow::Result<_>>()?,
            mappings: self.mappings.iter().map(mapping).collect::<anyhow::Result<_>>()?,
        })
    }
}

impl Plan {
    fn crossing(self) -> anyhow::Result<Crossing> {
        let (custodians, shares) = holders(self.custodians)?;
        let optional = |path: &Option<PathBuf>| path.as_deref().map(bounded).transpose();
        Ok(Crossing {
            ceremony: self.name,
            peer: PeerFiles {
                certificate: bounded(&self.peer.certificate)?,
                fingerprint: self.peer.fingerprint.clone(),
                issuer: optional(&self.peer.issuer)?,
                request: optional(&self.peer.request)?,
                challenge: self.peer.challenge.clone(),
            },
            terms: self.terms.terms()?,
            until: last_second(&self.until)?,
            participants: people::participants(
                &self.leader,
                &self.witnesses,
                custodians,
                &self.officers,
            ),
            shares,
        })
    }
}

/// A file of at most the size that is looked at, and an octet more, so that what is longer is refused by name.
fn bounded(path: &Path) -> anyhow::Result<Vec<u8>> {
    let failed = || format!("无法读取 {}", path.display());
    let file = std::fs::File::open(path).with_context(failed)?;
    let mut octets = Vec::new();
    let most = u64::try_from(MOST_OCTETS).unwrap_or(u64::MAX).saturating_add(1);
    file.take(most).read_to_end(&mut octets).with_context(failed)?;
    Ok(octets)
}

/// The last second of a day of Beijing, or an instant.
fn last_second(text: &str) -> anyhow::Result<Timestamp> {
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let beijing = TimeZone::fixed(offset(8));
    let end = |day: Date| day.at(23, 59, 59, 0).to_zoned(beijing.clone()).ok();
    let day = text.parse::<Date>().ok().and_then(end);
    let wrong =
        || Unusable::error(format!("until“{text}”应写作 2030-12-31 或 2030-12-31T23:59:59+08:00"));
    Ok(day.ok_or_else(wrong)?.timestamp())
}

/// `10.1.0.0/16` as constraints write it: address and mask.
fn octets_of(network: &str) -> anyhow::Result<Vec<u8>> {
    let wrong = || Unusable::error(format!("网段“{network}”应写作 10.1.0.0/16 或 2001:db8::/32"));
    let (address, bits) = network.split_once('/').ok_or_else(wrong)?;
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let bits: u32 = bits.parse().map_err(|_| wrong())?;
    let (mut octets, mask) = match address {
        IpAddr::V4(four) if (1..=32).contains(&bits) => {
            let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
            ((u32::from(four) & mask).to_be_bytes().to_vec(), mask.to_be_bytes().to_vec())
        }
        IpAddr::V6(six) if (1..=128).contains(&bits) => {
            let mask = u128::MAX.checked_shl(128 - bits).unwrap_or(0);
            ((u128::from(six) & mask).to_be_bytes().to_vec(), mask.to_be_bytes().to_vec())
        }
        _ => return Err(wrong()),
    };
    octets.extend(mask);
    Ok(octets)
}

/// Holds the ceremony.
pub fn hold(data: &DataArgs, plan: &Path) -> anyhow::Result<Outcome> {
    let plan: Plan = people::read(plan, "交叉认证方案")?;
    let crossing = plan.crossing()?;
    let held =
        with_parts(data, async |parts, store| Ok(cross_certify(parts, store, crossing).await))?;
    match held {
        Ok(report) => {
            let made = &report.certificate;
            out::line(format!("交叉证书：签发给 {}", made.subject()));
            out::line(format!("序列号：{}", made.serial().to_hex()));
            out::line(format!("有效期至：{}", made.not_after()));
            out::line(format!("SM3 指纹：{}", made.fingerprint()));
            out::line(format!("文件：启动服务后在下载页，/ca/cross-{}.cer", made.fingerprint()));
            out::line(format!("仪式记录：{}", report.protocol.text.display()));
            out::line(
                "根密钥已从密码设备中销毁。下一步：启动服务，运行 yinxin doctor；在 trust/sources.toml 中写明对方的撤销列表",
            );
            Ok(Outcome::Fine)
        }
        Err(error) => {
            out::note(
                "仪式没有完成。排除原因后用同一方案再次运行即可继续；不能继续的，请用 yinxin ceremony abandon 放弃，以免根密钥留在密码设备中",
            );
            Err(error.into())
        }
    }
}

/// Withdraws a cross-certificate of ours.
pub fn withdraw(
    data: &DataArgs,
    (serial, code): (&str, &str),
    args: &WarrantArgs,
) -> anyhow::Result<Outcome> {
    let warrant = args.warrant()?;
    let reason = RevocationReason::from_name(code).map_err(|e| Unusable::error(e.to_string()))?;
    let plain: String = serial.split_whitespace().collect();
    let serial =
        Serial::from_hex(&plain.to_lowercase()).map_err(|e| Unusable::error(e.to_string()))?;
    let hex = serial.to_hex();
    out::line(format!(
        "将撤销序列号为 {hex} 的交叉证书，不可恢复。本机构的验证服务立即不再经由它认可对方签发的证书；其他依赖方要到根的下一份撤销列表发布后才知道。对方密钥泄露的，原因代码应为 cACompromise：同一把密钥的其他交叉证书一并撤销，密钥永久停用；其他原因不影响同一把密钥的其他交叉证书。"
    ));
    if !args.is_confirmed(&format!("撤销交叉证书 {hex}")) {
        return Ok(Outcome::Finding);
    }
    let owed = with_parts(data, async |parts, store| {
        withdraw_cross(parts, store, (&serial, reason), &warrant).await?;
        Ok(owed_lists(parts, store).await?)
    })?;
    out::line("交叉证书已撤销，记入日志（cross.withdrawn）");
    tell_owed(&owed);
    Ok(Outcome::Fine)
}

/// Takes in a cross-certificate that another institution issued for one of our CAs.
pub fn take_in(
    data: &DataArgs,
    (certificate, issuer): (&Path, &Path),
    (fingerprint, person): (&str, &str),
) -> anyhow::Result<Outcome> {
    let (certificate, issuer) = (bounded(certificate)?, bounded(issuer)?);
    let taken = with_parts(data, async |_, store| {
        let actor = Actor::new(format!("person:{person}"));
        Ok(take_in_cross(store, (&certificate, &issuer, fingerprint), actor).await?)
    })?;
    out::line(format!(
        "已登记：{} 签发给本机构 {} 的交叉证书",
        taken.certificate.issuer(),
        taken.holder
    ));
    out::line(format!("SM3 指纹：{}", taken.fingerprint));
    out::line("启动服务后在证书目录和下载页公布");
    Ok(Outcome::Fine)
}

/// Takes one back that came in.
pub fn take_back(
    data: &DataArgs,
    fingerprint: &str,
    args: &WarrantArgs,
) -> anyhow::Result<Outcome> {
    let warrant = args.warrant()?;
    out::line("将不再公布其他机构签发给本机构的这张交叉证书。");
    if !args.is_confirmed(&format!("不再公布 {fingerprint}")) {
        return Ok(Outcome::Finding);
    }
    with_parts(data, async |_, store| Ok(take_back_cross(store, fingerprint, &warrant).await?))?;
    out::line("已不再公布，记入日志（cross.taken-back）");
    Ok(Outcome::Fine)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_is_a_plan_whose_terms_hold() {
        let plan: Plan = toml::from_str(SAMPLE).unwrap();
        assert_eq!(plan.custodians.len(), 3);
        let terms = plan.terms.terms().unwrap();
        terms.check().unwrap();
        let name = terms.permitted[0].to_string();
        assert!(name.contains("C=CN") && name.contains("某省"), "{name}");
    }

    #[test]
    fn days_end_in_beijing_and_networks_are_addresses_with_masks() {
        assert_eq!(last_second("2030-12-31").unwrap().to_string(), "2030-12-31T15:59:59Z");
        assert!(last_second("明天").is_err());
        assert_eq!(octets_of("10.1.2.3/16").unwrap(), [10, 1, 0, 0, 255, 255, 0, 0]);
        assert_eq!(octets_of("2001:db8::/32").unwrap().len(), 32);
        for wrong in ["10.0.0.0", "10.0.0.0/0", "10.0.0.0/33", "a/8", "::/0"] {
            assert!(octets_of(wrong).is_err(), "{wrong}");
        }
    }
}
