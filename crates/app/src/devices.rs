//! Certified cryptographic devices (Measures Art. 20 ¶2; checks C20-1, C20-2): the register of products in the
//! data folder, what attestations of keys come to by it, and whether the institution's own device holds a
//! product certificate.
//!
//! ```text
//! devices/
//!   products.toml        which products, and for which kinds a key has to be in one
//!   example-maker.pem    the root of a maker
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use gm::{PublicKey, Term};
use jiff::Timestamp;
use pki::attestation::{
    Judged, MOST_REGISTER_OCTETS, MOST_ROOT_OCTETS, Products, Subject, day_in_china,
};

use crate::doctor::{Check, Level};
use crate::error::Error;
use crate::institution::Institution;
use crate::layout::Layout;
use crate::sql;

/// Days before the end of a product certificate when people are warned.
pub const WARN_DAYS: i32 = 90;
/// Files beside the register that are looked at.
const MOST_FILES: usize = 200;

/// Reads the register of a data folder. None there: nothing is certified, and nothing demanded.
pub fn read_products(layout: &Layout) -> Result<Products, Error> {
    let path = layout.products();
    if !path.exists() {
        return Ok(Products::default());
    }
    let text = read_within(&path, MOST_REGISTER_OCTETS)?;
    let text = String::from_utf8(text).map_err(|_| {
        Error::Setup(format!("{} 不是 UTF-8 文本，请用 UTF-8 编码保存", path.display()))
    })?;
    Ok(Products::from_toml(&text, &roots_beside(&path)?)?)
}

/// The files beside the register that may be roots, by name. What is too long to be one is none.
fn roots_beside(path: &Path) -> Result<BTreeMap<String, Vec<u8>>, Error> {
    let folder = path.parent().unwrap_or(path);
    let unreadable = |error| Error::Setup(format!("无法读取文件夹 {}：{error}", folder.display()));
    let mut files = BTreeMap::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
        if !matches!(ending, "pem" | "cer" | "crt" | "der") || files.len() >= MOST_FILES {
            continue;
        }
        if let (Some(name), Ok(content)) =
            (path.file_name().and_then(|name| name.to_str()), read_within(&path, MOST_ROOT_OCTETS))
        {
            files.insert(name.to_owned(), content);
        }
    }
    Ok(files)
}

fn read_within(path: &Path, most: usize) -> Result<Vec<u8>, Error> {
    use std::io::Read as _;
    let wrong = |why: String| Error::Setup(format!("无法读取 {}：{why}", path.display()));
    let file = std::fs::File::open(path).map_err(|error| wrong(error.to_string()))?;
    let mut content = Vec::new();
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    file.take(limit).read_to_end(&mut content).map_err(|error| wrong(error.to_string()))?;
    match content.len() > most {
        true => Err(wrong(format!("文件超过 {} KiB", most / 1024))),
        false => Ok(content),
    }
}

/// How the product certificate of a device stands, in words; and whether somebody has to see to it.
#[must_use]
pub fn term_in_words(product: &gm::Product, now: Timestamp) -> (Level, String) {
    match product.term_on(day_in_china(now)) {
        Term::NotYet => (Level::Warning, format!("自 {} 起有效，尚未生效", product.valid_from)),
        Term::InForce(days) if days <= WARN_DAYS => {
            (Level::Warning, format!("有效期至 {}，还有 {days} 天到期", product.valid_until))
        }
        Term::InForce(_) => (Level::Good, format!("有效期至 {}", product.valid_until)),
        Term::Over => (Level::Failed, format!("已于 {} 到期", product.valid_until)),
    }
}

/// What a key of this label in the institution's device is for; nothing for a label that this program gives to
/// no key.
#[must_use]
pub fn purpose_of(label: &str) -> Option<&'static str> {
    const PURPOSES: [(&str, &str); 12] = [
        (ca::ceremony::ROOT, ROOT_PURPOSE),
        (TRIAL_KEY, "核对根密钥的份额（仅在密钥仪式中）"),
        (ca::ceremony::ISSUING_KEY, ISSUING_PURPOSE),
        (ca::ceremony::RESPONDER_KEY, RESPONDER_PURPOSE),
        (store::JOURNAL, "签名日志检查点"),
        (store::SEAL, "密封个人信息和材料"),
        (store::INDEX, "检索用的杂凑（盲索引）"),
        (store::ANCHOR_MAC, "保护日志锚点"),
        (access::MAC_KEY, "登录和表单的校验值、口令的校验（访问控制）"),
        (crate::registration::SEAL_KEY, "签名服务协议和文书"),
        (crate::LINK_KEY, "与密钥管理中心通信"),
        (crate::timestamp::SERVICE.first, STAMP_PURPOSE),
    ];
    let named = PURPOSES.iter().find(|(name, _)| *name == label).map(|(_, purpose)| *purpose);
    named.or_else(|| purpose_of_numbered(label))
}

const ROOT_PURPOSE: &str = "根密钥（仅在密钥仪式中）";
const ISSUING_PURPOSE: &str = "签发证书和撤销列表";
const RESPONDER_PURPOSE: &str = "签名状态应答（OCSP）";
const STAMP_PURPOSE: &str = "签名时间戳";
/// Label of the key into which shares are put together for a trial.
const TRIAL_KEY: &str = "root-trial";

/// Keys that are followed by others of the same purpose, and those of applications.
fn purpose_of_numbered(label: &str) -> Option<&'static str> {
    let is_number = |text: &str| text.parse::<u64>().is_ok();
    let stems = [
        ("root-", ROOT_PURPOSE),
        ("ca-", ISSUING_PURPOSE),
        (crate::responder::SERVICE.stem, RESPONDER_PURPOSE),
        (crate::timestamp::SERVICE.stem, STAMP_PURPOSE),
    ];
    let of_ours = stems
        .iter()
        .find(|(stem, _)| label.strip_prefix(stem).is_some_and(is_number))
        .map(|(_, purpose)| *purpose);
    of_ours.or_else(|| match label.strip_prefix("app-")?.split_once('-')? {
        (number, "sign") if is_number(number) => Some("应用签名服务：签名"),
        (number, "enc") if is_number(number) => Some("应用签名服务：打开数字信封"),
        (number, rest) if is_number(number) && rest.strip_prefix("enc-").is_some_and(is_number) => {
            Some("应用签名服务：打开数字信封")
        }
        _ => None,
    })
}

impl Institution {
    /// The verdict about a key that comes now (check C20-1).
    pub fn judge_key(
        &self,
        (kind, key): (&str, &PublicKey),
        attestation: Option<&[u8]>,
    ) -> Result<Judged, Error> {
        let subject = Subject { kind, key, at: self.clock().now() };
        Ok(self.products().judge(&subject, attestation)?)
    }

    /// The same for an order with a name: a repetition is judged as it was the first time (Invariant 3).
    pub async fn judge_key_of_order(
        &self,
        request: &str,
        of: (&str, &PublicKey),
        attestation: Option<&[u8]>,
    ) -> Result<Judged, Error> {
        match self.attestation_of_order(request).await? {
            Some(kept) if kept.is_of(attestation) => Ok(kept),
            _ => self.judge_key(of, attestation),
        }
    }

    /// The verdict about a key that is made in the institution's own device: what counts is the product
    /// certificate that the device holds now, as for every other key of the institution (ADR 11).
    pub fn judge_own_key(&self, kind: &str) -> Result<Judged, Error> {
        let product = self.device().info().product;
        Ok(self.products().judge_own(kind, product.as_ref(), self.clock().now())?)
    }

    /// The same for an order with a name, as the first time.
    pub(crate) async fn judge_own_key_of_order(
        &self,
        request: &str,
        kind: &str,
    ) -> Result<Judged, Error> {
        match self.attestation_of_order(request).await? {
            Some(kept) => Ok(kept),
            None => self.judge_own_key(kind),
        }
    }

    /// Refuses a key whose device was put on the list of those that are not trusted since it was judged.
    pub(crate) fn still_trust(&self, judged: &Judged) -> Result<(), Error> {
        match judged.verdict().verified() {
            Some(verified) => Ok(self.products().still_trust(verified)?),
            None => Ok(()),
        }
    }

    /// What came of the attestation of the key that an order was about; none for orders from before this
    /// was asked, and for what no subscriber ordered.
    pub async fn attestation_of_order(&self, request: &str) -> Result<Option<Judged>, Error> {
        let mut reader = self.store().read().await?;
        let Some((verdict, chain)) = sql::attestation(&mut reader, request).await? else {
            return Ok(None);
        };
        let verdict = serde_json::from_str(&verdict).map_err(|_| Error::Stored("设备证明"))?;
        Ok(Some(Judged::kept(verdict, chain)))
    }

    /// Measures Art. 20 ¶2: the institution's own device, and products that are registered for subscribers.
    pub(crate) fn check_product(&self) -> Check {
        const TITLE: &str = "密码产品认证证书";
        let check = |level, detail| Check { name: "product", title: TITLE, level, detail };
        let Some(product) = self.device().info().product else {
            let text = "本机构的密码设备没有商用密码产品认证证书（软件设备），仅供试用和测试；正式运营须使用\
                        经检测认证的密码设备（《电子政务电子认证服务管理办法》第二十条第二款）";
            return check(Level::Warning, text.to_owned());
        };
        let now = self.clock().now();
        let (level, words) = term_in_words(&product, now);
        let own =
            format!("{} {}，证书 {}，{words}", product.maker, product.model, product.certificate);
        let ending = self.products().iter().filter_map(|listed| {
            let (level, words) = term_in_words(&listed.product, now);
            let text = format!("{}（{}）{words}", listed.product.model, listed.product.certificate);
            (level != Level::Good).then_some(text)
        });
        let ending: Vec<String> = ending.collect();
        match (level, ending.is_empty()) {
            (level, true) => check(level, own),
            (Level::Good, false) => {
                let text =
                    format!("{own}；登记的用户产品：{}；请换用证书有效的产品", ending.join("、"));
                check(Level::Warning, text)
            }
            (level, false) => check(level, format!("{own}；登记的用户产品：{}", ending.join("、"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_label_that_this_program_gives_has_its_purpose_and_no_other_has_one() {
        let fixed = ["root", "ca", "ocsp", "tsa-1", "journal", "store-seal", "store-index"];
        let more = ["anchor-mac", "access-mac", "institution-seal", "kmc-link", "root-trial"];
        let later = ["root-2", "ca-3", "ocsp-14", "tsa-2", "app-1-sign", "app-12-enc"];
        for label in fixed.into_iter().chain(more).chain(later).chain(["app-12-enc-3"]) {
            assert!(purpose_of(label).is_some(), "{label}");
        }
        for label in ["", "ca-", "ocsp-x", "app-1", "app--sign", "app-x-sign", "app-1-enc-x", "my"]
        {
            assert_eq!(purpose_of(label), None, "{label}");
        }
        assert_eq!(purpose_of("tsa-1"), purpose_of("tsa-9"));
    }
}
