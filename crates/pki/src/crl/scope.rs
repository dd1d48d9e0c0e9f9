//! Which certificates a list is about: the issuing distribution point (RFC 5280 §5.2.5).

use super::Defect;
use crate::ext::{DistributionPointName, GeneralName, TypedExtension};
use crate::strict::{Reader, Tag, Writer};
use crate::{Error, Oid, oid};

/// The content of the `issuingDistributionPoint` extension, always critical.
///
/// A partition ("shard") names its address; the distribution point in each certificate of
/// the partition names the same one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Where the list lies.
    pub point: Option<DistributionPointName>,
    /// Only end-entity certificates.
    pub only_users: bool,
    /// Only CA certificates (an ARL).
    pub only_authorities: bool,
    /// Only attribute certificates.
    pub only_attributes: bool,
    /// Only these reasons: a ReasonFlags list, bit 0 highest. Read, never written.
    pub only_reasons: Option<u16>,
    /// The list names certificates of other issuers too. Read, never written.
    pub indirect: bool,
}

impl Scope {
    /// The scope of a partition of end-entity certificates that is published at `url`.
    pub fn shard(url: impl Into<String>) -> Self {
        let point = DistributionPointName::Full(vec![GeneralName::Uri(url.into())]);
        Self { point: Some(point), only_users: true, ..Self::default() }
    }

    /// Addresses of the list.
    pub fn urls(&self) -> impl Iterator<Item = &str> {
        self.point.iter().flat_map(DistributionPointName::uris)
    }

    /// Refuses what must not be written.
    pub(super) fn check(&self) -> Result<(), Defect> {
        if *self == Self::default() {
            return Err(Defect::ScopeEmpty);
        }
        let only = [self.only_users, self.only_authorities, self.only_attributes];
        let several = only.iter().filter(|set| **set).count() > 1;
        if several || self.indirect || self.only_reasons.is_some() {
            return Err(Defect::ScopeContradiction);
        }
        self.urls().try_for_each(check_url)
    }
}

impl TypedExtension for Scope {
    const OID: Oid = oid::ISSUING_DISTRIBUTION_POINT;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut fields = Reader::sequence_of(value)?;
        let point = match fields.explicit(0)? {
            Some(mut choice) => Some(DistributionPointName::read(&mut choice)?),
            None => None,
        };
        let only_users = flag(&mut fields, 1)?;
        let only_authorities = flag(&mut fields, 2)?;
        let reasons = fields.optional(Tag::context(3))?;
        let only_reasons = reasons.map(|element| element.named_bits()).transpose()?;
        let indirect = flag(&mut fields, 4)?;
        let only_attributes = flag(&mut fields, 5)?;
        fields.finish()?;
        let scope =
            Self { point, only_users, only_authorities, only_attributes, only_reasons, indirect };
        if scope == Self::default() { Err(Defect::ScopeEmpty.into()) } else { Ok(scope) }
    }

    fn write(&self, w: &mut Writer) {
        let set = |w: &mut Writer, number, flag: bool| {
            if flag {
                w.implicit(number, &[0xff]);
            }
        };
        w.sequence(|w| {
            if let Some(point) = &self.point {
                w.explicit(0, |w| point.write(w));
            }
            set(w, 1, self.only_users);
            set(w, 2, self.only_authorities);
            if let Some(reasons) = self.only_reasons {
                w.named_bits(Tag::context(3), reasons);
            }
            set(w, 4, self.indirect);
            set(w, 5, self.only_attributes);
        });
    }
}

/// An address that fits in an IA5String and in a line of a protocol.
pub(super) fn check_url(url: &str) -> Result<(), Defect> {
    let visible = url.bytes().all(|octet| octet.is_ascii_graphic());
    if visible && !url.is_empty() { Ok(()) } else { Err(Defect::Url) }
}

/// `[number] IMPLICIT BOOLEAN DEFAULT FALSE`.
fn flag(fields: &mut Reader<'_>, number: u8) -> Result<bool, Error> {
    match fields.optional(Tag::context(number))?.map(|element| element.value()) {
        None => Ok(false),
        Some([0xff]) => Ok(true),
        Some(_) => Err(Defect::Extension.into()),
    }
}
