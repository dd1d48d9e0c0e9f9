//! What a name may hold when it comes from outside: the upper bounds of X.520
//! (RFC 5280 appendix A.1), visible characters only, no attribute twice.

use std::ops::RangeInclusive;

use super::{Attribute, Defect, Name};
use crate::oid::{self, Oid};

/// Largest encoded name that is accepted in a request, in octets.
pub const MAX_OCTETS: usize = 2048;

/// Bound for attribute types that have none in X.520, in characters.
const OTHER: usize = 256;

/// Upper bound of an attribute, in characters (RFC 5280 appendix A.1, `ub-*`).
#[must_use]
pub fn upper_bound(oid: &Oid) -> usize {
    match *oid {
        oid::COUNTRY => 2,
        oid::COMMON_NAME | oid::ORGANIZATION | oid::ORGANIZATIONAL_UNIT | oid::TITLE => 64,
        oid::SERIAL_NUMBER | oid::SURNAME | oid::GIVEN_NAME => 64,
        oid::STATE | oid::LOCALITY | oid::STREET => 128,
        oid::EMAIL_ADDRESS => 255,
        oid::DOMAIN_COMPONENT => 63,
        _ => OTHER,
    }
}

/// Characters that a reader cannot see, or that change the direction of others. Selectors of variants
/// (U+FE00, U+E0100) aren't among them: rare characters of names are written with them.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether people can read a text as it is: one line of so many characters, none of them invisible, no space
/// around. For every name that somebody types: two that look alike are the same.
#[must_use]
pub fn is_line(text: &str, letters: RangeInclusive<usize>) -> bool {
    letters.contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(is_invisible)
}

impl Name {
    /// Holds the name against the bounds.
    ///
    /// # Errors
    /// The first defect found.
    pub fn check_bounds(&self) -> Result<(), Defect> {
        if self.is_empty() {
            return Err(Defect::Empty);
        }
        if self.der().len() > MAX_OCTETS {
            return Err(Defect::TooLong);
        }
        self.attributes().try_for_each(check_attribute)?;
        self.check_duplicates()
    }

    /// Several OU or DC are usual; everything else may occur once, and no value twice.
    fn check_duplicates(&self) -> Result<(), Defect> {
        let attributes: Vec<_> = self.attributes().collect();
        let repeats = |at: usize, a: &Attribute| {
            let repeatable = matches!(a.oid, oid::ORGANIZATIONAL_UNIT | oid::DOMAIN_COMPONENT);
            attributes.iter().take(at).any(|b| a.oid == b.oid && (!repeatable || a.text == b.text))
        };
        let found = attributes.iter().enumerate().any(|(at, a)| repeats(at, a));
        if found { Err(Defect::AttributeDuplicate) } else { Ok(()) }
    }
}

fn check_attribute(attribute: &Attribute) -> Result<(), Defect> {
    let text = attribute.text.as_deref().ok_or(Defect::AttributeNotText)?;
    check_text(&attribute.oid, text)
}

/// Holds the text of one attribute against its bound and the visible characters.
pub(crate) fn check_text(oid: &Oid, text: &str) -> Result<(), Defect> {
    if text.trim().is_empty() {
        return Err(Defect::AttributeEmpty);
    }
    if text.chars().count() > upper_bound(oid) {
        return Err(Defect::AttributeTooLong);
    }
    if text.chars().any(is_invisible) {
        return Err(Defect::ControlCharacter);
    }
    let country = text.len() == 2 && text.bytes().all(|b| b.is_ascii_uppercase());
    if *oid == oid::COUNTRY && !country { Err(Defect::CountryForm) } else { Ok(()) }
}
