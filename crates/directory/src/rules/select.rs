//! Which attributes of an entry are sent (RFC 4511 §4.5.1.8, RFC 3673).

use bytes::Bytes;

use crate::model::{AttributeType, Entry, Usage};

/// What a search asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    user: bool,
    operational: bool,
    named: Vec<AttributeType>,
}

impl Selection {
    /// Of the list in a search: empty or `*` means all of users, `+` all that are operational, `1.1`
    /// alone none. What nobody knows is left out.
    #[must_use]
    pub fn of(descriptions: &[Vec<u8>]) -> Self {
        let has = |text: &str| descriptions.iter().any(|one| one == text.as_bytes());
        let named = descriptions.iter().filter_map(|one| AttributeType::of_description(one));
        Self {
            user: descriptions.is_empty() || has("*"),
            operational: has("+"),
            named: named.collect(),
        }
    }

    /// Whether an attribute is sent.
    #[must_use]
    pub fn has(&self, attribute: AttributeType) -> bool {
        let all = match attribute.usage() {
            Usage::User => self.user,
            Usage::Operational => self.operational,
        };
        all || self.named.contains(&attribute)
    }

    /// What is sent of an entry: descriptions with their values, or without.
    #[must_use]
    pub fn apply(&self, entry: &Entry, types_only: bool) -> Vec<(String, Vec<Bytes>)> {
        let chosen = entry.attributes().filter(|(attribute, _)| self.has(*attribute));
        let values = |values: &[Bytes]| if types_only { Vec::new() } else { values.to_vec() };
        chosen.map(|(attribute, own)| (attribute.description(), values(own))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttributeType as A;
    use crate::model::Dn;

    fn sent(descriptions: &[&str]) -> Vec<String> {
        let mut entry = Entry::new(Dn::default());
        entry.add_text(A::CommonName, "甲");
        entry.add(A::UserCertificate, vec![0x30, 0]);
        entry.add_text(A::EntryDn, "cn=甲");
        let list: Vec<_> = descriptions.iter().map(|one| one.as_bytes().to_vec()).collect();
        let sent = Selection::of(&list).apply(&entry, false);
        sent.into_iter().map(|(description, _)| description).collect()
    }

    #[test]
    fn the_list_says_what_is_sent() {
        assert_eq!(sent(&[]), ["cn", "userCertificate;binary"]);
        assert_eq!(sent(&["*"]), ["cn", "userCertificate;binary"]);
        assert_eq!(sent(&["+"]), ["entryDN"]);
        assert_eq!(sent(&["*", "+"]).len(), 3);
        assert_eq!(sent(&["1.1"]), Vec::<String>::new());
        assert_eq!(sent(&["1.1", "CommonName"]), ["cn"]);
        assert_eq!(sent(&["usercertificate"]), ["userCertificate;binary"]);
        assert_eq!(sent(&["2.5.4.36;binary", "nothing"]), ["userCertificate;binary"]);
        assert_eq!(sent(&["cn;lang-zh"]), Vec::<String>::new());
    }
}
