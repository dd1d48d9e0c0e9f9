//! The shape of a profile file. Unknown fields are refused.

use serde::{Deserialize, Serialize};

use crate::oid::{self, Oid};
use crate::strict::Tag;

/// Kind of holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 个人.
    Person,
    /// 机构人员: an official of a unit.
    Staff,
    /// 机构.
    Unit,
    /// 设备.
    Device,
    /// 服务器.
    Server,
    /// OCSP responder.
    Ocsp,
    /// Time-stamp authority.
    Tsa,
    /// CA below a root.
    Subca,
    /// One root key certified by another of the same name (RFC 4210 §4.4).
    Link,
    /// Self-signed root.
    Root,
}

impl Kind {
    /// The word of profile files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Staff => "staff",
            Self::Unit => "unit",
            Self::Device => "device",
            Self::Server => "server",
            Self::Ocsp => "ocsp",
            Self::Tsa => "tsa",
            Self::Subca => "subca",
            Self::Link => "link",
            Self::Root => "root",
        }
    }

    /// Whether the holder signs certificates.
    #[must_use]
    pub const fn is_ca(self) -> bool {
        matches!(self, Self::Root | Self::Subca | Self::Link)
    }

    /// Whether the holder is a subscriber with a pair of certificates.
    #[must_use]
    pub const fn is_subscriber(self) -> bool {
        matches!(self, Self::Person | Self::Staff | Self::Unit | Self::Device | Self::Server)
    }
}

/// Place in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// 签名证书.
    Sign,
    /// 加密证书.
    Enc,
    /// Stands alone.
    Single,
}

/// Whether an item must, may or must not be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// Must.
    Required,
    /// May.
    Optional,
    /// Must not.
    #[default]
    None,
}

/// Parameters of the signature algorithm: both forms occur in the field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignatureParameters {
    /// Left out.
    Absent,
    /// NULL, as the national root writes.
    Null,
}

/// Attributes that a subject may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum AttributeKind {
    /// Country.
    C,
    /// State or province.
    S,
    /// Locality.
    L,
    /// Organization.
    O,
    /// Organizational units, largest first.
    OU,
    /// Mail address.
    E,
    /// Common name.
    CN,
}

impl AttributeKind {
    /// Attribute type.
    #[must_use]
    pub const fn oid(self) -> Oid {
        match self {
            Self::C => oid::COUNTRY,
            Self::S => oid::STATE,
            Self::L => oid::LOCALITY,
            Self::O => oid::ORGANIZATION,
            Self::OU => oid::ORGANIZATIONAL_UNIT,
            Self::E => oid::EMAIL_ADDRESS,
            Self::CN => oid::COMMON_NAME,
        }
    }
}

/// String types of GM/T 0043 §6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StringType {
    /// PrintableString.
    Printable,
    /// IA5String.
    Ia5,
    /// UTF8String.
    Utf8,
}

impl StringType {
    /// Tag of the type.
    #[must_use]
    pub const fn tag(self) -> Tag {
        match self {
            Self::Printable => Tag::PRINTABLE_STRING,
            Self::Ia5 => Tag::IA5_STRING,
            Self::Utf8 => Tag::UTF8_STRING,
        }
    }
}

/// One attribute of the subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeRule {
    /// Which.
    pub attribute: AttributeKind,
    /// Must or may it be there.
    pub presence: Presence,
    /// Its string type.
    pub string: StringType,
    /// Longest text, in characters.
    pub max: usize,
}

/// Validity in days of 86,400 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// When nothing else is asked for.
    pub default_days: u32,
    /// At most.
    pub max_days: u32,
}

/// Serial numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SerialRule {
    /// Random bits.
    pub random_bits: u32,
}

/// Signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureRule {
    /// Parameters of SM2-with-SM3.
    pub parameters: SignatureParameters,
}

/// keyUsage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyUsageRule {
    /// Criticality.
    pub critical: bool,
    /// Names of the standard.
    pub usages: Vec<String>,
}

/// extKeyUsage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PurposesRule {
    /// Criticality.
    pub critical: bool,
    /// Dotted OIDs.
    pub purposes: Vec<String>,
}

/// basicConstraints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BasicConstraintsRule {
    /// Criticality.
    pub critical: bool,
    /// Whether the holder is a CA.
    pub ca: bool,
    /// CAs that may follow.
    pub path_len: Option<u32>,
}

/// nameConstraints.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NameConstraintsRule {
    /// Criticality.
    pub critical: bool,
    /// Country that every subject below must lie in.
    pub permitted_country: String,
}

/// Key identifiers: `sha1-of-point` is method 1 of RFC 5280 §4.2.1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyIdentifiersRule {
    /// subjectKeyIdentifier.
    pub subject: KeyIdentifierMethod,
    /// authorityKeyIdentifier, by key identifier.
    pub authority: Presence,
}

/// How a key identifier is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeyIdentifierMethod {
    /// SHA-1 over the octets of the point.
    Sha1OfPoint,
}

/// cRLDistributionPoints and freshestCRL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ExtensionPresence {
    /// cRLDistributionPoints.
    pub distribution_points: Presence,
    /// freshestCRL, where the institution publishes delta CRLs.
    pub freshest: Presence,
}

/// authorityInfoAccess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AccessRules {
    /// OCSP.
    pub ocsp: Presence,
    /// Certificates of the issuer.
    pub ca_issuers: Presence,
}

/// One certificate policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyRule {
    /// Dotted OID.
    pub oid: String,
    /// Address of the CPS.
    pub cps: Presence,
}

/// What an identity extension holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum IdentityKind {
    /// 个人身份标识码: identity card, officer's card or passport.
    IdentifyCode,
    /// 统一社会信用代码 in the extension of the organisation code.
    CreditCode,
    /// 社会保险号.
    SocialInsurance,
    /// 企业工商注册号.
    BusinessRegistration,
    /// 税号.
    Taxation,
}

/// One identity extension of GM/T 0015. The OID is data: editions differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityRule {
    /// What it holds.
    pub kind: IdentityKind,
    /// Dotted OID.
    pub oid: String,
    /// Must or may it be there.
    pub presence: Presence,
    /// String type; without effect on `identify-code`, which fixes its own.
    pub string: StringType,
}

/// subjectAltName.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AlternativeNames {
    /// Domain names.
    pub dns: Presence,
    /// IP addresses.
    pub ip: Presence,
    /// Mail address.
    pub email: Presence,
}

/// A profile file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Name, by which others refer to it.
    pub name: String,
    /// Chinese title.
    pub title: String,
    /// Kind of holder.
    pub kind: Kind,
    /// Place in a pair.
    pub role: Role,
    /// Name of the other profile of the pair.
    pub pair: Option<String>,
    /// Clauses it rests on.
    pub basis: Vec<String>,
    /// Days.
    pub validity: Validity,
    /// Serial numbers.
    pub serial: SerialRule,
    /// Signature algorithm.
    pub signature: SignatureRule,
    /// Attributes of the subject, in DER order.
    pub subject: Vec<AttributeRule>,
    /// keyUsage.
    pub key_usage: KeyUsageRule,
    /// extKeyUsage.
    pub extended_key_usage: Option<PurposesRule>,
    /// basicConstraints.
    pub basic_constraints: Option<BasicConstraintsRule>,
    /// nameConstraints.
    pub name_constraints: Option<NameConstraintsRule>,
    /// Key identifiers.
    pub key_identifiers: KeyIdentifiersRule,
    /// CRL addresses.
    #[serde(default)]
    pub crl: ExtensionPresence,
    /// Access to the issuer.
    #[serde(default)]
    pub access: AccessRules,
    /// Certificate policies.
    #[serde(default)]
    pub policy: Vec<PolicyRule>,
    /// Identity extensions.
    #[serde(default)]
    pub identity: Vec<IdentityRule>,
    /// subjectAltName.
    #[serde(default)]
    pub alternative_names: AlternativeNames,
    /// ocsp-nocheck.
    #[serde(default)]
    pub ocsp_nocheck: bool,
}
