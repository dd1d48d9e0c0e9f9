//! A root, a CA and every kind of certificate are made from the profiles, and
//! hold before ourselves.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

mod support;

use gm::UserId;
use pki::ext::{IdentifyCode, KeyUsage, TypedExtension};
use pki::lint::{Context, run_certificate};
use pki::profile::Role;
use pki::{Error, Issuer, Linted, Order, SubjectInput, Template, Urls, oid, plan};
use support::{World, at, issue, new_key, new_serial, now, subject_for, urls};

#[test]
fn every_profile_yields_a_certificate_without_findings() {
    let world = World::new();
    for profile in world.profiles.iter().filter(|profile| !profile.is_ca()) {
        let leaf = world.leaf(profile.name()).certificate;
        leaf.verify_signature(world.ca.key.public_key(), &UserId::default()).unwrap();
        let context = Context::new(profile.lint_role()).issued_by(&world.ca.certificate);
        let report = run_certificate(&leaf, &context);
        assert!(report.findings.is_empty(), "{}: {report}", profile.name());
        assert!(!leaf.is_ca() && leaf.basic_constraints().is_none(), "{}", profile.name());
    }
}

#[test]
fn certificates_of_a_pair_have_one_subject_and_the_exact_usages() {
    let world = World::new();
    for sign in world.profiles.iter().filter(|profile| profile.role() == Role::Sign) {
        let enc = world.profiles.pair_of(sign).unwrap();
        let subject = subject_for(sign);
        let a = issue(sign, Some(&world.ca), &subject, &new_key());
        let b = issue(enc, Some(&world.ca), &subject, &new_key());
        assert_eq!(a.subject().der(), b.subject().der());
        assert_eq!(a.key_usage(), Some(KeyUsage::SIGNING));
        assert_eq!(b.key_usage(), Some(KeyUsage::ENCRYPTION));
        assert_ne!(a.serial(), b.serial());
    }
}

#[test]
fn names_are_encoded_as_gmt_0043_asks() {
    let leaf = World::new().leaf("staff-sign").certificate;
    assert_eq!(
        leaf.subject().to_string(),
        "CN=李四, OU=一处, OU=信息中心, O=某市大数据管理局, C=CN"
    );
    let tags: Vec<_> = leaf.subject().attributes().map(|attribute| attribute.tag.octet()).collect();
    assert_eq!(tags, [0x13, 0x0c, 0x0c, 0x0c, 0x0c]);
}

#[test]
fn key_identifiers_link_the_chain() {
    let world = World::new();
    let leaf = world.leaf("person-sign").certificate;
    assert_eq!(leaf.aki().unwrap().key_id.unwrap(), world.ca.certificate.ski().unwrap().0);
    assert_eq!(leaf.ski().unwrap().0, leaf.spki().key_identifier());
    assert_eq!(
        world.ca.certificate.aki().unwrap().key_id.unwrap(),
        world.root.certificate.ski().unwrap().0
    );
    assert_eq!(leaf.issuer().der(), world.ca.certificate.subject().der());
}

#[test]
fn identity_extensions_hold_the_parsed_identifiers() {
    let world = World::new();
    let person = world.leaf("person-sign").certificate;
    let code = IdentifyCode::parse(&person.extension(&oid::IDENTIFY_CODE).unwrap().value).unwrap();
    assert_eq!(code.number(), "11010519491231002X");
    let unit = world.leaf("unit-enc").certificate;
    assert_eq!(
        unit.extension(&oid::ORGANIZATION_CODE).unwrap().value,
        b"\x13\x1291110000600037341L"
    );
}

#[test]
fn a_default_validity_lasts_the_days_of_the_profile_to_the_second() {
    let world = World::new();
    let leaf = world.leaf("person-sign").certificate;
    let seconds = leaf.not_after().as_second() - leaf.not_before().as_second() + 1;
    assert_eq!(seconds, 365 * 86_400);
    assert!(leaf.is_valid_at(leaf.not_after()) && leaf.is_valid_at(leaf.not_before()));
    assert!(!leaf.is_valid_at(at("2027-11-22T08:00:00Z")));
}

fn refusal(world: &World, profile: &str, subject: &SubjectInput) -> &'static str {
    let (issuer, key) = (Issuer::certificate(&world.ca.certificate).unwrap(), new_key());
    let order = Order {
        subject,
        key: key.public_key(),
        serial: new_serial(),
        not_before: now(),
        not_after: None,
    };
    plan(world.profile(profile), &issuer, &order, &urls())
        .map_or_else(|error| error.code(), |_| "ok")
}

#[test]
fn subjects_that_do_not_fit_the_profile_are_refused() {
    let world = World::new();
    let staff = subject_for(world.profile("staff-sign"));
    let server = subject_for(world.profile("server-sign"));
    let unit = subject_for(world.profile("unit-sign"));
    let person = subject_for(world.profile("person-sign"));
    for (profile, subject, expected) in [
        ("staff-sign", staff.clone(), "ok"),
        (
            "staff-sign",
            SubjectInput { organization: None, ..staff.clone() },
            "plan.subject-missing",
        ),
        (
            "staff-sign",
            SubjectInput { common_name: String::new(), ..staff.clone() },
            "plan.subject-missing",
        ),
        (
            "staff-sign",
            SubjectInput { common_name: "长".repeat(65), ..staff.clone() },
            "plan.subject-text",
        ),
        (
            "staff-sign",
            SubjectInput { common_name: " 李四".into(), ..staff.clone() },
            "plan.subject-text",
        ),
        (
            "staff-sign",
            SubjectInput { common_name: "李\u{202e}四".into(), ..staff.clone() },
            "plan.subject-text",
        ),
        ("staff-sign", SubjectInput { country: "cn".into(), ..staff.clone() }, "plan.subject-text"),
        (
            "staff-sign",
            SubjectInput { units: vec!["一处".into(); 2], ..staff.clone() },
            "plan.subject-text",
        ),
        (
            "staff-sign",
            SubjectInput { dns_names: server.dns_names.clone(), ..staff.clone() },
            "plan.subject-unexpected",
        ),
        (
            "staff-sign",
            SubjectInput { email: Some("李四@某局".into()), ..staff.clone() },
            "plan.email-address",
        ),
        (
            "server-sign",
            SubjectInput { dns_names: vec![], ..server.clone() },
            "plan.subject-missing",
        ),
        (
            "server-sign",
            SubjectInput { dns_names: vec!["a b.cn".into()], ..server.clone() },
            "plan.domain-name",
        ),
        ("unit-sign", SubjectInput { identifiers: vec![], ..unit.clone() }, "plan.subject-missing"),
        (
            "unit-sign",
            SubjectInput { identifiers: person.identifiers.clone(), ..unit.clone() },
            "plan.subject-unexpected",
        ),
        ("staff-sign", SubjectInput { country: "US".into(), ..staff }, "plan.issuer-names"),
    ] {
        assert_eq!(refusal(&world, profile, &subject), expected, "{profile} {subject:?}");
    }
}

#[test]
fn nothing_outlives_its_issuer() {
    let world = World::new();
    let subject = subject_for(world.profile("person-sign"));
    let (issuer, key) = (Issuer::certificate(&world.ca.certificate).unwrap(), new_key());
    let ca_end = world.ca.certificate.not_after();
    for (not_before, not_after, expected) in [
        (at("2046-10-01T00:00:00Z"), Some(ca_end), "ok"),
        (at("2046-10-01T00:00:00Z"), None, "plan.validity-issuer"),
        (at("2020-01-01T00:00:00Z"), None, "plan.validity-issuer"),
    ] {
        let order = Order {
            subject: &subject,
            key: key.public_key(),
            serial: new_serial(),
            not_before,
            not_after,
        };
        let planned = plan(world.profile("person-sign"), &issuer, &order, &urls());
        assert_eq!(planned.map_or_else(|error| error.code(), |_| "ok"), expected, "{not_before}");
    }
}

#[test]
fn issuers_and_profiles_must_go_together() {
    let world = World::new();
    let leaf = world.leaf("person-sign");
    assert_eq!(Issuer::certificate(&leaf.certificate).unwrap_err().code(), "plan.issuer-not-ca");
    let by_ca = Issuer::certificate(&world.ca.certificate).unwrap();
    let code = |profile: &str, issuer: &Issuer, urls: &Urls| {
        Template::new(world.profile(profile), issuer, urls)
            .map_or_else(|error: Error| error.code(), |_| "ok")
    };
    assert_eq!(code("person-sign", &Issuer::self_signed(), &urls()), "plan.self-signed");
    assert_eq!(code("root", &by_ca, &urls()), "plan.self-signed");
    assert_eq!(code("subca", &by_ca, &urls()), "plan.issuer-path-length");
    assert_eq!(
        code("person-sign", &by_ca, &Urls { crl: vec![], ..urls() }),
        "plan.address-missing"
    );
    assert_eq!(
        code("person-sign", &by_ca, &Urls { ocsp: vec!["ocsp".into()], ..urls() }),
        "plan.address-form"
    );
}

#[test]
fn known_keys_and_the_issuers_own_key_are_refused() {
    let world = World::new();
    let subject = subject_for(world.profile("person-sign"));
    let issuer = Issuer::certificate(&world.ca.certificate).unwrap();
    let mut one = [0; 32];
    one[31] = 1;
    let generator = gm::sm2::PrivateKey::from_bytes(&one).unwrap();
    for (key, expected) in
        [(generator.public_key(), "plan.weak-key"), (world.ca.key.public_key(), "plan.issuer-key")]
    {
        let order = Order {
            subject: &subject,
            key,
            serial: new_serial(),
            not_before: now(),
            not_after: None,
        };
        let planned = plan(world.profile("person-sign"), &issuer, &order, &urls());
        assert_eq!(planned.unwrap_err().code(), expected);
    }
}

#[test]
fn a_foreign_signature_is_not_put_on() {
    let world = World::new();
    let (profile, key, id) = (world.profile("person-sign"), new_key(), UserId::default());
    let subject = subject_for(profile);
    let order = Order {
        subject: &subject,
        key: key.public_key(),
        serial: new_serial(),
        not_before: now(),
        not_after: None,
    };
    let planned =
        plan(profile, &Issuer::certificate(&world.ca.certificate).unwrap(), &order, &urls())
            .unwrap();
    let context = Context::new(profile.lint_role()).issued_by(&world.ca.certificate).at(now());
    let linted = planned.lint(&context).unwrap();
    let foreign = key.sign_digest(&linted.digest(world.ca.key.public_key(), &id));
    assert_eq!(
        linted.finish(&foreign, world.ca.key.public_key(), &id).unwrap_err().code(),
        "signature.wrong"
    );
}

#[test]
fn stored_bytes_are_linted_again_when_taken_up() {
    let world = World::new();
    let (profile, key) = (world.profile("person-sign"), new_key());
    let subject = subject_for(profile);
    let order = Order {
        subject: &subject,
        key: key.public_key(),
        serial: new_serial(),
        not_before: now(),
        not_after: None,
    };
    let planned =
        plan(profile, &Issuer::certificate(&world.ca.certificate).unwrap(), &order, &urls())
            .unwrap();
    let context = Context::new(profile.lint_role()).issued_by(&world.ca.certificate).at(now());
    let reopened = Linted::reopen(planned.tbs_der(), planned.profile_hash(), &context).unwrap();
    assert_eq!(reopened.tbs_der(), planned.tbs_der());
    let mut tampered = planned.tbs_der().to_vec();
    let usage = KeyUsage::SIGNING.to_extension(true).value;
    let place = tampered.windows(usage.len()).position(|window| window == usage).unwrap();
    tampered[place + 3] = 0x40;
    assert!(Linted::reopen(&tampered, planned.profile_hash(), &context).is_err());
}

#[test]
fn null_parameters_are_written_where_the_profile_asks() {
    let world = World::new();
    let text = include_str!("../../../profiles/person-sign.toml")
        .replace("parameters = \"absent\"", "parameters = \"null\"");
    let profile = pki::profile::Profile::from_toml(&text).unwrap();
    let leaf = issue(&profile, Some(&world.ca), &subject_for(&profile), &new_key());
    assert_eq!(leaf.signature_algorithm().parameters.as_deref(), Some(&[5, 0][..]));
    assert_ne!(profile.hash(), world.profile("person-sign").hash());
}

#[test]
fn extensions_are_read_back_as_the_types_that_were_written() {
    let world = World::new();
    let server = world.leaf("server-sign").certificate;
    let names: Vec<_> = server.san().unwrap().0.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["DNS:zwfw.example.gov.cn", "IP:192.0.2.7", "IP:2001:db8::7"]);
    assert!(server.eku().unwrap().contains(&oid::SERVER_AUTH));
    assert_eq!(
        server.aia().unwrap().uris(oid::ACCESS_OCSP).collect::<Vec<_>>(),
        ["http://ocsp.example.gov.cn/"]
    );
    assert!(server.freshest_crl().is_some());
    let ocsp = world.leaf("ocsp").certificate;
    assert_eq!(ocsp.extension(&oid::OCSP_NOCHECK).unwrap().value, [5, 0]);
    assert!(world.leaf("tsa").certificate.extension(&oid::EXTENDED_KEY_USAGE).unwrap().critical);
    for extension in server.extensions() {
        extension.check().unwrap();
    }
    let usage = server.extension(&KeyUsage::OID).unwrap();
    assert!(usage.critical);
}
