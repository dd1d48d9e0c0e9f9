//! From a profile to a certificate, in steps that cannot be skipped.
//!
//! 1. [`Template::new`] binds a profile to an issuer and its addresses.
//! 2. [`Template::plan`] makes the bytes to be signed: [`Planned`].
//! 3. [`Planned::lint`] holds them against every rule: [`Linted`], which alone
//!    yields a digest to sign.
//! 4. [`Linted::finish`] takes the signature, verifies it over those very bytes
//!    and returns the [`crate::Certificate`].
//!
//! The bytes of step 2 are what the intent records; [`Linted::reopen`] takes
//! them up again after a crash. Nothing of a certification request but its key
//! reaches this module (T-19).
//!
//! Measures Art. 19: each certificate names its institution, holder, serial
//! number, validity, verification data and signature. GM/T 0043 §6 for the form.

mod addresses;
mod cross;
mod issuer;
mod linted;
mod subject;
mod template;
mod validity;

use gm::PublicKey;
use jiff::Timestamp;

use crate::error::{Error, reasons};
use crate::profile::Profile;
use crate::serial::Serial;

pub use addresses::Urls;
pub use cross::{CrossOrder, CrossTerms, plan_cross};
pub use issuer::Issuer;
pub use linted::{Linted, Planned};
pub use subject::{Identifier, SubjectInput, is_domain, is_mailbox};
pub use template::Template;

reasons! {
    /// Why a certificate must not be made.
    Refusal {
        SelfSigned = "plan.self-signed", "只有根证书可以、也必须是自签名";
        IssuerNotCa = "plan.issuer-not-ca", "颁发者证书不是可签发证书的 CA 证书";
        IssuerPathLength = "plan.issuer-path-length", "颁发者的路径长度约束不允许再有下级机构";
        IssuerNames = "plan.issuer-names", "主体名称不在颁发者名称约束的范围内";
        LinkName = "plan.link-name", "链接证书的主体和颁发者应同名";
        CrossNames = "plan.cross-names", "交叉证书应写明许可的名称：至少一个目录名称；域名、邮件域和网段不得为空或不成立";
        CrossPolicies = "plan.cross-policies", "交叉证书应写明证书策略，不得为任意策略或重复；映射的本方策略应在其中，双方策略不同";
        CrossSubject = "plan.cross-subject", "交叉证书的主体不得与本机构同名";
        IssuerKey = "plan.issuer-key", "申请的公钥与颁发者的公钥相同";
        WeakKey = "plan.weak-key", "公钥是公开的示例密钥或过弱的密钥";
        SubjectMissing = "plan.subject-missing", "缺少证书模板规定必填的项";
        SubjectUnexpected = "plan.subject-unexpected", "填写了证书模板不允许的项";
        SubjectText = "plan.subject-text", "内容为空、过长或含有不允许的字符";
        DomainName = "plan.domain-name", "域名写法不对，或超过上限";
        EmailAddress = "plan.email-address", "电子邮件地址写法不对，或超过上限";
        AddressMissing = "plan.address-missing", "缺少证书模板规定必有的网址";
        AddressForm = "plan.address-form", "网址应为 http、https 或 ldap 网址，只含可见的 ASCII 字符";
        ValidityOrder = "plan.validity-order", "终止时间应晚于起始时间";
        ValidityTooLong = "plan.validity-too-long", "有效期超过证书模板的上限";
        ValidityIssuer = "plan.validity-issuer", "有效期超出颁发者证书的有效期";
        ValidityRange = "plan.validity-range", "有效期超出可以表示的范围";
    }
}

impl Refusal {
    /// The refusal at one item.
    fn at(self, detail: impl Into<String>) -> Error {
        Error::Plan { refusal: self, detail: detail.into() }
    }
}

/// What is asked for: one certificate.
#[derive(Debug, Clone, Copy)]
pub struct Order<'a> {
    /// Who.
    pub subject: &'a SubjectInput,
    /// Which key.
    pub key: &'a PublicKey,
    /// Serial number, fresh from 128 random bits.
    pub serial: Serial,
    /// First instant; part seconds are dropped.
    pub not_before: Timestamp,
    /// Last instant; the profile's default when `None`.
    pub not_after: Option<Timestamp>,
}

/// Plans one certificate. For many of one kind, keep the [`Template`].
///
/// # Errors
/// [`Error::Plan`] with the rule that says no.
pub fn plan(
    profile: &Profile,
    issuer: &Issuer,
    order: &Order<'_>,
    urls: &Urls,
) -> Result<Planned, Error> {
    Template::new(profile, issuer, urls)?.plan(order)
}
