//! The object classes that entries have (RFC 4512, RFC 4519, RFC 4523), as a table.

use super::attribute::AttributeType as A;

/// What a class is for an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClassKind {
    /// Only above others.
    Abstract,
    /// What the entry is.
    Structural,
    /// What it has besides.
    Auxiliary,
}

/// An object class.
#[derive(Debug, PartialEq, Eq)]
pub struct ObjectClass {
    /// The object identifier, dotted.
    pub oid: &'static str,
    /// Its name.
    pub name: &'static str,
    /// Structural or auxiliary.
    pub kind: ClassKind,
    /// What every entry has.
    pub must: &'static [A],
    /// What it may have.
    pub may: &'static [A],
}

const fn class(
    (oid, name): (&'static str, &'static str),
    kind: ClassKind,
    must: &'static [A],
    may: &'static [A],
) -> ObjectClass {
    ObjectClass { oid, name, kind, must, may }
}

use ClassKind::{Abstract, Auxiliary, Structural};

impl ObjectClass {
    /// Above all.
    pub const TOP: Self = class(("2.5.6.0", "top"), Abstract, &[A::ObjectClass], &[]);
    /// The base of the tree.
    pub const ORGANIZATION: Self = class(
        ("2.5.6.4", "organization"),
        Structural,
        &[A::Organization],
        &[A::State, A::Locality],
    );
    /// A folder.
    pub const ORGANIZATIONAL_UNIT: Self =
        class(("2.5.6.5", "organizationalUnit"), Structural, &[A::Unit], &[A::State, A::Locality]);
    /// A service: what an issuer is in the tree.
    pub const APPLICATION_PROCESS: Self = class(
        ("2.5.6.11", "applicationProcess"),
        Structural,
        &[A::CommonName],
        &[A::Unit, A::Locality],
    );
    /// Where the list of a shard is.
    pub const DISTRIBUTION_POINT: Self = class(
        ("2.5.6.19", "cRLDistributionPoint"),
        Structural,
        &[A::CommonName],
        &[A::CertificateList, A::AuthorityList, A::DeltaList],
    );
    /// Has certificates.
    pub const PKI_USER: Self =
        class(("2.5.6.21", "pkiUser"), Auxiliary, &[], &[A::UserCertificate]);
    /// Issues certificates.
    pub const PKI_CA: Self = class(
        ("2.5.6.22", "pkiCA"),
        Auxiliary,
        &[],
        &[A::CaCertificate, A::CertificateList, A::AuthorityList, A::CrossPair, A::DeltaList],
    );
    /// One certificate with its status.
    pub const CERTIFICATE: Self = class(
        ("1.3.6.1.4.1.32473.2.2.1", "certificateEntry"),
        Structural,
        &[A::SerialNumber, A::Kind, A::KeyUse, A::Standing, A::NotBefore, A::NotAfter],
        &[A::CommonName, A::Organization, A::Unit, A::Country, A::State, A::Locality],
    );
    /// The schema.
    pub const SUBSCHEMA: Self = class(
        ("2.5.20.1", "subschema"),
        Auxiliary,
        &[],
        &[A::LdapSyntaxes, A::MatchingRules, A::AttributeTypes, A::ObjectClasses],
    );
    /// An entry about the server.
    pub const SUBENTRY: Self = class(("2.5.17.0", "subentry"), Structural, &[A::CommonName], &[]);

    /// Every one.
    pub const ALL: [&'static Self; 10] = [
        &Self::TOP,
        &Self::ORGANIZATION,
        &Self::ORGANIZATIONAL_UNIT,
        &Self::APPLICATION_PROCESS,
        &Self::DISTRIBUTION_POINT,
        &Self::PKI_USER,
        &Self::PKI_CA,
        &Self::CERTIFICATE,
        &Self::SUBSCHEMA,
        &Self::SUBENTRY,
    ];

    /// The class of this name or object identifier.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        Self::ALL.into_iter().find(|one| one.oid == name || one.name.eq_ignore_ascii_case(name))
    }
}
