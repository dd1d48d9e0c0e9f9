//! certificatePolicies and the extensions that bound their use
//! (RFC 5280 §4.2.1.4-5, §4.2.1.11, §4.2.1.14).

use super::{TypedExtension, basic_constraints::small};
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Defect, Reader, Tag, Writer};

/// More about a policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PolicyQualifier {
    /// Address of the CPS.
    Cps(String),
    /// A notice or an unknown qualifier: its type, and the value as DER.
    Other(Oid, Vec<u8>),
}

/// One policy.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyInformation {
    /// The policy.
    pub policy: Oid,
    /// More about it.
    pub qualifiers: Vec<PolicyQualifier>,
}

/// Policies the certificate was issued under.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CertificatePolicies(pub Vec<PolicyInformation>);

/// Policies of the issuer's domain and their equals in the subject's.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PolicyMappings(pub Vec<(Oid, Oid)>);

/// How many certificates may follow before a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PolicyConstraints {
    /// Before an explicit policy is required.
    pub require_explicit: Option<u32>,
    /// Before mapping is inhibited.
    pub inhibit_mapping: Option<u32>,
}

/// How many certificates may follow before anyPolicy counts no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct InhibitAnyPolicy(pub u32);

impl PolicyInformation {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut content = reader.sequence()?;
        let (policy, mut qualifiers) = (content.oid()?, Vec::new());
        if !content.is_empty() {
            let mut list = content.sequence()?;
            while !list.is_empty() {
                qualifiers.push(PolicyQualifier::read(&mut list)?);
            }
            if qualifiers.is_empty() {
                return Err(Error::malformed("证书策略扩展", "限定符列表为空"));
            }
        }
        content.finish()?;
        Ok(Self { policy, qualifiers })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&self.policy);
            if !self.qualifiers.is_empty() {
                w.sequence(|w| self.qualifiers.iter().for_each(|qualifier| qualifier.write(w)));
            }
        });
    }
}

impl PolicyQualifier {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut pair = reader.sequence()?;
        let kind = pair.oid()?;
        let value = pair.read()?;
        pair.finish()?;
        if kind != oid::QUALIFIER_CPS {
            return Ok(Self::Other(kind, value.raw().to_vec()));
        }
        let text = value.text().filter(|_| value.tag() == Tag::IA5_STRING);
        Ok(Self::Cps(text.ok_or(value.defect(Defect::Ia5String))?))
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| match self {
            Self::Cps(uri) => {
                w.oid(&oid::QUALIFIER_CPS);
                w.ia5_string(uri);
            }
            Self::Other(kind, value) => {
                w.oid(kind);
                w.raw(value);
            }
        });
    }
}

impl TypedExtension for CertificatePolicies {
    const OID: Oid = oid::CERTIFICATE_POLICIES;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let (mut content, mut all) = (Reader::sequence_of(value)?, Vec::<PolicyInformation>::new());
        while !content.is_empty() {
            let next = PolicyInformation::read(&mut content)?;
            if all.iter().any(|known| known.policy == next.policy) {
                return Err(Error::malformed("证书策略扩展", "同一策略出现两次"));
            }
            all.push(next);
        }
        if all.is_empty() {
            Err(Error::malformed("证书策略扩展", "内容为空"))
        } else {
            Ok(Self(all))
        }
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| self.0.iter().for_each(|policy| policy.write(w)));
    }
}

impl TypedExtension for PolicyMappings {
    const OID: Oid = oid::POLICY_MAPPINGS;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let (mut content, mut pairs) = (Reader::sequence_of(value)?, Vec::new());
        while !content.is_empty() {
            let mut pair = content.sequence()?;
            pairs.push((pair.oid()?, pair.oid()?));
            pair.finish()?;
        }
        if pairs.is_empty() {
            Err(Error::malformed("策略映射扩展", "内容为空"))
        } else {
            Ok(Self(pairs))
        }
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for (issuer, subject) in &self.0 {
                w.sequence(|w| {
                    w.oid(issuer);
                    w.oid(subject);
                });
            }
        });
    }
}

impl TypedExtension for PolicyConstraints {
    const OID: Oid = oid::POLICY_CONSTRAINTS;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut content = Reader::sequence_of(value)?;
        let require_explicit = implicit_count(&mut content, 0)?;
        let inhibit_mapping = implicit_count(&mut content, 1)?;
        content.finish()?;
        if require_explicit.is_none() && inhibit_mapping.is_none() {
            return Err(Error::malformed("策略约束扩展", "内容为空"));
        }
        Ok(Self { require_explicit, inhibit_mapping })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for (number, count) in [(0, self.require_explicit), (1, self.inhibit_mapping)] {
                let Some(count) = count else { continue };
                let integer = Writer::build(|w| w.uint(count.into()));
                w.implicit(number, integer.get(2..).unwrap_or_default());
            }
        });
    }
}

/// `[number] IMPLICIT INTEGER`.
fn implicit_count(reader: &mut Reader<'_>, number: u8) -> Result<Option<u32>, Error> {
    let Some(tlv) = reader.optional(Tag::context(number))? else {
        return Ok(None);
    };
    let integer = Writer::build(|w| w.tlv(Tag::INTEGER, tlv.value()));
    small(&mut Reader::new(&integer)).map(Some)
}

impl TypedExtension for InhibitAnyPolicy {
    const OID: Oid = oid::INHIBIT_ANY_POLICY;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(value);
        let count = small(&mut reader)?;
        reader.finish()?;
        Ok(Self(count))
    }

    fn write(&self, w: &mut Writer) {
        w.uint(self.0.into());
    }
}
