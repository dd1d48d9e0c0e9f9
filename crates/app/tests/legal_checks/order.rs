//! The order of Measures Art. 21, from the records of each application that led to a certificate: checks C21-1
//! to C21-6.

use std::collections::BTreeSet;

use gm::{PublicKey, Signature, UserId};
use jiff::SignedDuration;
use law::clock::{WorkingDays, working};
use law::{Calendar, CivilDate};

use super::export::{Dossier, Export, Record, Verdict, each, holds, passes_and_can_fail};
use crate::openssl::sm3;

fn need<'e>(dossier: &Dossier<'e>, kind: &str) -> Result<(usize, &'e Record), String> {
    dossier.last(kind).ok_or(format!("{}: never {kind}", dossier.subject))
}

fn informed(export: &Export) -> Verdict {
    each(export.dossiers(), |dossier| {
        let (agreed, _) = need(&dossier, "agreed")?;
        for (notice, versions) in &export.notices {
            let given = dossier.all("acknowledged").filter(|(_, one)| one.text("notice") == notice);
            let (at, given) = given.last().ok_or(format!("{}: {notice}", dossier.subject))?;
            holds(at < agreed, || format!("{}: {notice} after the agreement", dossier.subject))?;
            let day = format!("{:?}", CivilDate::of(given.at));
            let in_force = versions.iter().rfind(|(_, effective, _)| *effective <= day);
            let (number, _, hash) = in_force.ok_or(format!("{notice}: none in force"))?;
            let is_it = (given.text("text"), given.text("sm3")) == (number.as_str(), hash.as_str());
            holds(is_it, || format!("{}: {notice} in another version", dossier.subject))?;
        }
        Ok(())
    })
}

/// Check C21-1: each notice acknowledged in the version in force, before the agreement.
#[test]
fn c21_1_each_notice_was_acknowledged_in_its_current_version_before_the_agreement() {
    passes_and_can_fail(
        informed,
        &[
            |export| {
                let record = export.record("application.acknowledged");
                record.body["text"] = "2020-1".into();
            },
            |export| {
                let gone =
                    export.records.iter().rposition(|r| r.kind == "application.acknowledged");
                export.records.remove(gone.unwrap());
            },
            |export| {
                let about = export.record("application.agreed").subject.clone();
                let agreed = ("application.agreed", &*about);
                export.move_before(agreed, "application.acknowledged");
            },
        ],
    );
}

fn proofed_before_approved(export: &Export) -> Verdict {
    each(export.dossiers(), |dossier| {
        let (proofed, proof) = need(&dossier, "proofed")?;
        let (reviewed, _) = need(&dossier, "reviewed")?;
        let rows = proof.body["evidence"].as_array().map_or(0, Vec::len);
        holds(rows > 0, || format!("{}: proof without evidence", dossier.subject))?;
        holds(proofed < reviewed, || format!("{}: approved unproofed", dossier.subject))
    })
}

/// Check C21-2: identity proofed, with evidence, before approval.
#[test]
fn c21_2_identity_was_proofed_with_evidence_before_approval() {
    passes_and_can_fail(
        proofed_before_approved,
        &[
            |export| {
                let about = export.record("application.reviewed").subject.clone();
                let reviewed = ("application.reviewed", &*about);
                export.move_before(reviewed, "application.proofed");
            },
            |export| {
                export.record("application.proofed").body["evidence"] = Vec::<u8>::new().into()
            },
        ],
    );
}

/// What makes an application or proofs it: whoever did one of these is a collector.
const COLLECTED: [&str; 6] =
    ["created", "saved", "material-added", "acknowledged", "submitted", "proofed"];

fn two_people(export: &Export) -> Verdict {
    each(export.dossiers(), |dossier| {
        let (_, reviewed) = need(&dossier, "reviewed")?;
        let collected = COLLECTED.iter().flat_map(|kind| dossier.all(kind));
        let collectors: BTreeSet<&str> = collected.map(|(_, one)| one.actor.as_str()).collect();
        let reviewer = reviewed.actor.as_str();
        holds(reviewer.starts_with("person:"), || format!("reviewed by {reviewer}"))?;
        holds(!collectors.contains(reviewer), || {
            format!("{}: {reviewer} reviewed what they collected", dossier.subject)
        })
    })
}

/// Check C21-3: the reviewer is not the collector (Invariant 9).
#[test]
fn c21_3_who_approved_is_another_person_than_who_entered_or_proofed() {
    passes_and_can_fail(
        two_people,
        &[
            |export| {
                let clerk = export.record("application.proofed").clone();
                let same = |one: &&mut Record| {
                    one.kind == "application.reviewed" && one.subject == clerk.subject
                };
                export.records.iter_mut().find(same).unwrap().actor = clerk.actor;
            },
            |export| export.record("application.reviewed").actor = "system".into(),
        ],
    );
}

fn verifies(statement: &str, key: &[u8], signature: &[u8]) -> Result<(), String> {
    let key = PublicKey::from_sec1(key).map_err(|error| error.to_string())?;
    let signature = Signature::from_der(signature).map_err(|error| error.to_string())?;
    gm::sm2::verify(&key, &UserId::default(), statement.as_bytes(), &signature)
        .map_err(|error| error.to_string())
}

/// The institution's key for agreements, from the record of its making.
fn agreement_key(export: &Export) -> Vec<u8> {
    let labelled = |record: &&Record| record.text("label") == "institution-seal";
    let made = export.of_kind("key.generated").map(|(_, record)| record).find(labelled);
    made.map(|record| record.octets("key")).unwrap_or_default()
}

fn signed_by_both(export: &Export) -> Verdict {
    let ours = agreement_key(export);
    each(export.dossiers(), |dossier| {
        let (_, agreed) = need(&dossier, "agreed")?;
        let text = export.agreements.get(dossier.subject).ok_or("no text")?;
        let (name, code) = &export.institution;
        let party = format!("甲方（电子政务电子认证服务机构）：{name}，统一社会信用代码：{code}");
        holds(text.lines().any(|line| line == party), || {
            format!("{}: another party", dossier.subject)
        })?;
        holds(sm3(text.as_bytes()) == agreed.text("sm3"), || {
            format!("{}: another text", dossier.subject)
        })?;
        let number = agreed.text("number");
        let statement = format!(
            "yinxin-agreement/1 {number} {} sm3:{}",
            agreed.text("text"),
            agreed.text("sm3")
        );
        verifies(&statement, &ours, &agreed.octets("institution"))?;
        // The other side: under the same, or for all of a batch under the text with its list.
        let consent = agreed.body["consent"]["statement"].as_str();
        let theirs = consent.unwrap_or(&statement);
        verifies(theirs, &agreed.octets("key"), &agreed.octets("applicant"))?;
        let Some(consent) = consent else { return Ok(()) };
        let of_batch = export.of_kind("batch.agreement-signed").map(|(_, record)| record);
        let of_batch = of_batch.filter(|record| record.text("statement") == consent).last();
        let of_batch = of_batch.ok_or("no record of the unit's agreement")?;
        verifies(consent, &ours, &of_batch.octets("institution"))
    })
}

/// Check C21-4: the agreement signed by both sides, and its party the institution (Art. 27 ¶3).
#[test]
fn c21_4_both_sides_signed_the_agreement_and_its_party_is_the_institution() {
    fn swap(export: &mut Export, field: &str) {
        let other = export.record("certificate.issued").text("sm3").to_owned();
        export.record("application.agreed").body[field] = other.into();
    }
    passes_and_can_fail(
        signed_by_both,
        &[
            |export| swap(export, "institution"),
            |export| swap(export, "applicant"),
            |export| swap(export, "key"),
            |export| swap(export, "sm3"),
            |export| {
                let name = export.institution.0.clone();
                let text = export.agreements.values_mut().next().unwrap();
                *text = text.replace(&name, "云中市受理点");
            },
            |export| export.records.retain(|one| one.kind != "batch.agreement-signed"),
        ],
    );
}

/// Every record that certificates of an application are on their way, or there.
fn issuance<'e>(
    export: &'e Export,
    dossier: &Dossier<'e>,
) -> impl Iterator<Item = (usize, &'e Record)> {
    let id = dossier.subject.trim_start_matches("application:").to_owned();
    let of = move |record: &Record| record.text("request").starts_with(&format!("ra-{id}-"));
    let kinds = ["certificate.intended", "certificate.issued"];
    let all = export.records.iter().enumerate();
    all.filter(move |(_, record)| kinds.contains(&&*record.kind) && of(record))
}

fn issued_after_agreement(export: &Export) -> Verdict {
    each(export.dossiers(), |dossier| {
        let (agreed, _) = need(&dossier, "agreed")?;
        let issuance: Vec<_> = issuance(export, &dossier).collect();
        // Two certificates, each intended and issued.
        holds(issuance.len() == 4, || format!("{}: {}", dossier.subject, issuance.len()))?;
        holds(issuance.iter().all(|(at, _)| agreed < *at), || {
            format!("{}: issued before the agreement", dossier.subject)
        })
    })
}

/// Check C21-5: nothing issued before the agreement.
#[test]
fn c21_5_certificates_were_intended_and_issued_after_the_agreement() {
    passes_and_can_fail(
        issued_after_agreement,
        &[
            |export| {
                let (about, agreed) = {
                    let agreed = export.record("application.agreed");
                    (agreed.subject.clone(), agreed.clone())
                };
                let at = export
                    .records
                    .iter()
                    .position(|one| one.kind == agreed.kind && one.subject == about);
                let agreed = export.records.remove(at.unwrap());
                export.records.push(agreed);
            },
            |export| {
                let of =
                    |one: &Record| one.kind == "certificate.issued" && one.text("role") == "enc";
                let at = export.records.iter().rposition(of).unwrap();
                export.records.remove(at);
            },
        ],
    );
}

fn decided_in_two_working_days(export: &Export) -> Verdict {
    let calendar = Calendar::published().unwrap();
    each(export.dossiers(), |dossier| {
        let (_, submitted) = need(&dossier, "submitted")?;
        let (_, reviewed) = need(&dossier, "reviewed")?;
        let due = working::after(&calendar, CivilDate::of(submitted.at), WorkingDays(2));
        holds(submitted.at <= reviewed.at && !due.is_over(reviewed.at), || {
            format!("{}: from {} to {}", dossier.subject, submitted.at, reviewed.at)
        })
    })
}

/// Check C21-6: from acceptance to decision no more than two working days.
#[test]
fn c21_6_no_application_waited_more_than_two_working_days_for_its_decision() {
    passes_and_can_fail(
        decided_in_two_working_days,
        &[
            |export| {
                let record = export.record("application.reviewed");
                record.at += SignedDuration::from_hours(24 * 12);
            },
            |export| {
                let record = export.record("application.reviewed");
                record.at -= SignedDuration::from_hours(24 * 12);
            },
        ],
    );
}
