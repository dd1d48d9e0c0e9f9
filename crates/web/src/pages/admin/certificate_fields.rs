//! The fields of a certificate, read out of its DER and named in Chinese (GB/T 20518 §5.2;
//! GM/T 0015). What has no name here is listed with its identifier, so that nothing is hidden.

use pki::ext::{AccessDescription, GeneralName, IdentifyCode, PolicyQualifier, identity_text};
use pki::name::Attribute;
use pki::spki::KeyAlgorithm;
use pki::{Certificate, Name, Oid, oid};

use super::certificates::masked_value;
use crate::pages::words;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// What it is.
    pub name: String,
    /// Its value.
    pub value: String,
    /// Whether it is for comparing letter by letter.
    pub is_code: bool,
    /// Whether a reader that does not know it must refuse the certificate; `None` for no extension.
    pub critical: Option<bool>,
}

struct Reading(Vec<Field>);

impl Reading {
    fn text(&mut self, name: &str, value: impl Into<String>) {
        self.add(name, value.into(), false, None);
    }

    fn code(&mut self, name: &str, value: impl Into<String>) {
        self.add(name, value.into(), true, None);
    }

    fn add(&mut self, name: &str, value: String, is_code: bool, critical: Option<bool>) {
        self.0.push(Field { name: name.to_owned(), value, is_code, critical });
    }
}

/// Every field. `is_masked`: what names a natural person keeps its first letter.
pub fn read(certificate: &Certificate, is_masked: bool) -> Vec<Field> {
    let mut all = Reading(Vec::new());
    all.text("版本", format!("V{}", certificate.version()));
    all.code("序列号", words::groups(&certificate.serial().to_hex()));
    all.text("签名算法", algorithm(certificate));
    all.text("颁发者", certificate.issuer().to_string());
    subject(certificate.subject(), is_masked, &mut all);
    all.text("有效期自", words::second(certificate.not_before()));
    all.text("有效期至", words::second(certificate.not_after()));
    all.text("公钥算法", key_algorithm(certificate));
    if let Ok(key) = certificate.public_key() {
        all.code("公钥", hex::encode(key.to_sec1()));
        all.code("公钥指纹（SM3）", words::groups(&key.fingerprint()));
    }
    for extension in certificate.extensions() {
        let (name, value) = extension_text(certificate, &extension.oid, is_masked)
            .unwrap_or_else(|| unknown(extension, is_masked));
        all.add(&name, value, false, Some(extension.critical));
    }
    all.code("证书指纹（SM3）", words::groups(&certificate.fingerprint()));
    all.0
}

fn algorithm(certificate: &Certificate) -> String {
    match certificate.signature_algorithm().is_sm2_with_sm3() {
        true => "SM2 签名，SM3 杂凑（1.2.156.10197.1.501）".to_owned(),
        false => certificate.signature_algorithm().oid.to_string(),
    }
}

fn key_algorithm(certificate: &Certificate) -> String {
    match certificate.spki().key_algorithm() {
        KeyAlgorithm::Sm2 => "SM2（256 位）".to_owned(),
        other => format!("{other:?}"),
    }
}

fn subject(name: &Name, is_masked: bool, all: &mut Reading) {
    for attribute in name.attributes() {
        let label = attribute_title(&attribute.oid);
        let label = label.map_or_else(|| attribute.oid.to_string(), str::to_owned);
        all.text(&format!("主体：{label}"), attribute_text(attribute, is_masked));
    }
}

fn attribute_text(attribute: &Attribute, is_masked: bool) -> String {
    let personal = [
        oid::COMMON_NAME,
        oid::SURNAME,
        oid::GIVEN_NAME,
        oid::EMAIL_ADDRESS,
        oid::SERIAL_NUMBER,
        oid::USER_ID,
    ];
    let text = attribute.text.clone().unwrap_or_else(|| hex::encode(&attribute.value));
    match is_masked && personal.contains(&attribute.oid) {
        true => masked_value(&text),
        false => text,
    }
}

fn attribute_title(oid: &Oid) -> Option<&'static str> {
    Some(match *oid {
        oid::COUNTRY => "国家",
        oid::STATE => "省级行政区",
        oid::LOCALITY => "地区",
        oid::STREET => "街道",
        oid::ORGANIZATION => "单位",
        oid::ORGANIZATIONAL_UNIT => "部门",
        oid::TITLE => "职务",
        oid::COMMON_NAME => "名称",
        oid::SURNAME => "姓",
        oid::GIVEN_NAME => "名",
        oid::SERIAL_NUMBER => "编号",
        oid::EMAIL_ADDRESS => "电子邮件",
        _ => return None,
    })
}

/// The extensions of RFC 5280 and GM/T 0015 in words.
fn extension_text(
    certificate: &Certificate,
    oid: &Oid,
    is_masked: bool,
) -> Option<(String, String)> {
    let (name, value) = match *oid {
        oid::KEY_USAGE => ("密钥用法", certificate.key_usage()?.to_string()),
        oid::EXTENDED_KEY_USAGE => {
            let purposes = certificate.eku()?;
            ("扩展密钥用法", joined(purposes.0.iter().map(purpose)))
        }
        oid::BASIC_CONSTRAINTS => {
            let basic = certificate.basic_constraints()?;
            ("基本限制", if basic.ca { "签发机构证书" } else { "不是签发机构证书" }.to_owned())
        }
        oid::SUBJECT_ALT_NAME => {
            let names = certificate.san()?;
            ("主体替换名称", joined(names.0.iter().map(|name| general_name(name, is_masked))))
        }
        oid::CERTIFICATE_POLICIES => ("证书策略", policies(certificate)?),
        oid::CRL_DISTRIBUTION_POINTS => ("撤销列表地址", points(&certificate.crl_dp()?.0)),
        oid::FRESHEST_CRL => ("增量撤销列表地址", points(&certificate.freshest_crl()?.0)),
        oid::AUTHORITY_INFO_ACCESS => {
            let ways = certificate.aia()?;
            ("签发机构信息", joined(ways.0.iter().map(way)))
        }
        oid::SUBJECT_KEY_IDENTIFIER => ("主体密钥标识", hex::encode(certificate.ski()?.0)),
        oid::AUTHORITY_KEY_IDENTIFIER => {
            ("签发机构密钥标识", hex::encode(certificate.aki()?.key_id.unwrap_or_default()))
        }
        oid::OCSP_NOCHECK => ("不核查应答证书的状态", "是".to_owned()),
        _ => return None,
    };
    Some((name.to_owned(), value))
}

/// `状态查询（OCSP）http://…`.
fn way(one: &AccessDescription) -> String {
    let what = match one.method {
        oid::ACCESS_OCSP => "状态查询（OCSP） ".to_owned(),
        oid::ACCESS_CA_ISSUERS => "颁发者证书 ".to_owned(),
        _ => format!("{} ", one.method),
    };
    match &one.location {
        GeneralName::Uri(address) => format!("{what}{address}"),
        other => format!("{what}{other}"),
    }
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("；")
}

fn points(points: &[pki::ext::DistributionPoint]) -> String {
    let names = points.iter().filter_map(|point| point.name.as_ref());
    joined(names.flat_map(|name| name.uris()).map(str::to_owned))
}

fn general_name(name: &GeneralName, is_masked: bool) -> String {
    match name {
        GeneralName::Email(text) if is_masked => format!("email:{}", masked_value(text)),
        other => other.to_string(),
    }
}

fn policies(certificate: &Certificate) -> Option<String> {
    let policies = certificate.policies()?;
    let shown = policies.0.iter().map(|one| {
        let mut text = one.policy.to_string();
        if one.policy.is_example() {
            text.push_str("（示例标识，未经注册）");
        }
        for qualifier in &one.qualifiers {
            if let PolicyQualifier::Cps(address) = qualifier {
                text.push_str(&format!("，业务规则：{address}"));
            }
        }
        text
    });
    Some(joined(shown))
}

fn purpose(oid: &Oid) -> String {
    match *oid {
        oid::SERVER_AUTH => "服务器身份鉴别".to_owned(),
        oid::CLIENT_AUTH => "客户端身份鉴别".to_owned(),
        oid::EMAIL_PROTECTION => "电子邮件保护".to_owned(),
        oid::TIME_STAMPING => "时间戳".to_owned(),
        oid::OCSP_SIGNING => "状态应答签名".to_owned(),
        _ => oid.to_string(),
    }
}

/// Identity extensions of GM/T 0015 as text; anything else by its octets.
fn unknown(extension: &pki::ext::Extension, is_masked: bool) -> (String, String) {
    if extension.oid == oid::IDENTIFY_CODE
        && let Ok(code) = IdentifyCode::parse(&extension.value)
    {
        let kind = match code {
            IdentifyCode::ResidentCard(_) => "居民身份证",
            IdentifyCode::MilitaryOfficerCard(_) => "军官证",
            IdentifyCode::Passport(_) => "护照",
        };
        let shown = match is_masked {
            true => masked_value(code.number()),
            false => code.number().to_owned(),
        };
        return ("个人身份标识码".to_owned(), format!("{kind} {shown}"));
    }
    let name = match extension.oid {
        oid::INSURANCE_NUMBER => "个人社会保险号".to_owned(),
        oid::IC_REGISTRATION_NUMBER => "企业工商注册号".to_owned(),
        oid::ORGANIZATION_CODE => "统一社会信用代码".to_owned(),
        oid::TAXATION_NUMBER => "企业税号".to_owned(),
        _ => format!("扩展 {}", extension.oid),
    };
    match identity_text(&extension.value) {
        Some(text) if is_masked => (name, masked_value(&text)),
        Some(text) => (name, text),
        None => (name, hex::encode(&extension.value)),
    }
}
