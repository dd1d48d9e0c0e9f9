//! Who the certificate is for: the subject's name, its alternative names and
//! its identity extensions, each as the profile wants them.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::Refusal;
use crate::certificate::Certificate;
use crate::error::Error;
use crate::ext::{
    Extension, GeneralName, IdentifyCode, SubjectAltName, TypedExtension, identity_text,
};
use crate::ident::{CreditCode, DocumentNumber, IdNumber, OfficerNumber};
use crate::name::{Name, check_text};
use crate::oid::{self, Oid};
use crate::profile::{
    AttributeKind, AttributeRule, Document, IdentityKind, IdentityRule, Presence, Profile,
};
use crate::strict::{Tag, Writer};

/// An identifier that goes into an extension of GM/T 0015.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Identifier {
    /// 公民身份号码.
    IdNumber(IdNumber),
    /// 军官证号.
    MilitaryOfficer(OfficerNumber),
    /// 护照号.
    Passport(DocumentNumber),
    /// 统一社会信用代码.
    CreditCode(CreditCode),
    /// 社会保险号.
    SocialInsurance(DocumentNumber),
    /// 企业工商注册号.
    BusinessRegistration(DocumentNumber),
    /// 税号.
    Taxation(DocumentNumber),
}

/// The subject as proofed. Nothing here comes unseen from a request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubjectInput {
    /// Two capital letters.
    pub country: String,
    /// Province.
    pub state: Option<String>,
    /// City.
    pub locality: Option<String>,
    /// Unit.
    pub organization: Option<String>,
    /// Departments, largest first.
    pub units: Vec<String>,
    /// Name of the holder.
    pub common_name: String,
    /// Mail address.
    pub email: Option<String>,
    /// Domain names.
    pub dns_names: Vec<String>,
    /// IP addresses.
    pub ip_addresses: Vec<IpAddr>,
    /// Identifiers.
    pub identifiers: Vec<Identifier>,
}

impl Default for SubjectInput {
    fn default() -> Self {
        Self {
            country: "CN".to_owned(),
            state: None,
            locality: None,
            organization: None,
            units: Vec::new(),
            common_name: String::new(),
            email: None,
            dns_names: Vec::new(),
            ip_addresses: Vec::new(),
            identifiers: Vec::new(),
        }
    }
}

impl Identifier {
    const fn kind(&self) -> IdentityKind {
        match self {
            Self::IdNumber(_) | Self::MilitaryOfficer(_) | Self::Passport(_) => {
                IdentityKind::IdentifyCode
            }
            Self::CreditCode(_) => IdentityKind::CreditCode,
            Self::SocialInsurance(_) => IdentityKind::SocialInsurance,
            Self::BusinessRegistration(_) => IdentityKind::BusinessRegistration,
            Self::Taxation(_) => IdentityKind::Taxation,
        }
    }

    fn write(&self, w: &mut Writer, tag: Tag) {
        match self {
            Self::IdNumber(number) => {
                IdentifyCode::ResidentCard(number.as_str().to_owned()).write(w)
            }
            Self::MilitaryOfficer(number) => {
                IdentifyCode::MilitaryOfficerCard(number.as_str().to_owned()).write(w)
            }
            Self::Passport(number) => IdentifyCode::Passport(number.as_str().to_owned()).write(w),
            Self::CreditCode(code) => w.tlv(tag, code.as_str().as_bytes()),
            Self::SocialInsurance(number)
            | Self::BusinessRegistration(number)
            | Self::Taxation(number) => {
                w.tlv(tag, number.as_str().as_bytes());
            }
        }
    }
}

fn ip_address(octets: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(octets).map(IpAddr::from)).ok()
}

/// The identifier in an extension of GM/T 0015, if it is one.
fn identifier(extension: &Extension) -> Result<Option<Identifier>, Error> {
    if extension.oid == oid::IDENTIFY_CODE {
        return Ok(Some(match IdentifyCode::parse(&extension.value)? {
            IdentifyCode::ResidentCard(text) => Identifier::IdNumber(IdNumber::parse(&text)?),
            IdentifyCode::MilitaryOfficerCard(text) => {
                Identifier::MilitaryOfficer(OfficerNumber::parse(&text)?)
            }
            IdentifyCode::Passport(text) => Identifier::Passport(DocumentNumber::parse(&text)?),
        }));
    }
    let Some(text) = identity_text(&extension.value) else {
        return Ok(None);
    };
    Ok(match extension.oid {
        oid::ORGANIZATION_CODE => Some(Identifier::CreditCode(CreditCode::parse(&text)?)),
        oid::INSURANCE_NUMBER => Some(Identifier::SocialInsurance(DocumentNumber::parse(&text)?)),
        oid::IC_REGISTRATION_NUMBER => {
            Some(Identifier::BusinessRegistration(DocumentNumber::parse(&text)?))
        }
        oid::TAXATION_NUMBER => Some(Identifier::Taxation(DocumentNumber::parse(&text)?)),
        _ => None,
    })
}

impl SubjectInput {
    /// A subject of a name only.
    #[must_use]
    pub fn named(common_name: impl Into<String>) -> Self {
        Self { common_name: common_name.into(), ..Self::default() }
    }

    /// The wishes of a request, for a clerk to check: its name taken apart.
    /// Attributes that no profile knows are left out.
    #[must_use]
    pub fn from_name(name: &Name) -> Self {
        let text = |oid: &Oid| name.text_of(oid).map(str::to_owned);
        let units = name.attributes().filter(|attribute| attribute.oid == oid::ORGANIZATIONAL_UNIT);
        Self {
            country: text(&oid::COUNTRY).unwrap_or_else(|| "CN".to_owned()),
            state: text(&oid::STATE),
            locality: text(&oid::LOCALITY),
            organization: text(&oid::ORGANIZATION),
            units: units.filter_map(|unit| unit.text.clone()).collect(),
            common_name: text(&oid::COMMON_NAME).unwrap_or_default(),
            email: text(&oid::EMAIL_ADDRESS),
            ..Self::default()
        }
    }

    /// The subject of a certificate of ours: name, alternative names, identifiers.
    ///
    /// # Errors
    /// When an identifier in it is not what its extension says.
    pub fn from_certificate(certificate: &Certificate) -> Result<Self, Error> {
        let mut subject = Self::from_name(certificate.subject());
        for name in certificate.san().map(|san| san.0).unwrap_or_default() {
            match name {
                GeneralName::Dns(name) => subject.dns_names.push(name),
                GeneralName::Email(mail) if subject.email.is_none() => subject.email = Some(mail),
                GeneralName::Ip(octets) => subject.ip_addresses.extend(ip_address(&octets)),
                _ => {}
            }
        }
        for extension in certificate.extensions() {
            subject.identifiers.extend(identifier(extension)?);
        }
        Ok(subject)
    }

    /// Holds the subject against a profile before there is a key: whoever enters an application
    /// is told at once what could not stand in the certificate.
    ///
    /// # Errors
    /// The first item that the profile refuses.
    pub fn check(&self, profile: &Profile) -> Result<(), Error> {
        let document = profile.document();
        name(document, self)?;
        alternative_names(document, self)?;
        identity(document, self).map(drop)
    }

    fn values(&self, kind: AttributeKind) -> Vec<&str> {
        match kind {
            AttributeKind::C => vec![self.country.as_str()],
            AttributeKind::S => self.state.as_deref().into_iter().collect(),
            AttributeKind::L => self.locality.as_deref().into_iter().collect(),
            AttributeKind::O => self.organization.as_deref().into_iter().collect(),
            AttributeKind::OU => self.units.iter().map(String::as_str).collect(),
            AttributeKind::E => self.email.as_deref().into_iter().collect(),
            AttributeKind::CN => vec![self.common_name.as_str()],
        }
    }
}

/// The subject's name, in the order and string types of the profile.
pub(super) fn name(document: &Document, subject: &SubjectInput) -> Result<Name, Error> {
    for kind in [AttributeKind::S, AttributeKind::L, AttributeKind::O, AttributeKind::OU] {
        let known = document
            .subject
            .iter()
            .any(|rule| rule.attribute == kind && rule.presence != Presence::None);
        if !known && !subject.values(kind).is_empty() {
            return Err(Refusal::SubjectUnexpected.at(format!("{kind:?}")));
        }
    }
    let mut attributes = Vec::new();
    for rule in &document.subject {
        for text in values(rule, subject)? {
            attributes.push((rule.attribute.oid(), rule.string.tag(), text));
        }
    }
    let name = Name::from_attributes(attributes);
    name.check_bounds().map_err(|defect| Refusal::SubjectText.at(defect.to_string()))?;
    Ok(name)
}

fn values<'a>(rule: &AttributeRule, subject: &'a SubjectInput) -> Result<Vec<&'a str>, Error> {
    let item = format!("{:?}", rule.attribute);
    if rule.presence == Presence::None {
        return Ok(Vec::new());
    }
    let values = subject.values(rule.attribute);
    if rule.presence == Presence::Required && values.iter().all(|text| text.is_empty()) {
        return Err(Refusal::SubjectMissing.at(item));
    }
    for text in &values {
        check_text(&rule.attribute.oid(), text)
            .map_err(|defect| Refusal::SubjectText.at(format!("{item}：{defect}")))?;
        if text.chars().count() > rule.max || text.trim() != *text {
            return Err(
                Refusal::SubjectText.at(format!("{item}：首尾不应有空格，最多 {} 字", rule.max))
            );
        }
    }
    Ok(values)
}

/// subjectAltName; critical never, since our subjects are never empty.
pub(super) fn alternative_names(
    document: &Document,
    subject: &SubjectInput,
) -> Result<Option<Extension>, Error> {
    let rules = document.alternative_names;
    let in_name = document
        .subject
        .iter()
        .any(|rule| rule.attribute == AttributeKind::E && rule.presence != Presence::None);
    held(rules.dns, "dns_names", subject.dns_names.len())?;
    held(rules.ip, "ip_addresses", subject.ip_addresses.len())?;
    if !in_name {
        held(rules.email, "email", usize::from(subject.email.is_some()))?;
    }
    let mut names = Vec::new();
    for name in &subject.dns_names {
        if !is_domain(name) {
            return Err(Refusal::DomainName.at(name.as_str()));
        }
        names.push(GeneralName::Dns(name.clone()));
    }
    names.extend(subject.ip_addresses.iter().map(|address| GeneralName::Ip(octets(address))));
    if let Some(email) = subject.email.as_ref().filter(|_| rules.email != Presence::None) {
        if !is_mailbox(email) {
            return Err(Refusal::EmailAddress.at(email.as_str()));
        }
        names.push(GeneralName::Email(email.clone()));
    }
    Ok(if names.is_empty() { None } else { Some(SubjectAltName(names).to_extension(false)) })
}

/// Identity extensions (GM/T 0015), never critical.
pub(super) fn identity(
    document: &Document,
    subject: &SubjectInput,
) -> Result<Vec<Extension>, Error> {
    let wanted = |kind: IdentityKind| {
        document.identity.iter().find(|rule| rule.kind == kind && rule.presence != Presence::None)
    };
    for (at, identifier) in subject.identifiers.iter().enumerate() {
        let twice =
            subject.identifiers.iter().take(at).any(|earlier| earlier.kind() == identifier.kind());
        if twice || wanted(identifier.kind()).is_none() {
            return Err(Refusal::SubjectUnexpected.at(format!("{:?}", identifier.kind())));
        }
    }
    let mut extensions = Vec::new();
    for rule in &document.identity {
        let found = subject.identifiers.iter().find(|identifier| identifier.kind() == rule.kind);
        match found {
            Some(identifier) => extensions.push(identity_extension(rule, identifier)?),
            None => held(rule.presence, &format!("{:?}", rule.kind), 0)?,
        }
    }
    Ok(extensions)
}

fn identity_extension(rule: &IdentityRule, identifier: &Identifier) -> Result<Extension, Error> {
    let oid = Oid::parse(&rule.oid).ok_or(Error::Internal("身份扩展项标识"))?;
    let value = Writer::build(|w| identifier.write(w, rule.string.tag()));
    Ok(Extension { oid, critical: false, value })
}

fn held(presence: Presence, item: &str, count: usize) -> Result<(), Error> {
    match (presence, count) {
        (Presence::Required, 0) => Err(Refusal::SubjectMissing.at(item)),
        (Presence::None, 1..) => Err(Refusal::SubjectUnexpected.at(item)),
        _ => Ok(()),
    }
}

/// RFC 1034 §3.5 labels, lower or upper case, one leading wildcard label;
/// international names in their ASCII form.
#[must_use]
pub fn is_domain(name: &str) -> bool {
    let bare = name.strip_prefix("*.").unwrap_or(name);
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let last_is_name =
        bare.rsplit('.').next().is_some_and(|last| last.bytes().any(|b| b.is_ascii_alphabetic()));
    name.len() <= 253 && bare.contains('.') && bare.split('.').all(label) && last_is_name
}

/// RFC 5321 Mailbox in its plain form.
#[must_use]
pub fn is_mailbox(address: &str) -> bool {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return false;
    };
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    let dots = !local.starts_with('.') && !local.ends_with('.') && !local.contains("..");
    (1..=64).contains(&local.len())
        && local.bytes().all(plain)
        && dots
        && is_domain(domain)
        && !domain.starts_with('*')
}

fn octets(address: &IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domain_names_and_mail_addresses_are_held_to_their_form() {
        for good in ["zwfw.example.gov.cn", "*.example.cn", "xn--fiq228c.cn"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in
            ["localhost", "a..cn", "-a.cn", "1.2.3.4", "*.*.cn", "政务.cn", "a_b.cn", "a.cn."]
        {
            assert!(!is_domain(bad), "{bad}");
        }
        assert!(is_mailbox("zhang.san@example.gov.cn"));
        for bad in ["@a.cn", "a@", "a b@c.cn", "a@b@", ".a@c.cn", "张三@c.cn", "a@*.c.cn"] {
            assert!(!is_mailbox(bad), "{bad}");
        }
    }

    #[test]
    fn input_with_a_wrong_identifier_does_not_deserialize() {
        let good = r#"{"common_name":"张三","identifiers":[{"kind":"id_number","value":"11010519491231002X"}]}"#;
        assert!(serde_json::from_str::<SubjectInput>(good).is_ok());
        let bad = good.replace("002X", "0021");
        assert!(
            serde_json::from_str::<SubjectInput>(&bad).unwrap_err().to_string().contains("校验码")
        );
    }
}
