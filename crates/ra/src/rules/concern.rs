//! The certificate that an application is about: whether the service is for it, and whether its holder
//! is the one who applies (Measures Art. 18, Art. 20).

use pki::SubjectInput;

use crate::catalogue::{Kind, Matter, SearchField, Source, SubjectPart};
use crate::error::{Error, FieldError, Refusal};
use crate::model::{Form, Hold, Named, Power};
use crate::port::{Held, Standing};

/// Whether a certificate that stands so can be dealt with by the service. What a holder may suspend is not
/// suspended on the holder's word already, whoever else holds it; what a holder may resume is (ADR 6).
pub(crate) fn fits(
    service: &str,
    kind: &Kind,
    (held, holds): (&Held, &[Hold]),
) -> Result<(), Error> {
    use Standing::{Good, Over, Revoked, Suspended};
    let standings: &[Standing] = match service {
        "resume" => &[Suspended],
        "suspend" | "revoke" => &[Good, Suspended],
        // An encryption key is wanted for old ciphertexts, whatever became of its certificate.
        "recover" => &[Good, Suspended, Revoked, Over],
        _ => &[Good],
    };
    if held.kind != kind.name {
        return Err(Refusal::CertificateUnfit.at(format!("它不是{}", kind.title)));
    }
    if !standings.contains(&held.standing) {
        return Err(Refusal::CertificateUnfit.at(format!("它{}", held.standing.chinese())));
    }
    match service {
        "suspend" if holds.iter().any(|hold| hold.source == Source::Holder) => {
            Err(Refusal::CertificateUnfit.at("它已经按持有人的申请暂停"))
        }
        "resume" => super::hold::chosen(&Power::Holder, &Named::Reached, holds).map(drop),
        _ => Ok(()),
    }
}

/// What of a form does not agree with the certificate that it names: everything that stays, where the
/// content stays, otherwise the holder's and the unit's name. `full` is the kind with its whole form.
pub(crate) fn differs(
    service: &str,
    full: &Kind,
    form: &Form,
    held: &Held,
) -> Result<Vec<FieldError>, Error> {
    if service == "change" {
        return Ok(Vec::new());
    }
    let stays = matches!(service, "renew" | "rekey" | "recover");
    let asked = crate::rules::subject::subject(full, form)?;
    let mut found = Vec::new();
    for field in form.filled(full).filter(|field| !field.subject.is_empty()) {
        let wrong = field.subject.iter().any(|part| match part {
            SubjectPart::CommonName => asked.common_name != held.subject.common_name,
            SubjectPart::Organization => asked.organization != held.subject.organization,
            part => stays && other(*part, &asked, &held.subject),
        });
        if wrong {
            found.push(error(&field.name, &field.label));
        }
    }
    if found.is_empty() && stays && asked != held.subject {
        found.push(error("subject", "证书内容"));
    }
    Ok(found)
}

fn other(part: SubjectPart, asked: &SubjectInput, held: &SubjectInput) -> bool {
    match part {
        SubjectPart::Unit => asked.units != held.units,
        SubjectPart::State => asked.state != held.state,
        SubjectPart::Locality => asked.locality != held.locality,
        SubjectPart::Email => asked.email != held.email,
        SubjectPart::Domain => asked.dns_names != held.dns_names,
        SubjectPart::Address => asked.ip_addresses != held.ip_addresses,
        SubjectPart::IdentifyCode | SubjectPart::CreditCode => {
            asked.identifiers != held.identifiers
        }
        SubjectPart::CommonName | SubjectPart::Organization => false,
    }
}

/// The numbers under which the application that led to the certificate is found are the holder's: they
/// have to be the same now. Both lists are blind indexes, nobody sees a number here.
pub(crate) fn another_holder(
    service: &str,
    full: &Kind,
    before: &[(String, String)],
    now: &[(SearchField, String)],
) -> Option<FieldError> {
    let has = |field: SearchField, matter: Matter| {
        full.fields.iter().find(|one| one.index == Some(field) && one.matter == Some(matter))
    };
    let person = has(SearchField::IdNumber, Matter::Person).map(|f| (SearchField::IdNumber, f));
    // Who moves to another unit keeps the certificate's history, not the unit's code.
    let unit = has(SearchField::CreditCode, Matter::Unit)
        .filter(|_| service != "change" || person.is_none())
        .map(|f| (SearchField::CreditCode, f));
    [person, unit].into_iter().flatten().find_map(|(index, field)| {
        let then = before.iter().any(|(word, _)| word == index.word());
        let same = now.iter().filter(|(one, _)| *one == index).any(|(_, value)| {
            before.iter().any(|(word, old)| word == index.word() && old == value)
        });
        (then && !same).then(|| FieldError {
            field: field.name.clone(),
            label: field.label.clone(),
            code: "ra.form.holder",
            text: "与原证书持有人登记的号码不一致，请核对；持有人不同的，请办理证书申请".to_owned(),
        })
    })
}

fn error(field: &str, label: &str) -> FieldError {
    FieldError {
        field: field.to_owned(),
        label: label.to_owned(),
        code: "ra.form.differs",
        text: "与原证书载明的内容不一致，请核对；内容确有变化的，请办理信息变更".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use pki::Serial;

    fn held(kind: &str, standing: Standing) -> (Kind, Form, Held) {
        let catalogue = Catalogue::embedded().unwrap();
        let full = catalogue.kind(kind).unwrap().clone();
        let form = Form::new(full.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        let subject = crate::rules::subject::subject(&full, &form).unwrap();
        let serial = Serial::from_hex("0a").unwrap();
        (full, form, Held { serial, kind: kind.to_owned(), subject, standing })
    }

    #[test]
    fn a_service_is_for_certificates_that_stand_as_it_needs() {
        use Standing::{Good, Over, Revoked, Suspended};
        for (service, fit) in [
            ("suspend", vec![Good, Suspended]),
            ("resume", vec![Suspended]),
            ("revoke", vec![Good, Suspended]),
            ("renew", vec![Good]),
            ("rekey", vec![Good]),
            ("change", vec![Good]),
            ("recover", vec![Good, Suspended, Revoked, Over]),
        ] {
            for standing in [Good, Suspended, Revoked, Over] {
                let (kind, _, held) = held("person", standing);
                let holds = match (service, standing) {
                    ("resume", Suspended) => vec![hold(Source::Holder)],
                    (_, Suspended) => vec![hold(Source::Unit)],
                    _ => vec![],
                };
                let done = fits(service, &kind, (&held, &holds)).is_ok();
                assert_eq!(done, fit.contains(&standing), "{service} {standing:?}");
            }
        }
        let (_, _, person) = held("person", Good);
        let (unit, ..) = held("unit", Good);
        let unfit = fits("revoke", &unit, (&person, &[])).unwrap_err();
        assert_eq!(unfit.code(), "ra.certificate_unfit");
    }

    /// A holder neither suspends twice nor resumes what others hold.
    #[test]
    fn what_a_holder_may_ask_for_depends_on_whose_holds_stand() {
        let (kind, _, held) = held("person", Standing::Suspended);
        for (sources, suspends, resumes) in [
            (vec![Source::Holder], false, true),
            (vec![Source::Phone], true, true),
            (vec![Source::Authority], true, false),
            (vec![Source::Holder, Source::Authority], false, true),
            (vec![Source::Unit, Source::Institution, Source::Regulator], true, false),
        ] {
            let holds: Vec<Hold> = sources.iter().map(|source| hold(*source)).collect();
            let may = |service: &str| fits(service, &kind, (&held, &holds)).is_ok();
            assert_eq!(may("suspend"), suspends, "{sources:?}");
            assert_eq!(may("resume"), resumes, "{sources:?}");
        }
    }

    fn hold(source: Source) -> Hold {
        Hold {
            id: "h1".parse().unwrap(),
            serial: "0a".into(),
            source,
            ground: None,
            origin: "act:1".into(),
            set_by: "person:a".into(),
            since: jiff::Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn what_a_renewal_states_is_what_the_certificate_says_in_every_kind() {
        for kind in ["person", "staff", "unit", "device", "server"] {
            let (full, form, held) = held(kind, Standing::Good);
            assert_eq!(differs("renew", &full, &form, &held).unwrap(), [], "{kind}");
        }
        let (full, mut form, held) = held("staff", Standing::Good);
        form.set("locality", "别处");
        assert_eq!(differs("renew", &full, &form, &held).unwrap().len(), 1);
        assert_eq!(differs("change", &full, &form, &held).unwrap(), []);
        form.set("holder_name", "易可验");
        assert_eq!(differs("revoke", &full, &form, &held).unwrap().len(), 1);
    }

    /// What the certificate says and the form does not mention is a difference too, where the content stays.
    #[test]
    fn a_renewal_drops_nothing_that_the_certificate_says() {
        let (full, form, mut held) = held("staff", Standing::Good);
        held.subject.units.push("另一部门".into());
        let fields = |service: &str, form: &Form, held: &Held| -> Vec<String> {
            let found = differs(service, &full, form, held).unwrap();
            found.into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields("renew", &form, &held), ["department"]);
        assert_eq!(fields("revoke", &form, &held), Vec::<String>::new());
        let mut without = form.clone();
        without.set("department", "");
        assert_eq!(fields("renew", &without, &held), ["subject"]);
        assert_eq!(fields("revoke", &without, &held), Vec::<String>::new());
    }

    #[test]
    fn who_moves_keeps_the_certificate_s_history_and_a_unit_its_code() {
        use SearchField::{CreditCode, IdNumber};
        let before = [("id_number".to_owned(), "x".to_owned()), ("credit_code".into(), "u".into())];
        let differs = |kind: &str, service: &str, (number, code): (&str, &str)| {
            let (full, ..) = held(kind, Standing::Good);
            let now = [(IdNumber, number.to_owned()), (CreditCode, code.to_owned())];
            another_holder(service, &full, &before, &now).map(|error| error.field)
        };
        for service in ["revoke", "renew", "change"] {
            assert_eq!(differs("staff", service, ("x", "u")), None, "{service}");
            assert_eq!(differs("staff", service, ("y", "u")).as_deref(), Some("id_number"));
            assert_eq!(differs("staff", service, ("u", "u")).as_deref(), Some("id_number"));
            // The number is the agent's: who acts for a unit may be another.
            assert_eq!(differs("unit", service, ("y", "u")), None, "{service}");
            assert_eq!(differs("unit", service, ("x", "v")).as_deref(), Some("credit_code"));
        }
        assert_eq!(differs("staff", "revoke", ("x", "v")).as_deref(), Some("credit_code"));
        assert_eq!(differs("staff", "change", ("x", "v")), None, "another unit, the same person");
    }

    #[test]
    fn another_number_is_another_holder() {
        let (full, ..) = held("person", Standing::Good);
        let before = [("id_number".to_owned(), "x".to_owned())];
        let now = |value: &str| vec![(SearchField::IdNumber, value.to_owned())];
        assert!(another_holder("revoke", &full, &before, &now("x")).is_none());
        assert!(another_holder("revoke", &full, &before, &now("y")).is_some());
        assert!(another_holder("revoke", &full, &[], &now("y")).is_none(), "nothing is known");
    }
}
