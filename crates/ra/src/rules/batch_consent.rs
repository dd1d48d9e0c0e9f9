//! The unit's agreement by certificate: its text, whose certificate may sign it, and whom it covers
//! (Measures Art. 21 ¶4, Art. 27 ¶3; checks C21-4, C27-3).

use law::CivilDate;
use pki::tbs::Identifier;

use super::agreement::lines;
use super::batch::list_sm3;
use crate::catalogue::{AgreementTemplate, Kind, Service};
use crate::error::{Error, Refusal};
use crate::model::{
    Application, Batch, BatchAgreementText, BatchParty, Institution, Listed, RunConsent,
};
use crate::port::{Held, Standing};

/// The kind of certificate with which a unit signs.
const UNIT: &str = "unit";

/// Makes the text. The party is the institution, whichever office took the batch; what it is for is said
/// by number and SM3 of the list.
pub(crate) fn text(
    template: &AgreementTemplate,
    (batch, party): (&Batch, &BatchParty),
    (kind, service): (&Kind, &Service),
    (institution, day): (&Institution, CivilDate),
    members: Vec<Listed>,
) -> Result<BatchAgreementText, Error> {
    let version = template.on(day).ok_or_else(|| Error::Catalogue("没有现行协议文本".into()))?;
    let listed = members.iter().map(|(id, form, version)| (id.as_str(), *form, *version));
    let list_sm3 = list_sm3(listed);
    let count = members.len();
    let holder = format!(
        "{}，并代表附表所列 {count} 份申请的证书持有人（附表的 SM3 杂凑值为 {list_sm3}）",
        party.unit_name.trim()
    );
    let places = [
        ("number", batch.number.clone()),
        ("institution", institution.name.clone()),
        ("institution_code", institution.credit_code.clone()),
        ("holder", holder),
        ("holder_number", party.credit_code.trim().to_owned()),
        ("agent", party.contact_name.trim().to_owned()),
        ("kind", kind.title.clone()),
        ("service", service.title.clone()),
        ("term", "附表所列各份申请载明的期限".to_owned()),
        ("date", day.to_string()),
    ];
    Ok(BatchAgreementText {
        batch: batch.id.clone(),
        number: batch.number.clone(),
        version: version.number.clone(),
        day,
        title: template.title.clone(),
        lines: lines(version, &places),
        list_sm3,
        members,
    })
}

/// The day that the text bears: none to come, none before the last approval (nobody agrees before review,
/// check C21-5), and none of a version that is out of force.
pub(crate) fn day(
    template: &AgreementTemplate,
    (wanted, approved): (Option<CivilDate>, CivilDate),
    today: CivilDate,
) -> Result<CivilDate, Error> {
    let number = |day| template.on(day).map(|version| &version.number);
    let day = wanted.unwrap_or(today);
    if approved <= day && day <= today && number(day) == number(today) {
        return Ok(day);
    }
    Err(Refusal::AgreementText.at("协议的日期不对：请重新打开协议页，取现在的文本"))
}

/// The certificate is one of this very unit, and in force.
pub(crate) fn of_unit(held: Option<&Held>, party: &BatchParty) -> Result<(), Error> {
    let unfit = |text: String| Err(Refusal::MeansUnfit.at(text));
    let Some(held) = held.filter(|held| held.kind == UNIT) else {
        return unfit("请用本机构签发给单位的机构证书签名".to_owned());
    };
    if held.standing != Standing::Good {
        return unfit(format!("签名所用的机构证书{}", held.standing.chinese()));
    }
    let code = party.credit_code.trim();
    let has_code = held
        .subject
        .identifiers
        .iter()
        .any(|one| matches!(one, Identifier::CreditCode(of_unit) if of_unit.as_str() == code));
    let has_name = held.subject.organization.as_deref() == Some(party.unit_name.trim());
    if has_code && has_name {
        return Ok(());
    }
    unfit("签名所用的是其他单位的证书".to_owned())
}

/// The application is in the list that the unit signed, as it was, under the version of the text that is
/// signed for it now.
pub(crate) fn covers(
    consent: &RunConsent,
    application: &Application,
    version: &str,
) -> Result<(), Error> {
    let RunConsent::Certificate { kept, members, .. } = consent else { return Ok(()) };
    let listed = (application.id.to_string(), application.form, application.version);
    if !members.contains(&listed) {
        let text = "不在单位签署的名单中，或者签署之后有改动；请逐件办理";
        return Err(Refusal::AgreementMissing.at(text));
    }
    if kept.text.version != version {
        return Err(Refusal::AgreementText.at("单位签署之后，协议有了新版本；请逐件办理"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Catalogue;
    use pki::ident::CreditCode;
    use pki::{Serial, SubjectInput};

    fn party() -> BatchParty {
        BatchParty {
            unit_name: "云中市档案馆".into(),
            credit_code: "12110101YX0000016B".into(),
            contact_name: "贾如信".into(),
            contact_phone: "13000000009".into(),
            contact_email: "jia@example.gov.cn".into(),
        }
    }

    fn held() -> Held {
        let code = CreditCode::parse("12110101YX0000016B").unwrap();
        Held {
            serial: Serial::from_hex("0a0b0c0d").unwrap(),
            kind: "unit".into(),
            subject: SubjectInput {
                organization: Some("云中市档案馆".into()),
                identifiers: vec![Identifier::CreditCode(code)],
                ..SubjectInput::named("云中市档案馆")
            },
            standing: Standing::Good,
        }
    }

    #[test]
    fn only_a_certificate_in_force_of_this_very_unit_signs_for_it() {
        let fits = |change: fn(&mut Held)| {
            let mut held = held();
            change(&mut held);
            of_unit(Some(&held), &party()).is_ok()
        };
        assert!(fits(|_| ()));
        assert!(of_unit(None, &party()).is_err());
        assert!(!fits(|held| held.kind = "staff".into()));
        for standing in [Standing::Suspended, Standing::Revoked, Standing::Over] {
            let held = Held { standing, ..held() };
            assert!(of_unit(Some(&held), &party()).is_err());
        }
        assert!(!fits(|held| held.subject.organization = Some("云中市图书馆".into())));
        assert!(!fits(|held| held.subject.identifiers.clear()));
    }

    /// T-18: what the unit signed for is this application in this version, under this text.
    #[test]
    fn a_unit_s_signature_covers_what_is_in_its_list_as_it_was() {
        let on = |day| CivilDate::new(2026, 3, day).unwrap();
        let id = crate::model::ApplicationId::from_random([1; 16]);
        let application = Application {
            id: id.clone(),
            number: crate::model::Number::of(on(4), 1),
            service: "new".into(),
            kind: "staff".into(),
            office: None,
            concerns: None,
            state: crate::model::State::Draft,
            since: on(4).begin(),
            version: 7,
            form: 2,
            round: 1,
            created_at: on(4).begin(),
            clock_from: None,
        };
        let consent = |members: &[(&str, i64, i64)]| {
            let members: Vec<Listed> = members
                .iter()
                .map(|(id, form, version)| ((*id).to_owned(), *form, *version))
                .collect();
            let text = BatchAgreementText {
                batch: crate::model::BatchId::from_random([2; 16]),
                number: "1".into(),
                version: "2026-1".into(),
                day: on(4),
                title: String::new(),
                lines: Vec::new(),
                list_sm3: String::new(),
                members: members.clone(),
            };
            let kept = crate::model::KeptConsent {
                form: crate::model::CONSENT_FORM.into(),
                text,
                serial: String::new(),
                key: String::new(),
                unit: String::new(),
                institution: String::new(),
            };
            let members = members.into_iter().collect();
            RunConsent::Certificate { blob: String::new(), kept: Box::new(kept), members }
        };
        let covered = |members: &[(&str, i64, i64)], version: &str| {
            let done = covers(&consent(members), &application, version);
            done.map_or_else(|error| error.code(), |()| "ok")
        };
        let id = id.as_str();
        assert_eq!(covered(&[("other", 1, 1), (id, 2, 7)], "2026-1"), "ok");
        assert_eq!(covered(&[("other", 2, 7)], "2026-1"), "ra.agreement_missing");
        assert_eq!(covered(&[(id, 1, 7)], "2026-1"), "ra.agreement_missing", "another form");
        assert_eq!(covered(&[(id, 2, 6)], "2026-1"), "ra.agreement_missing", "changed since");
        assert_eq!(covered(&[(id, 2, 7)], "2026-2"), "ra.agreement_text");
        let paper = RunConsent::Paper { blob: String::new(), witnesses: Default::default() };
        assert!(covers(&paper, &application, "2026-2").is_ok(), "a paper names the batch");
    }

    #[test]
    fn the_day_is_between_the_last_approval_and_today_and_of_the_version_in_force() {
        let catalogue = Catalogue::embedded().unwrap();
        let mut template = catalogue.agreement().clone();
        let on = |month, day| CivilDate::new(2026, month, day).unwrap();
        let next = crate::catalogue::AgreementVersion {
            number: "next".into(),
            effective: on(6, 1),
            ..template.versions[0].clone()
        };
        template.versions.push(next);
        let given = |wanted, approved, today| day(&template, (wanted, approved), today).ok();
        assert_eq!(given(None, on(3, 2), on(3, 4)), Some(on(3, 4)));
        assert_eq!(given(Some(on(3, 3)), on(3, 2), on(3, 4)), Some(on(3, 3)));
        assert_eq!(given(Some(on(3, 1)), on(3, 2), on(3, 4)), None);
        assert_eq!(given(Some(on(3, 5)), on(3, 2), on(3, 4)), None);
        assert_eq!(given(Some(on(5, 31)), on(5, 1), on(6, 1)), None);
    }
}
