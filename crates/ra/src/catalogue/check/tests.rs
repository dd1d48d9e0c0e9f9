//! What the check of the registration data refuses: one thing wrong each time.

use super::*;
use crate::catalogue::{Evidence, Ground, NoticeVersion};

fn catalogue() -> Catalogue {
    Catalogue::embedded().unwrap()
}

fn refused(change: impl FnOnce(&mut Catalogue)) -> String {
    let mut catalogue = catalogue();
    change(&mut catalogue);
    all(&catalogue).unwrap_err().to_string()
}

#[test]
fn the_built_in_data_agrees_with_itself_and_the_profiles() {
    let catalogue = catalogue();
    assert_eq!(catalogue.kinds().len(), 5);
    assert_eq!(catalogue.notices().len(), 4);
    assert_eq!(catalogue.services().list.len(), 8);
}

#[test]
fn no_file_can_leave_out_a_step_of_the_law() {
    for step in LEGAL_STEPS {
        let why = refused(|catalogue| {
            catalogue.services.list[0].steps.retain(|known| *known != step);
        });
        assert!(why.contains("环节") || why.contains("期限"), "{step:?}: {why}");
    }
    assert!(refused(|catalogue| catalogue.services.list[0].steps.swap(2, 3)).contains("次序"));
    assert!(
        refused(|catalogue| catalogue.services.list[0].promised_working_days = 3)
            .contains("两个工作日")
    );
}

#[test]
fn a_notice_too_few_or_out_of_order_is_refused() {
    assert!(refused(|catalogue| drop(catalogue.notices.pop())).contains("四项"));
    let twice = |catalogue: &mut Catalogue| {
        let old = catalogue.notices[0].versions[0].clone();
        catalogue.notices[0].versions.push(NoticeVersion { number: "next".into(), ..old });
    };
    assert!(refused(twice).contains("生效日期"));
}

#[test]
fn what_goes_into_a_certificate_must_be_proofed() {
    let why = refused(|catalogue| catalogue.kinds[0].fields[0].matter = None);
    assert!(why.contains("T-20"), "{why}");
}

#[test]
fn a_method_that_cannot_prove_a_field_of_its_kind_is_refused() {
    let why = refused(|catalogue| catalogue.methods[0].means.truncate(1));
    assert!(why.contains("不能证明"), "{why}");
}

#[test]
fn a_form_that_does_not_fit_its_profile_is_refused() {
    let why = refused(|catalogue| catalogue.kinds[0].sign_profile = "unit-sign".into());
    assert!(why.contains("模板"), "{why}");
    assert!(refused(|c| c.kinds[0].sign_profile = "root".into()).contains("没有所指"));
}

type Change = fn(&mut Catalogue);

/// Each by itself makes the data unusable, and the refusal says what it is.
fn each_refused(changes: &[(&str, Change)]) {
    for (words, change) in changes {
        let why = refused(*change);
        assert!(why.contains(words), "{words}: {why}");
    }
}

#[test]
fn nothing_is_listed_twice() {
    let changes: [(&str, Change); 10] = [
        ("证书类型", |c| c.kinds.push(c.kinds[0].clone())),
        ("业务事项", |c| c.services.list.push(c.services.list[0].clone())),
        ("核验方式", |c| c.methods.push(c.methods[0].clone())),
        ("审核清单", |c| c.checklist.push(c.checklist[0].clone())),
        ("事由", |c| c.grounds.push(c.grounds[0].clone())),
        ("不予受理情形", |c| c.declines.push(c.declines[0].clone())),
        ("字段", |c| c.kinds[0].fields.extend_from_within(..1)),
        ("材料", |c| c.kinds[0].materials.extend_from_within(..1)),
        ("核验手段", |c| c.methods[0].means.extend_from_within(..1)),
        ("告知版本", |c| c.notices[0].versions.extend_from_within(..1)),
    ];
    each_refused(&changes);
    for (words, change) in changes {
        assert!(refused(change).contains("出现两次"), "{words}");
    }
}

/// T-14: the code of a ground is that of its service, and what others bring is on paper.
#[test]
fn a_ground_fits_its_services_and_has_its_paper() {
    fn with(c: &mut Catalogue, is_it: fn(&Ground) -> bool) -> &mut Vec<Evidence> {
        &mut c.grounds.iter_mut().find(|one| is_it(one)).unwrap().evidence
    }
    each_refused(&[
        ("原因码与业务不符", |c| c.grounds[0].reason = pki::crl::Reason::KeyCompromise),
        ("业务事项", |c| c.grounds[0].services.push("buy".into())),
        ("须有证据", |c| {
            with(c, |g| g.source == Source::Unit && g.is_brought_for("revoke")).clear()
        }),
        ("须有证据", |c| with(c, Ground::is_lifting).clear()),
        ("须有证据", |c| {
            let paper = with(c, Ground::is_lifting).clone();
            *with(c, |g| g.source == Source::Holder) = paper;
        }),
        ("须有证据", |c| {
            let paper = with(c, Ground::is_lifting).clone();
            *with(c, |g| g.source == Source::Phone && g.is_brought_for("revoke")) = paper;
        }),
        ("须有证据", |c| {
            let paper = with(c, Ground::is_lifting).clone();
            *with(c, |g| g.source == Source::Unit && g.is_brought_for("suspend")) = paper;
        }),
        ("出现两次", |c| with(c, Ground::is_lifting).extend_from_within(..1)),
        ("不应有事由", |c| c.grounds.retain(|one| !one.is_for("revoke"))),
        ("不应有事由", |c| {
            let found = c.grounds.iter_mut().find(|one| one.is_for("rekey"));
            found.unwrap().services.push("renew".into());
        }),
    ]);
    for name in [CALL_HOLD, CALL_REJECTED, CALL_LAPSED, CALL_WITHDRAWN] {
        let why = refused(|c| c.grounds.retain(|one| one.name != name));
        assert!(why.contains(name), "{why}");
        let why = refused(|c| {
            let found = c.grounds.iter_mut().find(|one| one.name == name);
            found.unwrap().source = Source::Holder;
        });
        assert!(why.contains(name), "{why}");
    }
}

#[test]
fn a_service_has_a_basis_and_a_term_of_one_or_two_days() {
    each_refused(&[
        ("缺少依据", |c| c.services.list[0].basis.clear()),
        ("缺少依据", |c| c.services.list[0].promised_working_days = 0),
        ("次序不符", |c| c.services.list.last_mut().unwrap().steps.swap(0, 1)),
    ]);
    for days in [1, 2] {
        let mut catalogue = catalogue();
        catalogue.services.list[0].promised_working_days = days;
        assert!(all(&catalogue).is_ok(), "{days}");
    }
}

#[test]
fn a_kind_has_its_two_profiles_a_level_and_fields_that_can_be_filled_in() {
    fn field<'c>(c: &'c mut Catalogue, name: &str) -> &'c mut Field {
        c.kinds[0].fields.iter_mut().find(|field| field.name == name).unwrap()
    }
    each_refused(&[
        ("没有所指", |c| c.kinds[0].sign_profile = c.kinds[0].enc_profile.clone()),
        ("没有所指", |c| c.kinds[0].enc_profile = c.kinds[0].sign_profile.clone()),
        ("核验等级", |c| c.kinds[0].assurance = 0),
        ("核验等级", |c| c.kinds[0].assurance = 4),
        ("选项与字段种类", |c| field(c, "term_years").choices.clear()),
        ("选项与字段种类", |c| {
            let choices = field(c, "term_years").choices.clone();
            field(c, "phone").choices = choices;
        }),
        ("不存在或不是选项", |c| {
            field(c, "id_number").when.as_mut().unwrap().field = "nothing".into();
        }),
        ("不存在或不是选项", |c| {
            field(c, "id_number").when.as_mut().unwrap().field = "phone".into();
        }),
        ("选项值不存在", |c| field(c, "id_number").when.as_mut().unwrap().is.clear()),
        ("选项值不存在", |c| {
            field(c, "id_number").when.as_mut().unwrap().is.push("nothing".into());
        }),
        ("示例不符合", |c| field(c, "id_number").sample = "1".into()),
        ("模板必有", |c| field(c, "holder_name").required = false),
        ("模板没有", |c| field(c, "phone").subject.push(SubjectPart::Domain)),
        ("模板没有", |c| field(c, "id_number").subject.push(SubjectPart::CreditCode)),
        ("业务事项", |c| c.methods[0].services.push("buy".into())),
        ("证书类型", |c| c.methods[0].kinds.push("nobody".into())),
    ]);
    let field = &catalogue().kinds[0].fields[0];
    let optional = &Field { required: false, ..field.clone() };
    for (presence, sources, is_good) in [
        (Presence::Required, vec![optional, field], true),
        (Presence::Required, vec![optional], false),
        (Presence::Required, vec![], false),
        (Presence::Optional, vec![optional], true),
        (Presence::Optional, vec![], true),
        (Presence::None, vec![], true),
        (Presence::None, vec![optional], false),
    ] {
        let told = format!("{presence:?} {}", sources.len());
        assert_eq!(agrees(presence, sources).is_ok(), is_good, "{told}");
    }
}

#[test]
fn notices_and_agreement_have_versions_that_follow_each_other_and_say_something() {
    each_refused(&[
        ("四项", |c| c.notices.swap(0, 1)),
        ("没有版本", |c| c.notices[0].versions.clear()),
        ("空白版本", |c| c.notices[3].versions[0].paragraphs.clear()),
        ("没有版本", |c| c.agreement.versions.clear()),
        ("生效日期", |c| c.agreement.versions.extend_from_within(..1)),
        ("当事人", |c| c.agreement.versions[0].sections.truncate(1)),
        ("当事人", |c| {
            for line in &mut c.agreement.versions[0].preamble {
                *line = line.replace("{holder}", "申请人");
            }
        }),
    ]);
    let mut catalogue = catalogue();
    catalogue.agreement.versions[0].sections.truncate(2);
    assert!(all(&catalogue).is_ok(), "two sections are enough");
    let days =
        |days: &[&str]| -> Vec<CivilDate> { days.iter().map(|day| day.parse().unwrap()).collect() };
    assert!(ordered("x", &days(&["2026-01-01", "2026-01-02"])).is_ok());
    for wrong in [&["2026-01-02", "2026-01-01"][..], &["2026-01-01", "2026-01-01"], &[]] {
        assert!(ordered("x", &days(wrong)).is_err());
    }
}

#[test]
fn an_agreement_without_the_institution_as_party_is_refused() {
    let why = refused(|catalogue| {
        for line in &mut catalogue.agreement.versions[0].preamble {
            *line = line.replace("{institution}", "某注册机构");
        }
    });
    assert!(why.contains("当事人"), "{why}");
    assert!(
        refused(|c| c.agreement.versions[0].preamble.push("{party}".into())).contains("填入处")
    );
}
