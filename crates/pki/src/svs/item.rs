//! One item of a certificate, by its number (GM/T 0006-2012 §5.3.4, table 8).
//!
//! The table has numbers and names, and no formats. Names, dates and numbers are given as text, as
//! deployed servers do; what the table calls DER, and the extensions, as DER.

use jiff::Timestamp;

use crate::ext::Extension;
use crate::strict::Writer;
use crate::{Certificate, Name, Oid, oid, time};

/// Netscape certificate type, which nobody issues any more.
const NETSCAPE_TYPE: Oid = Oid::new("2.16.840.1.113730.1.1");

macro_rules! items {
    ($($item:ident $number:literal $name:literal $chinese:literal,)*) => {
        /// An item of table 8.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Item {
            $(#[doc = $chinese] $item = $number,)*
        }

        impl Item {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$item,)*];

            /// Its name in the standard.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$item => $name,)* }
            }

            /// Its Chinese name.
            pub const fn chinese(self) -> &'static str {
                match self { $(Self::$item => $chinese,)* }
            }
        }
    };
}

items! {
    Version 0x01 "SGD_CERT_VERSION" "证书版本",
    Serial 0x02 "SGD_CERT_SERIAL" "证书序列号",
    Issuer 0x05 "SGD_CERT_ISSUER" "证书颁发者信息",
    ValidTime 0x06 "SGD_CERT_VALID_TIME" "证书有效期",
    Subject 0x07 "SGD_CERT_SUBJECT" "证书拥有者信息",
    PublicKey 0x08 "SGD_CERT_DER_PUBLIC_KEY" "证书公钥信息",
    Extensions 0x09 "SGD_CERT_DER_EXTENSIONS" "证书扩展项信息",
    AuthorityKey 0x11 "SGD_EXT_AUTHORITYKEYIDENTIFIER_INFO" "颁发者密钥标识符",
    SubjectKey 0x12 "SGD_EXT_SUBJECTKEYIDENTIFIER_INFO" "证书持有者密钥标识符",
    KeyUsage 0x13 "SGD_EXT_KEYUSAGE_INFO" "密钥用途",
    UsagePeriod 0x14 "SGD_EXT_PRIVATEKEYUSAGEPERIOD_INFO" "私钥有效期",
    Policies 0x15 "SGD_EXT_CERTIFICATEPOLICIES_INFO" "证书策略",
    PolicyMappings 0x16 "SGD_EXT_POLICYMAPPINGS_INFO" "策略映射",
    BasicConstraints 0x17 "SGD_EXT_BASICCONSTRAINTS_INFO" "基本限制",
    PolicyConstraints 0x18 "SGD_EXT_POLICYCONSTRAINTS_INFO" "策略限制",
    Purposes 0x19 "SGD_EXT_EXTKEYUSAGE_INFO" "扩展密钥用途",
    CrlPoints 0x1a "SGD_EXT_CRLDISTRIBUTIONPOINTS_INFO" "CRL 发布点",
    NetscapeType 0x1b "SGD_EXT_NETSCAPE_CERT_TYPE_INFO" "Netscape 属性",
    IssuerName 0x21 "SGD_CERT_ISSUER_CN" "证书颁发者 CN",
    IssuerOrganization 0x22 "SGD_CERT_ISSUER_O" "证书颁发者 O",
    IssuerUnit 0x23 "SGD_CERT_ISSUER_OU" "证书颁发者 OU",
    SubjectName 0x31 "SGD_CERT_SUBJECT_CN" "证书拥有者信息 CN",
    SubjectOrganization 0x32 "SGD_CERT_SUBJECT_O" "证书拥有者信息 O",
    SubjectUnit 0x33 "SGD_CERT_SUBJECT_OU" "证书拥有者信息 OU",
    SubjectEmail 0x34 "SGD_CERT_SUBJECT_EMAIL" "证书拥有者信息 EMAIL",
}

/// What a certificate says of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemValue {
    /// Text.
    Text(String),
    /// DER: a key, extensions, or the value of one.
    Der(Vec<u8>),
}

impl ItemValue {
    /// Its octets; text is UTF-8.
    pub fn octets(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Der(der) => der,
        }
    }
}

impl Item {
    /// The item with this number. Self-defined extensions (0x1C) have no number of their own and
    /// are no item here: they are asked for by their object identifier.
    pub fn of(number: u64) -> Option<Self> {
        Self::ALL.iter().copied().find(|item| u64::from(item.number()) == number)
    }

    /// Its number.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What the certificate says of it; `None` where it says nothing.
    pub fn of_certificate(self, certificate: &Certificate) -> Option<ItemValue> {
        let text = |text: String| Some(ItemValue::Text(text));
        match self {
            Self::Version => text(certificate.version().saturating_sub(1).to_string()),
            Self::Serial => text(certificate.serial().to_hex()),
            Self::Issuer => text(certificate.issuer().to_string()),
            Self::ValidTime => text(period(certificate.not_before(), certificate.not_after())),
            Self::Subject => text(certificate.subject().to_string()),
            Self::PublicKey => Some(ItemValue::Der(certificate.spki().der().to_vec())),
            Self::Extensions => extensions(certificate.extensions()),
            Self::IssuerName => of_name(certificate.issuer(), &oid::COMMON_NAME),
            Self::IssuerOrganization => of_name(certificate.issuer(), &oid::ORGANIZATION),
            Self::IssuerUnit => of_name(certificate.issuer(), &oid::ORGANIZATIONAL_UNIT),
            Self::SubjectName => of_name(certificate.subject(), &oid::COMMON_NAME),
            Self::SubjectOrganization => of_name(certificate.subject(), &oid::ORGANIZATION),
            Self::SubjectUnit => of_name(certificate.subject(), &oid::ORGANIZATIONAL_UNIT),
            Self::SubjectEmail => of_name(certificate.subject(), &oid::EMAIL_ADDRESS),
            _ => extension_of(certificate, &self.extension()?),
        }
    }

    /// The extension that it is about.
    const fn extension(self) -> Option<Oid> {
        Some(match self {
            Self::AuthorityKey => oid::AUTHORITY_KEY_IDENTIFIER,
            Self::SubjectKey => oid::SUBJECT_KEY_IDENTIFIER,
            Self::KeyUsage => oid::KEY_USAGE,
            Self::UsagePeriod => oid::PRIVATE_KEY_USAGE_PERIOD,
            Self::Policies => oid::CERTIFICATE_POLICIES,
            Self::PolicyMappings => oid::POLICY_MAPPINGS,
            Self::BasicConstraints => oid::BASIC_CONSTRAINTS,
            Self::PolicyConstraints => oid::POLICY_CONSTRAINTS,
            Self::Purposes => oid::EXTENDED_KEY_USAGE,
            Self::CrlPoints => oid::CRL_DISTRIBUTION_POINTS,
            Self::NetscapeType => NETSCAPE_TYPE,
            _ => return None,
        })
    }
}

/// The value of an extension, as it came.
fn extension_of(certificate: &Certificate, oid: &Oid) -> Option<ItemValue> {
    certificate.extension(oid).map(|extension| ItemValue::Der(extension.value.clone()))
}

fn extensions(all: &[Extension]) -> Option<ItemValue> {
    if all.is_empty() {
        return None;
    }
    let der = Writer::build(|w| w.sequence(|w| all.iter().for_each(|one| one.write(w))));
    Some(ItemValue::Der(der))
}

/// Both ends, as `YYYYMMDDhhmmssZ|YYYYMMDDhhmmssZ`.
fn period(from: Timestamp, to: Timestamp) -> String {
    format!("{}|{}", time::generalized_text(from), time::generalized_text(to))
}

/// All values of an attribute, from the greater to the smaller.
fn of_name(name: &Name, oid: &Oid) -> Option<ItemValue> {
    let of_type = name.attributes().filter(|attribute| attribute.oid == *oid);
    let values: Vec<&str> = of_type.filter_map(|attribute| attribute.text.as_deref()).collect();
    if values.is_empty() { None } else { Some(ItemValue::Text(values.join("/"))) }
}
