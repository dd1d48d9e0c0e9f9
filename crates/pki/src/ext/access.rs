//! authorityInfoAccess (RFC 5280 §4.2.2.1) and ocsp-nocheck (RFC 6960
//! §4.2.2.2.1).

use super::{GeneralName, TypedExtension};
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Reader, Tag, Writer};

/// One way to more about the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccessDescription {
    /// OCSP or the issuer's certificates.
    pub method: Oid,
    /// Where.
    pub location: GeneralName,
}

/// Ways to more about the issuer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AuthorityInfoAccess(pub Vec<AccessDescription>);

impl AuthorityInfoAccess {
    /// Addresses of one method.
    pub fn uris(&self, method: Oid) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |access| access.method == method).filter_map(|access| {
            match &access.location {
                GeneralName::Uri(uri) => Some(uri.as_str()),
                _ => None,
            }
        })
    }
}

impl TypedExtension for AuthorityInfoAccess {
    const OID: Oid = oid::AUTHORITY_INFO_ACCESS;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let (mut content, mut all) = (Reader::sequence_of(value)?, Vec::new());
        while !content.is_empty() {
            let mut pair = content.sequence()?;
            let (method, location) = (pair.oid()?, GeneralName::read(&mut pair)?);
            pair.finish()?;
            all.push(AccessDescription { method, location });
        }
        if all.is_empty() {
            Err(Error::malformed("机构信息访问扩展", "内容为空"))
        } else {
            Ok(Self(all))
        }
    }

    fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            for access in &self.0 {
                w.sequence(|w| {
                    w.oid(&access.method);
                    access.location.write(w);
                });
            }
        });
    }
}

/// The responder's certificate needs no revocation check in its lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OcspNoCheck;

impl TypedExtension for OcspNoCheck {
    const OID: Oid = oid::OCSP_NOCHECK;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(value);
        reader.expect(Tag::NULL)?;
        reader.finish()?;
        Ok(Self)
    }

    fn write(&self, w: &mut Writer) {
        w.null();
    }
}
