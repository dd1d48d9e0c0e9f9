//! Whether the evidence that stands is about what a certificate says: each element of its subject against the form, the
//! row of evidence, and the records of the journal (Measures Art. 21 ¶3; T-18, T-20). Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use pki::{Identifier, SubjectInput};
use serde_json::Value;
use store::{Seq, Stored};

use super::mask::masked;
use super::subject::put;
use crate::catalogue::{Field, Kind, SubjectPart};
use crate::error::Error;
use crate::model::{BackedElement, EvidenceShown, Form, Shortfall};

/// A row of evidence as stored.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    /// The keyed hash of field and value that were proofed.
    pub argument: String,
    pub shown: EvidenceShown,
}

/// A place of a subject, where the form put it.
struct Place<'k> {
    part: SubjectPart,
    text: String,
    field: &'k Field,
    key: String,
}

/// The elements of a subject, as it has them.
fn elements_of(subject: &SubjectInput) -> Vec<(SubjectPart, String)> {
    use SubjectPart as P;
    let one = |part, text: &Option<String>| text.clone().map(|text| (part, text));
    let name = Some(subject.common_name.clone()).filter(|name| !name.is_empty());
    let mut all = Vec::new();
    all.extend(name.map(|name| (P::CommonName, name)));
    all.extend(one(P::Organization, &subject.organization));
    all.extend(subject.units.iter().map(|unit| (P::Unit, unit.clone())));
    all.extend(one(P::State, &subject.state));
    all.extend(one(P::Locality, &subject.locality));
    all.extend(one(P::Email, &subject.email));
    all.extend(subject.dns_names.iter().map(|name| (P::Domain, name.clone())));
    all.extend(subject.ip_addresses.iter().map(|address| (P::Address, address.to_string())));
    all.extend(subject.identifiers.iter().map(identifier));
    all
}

fn identifier(identifier: &Identifier) -> (SubjectPart, String) {
    let (part, text) = match identifier {
        Identifier::CreditCode(code) => (SubjectPart::CreditCode, code.as_str()),
        Identifier::IdNumber(number) => (SubjectPart::IdentifyCode, number.as_str()),
        Identifier::MilitaryOfficer(number) => (SubjectPart::IdentifyCode, number.as_str()),
        Identifier::Passport(number)
        | Identifier::SocialInsurance(number)
        | Identifier::BusinessRegistration(number)
        | Identifier::Taxation(number) => (SubjectPart::IdentifyCode, number.as_str()),
    };
    (part, text.to_owned())
}

/// What the form puts into a certificate, value by value, each with the key of its element.
fn places<'k>(kind: &'k Kind, form: &Form) -> Result<Vec<Place<'k>>, Error> {
    let mut places = Vec::new();
    for field in form.filled(kind) {
        for part in &field.subject {
            let mut subject = SubjectInput::default();
            put(&mut subject, *part, field, form)?;
            for (at, (part, text)) in elements_of(&subject).into_iter().enumerate() {
                let key = match field.kind.is_list() {
                    true => format!("{}/{at}", field.name),
                    false => field.name.clone(),
                };
                places.push(Place { part, text, field, key });
            }
        }
    }
    Ok(places)
}

/// Each element of a certificate's subject with the row of evidence about that very value. `arguments`: the keyed hash
/// of what the form says, by the key of the element.
pub(crate) fn elements(
    (kind, form): (&Kind, &Form),
    subject: &SubjectInput,
    (rows, arguments): (&BTreeMap<String, Kept>, &BTreeMap<String, String>),
) -> Result<Vec<BackedElement>, Error> {
    let mut open = places(kind, form)?;
    let backed = |(part, text): (SubjectPart, String)| {
        let found = open.iter().position(|place| place.part == part && place.text == text);
        let Some(place) = found.map(|at| open.remove(at)) else {
            let (value, shortfall) = (hidden(&text), Some(Shortfall::OtherValue));
            return BackedElement { part, value, element: None, evidence: None, shortfall };
        };
        let row = rows.get(&place.key);
        let shortfall = match row {
            None => Some(Shortfall::Unproven),
            Some(row) if arguments.get(&place.key) != Some(&row.argument) => {
                Some(Shortfall::OtherValue)
            }
            Some(_) => None,
        };
        BackedElement {
            part,
            value: masked(place.field, &text),
            element: Some(place.key),
            evidence: row.filter(|_| shortfall.is_none()).map(|row| row.shown.clone()),
            shortfall,
        }
    };
    Ok(elements_of(subject).into_iter().map(backed).collect())
}

/// The elements of a subject that no application stands behind, masked as the form of its kind has it.
#[must_use]
pub fn unbacked(kind: Option<&Kind>, subject: &SubjectInput) -> Vec<BackedElement> {
    let shown = |(part, text): (SubjectPart, String)| {
        let fields = kind.into_iter().flat_map(|kind| &kind.fields);
        let field = fields.into_iter().find(|field| field.subject.contains(&part));
        let value = field.map_or_else(|| hidden(&text), |field| masked(field, &text));
        BackedElement { part, value, element: None, evidence: None, shortfall: None }
    };
    elements_of(subject).into_iter().map(shown).collect()
}

/// What nobody knows the field of is shown by its first sign alone.
fn hidden(text: &str) -> String {
    let first = text.chars().next().map(String::from).unwrap_or_default();
    format!("{first}***")
}

/// What was kept of a submission, and which records tell of it.
pub(crate) struct Standing<'s> {
    /// Method, level, person, instant.
    pub proof: Option<(&'s str, u8, &'s str, Timestamp)>,
    /// Means by element.
    pub means: BTreeSet<(String, String)>,
    /// Person, instant.
    pub review: Option<(&'s str, Timestamp)>,
    pub is_agreed: bool,
    /// Who entered, changed or proofed.
    pub hands: &'s [String],
    /// The records about the application.
    pub told: &'s Told,
    /// Serial and record of the certificate.
    pub certificate: (&'s str, Seq),
}

/// A record about an application, as far as it tells of its steps.
#[derive(Debug)]
pub(crate) struct Step {
    seq: Seq,
    at: Timestamp,
    kind: String,
    actor: String,
    body: Value,
    intact: bool,
}

impl From<Stored> for Step {
    fn from(record: Stored) -> Self {
        let Stored { seq, at, kind, actor, body, intact, .. } = record;
        Self { seq, at, kind, actor, body, intact }
    }
}

impl Step {
    fn said(&self, name: &str) -> Option<&str> {
        self.body.get(name).and_then(Value::as_str)
    }

    /// Whether it can be believed, and this person took it at this instant.
    fn is_of(&self, (person, at): (&str, Timestamp)) -> bool {
        let by = self.actor.strip_prefix("person:");
        self.intact && by == Some(person) && self.at.as_second() == at.as_second()
    }
}

/// The records of an application that count: the last of each kind before its issue.
#[derive(Debug, Default)]
pub(crate) struct Told {
    proofed: Option<Step>,
    reviewed: Option<Step>,
    agreed: Option<Step>,
    issued: Vec<Step>,
}

impl Told {
    /// Takes the records in their order.
    pub(crate) fn note(&mut self, record: impl Into<Step>) {
        let record = record.into();
        let place = match &*record.kind {
            "application.proofed" => &mut self.proofed,
            "application.reviewed" => &mut self.reviewed,
            "application.agreed" => &mut self.agreed,
            "application.issued" => return self.issued.push(record),
            _ => return,
        };
        // What came after an issue stands behind another one.
        if self.issued.is_empty() {
            *place = Some(record);
        }
    }

    fn names(&self, serial: &str) -> bool {
        let is_it =
            |step: &Step| ["sign", "enc"].iter().any(|role| step.said(role) == Some(serial));
        self.issued.iter().any(|step| step.intact && is_it(step))
    }
}

/// What is wrong with proof, review and agreement as they stand: by the tables and by the records.
pub(crate) fn shortfalls(
    standing: &Standing<'_>,
    elements: &[BackedElement],
) -> BTreeSet<Shortfall> {
    use Shortfall as S;
    let told = standing.told;
    let mut found: BTreeSet<S> = elements.iter().filter_map(|one| one.shortfall).collect();
    let mut note = |is_wrong: bool, what: S| {
        if is_wrong {
            found.insert(what);
        }
    };
    note(elements.is_empty(), S::NoElements);
    note(standing.proof.is_none(), S::NoProof);
    note(standing.review.is_none(), S::NoReview);
    note(!standing.is_agreed || told.agreed.is_none(), S::NoAgreement);
    let own = |(person, _): (&str, _)| standing.hands.iter().any(|hand| hand == person);
    note(standing.review.is_some_and(own), S::SamePerson);
    note(!told.names(standing.certificate.0), S::NotNamed);
    note(!proof_agrees(standing) || !review_agrees(standing), S::RecordsDiffer);
    let records = [&told.proofed, &told.reviewed, &told.agreed];
    let mut places: Vec<Seq> = records.into_iter().flatten().map(|record| record.seq).collect();
    places.push(standing.certificate.1);
    note(!places.is_sorted(), S::OutOfOrder);
    found
}

fn proof_agrees(standing: &Standing<'_>) -> bool {
    let (record, proof) = (standing.told.proofed.as_ref(), standing.proof);
    let (Some(record), Some((method, level, person, at))) = (record, proof) else {
        return record.is_none() && proof.is_none();
    };
    let rows = record.body.get("evidence").and_then(Value::as_array);
    let text = |row: &Value, name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
    let row = |row: &Value| Some((text(row, "element")?, text(row, "means")?));
    let rows: Option<BTreeSet<_>> = rows.and_then(|rows| rows.iter().map(row).collect());
    record.is_of((person, at))
        && record.said("method") == Some(method)
        && record.body.get("level").and_then(Value::as_u64) == Some(u64::from(level))
        && rows.as_ref() == Some(&standing.means)
}

fn review_agrees(standing: &Standing<'_>) -> bool {
    match (&standing.told.reviewed, standing.review) {
        (None, None) => true,
        (Some(record), Some(review)) => record.is_of(review),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use serde_json::json;

    fn sample(kind: &str) -> (Kind, Form) {
        let catalogue = Catalogue::embedded().unwrap();
        let kind = catalogue.kind(kind).unwrap().clone();
        let form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        (kind, form)
    }

    fn shown() -> EvidenceShown {
        let text = |word: &str| word.to_owned();
        EvidenceShown { means: text("seen"), title: text("查验"), material: None, inquiry: None }
    }

    /// Rows and arguments as a proof without a fault leaves them.
    fn proofed(kind: &Kind, form: &Form) -> (BTreeMap<String, Kept>, BTreeMap<String, String>) {
        let all = super::super::form::elements(kind, form);
        let argument = |value: &str| format!("hash of {value}");
        let kept = |value: &str| Kept { argument: argument(value), shown: shown() };
        (
            all.iter().map(|one| (one.key.clone(), kept(&one.value))).collect(),
            all.iter().map(|one| (one.key.clone(), argument(&one.value))).collect(),
        )
    }

    #[test]
    fn every_element_of_every_kind_has_the_row_about_its_very_value() {
        for name in ["person", "staff", "unit", "device", "server"] {
            let (kind, mut form) = sample(name);
            form.set("show_identifier", "yes");
            let subject = super::super::subject::subject(&kind, &form).unwrap();
            let (rows, arguments) = proofed(&kind, &form);
            let found = elements((&kind, &form), &subject, (&rows, &arguments)).unwrap();
            assert!(!found.is_empty());
            let unbacked = found.iter().find(|one| one.evidence.is_none());
            assert!(unbacked.is_none(), "{name}: {unbacked:?}");
        }
    }

    #[test]
    fn an_element_without_a_row_with_a_row_about_something_else_or_not_in_the_form_is_named() {
        let (kind, form) = sample("person");
        let mut subject = super::super::subject::subject(&kind, &form).unwrap();
        let (mut rows, arguments) = proofed(&kind, &form);
        let wrong = |subject: &SubjectInput, rows: &BTreeMap<String, Kept>| {
            let found = elements((&kind, &form), subject, (rows, &arguments)).unwrap();
            found.iter().find_map(|one| one.shortfall.map(|what| (one.value.clone(), what)))
        };
        assert_eq!(wrong(&subject, &rows), None);
        let name = rows.get_mut("holder_name").unwrap();
        let before = std::mem::replace(&mut name.argument, "hash of another".into());
        assert_eq!(wrong(&subject, &rows).unwrap().1, Shortfall::OtherValue);
        rows.get_mut("holder_name").unwrap().argument = before;
        let taken = rows.remove("holder_name").unwrap();
        assert_eq!(wrong(&subject, &rows).unwrap().1, Shortfall::Unproven);
        rows.insert("holder_name".into(), taken);
        subject.common_name = "贾如信".into();
        let (value, what) = wrong(&subject, &rows).unwrap();
        assert_eq!((value.as_str(), what), ("贾***", Shortfall::OtherValue));
    }

    /// Nothing was proofed for it: shown masked as the form of its kind has it, and by the first sign where no form is.
    #[test]
    fn what_no_application_stands_behind_is_masked_and_has_no_evidence() {
        let (kind, mut form) = sample("person");
        form.set("show_identifier", "yes");
        let subject = super::super::subject::subject(&kind, &form).unwrap();
        let told = |kind: Option<&Kind>| -> Vec<(SubjectPart, String)> {
            let found = unbacked(kind, &subject);
            assert!(found.iter().all(|one| one.evidence.is_none() && one.shortfall.is_none()));
            found.into_iter().map(|one| (one.part, one.value)).collect()
        };
        let named = told(Some(&kind));
        assert!(named.contains(&(SubjectPart::CommonName, "甄**".into())), "{named:?}");
        assert!(named.contains(&(SubjectPart::IdentifyCode, "110***********0014".into())));
        assert!(named.contains(&(SubjectPart::Email, "z***@example.cn".into())));
        let unknown = told(None);
        assert_eq!(unknown.len(), named.len());
        assert!(unknown.contains(&(SubjectPart::CommonName, "甄***".into())), "{unknown:?}");
    }

    /// T-18: a value is backed by the row of its own field, and each row backs one value.
    #[test]
    fn a_value_is_backed_by_its_own_place_and_only_once() {
        let (kind, mut form) = sample("server");
        form.set("domains", "a.example.gov.cn\nb.example.gov.cn");
        let mut subject = super::super::subject::subject(&kind, &form).unwrap();
        let (rows, arguments) = proofed(&kind, &form);
        let shown = |subject: &SubjectInput| {
            let found = elements((&kind, &form), subject, (&rows, &arguments)).unwrap();
            let domains = found.into_iter().filter(|one| one.part == SubjectPart::Domain);
            domains.map(|one| (one.element, one.evidence.is_some(), one.shortfall)).collect()
        };
        let own = |key: &str| (Some(key.to_owned()), true, None);
        let other = (None, false, Some(Shortfall::OtherValue));
        let all: Vec<_> = shown(&subject);
        assert_eq!(all, [own("domains/0"), own("domains/1")]);
        subject.dns_names[1] = "a.example.gov.cn".into();
        let twice: Vec<_> = shown(&subject);
        assert_eq!(twice[1], other, "one row does not count for two");
        // The name of the unit is in the form, as what it is and not as a domain.
        subject.dns_names[1] = "云中市档案馆".into();
        let elsewhere: Vec<_> = shown(&subject);
        assert_eq!(elsewhere[1], other);
    }

    fn record(seq: u64, kind: &str, actor: &str, body: Value) -> Step {
        let kind = format!("application.{kind}");
        let (at, actor, seq) = (Timestamp::UNIX_EPOCH, actor.into(), Seq(seq));
        Step { seq, at, kind, actor, body, intact: true }
    }

    fn told() -> Vec<Step> {
        let rows = json!([{ "element": "holder_name", "means": "seen" }]);
        let proofed = json!({ "method": "in-person", "level": 3, "evidence": rows });
        vec![
            record(3, "proofed", "person:clerk", proofed),
            record(4, "reviewed", "person:reviewer", json!({})),
            record(5, "agreed", "applicant:x", json!({})),
            record(9, "issued", "applicant:x", json!({ "sign": "0a", "enc": "0b" })),
        ]
    }

    fn found(records: Vec<Step>, change: impl FnOnce(&mut Standing<'_>)) -> Vec<Shortfall> {
        let mut told = Told::default();
        records.into_iter().for_each(|one| told.note(one));
        let at = Timestamp::UNIX_EPOCH;
        let hands = ["clerk".to_owned()];
        let mut standing = Standing {
            proof: Some(("in-person", 3, "clerk", at)),
            means: BTreeSet::from([("holder_name".to_owned(), "seen".to_owned())]),
            review: Some(("reviewer", at)),
            is_agreed: true,
            hands: &hands,
            told: &told,
            certificate: ("0b", Seq(7)),
        };
        change(&mut standing);
        let element = BackedElement {
            part: SubjectPart::CommonName,
            value: "甄**".into(),
            element: Some("holder_name".into()),
            evidence: Some(shown()),
            shortfall: None,
        };
        shortfalls(&standing, &[element]).into_iter().collect()
    }

    #[test]
    fn what_stands_in_the_tables_has_to_stand_in_the_records_and_before_the_issue() {
        use Shortfall as S;
        assert_eq!(found(told(), |_| ()), []);
        assert_eq!(found(told(), |s| s.certificate.0 = "0c"), [S::NotNamed]);
        assert_eq!(found(told(), |s| s.certificate.1 = Seq(4)), [S::OutOfOrder]);
        assert_eq!(found(told(), |s| s.is_agreed = false), [S::NoAgreement]);
        assert_eq!(found(told(), |s| s.means.clear()), [S::RecordsDiffer]);
        let at = Timestamp::UNIX_EPOCH;
        assert_eq!(found(told(), |s| s.review = Some(("other", at))), [S::RecordsDiffer]);
        assert_eq!(found(told(), |s| s.proof = None), [S::NoProof, S::RecordsDiffer]);
        let same = found(told(), |s| s.review = Some(("clerk", at)));
        assert_eq!(same, [S::SamePerson, S::RecordsDiffer]);
        let mut late = told();
        late.swap(0, 1);
        late[0].seq = Seq(3);
        late[1].seq = Seq(4);
        assert_eq!(found(late, |_| ()), [S::OutOfOrder]);
        let mut harmed = told();
        harmed[1].intact = false;
        assert_eq!(found(harmed, |_| ()), [S::RecordsDiffer]);
        assert_eq!(found(Vec::new(), |_| ()), [S::NoAgreement, S::NotNamed, S::RecordsDiffer]);
        // Missing in the tables and in the records: missing, and nothing differs.
        let without = |kind: &str| {
            let mut told = told();
            told.retain(|one| one.kind != format!("application.{kind}"));
            told
        };
        assert_eq!(found(without("proofed"), |s| s.proof = None), [S::NoProof]);
        assert_eq!(found(without("reviewed"), |s| s.review = None), [S::NoReview]);
        assert_eq!(found(without("proofed"), |_| ()), [S::RecordsDiffer]);
        assert_eq!(found(without("reviewed"), |_| ()), [S::RecordsDiffer]);
        assert_eq!(found(told(), |s| s.review = None), [S::NoReview, S::RecordsDiffer]);
        let later = Timestamp::from_second(1).unwrap();
        assert_eq!(found(told(), |s| s.review = Some(("reviewer", later))), [S::RecordsDiffer]);
        assert_eq!(
            found(told(), |s| s.proof = Some(("remote", 3, "clerk", at))),
            [S::RecordsDiffer]
        );
        assert_eq!(
            found(told(), |s| s.proof = Some(("in-person", 2, "clerk", at))),
            [S::RecordsDiffer]
        );
        assert_eq!(found(told(), |s| s.certificate.0 = "0a"), [], "either of the pair is named");
        let mut issue = told();
        issue[3].intact = false;
        assert_eq!(found(issue, |_| ()), [S::NotNamed]);
    }
}
