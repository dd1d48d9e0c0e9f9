//! Whether keys are made and used in certified devices (Measures Art. 20 ¶2): checks C20-1 and C20-2. What
//! the records do not show is unknown: no attestation of a subscriber's device reaches the institution, and
//! no record says whose product a device is. These tests hold that nothing of it is passed in silence
//! (Invariant 11), and name what is missing.

use crate::export::{Export, Verdict, export};

/// Whether each signing key that was certified came with an attestation of its device.
fn attested(export: &Export) -> Verdict {
    for (_, requested) in export.of_kind("application.requested") {
        if requested.body.get("attestation").is_none() {
            return Verdict::Unknown(format!("{}: no attestation of the key", requested.subject));
        }
    }
    // How one is judged is for the day on which there is one: a claim is no proof.
    Verdict::Fail("attestations that nobody has verified".into())
}

/// Check C20-1: key attestation present, and its chain valid: not shown by the records, and so unknown.
#[test]
fn c20_1_where_no_attestation_is_recorded_the_check_is_unknown_and_never_passed() {
    assert!(matches!(attested(export()), Verdict::Unknown(_)));
    let mut claimed = export().clone();
    for record in &mut claimed.records {
        if let Some(body) = record.body.as_object_mut() {
            body.insert("attestation".into(), "claimed".into());
        }
    }
    assert!(matches!(attested(&claimed), Verdict::Fail(_)));
}

/// Whether the device that made the institution's own keys had its product certificate then.
fn institution_device(export: &Export) -> Verdict {
    if !export.device_certified {
        return Verdict::Fail("the device holds no certificate as a commercial product".into());
    }
    Verdict::Unknown("number and term of the product certificate are not recorded".into())
}

/// Check C20-2: the product certificate of the device valid at generation: failed by the software device, that
/// says of itself that it has none; with another device unknown, as long as its term is not recorded.
#[test]
fn c20_2_a_software_device_fails_the_check_and_a_certified_one_is_unknown_without_its_term() {
    assert!(matches!(institution_device(export()), Verdict::Fail(_)));
    let certified = Export { device_certified: true, ..export().clone() };
    assert!(matches!(institution_device(&certified), Verdict::Unknown(_)));
}
