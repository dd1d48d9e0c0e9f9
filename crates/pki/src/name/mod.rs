//! Distinguished names (X.501, RFC 5280 §4.1.2.4), in their original bytes.
//!
//! Equality is equality of bytes, as GM/T 0043 §6 asks of issuer and subject
//! along a chain; [`Name::matches`] is the looser comparison of RFC 5280 §7.1.

mod bounds;

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, reasons};
use crate::oid::{self, Oid};
use crate::strict::{Reader, Tag, Writer};

pub(crate) use bounds::check_text;
pub use bounds::{MAX_OCTETS, is_invisible, is_line, upper_bound};

reasons! {
    /// What is wrong with a name.
    Defect {
        Empty = "name.empty", "名称为空";
        TooLong = "name.too-long", "名称总长超过上限";
        AttributeTooLong = "name.attribute-too-long", "名称中有一项超过长度上限";
        AttributeEmpty = "name.attribute-empty", "名称中有一项为空";
        AttributeDuplicate = "name.attribute-duplicate", "名称中有重复的项";
        AttributeNotText = "name.attribute-not-text", "名称中有一项不是文字";
        ControlCharacter = "name.control-character", "名称中含有控制字符或不可见字符";
        CountryForm = "name.country-form", "国家代码应为两个大写字母";
    }
}

/// One attribute of a name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Attribute {
    /// Type of the attribute.
    pub oid: Oid,
    /// String type it is written in.
    pub tag: Tag,
    /// Its text; `None` when it is not a character string.
    pub text: Option<String>,
    /// Content octets as they came.
    pub value: Vec<u8>,
}

/// A distinguished name.
#[derive(Clone)]
pub struct Name {
    der: Arc<[u8]>,
    rdns: Arc<[Vec<Attribute>]>,
}

impl Name {
    /// Reads a name that stands alone.
    ///
    /// # Errors
    /// When the bytes are not a strict `Name`.
    pub fn from_der(der: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(der);
        let name = Self::read(&mut reader)?;
        reader.finish()?;
        Ok(name)
    }

    /// Reads the name that comes next.
    ///
    /// # Errors
    /// When the next element is no strict `Name`.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let tlv = reader.expect(Tag::SEQUENCE)?;
        let (mut content, mut rdns) = (tlv.reader(), Vec::new());
        while !content.is_empty() {
            rdns.push(read_rdn(&mut content)?);
        }
        Ok(Self { der: tlv.raw().into(), rdns: rdns.into() })
    }

    /// A name of one attribute per RDN, in this order (GM/T 0043 §6: C, S, L, O,
    /// OU, CN). Types, alphabets and lengths are the caller's.
    #[must_use]
    pub fn from_attributes<'a>(attributes: impl IntoIterator<Item = (Oid, Tag, &'a str)>) -> Self {
        let mut rdns = Vec::new();
        let der = Writer::build(|w| {
            w.sequence(|w| {
                for (oid, tag, text) in attributes {
                    w.nested(Tag::SET, |w| write_attribute(w, &oid, tag, text));
                    let (text, value) = (Some(text.to_owned()), text.as_bytes().to_vec());
                    rdns.push(vec![Attribute { oid, tag, text, value }]);
                }
            });
        });
        Self { der: der.into(), rdns: rdns.into() }
    }

    /// The bytes as they came or were made.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whether there is no attribute.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The relative names, most general first as encoded.
    #[must_use]
    pub fn rdns(&self) -> &[Vec<Attribute>] {
        &self.rdns
    }

    /// Every attribute, in the order of the encoding.
    pub fn attributes(&self) -> impl Iterator<Item = &Attribute> {
        self.rdns.iter().flatten()
    }

    /// The text of the last attribute of this type, which is the most specific.
    #[must_use]
    pub fn text_of(&self, oid: &Oid) -> Option<&str> {
        self.attributes().filter(|attribute| attribute.oid == *oid).last()?.text.as_deref()
    }

    /// The common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.text_of(&oid::COMMON_NAME)
    }

    /// RFC 5280 §7.1: equal but for letter case and runs of spaces.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.der == other.der || (self.rdns.len() == other.rdns.len() && self.is_within(other))
    }

    /// RFC 5280 §4.2.1.10: whether `base` is a leading part of this name.
    #[must_use]
    pub fn is_within(&self, base: &Self) -> bool {
        base.rdns.len() <= self.rdns.len()
            && self
                .rdns
                .iter()
                .zip(base.rdns.iter())
                .all(|(mine, theirs)| rdn_matches(mine, theirs))
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Name {}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.der.hash(state);
    }
}

/// Most specific first, as GM/T 0043 §6 has it shown: `CN=张三, O=某局, C=CN`.
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rdn) in self.rdns.iter().rev().enumerate() {
            f.write_str(if at == 0 { "" } else { ", " })?;
            for (at, attribute) in rdn.iter().enumerate() {
                f.write_str(if at == 0 { "" } else { "+" })?;
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match label(&self.oid) {
            Some(label) => write!(f, "{label}=")?,
            None => write!(f, "{}=", self.oid)?,
        }
        match &self.text {
            Some(text) => write_escaped(f, text),
            None => write!(f, "#{}", hex::encode(&self.value)),
        }
    }
}

/// RFC 4514 §2.4: characters that would change the meaning are escaped;
/// control and direction characters are shown, not obeyed.
fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for (at, c) in text.char_indices() {
        let at_edge = at == 0 || at + c.len_utf8() == text.len();
        match c {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' | '=' => write!(f, "\\{c}")?,
            ' ' if at_edge => f.write_str("\\ ")?,
            '#' if at == 0 => f.write_str("\\#")?,
            c if bounds::is_invisible(c) => write!(f, "\\u{{{:x}}}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

/// The short name of an attribute type.
#[must_use]
pub fn label(oid: &Oid) -> Option<&'static str> {
    Some(match *oid {
        oid::COMMON_NAME => "CN",
        oid::SURNAME => "SN",
        oid::GIVEN_NAME => "GN",
        oid::SERIAL_NUMBER => "SERIALNUMBER",
        oid::COUNTRY => "C",
        oid::LOCALITY => "L",
        oid::STATE => "ST",
        oid::STREET => "STREET",
        oid::ORGANIZATION => "O",
        oid::ORGANIZATIONAL_UNIT => "OU",
        oid::TITLE => "T",
        oid::EMAIL_ADDRESS => "E",
        oid::DOMAIN_COMPONENT => "DC",
        oid::USER_ID => "UID",
        _ => return None,
    })
}

fn write_attribute(w: &mut Writer, oid: &Oid, tag: Tag, text: &str) {
    w.sequence(|w| {
        w.oid(oid);
        w.tlv(tag, text.as_bytes());
    });
}

fn read_rdn(reader: &mut Reader<'_>) -> Result<Vec<Attribute>, Error> {
    let (mut set, mut attributes) = (reader.set()?, Vec::with_capacity(1));
    while !set.is_empty() {
        attributes.push(read_attribute(&mut set)?);
    }
    if attributes.is_empty() {
        return Err(Error::malformed("名称", "有一个相对名称为空"));
    }
    Ok(attributes)
}

fn read_attribute(set: &mut Reader<'_>) -> Result<Attribute, Error> {
    let mut pair = set.sequence()?;
    let oid = pair.oid()?;
    let tlv = pair.read()?;
    pair.finish()?;
    Ok(Attribute { oid, tag: tlv.tag(), text: tlv.text(), value: tlv.value().to_vec() })
}

fn rdn_matches(mine: &[Attribute], theirs: &[Attribute]) -> bool {
    mine.len() == theirs.len()
        && mine.iter().all(|a| theirs.iter().any(|b| attribute_matches(a, b)))
}

fn attribute_matches(mine: &Attribute, theirs: &Attribute) -> bool {
    mine.oid == theirs.oid
        && match (&mine.text, &theirs.text) {
            (Some(a), Some(b)) => a == b || folded(a) == folded(b),
            _ => mine.tag == theirs.tag && mine.value == theirs.value,
        }
}

fn folded(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(parts: &[(Oid, Tag, &str)]) -> Name {
        Name::from_attributes(parts.iter().copied())
    }

    fn official() -> Name {
        name(&[
            (oid::COUNTRY, Tag::PRINTABLE_STRING, "CN"),
            (oid::ORGANIZATION, Tag::UTF8_STRING, "某市大数据局"),
            (oid::COMMON_NAME, Tag::UTF8_STRING, "张三"),
        ])
    }

    #[test]
    fn a_line_is_what_people_can_read_and_no_more() {
        for good in ["公文交换系统", "A B", "葛\u{e0100}洪", "👍好"] {
            assert!(is_line(good, 2..=8), "{good}");
        }
        for bad in
            ["公", "公文交换公文交换公", " 公文", "公文 ", "公\n文", "公\u{200b}文", "公文\u{202e}"]
        {
            assert!(!is_line(bad, 2..=8), "{bad:?}");
        }
        // Blank letters of Korean and Braille are none, and marks of Mongolian aren't seen by themselves.
        for hidden in ['\u{115f}', '\u{3164}', '\u{ffa0}', '\u{2800}', '\u{180e}', '\u{e0041}'] {
            assert!(is_invisible(hidden), "{hidden:?}");
        }
    }

    #[test]
    fn a_name_is_shown_most_specific_first() {
        assert_eq!(official().to_string(), "CN=张三, O=某市大数据局, C=CN");
    }

    #[test]
    fn what_was_written_is_read_back_byte_for_byte() {
        let read = Name::from_der(official().der()).unwrap();
        assert_eq!(read, official());
        assert_eq!(read.rdns(), official().rdns());
    }

    #[test]
    fn names_match_across_string_types_case_and_spaces() {
        let a = name(&[(oid::COMMON_NAME, Tag::UTF8_STRING, "Root  CA")]);
        let b = name(&[(oid::COMMON_NAME, Tag::PRINTABLE_STRING, "root ca ")]);
        assert!(a.matches(&b) && a != b);
        assert!(!a.matches(&name(&[(oid::COMMON_NAME, Tag::UTF8_STRING, "RootCA")])));
    }

    #[test]
    fn a_subtree_is_a_leading_part() {
        let country = name(&[(oid::COUNTRY, Tag::PRINTABLE_STRING, "CN")]);
        assert!(official().is_within(&country));
        assert!(!country.is_within(&official()));
    }

    #[test]
    fn text_cannot_pretend_to_be_structure() {
        let sly = name(&[(oid::COMMON_NAME, Tag::UTF8_STRING, "张三, O=国务院\u{202e}")]);
        assert_eq!(sly.to_string(), "CN=张三\\, O\\=国务院\\u{202e}");
    }
}
