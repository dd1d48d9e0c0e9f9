//! Distinguished names as lints see them: each attribute with its string type and the RDN it stands in.

use crate::oid::{self as oids, Oid};

use super::tlv::{Tlv, tag};

/// A Name and its attributes in DER order.
#[derive(Clone, Debug)]
pub struct NameView<'a> {
    /// The whole Name, for comparison byte for byte.
    pub der: &'a [u8],
    /// Every attribute in order.
    pub attributes: Vec<Attribute<'a>>,
}

/// One AttributeTypeAndValue.
#[derive(Clone, Copy, Debug)]
pub struct Attribute<'a> {
    /// Number of the RDN, counted from zero.
    pub rdn: usize,
    /// The type.
    pub oid: Oid,
    /// Tag of the value: its string type.
    pub tag: u8,
    /// Octets of the value.
    pub value: &'a [u8],
}

impl<'a> NameView<'a> {
    /// Reads a Name; `None` when its frame is broken.
    pub fn read(element: Tlv<'a>) -> Option<Self> {
        let mut attributes = Vec::new();
        for (rdn, set) in element.children(tag::SEQUENCE)?.into_iter().enumerate() {
            for pair in set.children(tag::SET)? {
                attributes.push(attribute(rdn, pair)?);
            }
        }
        Some(NameView { der: element.whole, attributes })
    }

    /// The attributes of one type.
    pub fn all(&self, oid: Oid) -> impl Iterator<Item = &Attribute<'a>> {
        self.attributes.iter().filter(move |attribute| attribute.oid == oid)
    }

    /// The first attribute of one type, as text.
    pub fn text(&self, oid: Oid) -> Option<String> {
        self.all(oid).next().map(Attribute::text)
    }

    /// Whether the name has no attribute at all.
    pub fn is_empty(&self) -> bool {
        self.attributes.is_empty()
    }
}

fn attribute<'a>(rdn: usize, pair: Tlv<'a>) -> Option<Attribute<'a>> {
    let parts = pair.children(tag::SEQUENCE)?;
    let [oid, value] = parts.as_slice() else {
        return None;
    };
    Some(Attribute { rdn, oid: oid.oid()?, tag: value.tag, value: value.content })
}

impl Attribute<'_> {
    /// The value as text; octets that are not UTF-8 show as replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(self.value).into_owned()
    }

    /// The Chinese name of the attribute type, for findings.
    pub fn label(&self) -> String {
        label(self.oid)
    }
}

/// The Chinese name of an attribute type.
pub fn label(oid: Oid) -> String {
    let known = match oid {
        oids::COMMON_NAME => "通用名（CN）",
        oids::COUNTRY => "国家（C）",
        oids::STATE => "省份（S）",
        oids::LOCALITY => "地市（L）",
        oids::ORGANIZATION => "机构（O）",
        oids::ORGANIZATIONAL_UNIT => "部门（OU）",
        oids::EMAIL_ADDRESS => "电子邮件（E）",
        oids::SERIAL_NUMBER => "序号（serialNumber）",
        oids::STREET => "街道地址",
        oids::TITLE => "职务",
        oids::SURNAME => "姓",
        oids::GIVEN_NAME => "名",
        oids::DOMAIN_COMPONENT => "域名成分（DC）",
        _ => return format!("属性 {oid}"),
    };
    known.to_owned()
}

/// The Chinese or ASN.1 name of a string type.
pub fn string_type(tag: u8) -> String {
    match tag {
        tag::UTF8_STRING => "UTF8String".to_owned(),
        tag::PRINTABLE_STRING => "PrintableString".to_owned(),
        tag::IA5_STRING => "IA5String".to_owned(),
        0x14 => "TeletexString".to_owned(),
        0x1e => "BMPString".to_owned(),
        0x1c => "UniversalString".to_owned(),
        other => format!("标签 0x{other:02x}"),
    }
}

/// The place of an attribute type in C, S, L, O, OU, CN, E; `None` for types whose place no rule fixes.
fn place(oid: Oid) -> Option<u8> {
    match oid {
        oids::COUNTRY => Some(0),
        oids::STATE => Some(1),
        oids::LOCALITY => Some(2),
        oids::ORGANIZATION => Some(3),
        oids::ORGANIZATIONAL_UNIT => Some(4),
        oids::COMMON_NAME => Some(5),
        oids::EMAIL_ADDRESS => Some(6),
        _ => None,
    }
}

/// Where a name leaves the order C, S, L, O, OU, CN (GM/T 0043 §6), in Chinese.
pub(super) fn order_break(name: &NameView<'_>) -> Option<String> {
    let mut previous: Option<(&Attribute<'_>, u8)> = None;
    for attribute in &name.attributes {
        let Some(place) = place(attribute.oid) else {
            continue;
        };
        match previous {
            Some((before, last)) if place < last && before.rdn != attribute.rdn => {
                return Some(format!("{}排在{}之后", attribute.label(), before.label()));
            }
            _ => previous = Some((attribute, place)),
        }
    }
    None
}

/// The attributes that should be UTF8String and are not. X.520 leaves serialNumber and dnQualifier no other type
/// than PrintableString, and RFC 4519 leaves domainComponent none but IA5String.
pub(super) fn not_utf8(name: &NameView<'_>) -> Vec<String> {
    const OTHER_TYPE: &[Oid] = &[
        oids::COUNTRY,
        oids::EMAIL_ADDRESS,
        oids::SERIAL_NUMBER,
        oids::DOMAIN_COMPONENT,
        DN_QUALIFIER,
    ];
    let wrong = name
        .attributes
        .iter()
        .filter(|one| one.tag != tag::UTF8_STRING && !OTHER_TYPE.contains(&one.oid));
    wrong.map(|one| format!("{}使用了 {}", one.label(), string_type(one.tag))).collect()
}

const DN_QUALIFIER: Oid = Oid::new("2.5.4.46");
