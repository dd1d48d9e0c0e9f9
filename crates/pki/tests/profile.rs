//! Profiles as data: what comes with the program is sound, and what the
//! standards forbid cannot be configured.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests fail loudly"
)]

use std::path::Path;

use pki::profile::{Policies, Presence, Profile, ProfileSet, Role};

const PERSON_SIGN: &str = include_str!("../../../profiles/person-sign.toml");
const OCSP: &str = include_str!("../../../profiles/ocsp.toml");
const TSA: &str = include_str!("../../../profiles/tsa.toml");
const SUBCA: &str = include_str!("../../../profiles/subca.toml");
const SERVER_SIGN: &str = include_str!("../../../profiles/server-sign.toml");

const CA: &str = "\n[basic_constraints]\ncritical = true\nca = true\n";

fn code(text: &str) -> &'static str {
    Profile::from_toml(text).map_or_else(|error| error.code(), |_| "ok")
}

fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "{from}");
    text.replacen(from, to, 1)
}

#[test]
fn every_kind_has_its_profiles_and_every_pair_agrees() {
    let set = ProfileSet::embedded().unwrap();
    let names: Vec<_> = set.iter().map(Profile::name).collect();
    let expected = "cross device-enc device-sign link ocsp person-enc person-sign root server-enc server-sign staff-enc staff-sign \
                    subca tsa unit-enc unit-sign";
    assert_eq!(names.join(" "), expected);
    for profile in set.iter().filter(|profile| profile.role() != Role::Single) {
        assert_eq!(set.pair_of(profile).unwrap().pair(), Some(profile.name()));
    }
}

#[test]
fn the_embedded_profiles_are_the_files_of_the_folder() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles");
    let (loaded, embedded) = (ProfileSet::load(&folder).unwrap(), ProfileSet::embedded().unwrap());
    assert_eq!(loaded.iter().count(), embedded.iter().count());
    for profile in loaded.iter() {
        assert_eq!(profile.hash(), embedded.by_name(profile.name()).unwrap().hash());
    }
}

#[test]
fn only_root_link_and_subca_are_cas() {
    let set = ProfileSet::embedded().unwrap();
    let cas: Vec<_> = set
        .iter()
        .filter(|profile| profile.document().basic_constraints.is_some())
        .map(Profile::name)
        .collect();
    assert_eq!(cas, ["cross", "link", "root", "subca"]);
    for profile in set.iter().filter(|profile| !profile.is_ca()) {
        let text = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../../profiles/{}.toml", profile.name()));
        let text = std::fs::read_to_string(text).unwrap();
        assert_eq!(code(&format!("{text}{CA}")), "profile.ca-forbidden", "{}", profile.name());
    }
}

#[test]
fn what_the_standards_forbid_cannot_be_configured() {
    for (text, expected) in [
        (PERSON_SIGN.to_owned(), "ok"),
        (with(PERSON_SIGN, "name =", "nom ="), "profile.toml"),
        (format!("{PERSON_SIGN}\n[surprise]\nx = 1\n"), "profile.toml"),
        (with(PERSON_SIGN, "= ", ""), "profile.toml"),
        (with(PERSON_SIGN, "\"person-sign\"", "\"Person\""), "profile.name"),
        (with(PERSON_SIGN, "role = \"sign\"", "role = \"single\""), "profile.role"),
        (with(PERSON_SIGN, "pair = \"person-enc\"\n", ""), "profile.pair"),
        (
            with(PERSON_SIGN, "\"digitalSignature\", ", "\"digitalSignature\", \"keyCertSign\", "),
            "profile.key-usage",
        ),
        (with(PERSON_SIGN, "\"digitalSignature\", ", ""), "profile.key-usage"),
        (with(PERSON_SIGN, "\"digitalSignature\"", "\"signature\""), "profile.key-usage"),
        (with(PERSON_SIGN, "critical = true", "critical = false"), "profile.key-usage"),
        (with(PERSON_SIGN, "attribute = \"S\"", "attribute = \"CN\""), "profile.subject"),
        (with(PERSON_SIGN, "string = \"printable\"", "string = \"utf8\""), "profile.string-type"),
        (with(PERSON_SIGN, "max = 64", "max = 65"), "profile.length"),
        (with(PERSON_SIGN, "max = 64", "max = 0"), "profile.length"),
        (with(PERSON_SIGN, "default_days = 365", "default_days = 0"), "profile.validity"),
        (with(PERSON_SIGN, "default_days = 365", "default_days = 9999"), "profile.validity"),
        (with(PERSON_SIGN, "max_days = 1826", "max_days = 99999"), "profile.validity"),
        (with(PERSON_SIGN, "random_bits = 128", "random_bits = 64"), "profile.serial"),
        (
            with(PERSON_SIGN, "authority = \"required\"", "authority = \"none\""),
            "profile.key-identifiers",
        ),
        (
            with(
                PERSON_SIGN,
                "distribution_points = \"required\"",
                "distribution_points = \"none\"",
            ),
            "profile.crl",
        ),
        (with(PERSON_SIGN, "1.3.6.1.4.1.32473.1.1.1", "1.3.x"), "profile.policy"),
        (with(PERSON_SIGN, "1.3.6.1.4.1.32473.1.1.1", "2.5.29.32.0"), "profile.policy"),
        (with(PERSON_SIGN, "1.3.6.1.4.1.32473.1.1.1", "2.999.1"), "profile.example-policy"),
        (with(PERSON_SIGN, "1.2.156.10260.4.1.2", "1.2.156.10260.4.1.1"), "profile.identity"),
        (with(PERSON_SIGN, "1.2.156.10260.4.1.2", "2.5.29.19"), "profile.identity"),
        (with(PERSON_SIGN, "dns = \"none\"", "dns = \"required\""), "profile.alternative-names"),
        (
            with(SERVER_SIGN, "dns = \"required\"", "dns = \"optional\""),
            "profile.alternative-names",
        ),
        (with(SERVER_SIGN, "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.9"), "profile.extended-key-usage"),
        (with(SERVER_SIGN, "1.3.6.1.5.5.7.3.1", "2.5.29.37.0"), "profile.extended-key-usage"),
        (with(OCSP, "1.3.6.1.5.5.7.3.9", "1.3.6.1.5.5.7.3.1"), "profile.extended-key-usage"),
        (with(OCSP, "ocsp_nocheck = true", "ocsp_nocheck = false"), "profile.crl"),
        (
            with(TSA, "kind = \"tsa\"", "kind = \"tsa\"\nocsp_nocheck = true"),
            "profile.ocsp-nocheck",
        ),
        (
            with(
                TSA,
                "[extended_key_usage]\ncritical = true",
                "[extended_key_usage]\ncritical = false",
            ),
            "profile.extended-key-usage",
        ),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
}

#[test]
fn a_subordinate_ca_without_its_bounds_cannot_be_configured() {
    for (text, expected) in [
        (with(SUBCA, "ca = true", "ca = false"), "profile.ca-missing"),
        (with(SUBCA, "path_len = 0\n", ""), "profile.path-length"),
        (
            with(SUBCA, "permitted_country = \"CN\"", "permitted_country = \"\""),
            "profile.name-constraints",
        ),
        (with(SUBCA, "kind = \"subca\"", "kind = \"root\""), "profile.name-constraints"),
        (with(SUBCA, "kind = \"subca\"", "kind = \"tsa\""), "profile.ca-forbidden"),
    ] {
        assert_eq!(code(&text), expected, "{text}");
    }
}

#[test]
fn a_pair_that_does_not_agree_is_refused() {
    let enc = include_str!("../../../profiles/person-enc.toml");
    let set = |sign: &str, enc: &str| {
        let profiles = [Profile::from_toml(sign), Profile::from_toml(enc)];
        ProfileSet::of(profiles).map_or_else(|error| error.code(), |_| "ok")
    };
    assert_eq!(set(PERSON_SIGN, enc), "ok");
    assert_eq!(set(&with(PERSON_SIGN, "max = 64", "max = 63"), enc), "profile.pair");
    assert_eq!(set(PERSON_SIGN, &with(enc, "\"person-sign\"", "\"staff-sign\"")), "profile.pair");
    assert_eq!(set(PERSON_SIGN, PERSON_SIGN), "profile.duplicate");
}

#[test]
fn the_hash_follows_the_meaning_not_the_layout() {
    let hash = |text: &str| Profile::from_toml(text).unwrap().hash();
    let same = with(PERSON_SIGN, "# 个人签名证书。", "# 另一条注释\n\n");
    assert_eq!(hash(PERSON_SIGN), hash(&same));
    assert_ne!(hash(PERSON_SIGN), hash(&with(PERSON_SIGN, "max_days = 1826", "max_days = 1825")));
}

#[test]
fn subscribers_certificates_state_what_article_19_asks() {
    let set = ProfileSet::embedded().unwrap();
    for profile in set.iter().filter(|profile| profile.kind().is_subscriber()) {
        let document = profile.document();
        assert!(!document.policy.is_empty(), "{}", profile.name());
        assert_eq!(document.crl.distribution_points, Presence::Required);
        assert_eq!(document.access.ocsp, Presence::Required);
    }
}

fn own(policies: &[(&str, &[&str])]) -> Result<ProfileSet, pki::Error> {
    let texts = |oids: &[&str]| oids.iter().map(|&oid| oid.to_owned()).collect();
    let named = policies.iter().map(|(name, oids)| ((*name).to_owned(), texts(oids)));
    ProfileSet::embedded_with(&Policies::new(named))
}

fn policies_of(set: &ProfileSet, name: &str) -> String {
    let rules = &set.by_name(name).unwrap().document().policy;
    rules.iter().map(|rule| rule.oid.as_str()).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_institutions_own_policies_stand_in_the_profile_and_in_its_hash() {
    let embedded = ProfileSet::embedded().unwrap();
    let mine = own(&[
        ("person", &["1.2.156.99.1", "1.2.156.99.2"]),
        ("person-enc", &["1.2.156.99.3"]),
        ("ocsp", &["1.2.156.99.4"]),
    ])
    .unwrap();
    assert_eq!(policies_of(&mine, "person-sign"), "1.2.156.99.1 1.2.156.99.2");
    assert_eq!(policies_of(&mine, "person-enc"), "1.2.156.99.3");
    assert_eq!(policies_of(&mine, "ocsp"), "1.2.156.99.4");
    for profile in mine.iter() {
        let same = profile.hash() == embedded.by_name(profile.name()).unwrap().hash();
        let changed = ["person-sign", "person-enc", "ocsp"].contains(&profile.name());
        assert_eq!(same, !changed, "{}", profile.name());
        let placeholder = !changed && !profile.is_ca();
        assert_eq!(profile.has_placeholder_policy(), placeholder, "{}", profile.name());
    }
    let written = with(PERSON_SIGN, "1.3.6.1.4.1.32473.1.1.1", "1.2.156.99.9");
    let set = own(&[("person-sign", &["1.2.156.99.9"])]).unwrap();
    let hash = Profile::from_toml(&written).unwrap().hash();
    assert_eq!(set.by_name("person-sign").unwrap().hash(), hash, "as if the file said so");
}

#[test]
fn policies_that_cannot_be_are_refused_by_name() {
    for (name, oids, expected) in [
        ("persons", &["1.2.156.99.1"][..], "profile.policy-owner"),
        ("root", &["1.2.156.99.1"], "profile.policy-owner"),
        ("subca", &["1.2.156.99.1"], "profile.policy-owner"),
        ("person", &[], "profile.policy"),
        ("person", &["1.2.156.99.1", "1.2.156.99.1"], "profile.policy"),
        ("person", &["1.2.156.99.x"], "profile.policy"),
        ("person", &["2.5.29.32.0"], "profile.policy"),
        ("person", &["1.2.3.4"], "profile.example-policy"),
    ] {
        let error = own(&[(name, oids)]).unwrap_err();
        assert_eq!(error.code(), expected, "{name} {oids:?}");
        assert!(error.to_string().contains(name), "{error}");
    }
}
