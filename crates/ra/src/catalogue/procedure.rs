//! What can be applied for, how identity is proofed, and what a reviewer examines.

use serde::{Deserialize, Serialize};

use super::kind::Matter;

/// `registration/services.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Services {
    /// A draft untouched for so many days ends.
    pub draft_days: u16,
    /// So many days to supplement.
    pub supplement_days: u16,
    /// An approved application whose applicant does nothing for so many days ends.
    pub idle_days: u16,
    /// A delivered certificate counts as received after so many days.
    pub confirm_days: u16,
    /// A revocation by telephone that nobody confirmed within so many working days comes to nothing.
    pub call_working_days: u16,
    /// All services.
    #[serde(rename = "service")]
    pub list: Vec<Service>,
}

/// A service: new, renew, revoke, …
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Service {
    /// `new`, `renew`, `rekey`, `change`, `recover`, `suspend`, `resume`, `revoke`.
    pub name: String,
    /// Its Chinese name.
    pub title: String,
    /// What it is for.
    pub summary: String,
    /// Who may apply.
    pub who: String,
    /// Its steps in order.
    pub steps: Vec<Step>,
    /// Under which articles.
    pub basis: Vec<String>,
    /// 法定时限, in words.
    pub statutory: String,
    /// 承诺时限 for the review (571: at most two working days).
    pub promised_working_days: u16,
    /// Whether it is about a certificate that exists.
    pub replaces: bool,
}

/// A step that can be taken with an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// 填写: form or materials change.
    Save,
    /// 提交.
    Submit,
    /// 告知确认.
    Acknowledge,
    /// 身份核验.
    Proof,
    /// 补正通知.
    Return,
    /// 不予受理.
    Decline,
    /// 审核.
    Review,
    /// 签订协议.
    Agree,
    /// 提交密钥.
    Request,
    /// 签发.
    Issue,
    /// 交付.
    Deliver,
    /// 确认领取.
    Confirm,
    /// 办结: what is no issue of a certificate.
    CarryOut,
    /// 撤回申请.
    Withdraw,
    /// 逾期终止.
    Expire,
}

impl Step {
    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Save => "填写申请",
            Self::Submit => "提交申请",
            Self::Acknowledge => "告知确认",
            Self::Proof => "身份核验",
            Self::Return => "通知补正",
            Self::Decline => "不予受理",
            Self::Review => "审核",
            Self::Agree => "签订协议",
            Self::Request => "提交密钥",
            Self::Issue => "签发证书",
            Self::Deliver => "交付证书",
            Self::Confirm => "确认领取",
            Self::CarryOut => "办结",
            Self::Withdraw => "撤回申请",
            Self::Expire => "逾期终止",
        }
    }

    /// Under which article the step has its place in the order.
    #[must_use]
    pub const fn article(self) -> &'static str {
        match self {
            Self::Save | Self::Submit => "《电子政务电子认证服务管理办法》第二十一条第一款",
            Self::Acknowledge => "《电子政务电子认证服务管理办法》第二十一条第二款",
            Self::Proof | Self::Review | Self::Return | Self::Decline => {
                "《电子政务电子认证服务管理办法》第二十一条第三款"
            }
            Self::Agree => "《电子政务电子认证服务管理办法》第二十一条第四款",
            Self::Request | Self::Issue => "《电子政务电子认证服务管理办法》第十九条、第二十一条",
            Self::Deliver | Self::Confirm | Self::CarryOut | Self::Withdraw | Self::Expire => {
                "《电子政务电子认证服务管理办法》第十八条、第二十一条"
            }
        }
    }
}

impl Service {
    /// Whether it ends in a certificate.
    #[must_use]
    pub fn issues(&self) -> bool {
        self.steps.contains(&Step::Issue)
    }
}

/// A way to proof identity: `registration/proofing.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Method {
    /// Its name.
    pub name: String,
    /// Its Chinese name.
    pub title: String,
    /// 1 to 3.
    pub level: u8,
    /// For which kinds.
    pub kinds: Vec<String>,
    /// For which services.
    pub services: Vec<String>,
    /// Under which article.
    pub basis: String,
    /// How it is done.
    pub description: String,
    /// What it may rely on.
    pub means: Vec<Means>,
}

/// One means of a method.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Means {
    /// Its name.
    pub name: String,
    /// What is done.
    pub title: String,
    /// What a row of evidence has to name.
    pub needs: Need,
    /// What it can prove.
    pub proves: Vec<Matter>,
}

/// What a row of evidence has to name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A material of the application.
    Material,
    /// What was done, in words.
    Note,
    /// An answer of a public database that matched.
    Inquiry,
    /// A signature by a certificate of the applicant.
    Signature,
}

impl Method {
    /// The means of this name.
    #[must_use]
    pub fn means(&self, name: &str) -> Option<&Means> {
        self.means.iter().find(|means| means.name == name)
    }
}

/// One line of the reviewer's checklist.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckItem {
    /// Its name.
    pub name: String,
    /// What was examined.
    pub text: String,
    /// Under which article.
    pub basis: String,
    /// For which kinds; empty: all.
    #[serde(default)]
    pub kinds: Vec<String>,
    /// For which services; empty: all.
    #[serde(default)]
    pub services: Vec<String>,
}

impl CheckItem {
    /// Whether it belongs to such an application.
    #[must_use]
    pub fn is_for(&self, kind: &str, service: &str) -> bool {
        let among = |list: &[String], name| list.is_empty() || list.iter().any(|one| one == name);
        among(&self.kinds, kind) && among(&self.services, service)
    }
}
