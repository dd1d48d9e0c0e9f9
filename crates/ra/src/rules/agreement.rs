//! The text of the agreement, and whether it was signed (Measures Art. 21 ¶4, Art. 27 ¶3).

use std::collections::BTreeMap;

use gm::{PublicKey, Signature, UserId};
use law::CivilDate;

use crate::catalogue::{AgreementTemplate, AgreementVersion, Kind, SearchField, Service};
use crate::error::{Error, Refusal};
use crate::model::{AgreementLine, AgreementText, Application, Form, Institution};

/// Makes the text. The party is the institution, whichever office took the application (check C27-3).
pub(crate) fn text(
    template: &AgreementTemplate,
    (application, kind, service): (&Application, &Kind, &Service),
    form: &Form,
    institution: &Institution,
    day: CivilDate,
) -> Result<AgreementText, Error> {
    let version = template.on(day).ok_or_else(|| Error::Catalogue("没有现行协议文本".into()))?;
    let places = places(application, (kind, service), form, institution, day);
    Ok(AgreementText {
        application: application.id.clone(),
        number: application.number.clone(),
        version: version.number.clone(),
        title: template.title.clone(),
        lines: lines(version, &places),
    })
}

/// The lines of a version with its places filled in.
pub(crate) fn lines(version: &AgreementVersion, places: &[(&str, String)]) -> Vec<AgreementLine> {
    let filled = |line: &String| {
        let mut text = line.clone();
        for (name, value) in places.iter().chain([&("version", version.number.clone())]) {
            text = text.replace(&format!("{{{name}}}"), value);
        }
        text
    };
    let line = |heading, text| AgreementLine { heading, text };
    let mut lines: Vec<AgreementLine> =
        version.preamble.iter().map(|one| line(false, filled(one))).collect();
    let mut number = 0;
    for section in &version.sections {
        lines.push(line(true, section.title.clone()));
        for clause in &section.clauses {
            number += 1;
            lines.push(line(false, format!("第{}条　{}", chinese(number), filled(clause))));
        }
    }
    lines
}

fn places(
    application: &Application,
    (kind, service): (&Kind, &Service),
    form: &Form,
    institution: &Institution,
    day: CivilDate,
) -> [(&'static str, String); 10] {
    let parties = parties(kind, form);
    let term = kind.field("term_years").map_or("", |field| field.shown(form.value("term_years")));
    [
        ("number", application.number.to_string()),
        ("institution", institution.name.clone()),
        ("institution_code", institution.credit_code.clone()),
        ("holder", parties.holder),
        ("holder_number", parties.number),
        ("agent", parties.agent.unwrap_or_else(|| "无（本人办理）".to_owned())),
        ("kind", kind.title.clone()),
        ("service", service.title.clone()),
        ("term", term.to_owned()),
        ("date", day.to_string()),
    ]
}

/// The applicant's side.
pub(crate) struct Parties {
    pub holder: String,
    pub number: String,
    pub agent: Option<String>,
}

/// The holder: a person by name and document, anything else by its unit.
pub(crate) fn parties(kind: &Kind, form: &Form) -> Parties {
    let mut found: BTreeMap<&str, String> = BTreeMap::new();
    for field in form.filled(kind).filter(|field| field.index.is_some()) {
        let word = match (field.index, field.name.as_str()) {
            (Some(SearchField::Name), "agent_name") => "agent",
            (Some(SearchField::IdNumber), "agent_id_number") => continue,
            (Some(index), _) => index.word(),
            (None, _) => continue,
        };
        found.insert(word, form.value(&field.name).to_owned());
    }
    let mut take = |word: &str| found.remove(word);
    let (name, unit) = (take("name"), take("unit_name"));
    let (number, code) = (take("id_number"), take("credit_code"));
    let holder = match (name, &unit) {
        (Some(name), Some(unit)) => format!("{name}（{unit}）"),
        (Some(name), None) => name,
        (None, unit) => unit.clone().unwrap_or_default(),
    };
    Parties { holder, number: number.or(code).unwrap_or_default(), agent: take("agent") }
}

/// One to ninety-nine, as articles are numbered.
fn chinese(number: u32) -> String {
    const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let digit = |n: u32| usize::try_from(n).ok().and_then(|n| DIGITS.get(n)).unwrap_or(&"");
    match (number / 10, number % 10) {
        (0, ones) => (*digit(ones)).to_owned(),
        (1, ones) => format!("十{}", digit(ones)),
        (tens, ones) => format!("{}十{}", digit(tens), digit(ones)),
    }
}

/// Whether a signature stands under the agreement: over its statement.
pub(crate) fn signed(
    text: &AgreementText,
    key: &PublicKey,
    signature: &Signature,
) -> Result<(), Error> {
    statement_signed(&text.statement(), key, signature)
}

/// Whether a signature stands under a statement (check C21-4).
pub(crate) fn statement_signed(
    statement: &str,
    key: &PublicKey,
    signature: &Signature,
) -> Result<(), Error> {
    gm::sm2::verify(key, &UserId::default(), statement.as_bytes(), signature)
        .map_err(|_| Refusal::AgreementSignature.into())
}

/// Two different people, none of them the applicant.
pub(crate) fn witnesses(names: &[String; 2], parties: &Parties) -> Result<(), Error> {
    let [first, second] = names.each_ref().map(|name| name.trim());
    let named = |name: &str| pki::name::is_line(name, 2..=32);
    let applicant =
        |name: &str| parties.holder.starts_with(name) || parties.agent.as_deref() == Some(name);
    let fit =
        named(first) && named(second) && first != second && !applicant(first) && !applicant(second);
    if fit { Ok(()) } else { Err(Refusal::Witnesses.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_are_numbered_as_the_law_does() {
        for (number, text) in [(1, "一"), (10, "十"), (11, "十一"), (20, "二十"), (34, "三十四")]
        {
            assert_eq!(chinese(number), text);
        }
    }

    #[test]
    fn witnesses_are_two_and_neither_is_the_applicant() {
        let parties = Parties {
            holder: "甄有印".into(),
            number: String::new(),
            agent: Some("贾如信".into()),
        };
        let fit = |a: &str, b: &str| witnesses(&[a.into(), b.into()], &parties).is_ok();
        assert!(fit("易可验", "石清签"));
        assert!(!fit("易可验", "易可验") && !fit("易可验", "") && !fit("甄有印", "石清签"));
        assert!(!fit("易可验", "贾如信"));
        assert!(!fit("易可验", "易可\u{200b}验"), "one name that looks like the other");
    }
}
