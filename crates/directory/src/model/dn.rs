//! Distinguished names as LDAP writes them (RFC 4514), read strictly.

use std::fmt;

use super::attribute::AttributeType;
use crate::rules::text;

/// Longest name, in octets.
const MAX_OCTETS: usize = 4096;
/// Most attributes of a name.
const MAX_PARTS: usize = 64;

/// One attribute of a relative name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its type as written.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A distinguished name, the entry's own relative name first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dn {
    rdns: Vec<Vec<Part>>,
}

/// A text that is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadDn;

/// What two equal names have in common.
pub type DnKey = Vec<Vec<(String, String)>>;

impl Dn {
    /// Reads a name; empty text is the empty name.
    ///
    /// # Errors
    /// When it is not a name of RFC 4514, or too long.
    pub fn parse(text: &str) -> Result<Self, BadDn> {
        if text.len() > MAX_OCTETS {
            return Err(BadDn);
        }
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let (mut rdns, mut rdn, mut rest, mut count) = (Vec::new(), Vec::new(), text, 0);
        loop {
            let (part, after) = read_part(rest)?;
            rdn.push(part);
            count += 1;
            if count > MAX_PARTS {
                return Err(BadDn);
            }
            match after.chars().next() {
                None => break,
                Some('+') => {}
                Some(',' | ';') => rdns.push(std::mem::take(&mut rdn)),
                Some(_) => return Err(BadDn),
            }
            rest = after.get(1..).ok_or(BadDn)?;
        }
        rdns.push(rdn);
        Ok(Self { rdns })
    }

    /// The name below `self` with this own attribute.
    #[must_use]
    pub fn child(&self, attribute: AttributeType, value: &str) -> Self {
        let part = Part { name: attribute.name().to_owned(), value: value.to_owned() };
        let mut rdns = vec![vec![part]];
        rdns.extend(self.rdns.iter().cloned());
        Self { rdns }
    }

    /// The relative names of a certificate's name; types without a short name are dotted.
    #[must_use]
    pub fn of_name(name: &pki::Name) -> Self {
        let part = |attribute: &pki::name::Attribute| Part {
            name: pki::name::label(&attribute.oid)
                .map_or_else(|| attribute.oid.to_string(), str::to_owned),
            value: attribute.text.clone().unwrap_or_default(),
        };
        let rdns = name.rdns().iter().rev();
        Self { rdns: rdns.map(|rdn| rdn.iter().map(part).collect()).collect() }
    }

    /// The relative names, the entry's own first.
    #[must_use]
    pub fn rdns(&self) -> &[Vec<Part>] {
        &self.rdns
    }

    /// Whether it is the empty name.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The name above; `None` for the empty name.
    #[must_use]
    pub fn parent(&self) -> Option<Self> {
        self.rdns.split_first().map(|(_, above)| Self { rdns: above.to_vec() })
    }

    /// Equal names have equal keys (distinguishedNameMatch): types by what they are, values without
    /// case and insignificant spaces, attributes of one relative name in any order.
    #[must_use]
    pub fn key(&self) -> DnKey {
        let part = |part: &Part| {
            let known = AttributeType::find(&part.name);
            let name = known.map_or_else(|| part.name.to_lowercase(), |known| known.oid().into());
            (name, text::normal(&part.value))
        };
        let rdn = |rdn: &Vec<Part>| {
            let mut parts: Vec<_> = rdn.iter().map(part).collect();
            parts.sort();
            parts
        };
        self.rdns.iter().map(rdn).collect()
    }
}

/// `type=value` and what comes after it.
fn read_part(text: &str) -> Result<(Part, &str), BadDn> {
    let (name, value) = text.split_once('=').ok_or(BadDn)?;
    let name = name.trim_matches(' ');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    if name.is_empty() || !name.chars().all(fits) {
        return Err(BadDn);
    }
    let value = value.trim_start_matches(' ');
    let (value, rest) = match value.strip_prefix('#') {
        Some(digits) => read_hex(digits)?,
        None => read_value(value)?,
    };
    Ok((Part { name: name.to_owned(), value }, rest))
}

/// `#` and the BER of a string (RFC 4514 §2.4); only character strings can be compared here.
fn read_hex(text: &str) -> Result<(String, &str), BadDn> {
    let end = text.find([',', '+', ';']).unwrap_or(text.len());
    let (digits, rest) = text.split_at_checked(end).ok_or(BadDn)?;
    let octets = hex::decode(digits.trim_end_matches(' ')).map_err(|_| BadDn)?;
    let (tag, octets) = octets.split_first().ok_or(BadDn)?;
    let (length, content) = octets.split_first().ok_or(BadDn)?;
    let is_text = matches!(tag, 0x04 | 0x0c | 0x13 | 0x16);
    if !is_text || *length >= 0x80 || usize::from(*length) != content.len() {
        return Err(BadDn);
    }
    Ok((String::from_utf8(content.to_vec()).map_err(|_| BadDn)?, rest))
}

/// A value up to the next separator that is not escaped; spaces at its end don't count unless
/// they are escaped.
fn read_value(text: &str) -> Result<(String, &str), BadDn> {
    let (mut value, mut kept) = (Vec::new(), 0);
    let mut chars = text.char_indices();
    let mut end = text.len();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => {
                value.extend(read_escape(&mut chars)?);
                kept = value.len();
            }
            ',' | '+' | ';' => {
                end = at;
                break;
            }
            '"' | '<' | '>' | '\0' => return Err(BadDn),
            c => {
                value.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                if c != ' ' {
                    kept = value.len();
                }
            }
        }
    }
    value.truncate(kept);
    let value = String::from_utf8(value).map_err(|_| BadDn)?;
    Ok((value, text.get(end..).ok_or(BadDn)?))
}

/// What stands after a backslash: a special character, or an octet in hexadecimal.
fn read_escape(chars: &mut std::str::CharIndices<'_>) -> Result<Vec<u8>, BadDn> {
    let (_, first) = chars.next().ok_or(BadDn)?;
    if matches!(first, ' ' | '"' | '#' | '+' | ',' | ';' | '<' | '=' | '>' | '\\') {
        return Ok(vec![u8::try_from(u32::from(first)).map_err(|_| BadDn)?]);
    }
    let (_, second) = chars.next().ok_or(BadDn)?;
    hex::decode(format!("{first}{second}")).map_err(|_| BadDn)
}

impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, rdn) in self.rdns.iter().enumerate() {
            f.write_str(if at == 0 { "" } else { "," })?;
            for (at, part) in rdn.iter().enumerate() {
                write!(f, "{}{}=", if at == 0 { "" } else { "+" }, part.name)?;
                write_escaped(f, &part.value)?;
            }
        }
        Ok(())
    }
}

/// RFC 4514 §2.4.
fn write_escaped(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    for (at, c) in value.char_indices() {
        let at_edge = at == 0 || at + c.len_utf8() == value.len();
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{c}")?,
            ' ' if at_edge => f.write_str("\\ ")?,
            '#' if at == 0 => f.write_str("\\#")?,
            '\0' => f.write_str("\\00")?,
            c => write!(f, "{c}")?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(text: &str) -> DnKey {
        Dn::parse(text).unwrap().key()
    }

    #[test]
    fn names_that_mean_the_same_are_equal() {
        let plain = key("cn=某市大数据局,o=演示 中心,c=CN");
        for same in [
            "CN = 某市大数据局 , O=演示  中心 ;C=cn",
            "2.5.4.3=某市大数据局,organizationName=演示 中心,countryName=CN",
            "cn=\\E6\\9F\\90市大数据局,o=演示\\20中心,c=#1302434E",
        ] {
            assert_eq!(key(same), plain, "{same}");
        }
        assert_eq!(key("cn=a+ou=b,c=CN"), key("OU=B+CN=A,C=cn"));
        assert_ne!(key("cn=a,c=CN"), key("ou=a,c=CN"));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for wrong in [
            "cn",
            "=x",
            "cn=a,",
            "cn=a,,c=CN",
            "cn=a\\",
            "cn=a\\2",
            "cn=a\\zz",
            "cn=\"a\"",
            "cn=a\0",
            "c n=a",
            "cn=#zz",
            "cn=#0c",
            "cn=#0c05ab",
            "cn=\\ff",
            "名称=a",
            "cn=a,+c=CN",
        ] {
            assert_eq!(Dn::parse(wrong), Err(BadDn), "{wrong:?}");
        }
        assert!(Dn::parse(&format!("cn={}", "a".repeat(MAX_OCTETS))).is_err());
        assert!(Dn::parse(&vec!["cn=a"; MAX_PARTS + 1].join(",")).is_err());
        assert_eq!(Dn::parse(" "), Ok(Dn::default()));
    }

    #[test]
    fn text_in_a_value_cannot_become_structure() {
        let base = Dn::parse("c=CN").unwrap();
        let sly = base.child(AttributeType::CommonName, " a,o=x+y\\#\"<>; ");
        assert_eq!(sly.rdns().len(), 2);
        assert_eq!(Dn::parse(&sly.to_string()), Ok(sly));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(values in proptest::collection::vec("\\PC{0,12}", 1..5)) {
            let mut dn = Dn::default();
            for value in &values {
                dn = dn.child(AttributeType::CommonName, value);
            }
            prop_assert_eq!(Dn::parse(&dn.to_string()), Ok(dn));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,40}") {
            let _ = Dn::parse(&text).map(|dn| dn.key());
        }
    }
}
