//! Certificate serial numbers: positive integers of at most 20 octets
//! (RFC 5280 §4.1.2.2, GM/T 0043 §6), made from 128 random bits.

use std::fmt;

use crate::error::{Error, reasons};

/// RFC 5280 §4.1.2.2: content of at most 20 octets.
const MAX_OCTETS: usize = 20;

reasons! {
    /// What is wrong with a serial number.
    Defect {
        Empty = "serial.empty", "序列号为空";
        NotPositive = "serial.not-positive", "序列号应为正整数";
        TooLong = "serial.too-long", "序列号超过 20 字节";
        NotHex = "serial.not-hex", "序列号应写作十六进制数字";
    }
}

/// A serial number, kept as its minimal big-endian magnitude.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial {
    len: u8,
    octets: [u8; MAX_OCTETS],
}

impl Serial {
    /// From 128 random bits. All bits are used: the leading zero octet that
    /// keeps the number positive comes on top of them. All-zero randomness
    /// cannot come from a working source, and is refused.
    ///
    /// # Errors
    /// When all bits are zero.
    pub fn from_random(random: [u8; 16]) -> Result<Self, Error> {
        Self::from_magnitude(&random)
    }

    /// From a big-endian magnitude; leading zero octets are dropped.
    ///
    /// # Errors
    /// When it is zero or longer than 20 octets of DER content.
    pub fn from_magnitude(magnitude: &[u8]) -> Result<Self, Error> {
        let leading = magnitude.iter().take_while(|octet| **octet == 0).count();
        let minimal = magnitude.get(leading..).unwrap_or_default();
        let first = minimal.first().ok_or(Defect::NotPositive)?;
        let content = minimal.len() + usize::from(first & 0x80 != 0);
        if content > MAX_OCTETS {
            return Err(Defect::TooLong.into());
        }
        let mut octets = [0; MAX_OCTETS];
        octets.get_mut(..minimal.len()).ok_or(Defect::TooLong)?.copy_from_slice(minimal);
        Ok(Self { len: u8::try_from(minimal.len()).map_err(|_| Defect::TooLong)?, octets })
    }

    /// From the content octets of a DER INTEGER that has passed the gate.
    ///
    /// # Errors
    /// When it is negative, zero, or longer than 20 octets.
    pub fn from_integer(content: &[u8]) -> Result<Self, Error> {
        match content.first() {
            None => Err(Defect::Empty.into()),
            Some(first) if first & 0x80 != 0 => Err(Defect::NotPositive.into()),
            Some(_) => Self::from_magnitude(content),
        }
    }

    /// From hexadecimal digits of either case.
    ///
    /// # Errors
    /// When other characters occur, or the number is out of range.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        if text.is_empty() {
            return Err(Defect::Empty.into());
        }
        let even = if text.len().is_multiple_of(2) { text.to_owned() } else { format!("0{text}") };
        Self::from_magnitude(&hex::decode(even).map_err(|_| Defect::NotHex)?)
    }

    /// The minimal big-endian magnitude.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.octets.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The magnitude as lower-case hexadecimal: the form of the database.
    #[must_use]
    pub fn to_hex(&self) -> String {
        hex::encode(self.as_bytes())
    }
}

impl fmt::Display for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_hex())
    }
}

impl fmt::Debug for Serial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

impl std::str::FromStr for Serial {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        Self::from_hex(text)
    }
}
