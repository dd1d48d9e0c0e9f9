//! Object identifiers: one small copyable type, and every constant that the
//! crate knows. Sources: GM/T 0006, GB/T 33560, GM/T 0015, RFC 5280, RFC 6960.

use std::fmt;

use crate::error::Error;
use crate::strict::Defect;

/// Longest content that is kept; a UUID arc (X.667) needs 20 octets.
const CAPACITY: usize = 47;

/// An object identifier as the content octets of its DER form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid {
    bytes: [u8; CAPACITY],
    len: u8,
}

impl Oid {
    /// A constant from dotted text. Meant for `const` items, where a malformed
    /// text stops the build; use [`Oid::parse`] for text from outside.
    ///
    /// # Panics
    /// When the text is no object identifier.
    #[must_use]
    #[expect(clippy::panic, reason = "evaluated by the compiler in const items")]
    pub const fn new(dotted: &str) -> Self {
        match encode(dotted.as_bytes()) {
            Some(oid) => oid,
            None => panic!("malformed object identifier"),
        }
    }

    /// From dotted text.
    #[must_use]
    pub const fn parse(dotted: &str) -> Option<Self> {
        encode(dotted.as_bytes())
    }

    /// From DER content octets.
    ///
    /// # Errors
    /// When an arc is not minimal or not complete, or the whole is too long.
    pub fn from_content(content: &[u8]) -> Result<Self, Error> {
        let refuse = |defect| Error::Der { defect, offset: 0 };
        check_content(content).map_err(refuse)?;
        let mut bytes = [0; CAPACITY];
        let place = bytes.get_mut(..content.len());
        let place = place.ok_or(refuse(Defect::OidTooLong))?;
        place.copy_from_slice(content);
        let len = u8::try_from(content.len()).map_err(|_| refuse(Defect::OidTooLong))?;
        Ok(Self { bytes, len })
    }

    /// The content octets, without tag and length.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// Whether it is `arc` or stands below it. Arcs end where an octet ends, so octets decide.
    #[must_use]
    pub fn is_below(&self, arc: &Self) -> bool {
        self.as_bytes().starts_with(arc.as_bytes())
    }

    /// Whether it is of an arc for examples or tests, which belongs to nobody.
    #[must_use]
    pub fn is_example(&self) -> bool {
        EXAMPLE_ARCS.iter().any(|arc| self.is_below(arc))
    }
}

/// Arcs for examples: 1.2.3.4 (of no one), 2.999 (ITU-T X.660 for examples), 1.3.6.1.4.1.99999
/// (unassigned), 1.3.6.1.4.1.32473 (RFC 5612, documentation).
const EXAMPLE_ARCS: &[Oid] = &[
    Oid::new("1.2.3.4"),
    Oid::new("2.999"),
    Oid::new("1.3.6.1.4.1.99999"),
    Oid::new("1.3.6.1.4.1.32473"),
];

/// Certificate policies of the profiles that come with the program, below the documentation arc
/// (RFC 5612): they hold the place until an institution puts its own registered ones in.
pub const PLACEHOLDER_POLICIES: Oid = Oid::new("1.3.6.1.4.1.32473.1");

/// The rules of X.690 §8.19: not empty, arcs complete and minimal.
pub(crate) fn check_content(content: &[u8]) -> Result<(), Defect> {
    let last = content.last().ok_or(Defect::OidEmpty)?;
    if last & 0x80 != 0 {
        return Err(Defect::OidTruncated);
    }
    let mut at_start = true;
    for byte in content {
        if at_start && *byte == 0x80 {
            return Err(Defect::OidNotMinimal);
        }
        at_start = byte & 0x80 == 0;
    }
    Ok(())
}

#[expect(
    clippy::indexing_slicing,
    reason = "const fn; every index is guarded by the loop above it"
)]
const fn encode(text: &[u8]) -> Option<Oid> {
    let mut oid = Oid { bytes: [0; CAPACITY], len: 0 };
    let (mut at, mut arcs, mut first) = (0, 0, 0);
    while at < text.len() {
        let (mut value, start): (u128, usize) = (0, at);
        while at < text.len() && text[at] != b'.' {
            if !text[at].is_ascii_digit()
                || (at > start && text[start] == b'0')
                || value > u128::MAX / 10 - 1
            {
                return None;
            }
            value = value * 10 + (text[at] - b'0') as u128;
            at += 1;
        }
        if at == start || (at + 1 == text.len() && text[at] == b'.') {
            return None;
        }
        at += 1;
        arcs += 1;
        if arcs == 1 {
            first = value;
            continue;
        }
        if arcs == 2 {
            if first > 2 || (first < 2 && value > 39) {
                return None;
            }
            value += first * 40;
        }
        match push_arc(oid, value) {
            Some(longer) => oid = longer,
            None => return None,
        }
    }
    if arcs < 2 { None } else { Some(oid) }
}

#[expect(clippy::indexing_slicing, reason = "const fn; the bound is checked first")]
const fn push_arc(mut oid: Oid, value: u128) -> Option<Oid> {
    let mut groups = 1;
    while groups < 19 && value >> (7 * groups) != 0 {
        groups += 1;
    }
    if oid.len as usize + groups as usize > CAPACITY {
        return None;
    }
    while groups > 0 {
        groups -= 1;
        let more = if groups > 0 { 0x80 } else { 0 };
        oid.bytes[oid.len as usize] = ((value >> (7 * groups)) & 0x7f) as u8 | more;
        oid.len += 1;
    }
    Some(oid)
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mut value, mut first): (u128, bool) = (0, true);
        for byte in self.as_bytes() {
            value = value.wrapping_shl(7) | u128::from(byte & 0x7f);
            if byte & 0x80 != 0 {
                continue;
            }
            if first {
                let root = (value / 40).min(2);
                write!(f, "{root}.{}", value - root * 40)?;
            } else {
                write!(f, ".{value}")?;
            }
            (value, first) = (0, false);
        }
        Ok(())
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! oids {
    ($($(#[$meta:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$meta])* #[doc = concat!("`", $text, "`")] pub const $name: Oid = Oid::new($text);)+
    };
}

oids! {
    /// SM4 without mode.
    SM4 = "1.2.156.10197.1.104";
    /// SM4-ECB.
    SM4_ECB = "1.2.156.10197.1.104.1";
    /// SM4-CBC.
    SM4_CBC = "1.2.156.10197.1.104.2";
    /// SM2: the curve, and in some certificates the key algorithm itself.
    SM2 = "1.2.156.10197.1.301";
    /// SM2 digital signature (GM/T 0006).
    SM2_SIGN = "1.2.156.10197.1.301.1";
    /// SM2 public-key encryption (GM/T 0006).
    SM2_ENCRYPT = "1.2.156.10197.1.301.3";
    /// SM3.
    SM3 = "1.2.156.10197.1.401";
    /// HMAC-SM3 (GM/T 0006).
    HMAC_SM3 = "1.2.156.10197.1.401.2";
    /// HMAC-SM3 as GM/T 0091 and OpenSSL write it.
    HMAC_SM3_GMT0091 = "1.2.156.10197.1.401.3.1";
    /// SM2 signature over an SM3 digest.
    SM2_WITH_SM3 = "1.2.156.10197.1.501";
    /// GM/T 0010 data.
    GM_DATA = "1.2.156.10197.6.1.4.2.1";
    /// GM/T 0010 signed data.
    GM_SIGNED_DATA = "1.2.156.10197.6.1.4.2.2";
    /// GM/T 0010 enveloped data.
    GM_ENVELOPED_DATA = "1.2.156.10197.6.1.4.2.3";
    /// GM/T 0010 signed and enveloped data.
    GM_SIGNED_AND_ENVELOPED_DATA = "1.2.156.10197.6.1.4.2.4";
    /// GM/T 0010 encrypted data.
    GM_ENCRYPTED_DATA = "1.2.156.10197.6.1.4.2.5";
    /// GM/T 0010 key agreement.
    GM_KEY_AGREEMENT = "1.2.156.10197.6.1.4.2.6";
    /// GM/T 0092 challenge password.
    GM_CHALLENGE_PASSWORD = "1.2.156.10197.6.1.4.1.10.3";

    /// Personal identity code (GM/T 0015).
    IDENTIFY_CODE = "1.2.156.10260.4.1.1";
    /// Social insurance number (GM/T 0015).
    INSURANCE_NUMBER = "1.2.156.10260.4.1.2";
    /// Business registration number (GM/T 0015).
    IC_REGISTRATION_NUMBER = "1.2.156.10260.4.1.3";
    /// Organisation code, in practice the unified credit code (GM/T 0015).
    ORGANIZATION_CODE = "1.2.156.10260.4.1.4";
    /// Taxation number (GM/T 0015).
    TAXATION_NUMBER = "1.2.156.10260.4.1.5";

    /// Elliptic-curve public key.
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    /// Curve P-256.
    P256 = "1.2.840.10045.3.1.7";
    /// Curve P-384.
    P384 = "1.3.132.0.34";
    /// RSA public key.
    RSA = "1.2.840.113549.1.1.1";
    /// SHA-1, for key identifiers and OCSP CertIDs only.
    SHA1 = "1.3.14.3.2.26";
    /// SHA-256.
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// SHA-384.
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// SHA-512.
    SHA512 = "2.16.840.1.101.3.4.2.3";

    /// PKCS#9 e-mail address.
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";
    /// PKCS#9 content type.
    CONTENT_TYPE = "1.2.840.113549.1.9.3";
    /// PKCS#9 message digest.
    MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
    /// PKCS#9 challenge password.
    CHALLENGE_PASSWORD = "1.2.840.113549.1.9.7";
    /// PKCS#9 extension request.
    EXTENSION_REQUEST = "1.2.840.113549.1.9.14";
    /// Signed data (RFC 5652).
    SIGNED_DATA = "1.2.840.113549.1.7.2";
    /// Content of a timestamp (RFC 3161).
    TST_INFO = "1.2.840.113549.1.9.16.1.4";
    /// The signer's certificate by SHA-1 (RFC 2634).
    SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
    /// The signer's certificate by a digest that is named (RFC 5035).
    SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47";
    /// Microsoft's older OID of the extension request.
    MS_EXTENSION_REQUEST = "1.3.6.1.4.1.311.2.1.14";

    /// Common name.
    COMMON_NAME = "2.5.4.3";
    /// Surname.
    SURNAME = "2.5.4.4";
    /// Serial number of the subject (X.520).
    SERIAL_NUMBER = "2.5.4.5";
    /// Country.
    COUNTRY = "2.5.4.6";
    /// Locality.
    LOCALITY = "2.5.4.7";
    /// State or province.
    STATE = "2.5.4.8";
    /// Street address.
    STREET = "2.5.4.9";
    /// Organization.
    ORGANIZATION = "2.5.4.10";
    /// Organizational unit.
    ORGANIZATIONAL_UNIT = "2.5.4.11";
    /// Title.
    TITLE = "2.5.4.12";
    /// Given name.
    GIVEN_NAME = "2.5.4.42";
    /// Domain component.
    DOMAIN_COMPONENT = "0.9.2342.19200300.100.1.25";
    /// User identifier.
    USER_ID = "0.9.2342.19200300.100.1.1";

    /// Subject key identifier.
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// Key usage.
    KEY_USAGE = "2.5.29.15";
    /// Private key usage period.
    PRIVATE_KEY_USAGE_PERIOD = "2.5.29.16";
    /// Subject alternative name.
    SUBJECT_ALT_NAME = "2.5.29.17";
    /// Issuer alternative name.
    ISSUER_ALT_NAME = "2.5.29.18";
    /// Basic constraints.
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// CRL number.
    CRL_NUMBER = "2.5.29.20";
    /// Reason code of a CRL entry.
    CRL_REASON = "2.5.29.21";
    /// Invalidity date of a CRL entry.
    INVALIDITY_DATE = "2.5.29.24";
    /// Delta CRL indicator.
    DELTA_CRL_INDICATOR = "2.5.29.27";
    /// Issuing distribution point.
    ISSUING_DISTRIBUTION_POINT = "2.5.29.28";
    /// Certificate issuer of a CRL entry.
    CERTIFICATE_ISSUER = "2.5.29.29";
    /// Name constraints.
    NAME_CONSTRAINTS = "2.5.29.30";
    /// CRL distribution points.
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// Certificate policies.
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// Any policy.
    ANY_POLICY = "2.5.29.32.0";
    /// Policy mappings.
    POLICY_MAPPINGS = "2.5.29.33";
    /// Authority key identifier.
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// Policy constraints.
    POLICY_CONSTRAINTS = "2.5.29.36";
    /// Extended key usage.
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// Any extended key usage.
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// Freshest CRL.
    FRESHEST_CRL = "2.5.29.46";
    /// Inhibit any policy.
    INHIBIT_ANY_POLICY = "2.5.29.54";
    /// Authority information access.
    AUTHORITY_INFO_ACCESS = "1.3.6.1.5.5.7.1.1";
    /// Access method: OCSP.
    ACCESS_OCSP = "1.3.6.1.5.5.7.48.1";
    /// Access method: certificates of the issuer.
    ACCESS_CA_ISSUERS = "1.3.6.1.5.5.7.48.2";
    /// OCSP basic response.
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
    /// OCSP nonce.
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
    /// OCSP archive cutoff.
    OCSP_ARCHIVE_CUTOFF = "1.3.6.1.5.5.7.48.1.6";
    /// No revocation check of the responder's certificate.
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// OCSP extended revoked definition.
    OCSP_EXTENDED_REVOKE = "1.3.6.1.5.5.7.48.1.9";
    /// Policy qualifier: address of the CPS.
    QUALIFIER_CPS = "1.3.6.1.5.5.7.2.1";
    /// Policy qualifier: user notice.
    QUALIFIER_USER_NOTICE = "1.3.6.1.5.5.7.2.2";
    /// EKU: a key that attests keys of its device (tcg-kp-AIKCertificate of the TCG credential profiles).
    ATTESTATION_KEY = "2.23.133.8.3";
    /// EKU: server authentication.
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// EKU: client authentication.
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    /// EKU: code signing.
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    /// EKU: e-mail protection.
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    /// EKU: time stamping.
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// EKU: OCSP signing.
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_encode_as_published() {
        assert_eq!(hex::encode(SM2_WITH_SM3.as_bytes()), "2a811ccf55018375");
        assert_eq!(hex::encode(SM2.as_bytes()), "2a811ccf5501822d");
        assert_eq!(hex::encode(EC_PUBLIC_KEY.as_bytes()), "2a8648ce3d0201");
        assert_eq!(hex::encode(COMMON_NAME.as_bytes()), "550403");
    }

    #[test]
    fn text_and_bytes_are_the_same_identifier() {
        for text in [
            "0.9.2342.19200300.100.1.25",
            "1.2.156.10197.1.501",
            "2.999.3",
            "2.25.329800735698586629295641978511506172918",
        ] {
            let oid = Oid::parse(text).unwrap();
            assert_eq!(oid.to_string(), text);
            assert_eq!(Oid::from_content(oid.as_bytes()).unwrap(), oid);
        }
    }

    #[test]
    fn malformed_text_is_refused() {
        for text in ["", "1", "1.", ".1", "1..2", "3.1", "1.40", "1.02", "1.a", "1.2 "] {
            assert!(Oid::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn arcs_that_are_not_minimal_or_not_complete_are_refused() {
        for content in [&[][..], &[0x80, 0x01], &[0x2a, 0x80, 0x01], &[0x2a, 0x81]] {
            assert!(Oid::from_content(content).is_err());
        }
    }
}
