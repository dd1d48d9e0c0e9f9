//! Registration offices: filed, in time, before they act (Measures Art. 26), and acting for the institution and
//! within it (Art. 27): checks C26-1, C26-2, C27-1 to C27-3.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use law::CivilDate;

use super::export::{Export, Record, Verdict, each, holds, passes_and_can_fail};

/// The places of an office's records of a kind.
fn places<'e>(export: &'e Export, kind: &str, office: &str) -> Vec<(usize, &'e Record)> {
    let about = format!("office:{office}");
    export.of_kind(kind).filter(|(_, record)| record.subject == about).collect()
}

/// Whether an office was filed before a place in the journal, and not suspended there.
fn may_act(export: &Export, office: &str, at: usize) -> Result<(), String> {
    let before = |kind: &str| places(export, kind, office).into_iter().rfind(|(p, _)| *p < at);
    holds(before("office.filed").is_some(), || format!("office {office} is not filed"))?;
    let (stopped, resumed) = (before("office.suspended"), before("office.resumed"));
    let stands_still = stopped.map(|(p, _)| p) > resumed.map(|(p, _)| p);
    holds(!stands_still, || format!("office {office} is suspended"))
}

/// The applications that an office took, with the place of their beginning.
fn taken(export: &Export) -> Vec<(usize, &Record, &str)> {
    let created = export.of_kind("application.created");
    created.filter_map(|(at, one)| Some((at, one, one.body["office"].as_str()?))).collect()
}

fn filed_before_it_acts(export: &Export) -> Verdict {
    each(taken(export), |(at, _, office)| may_act(export, office, at))
}

/// Check C26-1: an office appears in the journal of applications only after its filing.
#[test]
fn c26_1_an_office_that_takes_applications_was_filed_before() {
    passes_and_can_fail(
        filed_before_it_acts,
        &[
            |export| export.records.retain(|one| one.kind != "office.filed"),
            |export| {
                let at = export.records.iter().position(|one| one.kind == "office.filed").unwrap();
                let filed = export.records.remove(at);
                export.records.push(filed);
            },
        ],
    );
}

fn filed_in_time(export: &Export) -> Verdict {
    each(export.of_kind("office.established").collect::<Vec<_>>(), |(_, set_up)| {
        let office = set_up.subject.trim_start_matches("office:");
        let start: CivilDate =
            set_up.text("established_on").parse().map_err(|_| "no day".to_owned())?;
        let filed = places(export, "office.filed", office);
        let (_, filed) = filed.first().ok_or(format!("office {office} is not filed"))?;
        let on = filed.text("on").parse().unwrap_or(CivilDate::of(filed.at));
        // Counted in days, as the inspector counts them: no rest day moves the end.
        let last = CivilDate::of(start.begin() + SignedDuration::from_hours(24 * 30));
        holds(start <= on && on <= last, || format!("set up {start}, filed {on}"))
    })
}

/// Check C26-2: the filing within 30 days of the setting up.
#[test]
fn c26_2_an_office_was_filed_within_thirty_days_of_its_setting_up() {
    passes_and_can_fail(
        filed_in_time,
        &[
            |export| {
                let set_up = export.record("office.established");
                set_up.body["established_on"] = "2020-01-01".into();
            },
            |export| export.records.retain(|one| one.kind != "office.filed"),
        ],
    );
}

/// Steps of the desk: whoever takes one is an operator.
const DESK: [&str; 3] = ["application.proofed", "application.reviewed", "application.returned"];

fn operators_belong_to_the_office(export: &Export) -> Verdict {
    let office_of: BTreeMap<&str, Option<&str>> = export
        .of_kind("person.created")
        .map(|(_, one)| (one.subject.as_str(), one.body["office"].as_str()))
        .collect();
    let offices: BTreeMap<&str, &str> =
        taken(export).into_iter().map(|(_, one, office)| (one.subject.as_str(), office)).collect();
    let steps = export.records.iter().filter(|one| DESK.contains(&&*one.kind));
    let judged = steps.filter(|one| offices.contains_key(&*one.subject));
    each(judged, |step| {
        let operator = office_of.get(&*step.actor);
        let wanted = offices.get(&*step.subject).copied();
        holds(operator == Some(&wanted), || {
            format!("{} of {}: {} of {operator:?}", step.kind, step.subject, step.actor)
        })
    })
}

/// Check C27-1: who works on an office's applications belongs to that very office.
#[test]
fn c27_1_who_works_on_an_application_of_an_office_belongs_to_it() {
    passes_and_can_fail(
        operators_belong_to_the_office,
        &[
            |export| {
                let people = export.records.iter_mut().filter(|one| one.kind == "person.created");
                for person in people {
                    person.body["office"] = serde_json::Value::Null;
                }
            },
            |export| {
                let offices = taken(export);
                let (about, clerk) =
                    (offices[0].1.subject.clone(), export.actor_elsewhere(&offices));
                let proofed =
                    |one: &&mut Record| one.kind == "application.proofed" && one.subject == about;
                export.records.iter_mut().find(proofed).unwrap().actor = clerk;
            },
        ],
    );
}

impl Export {
    /// Somebody who proofed an application that no office took.
    fn actor_elsewhere(&self, taken: &[(usize, &Record, &str)]) -> String {
        let elsewhere =
            |one: &&Record| taken.iter().all(|(_, other, _)| other.subject != one.subject);
        let proofed = self.of_kind("application.proofed").map(|(_, one)| one);
        proofed.filter(elsewhere).map(|one| one.actor.clone()).next().unwrap()
    }
}

fn every_order_has_its_origin(export: &Export) -> Verdict {
    let accepted = export.of_kind("enrolment.accepted");
    each(accepted.collect::<Vec<_>>(), |(at, order)| {
        let request = order.subject.trim_start_matches("enrolment:");
        let Some(id) = request.strip_prefix("ra-").and_then(|rest| rest.split('-').next()) else {
            let known = export.of_kind("client.created").any(|(_, one)| one.subject == order.actor);
            return holds(known, || format!("{request}: ordered by {}", order.actor));
        };
        let about = format!("application:{id}");
        let created = export.of_kind("application.created").find(|(_, one)| one.subject == about);
        let (_, created) = created.ok_or(format!("{request}: of no application"))?;
        match created.body["office"].as_str() {
            Some(office) => may_act(export, office, at),
            None => Ok(()),
        }
    })
}

/// Check C27-2: no order of certificates from an origin that is not filed: neither office nor client.
#[test]
fn c27_2_every_order_comes_from_the_institution_a_filed_office_or_a_registered_client() {
    passes_and_can_fail(
        every_order_has_its_origin,
        &[
            |export| export.records.retain(|one| one.kind != "office.filed"),
            |export| export.records.retain(|one| one.kind != "client.created"),
            |export| {
                let office = export.record("office.filed").subject.clone();
                let mut stop = export.record("office.filed").clone();
                (stop.kind, stop.subject) = ("office.suspended".into(), office);
                let at = export.records.iter().position(|one| one.kind == "enrolment.accepted");
                export.records.insert(at.unwrap(), stop);
            },
        ],
    );
}

fn the_office_is_no_party(export: &Export) -> Verdict {
    let (name, code) = &export.institution;
    let issued: Vec<_> = taken(export)
        .into_iter()
        .filter_map(|(_, one, office)| Some((office, export.agreements.get(&one.subject)?)))
        .collect();
    each(issued, |(office, text)| {
        let set_up = places(export, "office.established", office);
        let (_, set_up) = set_up.first().ok_or("no such office")?;
        let parties =
            text.lines().filter(|line| line.starts_with("甲方（") || line.starts_with("乙方（"));
        let parties: Vec<&str> = parties.collect();
        let [ours, _] = &parties[..] else { return Err(format!("parties {parties:?}")) };
        holds(ours.contains(name.as_str()) && ours.contains(code.as_str()), || (*ours).to_owned())?;
        holds(!parties.iter().any(|party| party.contains(set_up.text("name"))), || {
            format!("the office is a party: {parties:?}")
        })
    })
}

/// Check C27-3: the party of what an office has signed is the institution, and the office is none.
#[test]
fn c27_3_the_party_of_an_agreement_made_at_an_office_is_the_institution() {
    passes_and_can_fail(
        the_office_is_no_party,
        &[|export| {
            let office = export.record("office.established").text("name").to_owned();
            let name = export.institution.0.clone();
            for text in export.agreements.values_mut() {
                *text = text.replace(&name, &office);
            }
        }],
    );
}
