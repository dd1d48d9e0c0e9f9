//! Whether keys are made and used in certified devices (Measures Art. 20 ¶2): checks C20-1 and C20-2, decided from
//! exported journals, kept attestations and the register of products; OpenSSL verifies the chains. An
//! institution on software and keys without attestation fail, and what no record shows is unknown
//! (Invariant 11).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use pki::Certificate;
use serde_json::{Value, json};
use testkit::maker::{MAKER, Maker};

use super::export::{Record, Verdict, each, export, holds};
use super::products::{Evidence, Listed, OnProducts, requested};
use crate::openssl;

/// What an institution on certified devices shows, made once; the maker beside it, for counter-cases.
fn evidence() -> &'static (Evidence, Maker) {
    static EVIDENCE: LazyLock<(Evidence, Maker)> = LazyLock::new(|| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let world = OnProducts::founded().await;
            let mut way = world.agreed().await;
            let device = world.maker.device("KEY-200", "SN-0001");
            let text = device.attest(way.key.public_key());
            requested(&mut way, Some(&text)).await.unwrap();
            way.issue().await;
            let evidence = world.evidence(&way).await;
            drop(way);
            (evidence, world.maker)
        })
    });
    &EVIDENCE
}

/// What the town's export shows: software, and nobody's key attested.
fn of_town() -> Evidence {
    Evidence {
        records: export().records.clone(),
        centre: Vec::new(),
        attestations: BTreeMap::new(),
        products: Vec::new(),
    }
}

fn day(at: jiff::Timestamp) -> Date {
    at.to_zoned(TimeZone::fixed(Offset::constant(8))).date()
}

/// Whether a record's day lies within a term.
fn within(record: &Record, (from, until): (&str, &str)) -> Result<(), String> {
    let (day, from, until): (_, Date, Date) =
        (day(record.at), from.parse().unwrap(), until.parse().unwrap());
    holds((from..=until).contains(&day), || {
        format!("{}: {day} is not within {from} and {until}", record.subject)
    })
}

/// Whether each signing key that was certified came with an attestation of its device, and its chain is valid.
fn attested(evidence: &Evidence) -> Verdict {
    let requests = || evidence.records.iter().filter(|one| one.kind == "application.requested");
    if let Some(old) = requests().find(|one| one.body["attestation"].is_null()) {
        return Verdict::Unknown(format!("{}: not recorded", old.subject));
    }
    each(requests(), |record| {
        let said = &record.body["attestation"];
        holds(said["verdict"] == "verified", || format!("{}: no attestation", record.subject))?;
        let sm3 = said["sm3"].as_str().unwrap_or_default();
        let kept = evidence.attestations.get(sm3).ok_or("a claim without proof")?;
        holds(openssl::sm3(kept.as_bytes()) == sm3, || "another attestation".into())?;
        let number = &said["product"]["certificate"];
        let of_number = |one: &&Listed| number == &one.certificate;
        let product = evidence.products.iter().find(of_number).ok_or("no such product")?;
        let term = (product.term.0.as_str(), product.term.1.as_str());
        within(record, term)?;
        chain(record, kept, product)
    })
}

/// The attestation itself: the device's word for this key, the device of this product, under the maker's root.
fn chain(record: &Record, kept: &str, product: &Listed) -> Result<(), String> {
    let ders = pki::pem::blocks(kept.as_bytes(), "CERTIFICATE").map_err(|e| e.to_string())?;
    let [leaf, device] = ders.as_slice() else { return Err("not two certificates".into()) };
    let at = record.at.as_second();
    openssl::verifies(device, leaf, at)?;
    openssl::verifies(&product.root, device, at)?;
    let name = openssl::x509(device, &["-subject"])?;
    let is = |which, text: &str| openssl::attribute(&name, which) == [text];
    holds(is("commonName", &product.model) && is("organizationName", MAKER), || {
        format!("another device than {}: {name}", product.model)
    })?;
    let key = Certificate::from_der(leaf).and_then(|one| one.public_key());
    let key = key.map_err(|error| error.to_string())?;
    holds(key.fingerprint() == record.text("key"), || "of another key".into())
}

fn tampered(change: impl FnOnce(&mut Evidence, &mut Value)) -> Verdict {
    let mut evidence = evidence().0.clone();
    let at = evidence.records.iter().position(|one| one.kind == "application.requested").unwrap();
    let mut body = evidence.records[at].body["attestation"].take();
    change(&mut evidence, &mut body);
    evidence.records[at].body["attestation"] = body;
    attested(&evidence)
}

/// As if this had been handed in and believed.
fn believed(text: &str) -> Verdict {
    tampered(|evidence, said| {
        let sm3 = openssl::sm3(text.as_bytes());
        said["sm3"] = sm3.clone().into();
        evidence.attestations.insert(sm3, text.to_owned());
    })
}

#[track_caller]
fn fails(verdict: &Verdict, why: &str) {
    assert!(matches!(verdict, Verdict::Fail(text) if text.contains(why)), "{verdict:?}");
}

/// Check C20-1: key attestation present, and its chain valid.
#[test]
fn c20_1_a_key_of_a_certified_device_passes_by_its_attestation() {
    assert_eq!(attested(&evidence().0), Verdict::Pass(1));
}

/// Check C20-1: software keys come with nothing, and that is not passed.
#[test]
fn c20_1_keys_without_attestation_fail_and_what_was_not_recorded_is_unknown() {
    fails(&attested(&of_town()), "no attestation");
    let mut old = of_town();
    for record in &mut old.records {
        if let Some(body) = record.body.as_object_mut() {
            body.remove("attestation");
        }
    }
    assert!(matches!(attested(&old), Verdict::Unknown(_)));
}

/// Check C20-1: each thing that an attestation may lack fails by itself.
#[test]
fn c20_1_another_root_another_key_another_model_or_a_bare_claim_fails() {
    let (good, maker) = evidence();
    let requested = good.records.iter().find(|one| one.kind == "application.requested").unwrap();
    let kept = good.attestations.values().next().unwrap();
    let leaf = &pki::pem::blocks(kept.as_bytes(), "CERTIFICATE").unwrap()[0];
    let key = Certificate::from_der(leaf).unwrap().public_key().unwrap();
    assert_eq!(key.fingerprint(), requested.text("key"));
    fails(&believed(&Maker::new().device("KEY-200", "SN-1").attest(&key)), "");
    let other = *crate::way::key().public_key();
    fails(&believed(&maker.device("KEY-200", "SN-1").attest(&other)), "of another key");
    fails(&believed(&maker.device("KEY-100", "SN-1").attest(&key)), "another device");
    fails(&tampered(|evidence, _| evidence.attestations.clear()), "a claim without proof");
    fails(&tampered(|_, said| *said = json!("claimed")), "no attestation");
    fails(&tampered(|evidence, _| evidence.products.clear()), "no such product");
}

/// Check C20-1: the certificate of the product has to be in force when the key came.
#[test]
fn c20_1_a_product_whose_certificate_is_over_fails() {
    let over = tampered(|evidence, _| evidence.products[0].term.1 = "2020-12-31".into());
    fails(&over, "is not within");
}

/// Whether each key of the institution was made in a device whose product certificate was valid then.
fn made_in_products(evidence: &Evidence) -> Verdict {
    let is_making = |one: &&Record| one.kind == "key.generated" || one.kind.ends_with("key-made");
    let all = || evidence.records.iter().chain(&evidence.centre).filter(is_making);
    if let Some(old) = all().find(|one| one.body["device"].is_null()) {
        return Verdict::Unknown(format!("{} {}: no device recorded", old.kind, old.subject));
    }
    each(all(), |record| {
        let product = &record.body["device"]["product"];
        holds(product.is_object(), || {
            let kind = &record.body["device"]["kind"];
            format!("{}: {kind} without product certificate", record.subject)
        })?;
        let text = |name: &str| product[name].as_str().unwrap_or_default().to_owned();
        holds(!text("certificate").is_empty(), || "no number".into())?;
        holds((1..=4).contains(&product["level"].as_i64().unwrap_or_default()), || {
            "no level".into()
        })?;
        within(record, (&text("valid_from"), &text("valid_until")))
    })
}

/// Check C20-2: the product certificate of the device valid at generation, for every key of the institution and
/// of its key centre.
#[test]
fn c20_2_every_key_made_in_a_certified_device_passes_by_the_records_of_both_journals() {
    let (good, _) = evidence();
    assert!(matches!(made_in_products(good), Verdict::Pass(judged) if judged >= 10));
    // Every key that certificates, answers, letters and the journal are signed with is among them.
    let labels: Vec<&str> = good.records.iter().map(|record| record.text("label")).collect();
    for label in ["root", "ca", "ocsp", "tsa-1", "journal", "store-seal", "institution-seal"] {
        assert!(labels.contains(&label), "{label}: {labels:?}");
    }
    let centre: Vec<&str> = good.centre.iter().map(|record| record.text("label")).collect();
    assert!(["kmc", "kmc-kek", "journal"].iter().all(|label| centre.contains(label)));
    assert!(good.centre.iter().any(|one| one.kind == "key.generated" && one.subject == "standby"));
}

/// Check C20-2: software fails, a term that is over fails, and what is not recorded is unknown.
#[test]
fn c20_2_software_fails_an_ended_term_fails_and_an_unrecorded_device_is_unknown() {
    fails(&made_in_products(&of_town()), "without product certificate");
    let with = |change: fn(&mut Value)| {
        let mut evidence = evidence().0.clone();
        let of_centre = evidence.centre.iter_mut().find(|one| one.kind == "key.generated");
        change(&mut of_centre.unwrap().body);
        made_in_products(&evidence)
    };
    fails(&with(|body| body["device"]["product"]["valid_until"] = "2020-12-31".into()), "within");
    fails(&with(|body| body["device"]["product"]["valid_from"] = "2049-12-30".into()), "within");
    fails(&with(|body| body["device"]["product"] = Value::Null), "without product certificate");
    assert!(matches!(with(|body| body["device"] = Value::Null), Verdict::Unknown(_)));
}

/// Where the institution demands it, nothing gets past the desk without it, and each refusal names the article
/// (Measures Art. 20 ¶2).
#[test]
fn a_wrong_or_missing_attestation_is_refused_where_it_is_required_and_the_right_one_goes_on() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = OnProducts::founded().await;
        let mut way = world.agreed().await;
        let key = *way.key.public_key();
        let device = world.maker.device("KEY-200", "SN-0001");
        let foreign = Maker::new().device("KEY-200", "SN-0001");
        let cases = [
            (None, "attestation.missing"),
            (Some(foreign.attest(&key)), "attestation.chain-invalid"),
            (Some(device.attest(crate::way::key().public_key())), "attestation.key-differs"),
            (Some(world.maker.device("KEY-9", "1").attest(&key)), "attestation.model-unknown"),
            (Some("claimed".into()), "attestation.unreadable"),
        ];
        for (attestation, code) in cases {
            let error = requested(&mut way, attestation.as_deref()).await.unwrap_err();
            assert_eq!(error.code(), code);
            assert!(error.to_string().contains("第二十条第二款"), "{error}");
        }
        requested(&mut way, Some(&device.attest(&key))).await.unwrap();
        way.issue().await;
        // The certificate's own record has it too.
        let serial = &way.application.state.serials().unwrap().sign;
        let serial = pki::Serial::from_hex(serial).unwrap();
        let found = world.institution.ca().find(&serial).await.unwrap().unwrap();
        let order = found.record.request_id.as_str();
        let judged = world.institution.attestation_of_order(order).await.unwrap().unwrap();
        assert_eq!(judged.verdict().verified().unwrap().device(), "SN-0001");
        let accepted = super::products::records(world.institution.store()).await;
        let accepted = accepted.iter().find(|one| one.kind == "enrolment.accepted").unwrap();
        assert_eq!(accepted.body["attestation"]["verdict"], "verified");
        // No number of somebody's device stands in the journal (Invariant 6).
        assert!(!accepted.body.to_string().contains("SN-0001"));
    });
}
