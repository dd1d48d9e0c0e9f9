//! What the registration data must agree with before anything is done by it.

use std::collections::BTreeSet;

use law::CivilDate;
use pki::profile::{AttributeKind, IdentityKind, Presence, Profile, ProfileSet, Role};

use super::ground::{CALL_HOLD, CALL_LAPSED, CALL_REJECTED, CALL_WITHDRAWN};
use super::text::PLACEHOLDERS;
use super::{AgreementTemplate, Catalogue, Field, FieldKind, Kind, Method, Service, Source, Step};
use crate::catalogue::SubjectPart;
use crate::error::Error;

/// What Measures Art. 21 wants of every application for a certificate, in its order.
const LEGAL_STEPS: [Step; 9] = [
    Step::Submit,
    Step::Acknowledge,
    Step::Proof,
    Step::Review,
    Step::Agree,
    Step::Request,
    Step::Issue,
    Step::Deliver,
    Step::Confirm,
];

/// A change of status of a certificate that exists: whoever wants it is proofed and examined too.
const STATUS_STEPS: [Step; 4] = [Step::Submit, Step::Proof, Step::Review, Step::CarryOut];

/// The subjects of the four notices (Measures Art. 21 ¶2).
const NOTICES: [&str; 4] = ["conditions", "liability", "information", "responsibility"];

/// The review of an application takes at most two working days (571).
const MOST_WORKING_DAYS: u16 = 2;

pub(super) fn all(catalogue: &Catalogue) -> Result<(), Error> {
    let profiles = ProfileSet::embedded()?;
    unique("证书类型", catalogue.kinds.iter().map(|kind| kind.name.as_str()))?;
    unique("业务事项", catalogue.services.list.iter().map(|service| service.name.as_str()))?;
    unique("核验方式", catalogue.methods.iter().map(|method| method.name.as_str()))?;
    unique("审核清单", catalogue.checklist.iter().map(|item| item.name.as_str()))?;
    catalogue.services.list.iter().try_for_each(service)?;
    catalogue.kinds.iter().try_for_each(|one| kind(one, &profiles))?;
    catalogue.methods.iter().try_for_each(|one| method(one, catalogue))?;
    grounds(catalogue)?;
    notices(catalogue)?;
    agreement(&catalogue.agreement)
}

/// Every ground has a reason that fits its services; every change of status, and every replacement
/// that ends a certificate, has a ground of the holder's (T-14).
fn grounds(catalogue: &Catalogue) -> Result<(), Error> {
    unique("事由", catalogue.grounds.iter().map(|ground| ground.name.as_str()))?;
    unique("不予受理情形", catalogue.declines.iter().map(|one| one.name.as_str()))?;
    for ground in &catalogue.grounds {
        let at = |what: &str| wrong(format!("事由“{}”：{what}", ground.title));
        for service in &ground.services {
            catalogue.service(service)?;
            if !ground.fits(service) {
                return Err(at("原因码与业务不符"));
            }
        }
        // A hold can be taken back, and is ordered on facts that are written down.
        let by_paper = !matches!(ground.source, Source::Holder | Source::Phone)
            && ground.is_brought_for("revoke");
        let by_paper = by_paper || ground.is_lifting();
        if by_paper == ground.evidence.is_empty() {
            return Err(at("由他人提出的撤销、有权机关的解除须有证据，签名人本人的由申请材料证明"));
        }
        unique("证据", ground.evidence.iter().map(|one| one.name.as_str()))?;
    }
    for (name, service) in [
        (CALL_HOLD, "suspend"),
        (CALL_REJECTED, "resume"),
        (CALL_LAPSED, "resume"),
        (CALL_WITHDRAWN, "resume"),
    ] {
        let found = catalogue.grounds.iter().find(|ground| ground.name == name);
        if !found.is_some_and(|ground| ground.is_brought_for(service)) {
            return Err(wrong(format!("缺少来电撤销的事由“{name}”")));
        }
    }
    for service in catalogue.services.list.iter().filter(|one| one.replaces) {
        let has = catalogue.grounds.iter().any(|ground| ground.is_for(&service.name));
        if has == (service.name == "renew") {
            return Err(wrong(format!("业务“{}”没有事由，或不应有事由", service.title)));
        }
    }
    Ok(())
}

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::Catalogue(what.to_string())
}

fn unique<'a>(what: &str, names: impl Iterator<Item = &'a str>) -> Result<(), Error> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(wrong(format!("{what}“{name}”出现两次")));
        }
    }
    Ok(())
}

/// No file can leave out a step of the law.
pub(super) fn service(service: &Service) -> Result<(), Error> {
    let steps: &[Step] = if service.issues() { &LEGAL_STEPS } else { &STATUS_STEPS };
    if service.steps != steps {
        return Err(wrong(format!("业务“{}”的环节与法定次序不符", service.title)));
    }
    if service.basis.is_empty() || !(1..=MOST_WORKING_DAYS).contains(&service.promised_working_days)
    {
        return Err(wrong(format!("业务“{}”缺少依据，或期限超过两个工作日", service.title)));
    }
    Ok(())
}

fn kind(kind: &Kind, profiles: &ProfileSet) -> Result<(), Error> {
    let at = |what: &str| wrong(format!("{}：{what}", kind.title));
    unique("字段", kind.fields.iter().map(|field| field.name.as_str()))?;
    unique("材料", kind.materials.iter().map(|rule| rule.name.as_str()))?;
    for (name, role) in [(&kind.sign_profile, Role::Sign), (&kind.enc_profile, Role::Enc)] {
        let profile = profiles.iter().find(|profile| profile.name() == name);
        let profile = profile.filter(|profile| profile.role() == role);
        subject(kind, profile.ok_or_else(|| at("没有所指的证书模板"))?)?;
    }
    if !(1..=3).contains(&kind.assurance) {
        return Err(at("核验等级应为一级至三级"));
    }
    kind.fields.iter().try_for_each(|one| field(kind, one))
}

fn field(kind: &Kind, field: &Field) -> Result<(), Error> {
    let at = |what: &str| wrong(format!("{}的“{}”：{what}", kind.title, field.label));
    if !field.subject.is_empty() && field.matter.is_none() {
        return Err(at("写入证书的要素必须核验（T-20）"));
    }
    if (field.kind == FieldKind::Choice) == field.choices.is_empty() {
        return Err(at("选项与字段种类不符"));
    }
    if let Some(when) = &field.when {
        let other = kind.field(&when.field).filter(|other| other.kind == FieldKind::Choice);
        let other = other.ok_or_else(|| at("所依赖的字段不存在或不是选项"))?;
        let known = |value: &String| other.choices.iter().any(|choice| choice.value == *value);
        if when.is.is_empty() || !when.is.iter().all(known) {
            return Err(at("所依赖的选项值不存在"));
        }
    }
    let sample = crate::rules::form::defects(field, &field.sample);
    if sample.is_empty() { Ok(()) } else { Err(at("示例不符合本字段的要求")) }
}

/// The form yields what the profile requires, and nothing that it forbids.
fn subject(kind: &Kind, profile: &Profile) -> Result<(), Error> {
    let at = |what: String| wrong(format!("{}与模板 {}：{what}", kind.title, profile.name()));
    let sources =
        |part: SubjectPart| kind.fields.iter().filter(move |field| field.subject.contains(&part));
    let document = profile.document();
    for (part, attribute) in [
        (SubjectPart::CommonName, AttributeKind::CN),
        (SubjectPart::Organization, AttributeKind::O),
        (SubjectPart::Unit, AttributeKind::OU),
        (SubjectPart::State, AttributeKind::S),
        (SubjectPart::Locality, AttributeKind::L),
    ] {
        let rule = document.subject.iter().find(|rule| rule.attribute == attribute);
        let presence = rule.map_or(Presence::None, |rule| rule.presence);
        agrees(presence, sources(part).collect()).map_err(|why| at(format!("{part:?} {why}")))?;
    }
    let names = document.alternative_names;
    for (part, presence) in [
        (SubjectPart::Domain, names.dns),
        (SubjectPart::Address, names.ip),
        (SubjectPart::Email, names.email),
        (SubjectPart::IdentifyCode, identity(profile, IdentityKind::IdentifyCode)),
        (SubjectPart::CreditCode, identity(profile, IdentityKind::CreditCode)),
    ] {
        agrees(presence, sources(part).collect()).map_err(|why| at(format!("{part:?} {why}")))?;
    }
    Ok(())
}

fn identity(profile: &Profile, kind: IdentityKind) -> Presence {
    let rule = profile.document().identity.iter().find(|rule| rule.kind == kind);
    rule.map_or(Presence::None, |rule| rule.presence)
}

fn agrees(presence: Presence, sources: Vec<&Field>) -> Result<(), &'static str> {
    match presence {
        Presence::Required if !sources.iter().any(|field| field.required) => {
            Err("模板必有，而申请表没有必填字段")
        }
        Presence::None if !sources.is_empty() => Err("模板没有，而申请表有"),
        _ => Ok(()),
    }
}

/// A method for a kind can prove all that this kind's form states.
fn method(method: &Method, catalogue: &Catalogue) -> Result<(), Error> {
    let at = |what: String| wrong(format!("核验方式“{}”：{what}", method.title));
    unique("核验手段", method.means.iter().map(|means| means.name.as_str()))?;
    for name in &method.services {
        catalogue.service(name)?;
    }
    for name in &method.kinds {
        let kind = catalogue.kind(name)?;
        for field in &kind.fields {
            let Some(matter) = field.matter else { continue };
            if !method.means.iter().any(|means| means.proves.contains(&matter)) {
                return Err(at(format!("不能证明{}的“{}”", kind.title, field.label)));
            }
        }
    }
    Ok(())
}

fn notices(catalogue: &Catalogue) -> Result<(), Error> {
    let names: Vec<&str> = catalogue.notices.iter().map(|notice| notice.name.as_str()).collect();
    if names != NOTICES {
        return Err(wrong("告知事项应恰为第二十一条所列四项"));
    }
    for notice in &catalogue.notices {
        let days: Vec<CivilDate> = notice.versions.iter().map(|one| one.effective).collect();
        let empty = notice.versions.iter().any(|version| version.paragraphs.is_empty());
        unique("告知版本", notice.versions.iter().map(|version| version.number.as_str()))?;
        ordered(&notice.title, &days)?;
        if empty {
            return Err(wrong(format!("告知“{}”有空白版本", notice.title)));
        }
    }
    Ok(())
}

fn ordered(title: &str, days: &[CivilDate]) -> Result<(), Error> {
    let rising = days.windows(2).all(|pair| matches!(pair, [a, b] if a < b));
    if days.is_empty() || !rising {
        return Err(wrong(format!("“{title}”没有版本，或版本未按生效日期排列")));
    }
    Ok(())
}

/// The party is the institution, in every version, and no place is left open (Measures Art. 27).
pub(super) fn agreement(template: &AgreementTemplate) -> Result<(), Error> {
    let days: Vec<CivilDate> = template.versions.iter().map(|one| one.effective).collect();
    ordered(&template.title, &days)?;
    for version in &template.versions {
        for line in version.lines() {
            for place in line.split('{').skip(1) {
                let name = place.split('}').next().unwrap_or_default();
                if !PLACEHOLDERS.contains(&name) {
                    return Err(wrong(format!("协议文本有未知的填入处“{name}”")));
                }
            }
        }
        let names_party = |place: &str| version.preamble.iter().any(|line| line.contains(place));
        if !names_party("{institution}") || !names_party("{holder}") || version.sections.len() < 2 {
            return Err(wrong("协议文本没有写明双方当事人"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
