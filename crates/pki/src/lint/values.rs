//! The values inside extensions, read for lints and for path validation.
//!
//! Each reader returns `None` for a value that is not of the extension's type; that is a finding of its own
//! (`rfc5280/extension-values`), so the other lints may pass over it.

use crate::oid::{self as oids, Oid};

use super::tlv::{self, Tlv, tag};
use super::view::View;

/// Key usage as bits: bit 0 (digitalSignature) is the lowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyUsage(pub u16);

impl KeyUsage {
    /// digitalSignature
    pub const DIGITAL_SIGNATURE: u16 = 1;
    /// nonRepudiation
    pub const NON_REPUDIATION: u16 = 1 << 1;
    /// keyEncipherment
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    /// dataEncipherment
    pub const DATA_ENCIPHERMENT: u16 = 1 << 3;
    /// keyAgreement
    pub const KEY_AGREEMENT: u16 = 1 << 4;
    /// keyCertSign
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    /// cRLSign
    pub const CRL_SIGN: u16 = 1 << 6;

    /// Whether all of these bits are set.
    pub fn has(self, bits: u16) -> bool {
        self.0 & bits == bits
    }

    /// The names of the set bits.
    pub fn names(self) -> String {
        const NAMES: [&str; 9] = [
            "digitalSignature",
            "nonRepudiation",
            "keyEncipherment",
            "dataEncipherment",
            "keyAgreement",
            "keyCertSign",
            "cRLSign",
            "encipherOnly",
            "decipherOnly",
        ];
        let set: Vec<&str> = NAMES
            .iter()
            .enumerate()
            .filter(|(bit, _)| self.0 >> bit & 1 == 1)
            .map(|(_, name)| *name)
            .collect();
        set.join("、")
    }
}

/// basicConstraints
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BasicConstraints {
    /// cA
    pub ca: bool,
    /// pathLenConstraint
    pub path_len: Option<u64>,
}

/// One GeneralName: its context tag and value octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneralName<'a> {
    /// The form.
    pub form: Form,
    /// The value octets (for a directory name, the Name).
    pub value: &'a [u8],
}

/// The forms of a GeneralName.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// rfc822Name
    Email,
    /// dNSName
    Dns,
    /// directoryName
    Directory,
    /// uniformResourceIdentifier
    Uri,
    /// iPAddress
    Ip,
    /// Any other form, by its tag number.
    Other(u8),
}

/// One DistributionPoint.
#[derive(Clone, Debug)]
pub struct DistributionPoint<'a> {
    /// fullName; empty when absent.
    pub full_name: Vec<GeneralName<'a>>,
    /// nameRelativeToCRLIssuer
    pub relative_name: Option<&'a [u8]>,
    /// reasons
    pub reasons: Option<&'a [u8]>,
    /// cRLIssuer; empty when absent.
    pub crl_issuer: Vec<GeneralName<'a>>,
}

/// One PolicyInformation.
#[derive(Clone, Debug)]
pub struct Policy<'a> {
    /// policyIdentifier
    pub oid: Oid,
    /// Qualifier types and values.
    pub qualifiers: Vec<(Oid, Tlv<'a>)>,
}

impl<'a> View<'a> {
    /// keyUsage
    pub fn key_usage(&self) -> Option<KeyUsage> {
        key_usage(&self.extension_value(oids::KEY_USAGE)?)
    }

    /// basicConstraints
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        let parts = self.extension_value(oids::BASIC_CONSTRAINTS)?.children(tag::SEQUENCE)?;
        let mut parts = parts.iter().peekable();
        let ca = parts
            .next_if(|part| part.tag == tag::BOOLEAN)
            .map_or(Some(false), |part| part.boolean())?;
        let path_len = match parts.next() {
            Some(part) if part.tag == tag::INTEGER => Some(part.small_integer()?),
            Some(_) => return None,
            None => None,
        };
        parts.next().is_none().then_some(BasicConstraints { ca, path_len })
    }

    /// Whether basicConstraints says CA.
    pub fn is_ca(&self) -> bool {
        self.basic_constraints().is_some_and(|constraints| constraints.ca)
    }

    /// subjectKeyIdentifier
    pub fn subject_key_id(&self) -> Option<&'a [u8]> {
        self.extension_value(oids::SUBJECT_KEY_IDENTIFIER)?.value(tag::OCTET_STRING)
    }

    /// keyIdentifier of authorityKeyIdentifier
    pub fn authority_key_id(&self) -> Option<&'a [u8]> {
        let parts =
            self.extension_value(oids::AUTHORITY_KEY_IDENTIFIER)?.children(tag::SEQUENCE)?;
        parts.iter().find(|part| part.tag == 0x80).map(|part| part.content)
    }

    /// extKeyUsage
    pub fn purposes(&self) -> Option<Vec<Oid>> {
        let parts = self.extension_value(oids::EXTENDED_KEY_USAGE)?.children(tag::SEQUENCE)?;
        parts.iter().map(Tlv::oid).collect()
    }

    /// subjectAltName
    pub fn alternative_names(&self) -> Option<Vec<GeneralName<'a>>> {
        general_names(&self.extension_value(oids::SUBJECT_ALT_NAME)?.children(tag::SEQUENCE)?)
    }

    /// cRLDistributionPoints (or freshestCRL)
    pub fn distribution_points(&self, oid: Oid) -> Option<Vec<DistributionPoint<'a>>> {
        let points = self.extension_value(oid)?.children(tag::SEQUENCE)?;
        points.iter().map(distribution_point).collect()
    }

    /// authorityInfoAccess: methods and locations
    pub fn access_points(&self) -> Option<Vec<(Oid, GeneralName<'a>)>> {
        let list = self.extension_value(oids::AUTHORITY_INFO_ACCESS)?.children(tag::SEQUENCE)?;
        list.iter().map(access_description).collect()
    }

    /// certificatePolicies
    pub fn policies(&self) -> Option<Vec<Policy<'a>>> {
        let list = self.extension_value(oids::CERTIFICATE_POLICIES)?.children(tag::SEQUENCE)?;
        list.iter().map(policy).collect()
    }

    /// policyMappings: issuer's policy and subject's policy
    pub fn policy_mappings(&self) -> Option<Vec<(Oid, Oid)>> {
        let list = self.extension_value(oids::POLICY_MAPPINGS)?.children(tag::SEQUENCE)?;
        list.iter().map(mapping).collect()
    }

    /// policyConstraints: requireExplicitPolicy and inhibitPolicyMapping
    pub fn policy_constraints(&self) -> Option<(Option<u64>, Option<u64>)> {
        let parts = self.extension_value(oids::POLICY_CONSTRAINTS)?.children(tag::SEQUENCE)?;
        let field = |tag: u8| match parts.iter().find(|part| part.tag == tag) {
            Some(part) => part.small_integer().map(Some),
            None => Some(None),
        };
        Some((field(0x80)?, field(0x81)?))
    }

    /// inhibitAnyPolicy
    pub fn inhibit_any_policy(&self) -> Option<u64> {
        let value = self.extension_value(oids::INHIBIT_ANY_POLICY)?;
        (value.tag == tag::INTEGER).then(|| value.small_integer()).flatten()
    }

    /// nameConstraints: permitted and excluded subtrees
    pub fn name_constraints(&self) -> Option<(Vec<GeneralName<'a>>, Vec<GeneralName<'a>>)> {
        let parts = self.extension_value(oids::NAME_CONSTRAINTS)?.children(tag::SEQUENCE)?;
        let trees =
            |tag: u8| parts.iter().find(|part| part.tag == tag).map_or(Some(Vec::new()), subtrees);
        Some((trees(0xa0)?, trees(0xa1)?))
    }

    /// Every URI in cRLDistributionPoints, freshestCRL, authorityInfoAccess and the policy qualifiers.
    pub fn published_uris(&self) -> Vec<&'a [u8]> {
        let mut uris = Vec::new();
        for oid in [oids::CRL_DISTRIBUTION_POINTS, oids::FRESHEST_CRL] {
            for point in self.distribution_points(oid).unwrap_or_default() {
                uris.extend(
                    point
                        .full_name
                        .iter()
                        .filter(|name| name.form == Form::Uri)
                        .map(|name| name.value),
                );
            }
        }
        let access = self.access_points().unwrap_or_default();
        uris.extend(
            access.iter().filter(|(_, name)| name.form == Form::Uri).map(|(_, name)| name.value),
        );
        for policy in self.policies().unwrap_or_default() {
            let cps = policy.qualifiers.iter().filter(|(oid, _)| *oid == oids::QUALIFIER_CPS);
            uris.extend(cps.map(|(_, uri)| uri.content));
        }
        uris
    }
}

/// Reads a key usage BIT STRING.
pub fn key_usage(value: &Tlv<'_>) -> Option<KeyUsage> {
    let (_, octets) = value.value(tag::BIT_STRING)?.split_first()?;
    let mut bits = 0u16;
    for (place, octet) in octets.iter().take(2).enumerate() {
        bits |= u16::from(octet.reverse_bits()) << (8 * place);
    }
    Some(KeyUsage(bits))
}

/// Reads a list of GeneralName.
pub fn general_names<'a>(parts: &[Tlv<'a>]) -> Option<Vec<GeneralName<'a>>> {
    parts.iter().map(general_name).collect()
}

fn general_name<'a>(part: &Tlv<'a>) -> Option<GeneralName<'a>> {
    let form = match part.tag {
        0x81 => Form::Email,
        0x82 => Form::Dns,
        0xa4 => Form::Directory,
        0x86 => Form::Uri,
        0x87 => Form::Ip,
        0xa0 | 0xa3 | 0xa5 | 0x88 => Form::Other(part.tag & 0x1f),
        _ => return None,
    };
    let value = if form == Form::Directory { tlv::one(part.content)?.whole } else { part.content };
    Some(GeneralName { form, value })
}

/// Reads one DistributionPoint.
fn distribution_point<'a>(element: &Tlv<'a>) -> Option<DistributionPoint<'a>> {
    let mut point = DistributionPoint {
        full_name: Vec::new(),
        relative_name: None,
        reasons: None,
        crl_issuer: Vec::new(),
    };
    for part in element.children(tag::SEQUENCE)? {
        match part.tag {
            0xa0 => {
                let choice = tlv::one(part.content)?;
                match choice.tag {
                    0xa0 => point.full_name = general_names(&tlv::all(choice.content)?)?,
                    0xa1 => point.relative_name = Some(choice.content),
                    _ => return None,
                }
            }
            0x81 => point.reasons = Some(part.content),
            0xa2 => point.crl_issuer = general_names(&tlv::all(part.content)?)?,
            _ => return None,
        }
    }
    Some(point)
}

fn access_description<'a>(element: &Tlv<'a>) -> Option<(Oid, GeneralName<'a>)> {
    let parts = element.children(tag::SEQUENCE)?;
    let [method, location] = parts.as_slice() else {
        return None;
    };
    Some((method.oid()?, general_name(location)?))
}

fn policy<'a>(element: &Tlv<'a>) -> Option<Policy<'a>> {
    let parts = element.children(tag::SEQUENCE)?;
    let mut qualifiers = Vec::new();
    if let Some(list) = parts.get(1) {
        for qualifier in list.children(tag::SEQUENCE)? {
            let pair = qualifier.children(tag::SEQUENCE)?;
            let [oid, value] = pair.as_slice() else {
                return None;
            };
            qualifiers.push((oid.oid()?, *value));
        }
    }
    Some(Policy { oid: parts.first()?.oid()?, qualifiers })
}

fn mapping(element: &Tlv<'_>) -> Option<(Oid, Oid)> {
    let parts = element.children(tag::SEQUENCE)?;
    let [issuer, subject] = parts.as_slice() else {
        return None;
    };
    Some((issuer.oid()?, subject.oid()?))
}

/// GeneralSubtrees; RFC 5280 §4.2.1.10 fixes minimum to 0 and forbids maximum.
fn subtrees<'a>(list: &Tlv<'a>) -> Option<Vec<GeneralName<'a>>> {
    tlv::all(list.content)?
        .iter()
        .map(|tree| match tree.children(tag::SEQUENCE)?.as_slice() {
            [base] => general_name(base),
            _ => None,
        })
        .collect()
}
