//! Why a certificate is suspended, resumed, revoked or replaced: `registration/grounds.toml`. Each
//! ground has exactly one reason of RFC 5280 §5.3.1; nobody types a code (T-14).

use pki::crl::Reason;
use serde::{Deserialize, Deserializer};

use super::{Choice, Field, FieldKind, Kind, Service};

/// The field of a form that holds the holder's ground.
pub const GROUND_FIELD: &str = "ground";

/// Why a caller's certificate is suspended before another person has decided.
pub const CALL_HOLD: &str = "phone-hold";
/// Why that is lifted: the other person did not confirm the revocation.
pub const CALL_REJECTED: &str = "call-rejected";
/// Why that is lifted: nobody decided in time.
pub const CALL_LAPSED: &str = "call-lapsed";
/// Why a call is over before anybody decided: its holder resumed the certificate.
pub const CALL_WITHDRAWN: &str = "call-withdrawn";

/// `registration/grounds.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Grounds {
    pub ground: Vec<Ground>,
}

/// One ground.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ground {
    /// Its name.
    pub name: String,
    /// For which services.
    pub services: Vec<String>,
    /// Who brings it.
    pub source: Source,
    /// In words.
    pub title: String,
    /// What CRL and OCSP will say.
    #[serde(deserialize_with = "reason")]
    pub reason: Reason,
    /// Under which article.
    pub basis: String,
    /// Whether an authority and the number of its paper have to be named.
    #[serde(default)]
    pub document: bool,
    /// What has to be on file, each of it.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
}

/// One piece of evidence that a ground needs.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Its name.
    pub name: String,
    /// What it is called.
    pub title: String,
}

/// Who brings a ground.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The holder, in an application.
    Holder,
    /// The holder, on the telephone.
    Phone,
    /// The holder, at the counter.
    Present,
    /// The unit that the holder belongs to.
    Unit,
    /// A court or another authority.
    Authority,
    /// The cryptography administration.
    Regulator,
    /// The institution by itself.
    Institution,
}

impl Source {
    /// All of them, in the order of the pages.
    pub const ALL: [Self; 7] = [
        Self::Holder,
        Self::Phone,
        Self::Present,
        Self::Unit,
        Self::Authority,
        Self::Regulator,
        Self::Institution,
    ];

    /// The word of the data and of tables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Holder => "holder",
            Self::Phone => "phone",
            Self::Present => "present",
            Self::Unit => "unit",
            Self::Authority => "authority",
            Self::Regulator => "regulator",
            Self::Institution => "institution",
        }
    }

    /// Who lifts a hold that stands on this side's word, and whom to ask.
    #[must_use]
    pub const fn lifted_by(self) -> &'static str {
        match self {
            Self::Holder | Self::Present => {
                "由证书持有人申请恢复，经核验身份和审核后解除；请持有人在办事大厅或者到受理点申请恢复"
            }
            Self::Phone => "来电撤销复核未通过或者逾期没有复核的，由系统解除；持有人也可以申请恢复",
            Self::Unit => "由要求暂停的单位来函要求恢复后解除；请与所在单位联系",
            Self::Authority => {
                "由作出决定的机关出具解除文书，经一人登记、另一人复核后解除；请与作出决定的机关联系"
            }
            Self::Regulator => {
                "由密码管理部门出具解除文书，经一人登记、另一人复核后解除；请与密码管理部门联系"
            }
            Self::Institution => "由本机构核查完毕后，由设置人以外的业务管理员解除；请与本机构联系",
        }
    }

    /// The source of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.word() == word)
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Holder => "签名人",
            Self::Phone => "签名人来电",
            Self::Present => "签名人到场",
            Self::Unit => "所在单位",
            Self::Authority => "有权机关",
            Self::Regulator => "密码管理部门",
            Self::Institution => "本机构",
        }
    }
}

/// The reasons of RFC 5280 §5.3.1 that a ground may lead to.
const REASONS: [(&str, Reason); 7] = [
    ("keyCompromise", Reason::KeyCompromise),
    ("affiliationChanged", Reason::AffiliationChanged),
    ("superseded", Reason::Superseded),
    ("cessationOfOperation", Reason::CessationOfOperation),
    ("privilegeWithdrawn", Reason::PrivilegeWithdrawn),
    ("certificateHold", Reason::CertificateHold),
    ("removeFromCRL", Reason::RemoveFromCrl),
];

fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<Reason, D::Error> {
    let name = String::deserialize(from)?;
    let found = REASONS.iter().find(|(known, _)| *known == name);
    found.map(|(_, reason)| *reason).ok_or_else(|| serde::de::Error::custom("没有这个原因码"))
}

impl Ground {
    /// Whether it is a ground of the holder's for a service.
    #[must_use]
    pub fn is_for(&self, service: &str) -> bool {
        self.source == Source::Holder && self.services.iter().any(|name| name == service)
    }

    /// Whether others than the holder's application bring it for a service.
    #[must_use]
    pub fn is_brought_for(&self, service: &str) -> bool {
        self.source != Source::Holder && self.services.iter().any(|name| name == service)
    }

    /// Whether an administrator of the institution may order on it: what the holder asks for goes the
    /// holder's way.
    #[must_use]
    pub fn is_ordered_for(&self, service: &str) -> bool {
        let ordered = matches!(
            self.source,
            Source::Unit | Source::Authority | Source::Regulator | Source::Institution
        );
        ordered && self.is_brought_for(service)
    }

    /// Whether it lifts holds by two people, one who enters the document that lifts and one who reviews it:
    /// what courts and the administration order is not undone on one person's word.
    #[must_use]
    pub fn is_lifting(&self) -> bool {
        matches!(self.source, Source::Authority | Source::Regulator)
            && self.services.iter().any(|name| name == "resume")
    }

    /// The ground as every page and every letter tells it: with the reason that CRL and OCSP give,
    /// where that says more than that it is a hold.
    #[must_use]
    pub fn told(&self) -> String {
        match self.reason {
            Reason::CertificateHold | Reason::RemoveFromCrl => self.title.clone(),
            reason => format!("{}（原因：{}）", self.title, reason.chinese()),
        }
    }

    /// Whether the reason fits the service: a hold is a suspension and nothing else is.
    pub(super) fn fits(&self, service: &str) -> bool {
        match self.reason {
            Reason::CertificateHold => service == "suspend",
            Reason::RemoveFromCrl => service == "resume",
            _ => !matches!(service, "suspend" | "resume"),
        }
    }
}

/// The form of a kind for one service: with the holder's grounds where there are any, and in a change
/// of status without what is not needed to know the holder again (PIPL Art. 6).
pub(super) fn kind_for(kind: &Kind, service: &Service, grounds: &[Ground]) -> Kind {
    let mut kind = kind.clone();
    if !service.issues() {
        let asked = |name: &str| {
            let depends = |field: &Field| field.when.as_ref().is_some_and(|on| on.field == name);
            kind.fields.iter().any(|field| field.index.is_some() && depends(field))
        };
        let wanted: Vec<bool> =
            kind.fields.iter().map(|f| f.index.is_some() || asked(&f.name)).collect();
        let mut wanted = wanted.into_iter();
        kind.fields.retain(|_| wanted.next().unwrap_or(true));
        for field in &mut kind.fields {
            field.subject.clear();
        }
    }
    kind.materials.retain(|rule| rule.is_for(&service.name));
    let choices: Vec<Choice> = grounds
        .iter()
        .filter(|ground| ground.is_for(&service.name))
        .map(|ground| Choice { value: ground.name.clone(), title: ground.title.clone() })
        .collect();
    if let Some(first) = choices.first() {
        let sample = first.value.clone();
        kind.fields.insert(0, ground_field(service, sample, choices));
    }
    kind
}

fn ground_field(service: &Service, sample: String, choices: Vec<Choice>) -> Field {
    let help = match service.name.as_str() {
        _ if service.issues() => {
            "原证书在您领取新证书后撤销；密码设备遗失、被盗的，请先办理证书暂停。"
        }
        "revoke" => "请按实际情形选择；撤销原因公布在证书状态信息里，任何人都可以查询。",
        _ => "请按实际情形选择；证书状态信息里只公布是否暂停，不公布事由。",
    };
    Field {
        name: GROUND_FIELD.to_owned(),
        label: format!("{}的事由", service.title),
        help: help.to_owned(),
        kind: FieldKind::Choice,
        required: true,
        max: 64,
        personal: false,
        matter: None,
        subject: Vec::new(),
        index: None,
        choices,
        when: None,
        sample,
    }
}
