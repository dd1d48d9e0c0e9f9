//! What an entry looks like in another directory that only knows the usual schema (RFC 4519, RFC 4523
//! as OpenLDAP's `core` has them), and in what an entry there differs from it.
//!
//! The class of certificates of our own tree isn't known elsewhere: there a certificate is a `device`
//! with the auxiliary class `pkiUser`, and kind, use and status are values of `description`, such as
//! `certificateStatus=good`. Everything else has the same name and the same octets.

use std::collections::BTreeSet;

use bytes::Bytes;

use super::text;
use crate::message::WireAttribute;
use crate::model::{AttributeType as A, Dn, Entry};

/// What an entry is in the other directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// The base; made where it is missing, otherwise somebody else's.
    Base,
    /// A folder of ours.
    Folder,
    /// An issuer.
    Issuer,
    /// A distribution point of an issuer.
    Shard,
    /// A certificate.
    Certificate,
}

/// An entry as it should be in the other directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrored {
    /// Its name there.
    pub dn: String,
    /// What it is.
    pub shape: Shape,
    /// Its attributes, each with at least one value.
    pub attributes: Vec<WireAttribute>,
}

impl Shape {
    const fn classes(self) -> &'static [&'static str] {
        match self {
            Self::Base => &["top", "organization"],
            Self::Folder => &["top", "organizationalUnit"],
            // Delta lists need a class of their own in `core`.
            Self::Issuer => &["top", "applicationProcess", "pkiCA", "deltaCRL"],
            Self::Shard => &["top", "cRLDistributionPoint"],
            Self::Certificate => &["top", "device", "pkiUser"],
        }
    }

    /// Every attribute that is ours to set.
    const fn managed(self) -> &'static [A] {
        match self {
            Self::Base => &[A::Organization],
            Self::Folder => &[A::Unit],
            Self::Issuer => &[
                A::CommonName,
                A::CaCertificate,
                A::CertificateList,
                A::AuthorityList,
                A::CrossPair,
                A::DeltaList,
            ],
            Self::Shard => &[A::CommonName, A::CertificateList],
            Self::Certificate => &[
                A::CommonName,
                A::Organization,
                A::Unit,
                A::Locality,
                A::SerialNumber,
                A::UserCertificate,
            ],
        }
    }
}

/// Where the facts go for which the usual schema has no attribute.
const DESCRIPTION: &str = "description";
const OBJECT_CLASS: &str = "objectClass";

/// The entry as it should be in the other directory; its name has the base of that already.
#[must_use]
pub fn mirrored(entry: &Entry, shape: Shape) -> Mirrored {
    let mut attributes = vec![(OBJECT_CLASS.to_owned(), texts(shape.classes()))];
    for attribute in shape.managed() {
        let mut values = distinct(*attribute, entry.values(*attribute));
        if *attribute == A::CommonName && values.is_empty() {
            // A device has a name; a certificate without one has its number.
            values = entry.values(A::SerialNumber).to_vec();
        }
        if !values.is_empty() {
            attributes.push((attribute.description(), values));
        }
    }
    if shape == Shape::Certificate {
        let facts = [A::Kind, A::KeyUse, A::Standing].map(|fact| described(entry, fact));
        attributes.push((DESCRIPTION.to_owned(), facts.into_iter().flatten().collect()));
    }
    Mirrored { dn: entry.dn.to_string(), shape, attributes }
}

fn texts(all: &[&'static str]) -> Vec<Bytes> {
    all.iter().map(|one| Bytes::from_static(one.as_bytes())).collect()
}

fn described(entry: &Entry, fact: A) -> Option<Bytes> {
    let value = std::str::from_utf8(entry.values(fact).first()?).ok()?;
    Some(Bytes::from(format!("{}={value}", fact.name())))
}

/// Values that count as different: a directory refuses what it takes for the same twice, and nothing
/// that is empty is text.
fn distinct(attribute: A, values: &[Bytes]) -> Vec<Bytes> {
    if attribute.is_binary() {
        return values.to_vec();
    }
    let mut seen = BTreeSet::new();
    let is_new = |value: &&Bytes| {
        let normal = text::normal(&String::from_utf8_lossy(value));
        !normal.is_empty() && seen.insert(normal)
    };
    values.iter().filter(is_new).cloned().collect()
}

impl Mirrored {
    /// What replaces the entry's attributes, whatever they were: every attribute that is ours, without
    /// values where it has none.
    #[must_use]
    pub fn replacement(&self) -> Vec<WireAttribute> {
        let mut all = self.attributes.clone();
        for attribute in self.shape.managed() {
            let description = attribute.description();
            if !all.iter().any(|(known, _)| *known == description) {
                all.push((description, Vec::new()));
            }
        }
        all
    }

    /// In which attributes an entry of the other directory differs, by their descriptions there.
    #[must_use]
    pub fn differences(&self, found: &[WireAttribute]) -> Vec<String> {
        let wanted = self.attributes.iter();
        let wanting = wanted.filter(|(name, values)| {
            let own = found.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            own.is_none_or(|(_, own)| !same_values(values, own))
        });
        let surplus = found.iter().filter(|(known, _)| {
            !self.attributes.iter().any(|(name, _)| name.eq_ignore_ascii_case(known))
        });
        wanting.chain(surplus).map(|(name, _)| name.clone()).collect()
    }

    /// What mends these differences.
    #[must_use]
    pub fn mending(&self, differences: &[String]) -> Vec<WireAttribute> {
        let wanted = |name: &String| {
            let own = self.attributes.iter().find(|(known, _)| known == name);
            (name.clone(), own.map(|(_, values)| values.clone()).unwrap_or_default())
        };
        differences.iter().map(wanted).collect()
    }
}

/// Values have no order.
fn same_values(one: &[Bytes], other: &[Bytes]) -> bool {
    let sorted = |values: &[Bytes]| values.iter().cloned().collect::<BTreeSet<_>>();
    one.len() == other.len() && sorted(one) == sorted(other)
}

/// The serial number in the name of an entry right below a folder; `None` for other names.
#[must_use]
pub fn serial_below(folder: &Dn, dn: &str) -> Option<String> {
    let dn = Dn::parse(dn).ok()?;
    let (own, _) = dn.rdns().split_first()?;
    let [part] = own.as_slice() else { return None };
    let is_serial = A::find(&part.name) == Some(A::SerialNumber);
    (is_serial && dn.parent()?.key() == folder.key()).then(|| text::normal(&part.value))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificate() -> Entry {
        let mut entry = Entry::new(Dn::parse("serialNumber=0a,ou=Certificates,c=CN").unwrap());
        for (attribute, value) in [
            (A::CommonName, "示例局"),
            (A::Unit, "Office One"),
            (A::Unit, "office  one"),
            (A::Unit, "二处"),
            (A::Unit, " "),
            (A::Country, "CN"),
            (A::SerialNumber, "0a"),
            (A::Kind, "unit"),
            (A::KeyUse, "enc"),
            (A::Standing, "good"),
        ] {
            entry.add_text(attribute, value);
        }
        entry.add(A::UserCertificate, vec![0x30, 0]);
        entry
    }

    fn values(mirrored: &Mirrored, name: &str) -> Vec<String> {
        let own = mirrored.attributes.iter().filter(|(known, _)| known == name);
        let values = own.flat_map(|(_, values)| values);
        values.map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    #[test]
    fn a_certificate_fits_the_usual_schema() {
        let there = mirrored(&certificate(), Shape::Certificate);
        assert_eq!(values(&there, "objectClass"), ["top", "device", "pkiUser"]);
        assert_eq!(values(&there, "ou"), ["Office One", "二处"], "nothing twice, nothing empty");
        assert_eq!(
            values(&there, "description"),
            ["certificateKind=unit", "certificateUsage=enc", "certificateStatus=good"]
        );
        assert_eq!(values(&there, "c"), Vec::<String>::new(), "a device has no country");
        let mut nameless = Entry::new(Dn::default());
        nameless.add_text(A::SerialNumber, "0a");
        assert_eq!(values(&mirrored(&nameless, Shape::Certificate), "cn"), ["0a"]);
    }

    #[test]
    fn a_replacement_takes_away_what_is_not_there_any_more() {
        let mut entry = certificate();
        let before = mirrored(&entry, Shape::Certificate);
        entry = Entry::new(entry.dn);
        entry.add_text(A::SerialNumber, "0a");
        entry.add_text(A::Standing, "revoked");
        let after = mirrored(&entry, Shape::Certificate).replacement();
        for gone in ["userCertificate;binary", "ou", "o", "l"] {
            assert!(after.contains(&(gone.to_owned(), Vec::new())), "{gone}");
        }
        assert_eq!(after.iter().filter(|(name, _)| name == "cn").count(), 1);
        assert!(!before.differences(&after).is_empty());
    }

    #[test]
    fn every_way_to_differ_is_seen_and_order_and_case_of_names_are_none() {
        let wanted = mirrored(&certificate(), Shape::Certificate);
        let mut same = wanted.attributes.clone();
        same.reverse();
        for (name, values) in &mut same {
            *name = name.to_uppercase();
            values.reverse();
        }
        assert_eq!(wanted.differences(&same), Vec::<String>::new());
        let mut without = wanted.attributes.clone();
        without.retain(|(name, _)| name != "userCertificate;binary");
        assert_eq!(wanted.differences(&without), ["userCertificate;binary"]);
        let mut other = wanted.attributes.clone();
        for (name, values) in &mut other {
            if name == "description" {
                values.pop();
            }
        }
        assert_eq!(wanted.differences(&other), ["description"]);
        let mut more = wanted.attributes.clone();
        more.push(("seeAlso".to_owned(), vec![Bytes::from_static(b"cn=x")]));
        let found = wanted.differences(&more);
        assert_eq!(found, ["seeAlso"]);
        assert_eq!(wanted.mending(&found), [("seeAlso".to_owned(), Vec::new())]);
        let mended = wanted.mending(&wanted.differences(&without));
        assert_eq!(mended[0].1, [Bytes::from_static(&[0x30, 0])]);
    }

    #[test]
    fn only_names_of_certificates_have_a_serial_number() {
        let folder = Dn::parse("ou=Certificates,o=某中心,c=CN").unwrap();
        let below = |dn| serial_below(&folder, dn);
        assert_eq!(
            below("SERIALNUMBER=0A1b, OU=certificates,O=某中心,C=cn"),
            Some("0a1b".to_owned())
        );
        for other in [
            "ou=Certificates,o=某中心,c=CN",
            "cn=a,ou=Certificates,o=某中心,c=CN",
            "serialNumber=1+cn=a,ou=Certificates,o=某中心,c=CN",
            "serialNumber=1,ou=CA,o=某中心,c=CN",
            "serialNumber=1,cn=x,ou=Certificates,o=某中心,c=CN",
            "",
            "x",
        ] {
            assert_eq!(below(other), None, "{other}");
        }
    }
}
