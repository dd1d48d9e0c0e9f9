//! Entries of certificates.

use bytes::Bytes;
use jiff::Timestamp;
use pki::{Name, oid};

use crate::error::Error;
use crate::model::{AttributeType as A, Dn, Entry, KeyUse, ObjectClass, Policy, Standing};
use crate::rules::index::dn_of;
use crate::rules::time;
use crate::sql::FoundRow;

/// Attributes of the subject that are shown. What else a subject may have, such as codes, mail or
/// parts of a person's name, stays inside the certificate.
const SHOWN: [(pki::Oid, A); 6] = [
    (oid::COMMON_NAME, A::CommonName),
    (oid::ORGANIZATION, A::Organization),
    (oid::ORGANIZATIONAL_UNIT, A::Unit),
    (oid::COUNTRY, A::Country),
    (oid::STATE, A::State),
    (oid::LOCALITY, A::Locality),
];

/// What an entry is made with.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The folder of certificates.
    pub folder: &'a Dn,
    /// What is public.
    pub policy: &'a Policy,
    /// Now.
    pub now: Timestamp,
}

/// The entry of a certificate, without the certificate itself; `None` when it isn't public.
pub fn certificate(row: &FoundRow, setting: Setting<'_>) -> Result<Option<Entry>, Error> {
    let Some((kind, usage)) = setting.policy.published(&row.profile) else {
        return Ok(None);
    };
    let dn = dn_of(setting.folder, &row.serial);
    let mut entry = Entry::new(dn);
    classes(&mut entry, &[&ObjectClass::TOP, &ObjectClass::CERTIFICATE, &ObjectClass::PKI_USER]);
    let subject = Name::from_der(&row.subject_der)?;
    for (oid, attribute) in SHOWN {
        let own = subject.attributes().filter(|one| one.oid == oid);
        own.filter_map(|one| one.text.as_deref()).for_each(|text| entry.add_text(attribute, text));
    }
    entry.add_text(A::SerialNumber, &row.serial);
    entry.add_text(A::Kind, kind);
    entry.add_text(A::KeyUse, usage.as_str());
    entry.add_text(A::Standing, standing(row, setting.now)?.as_str());
    for (attribute, seconds) in [
        (A::NotBefore, row.not_before),
        (A::NotAfter, row.not_after),
        (A::CreateTimestamp, row.issued_at),
        (A::ModifyTimestamp, row.changed_at),
    ] {
        entry.add_text(attribute, &time::write(instant(seconds)?));
    }
    about(&mut entry, &ObjectClass::CERTIFICATE, false);
    Ok(Some(entry))
}

/// Whether the certificate itself is shown: encryption certificates only while they are good, for
/// nobody may encrypt to them any more; old signatures must be verified, so signing certificates stay.
pub fn shows_certificate(row: &FoundRow, policy: &Policy, now: Timestamp) -> Result<bool, Error> {
    Ok(match policy.published(&row.profile) {
        None => false,
        Some((_, KeyUse::Sign)) => true,
        Some((_, KeyUse::Encrypt)) => standing(row, now)? == Standing::Good,
    })
}

/// Adds the certificate itself.
pub fn add_certificate(entry: &mut Entry, der: Vec<u8>) {
    entry.add(A::UserCertificate, Bytes::from(der));
}

/// What every entry says about itself.
pub fn about(entry: &mut Entry, class: &ObjectClass, has_subordinates: bool) {
    let dn = entry.dn.to_string();
    entry.add_text(A::EntryDn, &dn);
    entry.add_text(A::StructuralClass, class.name);
    entry.add_text(A::HasSubordinates, if has_subordinates { "TRUE" } else { "FALSE" });
    entry.add_text(A::SubschemaSubentry, super::tree::SUBSCHEMA);
}

/// Adds object classes.
pub fn classes(entry: &mut Entry, classes: &[&ObjectClass]) {
    classes.iter().for_each(|class| entry.add_text(A::ObjectClass, class.name));
}

fn standing(row: &FoundRow, now: Timestamp) -> Result<Standing, Error> {
    match row.status.as_str() {
        "revoked" => Ok(Standing::Revoked),
        _ if now.as_second() > row.not_after => Ok(Standing::Expired),
        "suspended" => Ok(Standing::Suspended),
        "good" => Ok(Standing::Good),
        other => Err(Error::Stored(format!("certificate.status {}: {other}", row.id))),
    }
}

fn instant(seconds: i64) -> Result<Timestamp, Error> {
    Timestamp::from_second(seconds).map_err(|_| Error::Stored(format!("instant {seconds}")))
}
