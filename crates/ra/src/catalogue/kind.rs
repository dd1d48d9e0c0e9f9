//! Kinds of certificates as applicants see them: form, materials, profiles, least assurance.

use serde::{Deserialize, Serialize};

/// A kind of certificate: `registration/kinds/*.toml`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    /// `person`, `staff`, `unit`, `device`, `server`; the same name as in the orders of `app`.
    pub name: String,
    /// Its Chinese name.
    pub title: String,
    /// Whom it is for, in one sentence.
    pub summary: String,
    /// Profile of the signing certificate.
    pub sign_profile: String,
    /// Profile of the encryption certificate.
    pub enc_profile: String,
    /// The least level of a proofing method.
    pub assurance: u8,
    /// The form, in order.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// The list of materials.
    #[serde(rename = "material")]
    pub materials: Vec<MaterialRule>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Name in the form.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// How to fill it in.
    pub help: String,
    /// What its value must be.
    pub kind: FieldKind,
    /// Whether it must be filled in (where [`Field::when`] holds).
    #[serde(default)]
    pub required: bool,
    /// Most characters of a text, most lines of a list.
    #[serde(default = "default_max")]
    pub max: usize,
    /// Personal data: masked where it is shown.
    #[serde(default)]
    pub personal: bool,
    /// What has to be proofed about it: each such value needs one row of evidence (T-18).
    #[serde(default)]
    pub matter: Option<Matter>,
    /// Where it goes in the certificate.
    #[serde(default)]
    pub subject: Vec<SubjectPart>,
    /// Under which name it can be searched.
    #[serde(default)]
    pub index: Option<SearchField>,
    /// The values of a choice.
    #[serde(default)]
    pub choices: Vec<Choice>,
    /// Asked only if another field has one of these values.
    #[serde(default)]
    pub when: Option<When>,
    /// A made-up example for the sample form.
    pub sample: String,
}

fn default_max() -> usize {
    64
}

/// One value of a choice.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// In the form.
    pub value: String,
    /// On the page.
    pub title: String,
}

/// On which choice a field depends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The field of the choice.
    pub field: String,
    /// Its values.
    pub is: Vec<String>,
}

/// What a value must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// A person's name.
    Name,
    /// The name of a unit, a department, a device.
    UnitName,
    /// One line of text.
    Text,
    /// 公民身份号码 (GB 11643).
    IdNumber,
    /// 护照号码.
    Passport,
    /// 军官证号码.
    OfficerNumber,
    /// 统一社会信用代码 (GB 32100).
    CreditCode,
    /// A mobile telephone number of the mainland.
    Phone,
    /// A mail address.
    Email,
    /// Domain names, one a line.
    Domains,
    /// IP addresses, one a line.
    Addresses,
    /// One of [`Field::choices`].
    Choice,
}

impl FieldKind {
    /// Whether a value holds several, one a line.
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(self, Self::Domains | Self::Addresses)
    }
}

/// What is proofed about a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matter {
    /// Who the holder is.
    Person,
    /// Who acts for the unit, and that the unit sent him.
    Agent,
    /// Which unit.
    Unit,
    /// Department and position.
    Post,
    /// Where.
    Place,
    /// That the telephone is the applicant's.
    Phone,
    /// That the mailbox is the applicant's.
    Mailbox,
    /// That the domain is the unit's.
    Domain,
    /// That the address is the unit's.
    Address,
    /// That the device is the unit's.
    Device,
}

/// A place in the certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SubjectPart {
    /// commonName.
    #[serde(rename = "CN")]
    CommonName,
    /// organizationName.
    #[serde(rename = "O")]
    Organization,
    /// organizationalUnitName.
    #[serde(rename = "OU")]
    Unit,
    /// stateOrProvinceName.
    #[serde(rename = "S")]
    State,
    /// localityName.
    #[serde(rename = "L")]
    Locality,
    /// Mail address.
    #[serde(rename = "E")]
    Email,
    /// dNSName.
    #[serde(rename = "DNS")]
    Domain,
    /// iPAddress.
    #[serde(rename = "IP")]
    Address,
    /// identifyCode of GM/T 0015: only if the applicant wants it shown.
    #[serde(rename = "identify-code")]
    IdentifyCode,
    /// organizationCode of GM/T 0015.
    #[serde(rename = "credit-code")]
    CreditCode,
}

impl SubjectPart {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::CommonName,
        Self::Organization,
        Self::Unit,
        Self::State,
        Self::Locality,
        Self::Email,
        Self::Domain,
        Self::Address,
        Self::IdentifyCode,
        Self::CreditCode,
    ];

    /// The stable word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::CommonName => "CN",
            Self::Organization => "O",
            Self::Unit => "OU",
            Self::State => "S",
            Self::Locality => "L",
            Self::Email => "E",
            Self::Domain => "DNS",
            Self::Address => "IP",
            Self::IdentifyCode => "identify-code",
            Self::CreditCode => "credit-code",
        }
    }

    /// The name for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::CommonName => "名称（CN）",
            Self::Organization => "单位（O）",
            Self::Unit => "部门（OU）",
            Self::State => "省（S）",
            Self::Locality => "市（L）",
            Self::Email => "电子邮箱",
            Self::Domain => "域名",
            Self::Address => "IP 地址",
            Self::IdentifyCode => "证件号码",
            Self::CreditCode => "统一社会信用代码",
        }
    }
}

/// Under what an application can be found, by blind index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SearchField {
    /// A person's name.
    Name,
    /// A number of an identity document.
    IdNumber,
    /// A unit's name.
    UnitName,
    /// 统一社会信用代码.
    CreditCode,
    /// A telephone number.
    Phone,
}

impl SearchField {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Name, Self::IdNumber, Self::UnitName, Self::CreditCode, Self::Phone];

    /// The word in the database.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::IdNumber => "id_number",
            Self::UnitName => "unit_name",
            Self::CreditCode => "credit_code",
            Self::Phone => "phone",
        }
    }

    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Name => "姓名",
            Self::IdNumber => "证件号码",
            Self::UnitName => "单位名称",
            Self::CreditCode => "统一社会信用代码",
            Self::Phone => "手机号码",
        }
    }
}

/// One entry of the list of materials.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialRule {
    /// Name in the application.
    pub name: String,
    /// What it is called.
    pub title: String,
    /// 原件 or 复印件.
    pub form: MaterialForm,
    /// How many.
    pub copies: u8,
    /// Whether an application without it is incomplete.
    #[serde(default)]
    pub required: bool,
    /// Under which condition it need not be handed in (免交).
    #[serde(default)]
    pub exempt: Option<String>,
    /// What to mind.
    pub note: String,
    /// For which services; empty: all.
    #[serde(default)]
    pub services: Vec<String>,
}

impl MaterialRule {
    /// Whether a service asks for it.
    #[must_use]
    pub fn is_for(&self, service: &str) -> bool {
        self.services.is_empty() || self.services.iter().any(|name| name == service)
    }
}

/// Original or copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaterialForm {
    /// 原件.
    Original,
    /// 复印件.
    Copy,
}

impl MaterialForm {
    /// The word for people.
    #[must_use]
    pub const fn chinese(self) -> &'static str {
        match self {
            Self::Original => "原件",
            Self::Copy => "复印件",
        }
    }
}

impl Kind {
    /// The field of this name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The entry of the list of materials.
    #[must_use]
    pub fn material(&self, name: &str) -> Option<&MaterialRule> {
        self.materials.iter().find(|rule| rule.name == name)
    }
}

impl Field {
    /// The title of a value of a choice; otherwise the value.
    #[must_use]
    pub fn shown<'a>(&'a self, value: &'a str) -> &'a str {
        let choice = self.choices.iter().find(|choice| choice.value == value);
        choice.map_or(value, |choice| choice.title.as_str())
    }
}
