//! A subject typed by a person: `C=CN,O=某单位,CN=张三`, written in the order that the standards
//! want (GM/T 0043 §6: C, S, L, O, OU, CN).

use pki::Name;
use pki::oid::{self, Oid};
use pki::strict::Tag;

use crate::out::Unusable;

const ORDER: [(&str, Oid); 8] = [
    ("C", oid::COUNTRY),
    ("ST", oid::STATE),
    ("S", oid::STATE),
    ("L", oid::LOCALITY),
    ("O", oid::ORGANIZATION),
    ("OU", oid::ORGANIZATIONAL_UNIT),
    ("CN", oid::COMMON_NAME),
    ("E", oid::EMAIL_ADDRESS),
];

/// Reads the text. A comma inside a value is written `\,`.
pub fn parse(text: &str) -> anyhow::Result<Name> {
    let mut parts = Vec::new();
    for part in split(text) {
        let (key, value) = part
            .split_once('=')
            .ok_or_else(|| Unusable::error(format!("“{part}”缺少等号；请写成 CN=张三 的形式")))?;
        let key = key.trim().to_uppercase();
        let at = ORDER.iter().position(|(label, _)| *label == key).ok_or_else(|| {
            Unusable::error(format!("不认识名称项“{key}”；可用 C、ST、L、O、OU、CN、E"))
        })?;
        parts.push((at, value.trim().to_owned()));
    }
    parts.sort_by_key(|(at, _)| *at);
    let attributes = parts.iter().filter_map(|(at, value)| {
        ORDER.get(*at).map(|(_, oid)| (*oid, string_type(oid), value.as_str()))
    });
    let name = Name::from_attributes(attributes);
    name.check_bounds().map_err(|defect| Unusable::error(format!("主体名称有误：{defect}")))?;
    Ok(name)
}

fn string_type(oid: &Oid) -> Tag {
    match *oid {
        oid::COUNTRY => Tag::PRINTABLE_STRING,
        oid::EMAIL_ADDRESS => Tag::IA5_STRING,
        _ => Tag::UTF8_STRING,
    }
}

fn split(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut escaped = false;
    for c in text.chars() {
        match (escaped, c) {
            (false, '\\') => escaped = true,
            (false, ',') => parts.push(String::new()),
            (_, c) => {
                escaped = false;
                if let Some(last) = parts.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_put_in_the_order_of_the_standard() {
        let name = parse("CN=张三, O=某单位\\,分部,C=CN").unwrap();
        let labels: Vec<_> = name.attributes().filter_map(|a| a.text.clone()).collect();
        assert_eq!(labels, ["CN", "某单位,分部", "张三"]);
    }

    #[test]
    fn what_is_not_a_name_is_explained() {
        assert!(parse("张三").unwrap_err().to_string().contains("等号"));
        assert!(parse("X=1").unwrap_err().to_string().contains("不认识"));
        assert!(parse("C=CHINA,CN=a").is_err());
    }
}
