//! The attribute types that the directory knows (RFC 4519, RFC 4523, RFC 4512), as a table.

/// What values look like; it decides how they are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// Text, compared without regard to case and insignificant spaces.
    Text,
    /// Object identifier or its name.
    Oid,
    /// GeneralizedTime.
    Time,
    /// DER of a certificate; transferred with `;binary` only (RFC 4523 §2.1).
    Certificate,
    /// DER of a revocation list; the same.
    List,
    /// DER of a pair of cross-certificates; the same.
    Pair,
    /// Distinguished name.
    Dn,
    /// `TRUE` or `FALSE`.
    Boolean,
    /// Integer.
    Integer,
    /// Description of a schema element; not compared.
    Description,
}

/// Who asks for it: `*` means the one, `+` the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Content of an entry.
    User,
    /// About the entry or the server.
    Operational,
}

macro_rules! types {
    ($($id:ident $oid:literal [$($name:literal),+] $syntax:ident $usage:ident $count:ident;)*) => {
        /// A known attribute type.
        #[allow(missing_docs, reason = "the table names them")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AttributeType { $($id,)* }

        impl AttributeType {
            /// Every one, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$id,)*];

            /// The object identifier, dotted.
            #[must_use]
            pub const fn oid(self) -> &'static str {
                match self { $(Self::$id => $oid,)* }
            }

            /// Its names; the first is the one that answers use.
            #[must_use]
            pub const fn names(self) -> &'static [&'static str] {
                match self { $(Self::$id => &[$($name),+],)* }
            }

            /// What its values look like.
            #[must_use]
            pub const fn syntax(self) -> Syntax {
                match self { $(Self::$id => Syntax::$syntax,)* }
            }

            /// Who asks for it.
            #[must_use]
            pub const fn usage(self) -> Usage {
                match self { $(Self::$id => Usage::$usage,)* }
            }

            /// Whether an entry has at most one value.
            #[must_use]
            pub const fn is_single(self) -> bool {
                match self { $(Self::$id => types!(@ $count),)* }
            }
        }
    };
    (@ one) => { true };
    (@ many) => { false };
}

// The arc 1.3.6.1.4.1.32473 is for examples (RFC 5612), like the policies of the profiles.
types! {
    ObjectClass "2.5.4.0" ["objectClass"] Oid User many;
    CommonName "2.5.4.3" ["cn", "commonName"] Text User many;
    SerialNumber "2.5.4.5" ["serialNumber"] Text User many;
    Country "2.5.4.6" ["c", "countryName"] Text User one;
    Locality "2.5.4.7" ["l", "localityName"] Text User many;
    State "2.5.4.8" ["st", "stateOrProvinceName"] Text User many;
    Organization "2.5.4.10" ["o", "organizationName"] Text User many;
    Unit "2.5.4.11" ["ou", "organizationalUnitName"] Text User many;
    UserCertificate "2.5.4.36" ["userCertificate"] Certificate User many;
    CaCertificate "2.5.4.37" ["cACertificate"] Certificate User many;
    AuthorityList "2.5.4.38" ["authorityRevocationList"] List User many;
    CertificateList "2.5.4.39" ["certificateRevocationList"] List User many;
    CrossPair "2.5.4.40" ["crossCertificatePair"] Pair User many;
    DeltaList "2.5.4.53" ["deltaRevocationList"] List User many;
    Kind "1.3.6.1.4.1.32473.2.1.1" ["certificateKind"] Text User one;
    KeyUse "1.3.6.1.4.1.32473.2.1.2" ["certificateUsage"] Text User one;
    Standing "1.3.6.1.4.1.32473.2.1.3" ["certificateStatus"] Text User one;
    NotBefore "1.3.6.1.4.1.32473.2.1.4" ["certificateNotBefore"] Time User one;
    NotAfter "1.3.6.1.4.1.32473.2.1.5" ["certificateNotAfter"] Time User one;
    CreateTimestamp "2.5.18.1" ["createTimestamp"] Time Operational one;
    ModifyTimestamp "2.5.18.2" ["modifyTimestamp"] Time Operational one;
    HasSubordinates "2.5.18.9" ["hasSubordinates"] Boolean Operational one;
    SubschemaSubentry "2.5.18.10" ["subschemaSubentry"] Dn Operational one;
    StructuralClass "2.5.21.9" ["structuralObjectClass"] Oid Operational one;
    EntryDn "1.3.6.1.1.20" ["entryDN"] Dn Operational one;
    NamingContexts "1.3.6.1.4.1.1466.101.120.5" ["namingContexts"] Dn Operational many;
    SupportedExtension "1.3.6.1.4.1.1466.101.120.7" ["supportedExtension"] Oid Operational many;
    SupportedControl "1.3.6.1.4.1.1466.101.120.13" ["supportedControl"] Oid Operational many;
    SupportedVersion "1.3.6.1.4.1.1466.101.120.15" ["supportedLDAPVersion"] Integer Operational many;
    SupportedFeatures "1.3.6.1.4.1.4203.1.3.5" ["supportedFeatures"] Oid Operational many;
    VendorName "1.3.6.1.1.4" ["vendorName"] Text Operational one;
    VendorVersion "1.3.6.1.1.5" ["vendorVersion"] Text Operational one;
    LdapSyntaxes "1.3.6.1.4.1.1466.101.120.16" ["ldapSyntaxes"] Description Operational many;
    MatchingRules "2.5.21.4" ["matchingRules"] Description Operational many;
    AttributeTypes "2.5.21.5" ["attributeTypes"] Description Operational many;
    ObjectClasses "2.5.21.6" ["objectClasses"] Description Operational many;
}

impl AttributeType {
    /// The type of this name or object identifier, in any case of letters.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let is = |known: &&Self| {
            known.oid() == name || known.names().iter().any(|own| own.eq_ignore_ascii_case(name))
        };
        Self::ALL.iter().find(is).copied()
    }

    /// The type of an attribute description (RFC 4512 §2.5). `;binary` counts where values are DER;
    /// other options make it an attribute that nobody knows.
    #[must_use]
    pub fn of_description(description: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(description).ok()?;
        let mut parts = text.split(';');
        let found = Self::find(parts.next()?)?;
        let fits = |option: &str| option.eq_ignore_ascii_case("binary") && found.is_binary();
        parts.all(fits).then_some(found)
    }

    /// The name that answers use.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.names().first().copied().unwrap_or_default()
    }

    /// The description that answers use (RFC 4522: with `;binary` where values are DER).
    #[must_use]
    pub fn description(self) -> String {
        format!("{}{}", self.name(), if self.is_binary() { ";binary" } else { "" })
    }

    /// Whether values are DER.
    #[must_use]
    pub const fn is_binary(self) -> bool {
        matches!(self.syntax(), Syntax::Certificate | Syntax::List | Syntax::Pair)
    }

    /// Whether values are those in force at the moment, read apart from the tree.
    #[must_use]
    pub const fn is_of_the_moment(self) -> bool {
        matches!(self.syntax(), Syntax::List | Syntax::Pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_identifiers_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for known in AttributeType::ALL {
            assert!(seen.insert(known.oid().to_owned()), "{}", known.oid());
            for name in known.names() {
                assert!(seen.insert(name.to_lowercase()), "{name}");
            }
        }
    }

    #[test]
    fn descriptions_are_found_in_any_case_and_binary_fits_der_only() {
        let of = |text: &str| AttributeType::of_description(text.as_bytes());
        assert_eq!(of("CN"), Some(AttributeType::CommonName));
        assert_eq!(of("2.5.4.3"), Some(AttributeType::CommonName));
        assert_eq!(of("usercertificate;BINARY"), Some(AttributeType::UserCertificate));
        assert_eq!(of("userCertificate"), Some(AttributeType::UserCertificate));
        for unknown in ["cn;binary", "cn;lang-zh", "", "identifyCode", "userPassword", "2.5.4.300"]
        {
            assert_eq!(of(unknown), None, "{unknown}");
        }
        assert_eq!(AttributeType::of_description(&[0xff, 0]), None);
    }
}
