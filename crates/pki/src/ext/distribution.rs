//! cRLDistributionPoints and freshestCRL (RFC 5280 §4.2.1.13, §4.2.1.15).

use super::{GeneralName, TypedExtension, general_name};
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Reader, Tag, Writer};

/// Where a CRL lies.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DistributionPointName {
    /// Full names, usually addresses.
    Full(Vec<GeneralName>),
    /// Content octets of a name relative to the CRL's issuer.
    Relative(Vec<u8>),
}

/// One distribution point.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DistributionPoint {
    /// Where it lies.
    pub name: Option<DistributionPointName>,
    /// Reasons covered, as a named bit list with bit 0 highest; all when absent.
    pub reasons: Option<u16>,
    /// Issuer of the CRL when it is another one; empty when absent.
    pub crl_issuer: Vec<GeneralName>,
}

/// Where the CRL is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CrlDistributionPoints(pub Vec<DistributionPoint>);

/// Where the delta CRL is found.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FreshestCrl(pub Vec<DistributionPoint>);

impl DistributionPointName {
    /// Reads the CHOICE from the content of its explicit tag.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let name = match reader.explicit(0)? {
            Some(mut names) => Self::Full(general_name::read_list(&mut names)?),
            None => Self::Relative(reader.expect(Tag::context_constructed(1))?.value().to_vec()),
        };
        reader.finish()?;
        Ok(name)
    }

    /// Writes the CHOICE without its explicit tag.
    pub fn write(&self, w: &mut Writer) {
        match self {
            Self::Full(names) => w.explicit(0, |w| names.iter().for_each(|name| name.write(w))),
            Self::Relative(content) => w.tlv(Tag::context_constructed(1), content),
        }
    }

    /// Addresses among the full names.
    pub fn uris(&self) -> impl Iterator<Item = &str> {
        let names = match self {
            Self::Full(names) => names.as_slice(),
            Self::Relative(_) => &[],
        };
        names.iter().filter_map(|name| {
            if let GeneralName::Uri(uri) = name { Some(uri.as_str()) } else { None }
        })
    }
}

impl DistributionPoint {
    /// A point at these addresses, for all reasons, by the issuer itself.
    #[must_use]
    pub fn at<'a>(uris: impl IntoIterator<Item = &'a str>) -> Self {
        let names = uris.into_iter().map(|uri| GeneralName::Uri(uri.to_owned())).collect();
        Self {
            name: Some(DistributionPointName::Full(names)),
            reasons: None,
            crl_issuer: Vec::new(),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut content = reader.sequence()?;
        let name = match content.explicit(0)? {
            Some(mut choice) => Some(DistributionPointName::read(&mut choice)?),
            None => None,
        };
        let reasons = content.optional(Tag::context(1))?.map(|tlv| tlv.named_bits()).transpose()?;
        let crl_issuer = match content.explicit(2)? {
            Some(mut names) => general_name::read_list(&mut names)?,
            None => Vec::new(),
        };
        content.finish()?;
        if name.is_none() && crl_issuer.is_empty() {
            return Err(Error::malformed("CRL 分发点扩展", "既无位置也无签发者"));
        }
        Ok(Self { name, reasons, crl_issuer })
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            if let Some(name) = &self.name {
                w.explicit(0, |w| name.write(w));
            }
            if let Some(reasons) = self.reasons {
                w.named_bits(Tag::context(1), reasons);
            }
            if !self.crl_issuer.is_empty() {
                w.explicit(2, |w| self.crl_issuer.iter().for_each(|name| name.write(w)));
            }
        });
    }
}

fn parse_points(value: &[u8]) -> Result<Vec<DistributionPoint>, Error> {
    let (mut content, mut points) = (Reader::sequence_of(value)?, Vec::new());
    while !content.is_empty() {
        points.push(DistributionPoint::read(&mut content)?);
    }
    if points.is_empty() {
        Err(Error::malformed("CRL 分发点扩展", "内容为空"))
    } else {
        Ok(points)
    }
}

fn write_points(w: &mut Writer, points: &[DistributionPoint]) {
    w.sequence(|w| points.iter().for_each(|point| point.write(w)));
}

impl TypedExtension for CrlDistributionPoints {
    const OID: Oid = oid::CRL_DISTRIBUTION_POINTS;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        parse_points(value).map(Self)
    }

    fn write(&self, w: &mut Writer) {
        write_points(w, &self.0);
    }
}

impl TypedExtension for FreshestCrl {
    const OID: Oid = oid::FRESHEST_CRL;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        parse_points(value).map(Self)
    }

    fn write(&self, w: &mut Writer) {
        write_points(w, &self.0);
    }
}
