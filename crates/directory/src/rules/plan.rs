//! Where the entries are that a filter may select: lookups of the index. Whatever the lookups bring is
//! held against the whole filter, so a plan may bring too much, never too little.

use super::exact::Assertion;
use super::index::{Key, values_of};
use super::text;
use crate::model::{AttributeType, Entry, Filter};

/// Most lookups of one search.
const MOST: usize = 16;

/// One range of the index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lookup {
    /// Which key.
    pub key: Key,
    /// The value, or how values begin.
    pub value: Vec<u8>,
    /// Whether values begin so.
    pub is_prefix: bool,
}

impl Lookup {
    const fn exact(key: Key, value: Vec<u8>) -> Self {
        Self { key, value, is_prefix: false }
    }

    /// All entries.
    #[must_use]
    pub const fn all() -> Self {
        Self::exact(Key::All, Vec::new())
    }

    /// What it costs, roughly: fewer entries are cheaper.
    const fn cost(&self) -> u8 {
        match (self.key, self.is_prefix) {
            (Key::All, _) => 9,
            (Key::Serial, false) => 0,
            (Key::CommonName, false) => 1,
            (_, false) => 2,
            (_, true) => 3,
        }
    }

    /// The first value after those that begin so; `None` when there is none.
    #[must_use]
    pub fn end(&self) -> Option<Vec<u8>> {
        let mut end = self.value.clone();
        while let Some(last) = end.pop() {
            if last < 0xff {
                end.push(last + 1);
                return Some(end);
            }
        }
        None
    }

    /// The first of the entry's values that this lookup brings.
    #[must_use]
    pub fn first_of(&self, entry: &Entry) -> Option<Vec<u8>> {
        let values = values_of(entry, self.key).into_iter();
        let fits = |value: &Vec<u8>| match self.is_prefix {
            true => value.starts_with(&self.value),
            false => *value == self.value,
        };
        values.filter(fits).min()
    }
}

/// The lookups for a filter, one after the other.
#[must_use]
pub fn plan(filter: &Filter) -> Vec<Lookup> {
    narrow(filter).unwrap_or_else(|| vec![Lookup::all()])
}

/// Lookups that bring everything that the filter selects; `None` when only all do.
fn narrow(filter: &Filter) -> Option<Vec<Lookup>> {
    match filter {
        Filter::And(all) => {
            let cost = |plan: &Vec<Lookup>| {
                (plan.iter().map(Lookup::cost).max().unwrap_or_default(), plan.len())
            };
            all.iter().filter_map(narrow).min_by_key(cost)
        }
        Filter::Or(all) => {
            let mut lookups = Vec::new();
            for one in all {
                for lookup in narrow(one)? {
                    if !lookups.contains(&lookup) {
                        lookups.push(lookup);
                    }
                }
                if lookups.len() > MOST {
                    return None;
                }
            }
            Some(lookups)
        }
        Filter::Equal(Some(AttributeType::UserCertificate), value) => {
            let serial = Assertion::read(value).and_then(|asserted| asserted.serial());
            let lookup = |serial: pki::Serial| Lookup::exact(Key::Serial, serial.to_hex().into());
            Some(serial.map(lookup).into_iter().collect())
        }
        Filter::Equal(Some(attribute), value) | Filter::Approx(Some(attribute), value) => {
            let key = Key::of(*attribute)?;
            let value = std::str::from_utf8(value).ok().map(text::normal);
            let lookup = |value: String| Lookup::exact(key, value.into_bytes());
            Some(value.map(lookup).into_iter().collect())
        }
        // Undefined for every entry.
        Filter::Equal(None, _)
        | Filter::Approx(None, _)
        | Filter::Substrings(None, _)
        | Filter::AtLeast(None, _)
        | Filter::AtMost(None, _)
        | Filter::Present(None) => Some(Vec::new()),
        Filter::Substrings(Some(attribute), parts) => {
            let initial = std::str::from_utf8(parts.initial.as_ref()?).ok()?;
            let value = text::piece(initial, (true, false)).into_bytes();
            if value.is_empty() {
                return None;
            }
            Some(vec![Lookup { key: Key::of(*attribute)?, value, is_prefix: true }])
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{AttributeType as A, Dn, Policy, Substrings};
    use crate::rules::evaluate::{Truth, evaluate};
    use proptest::prelude::*;

    fn eq(attribute: A, value: &str) -> Filter {
        Filter::Equal(Some(attribute), value.as_bytes().to_vec())
    }

    fn starts(attribute: A, value: &str) -> Filter {
        let parts = Substrings { initial: Some(value.into()), ..Substrings::default() };
        Filter::Substrings(Some(attribute), parts)
    }

    #[test]
    fn the_narrowest_part_of_a_conjunction_is_looked_up() {
        let both = Filter::And(vec![
            starts(A::CommonName, "某"),
            eq(A::Organization, "某局"),
            eq(A::SerialNumber, "0A1B"),
            Filter::Present(Some(A::UserCertificate)),
        ]);
        assert_eq!(plan(&both), [Lookup::exact(Key::Serial, b"0a1b".to_vec())]);
        let number = Filter::Equal(Some(A::UserCertificate), "258$CN=甲".into());
        assert_eq!(plan(&number), [Lookup::exact(Key::Serial, b"0102".to_vec())]);
    }

    #[test]
    fn a_disjunction_needs_every_branch_and_only_so_many() {
        let two = Filter::Or(vec![eq(A::CommonName, "甲"), eq(A::CommonName, "乙")]);
        assert_eq!(plan(&two).len(), 2);
        let open = Filter::Or(vec![eq(A::CommonName, "甲"), Filter::Present(Some(A::CommonName))]);
        assert_eq!(plan(&open), [Lookup::all()]);
        let many = (0..100).map(|n| eq(A::CommonName, &n.to_string())).collect();
        assert_eq!(plan(&Filter::Or(many)), [Lookup::all()]);
        assert!(plan(&Filter::Or(vec![])).is_empty());
        let not = Filter::Not(Box::new(eq(A::CommonName, "甲")));
        assert_eq!(plan(&not), [Lookup::all()]);
    }

    #[test]
    fn the_end_of_a_range_is_right_after_it() {
        let prefix = |value: &[u8]| Lookup { key: Key::Unit, value: value.into(), is_prefix: true };
        assert_eq!(prefix(b"ab").end(), Some(b"ac".to_vec()));
        assert_eq!(prefix(&[b'a', 0xff]).end(), Some(b"b".to_vec()));
        assert_eq!(prefix(&[0xff, 0xff]).end(), None);
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let text = || proptest::sample::select(vec!["a", "ab", "abc", "b", "A b", "某", "某局"]);
        let attribute =
            || proptest::sample::select(vec![A::CommonName, A::Organization, A::Unit, A::Kind]);
        let leaf = prop_oneof![
            (attribute(), text()).prop_map(|(a, t)| eq(a, t)),
            (attribute(), text()).prop_map(|(a, t)| starts(a, t)),
            attribute().prop_map(|a| Filter::Present(Some(a))),
            Just(Filter::Present(None)),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::And),
                proptest::collection::vec(inner.clone(), 0..4).prop_map(Filter::Or),
                inner.prop_map(|one| Filter::Not(Box::new(one))),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_plan_brings_everything_that_its_filter_selects(
            filter in any_filter(),
            names in proptest::collection::vec(proptest::sample::select(vec!["a", "ab c", "B", "某局"]), 3),
        ) {
            let mut entry = Entry::new(Dn::default());
            for (attribute, name) in [A::CommonName, A::Organization, A::Unit].into_iter().zip(names) {
                entry.add_text(attribute, name);
            }
            if evaluate(&filter, &entry, &Policy::usual()) == Truth::True {
                prop_assert!(plan(&filter).iter().any(|lookup| lookup.first_of(&entry).is_some()));
            }
        }
    }
}
