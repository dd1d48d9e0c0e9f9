//! Identity extensions of GM/T 0015 and GB/T 20518 (`1.2.156.10260.4.1.x`).
//!
//! The standard is silent on the tagging of IdentifyCode; the field writes
//! EXPLICIT, so do we, and both are read. The extensions of other CAs hold
//! whatever they like, so reading is tolerant of the string type.

use crate::error::Error;
use crate::strict::{Reader, Tag, Tlv, Writer};

/// 个人身份标识码: `CHOICE { residenterCardNumber [0] PrintableString,
/// militaryOfficerCardNumber [1] UTF8String, passportNumber [2] PrintableString }`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum IdentifyCode {
    /// Number of the resident identity card (GB 11643).
    ResidentCard(String),
    /// Number of a military officer's card.
    MilitaryOfficerCard(String),
    /// Number of a passport.
    Passport(String),
}

impl IdentifyCode {
    /// Reads the value of the extension, tagged EXPLICIT or IMPLICIT.
    ///
    /// # Errors
    /// When it is neither.
    pub fn parse(value: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(value);
        let tlv = reader.read()?;
        reader.finish()?;
        let text =
            tagged_text(&tlv).ok_or(Error::malformed("个人身份标识码扩展", "内容不是文字"))?;
        match tlv.tag().octet() {
            0x80 | 0xa0 => Ok(Self::ResidentCard(text)),
            0x81 | 0xa1 => Ok(Self::MilitaryOfficerCard(text)),
            0x82 | 0xa2 => Ok(Self::Passport(text)),
            _ => Err(Error::malformed("个人身份标识码扩展", "证件种类未知")),
        }
    }

    /// Writes the value with EXPLICIT tags.
    pub fn write(&self, w: &mut Writer) {
        match self {
            Self::ResidentCard(text) => w.explicit(0, |w| w.printable_string(text)),
            Self::MilitaryOfficerCard(text) => w.explicit(1, |w| w.utf8_string(text)),
            Self::Passport(text) => w.explicit(2, |w| w.printable_string(text)),
        }
    }

    /// The number.
    #[must_use]
    pub fn number(&self) -> &str {
        match self {
            Self::ResidentCard(text) | Self::MilitaryOfficerCard(text) | Self::Passport(text) => {
                text
            }
        }
    }
}

/// The kind only: numbers of people stay out of logs.
impl std::fmt::Debug for IdentifyCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::ResidentCard(_) => "ResidentCard(…)",
            Self::MilitaryOfficerCard(_) => "MilitaryOfficerCard(…)",
            Self::Passport(_) => "Passport(…)",
        })
    }
}

fn tagged_text(tlv: &Tlv<'_>) -> Option<String> {
    if tlv.tag().is_constructed() {
        let mut inner = tlv.reader();
        let text = inner.read().ok()?.text();
        return if inner.is_empty() { text } else { None };
    }
    std::str::from_utf8(tlv.value()).ok().map(str::to_owned)
}

/// The text of any other identity extension: a string type, or bare octets as
/// one CA writes them.
#[must_use]
pub fn identity_text(value: &[u8]) -> Option<String> {
    let mut reader = Reader::new(value);
    if let Ok(tlv) = reader.read()
        && reader.is_empty()
        && tlv.tag() != Tag::SEQUENCE
        && let Some(text) = tlv.text()
    {
        return Some(text);
    }
    std::str::from_utf8(value)
        .ok()
        .filter(|text| text.bytes().all(|b| b.is_ascii_graphic()))
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identify_code_is_written_explicit_and_read_both_ways() {
        let code = IdentifyCode::ResidentCard("11010519491231002X".to_owned());
        let explicit = Writer::build(|w| code.write(w));
        assert_eq!(explicit[..4], [0xa0, 0x14, 0x13, 0x12]);
        let implicit = Writer::build(|w| w.implicit(0, b"11010519491231002X"));
        assert!(
            IdentifyCode::parse(&explicit).unwrap() == code
                && IdentifyCode::parse(&implicit).unwrap() == code
        );
    }

    #[test]
    fn identity_text_is_tolerant_of_the_field() {
        let utf8 = Writer::build(|w| w.utf8_string("91110000600037341L"));
        assert_eq!(identity_text(&utf8).as_deref(), Some("91110000600037341L"));
        assert_eq!(identity_text(b"JJ91110000600037341L").as_deref(), Some("JJ91110000600037341L"));
        assert_eq!(identity_text(&[0x30, 0x00]), None);
    }

    #[test]
    fn numbers_of_people_stay_out_of_logs() {
        let code = IdentifyCode::ResidentCard("11010519491231002X".to_owned());
        assert!(!format!("{code:?}").contains("1949"));
    }
}
