//! Attestations of devices: what proves that a key is in a certified device (check C20-1), and everything that
//! does not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::BTreeMap;

use gm::sm2::PrivateKey;
use gm::{OsRandom, PublicKey};
use jiff::Timestamp;
use pki::attestation::{Attestation, Demand, Products, Subject, Verdict};
use testkit::maker::{MAKER, Maker, pem};

const NOW: &str = "2026-11-30T02:00:00Z";

fn register(root: &[u8]) -> Products {
    with_entries(root, &entry("KEY-200", "2026-01-01", "2030-12-31", ""))
}

fn with_entries(root: &[u8], entries: &str) -> Products {
    let text = format!("[attestation]\nunit = \"required\"\n{entries}");
    Products::from_toml(&text, &files(root)).unwrap()
}

fn files(root: &[u8]) -> BTreeMap<String, Vec<u8>> {
    BTreeMap::from([("maker.pem".to_owned(), root.to_vec())])
}

fn entry(model: &str, from: &str, until: &str, more: &str) -> String {
    format!(
        "[[product]]\nmaker = \"{MAKER}\"\nmodel = \"{model}\"\ncertificate = \"GM0099-{model}-{from}\"\n\
         level = 2\nvalid_from = \"{from}\"\nvalid_until = \"{until}\"\nuses = [\"subscriber\"]\n\
         root = \"maker.pem\"\n{more}\n"
    )
}

fn key() -> PrivateKey {
    PrivateKey::generate(&mut OsRandom).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The verdict, or the code of the refusal.
fn judged(
    products: &Products,
    key: &PublicKey,
    attestation: Option<&[u8]>,
) -> Result<Verdict, &'static str> {
    let subject = Subject { kind: "person", key, at: at(NOW) };
    let judged = products.judge(&subject, attestation);
    judged.map(|judged| judged.verdict().clone()).map_err(|error| {
        assert!(error.to_string().contains("第二十条第二款"), "{error}");
        error.code()
    })
}

fn refused(products: &Products, key: &PublicKey, attestation: &str) -> &'static str {
    judged(products, key, Some(attestation.as_bytes())).unwrap_err()
}

#[test]
fn c20_1_an_attestation_of_a_registered_product_is_verified_with_product_and_number() {
    let (maker, key) = (Maker::new(), key());
    let products = register(maker.root.certificate.der());
    let text = maker.device("KEY-200", "SN-0001").attest(key.public_key());
    let verdict = judged(&products, key.public_key(), Some(text.as_bytes())).unwrap();
    let verified = verdict.verified().unwrap();
    assert_eq!(verified.device(), "SN-0001");
    assert_eq!(verified.product().model, "KEY-200");
    assert_eq!(verified.sm3(), gm::sm3::hash(text.as_bytes()).to_hex());
    // The same in DER, and with other text around: the same evidence.
    let attestation = Attestation::parse(text.as_bytes()).unwrap();
    let der = [attestation.leaf().der(), attestation.device().der()].concat();
    let noisy = format!("attestation of slot 9c\n{text}\n");
    for other in [der.as_slice(), noisy.as_bytes()] {
        assert_eq!(judged(&products, key.public_key(), Some(other)), Ok(verdict.clone()));
    }
    let json = serde_json::to_value(&verdict).unwrap();
    assert_eq!(json["verdict"], "verified");
    assert_eq!(json["product"]["certificate"], "GM0099-KEY-200-2026-01-01");
    assert_eq!(serde_json::from_value::<Verdict>(json).unwrap(), verdict);
}

#[test]
fn what_is_absent_is_recorded_or_refused_as_the_register_says() {
    let (maker, key) = (Maker::new(), key());
    let products = register(maker.root.certificate.der());
    assert_eq!(judged(&products, key.public_key(), None), Ok(Verdict::Absent));
    assert_eq!(products.demand("unit"), Demand::Required);
    let subject = Subject { kind: "unit", key: key.public_key(), at: at(NOW) };
    let error = products.judge(&subject, None).unwrap_err();
    assert_eq!(error.code(), "attestation.missing");
    assert_eq!(error.kind(), pki::ErrorKind::Refusal);
    assert_eq!(Products::default().demand("unit"), Demand::Recorded);
}

#[test]
fn a_chain_to_another_root_another_key_or_another_model_proves_nothing() {
    let (maker, stranger, key) = (Maker::new(), Maker::new(), key());
    let products = register(maker.root.certificate.der());
    let public = key.public_key();
    let foreign = stranger.device("KEY-200", "SN-1");
    assert_eq!(refused(&products, public, &foreign.attest(public)), "attestation.chain-invalid");
    // A root that is brought along is not trusted.
    let chain = [&foreign.leaf(public), &foreign.own.certificate, &stranger.root.certificate];
    assert_eq!(refused(&products, public, &pem(&chain)), "attestation.chain-invalid");
    let device = maker.device("KEY-200", "SN-1");
    let other = self::key();
    let of_other = device.attest(other.public_key());
    assert_eq!(refused(&products, public, &of_other), "attestation.key-differs");
    let model = maker.device("KEY-100", "SN-1");
    assert_eq!(refused(&products, public, &model.attest(public)), "attestation.model-unknown");
    let elsewhere = maker.device_with(
        ("别的厂", "KEY-200", "SN-1"),
        true,
        ("2020-01-01T00:00:00Z", "2049-12-31T00:00:00Z"),
    );
    assert_eq!(refused(&products, public, &elsewhere.attest(public)), "attestation.model-unknown");
}

#[test]
fn the_device_that_is_named_is_the_one_that_signed() {
    let (maker, key) = (Maker::new(), key());
    let entries = entry("KEY-200", "2026-01-01", "2030-12-31", "blocked = [\"SN-9\"]");
    let products = with_entries(maker.root.certificate.der(), &entries);
    let public = key.public_key();
    let (blocked, good) = (maker.device("KEY-200", "SN-9"), maker.device("KEY-200", "SN-1"));
    assert_eq!(refused(&products, public, &blocked.attest(public)), "attestation.device-blocked");
    // The certificate of a good device is put before that of the blocked one.
    let chain = [&blocked.leaf(public), &good.own.certificate, &blocked.own.certificate];
    assert_eq!(refused(&products, public, &pem(&chain)), "attestation.chain-invalid");
    let forever = ("2020-01-01T00:00:00Z", "2049-12-31T00:00:00Z");
    let plain = maker.device_with((MAKER, "KEY-200", "SN-1"), false, forever);
    assert_eq!(refused(&products, public, &plain.attest(public)), "attestation.device-unnamed");
    let old = ("2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z");
    let old = maker.device_with((MAKER, "KEY-200", "SN-1"), true, old);
    assert_eq!(refused(&products, public, &old.attest(public)), "attestation.chain-invalid");
}

/// A product has a certificate after the other: what was found out about a device stands under whichever it was
/// written down, and people copy numbers as they come.
#[test]
fn a_device_that_is_blocked_under_any_certificate_of_its_product_is_blocked() {
    let (maker, key) = (Maker::new(), key());
    let public = key.public_key();
    let root = maker.root.certificate.der();
    let (blocked, good) = (maker.device("KEY-200", "SN-9"), maker.device("KEY-200", "SN-1"));
    let institution = |entry: String| entry.replace("\"subscriber\"", "\"institution\"");
    let with = |from: &str, until: &str| entry("KEY-200", from, until, "blocked = [\" sn-9  \"]");
    let plain = |from: &str, until: &str| entry("KEY-200", from, until, "");
    for (first, second) in [
        (plain("2026-01-01", "2030-12-31"), with("2021-01-01", "2025-12-31")),
        (with("2021-01-01", "2025-12-31"), plain("2026-01-01", "2030-12-31")),
        (plain("2026-01-01", "2030-12-31"), with("2026-01-02", "2030-12-31")),
        (plain("2026-01-01", "2030-12-31"), institution(with("2021-01-01", "2025-12-31"))),
    ] {
        let entries = format!("{first}{second}");
        let products = with_entries(root, &entries);
        let found = refused(&products, public, &blocked.attest(public));
        assert_eq!(found, "attestation.device-blocked", "{entries}");
        assert!(judged(&products, public, Some(good.attest(public).as_bytes())).is_ok());
    }
    // Another product's list is about other devices.
    let other = entry("KEY-300", "2026-01-01", "2030-12-31", "blocked = [\"SN-9\"]");
    let both = format!("{}{other}", plain("2026-01-01", "2030-12-31"));
    let text = blocked.attest(public);
    let before = judged(&with_entries(root, &both), public, Some(text.as_bytes())).unwrap();
    // What is found out after a key came in counts when its certificate is made.
    let verified = before.verified().unwrap();
    assert!(with_entries(root, &both).still_trust(verified).is_ok());
    let since = with_entries(root, &with("2026-01-01", "2030-12-31"));
    let error = since.still_trust(verified).unwrap_err();
    assert_eq!(error.code(), "attestation.device-blocked");
    assert!(!error.to_string().contains("SN-9"), "it goes on record: {error}");
    for wrong in ["", "  ", "SN\\u00079"] {
        let text =
            entry("KEY-200", "2026-01-01", "2030-12-31", &format!("blocked = [\"{wrong}\"]"));
        assert!(Products::from_toml(&text, &files(root)).is_err(), "{wrong:?} is no number");
    }
}

#[test]
fn the_certificate_of_the_product_is_in_force_on_the_day_in_china() {
    let (maker, key) = (Maker::new(), key());
    let root = maker.root.certificate.der();
    let device = maker.device("KEY-200", "SN-1");
    let text = device.attest(key.public_key());
    let judged_on = |products: &Products, moment: &str| {
        let subject = Subject { kind: "person", key: key.public_key(), at: at(moment) };
        products.judge(&subject, Some(text.as_bytes())).map(drop).map_err(|error| error.code())
    };
    let first = entry("KEY-200", "2026-01-01", "2026-11-30", "");
    let products = with_entries(root, &first);
    assert_eq!(judged_on(&products, "2026-11-30T15:59:59Z"), Ok(()));
    assert_eq!(judged_on(&products, "2026-11-30T16:00:00Z"), Err("attestation.product-over"));
    assert_eq!(judged_on(&products, "2025-12-31T15:59:59Z"), Err("attestation.product-not-yet"));
    // A certificate that follows is an entry of its own.
    let both = format!("{first}{}", entry("KEY-200", "2026-12-01", "2031-11-30", ""));
    assert_eq!(judged_on(&with_entries(root, &both), "2026-11-30T16:00:00Z"), Ok(()));
}

#[test]
fn what_is_no_chain_is_refused_before_anything_is_believed() {
    let (maker, key) = (Maker::new(), key());
    let products = register(maker.root.certificate.der());
    let (device, public) = (maker.device("KEY-200", "SN-1"), key.public_key());
    let leaf = device.leaf(public);
    assert_eq!(refused(&products, public, &pem(&[&leaf])), "attestation.incomplete");
    let crowd = vec![&leaf; 7];
    assert_eq!(refused(&products, public, &pem(&crowd)), "attestation.unreadable");
    for nothing in ["", "claimed", "-----BEGIN CERTIFICATE-----"] {
        assert_eq!(refused(&products, public, nothing), "attestation.unreadable");
    }
    let leaked = format!(
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n{nothing}",
        nothing = device.attest(public)
    );
    assert_eq!(refused(&products, public, &leaked), "attestation.private-key");
    // The device's own key is not one of its keys.
    let own = device.own.certificate.public_key().unwrap();
    let chain = pem(&[&device.own.certificate, &maker.root.certificate]);
    assert_eq!(refused(&products, &own, &chain), "attestation.not-a-leaf");
    let subject = Subject { kind: "person", key: public, at: at(NOW) };
    let long = vec![b' '; 32 * 1024 + 1];
    assert_eq!(products.judge(&subject, Some(&long)).unwrap_err().code(), "input.too-large");
}

#[test]
fn the_register_says_which_entry_is_wrong_and_what_about_it() {
    let maker = Maker::new();
    let root = maker.root.certificate.der();
    let good = entry("KEY-200", "2026-01-01", "2030-12-31", "");
    let problem = |text: &str, files: &BTreeMap<String, Vec<u8>>| {
        let error = Products::from_toml(text, files).unwrap_err();
        assert!(error.to_string().contains("devices/products.toml"));
        error.code()
    };
    let cases = [
        (good.replace("level = 2", "level = 5"), "products.level"),
        (good.replace("2030-12-31", "2025-12-31"), "products.date"),
        (good.replace("2030-12-31", "2030-12"), "products.date"),
        (good.replace("subscriber", "anything"), "products.uses"),
        (good.replace("uses = [\"subscriber\"]", "uses = []"), "products.uses"),
        (good.replace("maker.pem", "other.pem"), "products.root-missing"),
        (good.replace("KEY-200\"\ncert", " \"\ncert"), "products.text"),
        (good.replace("level", "colour"), "products.toml"),
        (format!("{good}{good}"), "products.duplicate"),
        ("[attestation]\nunit = \"yes\"\n".to_owned(), "products.demand"),
        ("[attestation]\nplanet = \"required\"\n".to_owned(), "products.kind"),
        ("#".repeat(256 * 1024 + 1), "products.too-large"),
    ];
    for (text, expected) in cases {
        assert_eq!(problem(&text, &files(root)), expected, "{text:.200}");
    }
    let leaf = maker.device("KEY-200", "1").leaf(key().public_key());
    assert_eq!(problem(&good, &files(leaf.der())), "products.root-unreadable");
    assert_eq!(problem(&good, &files(b"no certificate")), "products.root-unreadable");
    // Days may be written as TOML writes them.
    let bare = good.replace("\"2026-01-01\"\nvalid", "2026-01-01\nvalid");
    assert_eq!(Products::from_toml(&bare, &files(root)).unwrap().iter().count(), 1);
}

#[test]
fn an_attestation_that_went_through_a_form_or_a_cell_is_the_same() {
    let (maker, key) = (Maker::new(), key());
    let text = maker.device("KEY-200", "SN-1").attest(key.public_key());
    let whole = Attestation::parse(text.as_bytes()).unwrap();
    let der = [whole.leaf().der(), whole.device().der()].concat();
    let joined = text.replace('\n', " ");
    let crlf = text.replace('\n', "\r\n");
    let base64: String = openssl_base64(&der);
    for form in [&text, &joined, &crlf, &base64] {
        let octets = Attestation::octets(form).unwrap();
        assert_eq!(Attestation::parse(&octets).unwrap().pem(), text);
    }
    let refused = |text: &str| Attestation::octets(text).unwrap_err().code();
    assert_eq!(refused("-----BEGIN EC PRIVATE KEY-----"), "attestation.private-key");
    assert_eq!(refused("这不是证书"), "attestation.unreadable");
    assert_eq!(refused(&"A".repeat(40_000)), "input.too-large");
}

/// Base64 as somebody else writes it.
fn openssl_base64(octets: &[u8]) -> String {
    use std::io::Write as _;
    use std::process::{Command, Stdio};
    let mut child = Command::new("openssl")
        .args(["base64", "-A"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(octets).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}
