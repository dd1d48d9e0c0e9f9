//! What a certificate has to say (Measures Art. 19), and that none is unrecorded (Art. 19, 24): checks C19-1
//! to C19-9.

use std::collections::{BTreeMap, BTreeSet};

use super::export::{Export, Record, Seen, Verdict, each, holds, passes_and_can_fail};
use crate::openssl::{attribute, extension, replaced, sm3, verifies, x509};

/// The name of an institution that there isn't, as long as that of the one that there is.
const STRANGER: &str = "别处认证中心";

fn serial(der: &[u8]) -> Result<String, String> {
    Ok(x509(der, &["-serial"])?.trim().trim_start_matches("serial=").to_lowercase())
}

/// The first certificate whose profile begins so, to be tampered with.
fn first<'e>(export: &'e mut Export, profile: &str) -> &'e mut Seen {
    export.certificates.iter_mut().find(|seen| seen.profile.starts_with(profile)).unwrap()
}

/// Certificates of holders: judged each by its own bytes.
fn of_holders(export: &Export, judge: impl Fn(&Seen) -> Result<(), String>) -> Verdict {
    each(&export.certificates, judge)
}

fn names_the_institution(export: &Export) -> Verdict {
    of_holders(export, |seen| {
        let issuer = attribute(&x509(&seen.der, &["-issuer"])?, "organizationName");
        holds(issuer == [export.institution.0.clone()], || format!("issued by {issuer:?}"))
    })
}

/// Check C19-1: the certificate names the institution.
#[test]
fn c19_1_each_certificate_names_the_institution() {
    passes_and_can_fail(
        names_the_institution,
        &[|export| {
            let name = export.institution.0.clone();
            let seen = first(export, "person-sign");
            seen.der = replaced(&seen.der, name.as_bytes(), STRANGER.as_bytes());
        }],
    );
}

fn names_its_holder(export: &Export) -> Verdict {
    of_holders(export, |seen| {
        let subject = x509(&seen.der, &["-subject"])?;
        let named = attribute(&subject, "commonName");
        let [name] = &named[..] else { return Err(format!("named {named:?}")) };
        // The unit's own was ordered by a client, and is not in the books of the desk.
        let known = export.holders.get(serial(&seen.der)?.trim_start_matches('0'));
        let fits = match known {
            Some(holder) => holder.starts_with(name.as_str()),
            None => {
                seen.profile.starts_with("unit") && attribute(&subject, "organizationName") == named
            }
        };
        holds(fits && !name.is_empty(), || format!("{name} for {known:?}"))
    })
}

/// Check C19-2: the certificate names its holder, as the application does.
#[test]
fn c19_2_each_certificate_names_its_holder_as_the_application_does() {
    passes_and_can_fail(
        names_its_holder,
        &[|export| {
            let seen = first(export, "person-sign");
            seen.der = replaced(&seen.der, "甄有印".as_bytes(), "贾有印".as_bytes());
        }],
    );
}

fn serials_are_positive_and_unique(export: &Export) -> Verdict {
    let all = export.certificates.iter().chain(&export.own);
    let mut by_serial = BTreeMap::new();
    for seen in all {
        let serial = serial(&seen.der).unwrap_or_default();
        by_serial.entry(serial).or_insert_with(BTreeSet::new).insert(seen.der.clone());
    }
    each(by_serial, |(serial, certificates)| {
        let digits = serial.bytes().all(|octet| octet.is_ascii_hexdigit());
        let value = serial.trim_start_matches('0');
        // At least 64 bits by chance, at most 20 octets (RFC 5280 §4.1.2.2).
        holds(digits && (14..=40).contains(&value.len()), || format!("serial {serial}"))?;
        holds(certificates.len() == 1, || format!("serial {serial} twice"))
    })
}

/// Check C19-3: the serial number is unique and positive.
#[test]
fn c19_3_each_serial_is_positive_and_no_two_certificates_share_one() {
    passes_and_can_fail(
        serials_are_positive_and_unique,
        &[
            |export| {
                let mut twin = first(export, "person-sign").clone();
                twin.der = replaced(&twin.der, "甄有印".as_bytes(), "贾有印".as_bytes());
                export.certificates.push(twin);
            },
            |export| {
                // The first octet of the serial begins with a one: a negative number.
                let seen = first(export, "person-sign");
                let at = seen.der.windows(2).position(|w| w[0] == 2 && w[1] > 8).unwrap();
                seen.der[at + 2] |= 0x80;
            },
        ],
    );
}

fn validity(der: &[u8]) -> Result<(String, String), String> {
    let text = x509(der, &["-dates", "-dateopt", "iso_8601"])?;
    let of = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::to_owned).ok_or(format!("no {name}"))
    };
    Ok((of("notBefore=")?, of("notAfter=")?))
}

fn validity_is_present_and_sane(export: &Export) -> Verdict {
    let (from, until) = validity(&export.issuing).unwrap();
    of_holders(export, |seen| {
        let (begins, ends) = validity(&seen.der)?;
        // The texts sort as the instants do. Nothing outlives its issuer (Measures Art. 20).
        let sane = from <= begins && begins < ends && ends <= until;
        holds(sane, || format!("{begins} to {ends}, its issuer {from} to {until}"))
    })
}

/// Check C19-4: the validity is present and sane.
#[test]
fn c19_4_each_certificate_has_a_validity_within_that_of_its_issuer() {
    passes_and_can_fail(
        validity_is_present_and_sane,
        &[|export| {
            let seen = first(export, "person-sign");
            let ends = validity(&seen.der).unwrap().1;
            let digits: String = ends.chars().filter(char::is_ascii_digit).collect();
            let ended = format!("02{}", &digits[4..]);
            seen.der = replaced(&seen.der, &digits.as_bytes()[2..], ended.as_bytes());
        }],
    );
}

fn key_is_on_the_curve(export: &Export) -> Verdict {
    of_holders(export, |seen| {
        let pem = x509(&seen.der, &["-pubkey"])?;
        let text = crate::openssl::reads(
            &["pkey", "-pubin", "-pubcheck", "-noout", "-text_pub"],
            pem.as_bytes(),
        )?;
        let is_sm2 = text.contains("ASN1 OID: SM2") && text.contains("(256 bit)");
        holds(is_sm2, || format!("another key: {text}"))
    })
}

/// Check C19-5: the key is present, on the allowed curve and of its length.
#[test]
fn c19_5_each_certificate_holds_a_key_on_the_curve_of_sm2() {
    passes_and_can_fail(
        key_is_on_the_curve,
        &[
            |export| {
                // A point beside the curve.
                let seen = first(export, "person-sign");
                let start = [0x03, 0x42, 0x00, 0x04];
                let at = seen.der.windows(4).position(|octets| octets == start).unwrap();
                seen.der[at + 40] ^= 1;
            },
            |export| {
                // P-256 in place of SM2; the other curve has a longer name.
                let seen = first(export, "person-sign");
                let sm2 = [0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d];
                let p256 = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
                seen.der = replaced(&seen.der, &sm2, &p256);
            },
        ],
    );
}

fn policy_is_the_institutions(export: &Export) -> Verdict {
    of_holders(export, |seen| {
        let text = x509(&seen.der, &["-text"])?;
        let policies = extension(&text, "X509v3 Certificate Policies").unwrap_or_default();
        let named: Vec<&str> =
            policies.lines().filter_map(|line| line.trim().strip_prefix("Policy: ")).collect();
        let kind = seen.profile.split('-').next().unwrap_or_default();
        let wanted = export.policies.get(kind).map(String::as_str);
        holds(named.first().copied() == wanted && named.len() == 1, || {
            format!("{}: {named:?}, not {wanted:?}", seen.profile)
        })
    })
}

/// Check C19-6: the certificate names the policy that it was issued under, one that is the institution's.
#[test]
fn c19_6_each_certificate_names_the_policy_of_the_institution_for_its_kind() {
    passes_and_can_fail(
        policy_is_the_institutions,
        &[
            |export| drop(export.policies.insert("person".into(), "1.2.156.99.7".into())),
            |export| {
                // 1.2.156.99.0 becomes 1.2.156.99.9.
                let seen = first(export, "person-sign");
                let own = [0x06, 0x05, 0x2a, 0x81, 0x1c, 0x63, 0x00];
                let other = [0x06, 0x05, 0x2a, 0x81, 0x1c, 0x63, 0x09];
                seen.der = replaced(&seen.der, &own, &other);
            },
        ],
    );
}

fn signature_verifies(export: &Export) -> Verdict {
    let at = export.records.last().unwrap().at.as_second();
    let all = export.certificates.iter().chain(&export.own);
    match each(all, |seen| {
        let issuer = if seen.issuer == "root" { &export.root } else { &export.issuing };
        verifies(issuer, &seen.der, at)
    }) {
        Verdict::Pass(judged) => match verifies(&export.root, &export.issuing, at) {
            Ok(()) => Verdict::Pass(judged + 1),
            Err(why) => Verdict::Fail(why),
        },
        other => other,
    }
}

/// Check C19-7: the signature of the issuer verifies, up to the root.
#[test]
fn c19_7_the_signature_of_the_issuer_verifies_up_to_the_root() {
    passes_and_can_fail(
        signature_verifies,
        &[
            |export| {
                let seen = first(export, "person-sign");
                seen.der = replaced(&seen.der, "甄有印".as_bytes(), "贾有印".as_bytes());
            },
            |export| {
                let name = export.institution.0.clone();
                export.issuing = replaced(&export.issuing, name.as_bytes(), STRANGER.as_bytes());
            },
        ],
    );
}

/// 统一社会信用代码 of GM/T 0015.
const CREDIT_CODE: &str = "1.2.156.10260.4.1.4";

fn state_defined_extensions_are_there(export: &Export) -> Verdict {
    let of_units = export
        .certificates
        .iter()
        .filter(|seen| seen.profile.starts_with("staff") || seen.profile.starts_with("unit"));
    each(of_units, |seen| {
        let text = x509(&seen.der, &["-text"])?;
        let code = extension(&text, CREDIT_CODE).unwrap_or_default();
        holds(code.contains(&export.unit_code), || format!("{}: {code}", seen.profile))
    })
}

/// Check C19-8: the extensions that the State defines stand in the certificate: of those of a unit and its
/// staff the unified social credit code (GM/T 0015).
#[test]
fn c19_8_certificates_of_units_and_staff_bear_the_credit_code() {
    passes_and_can_fail(
        state_defined_extensions_are_there,
        &[
            |export| {
                let code = export.unit_code.clone();
                let seen = first(export, "staff-sign");
                seen.der = replaced(&seen.der, code.as_bytes(), b"12110101YX00000246");
            },
            |export| {
                // The code under another name: 4.1.4 becomes 4.1.9.
                let seen = first(export, "unit-sign");
                let own = [0x2a, 0x81, 0x1c, 0xd0, 0x14, 0x04, 0x01, 0x04];
                let other = [0x2a, 0x81, 0x1c, 0xd0, 0x14, 0x04, 0x01, 0x09];
                seen.der = replaced(&seen.der, &own, &other);
            },
        ],
    );
}

/// Serials of a list of revoked certificates.
fn listed(crl: &[u8]) -> Result<BTreeSet<String>, String> {
    let text = crate::openssl::reads(&["crl", "-inform", "DER", "-noout", "-text"], crl)?;
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("Serial Number: "));
    Ok(lines.map(|serial| serial.trim().trim_start_matches('0').to_lowercase()).collect())
}

fn of_record(record: &Record) -> String {
    record.subject.rsplit('/').next().unwrap_or_default().trim_start_matches('0').to_owned()
}

fn everything_issued_is_recorded_and_the_reverse(export: &Export) -> Verdict {
    let issued = export
        .of_kind("certificate.issued")
        .map(|(_, record)| (of_record(record), record.text("sm3").to_owned()));
    let recorded: BTreeMap<String, String> = issued.collect();
    let mut seen = BTreeMap::new();
    let known = export.certificates.iter().chain(&export.own).map(|seen| &seen.der);
    for der in known.chain([&export.issuing, &export.root]) {
        let Ok(serial) = serial(der) else { return Verdict::Fail("cannot be read".into()) };
        seen.insert(serial.trim_start_matches('0').to_owned(), sm3(der));
    }
    if let Some(odd) = seen.iter().find(|(serial, hash)| recorded.get(*serial) != Some(hash)) {
        return Verdict::Fail(format!("no record of {odd:?}"));
    }
    if let Some(odd) = recorded.keys().find(|serial| !seen.contains_key(*serial)) {
        return Verdict::Fail(format!("recorded and nowhere to be seen: {odd}"));
    }
    let stopped: BTreeSet<String> =
        export.of_kind("certificate.suspended").map(|(_, record)| of_record(record)).collect();
    match listed(&export.crl) {
        Ok(listed) if listed == stopped && !listed.is_empty() => Verdict::Pass(seen.len()),
        other => Verdict::Fail(format!("listed {other:?}, recorded {stopped:?}")),
    }
}

/// Check C19-9: every certificate seen anywhere, in the directory or in a list, has its record, and every
/// record its certificate.
#[test]
fn c19_9_no_certificate_is_without_its_record_and_no_record_without_its_certificate() {
    passes_and_can_fail(
        everything_issued_is_recorded_and_the_reverse,
        &[
            |export| {
                let at = export.records.iter().rposition(|one| one.kind == "certificate.issued");
                export.records.remove(at.unwrap());
            },
            |export| drop(export.certificates.pop()),
            |export| {
                let seen = first(export, "person-sign");
                seen.der = replaced(&seen.der, "甄有印".as_bytes(), "贾有印".as_bytes());
            },
            |export| {
                let stops = |one: &Record| one.kind == "certificate.suspended";
                let at = export.records.iter().position(stops).unwrap();
                export.records.remove(at);
            },
        ],
    );
}
