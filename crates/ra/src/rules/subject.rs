//! From a form to the subject of the certificate.

use core::net::IpAddr;

use pki::ident::{CreditCode, DocumentNumber, IdNumber, OfficerNumber};
use pki::{Identifier, SubjectInput};

use crate::catalogue::{Field, FieldKind, Kind, SubjectPart};
use crate::error::Error;
use crate::model::Form;

/// The subject that the form asks for. Nothing else goes into the certificate (Measures Art. 19; checks
/// C19-2, C19-8).
pub(crate) fn subject(kind: &Kind, form: &Form) -> Result<SubjectInput, Error> {
    let mut subject = SubjectInput::default();
    for field in form.filled(kind) {
        for part in &field.subject {
            put(&mut subject, *part, field, form)?;
        }
    }
    Ok(subject)
}

/// Puts the value of a field into its part of a subject.
pub(crate) fn put(
    subject: &mut SubjectInput,
    part: SubjectPart,
    field: &Field,
    form: &Form,
) -> Result<(), Error> {
    let value = form.value(&field.name).to_owned();
    let lines = form.lines(&field.name);
    match part {
        SubjectPart::CommonName => {
            subject.common_name = lines.first().map_or(value, |first| (*first).to_owned());
        }
        SubjectPart::Organization => subject.organization = Some(value),
        SubjectPart::Unit => subject.units.push(value),
        SubjectPart::State => subject.state = Some(value),
        SubjectPart::Locality => subject.locality = Some(value),
        SubjectPart::Email => subject.email = Some(value),
        SubjectPart::Domain => {
            subject.dns_names.extend(lines.iter().map(|line| (*line).to_owned()));
        }
        SubjectPart::Address => {
            for line in lines {
                let address: IpAddr = line.parse().map_err(|_| Error::Stored("IP 地址"))?;
                subject.ip_addresses.push(address);
            }
        }
        // A certificate is public: the number is in it only if the applicant said so (PIPL Art. 6).
        SubjectPart::IdentifyCode if form.value("show_identifier") != "yes" => {}
        SubjectPart::IdentifyCode | SubjectPart::CreditCode => {
            subject.identifiers.push(identifier(field.kind, &value)?);
        }
    }
    Ok(())
}

fn identifier(kind: FieldKind, value: &str) -> Result<Identifier, Error> {
    Ok(match kind {
        FieldKind::IdNumber => Identifier::IdNumber(IdNumber::parse(value)?),
        FieldKind::Passport => Identifier::Passport(DocumentNumber::parse(value)?),
        FieldKind::OfficerNumber => Identifier::MilitaryOfficer(OfficerNumber::parse(value)?),
        FieldKind::CreditCode => Identifier::CreditCode(CreditCode::parse(value)?),
        _ => return Err(Error::Catalogue("证件号码字段种类不对".to_owned())),
    })
}

/// How long the certificate is to be valid.
pub(crate) fn term_years(form: &Form) -> u8 {
    form.value("term_years").parse().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use pki::profile::ProfileSet;

    #[test]
    fn the_sample_of_every_kind_is_a_subject_that_its_profiles_take() {
        let catalogue = Catalogue::embedded().unwrap();
        let profiles = ProfileSet::embedded().unwrap();
        for kind in catalogue.kinds() {
            let form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
            let subject = subject(kind, &form).unwrap();
            for name in [&kind.sign_profile, &kind.enc_profile] {
                subject.check(profiles.by_name(name).unwrap()).unwrap();
            }
        }
    }

    #[test]
    fn each_document_is_shown_as_what_it_is() {
        let catalogue = Catalogue::embedded().unwrap();
        let kind = catalogue.kind("person").unwrap();
        let mut form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        form.set("show_identifier", "yes");
        let mut shown = |document: &str| {
            form.set("document_type", document);
            subject(kind, &form).unwrap().identifiers
        };
        assert!(matches!(shown("resident-card")[..], [Identifier::IdNumber(_)]));
        assert!(matches!(shown("passport")[..], [Identifier::Passport(_)]));
        assert!(matches!(shown("officer-card")[..], [Identifier::MilitaryOfficer(_)]));
    }

    #[test]
    fn the_term_is_the_one_asked_for_and_a_year_where_none_is() {
        for (asked, years) in [("3", 3), ("2", 2), ("", 1), ("x", 1)] {
            assert_eq!(term_years(&Form::new([("term_years", asked)])), years);
        }
    }

    #[test]
    fn the_identity_number_is_in_the_certificate_only_if_the_applicant_said_so() {
        let catalogue = Catalogue::embedded().unwrap();
        let kind = catalogue.kind("person").unwrap();
        let mut form = Form::new(kind.fields.iter().map(|f| (f.name.clone(), f.sample.clone())));
        assert_eq!(subject(kind, &form).unwrap().identifiers, []);
        form.set("show_identifier", "yes");
        assert_eq!(subject(kind, &form).unwrap().identifiers.len(), 1);
    }
}
