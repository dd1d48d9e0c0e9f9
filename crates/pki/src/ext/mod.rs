//! Certificate extensions: the raw form of each, and a typed form per file.
//!
//! A typed form is parsed strictly (RFC 5280 §4.2: one value, DER, defaults left
//! out). Extensions of unknown type are kept as octets: CAs of the field put
//! bare text into theirs.

mod access;
mod basic_constraints;
mod distribution;
mod general_name;
mod identity;
mod key_id;
mod key_usage;
mod name_constraints;
mod policies;
mod purposes;
mod usage_period;

use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Reader, Tag, Writer};

pub use access::{AccessDescription, AuthorityInfoAccess, OcspNoCheck};
pub use basic_constraints::BasicConstraints;
pub use distribution::{
    CrlDistributionPoints, DistributionPoint, DistributionPointName, FreshestCrl,
};
pub use general_name::{
    GeneralName, IssuerAltName, SubjectAltName, read_general_names, write_general_names,
};
pub use identity::{IdentifyCode, identity_text};
pub use key_id::{AuthorityKeyIdentifier, SubjectKeyIdentifier};
pub use key_usage::KeyUsage;
pub use name_constraints::NameConstraints;
pub use policies::{
    CertificatePolicies, InhibitAnyPolicy, PolicyConstraints, PolicyInformation, PolicyMappings,
    PolicyQualifier,
};
pub use purposes::ExtendedKeyUsage;
pub use usage_period::PrivateKeyUsagePeriod;

/// One extension as it came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Extension {
    /// Type of the extension.
    pub oid: Oid,
    /// Whether a reader that does not know it must refuse the whole.
    pub critical: bool,
    /// Content of the OCTET STRING.
    pub value: Vec<u8>,
}

/// A known extension.
pub trait TypedExtension: Sized {
    /// Type of the extension.
    const OID: Oid;

    /// Reads the content of the OCTET STRING.
    ///
    /// # Errors
    /// When it is not exactly one strict value of the type.
    fn parse(value: &[u8]) -> Result<Self, Error>;

    /// Writes the value that goes into the OCTET STRING.
    fn write(&self, w: &mut Writer);

    /// The extension around the value.
    fn to_extension(&self, critical: bool) -> Extension {
        Extension { oid: Self::OID, critical, value: Writer::build(|w| self.write(w)) }
    }
}

impl Extension {
    /// Reads the extension that comes next.
    ///
    /// # Errors
    /// When the next element is none; FALSE must not be written out.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let mut content = reader.sequence()?;
        let oid = content.oid()?;
        let critical = content.boolean_default_false()?;
        let value = content.octet_string()?.to_vec();
        content.finish()?;
        Ok(Self { oid, critical, value })
    }

    /// Reads a `SEQUENCE OF Extension`, which must not be empty.
    ///
    /// # Errors
    /// When the next element is none.
    pub fn read_all(reader: &mut Reader<'_>) -> Result<Vec<Self>, Error> {
        let tlv = reader.expect(Tag::SEQUENCE)?;
        let (mut content, mut all) = (tlv.reader(), Vec::new());
        while !content.is_empty() {
            all.push(Self::read(&mut content)?);
        }
        if all.is_empty() {
            Err(Error::malformed("扩展项", "扩展项列表为空"))
        } else {
            Ok(all)
        }
    }

    /// Writes the extension.
    pub fn write(&self, w: &mut Writer) {
        w.sequence(|w| {
            w.oid(&self.oid);
            if self.critical {
                w.boolean(true);
            }
            w.octet_string(&self.value);
        });
    }

    /// Parses the value when the type is a known one; `Ok` for unknown types.
    ///
    /// # Errors
    /// When a known type does not hold a strict value.
    pub fn check(&self) -> Result<(), Error> {
        let value = self.value.as_slice();
        match self.oid {
            oid::KEY_USAGE => KeyUsage::parse(value).map(drop),
            oid::BASIC_CONSTRAINTS => BasicConstraints::parse(value).map(drop),
            oid::SUBJECT_KEY_IDENTIFIER => SubjectKeyIdentifier::parse(value).map(drop),
            oid::AUTHORITY_KEY_IDENTIFIER => AuthorityKeyIdentifier::parse(value).map(drop),
            oid::EXTENDED_KEY_USAGE => ExtendedKeyUsage::parse(value).map(drop),
            oid::SUBJECT_ALT_NAME => SubjectAltName::parse(value).map(drop),
            oid::ISSUER_ALT_NAME => IssuerAltName::parse(value).map(drop),
            oid::CRL_DISTRIBUTION_POINTS => CrlDistributionPoints::parse(value).map(drop),
            oid::FRESHEST_CRL => FreshestCrl::parse(value).map(drop),
            _ => self.check_rarer(),
        }
    }

    fn check_rarer(&self) -> Result<(), Error> {
        let value = self.value.as_slice();
        match self.oid {
            oid::AUTHORITY_INFO_ACCESS => AuthorityInfoAccess::parse(value).map(drop),
            oid::CERTIFICATE_POLICIES => CertificatePolicies::parse(value).map(drop),
            oid::NAME_CONSTRAINTS => NameConstraints::parse(value).map(drop),
            oid::POLICY_MAPPINGS => PolicyMappings::parse(value).map(drop),
            oid::POLICY_CONSTRAINTS => PolicyConstraints::parse(value).map(drop),
            oid::INHIBIT_ANY_POLICY => InhibitAnyPolicy::parse(value).map(drop),
            oid::PRIVATE_KEY_USAGE_PERIOD => PrivateKeyUsagePeriod::parse(value).map(drop),
            oid::OCSP_NOCHECK => OcspNoCheck::parse(value).map(drop),
            _ => Ok(()),
        }
    }
}

/// The typed form of the extension in a list, if it is there.
///
/// # Errors
/// When it is there but not a strict value.
pub fn find<T: TypedExtension>(extensions: &[Extension]) -> Result<Option<T>, Error> {
    let found = extensions.iter().find(|extension| extension.oid == T::OID);
    found.map(|extension| T::parse(&extension.value)).transpose()
}
