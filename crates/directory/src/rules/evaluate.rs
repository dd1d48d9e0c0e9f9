//! Whether a filter holds for an entry, in the three-valued logic of RFC 4511 §4.5.1.7. What is said
//! of an attribute that nobody knows, that the policy doesn't let be searched, or by a rule that
//! isn't there, is undefined: neither it nor its contrary selects anything.

use std::cmp::Ordering;

use super::exact::Assertion;
use super::{text, time};
use crate::model::{AttributeType, Dn, Entry, Filter, ObjectClass, Policy, Substrings, Syntax};

/// What is known of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Truth {
    /// It holds.
    True,
    /// It doesn't.
    False,
    /// That can't be said.
    Undefined,
}

impl Truth {
    fn of(known: Option<bool>) -> Self {
        match known {
            Some(true) => Self::True,
            Some(false) => Self::False,
            None => Self::Undefined,
        }
    }

    const fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Undefined => Self::Undefined,
        }
    }
}

/// Whether the filter holds for the entry. Depth was bounded when the filter was read.
#[must_use]
pub fn evaluate(filter: &Filter, entry: &Entry, policy: &Policy) -> Truth {
    let asked = |attribute: &Option<AttributeType>| {
        attribute.filter(|attribute| policy.is_searchable(*attribute))
    };
    match filter {
        Filter::And(all) => fold(all, entry, policy, (Truth::True, Truth::False)),
        Filter::Or(all) => fold(all, entry, policy, (Truth::False, Truth::True)),
        Filter::Not(one) => evaluate(one, entry, policy).not(),
        Filter::Present(attribute) => {
            Truth::of(asked(attribute).map(|attribute| !entry.values(attribute).is_empty()))
        }
        Filter::Equal(attribute, value) | Filter::Approx(attribute, value) => {
            let asked = asked(attribute).filter(|one| is_assertion(one.syntax(), value));
            a_value(asked, entry, |attribute, own| equal(attribute.syntax(), own, value))
        }
        Filter::Substrings(attribute, parts) => {
            let asked = asked(attribute).filter(|one| one.syntax() == Syntax::Text);
            a_value(asked, entry, |_, own| has_parts(own, parts))
        }
        Filter::AtLeast(attribute, value) => {
            let asked = asked(attribute).filter(|one| has_order(one.syntax(), value));
            a_value(asked, entry, |attribute, own| {
                order(attribute.syntax(), own, value).map(Ordering::is_ge)
            })
        }
        Filter::AtMost(attribute, value) => {
            let asked = asked(attribute).filter(|one| has_order(one.syntax(), value));
            a_value(asked, entry, |attribute, own| {
                order(attribute.syntax(), own, value).map(Ordering::is_le)
            })
        }
        Filter::Extensible { rule, attribute, value, dn } => {
            let attribute = attribute.as_ref().map(asked);
            extensible((rule.as_deref(), attribute), (value, *dn), entry, policy)
        }
    }
}

/// AND starts with true and ends with the first false; OR the other way round.
fn fold(all: &[Filter], entry: &Entry, policy: &Policy, (start, end): (Truth, Truth)) -> Truth {
    let mut so_far = start;
    for one in all {
        match evaluate(one, entry, policy) {
            found if found == end => return end,
            Truth::Undefined => so_far = Truth::Undefined,
            _ => {}
        }
    }
    so_far
}

/// Whether a value matches.
fn a_value(
    attribute: Option<AttributeType>,
    entry: &Entry,
    matches: impl Fn(AttributeType, &[u8]) -> Option<bool>,
) -> Truth {
    let Some(attribute) = attribute else {
        return Truth::Undefined;
    };
    let mut so_far = Truth::False;
    for own in entry.values(attribute) {
        match matches(attribute, own) {
            Some(true) => return Truth::True,
            Some(false) => {}
            None => so_far = Truth::Undefined,
        }
    }
    so_far
}

fn utf8(octets: &[u8]) -> Option<&str> {
    std::str::from_utf8(octets).ok()
}

/// Whether a value can be asserted of this syntax. What can't is undefined even for an entry without
/// such a value, so that its contrary selects nothing.
fn is_assertion(syntax: Syntax, value: &[u8]) -> bool {
    match syntax {
        Syntax::Text | Syntax::Boolean | Syntax::Integer => utf8(value).is_some(),
        Syntax::Oid => utf8(value).and_then(|text| oid_of(text.trim())).is_some(),
        Syntax::Time => has_order(syntax, value),
        Syntax::Dn => utf8(value).is_some_and(|text| Dn::parse(text).is_ok()),
        Syntax::Certificate => Assertion::read(value).is_some(),
        Syntax::List | Syntax::Pair | Syntax::Description => false,
    }
}

/// Only instants and numbers have an order (RFC 4519 gives names none).
fn has_order(syntax: Syntax, value: &[u8]) -> bool {
    match syntax {
        Syntax::Time => utf8(value).and_then(time::read).is_some(),
        Syntax::Integer => utf8(value).is_some_and(|text| text.parse::<i64>().is_ok()),
        _ => false,
    }
}

/// Whether a value is the asserted one; `None` when the assertion is none of this syntax.
pub fn equal(syntax: Syntax, own: &[u8], asserted: &[u8]) -> Option<bool> {
    match syntax {
        Syntax::Text | Syntax::Boolean | Syntax::Integer => {
            Some(text::normal(utf8(own)?) == text::normal(utf8(asserted)?))
        }
        Syntax::Oid => Some(oid_of(utf8(own)?)? == oid_of(utf8(asserted)?.trim())?),
        Syntax::Time => Some(order(Syntax::Time, own, asserted)?.is_eq()),
        Syntax::Dn => {
            let (own, asserted) = (Dn::parse(utf8(own)?).ok()?, Dn::parse(utf8(asserted)?).ok()?);
            Some(own.key() == asserted.key())
        }
        Syntax::Certificate => Assertion::read(asserted)?.holds(own),
        Syntax::List | Syntax::Pair | Syntax::Description => None,
    }
}

/// The dotted form of what a name or an identifier means; unknown names mean nothing.
fn oid_of(text: &str) -> Option<String> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Some(text.to_owned());
    }
    let class = ObjectClass::find(text).map(|class| class.oid);
    class.or_else(|| AttributeType::find(text).map(AttributeType::oid)).map(str::to_owned)
}

fn order(syntax: Syntax, own: &[u8], asserted: &[u8]) -> Option<Ordering> {
    let (own, asserted) = (utf8(own)?, utf8(asserted)?);
    match syntax {
        Syntax::Time => Some(time::read(own)?.cmp(&time::read(asserted)?)),
        Syntax::Integer => Some(own.parse::<i64>().ok()?.cmp(&asserted.parse::<i64>().ok()?)),
        _ => None,
    }
}

/// caseIgnoreSubstringsMatch.
fn has_parts(own: &[u8], parts: &Substrings) -> Option<bool> {
    let all = parts.initial.iter().chain(&parts.any).chain(&parts.last);
    if !all.into_iter().all(|part| utf8(part).is_some()) {
        return None;
    }
    let own = text::normal(utf8(own)?);
    let mut rest = own.as_str();
    if let Some(initial) = &parts.initial {
        match rest.strip_prefix(&*text::piece(utf8(initial)?, (true, false))) {
            Some(after) => rest = after,
            None => return Some(false),
        }
    }
    for part in &parts.any {
        match rest.split_once(&*text::piece(utf8(part)?, (false, false))) {
            Some((_, after)) => rest = after,
            None => return Some(false),
        }
    }
    let Some(last) = &parts.last else {
        return Some(true);
    };
    Some(rest.ends_with(&*text::piece(utf8(last)?, (false, true))))
}

/// The rules that can be named in a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rule {
    CaseIgnore,
    CaseExact,
    Own(Syntax),
}

impl Rule {
    fn find(name: &[u8]) -> Option<Self> {
        let name = utf8(name)?;
        let is = |(names, rule): &([&str; 2], Self)| {
            names.iter().any(|known| known.eq_ignore_ascii_case(name)).then_some(*rule)
        };
        [
            (["caseIgnoreMatch", "2.5.13.2"], Self::CaseIgnore),
            (["caseExactMatch", "2.5.13.5"], Self::CaseExact),
            (["objectIdentifierMatch", "2.5.13.0"], Self::Own(Syntax::Oid)),
            (["distinguishedNameMatch", "2.5.13.1"], Self::Own(Syntax::Dn)),
            (["generalizedTimeMatch", "2.5.13.27"], Self::Own(Syntax::Time)),
            (["certificateExactMatch", "2.5.13.34"], Self::Own(Syntax::Certificate)),
        ]
        .iter()
        .find_map(is)
    }

    fn fits(self, attribute: AttributeType) -> bool {
        match self {
            Self::CaseIgnore | Self::CaseExact => attribute.syntax() == Syntax::Text,
            Self::Own(syntax) => attribute.syntax() == syntax,
        }
    }

    fn matches(self, own: &[u8], value: &[u8]) -> Option<bool> {
        match self {
            Self::CaseIgnore => equal(Syntax::Text, own, value),
            Self::CaseExact => Some(text::exact(utf8(own)?) == text::exact(utf8(value)?)),
            Self::Own(syntax) => equal(syntax, own, value),
        }
    }
}

/// `(attribute:dn:rule:=value)`. Of a rule without attribute, every attribute counts that it fits.
fn extensible(
    (rule, attribute): (Option<&[u8]>, Option<Option<AttributeType>>),
    (value, dn): (&[u8], bool),
    entry: &Entry,
    policy: &Policy,
) -> Truth {
    let rule = match (rule, attribute.flatten()) {
        (Some(name), _) => Rule::find(name),
        (None, Some(attribute)) => Some(Rule::Own(attribute.syntax())),
        (None, None) => None,
    };
    let Some(rule) = rule else {
        return Truth::Undefined;
    };
    let asked: Vec<AttributeType> = match attribute {
        Some(None) => return Truth::Undefined,
        Some(Some(attribute)) if !rule.fits(attribute) => return Truth::Undefined,
        Some(Some(attribute)) => vec![attribute],
        None => {
            let all = AttributeType::ALL.iter().copied();
            all.filter(|one| policy.is_searchable(*one) && rule.fits(*one)).collect()
        }
    };
    let mut values: Vec<Vec<u8>> = Vec::new();
    for attribute in &asked {
        values.extend(entry.values(*attribute).iter().map(|value| value.to_vec()));
    }
    if dn {
        let parts = entry.dn.rdns().iter().flatten();
        let named = |name: &str| AttributeType::find(name).is_some_and(|one| asked.contains(&one));
        values.extend(parts.filter(|part| named(&part.name)).map(|part| part.value.clone().into()));
    }
    let mut so_far = Truth::False;
    for own in &values {
        match rule.matches(own, value) {
            Some(true) => return Truth::True,
            Some(false) => {}
            None => so_far = Truth::Undefined,
        }
    }
    so_far
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::AttributeType as A;
    use proptest::prelude::*;

    fn entry() -> Entry {
        let base = Dn::parse("ou=Certificates,o=演示中心,c=CN").unwrap();
        let mut entry = Entry::new(base.child(A::SerialNumber, "0a1b"));
        entry.add_text(A::ObjectClass, "top");
        entry.add_text(A::ObjectClass, "pkiUser");
        entry.add_text(A::CommonName, "某市 大数据局");
        entry.add_text(A::Organization, "Some Company");
        entry.add_text(A::SerialNumber, "0a1b");
        entry.add_text(A::NotAfter, "20271130040000Z");
        entry
    }

    fn says(filter: &Filter) -> Truth {
        evaluate(filter, &entry(), &Policy::usual())
    }

    fn eq(attribute: A, value: &str) -> Filter {
        Filter::Equal(Some(attribute), value.as_bytes().to_vec())
    }

    fn part(initial: Option<&str>, any: &[&str], last: Option<&str>) -> Filter {
        let octets = |text: &str| text.as_bytes().to_vec();
        let parts = Substrings {
            initial: initial.map(octets),
            any: any.iter().map(|text| octets(text)).collect(),
            last: last.map(octets),
        };
        Filter::Substrings(Some(A::CommonName), parts)
    }

    const T: Truth = Truth::True;
    const F: Truth = Truth::False;
    const U: Truth = Truth::Undefined;

    #[test]
    fn unknown_attributes_and_their_contrary_select_nothing() {
        let unknown = Filter::Equal(None, b"x".to_vec());
        let not = |one: &Filter| Filter::Not(Box::new(one.clone()));
        assert_eq!((says(&unknown), says(&not(&unknown))), (U, U));
        assert_eq!(says(&Filter::Present(None)), U);
        assert_eq!(says(&not(&eq(A::CommonName, "x"))), T);
        assert_eq!(says(&not(&eq(A::Unit, "x"))), T, "no value: it is not this");
    }

    #[test]
    fn and_and_or_follow_the_tables_of_three_values() {
        let of = |truth| match truth {
            Truth::True => eq(A::SerialNumber, "0A1B"),
            Truth::False => eq(A::SerialNumber, "ff"),
            Truth::Undefined => Filter::Present(None),
        };
        for (a, b, and, or) in
            [(T, T, T, T), (T, F, F, T), (T, U, U, T), (F, F, F, F), (F, U, F, U), (U, U, U, U)]
        {
            for (a, b) in [(a, b), (b, a)] {
                assert_eq!(says(&Filter::And(vec![of(a), of(b)])), and, "{a:?} {b:?}");
                assert_eq!(says(&Filter::Or(vec![of(a), of(b)])), or, "{a:?} {b:?}");
            }
        }
        assert_eq!((says(&Filter::And(vec![])), says(&Filter::Or(vec![]))), (T, F));
    }

    #[test]
    fn text_is_compared_without_case_and_spaces_and_bad_text_is_undefined() {
        assert_eq!(says(&eq(A::Organization, " SOME  company ")), T);
        assert_eq!(says(&eq(A::CommonName, "某市 大数据局")), T);
        assert_eq!(says(&eq(A::CommonName, "某市大数据局")), F);
        assert_eq!(says(&Filter::Equal(Some(A::CommonName), vec![0xff])), U);
        assert_eq!(says(&Filter::Approx(Some(A::CommonName), "某市 大数据局".into())), T);
        assert_eq!(says(&eq(A::ObjectClass, "PKIUSER")), T);
        assert_eq!(says(&eq(A::ObjectClass, "2.5.6.21")), T);
        assert_eq!(says(&eq(A::ObjectClass, "nothing")), U);
    }

    #[test]
    fn what_cannot_be_asserted_is_undefined_also_where_there_is_no_value() {
        let bad = Filter::Not(Box::new(Filter::Equal(Some(A::Unit), vec![0xff])));
        assert_eq!(says(&bad), U);
        let bad = Filter::Not(Box::new(eq(A::UserCertificate, "x")));
        assert_eq!(says(&bad), U);
    }

    #[test]
    fn parts_stand_in_their_order_and_do_not_overlap() {
        assert_eq!(says(&part(Some("某市"), &[], Some("局"))), T);
        assert_eq!(says(&part(Some("某市 "), &["大"], Some("局 "))), T);
        assert_eq!(says(&part(None, &["大", "数", "据"], None)), T);
        assert_eq!(says(&part(None, &["据", "大"], None)), F);
        assert_eq!(says(&part(Some("某市 大数据局"), &[], Some("局"))), F);
        assert_eq!(says(&part(None, &["", "", ""], None)), T);
    }

    #[test]
    fn order_is_for_instants_and_undefined_for_names() {
        let at = |text: &str| text.as_bytes().to_vec();
        assert_eq!(says(&Filter::AtLeast(Some(A::NotAfter), at("20271130120000+0800"))), T);
        assert_eq!(says(&Filter::AtMost(Some(A::NotAfter), at("20271130035959Z"))), F);
        assert_eq!(says(&Filter::AtMost(Some(A::NotAfter), at("later"))), U);
        assert_eq!(says(&Filter::AtLeast(Some(A::CommonName), at("a"))), U);
    }

    #[test]
    fn named_rules_work_where_they_fit_and_count_the_name_when_told_to() {
        let by = |rule: Option<&str>, attribute: Option<A>, value: &str, dn| Filter::Extensible {
            rule: rule.map(|rule| rule.as_bytes().to_vec()),
            attribute: attribute.map(Some),
            value: value.as_bytes().to_vec(),
            dn,
        };
        let exact = Some("caseExactMatch");
        assert_eq!(says(&by(exact, Some(A::Organization), "Some Company", false)), T);
        assert_eq!(says(&by(exact, Some(A::Organization), "some company", false)), F);
        assert_eq!(says(&by(Some("2.5.13.2"), None, "some company", false)), T);
        assert_eq!(says(&by(None, Some(A::Organization), "演示中心", false)), F);
        assert_eq!(says(&by(None, Some(A::Organization), "演示中心", true)), T);
        assert_eq!(says(&by(exact, Some(A::NotAfter), "x", false)), U);
        assert_eq!(says(&by(Some("2.5.13.35"), Some(A::UserCertificate), "x", false)), U);
        assert_eq!(says(&by(Some("no such rule"), None, "x", false)), U);
        assert_eq!(says(&by(None, None, "x", false)), U);
    }

    #[test]
    fn what_the_policy_keeps_from_searches_is_undefined() {
        let policy = Policy::new(&[], &["cn".to_owned()]).unwrap();
        let says = |filter: &Filter| evaluate(filter, &entry(), &policy);
        assert_eq!(says(&eq(A::CommonName, "某市 大数据局")), T);
        assert_eq!(says(&eq(A::Organization, "some company")), U);
        assert_eq!(says(&Filter::Present(Some(A::SerialNumber))), U);
        assert_eq!(says(&Filter::Present(Some(A::ObjectClass))), T);
    }

    fn any_filter() -> impl Strategy<Value = Filter> {
        let leaf = prop_oneof![
            Just(Filter::Present(None)),
            Just(eq(A::SerialNumber, "0a1b")),
            Just(eq(A::SerialNumber, "ff")),
            Just(Filter::AtLeast(Some(A::CommonName), vec![0xff])),
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
        fn the_laws_of_de_morgan_hold(all in proptest::collection::vec(any_filter(), 0..4)) {
            let not = |one: Filter| Filter::Not(Box::new(one));
            let apart = Filter::Or(all.iter().cloned().map(not).collect());
            prop_assert_eq!(says(&not(Filter::And(all))), says(&apart));
        }
    }
}
