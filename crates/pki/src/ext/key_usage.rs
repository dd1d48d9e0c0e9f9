//! keyUsage (RFC 5280 §4.2.1.3; GM/T 0043 §6 fixes the sets of a pair).

use std::fmt;

use super::TypedExtension;
use crate::error::Error;
use crate::oid::{self, Oid};
use crate::strict::{Defect, Reader, Tag, Writer};

/// A set of key usages; bit 0 of the standard is the highest bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

/// Names of the standard, from bit 0 on.
const NAMES: [(&str, &str); 9] = [
    ("digitalSignature", "数字签名"),
    ("nonRepudiation", "防抵赖"),
    ("keyEncipherment", "密钥加密"),
    ("dataEncipherment", "数据加密"),
    ("keyAgreement", "密钥协商"),
    ("keyCertSign", "签发证书"),
    ("cRLSign", "签发 CRL"),
    ("encipherOnly", "仅加密"),
    ("decipherOnly", "仅解密"),
];

impl KeyUsage {
    /// digitalSignature.
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// nonRepudiation.
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// keyEncipherment.
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// dataEncipherment.
    pub const DATA_ENCIPHERMENT: Self = Self(0x1000);
    /// keyAgreement.
    pub const KEY_AGREEMENT: Self = Self(0x0800);
    /// keyCertSign.
    pub const KEY_CERT_SIGN: Self = Self(0x0400);
    /// cRLSign.
    pub const CRL_SIGN: Self = Self(0x0200);
    /// encipherOnly.
    pub const ENCIPHER_ONLY: Self = Self(0x0100);
    /// decipherOnly.
    pub const DECIPHER_ONLY: Self = Self(0x0080);

    /// The signing certificate of a pair (GM/T 0043 §6): exactly this.
    pub const SIGNING: Self = Self::DIGITAL_SIGNATURE.with(Self::NON_REPUDIATION);
    /// The encryption certificate of a pair (GM/T 0043 §6): exactly this.
    pub const ENCRYPTION: Self =
        Self::KEY_ENCIPHERMENT.with(Self::DATA_ENCIPHERMENT).with(Self::KEY_AGREEMENT);
    /// A CA.
    pub const CA: Self = Self::KEY_CERT_SIGN.with(Self::CRL_SIGN);

    /// Both sets together.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of `other` are in.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether any of `other` is in.
    #[must_use]
    pub const fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The bits, bit 0 of the standard highest.
    #[must_use]
    pub const fn bits(self) -> u16 {
        self.0
    }

    /// The usage with this name of the standard.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let at = NAMES.iter().position(|(known, _)| *known == name)?;
        Some(Self(0x8000 >> at))
    }

    /// Names of the standard.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .iter()
            .enumerate()
            .filter(move |(at, _)| self.0 & (0x8000 >> at) != 0)
            .map(|(_, (name, _))| *name)
    }
}

impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let set = NAMES.iter().enumerate().filter(|(at, _)| self.0 & (0x8000 >> at) != 0);
        let names: Vec<_> = set.map(|(_, (_, chinese))| *chinese).collect();
        f.write_str(&names.join("、"))
    }
}

impl TypedExtension for KeyUsage {
    const OID: Oid = oid::KEY_USAGE;

    fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(value);
        let tlv = reader.expect(Tag::BIT_STRING)?;
        reader.finish()?;
        match tlv.named_bits()? {
            0 => Err(Error::malformed("密钥用途扩展", "没有指明任何用途")),
            bits if bits & 0x7f != 0 => Err(tlv.defect(Defect::IntegerRange)),
            bits => Ok(Self(bits)),
        }
    }

    fn write(&self, w: &mut Writer) {
        w.named_bits(Tag::BIT_STRING, self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sets_of_a_pair_encode_as_in_the_field() {
        let value = |usage: KeyUsage| Writer::build(|w| usage.write(w));
        assert_eq!(value(KeyUsage::SIGNING), [0x03, 0x02, 0x06, 0xc0]);
        assert_eq!(value(KeyUsage::ENCRYPTION), [0x03, 0x02, 0x03, 0x38]);
        assert_eq!(value(KeyUsage::CA), [0x03, 0x02, 0x01, 0x06]);
        assert_eq!(value(KeyUsage::DECIPHER_ONLY), [0x03, 0x03, 0x07, 0x00, 0x80]);
        assert_eq!(
            KeyUsage::parse(&[0x03, 0x03, 0x07, 0x00, 0x80]).unwrap(),
            KeyUsage::DECIPHER_ONLY
        );
    }

    #[test]
    fn loose_bit_lists_are_refused() {
        for value in [
            &[0x03, 0x02, 0x00, 0xc0][..],
            &[0x03, 0x03, 0x06, 0xc0, 0x00],
            &[0x03, 0x01, 0x00],
            &[0x03, 0x02, 0x05, 0xc0],
        ] {
            assert!(KeyUsage::parse(value).is_err(), "{value:02x?}");
        }
    }
}
